// An index that is being built beside the one that answers: how far it is, which one serves meanwhile.
import { element, paragraph } from "/page/elements.js";
import { counted, percent, several } from "/page/numbers.js";
import { later, say } from "/page/words.js";

export function showBuilding(section, { building, generation, images }, isRunning) {
  section.hidden = !building;
  if (!building) return;
  section.querySelector(".headline").textContent = building.state === "building" ? progress(building, generation) : waiting(building, generation);
  const meter = section.querySelector("[role=progressbar]");
  meter.setAttribute("aria-valuenow", Math.floor(building.coverage * 100));
  meter.querySelector("span").style.width = `${building.coverage * 100}%`;
  section.querySelector(".details").replaceChildren(...detailsOf(building, images, isRunning));
}

function progress(building, generation) {
  const share = percent(building.coverage);
  if (generation === null) return say("{share} built", { share });
  return say("{share} rebuilt, serving {serving}", { share, serving: served(generation) });
}

function waiting(building, generation) {
  return say("Generation {id} is ready and waits to be switched on, serving {serving}", { id: building.id, serving: generation ? served(generation) : "–" });
}

function served({ prompt_revision, id }) {
  return prompt_revision === null ? say("generation {id}", { id }) : say("revision {number}", { number: prompt_revision });
}

function detailsOf(building, images, isRunning) {
  const made = say("Generation {id}: {entries} of {images}, by {captioner}, embedder {embedder}.", {
    id: building.id,
    entries: counted(building.entries),
    images: several(images, later("{count} image"), later("{count} images")),
    captioner: building.captioner,
    embedder: building.embedder,
  });
  return [paragraph("quiet", made), ...(building.verdict ? [paragraph("verdict", building.verdict)] : []), element("p", { class: "quiet" }, ...nextOf(building, isRunning))];
}

function nextOf({ id, state }, isRunning) {
  if (state !== "building") return [say("To switch it on:"), " ", element("code", {}, `indexer generations activate ${id}`)];
  if (isRunning) return [say("It is being built at this moment.")];
  return [say("Nothing builds it at this moment; this goes on where it was:"), " ", element("code", {}, "indexer reindex")];
}
