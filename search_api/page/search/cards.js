// One hit: its picture, what is said of it, how well it fits.
import { altered, lead } from "/page/address.js";
import { findTwins } from "/page/search/asking.js";
import { offerVerdicts } from "/page/search/verdicts.js";
import { later, say } from "/page/words.js";

const list = document.getElementById("hits");
const template = document.getElementById("hit");
const STEPS = [160, 320, 640, 1280]; // of thumbnails, as the service makes them
const UNSEEN = 500;
const BANDS = { strong: later("strong match"), likely: later("likely match"), weak: later("weak match") };

// `share` is its score, of the best one's; null for what is listed, not ranked.
export function card(hit, search, share) {
  const item = template.content.firstElementChild.cloneNode(true);
  const isListed = share === null;
  item.dataset.image = hit.image_id;
  if (!isListed) item.classList.add(hit.band);
  item.style.setProperty("--ratio", ratioOf(hit).toFixed(4));
  fillPicture(item, hit, search);
  fillWords(item, hit, isListed);
  const match = item.querySelector(".match");
  if (isListed) match.remove();
  else match.style.setProperty("--share", Math.max(0.04, Math.min(1, share)).toFixed(3));
  offerTwins(item.querySelector(".twins"), item, hit, search);
  const verdicts = item.querySelector(".verdicts");
  if (search.query && !isListed) offerVerdicts(item, search, hit);
  else verdicts.remove();
  return item;
}

// One picture can be reached by Tab, the others from it by arrows.
export function markCurrent(link) {
  if (!link) return;
  for (const each of list.querySelectorAll('[tabindex="0"]')) each.tabIndex = -1;
  for (const each of link.closest("li").querySelectorAll("a, button")) each.tabIndex = 0;
}

// Asks for as many pixels as the screen shows of each, or nearly; beyond two to a point nobody sees them.
export function loadPictures(items) {
  const sizes = items.map((item) => Math.max(item.clientWidth, item.clientHeight) * Math.min(devicePixelRatio, 2) || UNSEEN);
  for (const [place, size] of sizes.entries()) {
    const picture = items[place].querySelector("img");
    picture.src = `${picture.dataset.from}?size=${STEPS.find((step) => step >= 0.85 * size) ?? STEPS.at(-1)}`;
  }
}

function ratioOf(hit) {
  return Math.max(0.5, Math.min(2.8, hit.width / hit.height)); // a panorama, or a receipt, leaves room for others
}

function fillPicture(item, hit, search) {
  const link = item.querySelector(".picture");
  const picture = link.querySelector("img");
  for (const each of item.querySelectorAll("a, button")) each.tabIndex = -1;
  lead(link, altered({ image: hit.image_id }, search.wanted));
  picture.alt = hit.caption || hit.location;
  picture.dataset.from = hit.thumbnail_url;
  picture.addEventListener("error", () => item.classList.add("lost"), { once: true });
}

function fillWords(item, hit, isListed) {
  item.querySelector(".caption").innerHTML = hit.why.highlight; // escaped by the service; only <mark> is markup
  const origin = item.querySelector(".origin");
  origin.hidden = hit.origin !== "edit";
  if (hit.origin === "edit") origin.innerHTML = hit.instruction === null ? say("edited") : `${say("edited:")} ${hit.why.instruction_highlight}`; // escaped, too
  const notes = [hit.location.split("/").at(-1)];
  if (hit.why.captioner === "offline") notes.push(say("offline caption"));
  if (hit.why.corrected) notes.push(say("corrected"));
  item.querySelector(".location").textContent = notes.join(" · ");
  const told = [origin.hidden ? "" : origin.textContent, isListed ? "" : say(BANDS[hit.band])];
  item.querySelector(".told").textContent = told.filter(Boolean).join(", ");
}

function offerTwins(button, item, hit, search) {
  if (!hit.duplicates) {
    button.remove();
    return;
  }
  button.hidden = false;
  button.textContent = `+${hit.duplicates}`;
  button.title = hit.duplicates === 1 ? say("1 more that looks the same") : say("{count} more that look the same", { count: hit.duplicates });
  button.ariaLabel = `+${hit.duplicates}: ${button.title}`;
  button.addEventListener("click", () => openTwins(button, item, hit, search));
}

async function openTwins(button, item, hit, search) {
  const isOpen = button.ariaExpanded === "true";
  button.ariaExpanded = String(!isOpen);
  for (const twin of list.querySelectorAll(`[data-twin-of="${hit.image_id}"]`)) twin.remove();
  if (isOpen) return;
  const twins = await findTwins(search, hit);
  if (twins.problem !== undefined || button.ariaExpanded !== "true") {
    button.ariaExpanded = "false";
    if (twins.problem) document.getElementById("said").textContent = twins.problem;
    return;
  }
  const cards = twins.map((twin) => twinCard(twin, hit, search));
  item.after(...cards);
  loadPictures(cards);
}

function twinCard(twin, hit, search) {
  const made = card(twin, search, null);
  made.dataset.twinOf = hit.image_id;
  return made;
}
