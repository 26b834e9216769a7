// All indexes beside each other: the live one first, then the newest.
import { element, paragraph } from "/page/elements.js";
import { counted, moment, percent, size } from "/page/numbers.js";
import { ask } from "/page/service.js";
import { tableOf } from "/page/tables.js";
import { later, say } from "/page/words.js";

const STATES = { live: later("live"), building: later("building"), ready: later("ready"), retired: later("retired"), dropping: later("dropping") };
const COLUMNS = [later("Generation"), later("State"), later("Made with"), later("Images"), later("Coverage"), later("Fresh"), later("Size"), later("Switched on"), later("Verdict")];

export async function showGenerations(section, signal) {
  const generations = await ask("/generations", { signal });
  if (signal.aborted) return;
  section.hidden = generations.length === 0;
  const place = section.querySelector(".table");
  if (generations.problem !== undefined) place.replaceChildren(paragraph("quiet", generations.problem));
  else place.replaceChildren(tableOf(say("Generations of the index"), COLUMNS.map((name) => say(name)), generations.map(row)));
}

function row(standing) {
  return [
    String(standing.id),
    element("span", { class: `state ${standing.state}` }, say(STATES[standing.state])),
    made(standing),
    counted(standing.entries),
    percent(standing.coverage),
    percent(standing.fresh),
    size(standing.size_bytes),
    standing.activated_at && moment(standing.activated_at),
    standing.verdict,
  ];
}

function made({ captioner, prompt_revision, embedder }) {
  const revision = prompt_revision === null ? null : element("span", { class: "line quiet" }, say("prompt revision {number}", { number: prompt_revision }));
  return element("span", { class: "lines" }, element("span", { class: "line" }, captioner), revision, element("span", { class: "line quiet" }, embedder));
}
