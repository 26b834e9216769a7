// One answer as a card: the picture, who said what, what it cost and how long it took.
import { lead } from "/page/address.js";
import { copyButton } from "/page/copying.js";
import { element, listed, paragraph } from "/page/elements.js";
import { KINDS, byUse, sentencesIn } from "/page/image/kinds.js";
import { counted, money, seconds } from "/page/numbers.js";
import { say } from "/page/words.js";

export function waiting(picture, text) {
  return [head(picture, text), element("p", { class: "pulse", "aria-hidden": "true" })];
}

export function failed(picture, { problem }) {
  return [head(picture, say("It did not work")), paragraph("bad", problem)];
}

export function result(picture, { captioner, model, captions, usage, took_ms }) {
  const notes = [...spent(usage), seconds(took_ms), say("nothing was indexed")];
  return [head(picture, model || captioner, captioner), ...captions.toSorted((one, other) => byUse(one.kind, other.kind)).map(said), paragraph("by", notes.join(" · "))];
}

export function indexed(picture, { image_id, new: isNew, indexed: isIndexed, captions, usage }) {
  const told = isNew ? say("It is image {number} now.", { number: counted(image_id) }) : say("It is in the index already, as image {number}.", { number: counted(image_id) });
  const found = !isIndexed ? say("No search finds it yet.") : isNew ? say("Searches find it from now on.") : "";
  const link = lead(element("a", { class: "opening" }, say("Open its page")), { image: image_id });
  const serving = captions.filter(({ kind }, index) => captions.findIndex((other) => other.kind === kind) === index).sort((one, other) => byUse(one.kind, other.kind));
  return [head(picture, isNew ? say("Indexed") : say("Known already")), element("p", {}, told, " ", found), element("p", {}, link), ...serving.map(said), paragraph("by", spent(usage).join(" · "))];
}

function head({ file, preview }, title, note) {
  const picture = element("img", { src: preview, alt: "", width: 64, height: 64 });
  picture.addEventListener("error", () => picture.remove());
  const names = element("div", {}, element("h4", {}, title), paragraph("quiet", note && note !== title ? `${note} · ${file.name}` : file.name));
  return element("div", { class: "result-head" }, picture, names);
}

function said(caption) {
  const title = say(KINDS[caption.kind] ?? caption.kind);
  const texts = caption.sentences.length ? caption.sentences : fields(caption.fields);
  const parts = [element("div", { class: "kind-head" }, element("h5", {}, title), texts.length ? copyButton(texts.join("\n"), title) : null)];
  if (texts.length) parts.push(sentencesIn(texts));
  if (caption.visible_text) parts.push(paragraph("visible", say("Written in it: {text}", { text: caption.visible_text })));
  if (caption.keywords?.length) parts.push(listed("keywords", caption.keywords));
  if (caption.uncertain) parts.push(paragraph("quiet", say("not sure of it")));
  if (caption.quarantine) parts.push(paragraph("bad", say("It would not be used: {reason}", { reason: caption.quarantine })));
  return element("section", {}, ...parts);
}

function fields(given) {
  const told = (value) => (value === true ? say("yes") : value === false ? say("no") : say(String(value)));
  return Object.entries(given ?? {}).map(([name, value]) => `${say(name.replaceAll("_", " "))}: ${told(value)}`);
}

function spent({ input_tokens, output_tokens, cost_usd }) {
  const tokens = input_tokens === null && output_tokens === null ? [] : [say("{read} tokens read, {written} written", { read: counted(input_tokens ?? 0), written: counted(output_tokens ?? 0) })];
  if (cost_usd === null) return tokens.length ? [...tokens, say("price unknown")] : [say("at no cost")];
  return [...tokens, money(cost_usd)];
}
