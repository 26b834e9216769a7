// The page's whole state is its address: ?q=…&folder=… is a search, &image=17 an image of it, ?view=index another view.

// What is the page's own business; all other parameters of an address are a search's.
const OF_VIEWS = ["view", "image", "edit", "like", "picture"];
const SCROLLED = "scrolled";
const places = new Map(Object.entries(JSON.parse(sessionStorage.getItem(SCROLLED) ?? "{}"))); // how far down each entry of the history was
let [isSettled, moves] = [true, 0];

addEventListener("scroll", () => isSettled && places.set(keyOfEntry(), scrollY), { passive: true });
addEventListener("pagehide", () => sessionStorage.setItem(SCROLLED, JSON.stringify(Object.fromEntries([...places].slice(-50)))));

export function parameters() {
  return new URLSearchParams(location.search);
}

// What the service is asked for: the filters and words of the address.
export function searched(wanted = parameters()) {
  return new URLSearchParams([...wanted].filter(([name, value]) => value !== "" && !OF_VIEWS.includes(name)));
}

// The address's parameters with some of them changed: null takes one away, a list gives it several values.
export function altered(changes, wanted = parameters()) {
  const made = new URLSearchParams(wanted);
  for (const [name, value] of Object.entries(changes)) {
    made.delete(name);
    for (const each of [value ?? []].flat()) made.append(name, each);
  }
  return made;
}

export function addressOf(wanted) {
  const written = new URLSearchParams(wanted);
  return written.size ? `/?${written}` : "/";
}

export function go(wanted) {
  const address = addressOf(wanted);
  if (isSettled) places.set(keyOfEntry(), scrollY); // what was scrolled just now is told only with the next frame
  if (address !== location.pathname + location.search) history.pushState({ entry: crypto.randomUUID?.() ?? `${Math.random()}` }, "", address);
  dispatchEvent(new Event("moved"));
}

export function note(wanted) {
  history.replaceState(history.state, "", addressOf(wanted));
}

// A link within the page: a plain click stays here, all others are the browser's business.
export function lead(link, wanted) {
  link.href = addressOf(wanted);
  link.addEventListener("click", (event) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(wanted);
  });
  return link;
}

// Shows a view, and puts the reader where they were, coming back to it; while it is made, its height says nothing.
export async function keepingPlace(isBack, show) {
  const scrolled = isBack ? (places.get(keyOfEntry()) ?? 0) : 0;
  const turn = ++moves;
  isSettled = false;
  if (!isBack) scrollTo(0, 0);
  await show();
  if (turn !== moves) return;
  if (isBack) scrollTo(0, scrolled);
  isSettled = true;
}

function keyOfEntry() {
  return history.state?.entry ?? "first";
}
