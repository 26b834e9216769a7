// What people say of hits: whether an image fits the query.
import { ask, send } from "/page/service.js";

export async function findVerdicts(query) {
  const { judgements = [] } = await ask(`/feedback?${new URLSearchParams({ query })}`);
  return new Map(judgements.map((said) => [said.image_id, said.relevant])); // the search beside it tells what is wrong
}

export function offerVerdicts(item, query, hit, verdicts, tell) {
  const buttons = [...item.querySelectorAll(".verdicts button")];
  press(buttons, verdicts.get(hit.image_id));
  for (const button of buttons) button.addEventListener("click", () => judge(query, hit, button, buttons, verdicts, tell));
}

function press(buttons, verdict) {
  for (const button of buttons) button.setAttribute("aria-pressed", button.value === String(verdict));
}

// Pressing a pressed button takes the judgement back.
async function judge(query, hit, button, buttons, verdicts, tell) {
  const group = button.parentElement;
  if (group.ariaBusy === "true") return; // one at a time, so that the last one stays
  const before = verdicts.get(hit.image_id);
  const wanted = button.ariaPressed === "true" ? null : button.value === "true";
  group.ariaBusy = "true";
  press(buttons, wanted);
  const { problem } = await send("/feedback", { query, image_id: hit.image_id, relevant: wanted });
  group.ariaBusy = "false";
  if (problem) {
    press(buttons, before);
    tell(`Not kept: ${problem}`);
  } else if (wanted === null) {
    verdicts.delete(hit.image_id);
  } else {
    verdicts.set(hit.image_id, wanted);
  }
}
