// Have an image edited: ask, follow what becomes of it, show what was made.
import { altered, lead, note } from "/page/address.js";
import { money } from "/page/numbers.js";
import { ask, send } from "/page/service.js";
import { say } from "/page/words.js";

const LOOKS_EVERY_MS = 1000;
// The default first; any other may be written in.
const MODELS = {
  gemini: ["gemini-3-pro-image-preview", "gemini-3-pro-image", "gemini-3.1-flash-image", "gemini-2.5-flash-image"],
  openai: ["gpt-image-2.5-flare", "gpt-image-2.5-sunburst", "gpt-image-2", "gpt-image-1", "dall-e-2"],
};

// `edit` is one that the address names; `refresh` shows the lineage anew; `signal` tells that the page was left.
export function offerEdits(section, image, edit, refresh, signal) {
  const form = section.querySelector("form");
  const desk = { section, form, image, refresh, signal, edit: null, told: null };
  form.elements.api_format.addEventListener("change", () => suggest(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    order(desk, written(form, image));
  });
  form.querySelector(".another").addEventListener("click", () => order(desk, { ...repeated(desk.told), force: true }));
  form.querySelector(".again").addEventListener("click", () => order(desk, { ...repeated(desk.told), retry: true }));
  form.addEventListener("input", () => offerMore(form, null));
  suggest(form);
  busy(form, false);
  const unfinished = edit ?? sessionStorage.getItem(keyOf(image));
  if (unfinished) follow(desk, unfinished);
}

async function order(desk, body) {
  const { section, form, image, signal } = desk;
  if (body.instruction === "") return;
  busy(form, true);
  desk.edit = null;
  tell(section, say("Asking for it…"));
  section.querySelector(".made").replaceChildren();
  const accepted = await send("/edits", body);
  if (signal.aborted) return;
  if (accepted.problem) {
    busy(form, false);
    tell(section, accepted.problem, true);
    return;
  }
  note(altered({ edit: accepted.edit_id }));
  sessionStorage.setItem(keyOf(image), accepted.edit_id);
  await follow(desk, String(accepted.edit_id), accepted.state === "done");
}

async function follow(desk, edit, isKnown = false) {
  const { section, form, image, signal } = desk;
  const began = Date.now();
  desk.edit = edit;
  desk.told = null;
  offerMore(form, null);
  busy(form, true);
  while (!signal.aborted) {
    const told = await ask(`/edits/${encodeURIComponent(edit)}`);
    if (signal.aborted || desk.edit !== edit) return; // another one is followed by now
    const isGone = told.problem && ![0, 503].includes(told.status);
    tell(section, told.problem ?? progress(told, isKnown, Date.now() - began), told.state === "failed" || told.problem);
    if (!told.problem) show(desk, told);
    if (isGone || isOver(told)) {
      sessionStorage.removeItem(keyOf(image));
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOKS_EVERY_MS));
  }
  busy(form, false);
}

function show(desk, told) {
  const { section, form, refresh } = desk;
  const before = desk.told?.state;
  if (!desk.told) fill(form, told);
  desk.told = told;
  if (told.state === before || !["done", "failed"].includes(told.state)) return;
  offerMore(form, told.state);
  if (told.state === "failed") return;
  section.querySelector(".made").replaceChildren(...told.turns.at(-1).images.map(made));
  busy(form, false);
  refresh();
}

function isOver(told) {
  return told.state === "failed" || told.indexed || (told.state === "done" && !told.queued);
}

function keyOf(image) {
  return `edit of ${image}`;
}

function written(form, image) {
  const body = { images: image, instruction: form.querySelector("textarea").value.trim(), api_format: form.elements.api_format.value };
  const model = form.elements.model_name.value.trim();
  return model ? { ...body, model_name: model } : body;
}

// The same edit, whoever asked for it: it may have more pictures, turns and parameters than the form knows.
function repeated(told) {
  const said = told.turns.filter((turn) => turn.instruction);
  return {
    images: told.sources.filter((source) => source.role !== "mask").map((source) => source.image_id),
    mask: told.sources.find((source) => source.role === "mask")?.image_id ?? null,
    conversations: said.map((turn) => ({ role: "user", content: turn.instruction })),
    api_format: told.api_format,
    model_name: told.model,
    parameters: told.parameters,
  };
}

function fill(form, told) {
  const box = form.querySelector("textarea");
  if (box.value) return;
  box.value = told.turns.at(-1).instruction;
  form.elements.api_format.value = told.api_format;
  suggest(form);
  form.elements.model_name.value = told.model === form.elements.model_name.placeholder ? "" : told.model;
}

function suggest(form) {
  const models = MODELS[form.elements.api_format.value];
  form.elements.model_name.placeholder = models[0];
  form.querySelector("datalist").replaceChildren(...models.map((model) => new Option(model)));
}

function offerMore(form, state) {
  form.querySelector(".another").hidden = state !== "done";
  form.querySelector(".again").hidden = state !== "failed";
}

function progress(told, isKnown, sinceMs) {
  const seconds = sinceMs >= 5000 ? say(" ({seconds} s)", { seconds: Math.floor(sinceMs / 5000) * 5 }) : "";
  if (told.state === "accepted") return say("Accepted; it waits for its turn…") + seconds;
  if (told.state === "sent") return (told.reason ?? say("{model} is making it…", { model: told.model })) + seconds;
  if (told.state === "failed") return say("It failed: {reason}", { reason: told.reason });
  const paid = payment(told, isKnown);
  if (told.indexed) return say("{paid}. Searches find it from now on.", { paid });
  return told.queued ? say("{paid}. It is being captioned…", { paid }) : say("{paid}, but it could not be captioned: no search finds it yet.", { paid });
}

function payment(told, isKnown) {
  const cost = told.turns.reduce((sum, turn) => sum + (turn.cost_usd ?? 0), 0);
  if (isKnown) return say("Made before, at no new cost");
  return cost ? say("Done, for {cost}", { cost: money(cost) }) : say("Done");
}

function made(image) {
  const item = document.createElement("li");
  const link = lead(document.createElement("a"), altered({ image: image.image_id, edit: null }));
  const picture = document.createElement("img");
  const words = document.createElement("span");
  [picture.src, picture.alt] = [`${image.thumbnail_url}?size=640`, say("What was made")];
  words.textContent = say("Open the new image");
  link.append(picture, words);
  item.append(link);
  return item;
}

function tell(section, text, isBad = false) {
  const said = section.querySelector(".progress");
  if (said.textContent !== text) said.textContent = text; // whoever listens hears each change once
  said.classList.toggle("bad", Boolean(isBad));
}

function busy(form, isBusy) {
  for (const button of form.querySelectorAll("button")) button.disabled = isBusy;
  form.ariaBusy = String(isBusy);
}
