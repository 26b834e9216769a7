// An index that is being built beside the one that answers: how far it is, which one serves meanwhile.
import { element } from "/page/elements.js";
import { counted, percent, several } from "/page/numbers.js";
import { later, say } from "/page/words.js";

export function showBuilding(section, { building, generation, images }) {
  section.hidden = !building;
  if (!building) return;
  const line = section.querySelector(".words");
  const said = building.state === "building" ? progress(building, generation, images) : waiting(building, generation);
  if (line.textContent !== said) line.textContent = said; // whoever listens hears each change once
  const meter = section.querySelector("[role=progressbar]");
  meter.setAttribute("aria-valuenow", Math.floor(building.coverage * 100));
  meter.querySelector("span").style.width = `${building.coverage * 100}%`;
  section.querySelector(".details").replaceChildren(...detailsOf(building, images));
}

function progress(building, generation, images) {
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

function detailsOf(building, images) {
  const made = say("Generation {id}: {entries} of {images}, by {captioner}, embedder {embedder}.", {
    id: building.id,
    entries: counted(building.entries),
    images: several(images, later("{count} image"), later("{count} images")),
    captioner: building.captioner,
    embedder: building.embedder,
  });
  const how = building.state === "building" ? [say("If nothing builds it at the moment, this goes on where it was:"), "indexer reindex"] : [say("To switch it on:"), `indexer generations activate ${building.id}`];
  return [element("p", { class: "quiet" }, made), ...(building.verdict ? [element("p", {}, building.verdict)] : []), element("p", { class: "quiet" }, `${how[0]} `, element("code", {}, how[1]))];
}
