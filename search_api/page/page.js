// What the address says is shown: a search, or one image.
import { go, parameters } from "/page/address.js";
import { leaveSearch, showSearch } from "/page/hits.js";
import { leaveImage, showImage } from "/page/image.js";

const form = document.getElementById("search");
const box = document.getElementById("q");
const results = document.getElementById("results");
const article = document.getElementById("image");
let lastImage = null;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  go(box.value.trim() ? { q: box.value.trim() } : {});
});
history.scrollRestoration = "manual"; // what was scrolled to may not be there before an answer is
addEventListener("popstate", (event) => show(event.state?.scrolled ?? 0));
addEventListener("moved", () => show(0));
show(0);

async function show(scrolled) {
  const image = parameters().get("image");
  results.hidden = image !== null;
  article.hidden = image === null;
  if (image !== null) {
    leaveSearch();
    lastImage = image;
    scrollTo(0, 0);
    await showImage(image);
    return;
  }
  leaveImage();
  box.value = parameters().get("q") ?? "";
  await showSearch();
  scrollTo(0, scrolled);
  if (lastImage !== null) document.querySelector(`#hits li[data-image="${CSS.escape(lastImage)}"] a`)?.focus({ preventScroll: true });
  lastImage = null;
}
