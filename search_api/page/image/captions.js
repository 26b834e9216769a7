// All that is said of an image, by kind: what serves first, then what else was said, each with who said it.
import { altered, lead } from "/page/address.js";
import { copyButton } from "/page/copying.js";
import { button, element, listed, paragraph } from "/page/elements.js";
import { offerCorrection } from "/page/image/correcting.js";
import { draftOf } from "/page/image/drafts.js";
import { CORRECTABLE, KINDS, byUse, sentencesIn, whose } from "/page/image/kinds.js";
import { several } from "/page/numbers.js";
import { ask } from "/page/service.js";
import { tell } from "/page/telling.js";
import { later, say } from "/page/words.js";

export function showCaptions(place, desk) {
  const { captions } = desk.image;
  const drafted = CORRECTABLE.filter((kind) => draftOf(desk.image.image_id, kind) !== null);
  const kinds = [...new Set([...captions.map(({ kind }) => kind), ...drafted])].sort(byUse);
  const board = { ...desk, place, changed: (kind, said) => refresh(place, desk, kind, said) };
  place.replaceChildren(...kinds.map((kind) => sectionOf(board, kind)));
  if (!captions.length) place.prepend(paragraph("quiet", say("Nothing has been said of it so far.")));
  if (!desk.isLost) offerOthers(board, CORRECTABLE.filter((kind) => !kinds.includes(kind)));
}

function sectionOf(board, kind) {
  const captions = board.image.captions.filter((caption) => caption.kind === kind);
  const [serving, ...others] = captions;
  const title = say(KINDS[kind] ?? kind);
  const heading = element("h3", {}, title);
  const tools = element("div", { class: "tools" });
  const told = element("div", { class: "told" }, ...(serving ? captionParts(serving, others) : []));
  if (others.length) told.append(superseded(others));
  const section = element("section", { class: "kind", "data-kind": kind }, element("div", { class: "kind-head" }, heading, tools), told);
  if (serving?.sentences.length) tools.append(copyButton(serving.sentences.join("\n"), title));
  if (CORRECTABLE.includes(kind)) tools.append(offerCorrection(board, { kind, title, captions, section, told }));
  return section;
}

function captionParts(serving, others = []) {
  // A correction replaces the sentences alone: keywords and visible text are still those of who spoke before.
  const beside = serving.captioner === "correction" ? (others.find((caption) => !caption.quarantine) ?? serving) : serving;
  const parts = [];
  if (serving.sentences.length) parts.push(sentencesIn(serving.sentences));
  if (serving.fields) parts.push(fieldsIn(serving.fields));
  if (beside.visible_text) parts.push(paragraph("visible", say("Written in it: {text}", { text: beside.visible_text })));
  if (beside.keywords.length) parts.push(serving.kind === "retrieval" ? tags(beside.keywords) : listed("keywords", beside.keywords));
  parts.push(paragraph("by", whose(serving)));
  return parts;
}

function tags(keywords) {
  const link = (word) => lead(element("a", { title: say("Search for images with this keyword") }, word), { q: `tag:${/[\s"“”„]/.test(word) ? `"${word.replace(/["“”„]/g, "")}"` : word}` });
  return element("ul", { class: "keywords" }, ...keywords.map((word) => element("li", {}, link(word))));
}

function fieldsIn(fields) {
  const told = (value) => (value === true ? say("yes") : value === false ? say("no") : say(String(value)));
  const name = (field) => say(field.replaceAll("_", " "));
  return element("dl", { class: "fields" }, ...Object.entries(fields).map(([field, value]) => element("div", {}, element("dt", {}, name(field)), element("dd", {}, told(value)))));
}

function superseded(others) {
  const summary = element("summary", {}, several(others.length, later("{count} other caption"), later("{count} other captions")));
  return element("details", {}, summary, ...others.map((caption) => element("div", { class: "superseded" }, ...captionParts(caption))));
}

// Kinds that nothing was said of yet: a person may, or a model may be asked.
function offerOthers(board, kinds) {
  if (!kinds.length) return;
  const offer = (kind) => button(say(KINDS[kind]), () => open(board, kind), { class: "small", "data-offers": kind });
  board.place.append(element("div", { class: "offers writing" }, element("span", { class: "quiet" }, say("Not said yet:")), ...kinds.map(offer)));
}

function open(board, kind) {
  const section = sectionOf(board, kind);
  board.place.querySelector(`[data-offers="${kind}"]`).remove();
  board.place.querySelector(".offers").before(section);
  section.querySelector(".pencil").click();
}

async function refresh(place, desk, kind, said) {
  const captions = await ask(`/images/${desk.image.image_id}/captions`);
  if (desk.signal.aborted) return;
  tell(captions.problem ?? said);
  if (captions.problem !== undefined) return;
  desk.image.captions = captions;
  showCaptions(place, desk);
  place.querySelector(`[data-kind="${kind}"] .pencil, [data-offers="${kind}"]`)?.focus();
  dispatchEvent(new Event("captions-changed"));
}
