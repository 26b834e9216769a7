// Why an image is among the hits of the search in the address, or is not; and whether a person finds that it should be.
import { searched } from "/page/address.js";
import { element, level, paragraph } from "/page/elements.js";
import { whose } from "/page/image/kinds.js";
import { filtersOf } from "/page/search/asking.js";
import { shownSearch } from "/page/search/hits.js";
import { findVerdicts, offerVerdicts } from "/page/search/verdicts.js";
import { ask } from "/page/service.js";
import { say } from "/page/words.js";

export function showWhy(section, image, signal) {
  const query = searched().get("q");
  section.hidden = !query;
  if (!query) return;
  explain(section, image, signal);
  addEventListener("captions-changed", () => explain(section, image, signal), { signal });
}

async function explain(section, image, signal) {
  const answer = await ask(`/images/${image}/why?${asked()}`, { signal });
  if (signal.aborted) return;
  section.querySelector("h3").textContent = answer.shown === false ? say("Why it did not match") : say("Why it matched");
  section.querySelector(".reasons").replaceChildren(...(answer.problem !== undefined ? [paragraph("quiet", answer.problem)] : reasons(answer)));
}

// The whole search: a filter, or how strict it is, may be what decides.
function asked() {
  const rest = ["q", "mode", "strictness"].map((name) => [name, searched().get(name)]);
  return new URLSearchParams([...rest.filter(([, value]) => value !== null), ...filtersOf()]);
}

function reasons({ reason, hit }) {
  const parts = [paragraph("reason", reason)];
  if (hit === null) return parts;
  parts.push(measures(hit), sentence(hit), terms(hit), paragraph("by", source(hit.why)));
  return parts.filter(Boolean);
}

function measures({ score, why }) {
  const rows = [
    [say("Meaning"), why.similarity, say("how like the query what is said of it is")],
    [say("Words"), why.lexical_score, say("how much of the query's words it has, rare ones counting more")],
    [say("Together"), score, say("what hits are sorted by")],
  ];
  const line = ([name, value, title]) =>
    element("div", { title }, element("dt", {}, name), element("dd", {}, element("span", { class: "value" }, value === null ? "–" : value.toFixed(2)), level(value ?? 0)));
  return element("dl", { class: "measures" }, ...rows.map(line));
}

function sentence({ why }) {
  const quote = element("blockquote", { class: "matched" });
  quote.innerHTML = why.highlight; // escaped by the service; only <mark> is markup
  return quote.textContent ? quote : null;
}

// The words of the query: those that the image has, and those that it lacks.
function terms({ why, explanation }) {
  const asked = explanation?.terms?.map(({ word, weight }) => [word, weight > 0]) ?? why.matched_terms.map((word) => [word, true]);
  if (!asked.length) return null;
  const places = searched().get("q").toLowerCase();
  asked.sort(([one], [other]) => places.indexOf(one) - places.indexOf(other)); // as they were asked for
  const term = ([word, isThere]) => element("li", { class: isThere ? "has" : "lacks" }, word, element("span", { class: "hidden" }, isThere ? say(" (it has this word)") : say(" (it lacks this word)")));
  return element("ul", { class: "terms" }, ...asked.map(term));
}

function source(why) {
  return whose({ ...why, captioner: why.corrected ? "correction" : (why.captioner ?? say("nobody")) });
}

// What is said of it here is said of it in the search, too.
export async function offerVerdict(section, image, signal) {
  const query = searched().get("q")?.trim();
  section.hidden = !query;
  if (!query) return;
  section.querySelector(".question").textContent = say("Does it fit “{query}”?", { query });
  const search = shownSearch()?.query === query ? shownSearch() : { query };
  await findVerdicts(search);
  if (!signal.aborted) offerVerdicts(section, search, { image_id: image });
}
