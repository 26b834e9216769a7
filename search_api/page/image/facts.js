// What is known of a file: where it lies, how large it is, when, where and with what it was taken.
import { copyButton } from "/page/copying.js";
import { element } from "/page/elements.js";
import { counted, moment, size } from "/page/numbers.js";
import { later, say } from "/page/words.js";

const ORIGINS = { original: later("original"), edit: later("edited image"), frame: later("frame of a video") };
const FEW = 20;

// An edited image is called by what was asked of it: its file has a name that says nothing.
export function nameOf(image, lineage) {
  const instruction = image.origin === "edit" && lineage.parents?.[0]?.edit.instruction;
  return instruction || (image.locations[0] ?? say("Image {number}", { number: image.image_id })).split("/").at(-1);
}

export function subtitle({ image, isMask }) {
  const told = [isMask ? say("mask") : say(ORIGINS[image.origin]), image.format, `${image.width} × ${image.height}`];
  if (image.taken_at) told.push(moment(image.taken_at));
  return told.join(" · ");
}

export function showFacts(section, desk) {
  const { image, isLost } = desk;
  section.querySelector("dl").replaceChildren(...factsOf(desk).flatMap(([name, ...told]) => [element("dt", {}, name), ...told.map((each) => element("dd", {}, each))]));
  section.querySelector(".links").hidden = isLost;
  for (const link of section.querySelectorAll(".links a")) link.href = image.image_url;
  section.querySelector("[download]").download = image.locations[0]?.split("/").at(-1) ?? "";
}

function factsOf({ image, isMask }) {
  const facts = [
    [say("Location"), ...image.locations.slice(0, FEW)],
    [say("Size"), `${image.width} × ${image.height}, ${size(image.size_bytes)}`],
    [say("File format"), image.format],
    [say("Origin"), isMask ? say("mask") : say(ORIGINS[image.origin])],
    [say("Taken"), image.taken_at && moment(image.taken_at)],
    [say("Camera"), image.camera],
    [say("Place"), place(image)],
    [say("Added"), moment(image.added_at)],
    [say("Image"), counted(image.image_id)],
    ["SHA-256", hash(image.sha256)],
  ];
  if (image.locations.length > FEW) facts[0].push(say("and {count} more", { count: counted(image.locations.length - FEW) }));
  return facts.filter(([, first]) => first);
}

// Told in figures: a map would tell its host where the picture was taken.
function place({ latitude, longitude }) {
  if (latitude === null || longitude === null) return null;
  const degrees = (value) => Math.abs(value).toFixed(5);
  return `${degrees(latitude)}° ${latitude < 0 ? say("S") : say("N")}, ${degrees(longitude)}° ${longitude < 0 ? say("W") : say("E")}`;
}

function hash(sha256) {
  return element("span", { class: "hash", title: sha256 }, `${sha256.slice(0, 12)}…`, copyButton(sha256, "SHA-256"));
}
