// A word on a new index that is being built beside the one that answers.
import { lead } from "/page/address.js";
import { ask } from "/page/service.js";
import { say } from "/page/words.js";

const place = document.getElementById("standing");
const LOOKS_EVERY_MS = 20_000;
let lookedAt = -Infinity;
let building = null;

export async function followRebuilding(signal) {
  if (performance.now() - lookedAt >= LOOKS_EVERY_MS) {
    lookedAt = performance.now();
    const generations = await ask("/generations", { signal });
    if (!Array.isArray(generations)) return;
    building = generations.find((each) => each.state === "building") ?? null;
    tell(generations.find((each) => each.state === "live"));
  }
  if (building && !signal.aborted) setTimeout(() => signal.aborted || document.hidden || followRebuilding(signal), LOOKS_EVERY_MS);
}

function tell(live) {
  place.replaceChildren();
  if (!building || !live) return;
  const link = lead(document.createElement("a"), { view: "index" });
  const share = Math.floor(building.coverage * 100);
  link.textContent = live.prompt_revision
    ? say("{share}% rebuilt, serving revision {revision}", { share, revision: live.prompt_revision })
    : say("A new index is {share}% built; the present one answers until then", { share });
  place.append(link);
}
