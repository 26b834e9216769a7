// What the address says is shown: a search, an image of it, the index, or the try-out panel.
import { keepingPlace, lead, parameters } from "/page/address.js";
import { leaveSearch, prepareSearch, showQuery, showSearch } from "/page/search/search.js";
import { findSession } from "/page/session.js";
import { language, say, speak, translate } from "/page/words.js";

// Each view shows itself by its address; `before` is the address that was shown until now.
const VIEWS = {
  search: () => ({ show: showSearch, leave: leaveSearch }),
  image: () => import("/page/image/image.js").then((view) => ({ show: view.showImage, leave: view.leaveImage })),
  index: () => import("/page/overview/overview.js").then((view) => ({ show: view.showOverview, leave: view.leaveOverview })),
  try: () => import("/page/tryout/tryout.js").then((view) => ({ show: view.showTryout, leave: view.leaveTryout })),
};
const said = document.getElementById("said");
let [leaving, leave, shown, before] = [new AbortController(), () => {}, null, null];

translate(document.documentElement);
for (const link of document.querySelectorAll("nav a")) lead(link, new URL(link.href).searchParams);
offerLanguage(document.getElementById("language"));
history.scrollRestoration = "manual"; // what was scrolled to may not be there before an answer is
addEventListener("popstate", () => show(true));
addEventListener("moved", () => show(false));
findSession();
show(true);

function viewOf(wanted) {
  if (wanted.has("image")) return "image";
  return ["index", "try"].find((name) => name === wanted.get("view")) ?? "search";
}

async function show(isBack) {
  const [wanted, last] = [parameters(), before];
  const name = viewOf(wanted);
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  if (name !== shown) leave();
  [shown, before, leave] = [name, wanted, () => {}];
  for (const place of document.querySelectorAll("main [data-view]")) place.hidden = place.dataset.view !== name;
  mark(name);
  showQuery(wanted);
  if (name !== "search") said.textContent = "";
  await keepingPlace(isBack, async () => {
    const view = await loaded(name);
    if (signal.aborted || view === null) return;
    leave = view.leave;
    await view.show(signal, last);
  });
  if (name === "image" && !signal.aborted) prepareSearch();
}

// The view's module, or null where it does not come: that is said, for nothing else of the view can be.
async function loaded(name) {
  try {
    return await VIEWS[name]();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const again = Object.assign(document.createElement("button"), { type: "button", textContent: say("Try again"), onclick: () => location.reload() });
    said.replaceChildren(say("The service does not answer. Is it still running?"), " ", again);
    return null;
  }
}

function mark(name) {
  const current = name === "image" ? "search" : name;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function offerLanguage(button) {
  const [other, name, lang] = language === "zh" ? ["en", "English", "en"] : ["zh", "中文", "zh-Hans"];
  [button.textContent, button.lang] = [name, lang];
  button.addEventListener("click", () => speak(other));
}
