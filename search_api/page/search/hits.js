// The hits of the search that is shown, as rows of pictures; weaker ones below a divider.
import { keyOf } from "/page/search/asking.js";
import { card, loadPictures, markCurrent } from "/page/search/cards.js";
import { later, say } from "/page/words.js";

const list = document.getElementById("hits");
const TITLES = { strong: later("Best matches"), likely: later("Less certain"), weak: later("Weak matches"), listed: later("Newest first") };
const FEW = 6; // that are all there is: they have room to be larger, and for their words
let shown = null;

// The images of the search in the address, best first, as far as they are loaded.
export function lastHits() {
  return shown?.key === keyOf() ? shown.hits.map((hit) => hit.image_id) : [];
}

export function shownSearch() {
  return shown;
}

export function fillHits(search) {
  shown = search;
  list.replaceChildren();
  addHits(search.hits);
  markCurrent(list.querySelector(".picture"));
}

export function clearHits() {
  shown = null;
  list.replaceChildren();
}

// Adds hits at the end, and gives the first of their links.
export function addHits(hits) {
  list.classList.toggle("few", !shown.cursor && shown.hits.length <= FEW);
  const best = shown.hits[0]?.score ?? 1;
  const cards = hits.map((hit) => [groupOf(hit), card(hit, shown, isRanked(hit) ? hit.score / best : null)]);
  for (const [group, item] of cards) rowsOf(group).append(item);
  loadPictures(cards.map(([, item]) => item));
  return cards[0]?.[1].querySelector(".picture") ?? null;
}

export function linkOf(image) {
  return list.querySelector(`li[data-image="${CSS.escape(image)}"] .picture`);
}

// Bands never get better further down: a hit belongs into the last group, or opens the next.
function rowsOf(group) {
  const last = list.lastElementChild;
  if (last?.dataset.group === group) return last.querySelector("ul");
  const section = document.createElement("section");
  const title = document.createElement("h2");
  const rows = document.createElement("ul");
  section.dataset.group = group;
  title.textContent = say(TITLES[group]);
  title.className = list.children.length === 0 && group === "strong" ? "hidden" : "divider";
  rows.className = "rows";
  rows.setAttribute("role", "list"); // Safari takes it from lists without bullets
  section.append(title, rows);
  list.append(section);
  return rows;
}

// What filters alone let through is listed, not ranked.
export function isRanked(hit) {
  return hit.why.dense_rank !== null || hit.why.lexical_rank !== null || hit.why.near_duplicate !== undefined;
}

function groupOf(hit) {
  return isRanked(hit) ? hit.band : "listed";
}
