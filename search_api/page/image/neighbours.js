// The images before and after this one among the hits of the search in the address.
import { addressOf, altered, note, parameters } from "/page/address.js";
import { counted } from "/page/numbers.js";
import { keyOf } from "/page/search/asking.js";
import { lastHits, shownSearch } from "/page/search/hits.js";
import { say } from "/page/words.js";

// Returns what goes to one of them, once they are known.
export function offerNeighbours(nav, image, signal) {
  const ways = {};
  const follow = (name) => ways[name] !== undefined && step(ways[name]);
  for (const name of ["previous", "next"]) nav.querySelector(`.${name}`).addEventListener("click", (event) => stay(event, () => follow(name)));
  const fill = () => Object.assign(ways, show(nav, image));
  addEventListener("hits", fill, { signal }); // of a search that was begun for this
  fill();
  return { follow };
}

function show(nav, image) {
  const hits = shownSearch()?.key === keyOf() ? lastHits() : [];
  const at = hits.indexOf(image);
  if (at < 0) return {};
  const ways = { previous: hits[at - 1], next: hits[at + 1] };
  for (const [name, neighbour] of Object.entries(ways)) {
    const link = nav.querySelector(`.${name}`);
    link.hidden = neighbour === undefined;
    if (neighbour !== undefined) link.href = addressOf(aside(neighbour));
  }
  const count = counted(hits.length) + (shownSearch().cursor ? "+" : "");
  nav.querySelector(".place").textContent = say("{place} of {count}", { place: counted(at + 1), count });
  return ways;
}

function stay(event, follow) {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  follow();
}

// Whoever leafs through a hundred hits goes back to the search, not through all of them.
function step(neighbour) {
  note(aside(neighbour));
  dispatchEvent(new Event("moved"));
}

function aside(image) {
  return altered({ image, edit: null }, parameters());
}
