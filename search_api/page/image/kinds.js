// Kinds of captions and their makers, in words.
import { element } from "/page/elements.js";
import { later, say } from "/page/words.js";

export const KINDS = {
  retrieval: later("What it shows"),
  alt_text: later("Alternative text"),
  ecommerce: later("For a shop"),
  moderation: later("Moderation"),
};
export const CORRECTABLE = ["retrieval", "alt_text", "ecommerce"]; // others are fields of a schema
const ORDER = Object.keys(KINDS);
const MAKERS = { correction: later("Written by a person"), offline: later("Made offline, without a model"), import: later("Imported") };

// The kinds that people look for first; those of their own making come last.
export function byUse(one, other) {
  const place = (kind) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
  return place(one) - place(other);
}

export function isByModel(captioner) {
  return !MAKERS[captioner];
}

export function whose(told) {
  const by = [MAKERS[told.captioner] ? say(MAKERS[told.captioner]) : say("By {who}", { who: told.model || told.captioner })];
  if (told.prompt_revision) by.push(say("prompt revision {number}", { number: told.prompt_revision }));
  if (told.uncertain) by.push(say("not sure of it"));
  if (told.quarantine) by.push(say("not used: {reason}", { reason: told.quarantine }));
  return by.join(say(", "));
}

// Each in its own language, for those who have them read.
export function sentencesIn(sentences) {
  const lang = (text) => (/\p{Script=Han}/u.test(text) ? "zh" : "en");
  return element("ul", { class: "sentences" }, ...sentences.map((text) => element("li", { lang: lang(text) }, text)));
}
