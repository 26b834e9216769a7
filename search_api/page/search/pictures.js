// Search by a picture: dropped, pasted, chosen or taken; and by one of the library (?like=17).
import { altered, go, lead, note, parameters } from "/page/address.js";
import { begin, filtersOf, forget, keep, keyOf, searchOf } from "/page/search/asking.js";
import { upload } from "/page/service.js";
import { later, say } from "/page/words.js";

const MOST_BYTES = 50_000_000; // as the service has it: past that it hangs up before it can say why
const place = document.getElementById("asked");
const thumb = document.getElementById("asked-picture");
const drop = document.getElementById("drop");
const said = document.getElementById("said");
const field = document.getElementById("picture");
const RECOGNISED = { sha256: later("This very file is in your library."), perceptual_hash: later("It looks the same as a picture in your library.") };
const pictures = new Map(); // those of this visit, by what the address calls them: { file, url, mayDescribe, described }

export function offerPictures() {
  document.getElementById("choose").addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    if (field.files.length) searchBy(field.files[0]);
    field.value = "";
  });
  thumb.querySelector("button").addEventListener("click", () => {
    go(altered({ picture: null, like: null, image: null }));
    document.getElementById("q").focus();
  });
  addEventListener("paste", (event) => takes() && searchBy(imageIn(event.clipboardData), event));
  followDrags();
}

// The search by the picture in the address. Recognising costs nothing; having it described does, and is asked for.
export async function beginWithPicture(wanted) {
  const picture = pictures.get(wanted.get("picture"));
  if (!picture) return beginWithout(wanted);
  const answer = picture.described.get(keyOf(wanted)) ?? (await sendPicture(picture, wanted));
  if (answer.problem !== undefined) return answer;
  const isRecognised = answer.matched_by in RECOGNISED && answer.hits.length > 0;
  const isStillWanted = keyOf() === keyOf(wanted);
  if (isRecognised && isStillWanted) note(altered({ like: answer.hits[0].image_id })); // what a reload can go by
  return keep(searchOf(isStillWanted ? parameters() : wanted, answer, { picture }));
}

// A permission to spend is for once: what it brought is kept for as long as the picture is.
async function sendPicture(picture, wanted) {
  const told = new URLSearchParams([...filtersOf(wanted), ["limit", "100"], ["collapse", "duplicates"], ["caption", picture.mayDescribe]]);
  picture.mayDescribe = false;
  const answer = await upload(`/search/image?${told}`, picture.file);
  if (answer.matched_by === "caption") picture.described.set(keyOf(wanted), answer);
  return answer;
}

// After a reload the picture is gone; what it was recognised as is in the address.
async function beginWithout(wanted) {
  if (!wanted.has("like")) return { problem: say("The page no longer has that picture: choose it again."), status: 404 };
  note(altered({ picture: null }));
  return begin(parameters());
}

// The picture that is searched by, in the bar.
export function showThumb(wanted) {
  const picture = pictures.get(wanted.get("picture"));
  const like = wanted.get("like");
  thumb.hidden = !picture && !like;
  if (!thumb.hidden) thumb.querySelector("img").src = picture?.url ?? `/images/${encodeURIComponent(like)}/thumbnail?size=160`;
}

// What it is known as, above the hits; `search` is its answer, once that is there.
export function showAsked(wanted, search = null) {
  const picture = pictures.get(wanted.get("picture"));
  const like = wanted.get("like");
  const parts = search?.problem !== undefined ? [] : picture ? told(picture, search) : like ? [line(say("Images like this one")), wayBack(like)] : [];
  place.hidden = parts.length === 0;
  place.replaceChildren(...parts);
}

function told(picture, search) {
  if (!search) return [line(picture.mayDescribe ? say("It is being described…") : say("It is looked up…"))];
  const { matched_by: by, caption } = search.answer;
  if (by === "caption") return [line(say("Described as: “{caption}”", { caption: caption.join(" ") }))];
  return by ? [line(say(RECOGNISED[by])), ...likeIt(search.hits)] : [line(say("This picture is not in your library.")), ...describe(picture)];
}

// What is like it is a search of its own, and costs nothing.
function likeIt([hit]) {
  if (!hit) return [];
  const link = lead(document.createElement("a"), { like: hit.image_id });
  link.textContent = say("Similar images");
  return [link];
}

function describe(picture) {
  const [button, price] = [document.createElement("button"), line(say("This may cost money."))];
  [button.type, button.className, button.textContent] = ["button", "ask writing", say("Describe it and search by that")];
  price.className = "note writing";
  button.addEventListener("click", () => {
    picture.mayDescribe = true;
    forget();
    go(parameters());
    said.focus();
  });
  return [button, price];
}

function wayBack(like) {
  const link = lead(document.createElement("a"), { image: like });
  link.textContent = say("Back to the image");
  return link;
}

function line(text) {
  return Object.assign(document.createElement("p"), { textContent: text });
}

function searchBy(file, event = null) {
  if (!file) return;
  event?.preventDefault();
  if (file.size > MOST_BYTES) {
    said.textContent = say("A picture may have 50 MB at the most.");
    return;
  }
  const name = Date.now().toString(36);
  pictures.set(name, { file, url: URL.createObjectURL(file), mayDescribe: false, described: new Map() });
  go({ picture: name });
}

function imageIn(data) {
  return [...(data?.files ?? [])].find((file) => file.type.startsWith("image/"));
}

// Not where another view takes files itself.
function takes() {
  return parameters().get("view") !== "try";
}

function followDrags() {
  let isOurs = false; // a picture of the page itself is no file
  const isFile = (event) => !isOurs && takes() && event.dataTransfer?.types.includes("Files");
  addEventListener("dragstart", () => (isOurs = true));
  addEventListener("dragend", () => (isOurs = false));
  addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  addEventListener("dragleave", (event) => event.relatedTarget === null && (drop.hidden = true));
  addEventListener("drop", (event) => {
    drop.hidden = true;
    if (!isFile(event)) return;
    event.preventDefault();
    searchBy(event.dataTransfer.files[0]);
  });
}
