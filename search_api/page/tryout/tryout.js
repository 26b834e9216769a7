// The try-out panel: what a captioner says of a picture that need not be indexed, beside what another says.
import { copyOf } from "/page/elements.js";
import { mayWrite } from "/page/session.js";
import { ask } from "/page/service.js";
import { chosen, showCaptioners } from "/page/tryout/captioners.js";
import { listenForPictures } from "/page/tryout/dropping.js";
import { captionIt, indexIt } from "/page/tryout/trying.js";
import { say } from "/page/words.js";

const article = document.getElementById("tryout");
const kept = { file: null, preview: null, results: [] }; // of this visit: what was tried is there again after a look elsewhere

export function leaveTryout() {
  article.replaceChildren();
}

export async function showTryout(signal) {
  document.title = `${say("Try out")} · Caption Search`;
  article.replaceChildren(copyOf("tryout-page"));
  article.querySelector("h2").focus({ preventScroll: true });
  const desk = { article, kept, signal };
  article.querySelector(".results").append(...kept.results);
  article.querySelector(".before").hidden = kept.results.length > 0;
  listenForPictures(article, signal, (file) => choose(desk, file));
  if (kept.file) choose(desk, kept.file);
  listen(desk);
  const captioners = await ask("/captioners", { signal });
  if (!signal.aborted) showCaptioners(article.querySelector("form"), captioners, () => ready(desk));
}

function listen(desk) {
  const form = article.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    captionIt(desk, chosen(form));
  });
  form.querySelector(".index-it").addEventListener("click", () => indexIt(desk, chosen(form).kinds));
  addEventListener("session", () => ready(desk), { signal: desk.signal });
  ready(desk);
}

function choose(desk, file) {
  if (kept.file !== file) {
    if (kept.preview && !kept.results.length) URL.revokeObjectURL(kept.preview);
    [kept.file, kept.preview] = [file, URL.createObjectURL(file)];
  }
  const drop = article.querySelector(".drop");
  const picture = drop.querySelector("img");
  picture.hidden = false;
  [picture.src, picture.alt] = [kept.preview, say("Your picture: {name}", { name: file.name })];
  picture.addEventListener("error", () => (picture.hidden = true)); // a format that browsers do not show
  drop.classList.add("filled");
  drop.querySelector(".file-name").textContent = file.name;
  ready(desk);
}

// What is needed to begin: a picture, a captioner and a kind; and the right to spend.
function ready({ article }) {
  const form = article.querySelector("form");
  const isReady = kept.file !== null && mayWrite();
  form.querySelector(".caption-it").disabled = !isReady || !form.querySelector("[name=captioner]:checked") || !form.querySelector("[name=kind]:checked");
  form.querySelector(".index-it").disabled = !isReady;
  article.querySelector(".forbidden").hidden = mayWrite();
}
