// What models say beside a person's text: it is shown, and never taken unless that person says so.
import { button, element, paragraph } from "/page/elements.js";
import { isByModel, sentencesIn, whose } from "/page/image/kinds.js";
import { money } from "/page/numbers.js";
import { ask } from "/page/service.js";
import { say } from "/page/words.js";

export function showSuggestions(place, captions, use) {
  const models = captions.filter(({ captioner, sentences }) => captioner !== "correction" && sentences.length);
  place.append(...models.map((caption) => suggestion(caption, whose(caption), use)));
}

export function askAgain(image, kind, signal) {
  return ask(`/captions?${new URLSearchParams({ image_id: image, kind })}`, { method: "POST", signal });
}

export function showAnswer(place, answer, use) {
  place.prepend(...answer.captions.map((caption) => suggestion(caption, newlySaid(answer, caption), use)));
  place.querySelector("button")?.focus();
}

function newlySaid({ model, captioner, usage }, caption) {
  const told = [whose({ ...caption, captioner, model }), say("just now")];
  if (usage.cost_usd !== null) told.push(money(usage.cost_usd));
  return told.join(say(", "));
}

function suggestion({ sentences, captioner }, by, use) {
  const taking = button(say("Use this text"), () => use(sentences), { class: "small" });
  const foot = element("div", { class: "foot-line" }, paragraph("by", by), taking);
  return element("figure", { class: "suggestion" }, element("figcaption", {}, isByModel(captioner) ? say("The model says:") : say("Said before:")), sentencesIn(sentences), foot);
}
