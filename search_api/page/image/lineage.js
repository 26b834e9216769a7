// Where an image comes from and what was made of it: each picture with the words and the model that made it, oldest first.
import { altered, lead } from "/page/address.js";
import { counted } from "/page/numbers.js";
import { later, say } from "/page/words.js";

const FEW = 12;
const BELOW = { input: later("Made of it"), reference: later("Reference for"), mask: later("Mask of") };
const UP = { input: "", reference: later("reference"), mask: later("mask") };
const DOWN = { input: "", reference: later("reference for"), mask: later("mask of") };

export function showLineage(section, lineage) {
  const strip = section.querySelector(".strip");
  const alone = section.querySelector(".alone");
  if (lineage.problem) {
    [alone.hidden, alone.textContent] = [false, lineage.problem];
    return;
  }
  const { parents, children } = lineage;
  alone.hidden = parents.length + children.length > 0;
  strip.hidden = !alone.hidden;
  const below = Object.entries(BELOW).map(([role, title]) => [say(title), children.filter((each) => each.role === role)]);
  strip.replaceChildren(
    ...(parents.length ? [step(say("Made of"), family(parents, "parents"))] : []),
    step(say("This image"), listOf("chain", [tile({ image: lineage.image }, parents[0]?.edit, "", true)])),
    ...below.filter(([, kin]) => kin.length).map(([title, kin]) => step(title, family(kin, "children"))),
  );
}

// Each line is an image and what comes of it, or what it comes of; where that is several, they are lines below or above.
function family(kin, direction, isFirst = true) {
  const different = [...new Map(kin.map((each) => [each.image.image_id, each])).values()];
  const list = listOf("family", []);
  const lines = different.map((each) => line(each, direction, isFirst));
  list.append(...lines.slice(-FEW));
  if (lines.length > FEW) list.prepend(earlier(list, lines.slice(0, -FEW)));
  return list;
}

function line(kin, direction, isFirst) {
  const chain = [kin];
  for (let next = nextOf(kin, direction); next.length === 1; next = nextOf(next[0], direction)) chain.push(next[0]);
  const isUp = direction === "parents";
  const tiles = chain.map((each, index) => tile(each, isUp ? each.parents[0]?.edit : each.edit, isUp ? UP[each.role] : isFirst && !index ? "" : DOWN[each.role]));
  const item = document.createElement("li");
  item.append(listOf("chain", isUp ? tiles.reverse() : tiles));
  const branches = nextOf(chain.at(-1), direction);
  if (branches.length) item[isUp ? "prepend" : "append"](family(branches, direction, false));
  return item;
}

// A parent that stands elsewhere is left out: a reference that goes with each turn would be at every one.
function nextOf(kin, direction) {
  return kin[direction].filter((each) => !each.repeated || direction === "children");
}

function step(title, list) {
  const [item, heading] = ["li", "h4"].map((name) => document.createElement(name));
  heading.textContent = title;
  item.append(heading, list);
  return item;
}

function earlier(list, lines) {
  const [item, button] = ["li", "button"].map((name) => document.createElement(name));
  [button.type, button.textContent] = ["button", say("Show {count} earlier", { count: counted(lines.length) })];
  button.addEventListener("click", () => {
    item.replaceWith(...lines);
    lines[0].querySelector("a, p")?.focus();
  });
  item.append(button);
  return item;
}

function listOf(name, items) {
  const list = document.createElement("ul");
  list.className = name;
  list.append(...items);
  return list;
}

function tile({ image }, made, role, isShown = false) {
  const item = document.createElement("li");
  const name = image.location ?? say("image {number}", { number: image.image_id });
  const picture = image.lost ? words("lost", say("Lost: its file is no longer there.")) : thumbnail(image, name);
  if (isShown) {
    picture.setAttribute("aria-current", "true");
    item.append(picture);
  } else {
    const link = lead(document.createElement("a"), altered({ image: image.image_id, edit: null }));
    link.append(picture);
    item.append(link);
  }
  const notes = document.createElement("div");
  if (role) notes.append(words("role", say(role)));
  notes.append(made ? words("made-by", made.instruction ? `“${made.instruction}”` : say("a variation")) : words("made-by quiet", name));
  if (made) notes.append(words("model", made.model));
  item.append(notes);
  return item;
}

function thumbnail(image, name) {
  const picture = document.createElement("img");
  [picture.src, picture.alt, picture.loading] = [`${image.thumbnail_url}?size=320`, image.caption || name, "lazy"];
  return picture;
}

function words(name, text) {
  const made = document.createElement("p");
  [made.className, made.textContent, made.title] = [name, text, text];
  return made;
}
