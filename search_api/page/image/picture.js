// The picture, as large as the window allows; a click or the key f shows the file itself, pixel by pixel.
import { button, element, paragraph } from "/page/elements.js";
import { icon } from "/page/icons.js";
import { say } from "/page/words.js";

const LARGE = 1280; // the largest thumbnail, in pixels
const MOST_ENLARGED = 2; // more makes it no clearer

// Returns what opens and closes the full size.
export function showPicture(stage, { image, isLost, name }) {
  const alt = altOf(image) || name;
  const picture = element("img", { class: "large", alt, width: image.width, height: image.height, decoding: "async" });
  const enlarge = element("button", { type: "button", class: "enlarge", title: say("Full size (f)"), "aria-label": say("Show in full size: {what}", { what: alt }) }, picture);
  enlarge.style.setProperty("--aspect", image.width / image.height);
  enlarge.style.setProperty("--widest", `${image.width * MOST_ENLARGED}px`);
  const dialog = fullSize(image, alt);
  const toggle = () => (dialog.open ? dialog.close() : picture.isConnected && open(dialog, image));
  const lost = () => stage.replaceChildren(paragraph("lost", say("The file of this image is no longer where it was.")));
  picture.addEventListener("error", lost);
  if (isLost) lost();
  else stage.replaceChildren(enlarge, dialog);
  if (!isLost) picture.src = `${image.thumbnail_url}?size=${LARGE}`;
  enlarge.addEventListener("click", toggle);
  return { toggle };
}

// A caption made to be read aloud, else the sentence that serves; for what is decoration, neither.
export function altOf(image) {
  const serving = (kind) => image.captions.find((caption) => caption.kind === kind && !caption.quarantine)?.sentences[0];
  const alt = serving("alt_text");
  return alt && alt !== "DECORATIVE" ? alt : serving("retrieval");
}

function fullSize(image, alt) {
  const picture = element("img", { alt });
  const dialog = element("dialog", { class: "full", "aria-label": say("Full size") }, picture);
  dialog.append(button(icon("close"), () => dialog.close(), { class: "tool close", "aria-label": say("Close"), title: say("Close (Escape)") }));
  picture.addEventListener("click", () => dialog.close());
  picture.addEventListener("load", () => dialog.scrollTo((dialog.scrollWidth - dialog.clientWidth) / 2, (dialog.scrollHeight - dialog.clientHeight) / 2));
  picture.addEventListener("error", () => (picture.src = `${image.thumbnail_url}?size=${LARGE}`), { once: true }); // a format that browsers do not show
  return dialog;
}

function open(dialog, image) {
  const picture = dialog.querySelector("img");
  if (!picture.src) picture.src = image.image_url;
  dialog.showModal();
}
