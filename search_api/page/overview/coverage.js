// How much of the library can be found, how much there is, and who made what it is found by.
import { element, level } from "/page/elements.js";
import { counted, money, percent, several } from "/page/numbers.js";
import { nameOf } from "/page/overview/naming.js";
import { later, say } from "/page/words.js";

export function showCoverage(section, stats) {
  section.hidden = stats.images === 0 && stats.generation === null;
  section.querySelector(".share").replaceChildren(...shareOf(stats));
  section.querySelector(".counts").replaceChildren(...countsOf(stats).map(([name, value, note]) => tile(name, value, note)));
  section.querySelector(".made-of").replaceChildren(...madeOf(stats));
}

function shareOf({ generation, entries, images }) {
  if (generation === null) return [element("p", {}, say("No index is live yet. It is made at the end of an ingest."))];
  const said = say("{entries} of {images} can be found by what they show.", { entries: counted(entries), images: several(images, later("{count} image"), later("{count} images")) });
  const parts = [element("p", { class: "figure" }, percent(generation.coverage)), level(generation.coverage, "level thick"), element("p", {}, said)];
  if (generation.fresh < 1) parts.push(element("p", { class: "quiet" }, say("{share} of these are made by the present prompt and model.", { share: percent(generation.fresh) })));
  return [...parts, element("p", { class: "quiet" }, say("Generation {id}: {made}, embedder {embedder}", { id: generation.id, made: madeBy(generation), embedder: generation.embedder }))];
}

function madeBy({ captioner, prompt_revision }) {
  return prompt_revision === null ? captioner : say("{captioner}, prompt revision {number}", { captioner, number: prompt_revision });
}

function countsOf(stats) {
  const unpriced = stats.requests_without_price ? several(stats.requests_without_price, later("and {count} request of unknown price"), later("and {count} requests of unknown price")) : null;
  const counts = [
    [say("images"), counted(stats.images), stats.locations > stats.images ? several(stats.locations, later("at {count} location"), later("at {count} locations")) : null],
    [say("made by edits"), stats.edits && counted(stats.edits)],
    [say("have captions"), counted(stats.captions)],
    [say("could not be done"), counted(stats.failures), stats.quarantined ? several(stats.quarantined, later("{count} of them for its answer"), later("{count} of them for their answers")) : null],
    [say("requests to models"), counted(stats.requests)],
    [say("waiting in a batch"), stats.batched && counted(stats.batched)],
    [say("paid"), money(stats.cost_usd), unpriced],
  ];
  return counts.filter(([, value]) => value);
}

function tile(name, value, note) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value), note ? element("dd", { class: "note" }, note) : null);
}

// One bar of all captioners, and what its colours mean.
function madeOf({ captioners, entries }) {
  if (!captioners.length) return [];
  const segments = captioners.map((share, index) => segment(share.entries / entries, index));
  const names = captioners.map((share, index) => element("li", {}, swatch(index), `${nameOf(share)}: ${several(share.entries, later("{count} image"), later("{count} images"))}`));
  return [element("h4", {}, say("Made of captions by")), element("div", { class: "stack", "aria-hidden": "true" }, ...segments), element("ul", { class: "legend" }, ...names)];
}

function segment(share, index) {
  const made = element("span", { class: `series-${Math.min(index, 6)}` });
  made.style.flexGrow = share;
  return made;
}

export function swatch(index) {
  return element("span", { class: `swatch series-${Math.min(index, 6)}`, "aria-hidden": "true" });
}
