// Ask, and show what was said beside what was said before.
import { button, element } from "/page/elements.js";
import { icon } from "/page/icons.js";
import { upload } from "/page/service.js";
import { failed, indexed, result, waiting } from "/page/tryout/results.js";
import { say } from "/page/words.js";

export async function captionIt(desk, { captioner, model, kinds }) {
  const wanted = new URLSearchParams({ kind: kinds.join(","), captioner, ...(model ? { model } : {}) });
  await show(desk, say("Asking {who}…", { who: model || captioner }), `/captions?${wanted}`, result);
}

export async function indexIt(desk, kinds) {
  const wanted = new URLSearchParams(kinds.length ? { kinds: kinds.join(",") } : {});
  await show(desk, say("Uploading and indexing it…"), `/images?${wanted}`, indexed);
}

// A card for each answer, the latest first; it is made although the panel was left meanwhile: it may be paid for.
async function show(desk, text, address, made) {
  const { kept } = desk;
  const picture = { file: kept.file, preview: kept.preview };
  const card = element("li", { class: "result" }, ...waiting(picture, text));
  kept.results.unshift(card);
  desk.article.querySelector(".results").prepend(card);
  inform(desk, text, true);
  const answer = await upload(address, picture.file);
  card.replaceChildren(...(answer.problem !== undefined ? failed(picture, answer) : made(picture, answer)), dropping(desk, card));
  inform(desk, answer.problem ?? say("Answered."), false);
  card.scrollIntoView({ block: "nearest" }); // on a phone it is far below the button
}

function dropping(desk, card) {
  const drop = () => {
    desk.kept.results.splice(desk.kept.results.indexOf(card), 1);
    card.remove();
    document.querySelector("#tryout .caption-it")?.focus();
  };
  return button(icon("close"), drop, { class: "tool drop-result", "aria-label": say("Take this answer away"), title: say("Take this answer away") });
}

function inform({ article }, text, isBusy) {
  const form = article.querySelector("form");
  if (form === null) return; // left meanwhile
  article.querySelector(".before").hidden = true;
  article.querySelector(".progress").textContent = text;
  for (const each of form.querySelectorAll(".act button")) each.disabled = isBusy;
}
