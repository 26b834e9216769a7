// One image: the picture, what is said of it and by whom, why it was found, what is like it, and where it comes from.
import { altered, go, lead, parameters, searched } from "/page/address.js";
import { button, copyOf, element, paragraph } from "/page/elements.js";
import { showCaptions } from "/page/image/captions.js";
import { offerEdits } from "/page/image/edits.js";
import { nameOf, showFacts, subtitle } from "/page/image/facts.js";
import { listenToKeys } from "/page/image/keys.js";
import { offerNeighbours } from "/page/image/neighbours.js";
import { showPicture } from "/page/image/picture.js";
import { showLineage } from "/page/image/lineage.js";
import { showSimilar } from "/page/image/similar.js";
import { offerVerdict, showWhy } from "/page/image/why.js";
import { ask } from "/page/service.js";
import { say } from "/page/words.js";

const article = document.getElementById("image");

export function leaveImage() {
  article.replaceChildren();
}

export async function showImage(signal) {
  const address = `/images/${encodeURIComponent(parameters().get("image"))}`;
  document.title = "Caption Search";
  const [image, lineage] = await Promise.all([ask(address), ask(`${address}/lineage`)]);
  if (signal.aborted) return;
  article.replaceChildren();
  if (image.problem !== undefined) {
    article.replaceChildren(...troubles(image));
    return;
  }
  const isMask = isOnlyMask(lineage);
  const desk = { image, lineage, isMask, isLost: lineage.image?.lost ?? false, name: nameOf(image, lineage), signal };
  article.append(copyOf("image-page"));
  fill(desk);
  article.querySelector("h2").focus({ preventScroll: true });
}

// What an image cannot be shown for, with the ways on from there.
function troubles({ problem, status }) {
  const back = lead(element("a", { class: "back" }, backText()), wayBack());
  const again = status === 404 || status === 422 ? null : button(say("Try again"), () => go(parameters()));
  return [element("nav", { class: "way" }, back), element("p", { class: "trouble", role: "alert" }, problem), again].filter(Boolean);
}

function fill(desk) {
  const { image, isMask, isLost, name, signal } = desk;
  const part = (name) => article.querySelector(name);
  document.title = `${name} · Caption Search`;
  part("h2").textContent = name;
  part("h2").classList.toggle("file", image.origin !== "edit");
  part(".subtitle").textContent = subtitle(desk);
  const back = lead(part(".back"), wayBack());
  back.textContent = backText();
  const picture = showPicture(part(".stage"), desk);
  listenToKeys({ picture, back, neighbours: offerNeighbours(part(".way"), image.image_id, signal), signal });
  if (isMask) part(".captions").append(paragraph("quiet", say("It says where an editor was to work; no search finds it.")));
  else showCaptions(part(".captions"), desk);
  showFacts(part(".about"), desk);
  showLineage(part(".lineage"), desk.lineage);
  part(".edit").hidden = isLost || isMask;
  offerEdits(part(".edit"), image.image_id, parameters().get("edit"), () => refreshLineage(desk), signal);
  if (isMask) return;
  showWhy(part(".why"), image.image_id, signal);
  offerVerdict(part(".fits"), image.image_id, signal);
  showSimilar(part(".similar"), image.image_id, signal);
}

async function refreshLineage({ image, signal }) {
  const changed = await ask(`/images/${image.image_id}/lineage`);
  if (!signal.aborted) showLineage(article.querySelector(".lineage"), changed);
}

// The search that the image was seen from, or the images like another.
function wayBack() {
  return altered({ image: null, edit: null });
}

function backText() {
  return `← ${nameOfWay(wayBack())}`;
}

function nameOfWay(wanted) {
  if (wanted.has("like")) return say("Images like this one");
  if (wanted.get("q")) return `“${wanted.get("q")}”`;
  return searched(wanted).size ? say("Hits") : say("Search");
}

function isOnlyMask({ image, children }) {
  return image?.location === null && children.length > 0 && children.every(({ role }) => role === "mask");
}
