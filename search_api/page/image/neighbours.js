// The images before and after this one among the hits of the search, or of the similar images, in the address.
import { altered, lead, note, parameters, searched } from "/page/address.js";
import { counted } from "/page/numbers.js";
import { lastHits } from "/page/search/hits.js";
import { ask } from "/page/service.js";
import { say } from "/page/words.js";

const MOST = 100;

// Returns what goes to one of them, once they are known.
export function offerNeighbours(nav, image, signal) {
  const ways = {};
  findHits(image, signal).then((hits) => signal.aborted || fill(nav, ways, hits, hits.indexOf(image)));
  return { follow: (name) => ways[name] !== undefined && step(ways[name]) };
}

async function findHits(image, signal) {
  const hits = lastHits();
  if (hits.includes(image)) return hits;
  const [wanted, like] = [searched(), parameters().get("like")];
  if (!like && !wanted.size) return [];
  const told = new URLSearchParams([["limit", MOST], ["collapse", "duplicates"], ...wanted]);
  const answer = await ask(like ? `/images/${encodeURIComponent(like)}/similar?${told}` : `/search?${told}`, { signal });
  return (answer.hits ?? []).map((hit) => hit.image_id);
}

function fill(nav, ways, hits, at) {
  if (at < 0) return;
  Object.assign(ways, { previous: hits[at - 1], next: hits[at + 1] });
  for (const [name, neighbour] of Object.entries(ways)) {
    const link = nav.querySelector(`.${name}`);
    link.hidden = neighbour === undefined;
    if (neighbour === undefined) continue;
    link.addEventListener("click", (event) => stay(event, neighbour)); // before the one that would make history of it
    lead(link, aside(neighbour));
  }
  nav.querySelector(".place").textContent = say("{place} of {count}", { place: counted(at + 1), count: counted(hits.length) });
}

function stay(event, neighbour) {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  step(neighbour);
}

// Whoever leafs through a hundred hits goes back to the search, not through all of them.
function step(neighbour) {
  note(aside(neighbour));
  dispatchEvent(new Event("moved"));
}

function aside(image) {
  return altered({ image, edit: null });
}
