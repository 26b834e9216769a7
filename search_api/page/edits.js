// Have an image edited: ask, follow what becomes of it, show what was made.
import { lead, note } from "/page/address.js";
import { ask, send } from "/page/service.js";

const LOOKS_EVERY_MS = 1000;
const DEFAULTS = { gemini: "gemini-3-pro-image-preview", openai: "gpt-image-2.5-flare" };

// `edit` is one that the address names; `refresh` shows the lineage anew; `signal` tells that the page was left.
export function offerEdits(section, image, edit, refresh, signal) {
  const form = section.querySelector("form");
  const [ask, another] = [form.querySelector(".ask"), form.querySelector(".another")];
  const { api_format: format, model_name: model } = form.elements;
  const suggest = () => (model.placeholder = DEFAULTS[format.value]);
  const begin = (force) => order({ section, form, image, force, refresh, signal });
  format.addEventListener("change", suggest);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    begin(false);
  });
  another.addEventListener("click", () => form.reportValidity() && begin(true));
  form.addEventListener("input", () => (another.hidden = true));
  suggest();
  ask.disabled = false;
  if (edit) follow({ section, form, image, edit, refresh, signal });
}

async function order({ section, form, image, force, refresh, signal }) {
  const body = { images: image, instruction: form.querySelector("textarea").value.trim(), force };
  if (!body.instruction) return;
  body.api_format = form.elements.api_format.value;
  if (form.elements.model_name.value.trim()) body.model_name = form.elements.model_name.value.trim();
  busy(form, true);
  tell(section, "Asking for it…");
  section.querySelector(".made").replaceChildren();
  const accepted = await send("/edits", body);
  if (signal.aborted) return;
  if (accepted.problem) {
    busy(form, false);
    tell(section, accepted.problem, true);
    return;
  }
  note({ image, edit: accepted.edit_id });
  await follow({ section, form, image, edit: accepted.edit_id, refresh, signal, isKnown: accepted.state === "done" });
}

async function follow({ section, form, edit, refresh, signal, isKnown = false }) {
  const began = Date.now();
  let hasShown = false;
  busy(form, true);
  while (!signal.aborted) {
    const told = await ask(`/edits/${encodeURIComponent(edit)}`);
    if (signal.aborted) return;
    if (told.problem && ![0, 503].includes(told.status)) {
      tell(section, told.problem, true);
      break;
    }
    if (told.state === "done" && !hasShown) {
      hasShown = true;
      section.querySelector(".made").replaceChildren(...told.turns.at(-1).images.map(made));
      form.querySelector(".another").hidden = false;
      busy(form, false);
      refresh();
    }
    tell(section, told.problem ?? progress(told, isKnown, Date.now() - began), told.state === "failed" || told.problem);
    if (told.state === "failed") form.querySelector(".another").hidden = false;
    if (told.state === "failed" || told.indexed || (told.state === "done" && !told.queued)) break;
    await new Promise((resolve) => setTimeout(resolve, LOOKS_EVERY_MS));
  }
  busy(form, false);
}

function progress(told, isKnown, sinceMs) {
  const seconds = sinceMs >= 5000 ? ` (${Math.floor(sinceMs / 5000) * 5} s)` : "";
  if (told.state === "accepted") return `Accepted; it waits for its turn…${seconds}`;
  if (told.state === "sent") return `${told.model} is making it…${seconds}`;
  if (told.state === "failed") return `It failed: ${told.reason}`;
  const cost = told.turns.reduce((sum, turn) => sum + (turn.cost_usd ?? 0), 0);
  const paid = isKnown ? "Made before, at no new cost" : cost ? `Done, for $${cost.toFixed(3)}` : "Done";
  if (told.indexed) return `${paid}. Searches find it from now on.`;
  return told.queued ? `${paid}. It is being captioned…` : `${paid}, but it could not be captioned: no search finds it yet.`;
}

function made(image) {
  const item = document.createElement("li");
  const link = lead(document.createElement("a"), { image: image.image_id });
  const picture = document.createElement("img");
  const words = document.createElement("span");
  [picture.src, picture.alt] = [`${image.thumbnail_url}?size=640`, "What was made"];
  words.textContent = "Open the new image";
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
