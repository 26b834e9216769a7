// What is said of an answer: how much was found, or that nothing was, and what can be done about it.
import { altered, go, parameters } from "/page/address.js";
import { filtersOf, forget, isOpen } from "/page/search/asking.js";
import { say } from "/page/words.js";

const place = document.getElementById("nothing");

export function summary(search) {
  const { answer, hits, cursor, wanted } = search;
  if (isOpen(wanted) || isUnknown(search)) return ""; // its title says it, or what is beside the picture
  if (!answer.generation) return say("Nothing is indexed yet.");
  if (!hits.length) return say("No match");
  const count = hits.length.toLocaleString("en");
  const found = hits.length === 1 ? say("1 image") : cursor ? say("The first {count} images", { count }) : say("{count} images", { count });
  const took = wanted.has("picture") ? "" : ` · ${Math.max(1, Math.round(answer.took_ms.total))} ms`;
  const { coverage } = answer.generation;
  const covered = coverage < 1 ? ` · ${say("{share}% of the library is indexed", { share: Math.floor(coverage * 100) })}` : "";
  return `${found}${took}${covered}`;
}

export function tellNothing(search) {
  place.hidden = search.problem === undefined && search.hits.length > 0;
  place.replaceChildren(...(place.hidden ? [] : search.problem !== undefined ? troubles(search) : reasons(search)));
}

// What was asked in a way that cannot be answered is not asked again as it is.
function troubles({ problem, status }) {
  const [wanted, told] = [parameters(), paragraph(problem)];
  told.setAttribute("role", "alert");
  if (status === 422 && filtersOf(wanted).length) return [told, button(say("Remove the filters"), () => go(withoutFilters(wanted)))];
  if (status === 422 || status === 404) return [told];
  return [told, button(say("Try again"), () => {
    forget();
    go(parameters());
  })];
}

function isUnknown({ answer, picture }) {
  return picture !== undefined && answer.matched_by === null;
}

function reasons({ answer, wanted, picture }) {
  if (!answer.generation || isOpen(wanted)) return [heading(say("Nothing is indexed yet.")), paragraph(say("Begin with: indexer ingest FOLDER"))];
  if (isUnknown({ answer, picture })) return [];
  const query = wanted.get("q");
  if (!query) return [heading(say("Nothing passes these filters.")), button(say("Remove the filters"), () => go(withoutFilters(wanted)))];
  const isCut = wanted.get("strictness") !== "low";
  const filters = filtersOf(wanted).length > 0;
  return [
    heading(filters ? say("Nothing matches within these filters.") : say("Nothing in your library matches.")),
    paragraph(unfit(query, isCut, filters)),
    ...(isCut ? [button(say("Show the nearest anyway"), () => go(altered({ strictness: "low" })), "ask")] : []),
    ...(filters ? [button(say("Remove the filters"), () => go(withoutFilters(wanted)))] : []),
  ];
}

function unfit(query, isCut, filters) {
  if (!isCut) return say("No picture has anything of “{query}”.", { query });
  if (filters) return say("No picture that passes the filters fits “{query}” well enough to be shown.", { query });
  return say("No picture fits “{query}” well enough to be shown.", { query });
}

function withoutFilters(wanted) {
  return altered(Object.fromEntries(filtersOf(wanted).map(([name]) => [name, null])), wanted);
}

function heading(text) {
  const made = document.createElement("h2");
  made.textContent = text;
  return made;
}

function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

function button(text, act, name = "") {
  const made = document.createElement("button");
  [made.type, made.textContent, made.className] = ["button", text, name];
  made.addEventListener("click", () => {
    act();
    document.getElementById("said").focus(); // the button is gone then
  });
  return made;
}
