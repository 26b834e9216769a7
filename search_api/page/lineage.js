// Where an image comes from and what was made of it, from left to right: each picture with the words that made it.
import { lead } from "/page/address.js";

const FEW = 12;

export function showLineage(section, lineage) {
  const strip = section.querySelector(".strip");
  const alone = section.querySelector(".alone");
  if (lineage.problem) {
    [alone.hidden, alone.textContent] = [false, lineage.problem];
    return;
  }
  const [above, below] = [levels(lineage.parents, "parents"), levels(lineage.children, "children")];
  const made = lineage.parents[0]?.edit;
  alone.hidden = above.length + below.length > 0;
  strip.hidden = !alone.hidden;
  strip.replaceChildren(
    ...above.reverse().map((kin, index) => step(index === above.length - 1 ? "Made of" : "Before that", kin.map((each) => tile(each, each.parents[0]?.edit)))),
    step("This image", [tile({ image: lineage.image }, made, true)]),
    ...below.map((kin, index) => step(index ? "Then" : "Made of it", kin.reverse().map((each) => tile(each, each.edit)))),
  );
}

// What stands elsewhere in the tree is left out, but for an image that was made of itself.
function levels(kin, direction) {
  const found = [];
  for (let level = kin; level.length; level = level.flatMap((each) => each[direction])) {
    const first = [...new Map(level.filter((each) => !each.repeated || found.length === 0).map((each) => [each.image.image_id, each])).values()];
    if (first.length) found.push(first);
  }
  return found;
}

function step(title, tiles) {
  const [item, heading, list] = ["li", "h4", "ul"].map((name) => document.createElement(name));
  heading.textContent = title;
  list.append(...tiles.slice(0, FEW));
  item.append(heading, list);
  if (tiles.length > FEW) item.append(rest(list, tiles.slice(FEW)));
  return item;
}

function rest(list, tiles) {
  const button = document.createElement("button");
  [button.type, button.textContent] = ["button", `Show ${tiles.length.toLocaleString("en")} more`];
  button.addEventListener("click", () => {
    list.append(...tiles);
    tiles[0].querySelector("a, p")?.focus();
    button.remove();
  });
  return button;
}

function tile({ image, role }, made, isShown = false) {
  const item = document.createElement("li");
  const name = image.location ?? `image ${image.image_id}`;
  const picture = image.lost ? words("lost", "Lost: its file is no longer there.") : thumbnail(image, name);
  if (isShown) {
    picture.setAttribute("aria-current", "true");
    item.append(picture);
  } else {
    const link = lead(document.createElement("a"), { image: image.image_id });
    link.append(picture);
    item.append(link);
  }
  const notes = document.createElement("div");
  if (role === "mask" || role === "reference") notes.append(words("role", role));
  notes.append(made ? words("made-by", made.instruction ? `“${made.instruction}”` : "a variation") : words("made-by quiet", name));
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
