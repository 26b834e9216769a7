// What the service is asked for the search in the address; the last few answers are kept for whoever comes back.
import { addressOf, altered, parameters, searched } from "/page/address.js";
import { ask } from "/page/service.js";

const PAGE = 40;
const KEPT = 8;
const NOT_FILTERS = ["q", "mode", "strictness", "collapse", "limit"];
const kept = new Map();

addEventListener("captions-changed", () => kept.clear()); // what was answered may be said in other words, or in another order, now

// What tells one search from another, whatever image of it is looked at.
export function keyOf(wanted = parameters()) {
  return addressOf(altered({ image: null, edit: null, view: null }, wanted));
}

export function filtersOf(wanted = parameters()) {
  return [...searched(wanted)].filter(([name]) => !NOT_FILTERS.includes(name));
}

// What nothing is asked for is the library itself, newest first.
export function isOpen(wanted = parameters()) {
  return !wanted.get("q")?.trim() && !wanted.has("like") && !wanted.has("picture") && filtersOf(wanted).length === 0;
}

export function recall(key) {
  return kept.get(key) ?? null;
}

export function forget(key = keyOf()) {
  kept.delete(key);
}

export function keep(search) {
  kept.delete(search.key);
  kept.set(search.key, search);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return search;
}

// A search with its first hits: { key, query, like, hits, cursor, answer }, or { problem }.
export async function begin(wanted, signal) {
  const answer = await ask(requestOf(wanted), { signal });
  if (answer.problem !== undefined) return answer;
  return keep(searchOf(wanted, answer));
}

export function searchOf(wanted, answer, more = {}) {
  return { key: keyOf(wanted), wanted, query: wanted.get("q")?.trim() ?? "", answer, hits: [...answer.hits], cursor: answer.next_cursor, ...more };
}

// The next page of it: the hits that are new, or { problem }.
export async function goOn(search) {
  const answer = await ask(requestOf(search.wanted, { cursor: search.cursor }));
  if (answer.problem !== undefined) return answer;
  search.hits.push(...answer.hits);
  search.cursor = answer.next_cursor;
  return answer;
}

// What looks the same as a hit, and was folded into it.
export async function findTwins(search, hit) {
  const told = new URLSearchParams([...filtersOf(search.wanted), ["limit", "100"]]);
  const answer = await ask(`/images/${hit.image_id}/similar?${told}`);
  return answer.problem === undefined ? answer.hits.filter((each) => each.why.near_duplicate) : answer;
}

function requestOf(wanted, rest = {}) {
  const told = new URLSearchParams({ limit: PAGE, collapse: "duplicates" });
  for (const [name, value] of searched(wanted)) told.append(name, value);
  for (const [name, value] of Object.entries(rest)) told.set(name, value);
  if (isOpen(wanted)) told.set("added_gte", "1970");
  for (const name of ["limit", "collapse"]) told.set(name, told.getAll(name).at(-1));
  if (!wanted.has("like")) return `/search?${told}`;
  for (const name of ["q", "mode"]) told.delete(name);
  return `/images/${encodeURIComponent(wanted.get("like"))}/similar?${told}`;
}
