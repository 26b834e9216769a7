// A search: its hits, page by page.
import { addressOf, altered, go, lead, searched } from "/page/address.js";
import { ask } from "/page/service.js";
import { findVerdicts, offerVerdicts } from "/page/search/verdicts.js";
import { say } from "/page/words.js";

const said = document.getElementById("said");
const list = document.getElementById("hits");
const nearest = document.getElementById("nearest");
const more = document.getElementById("more");
const template = document.getElementById("hit");
const hint = document.getElementById("hint");
const PAGE = 40;
const form = document.getElementById("search");
const box = document.getElementById("q");
let found = []; // the hits of the search that is shown
let shown = null; // the address of the search whose hits are in the list
let summed = ""; // what was said of them
let asked = 0;
let cursor = null; // where the next page of what is shown begins
let verdicts = new Map(); // what people said of the images of this query: true is relevant, false is not

form.addEventListener("submit", (event) => {
  event.preventDefault();
  go(box.value.trim() ? { q: box.value.trim() } : {});
});
nearest.addEventListener("click", () => {
  go(altered({ strictness: "low" }));
  said.focus();
});
more.addEventListener("click", showMore);

// The images of the search in the address, best first, as far as they are loaded.
export function lastHits() {
  return addressOf(searched()) === shown ? found.map((hit) => hit.image_id) : [];
}

export function hitOf(image) {
  return found.find((hit) => hit.image_id === Number(image)) ?? null;
}

// `before` is what was shown until now: whoever comes back from an image goes on at its hit.
export async function showSearch(_signal, before) {
  const [wanted, address] = [searched(), addressOf(searched())];
  const query = wanted.get("q") ?? "";
  box.value = query;
  const turn = ++asked;
  document.title = query ? `${query} · Caption Search` : "Caption Search";
  if (query && address === shown) {
    said.textContent = summed;
    goOn(before?.get("image"));
    return;
  }
  shown = null;
  nearest.hidden = more.hidden = true;
  if (!query) {
    list.replaceChildren();
    said.replaceChildren(hint.content.cloneNode(true));
    return;
  }
  said.textContent = "Searching…";
  const [answer, judged] = await Promise.all([search(wanted), findVerdicts(query)]);
  if (turn !== asked) return; // a later search, or an image, has taken over
  verdicts = judged;
  said.textContent = summed = answer.problem ?? summary(answer);
  list.replaceChildren();
  found = [];
  add(answer, query);
  shown = answer.problem ? null : address;
  nearest.hidden = !answer.generation || wanted.get("strictness") === "low" || (answer.hits.length > 0 && !isRanked(answer.hits[0]));
  nearest.textContent = answer.no_match ? say("Show the nearest all the same") : say("Show weaker hits, too");
  goOn(before?.get("image"));
}

export function leaveSearch() {
  asked += 1;
}

async function showMore() {
  const [wanted, turn] = [searched(), asked];
  more.disabled = true;
  const answer = await search(wanted, { cursor });
  more.disabled = false;
  if (turn !== asked) return;
  if (answer.problem) {
    said.textContent = answer.problem;
    return;
  }
  const first = list.children.length;
  add(answer, wanted.get("q"));
  list.children[first]?.querySelector(".picture").focus(); // whoever reads by keyboard or ear goes on where the new ones begin
}

function goOn(image) {
  const link = image && list.querySelector(`li[data-image="${CSS.escape(image)}"] a`);
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: "nearest" });
}

function add(answer, query) {
  found.push(...(answer.hits ?? []));
  list.append(...(answer.hits ?? []).map((hit) => card(hit, query)));
  cursor = answer.next_cursor ?? null;
  more.hidden = cursor === null;
}

function search(wanted, rest = {}) {
  const told = { limit: PAGE, collapse: "duplicates", ...Object.fromEntries(wanted), ...rest };
  return ask(`/search?${new URLSearchParams(told)}`);
}

function summary(answer) {
  if (!answer.generation) return "Nothing is indexed yet. Run: indexer ingest FOLDER";
  if (answer.no_match) return "Nothing in the index fits this description.";
  const count = answer.hits.length;
  const best = answer.next_cursor ? "the first " : "";
  const covered = answer.generation.coverage < 1 ? `, ${Math.floor(answer.generation.coverage * 100)}% of the images are indexed` : "";
  return `${best}${count} ${count === 1 ? "image" : "images"} in ${Math.round(answer.took_ms.total)} ms${covered}`;
}

function card(hit, query) {
  const item = template.content.firstElementChild.cloneNode(true);
  const [link, caption] = [item.querySelector(".picture"), item.querySelector(".caption")];
  item.classList.add(hit.band);
  item.dataset.image = hit.image_id;
  lead(link, altered({ image: hit.image_id }));
  link.firstElementChild.src = `${hit.thumbnail_url}?size=640`;
  caption.innerHTML = hit.why.highlight; // escaped by the service; only <mark> is markup
  link.firstElementChild.alt = caption.textContent;
  const notes = [hit.instruction === null ? hit.location : "Open the file"];
  if (hit.why.captioner === "offline") notes.push("offline caption");
  if (hit.duplicates) notes.push(`${hit.duplicates} more like it`);
  item.querySelector(".band").textContent = isRanked(hit) ? hit.band : "";
  const origin = item.querySelector(".origin");
  origin.hidden = hit.origin !== "edit";
  origin.innerHTML = hit.instruction === null ? "edited" : `edited: ${hit.why.instruction_highlight}`; // escaped, too
  const place = item.querySelector(".location");
  place.href = hit.image_url;
  place.textContent = notes.join(" · ");
  place.title = `Open ${hit.location} in a new tab`;
  offerVerdicts(item, query, hit, verdicts, (text) => (said.textContent = text));
  return item;
}

// What filters alone let through is listed, not ranked.
function isRanked(hit) {
  return hit.why.dense_rank !== null || hit.why.lexical_rank !== null;
}
