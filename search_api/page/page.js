// The page's whole state is its address: ?q=…&strictness=…
"use strict";

const form = document.getElementById("search");
const box = document.getElementById("q");
const said = document.getElementById("said");
const list = document.getElementById("hits");
const more = document.getElementById("more");
const template = document.getElementById("hit");
const MOST = 60;
let asked = 0;
let verdicts = new Map(); // what people said of the images of this query: true is relevant, false is not

form.addEventListener("submit", (event) => {
  event.preventDefault();
  go(new URLSearchParams(box.value.trim() ? { q: box.value.trim() } : {}));
});
more.addEventListener("click", () => {
  const parameters = new URLSearchParams(location.search);
  parameters.set("strictness", "low");
  go(parameters);
  said.focus();
});
addEventListener("popstate", show);
show();

function go(parameters) {
  const address = parameters.size ? `/?${parameters}` : "/";
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  show();
}

async function show() {
  const parameters = new URLSearchParams(location.search);
  const query = parameters.get("q") ?? "";
  const turn = ++asked;
  box.value = query;
  document.title = query ? `${query} · Caption Search` : "Caption Search";
  more.hidden = true;
  if (!query) {
    list.replaceChildren();
    said.textContent = "Say what the picture shows; whole sentences work best.";
    return;
  }
  said.textContent = "Searching…";
  const [answer, judged] = await Promise.all([ask(parameters), findVerdicts(query)]);
  if (turn !== asked) return; // a later search has taken over
  verdicts = judged;
  said.textContent = answer.problem ?? summary(answer);
  list.replaceChildren(...(answer.hits ?? []).map((hit) => card(hit, query)));
  more.hidden = !(answer.no_match && answer.generation && parameters.get("strictness") !== "low");
}

async function ask(parameters) {
  try {
    const response = await fetch(`/search?${new URLSearchParams({ limit: MOST, ...Object.fromEntries(parameters) })}`);
    const body = await response.json();
    return response.ok ? body : { problem: body.detail };
  } catch {
    return { problem: "The service does not answer. Is it still running?" };
  }
}

function summary(answer) {
  if (!answer.generation) return "Nothing is indexed yet. Run: indexer ingest FOLDER";
  if (answer.no_match) return "Nothing in the index fits this description.";
  const count = answer.hits.length;
  const best = count === MOST ? "the best " : "";
  const covered = answer.generation.coverage < 1 ? `, ${Math.floor(answer.generation.coverage * 100)}% of the images are indexed` : "";
  return `${best}${count} ${count === 1 ? "image" : "images"} in ${Math.round(answer.took_ms.total)} ms${covered}`;
}

function card(hit, query) {
  const item = template.content.firstElementChild.cloneNode(true);
  const [link, caption] = [item.querySelector("a"), item.querySelector(".caption")];
  item.classList.add(hit.band);
  link.href = hit.image_url;
  link.firstElementChild.src = `${hit.thumbnail_url}?size=640`;
  caption.innerHTML = hit.why.highlight; // escaped by the service; only <mark> is markup
  link.firstElementChild.alt = caption.textContent;
  item.querySelector(".band").textContent = hit.band;
  item.querySelector(".location").textContent = `${hit.location}${hit.why.captioner === "offline" ? " · offline caption" : ""}`;
  const buttons = [...item.querySelectorAll(".verdicts button")];
  press(buttons, verdicts.get(hit.image_id));
  for (const button of buttons) button.addEventListener("click", () => judge(query, hit, button, buttons));
  return item;
}

async function findVerdicts(query) {
  try {
    const response = await fetch(`/feedback?${new URLSearchParams({ query })}`);
    const { judgements } = response.ok ? await response.json() : { judgements: [] };
    return new Map(judgements.map((said) => [said.image_id, said.relevant]));
  } catch {
    return new Map(); // the search beside it tells what is wrong
  }
}

function press(buttons, verdict) {
  for (const button of buttons) button.setAttribute("aria-pressed", button.value === String(verdict));
}

// Pressing a pressed button takes the judgement back.
async function judge(query, hit, button, buttons) {
  const group = button.parentElement;
  if (group.ariaBusy === "true") return; // one at a time, so that the last one stays
  const known = verdicts; // another search may have its own by the time the answer is there
  const before = known.get(hit.image_id);
  const wanted = button.ariaPressed === "true" ? null : button.value === "true";
  group.ariaBusy = "true";
  press(buttons, wanted);
  const problem = await send({ query, image_id: hit.image_id, relevant: wanted });
  group.ariaBusy = "false";
  if (problem) {
    press(buttons, before);
    said.textContent = `Not kept: ${problem}`;
  } else if (wanted === null) {
    known.delete(hit.image_id);
  } else {
    known.set(hit.image_id, wanted);
  }
}

async function send(feedback) {
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("/feedback", { method: "POST", headers, body: JSON.stringify(feedback) });
    return response.ok ? null : (await response.json()).detail;
  } catch {
    return "The service does not answer. Is it still running?";
  }
}
