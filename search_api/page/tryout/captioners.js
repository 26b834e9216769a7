// Who can be asked, by what model, for which kinds; those that cannot say why.
import { element, paragraph } from "/page/elements.js";
import { KINDS, byUse } from "/page/image/kinds.js";
import { say } from "/page/words.js";

export function showCaptioners(form, captioners, changed) {
  const place = form.querySelector(".captioners");
  if (captioners.problem !== undefined) return place.replaceChildren(paragraph("bad", captioners.problem));
  const usable = captioners.filter(({ available }) => available);
  const first = usable.find((captioner) => captioner.default) ?? usable[0];
  const others = captioners.filter(({ available }) => !available);
  place.replaceChildren(...usable.map((captioner) => choice(captioner, captioner === first)), ...notSetUp(others, usable.length === 0));
  form.addEventListener("change", () => {
    suit(form, captioners);
    changed();
  });
  suit(form, captioners);
  changed();
}

export function chosen(form) {
  const captioner = form.querySelector("[name=captioner]:checked")?.value;
  const kinds = [...form.querySelectorAll("[name=kind]:checked")].map(({ value }) => value);
  return { captioner, model: form.elements.model.value.trim(), kinds };
}

// What each of these needs is said to whoever asks.
function notSetUp(captioners, isAll) {
  if (!captioners.length) return [];
  const names = captioners.map(({ name }) => name).join(say(", "));
  const summary = element("summary", {}, say("Not set up here: {names}", { names }));
  return [element("details", { open: isAll }, summary, ...captioners.map((captioner) => choice(captioner, false)))];
}

function choice({ name, model, paid, available, reason }, isFirst) {
  const radio = element("input", { type: "radio", name: "captioner", value: name, disabled: !available, checked: isFirst });
  const notes = available ? (paid ? say("may cost money") : say("costs nothing")) : reason;
  const words = element("span", {}, element("strong", {}, name), available && hasModel(name) ? ` ${model}` : "", element("span", { class: "quiet" }, notes));
  return element("label", { class: available ? "choice" : "choice unable" }, radio, words);
}

function hasModel(name) {
  return name !== "offline";
}

// What the captioner at hand can be asked for.
function suit(form, captioners) {
  const captioner = captioners.find(({ name }) => name === chosen(form).captioner);
  if (!captioner) return;
  const ticked = new Set(chosen(form).kinds);
  const kinds = [...captioner.kinds].sort(byUse);
  if (!kinds.some((kind) => ticked.has(kind))) ticked.add(kinds.includes("retrieval") ? "retrieval" : kinds[0]);
  form.elements.model.placeholder = captioner.model;
  if (form.dataset.captioner !== captioner.name) form.elements.model.value = "";
  form.dataset.captioner = captioner.name;
  form.querySelector(".model").hidden = !hasModel(captioner.name);
  form.querySelector(".kinds").replaceChildren(...kinds.map((kind) => tick(kind, ticked.has(kind))));
}

function tick(kind, isTicked) {
  return element("label", { class: "tick-box" }, element("input", { type: "checkbox", name: "kind", value: kind, checked: isTicked }), say(KINDS[kind] ?? kind));
}
