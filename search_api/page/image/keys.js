// The image page by keyboard: arrows to the neighbours, f for the full size, Escape back.

const OTHERS = "input, textarea, select, [role=slider], .strip, .row";

export function listenToKeys({ picture, back, neighbours, signal }) {
  const acts = {
    ArrowLeft: () => neighbours.follow("previous"),
    ArrowRight: () => neighbours.follow("next"),
    f: picture.toggle,
    Escape: () => back.click(),
  };
  const listen = (event) => {
    const isOthers = event.target.closest?.(OTHERS) && event.key !== "f";
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (isOthers || event.target.matches?.("input, textarea, select") || isInDialog(event.key)) return;
    if (!Object.hasOwn(acts, event.key)) return;
    event.preventDefault();
    acts[event.key]();
  };
  document.addEventListener("keydown", listen, { signal });
}

// An open dialog has the keyboard; of it f alone is understood, where it is the picture's.
function isInDialog(key) {
  const open = document.querySelector("dialog[open]");
  return open !== null && !(open.matches(".full") && key === "f");
}
