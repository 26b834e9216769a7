// The page's whole state is its address: ?q=…&strictness=…
"use strict";

const form = document.getElementById("search");
const box = document.getElementById("q");
const said = document.getElementById("said");
const list = document.getElementById("hits");
const nearest = document.getElementById("nearest");
const more = document.getElementById("more");
const template = document.getElementById("hit");
const hint = document.getElementById("hint");
const PAGE = 40;
let asked = 0;
let cursor = null; // where the next page of what is shown begins
let verdicts = new Map(); // what people said of the images of this query: true is relevant, false is not

form.addEventListener("submit", (event) => {
  event.preventDefault();
  go(new URLSearchParams(box.value.trim() ? { q: box.value.trim() } : {}));
});
nearest.addEventListener("click", () => {
  const parameters = new URLSearchParams(location.search);
  parameters.set("strictness", "low");
  go(parameters);
  said.focus();
});
more.addEventListener("click", showMore);
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
  nearest.hidden = more.hidden = true;
  if (!query) {
    list.replaceChildren();
    said.replaceChildren(hint.content.cloneNode(true));
    return;
  }
  said.textContent = "Searching…";
  const [answer, judged] = await Promise.all([ask(parameters), findVerdicts(query)]);
  if (turn !== asked) return; // a later search has taken over
  verdicts = judged;
  said.textContent = answer.problem ?? summary(answer);
  list.replaceChildren();
  add(answer, query);
  nearest.hidden = !answer.generation || parameters.get("strictness") === "low" || (answer.hits.length > 0 && !isRanked(answer.hits[0]));
  nearest.textContent = answer.no_match ? "Show the nearest all the same" : "Show weaker hits, too";
}

async function showMore() {
  const [parameters, turn] = [new URLSearchParams(location.search), asked];
  more.disabled = true;
  const answer = await ask(parameters, { cursor });
  more.disabled = false;
  if (turn !== asked) return;
  if (answer.problem) {
    said.textContent = answer.problem;
    return;
  }
  const first = list.children.length;
  add(answer, parameters.get("q"));
  list.children[first]?.querySelector("a").focus(); // whoever reads by keyboard or ear goes on where the new ones begin
}

function add(answer, query) {
  list.append(...(answer.hits ?? []).map((hit) => card(hit, query)));
  cursor = answer.next_cursor ?? null;
  more.hidden = cursor === null;
}

async function ask(parameters, more = {}) {
  const wanted = { limit: PAGE, collapse: "duplicates", ...Object.fromEntries(parameters), ...more };
  try {
    const response = await fetch(`/search?${new URLSearchParams(wanted)}`);
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
  const best = answer.next_cursor ? "the first " : "";
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
  const notes = [hit.location];
  if (hit.why.captioner === "offline") notes.push("offline caption");
  if (hit.duplicates) notes.push(`${hit.duplicates} more like it`);
  item.querySelector(".band").textContent = isRanked(hit) ? hit.band : "";
  const place = item.querySelector(".location");
  place.textContent = place.title = notes.join(" · ");
  const buttons = [...item.querySelectorAll(".verdicts button")];
  press(buttons, verdicts.get(hit.image_id));
  for (const button of buttons) button.addEventListener("click", () => judge(query, hit, button, buttons));
  return item;
}

// What filters alone let through is listed, not ranked.
function isRanked(hit) {
  return hit.why.dense_rank !== null || hit.why.lexical_rank !== null;
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
