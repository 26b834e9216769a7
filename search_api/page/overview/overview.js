// The index page: what is indexed and what it is made of, what is being built, what it cost, what failed, what was done.
import { copyOf } from "/page/elements.js";
import { showBuilding } from "/page/overview/building.js";
import { showCosts } from "/page/overview/costs.js";
import { showCoverage } from "/page/overview/coverage.js";
import { showFailures } from "/page/overview/failures.js";
import { showGenerations } from "/page/overview/generations.js";
import { showRuns } from "/page/overview/runs.js";
import { ask } from "/page/service.js";
import { tell } from "/page/telling.js";
import { say } from "/page/words.js";

const LOOKS_EVERY_MS = 3000;
const RUNS_AT_ONCE = 10;
const article = document.getElementById("overview");

export function leaveOverview() {
  article.replaceChildren();
}

export async function showOverview(signal) {
  document.title = `${say("The index")} · Caption Search`;
  article.replaceChildren(copyOf("overview-page"));
  article.querySelector("h2").focus({ preventScroll: true });
  const part = (name) => article.querySelector(`.${name}`);
  const others = () => Promise.all([showGenerations(part("generations"), signal), showFailures(part("failures"), signal), showRuns(part("runs"), signal)]);
  const [isBuilding] = await Promise.all([look(part, signal), others(), showCosts(part("costs"), signal)]);
  if (isBuilding) watch(part, others, signal);
}

// Shows how things stand, and tells whether they are about to change.
async function look(part, signal) {
  const [stats, runs] = await Promise.all([ask("/stats", { signal }), ask(`/stats/runs?limit=${RUNS_AT_ONCE}`, { signal })]);
  if (signal.aborted) return false;
  document.getElementById("said").textContent = stats.problem ?? "";
  if (stats.problem !== undefined) return stats.status === 0 || stats.status >= 500; // it may come back
  const isRunning = runs.problem === undefined && runs.some(({ alive, command }) => alive && command === "reindex");
  showCoverage(part("coverage"), stats);
  showBuilding(part("under-way"), stats, isRunning);
  part("none").hidden = stats.generation !== null || stats.images > 0;
  return stats.building !== null && (stats.building.state === "building" || isRunning);
}

async function watch(part, others, signal) {
  let isBuilding = true;
  while (isBuilding && !signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, LOOKS_EVERY_MS));
    if (!signal.aborted && !document.hidden) isBuilding = await look(part, signal);
  }
  if (signal.aborted) return;
  tell(say("The new index is built."));
  await others();
}
