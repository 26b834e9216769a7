// What was done lately, and how it ended.
import { paragraph } from "/page/elements.js";
import { counted, moment, seconds, several } from "/page/numbers.js";
import { ask } from "/page/service.js";
import { tableOf } from "/page/tables.js";
import { later, say } from "/page/words.js";

const MOST = 12;
const COLUMNS = [later("Run"), later("Command"), later("Started"), later("Ended"), later("What it did")];
const TOLD = { edited: later("{count} edited"), captioned: later("{count} captioned"), known: later("{count} known"), failed: later("{count} failed"), indexed: later("{count} indexed"), batched: later("{count} in a batch"), left: later("{count} left") };

export async function showRuns(section, signal) {
  const runs = await ask(`/stats/runs?limit=${MOST}`, { signal });
  if (signal.aborted) return;
  const place = section.querySelector(".table");
  if (runs.problem !== undefined) place.replaceChildren(paragraph("quiet", runs.problem));
  else if (!runs.length) place.replaceChildren(paragraph("quiet", say("Nothing was run yet.")));
  else place.replaceChildren(tableOf(say("Latest runs"), COLUMNS.map((name) => say(name)), runs.map(row)));
}

function row(run) {
  return [String(run.id), run.command, moment(run.started_at), ending(run), did(run.summary ?? {})];
}

function ending({ alive, finished_at, started_at, summary }) {
  if (alive) return say("running");
  if (!finished_at) return say("interrupted");
  const took = say("after {time}", { time: seconds(new Date(finished_at) - new Date(started_at)) });
  const how = summary?.ended ?? "done";
  return how === "done" ? took : `${took}, ${say(how)}`;
}

function did(summary) {
  const clauses = Object.entries(TOLD).filter(([name]) => summary[name]).map(([name, text]) => say(text, { count: counted(summary[name]) }));
  if (summary.generation) clauses.unshift(say("generation {id}", { id: summary.generation }));
  if (summary.requests) clauses.push(several(summary.requests, later("{count} request"), later("{count} requests")));
  return clauses.join(say(", "));
}
