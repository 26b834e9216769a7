// The search view: what the address asks for, what was found, and what to do where that is nothing.
import { altered, go, parameters } from "/page/address.js";
import { begin, forget, goOn, isOpen, keyOf, recall } from "/page/search/asking.js";
import { offerExamples } from "/page/search/examples.js";
import { offerFilters } from "/page/search/filters.js";
import { addHits, clearHits, fillHits, isRanked, linkOf, shownSearch } from "/page/search/hits.js";
import { followKeys } from "/page/search/keys.js";
import { beginWithPicture, offerPictures, showAsked, showThumb } from "/page/search/pictures.js";
import { followRebuilding } from "/page/search/standing.js";
import { summary, tellNothing } from "/page/search/telling.js";
import { findVerdicts } from "/page/search/verdicts.js";
import { say } from "/page/words.js";

const form = document.getElementById("search");
const box = document.getElementById("q");
const said = document.getElementById("said");
const list = document.getElementById("hits");
const more = document.getElementById("more");
const weaker = document.getElementById("weaker");
const PATIENCE_MS = 200; // before it is said that something is searched for
let loading = null; // { key, promise } of what is being searched for

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = box.value.trim();
  const wanted = altered({ q: text || null, image: null, edit: null, view: null, ...(text && { like: null, picture: null }) });
  forget(keyOf(wanted));
  go(wanted);
});
weaker.addEventListener("click", () => {
  go(altered({ strictness: "low" }));
  said.focus();
});
more.addEventListener("click", showMore);
const nearing = new IntersectionObserver((seen) => seen.at(-1).isIntersecting && showMore(), { rootMargin: "600px" });
nearing.observe(more);
offerPictures();
followKeys();
if (matchMedia("(width < 48rem)").matches) box.placeholder = say("Describe the image");
if (matchMedia("(hover: hover)").matches && isOpen()) box.focus(); // a keyboard on glass would hide the pictures

// What is asked for stands in the header of every view.
export function showQuery(wanted) {
  box.value = wanted.get("q") ?? "";
  showThumb(wanted);
}

// `before` is what was shown until now: whoever comes back from an image goes on at its hit.
export async function showSearch(signal, before) {
  const wanted = parameters();
  const query = wanted.get("q");
  document.title = query ? `${query} · Caption Search` : "Caption Search";
  offerFilters(wanted);
  showAsked(wanted);
  const waiting = setTimeout(() => (said.textContent = say("Searching…")), PATIENCE_MS);
  list.ariaBusy = "true";
  const search = await load(wanted);
  clearTimeout(waiting);
  if (signal.aborted) return; // a later search, or an image, has taken over
  list.ariaBusy = "false";
  showAsked(wanted, search);
  show(search);
  if (before?.has("image")) readOn(before.get("image"));
  followRebuilding(signal);
}

export function leaveSearch() {
  list.ariaBusy = "false";
}

// For an image that was opened by its address: the search that it is seen from, so that there are neighbours.
export async function prepareSearch() {
  const wanted = parameters();
  if (isOpen(wanted) || shownSearch()?.key === keyOf(wanted)) return;
  const search = await load(wanted);
  if (keyOf() === search.key) show(search);
  if (parameters().has("image")) said.textContent = ""; // that is said of the hits, where they are seen
  dispatchEvent(new Event("hits"));
}

async function load(wanted) {
  const key = keyOf(wanted);
  const known = recall(key);
  if (known) return known;
  if (loading?.key !== key) loading = { key, promise: wanted.has("picture") ? beginWithPicture(wanted) : begin(wanted) };
  const { promise } = loading;
  const search = await promise;
  if (loading?.promise === promise) loading = null;
  return search;
}

function show(search) {
  const isKnown = search.problem === undefined;
  said.textContent = isKnown ? summary(search) : "";
  tellNothing(search);
  offerExamples(search);
  if (!isKnown) clearHits();
  else if (shownSearch() !== search) {
    fillHits(search);
    findVerdicts(search);
  }
  offerMore(search);
}

function offerMore(search) {
  more.hidden = !search.cursor;
  const isCut = search.problem === undefined && search.wanted.get("strictness") !== "low" && !search.wanted.has("like") && !search.wanted.has("picture");
  weaker.hidden = !isCut || Boolean(search.cursor) || search.hits.length === 0 || !isRanked(search.hits[0]);
}

// Whoever waits on the button, by keyboard or ear, goes on where the new ones begin; nobody else is moved.
async function showMore() {
  const search = shownSearch();
  if (!search?.cursor || more.ariaDisabled === "true") return;
  more.ariaDisabled = "true";
  const answer = await goOn(search);
  more.ariaDisabled = "false";
  if (search !== shownSearch()) return;
  if (answer.problem !== undefined) {
    said.textContent = answer.problem;
    return;
  }
  const first = addHits(answer.hits);
  const isWaiting = document.activeElement === more;
  offerMore(search);
  said.textContent = summary(search);
  if (isWaiting) first?.focus();
  nearing.unobserve(more); // so that it is told anew if it is still near
  nearing.observe(more);
}

function readOn(image) {
  const link = linkOf(image);
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: "nearest" });
}
