// Searches to begin with, out of the reader's own library: on the empty page, and in the help.
import { lead } from "/page/address.js";
import { isOpen } from "/page/search/asking.js";
import { findFacets } from "/page/search/facets.js";
import { typed } from "/page/search/typed.js";
import { later, say } from "/page/words.js";

const place = document.getElementById("examples");
const syntax = document.querySelector("#help .syntax");
const LONGEST = 60;
const STOPS = new Set("a an and are at by for from has his her in is it its of on onto over that the their this through to two while with".split(" "));
let caption = ""; // a sentence of the library

document.getElementById("help").addEventListener("beforetoggle", async (event) => {
  if (event.newState === "open") explain(await findFacets());
});

export function offerExamples(search) {
  const captions = search.hits?.map((hit) => hit.caption).filter((text) => text && text.length <= LONGEST) ?? [];
  caption = captions[0] ?? caption;
  place.hidden = search.problem !== undefined || !isOpen(search.wanted) || !search.hits.length;
  if (!place.hidden) suggest(search, captions);
}

async function suggest(search, captions) {
  const facets = await findFacets();
  const texts = [
    ...captions.slice(0, 2).map(plain),
    ...(facets?.tags ?? []).slice(0, 3).map(({ tag }) => typed("tag", tag)),
    ...foldersOf(facets).slice(0, 2).map((folder) => typed("folder", folder)),
  ];
  const wanted = new Set(texts);
  place.hidden = wanted.size === 0 || !isOpen();
  place.querySelector("ul").replaceChildren(...[...wanted].map((text) => item(example(text))));
}

function explain(facets) {
  const [tag, other] = facets?.tags?.map((each) => each.tag) ?? [];
  const [folder] = foldersOf(facets);
  const [year] = facets?.years?.map((each) => each.year) ?? [];
  const lines = [
    [caption ? plain(caption) : "a dog in the snow", later("what the picture shows")],
    [`"${phraseOf(caption) ?? "red mug"}"`, later("these words next to each other")],
    [other ? `${tag} -${other}` : "dog -snow", later("without a word")],
    [typed("folder", folder ?? "holiday/2019"), later("in a folder, or below it")],
    [typed("tag", tag ?? "beach"), later("a keyword")],
    ["is:portrait", later("original, edit, frame; landscape, portrait, square")],
    [year ? `after:${year} before:${Number(year) + 1}` : "after:2019-05 before:2020", later("when it was taken")],
    ["format:png", later("a file format")],
  ];
  syntax.replaceChildren(...lines.map(([text, meaning]) => line(text, say(meaning))));
}

// Sentences as people type them.
function plain(text) {
  return text.replace(/\s*[.。]\s*$/, "");
}

function phraseOf(text) {
  const pairs = [...text.matchAll(/(?=(?<![\p{L}-])(\p{L}+) (\p{L}+)(?![\p{L}-]))/gu)].map((pair) => [pair[1], pair[2]]);
  return pairs.find((pair) => pair.every((word) => word.length > 2 && !STOPS.has(word.toLowerCase())))?.join(" ");
}

// Those that do not hold everything.
function foldersOf(facets) {
  const all = facets?.origins?.reduce((sum, { images }) => sum + images, 0);
  return (facets?.folders ?? []).filter(({ folder, images }) => folder && images < all).map(({ folder }) => folder);
}

function example(text) {
  const link = lead(document.createElement("a"), { q: text });
  link.textContent = text;
  link.addEventListener("click", () => document.getElementById("help").hidePopover());
  return link;
}

function line(text, meaning) {
  const [made, term, told] = ["div", "dt", "dd"].map((name) => document.createElement(name));
  term.append(example(text));
  told.textContent = meaning;
  made.append(term, told);
  return made;
}

function item(link) {
  const made = document.createElement("li");
  made.append(link);
  return made;
}
