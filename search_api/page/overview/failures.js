// What could not be done, why, and what to do about it.
import { copyButton } from "/page/copying.js";
import { element, paragraph } from "/page/elements.js";
import { moment, several } from "/page/numbers.js";
import { ask } from "/page/service.js";
import { later, say } from "/page/words.js";

const MOST = 50;
const STAGES = { find: later("finding it"), read: later("reading it"), caption: later("captioning it"), import: later("importing its captions"), record: later("a line of a manifest"), request: later("a line of requests") };
const RETRY = "indexer ingest FOLDER --retry-failed";

export async function showFailures(section, signal) {
  const failures = await ask(`/stats/failures?limit=${MOST}`, { signal });
  if (signal.aborted) return;
  const place = section.querySelector(".list");
  if (failures.problem !== undefined) place.replaceChildren(paragraph("quiet", failures.problem));
  else if (!failures.length) place.replaceChildren(paragraph("quiet", say("Nothing failed.")));
  else place.replaceChildren(...howToRetry(failures), element("ul", {}, ...failures.map(item)), ...atMost(failures));
}

function howToRetry(failures) {
  const isForGood = failures.some(({ retryable, stage }) => !retryable && stage !== "request");
  if (!isForGood) return [paragraph("quiet", say("The next run tries again."))];
  return [element("p", { class: "command" }, say("To try again what failed for good:"), " ", element("code", {}, RETRY), copyButton(RETRY, RETRY))];
}

function item(failure) {
  const tries = several(Math.max(1, failure.attempts), later("{count} try"), later("{count} tries"));
  const stage = say(STAGES[failure.stage] ?? failure.stage);
  const notes = [stage, tries, again(failure), failure.last_at && moment(failure.last_at)].filter(Boolean);
  return element("li", {}, paragraph("place", failure.location), paragraph("reason", failure.reason), paragraph("quiet", notes.join(" · ")));
}

function again({ stage, retryable }) {
  if (stage === "request") return say("not tried until the line is changed");
  return retryable ? say("the next run tries again") : say("tried again only with --retry-failed");
}

function atMost(failures) {
  return failures.length < MOST ? [] : [paragraph("quiet", say("These are the latest; `indexer failures` lists all."))];
}
