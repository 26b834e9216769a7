// What people say of hits: whether an image fits the query.
import { ask, send } from "/page/service.js";
import { mayWrite } from "/page/session.js";
import { say } from "/page/words.js";

const list = document.getElementById("hits");

// Asked beside the search, which need not wait for it.
export async function findVerdicts(search) {
  search.verdicts ??= new Map();
  if (!search.query || !mayWrite()) return;
  const { judgements = [] } = await ask(`/feedback?${new URLSearchParams({ query: search.query })}`);
  for (const said of judgements) search.verdicts.set(said.image_id, said.relevant);
  for (const item of list.children.length && judgements.length ? list.querySelectorAll("li[data-image]") : []) press(item, search.verdicts.get(Number(item.dataset.image)));
}

export function offerVerdicts(item, search, hit) {
  press(item, search.verdicts?.get(hit.image_id));
  for (const button of item.querySelectorAll(".verdicts button")) button.addEventListener("click", () => judge(item, search, hit, button));
}

function press(item, verdict) {
  for (const button of item.querySelectorAll(".verdicts button")) button.setAttribute("aria-pressed", button.value === String(verdict));
}

// Pressing a pressed button takes the judgement back.
async function judge(item, search, hit, button) {
  const group = button.parentElement;
  if (group.ariaBusy === "true") return; // one at a time, so that the last one stays
  const before = search.verdicts.get(hit.image_id);
  const wanted = button.ariaPressed === "true" ? null : button.value === "true";
  group.ariaBusy = "true";
  press(item, wanted);
  const { problem } = await send("/feedback", { query: search.query, image_id: hit.image_id, relevant: wanted });
  group.ariaBusy = "false";
  if (problem !== undefined) {
    press(item, before);
    document.getElementById("said").textContent = say("Not kept: {problem}", { problem });
  } else if (wanted === null) {
    search.verdicts.delete(hit.image_id);
  } else {
    search.verdicts.set(hit.image_id, wanted);
  }
}
