// Filters as chips above the hits: each opens a small panel; what is set has an ×.
import { altered, go, parameters } from "/page/address.js";
import { filtersOf } from "/page/search/asking.js";
import { findFacets } from "/page/search/facets.js";
import { fillPanel } from "/page/search/panels.js";
import { readTyped } from "/page/search/typed.js";
import { later, say } from "/page/words.js";

const place = document.getElementById("filters");
const said = document.getElementById("said");
const CHIPS = [
  { name: "folder", title: later("Folder"), parameters: ["folder"], tell: (values) => several(values.map((value) => value.split("/").at(-1))) },
  { name: "date", title: later("Date"), parameters: ["taken_gte", "taken_lte"], tell: (_, wanted) => span(wanted.get("taken_gte"), wanted.get("taken_lte")) },
  { name: "origin", title: later("Origin"), parameters: ["origin"], tell: (values) => several(values.map((value) => say(ORIGINS[value] ?? value))) },
  { name: "text", title: later("Text"), parameters: ["has_text"], tell: ([value]) => (value === "true" ? say("With text") : say("Without text")) },
  { name: "people", title: later("People"), parameters: ["contains_people"], tell: ([value]) => (value === "true" ? say("With people") : say("Without people")) },
];
const ORIGINS = { original: later("Originals"), edit: later("Edited"), frame: later("Video frames") };
const STRICTNESS = { low: later("Weak matches, too"), high: later("Only certain matches") };
const others = document.createElement("span");
const chips = CHIPS.map(makeChip);
let known = null; // the facets, as they were told last

export function offerFilters(wanted) {
  if (!place.children.length) {
    place.append(...chips.map(({ element }) => element), others);
    others.className = "others";
  }
  for (const chip of chips) update(chip, wanted);
  others.replaceChildren(...otherChips(wanted));
  hidePeople(known, wanted);
  findFacets().then((facets) => hidePeople((known = facets), parameters()));
}

function makeChip(told) {
  const element = document.createElement("span");
  const [open, clear] = [document.createElement("button"), document.createElement("button")];
  const panel = document.createElement("div");
  Object.assign(panel, { id: `filter-${told.name}`, className: "panel", popover: "auto", ariaLabel: say(told.title) });
  panel.setAttribute("role", "dialog");
  open.type = clear.type = "button";
  open.className = "open";
  open.setAttribute("aria-haspopup", "dialog");
  open.setAttribute("popovertarget", panel.id);
  [clear.className, clear.textContent] = ["clear", "×"];
  clear.addEventListener("click", () => {
    apply(Object.fromEntries(told.parameters.map((name) => [name, null])));
    open.focus();
  });
  panel.addEventListener("toggle", async (event) => {
    if (event.newState !== "open") return;
    fillPanel(panel, told.name, await findFacets(), apply);
    putBelow(panel, element);
  });
  element.append(open, clear, panel);
  return { ...told, element, open, clear };
}

function update({ element, open, clear, title, parameters: names, tell }, wanted) {
  const values = names.flatMap((name) => wanted.getAll(name)).filter(Boolean);
  const isSet = values.length > 0;
  element.className = isSet ? "chip set" : "chip";
  clear.hidden = !isSet;
  open.textContent = isSet ? tell(values, wanted) : say(title);
  open.title = isSet ? `${say(title)}: ${values.join(", ")}` : "";
  clear.ariaLabel = say("Remove the filter {filter}", { filter: open.textContent });
}

// Filters without a panel of their own, those that are typed in the box, and how strict the search is.
function otherChips(wanted) {
  const own = CHIPS.flatMap((chip) => chip.parameters);
  const set = filtersOf(wanted).filter(([name]) => !own.includes(name));
  const strictness = STRICTNESS[wanted.get("strictness")];
  return [
    ...set.map(([name, value]) => removable(`${name}: ${value}`, () => apply({ [name]: wanted.getAll(name).filter((each) => each !== value) }))),
    ...readTyped(wanted.get("q") ?? "").map(({ text, without }) => removable(text, () => apply({ q: without || null }))),
    ...(strictness ? [removable(say(strictness), () => apply({ strictness: null }))] : []),
  ];
}

function removable(text, remove) {
  const element = document.createElement("span");
  const [label, clear] = [document.createElement("span"), document.createElement("button")];
  [element.className, label.textContent, clear.type, clear.className, clear.textContent] = ["chip set", text, "button", "clear", "×"];
  clear.ariaLabel = say("Remove the filter {filter}", { filter: text });
  clear.addEventListener("click", () => {
    remove();
    said.focus(); // the button is gone then
  });
  element.append(label, clear);
  return element;
}

function apply(changes) {
  go(altered(changes));
}

// Of people a library knows only by its moderation captions.
function hidePeople(facets, wanted) {
  chips.at(-1).element.hidden = (facets?.contains_people ?? null) === null && !wanted.has("contains_people");
}

function putBelow(panel, chip) {
  const rect = chip.getBoundingClientRect();
  const left = Math.max(8, Math.min(rect.left, document.documentElement.clientWidth - panel.offsetWidth - 8));
  panel.style.setProperty("--left", `${left + scrollX}px`);
  panel.style.setProperty("--top", `${rect.bottom + scrollY + 6}px`);
}

function several([first, ...rest]) {
  return rest.length ? `${first} +${rest.length}` : first;
}

function span(first, last) {
  if (first && last) return first === last ? first : `${first} – ${last}`;
  return first ? say("since {date}", { date: first }) : say("until {date}", { date: last });
}
