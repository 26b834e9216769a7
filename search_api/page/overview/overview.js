// The index page: what is indexed and what it is made of, what is being built, what it cost, what failed, what was done.
import { copyOf } from "/page/elements.js";
import { showBuilding } from "/page/overview/building.js";
import { showCosts } from "/page/overview/costs.js";
import { showCoverage } from "/page/overview/coverage.js";
import { showFailures } from "/page/overview/failures.js";
import { showGenerations } from "/page/overview/generations.js";
import { showRuns } from "/page/overview/runs.js";
import { ask } from "/page/service.js";
import { say } from "/page/words.js";

const LOOKS_EVERY_MS = 3000;
const article = document.getElementById("overview");

export function leaveOverview() {
  article.replaceChildren();
}

export async function showOverview(signal) {
  document.title = `${say("The index")} · ${"Caption Search"}`;
  article.replaceChildren(copyOf("overview-page"));
  article.querySelector("h2").focus({ preventScroll: true });
  const part = (name) => article.querySelector(`.${name}`);
  const others = () => Promise.all([showGenerations(part("generations"), signal), showFailures(part("failures"), signal), showRuns(part("runs"), signal)]);
  const [building] = await Promise.all([look(part, signal), others(), showCosts(part("costs"), signal)]);
  if (building) watch(part, others, signal);
}

// Shows how things stand, and tells whether they are about to change.
async function look(part, signal) {
  const stats = await ask("/stats", { signal });
  if (signal.aborted) return false;
  if (stats.problem !== undefined) {
    document.getElementById("said").textContent = stats.problem;
    return false;
  }
  showCoverage(part("coverage"), stats);
  showBuilding(part("building"), stats);
  part("none").hidden = stats.generation !== null || stats.images > 0;
  return stats.building?.state === "building";
}

async function watch(part, others, signal) {
  let isBuilding = true;
  while (isBuilding && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, LOOKS_EVERY_MS));
    if (signal.aborted || document.hidden) continue;
    isBuilding = await look(part, signal);
  }
  if (!signal.aborted) await others();
}
