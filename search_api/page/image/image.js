// One image: the picture, what is said of it and by whom, its lineage, and a box to have it edited.
import { altered, lead, parameters } from "/page/address.js";
import { offerEdits } from "/page/image/edits.js";
import { showLineage } from "/page/image/lineage.js";
import { ask } from "/page/service.js";

const article = document.getElementById("image");
const template = document.getElementById("image-page");
const said = document.getElementById("said");
const LARGE = 1280;
const KINDS = { retrieval: "What it shows", alt_text: "Alternative text", ecommerce: "For a shop", moderation: "Moderation" };
const ORIGINS = { original: "original", edit: "edited image", frame: "frame of a video" };

export function leaveImage() {
  article.replaceChildren();
}

// `signal` ends what goes on for an image once anything else is shown.
export async function showImage(signal) {
  const reference = parameters().get("image");
  leaveImage();
  said.textContent = "";
  document.title = "Caption Search";
  const [image, lineage] = await Promise.all([
    ask(`/images/${encodeURIComponent(reference)}`),
    ask(`/images/${encodeURIComponent(reference)}/lineage`),
  ]);
  if (signal.aborted) return;
  if (image.problem) {
    said.textContent = image.problem;
    return;
  }
  const page = template.content.cloneNode(true);
  fill(page, image, lineage);
  showLineage(page.querySelector(".lineage"), lineage);
  article.append(page);
  const refresh = async () => {
    const changed = await ask(`/images/${image.image_id}/lineage`);
    if (!signal.aborted) showLineage(article.querySelector(".lineage"), changed);
  };
  offerEdits(article.querySelector(".edit"), image.image_id, parameters().get("edit"), refresh, signal);
  article.querySelector("h2").focus({ preventScroll: true });
}

function fill(page, image, lineage) {
  const isLost = lineage.image?.lost ?? false;
  const isMask = isOnlyMask(lineage);
  const name = nameOf(image, lineage);
  document.title = `${name} · Caption Search`;
  page.querySelector("h2").textContent = name;
  page.querySelector(".facts").textContent = facts(image, name, isMask).join(" · ");
  for (const link of page.querySelectorAll("a.file")) link.href = image.image_url;
  const large = page.querySelector(".large");
  large.alt = servingSentence(image) || name;
  [large.width, large.height] = [image.width, image.height];
  if (isLost) page.querySelector("figure").replaceChildren(paragraph("lost", "The file of this image is no longer where it was."));
  else large.src = `${image.thumbnail_url}?size=${LARGE}`;
  page.querySelector(".links").hidden = isLost;
  page.querySelector(".edit").hidden = isLost || isMask;
  page.querySelector(".captions").append(...(isMask ? [paragraph("quiet", "It says where an editor was to work; no search finds it.")] : captions(image)));
  const search = altered({ image: null, edit: null });
  lead(page.querySelector(".back"), search).textContent = search.has("q") ? `← “${search.get("q")}”` : "← Search";
}

// An edited image is called by what was asked of it: its file has a name that says nothing.
function nameOf(image, lineage) {
  const instruction = image.origin === "edit" && lineage.parents?.[0]?.edit.instruction;
  return instruction || (image.locations[0] ?? `Image ${image.image_id}`).split("/").at(-1);
}

function isOnlyMask({ image, children }) {
  return image?.location === null && children.length > 0 && children.every(({ role }) => role === "mask");
}

function facts(image, name, isMask) {
  const told = [...image.locations.slice(0, 1).filter((place) => place !== name), `image ${image.image_id}`, isMask ? "mask" : ORIGINS[image.origin], image.format, `${image.width} × ${image.height}`];
  if (image.taken_at) told.push(`taken ${image.taken_at.slice(0, 10)}`);
  if (image.camera) told.push(image.camera);
  return told;
}

function servingSentence(image) {
  return image.captions.find((caption) => caption.kind === "retrieval" && !caption.quarantine)?.sentences[0];
}

// The first caption of a kind is the one that serves; the others are there for whoever wants to know.
function captions(image) {
  if (!image.captions.length) return [paragraph("quiet", "Nothing has been said of it so far.")];
  const kinds = [...new Set(image.captions.map((caption) => caption.kind))];
  kinds.sort((one, other) => (other === "retrieval") - (one === "retrieval"));
  return kinds.map((kind) => {
    const [serving, ...others] = image.captions.filter((caption) => caption.kind === kind);
    const section = document.createElement("section");
    const title = document.createElement("h3");
    title.textContent = KINDS[kind] ?? kind;
    section.append(title, ...caption(serving));
    if (others.length) section.append(superseded(others));
    return section;
  });
}

function superseded(others) {
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = others.length === 1 ? "Another caption" : `${others.length} other captions`;
  details.append(summary, ...others.flatMap(caption));
  return details;
}

function caption(told) {
  const parts = [];
  if (told.sentences.length) parts.push(listed("sentences", told.sentences));
  if (told.visible_text) parts.push(paragraph("visible", `Written in it: ${told.visible_text}`));
  if (told.keywords.length) parts.push(listed("keywords", told.keywords));
  parts.push(paragraph("by", whose(told)));
  return parts;
}

function whose(told) {
  const makers = { correction: "Written by a person", offline: "Made offline, without a model", import: "Imported" };
  const by = [makers[told.captioner] ?? `By ${told.model || told.captioner}`];
  if (told.prompt_revision) by.push(`prompt revision ${told.prompt_revision}`);
  if (told.uncertain) by.push("not sure of it");
  if (told.quarantine) by.push(`not used: ${told.quarantine}`);
  return by.join(", ");
}

function listed(name, texts) {
  const list = document.createElement("ul");
  list.className = name;
  list.append(
    ...texts.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }),
  );
  return list;
}

function paragraph(name, text) {
  const made = document.createElement("p");
  [made.className, made.textContent] = [name, text];
  return made;
}
