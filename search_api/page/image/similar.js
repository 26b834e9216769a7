// A row of images like this one.
import { lead } from "/page/address.js";
import { element } from "/page/elements.js";
import { ask } from "/page/service.js";

const MOST = 16;

export async function showSimilar(section, image, signal) {
  const wanted = new URLSearchParams({ limit: MOST, collapse: "duplicates" });
  const answer = await ask(`/images/${image}/similar?${wanted}`, { signal });
  if (signal.aborted) return;
  section.hidden = !answer.hits?.length; // an image without an entry is like nothing; that is said by its captions
  if (section.hidden) return;
  lead(section.querySelector(".all"), { like: image });
  section.querySelector(".row").replaceChildren(...answer.hits.map((hit) => tile(hit, image)));
}

function tile(hit, image) {
  const picture = element("img", { src: `${hit.thumbnail_url}?size=320`, alt: hit.caption, loading: "lazy", width: hit.width, height: hit.height });
  const link = element("a", { title: hit.caption }, picture);
  return element("li", {}, lead(link, { like: image, image: hit.image_id }));
}
