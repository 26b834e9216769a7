// Write a caption better: a form over the text that serves, with what models say beside it.
import { button, copyOf } from "/page/elements.js";
import { icon } from "/page/icons.js";
import { draftOf, dropDraft, keepDraft } from "/page/image/drafts.js";
import { askAgain, showAnswer, showSuggestions } from "/page/image/suggesting.js";
import { counted } from "/page/numbers.js";
import { ask, send } from "/page/service.js";
import { tell } from "/page/telling.js";
import { say } from "/page/words.js";

const LONGEST = { alt_text: 125 };

// Returns the pencil. `section` shows the captions of a kind in its `told`; `changed` shows them anew.
export function offerCorrection({ image, signal, changed }, { kind, title, captions, section, told }) {
  const serving = captions.find(({ quarantine }) => !quarantine)?.sentences.join("\n") ?? "";
  const desk = { image: image.image_id, signal, changed, kind, captions, section, told, serving, form: null };
  const attributes = { class: "tool pencil writing", title: say("Write it better"), "aria-label": say("Write it better: {what}", { what: title }), "aria-expanded": "false" };
  desk.pencil = button(icon("pencil"), () => (desk.form ? close(desk) : open(desk)), attributes);
  if (draftOf(desk.image, kind) !== null) queueMicrotask(() => restore(desk));
  return desk.pencil;
}

function open(desk) {
  const { image, kind, serving, section, told, pencil } = desk;
  const form = copyOf("correction").firstElementChild;
  desk.form = form;
  desk.box = form.querySelector("textarea");
  desk.box.value = draftOf(image, kind) ?? serving;
  const label = form.querySelector("label");
  desk.box.id = label.htmlFor = `correction-${kind}`;
  label.textContent = LONGEST[kind] ? say("Your words, in at most {most} characters", { most: LONGEST[kind] }) : say("Your words, one sentence a line");
  told.hidden = true;
  pencil.ariaExpanded = "true";
  section.append(form);
  listen(desk);
  count(desk);
  desk.box.focus();
}

function restore(desk) {
  const focused = document.activeElement;
  open(desk);
  focused.focus({ preventScroll: true });
  inform(desk, say("This text of yours is not saved yet."));
}

function close(desk) {
  const { form, told, pencil } = desk;
  form.remove();
  desk.form = null;
  told.hidden = false;
  pencil.ariaExpanded = "false";
  pencil.focus();
  if (draftOf(desk.image, desk.kind) !== null) tell(say("Not saved, but kept: the pencil brings your text back."));
}

function listen(desk) {
  const { form, box, captions } = desk;
  const on = (name, type, act) => form.querySelector(name).addEventListener(type, act);
  form.querySelector(".take-back").hidden = captions[0]?.captioner !== "correction";
  showSuggestions(form.querySelector(".suggestions"), captions, (sentences) => take(desk, sentences));
  box.addEventListener("input", () => written(desk));
  form.addEventListener("keydown", (event) => byKey(desk, event));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(desk);
  });
  on(".discard", "click", () => discard(desk));
  on(".take-back", "click", () => takeBack(desk));
  on(".ask-model", "click", () => askModel(desk));
}

function written(desk) {
  const { box, image, kind, serving } = desk;
  if (box.value === serving) dropDraft(image, kind);
  else keepDraft(image, kind, box.value);
  count(desk);
}

function count({ form, box, kind }) {
  const [counter, most, length] = [form.querySelector(".count"), LONGEST[kind], box.value.trim().length];
  counter.hidden = most === undefined;
  counter.textContent = say("{count} of {most} characters", { count: counted(length), most });
  counter.classList.toggle("bad", length > most);
}

// Escape closes the form and keeps the text, Ctrl+Enter saves it.
function byKey(desk, event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) desk.form.requestSubmit();
  if (event.key !== "Escape") return;
  event.preventDefault();
  close(desk);
}

function take(desk, sentences) {
  desk.box.value = sentences.join("\n");
  written(desk);
  desk.box.focus();
}

function discard(desk) {
  dropDraft(desk.image, desk.kind);
  close(desk);
}

async function save(desk) {
  const { box, kind } = desk;
  const lines = box.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const sentences = kind === "alt_text" ? [lines.join(" ")] : lines;
  const answer = await during(desk, say("Saving…"), () => send(addressOf(desk), { sentences }, "PUT"));
  if (answer.problem === undefined) settle(desk, answer.indexed ? say("Saved. Searches find it by these words from now on.") : say("Saved."));
}

async function takeBack(desk) {
  const answer = await during(desk, say("Taking it back…"), () => ask(addressOf(desk), { method: "DELETE" }));
  if (answer.problem === undefined) settle(desk, say("Taken back. What a captioner said serves again."));
}

function settle({ image, kind, changed }, text) {
  dropDraft(image, kind);
  changed(kind, text);
}

async function askModel(desk) {
  const answer = await during(desk, say("Asking the model…"), () => askAgain(desk.image, desk.kind, desk.signal));
  if (answer.problem !== undefined || desk.signal.aborted) return;
  if (desk.form === null) open(desk); // closed meanwhile: what was paid for is shown all the same
  showAnswer(desk.form.querySelector(".suggestions"), answer, (sentences) => take(desk, sentences));
}

async function during(desk, text, act) {
  const buttons = desk.form.querySelectorAll("button");
  inform(desk, text);
  if (document.activeElement?.matches("button")) desk.form.querySelector(".progress").focus(); // keys are still this form's
  for (const each of buttons) each.disabled = true;
  const answer = await act();
  for (const each of buttons) each.disabled = false;
  if (desk.form) inform(desk, answer.problem ?? "", answer.problem !== undefined);
  else if (answer.problem) tell(answer.problem);
  return answer;
}

function inform({ form }, text, isBad = false) {
  const line = form.querySelector(".progress");
  line.textContent = text;
  line.classList.toggle("bad", isBad);
}

function addressOf({ image, kind }) {
  return `/images/${image}/captions/${encodeURIComponent(kind)}`;
}
