// The image page by keyboard: arrows to the neighbours, f for the full size, Escape back.

const OTHERS = "input, textarea, select, .row"; // they have uses of their own for these keys

export function listenToKeys({ picture, back, neighbours, signal }) {
  const acts = {
    ArrowLeft: () => neighbours.follow("previous"),
    ArrowRight: () => neighbours.follow("next"),
    f: picture.toggle,
    Escape: () => back.click(),
  };
  const listen = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (!Object.hasOwn(acts, event.key) || event.target.closest?.(OTHERS) || isInDialog(event.key)) return;
    event.preventDefault();
    acts[event.key]();
  };
  document.addEventListener("keydown", listen, { signal });
}

// What is open above the page has the keyboard; of it f alone is understood, where it is the picture's.
function isInDialog(key) {
  const open = document.querySelector("dialog[open], [popover]:popover-open");
  return open !== null && !(open.matches(".full") && key === "f");
}
