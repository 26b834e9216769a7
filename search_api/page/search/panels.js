// The small panels behind the filter chips; what is chosen counts at once.
import { parameters } from "/page/address.js";
import { later, say } from "/page/words.js";

const MOST_FOLDERS = 200;
const ORIGINS = { original: later("Originals"), edit: later("Edited"), frame: later("Video frames") };
const DATE = /^\d{4}(-\d\d){0,2}$/;
const FILLERS = {
  folder: fillFolders,
  date: fillDates,
  origin: fillOrigins,
  text: (facets) => choices("has_text", later("With text"), later("Without text"), facets?.has_text),
  people: (facets) => choices("contains_people", later("With people"), later("Without people"), facets?.contains_people),
};
let apply = () => {};

// `act` is called with the parameters to change; `facets` is null where the service does not tell.
export function fillPanel(panel, name, facets, act) {
  apply = act;
  panel.replaceChildren(...FILLERS[name](facets));
  if (matchMedia("(hover: hover)").matches) panel.querySelector("input")?.focus(); // a keyboard on glass would hide the rest
}

function fillFolders(facets) {
  const known = facets?.folders ?? [];
  const chosen = parameters().getAll("folder");
  const rows = [...chosen.filter((each) => !known.some(({ folder }) => folder === each)).map((folder) => ({ folder })), ...known.slice(0, MOST_FOLDERS)];
  const list = listOf(rows.map(({ folder, images }) => tick("folder", folder, folder, images, chosen.includes(folder))));
  const field = input(say("Folder"), "", known.length ? say("Find a folder, or type one") : say("Type a folder: holiday/2019"));
  const form = formOf([field], () => field.value.trim() && apply({ folder: [...new Set([...parameters().getAll("folder"), field.value.trim()])] }));
  field.addEventListener("input", () => {
    const sought = field.value.trim().toLowerCase();
    for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(sought);
  });
  return [form, list];
}

function fillDates(facets) {
  const wanted = parameters();
  const [from, to] = [input(say("From"), wanted.get("taken_gte") ?? "", "2019-05"), input(say("To"), wanted.get("taken_lte") ?? "", "2019-08")];
  const hint = Object.assign(document.createElement("p"), { className: "note", textContent: say("2019, 2019-05 or 2019-05-31") });
  const years = (facets?.years ?? []).map(({ year, images }) => yearButton(year, images, wanted));
  const form = formOf([labelled(from), labelled(to)], () => {
    const [first, last] = [from.value.trim(), to.value.trim()];
    const isFine = [first, last].every((date) => !date || DATE.test(date));
    hint.classList.toggle("bad", !isFine);
    if (isFine) apply({ taken_gte: first || null, taken_lte: last || null });
  });
  form.classList.add("span");
  return [form, hint, ...(years.length ? [listOf(years, "years")] : [])];
}

function yearButton(year, images, wanted) {
  const button = document.createElement("button");
  const isOnly = wanted.get("taken_gte") === String(year) && wanted.get("taken_lte") === String(year);
  [button.type, button.textContent, button.title] = ["button", year, images === 1 ? say("1 image") : say("{count} images", { count: images.toLocaleString("en") })];
  button.setAttribute("aria-pressed", isOnly);
  button.addEventListener("click", () => {
    button.closest("[popover]").hidePopover();
    apply(isOnly ? { taken_gte: null, taken_lte: null } : { taken_gte: year, taken_lte: year });
  });
  return button;
}

function fillOrigins(facets) {
  const chosen = parameters().getAll("origin");
  const counts = new Map(facets?.origins?.map(({ origin, images }) => [origin, images]));
  return [listOf(Object.entries(ORIGINS).map(([origin, title]) => tick("origin", origin, say(title), facets ? (counts.get(origin) ?? 0) : undefined, chosen.includes(origin))))];
}

function choices(name, withTitle, withoutTitle, count) {
  const now = parameters().get(name);
  const rows = [[null, say("Either"), undefined], ["true", say(withTitle), count ?? undefined], ["false", say(withoutTitle), undefined]];
  return [listOf(rows.map(([value, title, images]) => option({ type: "radio", name, checked: now === value }, title, images, () => apply({ [name]: value }))))];
}

function tick(name, value, title, images, isChosen) {
  return option({ type: "checkbox", checked: isChosen }, title, images, (isNow) => {
    const rest = parameters().getAll(name).filter((each) => each !== value);
    apply({ [name]: isNow ? [...rest, value] : rest });
  });
}

function option(told, title, images, act) {
  const label = document.createElement("label");
  const [field, text, count] = [Object.assign(document.createElement("input"), told), document.createElement("span"), document.createElement("small")];
  [text.textContent, count.textContent] = [title, images === undefined ? "" : images.toLocaleString("en")];
  field.addEventListener("change", () => act(field.checked));
  label.append(field, text, count);
  return label;
}

function input(title, value, example) {
  return Object.assign(document.createElement("input"), { type: "text", ariaLabel: title, value, placeholder: example, autocomplete: "off", spellcheck: false });
}

function labelled(field) {
  const label = document.createElement("label");
  label.append(field.ariaLabel, field);
  field.ariaLabel = null;
  return label;
}

function formOf(fields, act) {
  const form = document.createElement("form");
  const button = Object.assign(document.createElement("button"), { textContent: say("Apply") });
  form.append(...fields, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act();
    if (!form.parentElement.querySelector(".bad")) form.closest("[popover]").hidePopover();
  });
  return form;
}

function listOf(items, name = "options") {
  const list = document.createElement("ul");
  [list.className, list.role] = [name, "list"];
  list.append(...items.map((item) => {
    const line = document.createElement("li");
    line.append(item);
    return line;
  }));
  return list;
}
