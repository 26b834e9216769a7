// The page's whole state is its address: ?q=…&strictness=… is a search, ?image=17 an image, &edit=5 an edit of it.

export function parameters() {
  return new URLSearchParams(location.search);
}

export function addressOf(wanted) {
  const written = new URLSearchParams(wanted);
  return written.size ? `/?${written}` : "/";
}

export function go(wanted) {
  const address = addressOf(wanted);
  if (address !== location.pathname + location.search) {
    history.replaceState({ scrolled: scrollY }, "");
    history.pushState(null, "", address);
  }
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
