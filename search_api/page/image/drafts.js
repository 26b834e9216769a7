// What somebody wrote and did not save yet: kept for as long as the tab is open, wherever they go meanwhile.

export function draftOf(image, kind) {
  return sessionStorage.getItem(keyOf(image, kind));
}

export function keepDraft(image, kind, text) {
  sessionStorage.setItem(keyOf(image, kind), text);
}

export function dropDraft(image, kind) {
  sessionStorage.removeItem(keyOf(image, kind));
}

function keyOf(image, kind) {
  return `draft of ${image} ${kind}`;
}
