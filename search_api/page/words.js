// The page's language. English text is the key: what a dictionary does not have is said in English.

const LANGUAGES = ["en", "zh"];
const CHOSEN = "language";
const SPOKEN = ["aria-label", "placeholder", "title", "alt"];

export const language = choose();
const words = language === "zh" ? (await import("/page/words/zh.js")).default : {};
document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";

// say("{count} images", { count: 3 }): the text in the reader's language, its braces filled in.
export function say(text, values = {}) {
  return (words[text] ?? text).replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
}

// Marks a text for the dictionary that is said later, by say(text).
export function later(text) {
  return text;
}

// Puts a template's text, and what its attributes tell, into the reader's language.
export function translate(node) {
  const found = document.createTreeWalker(node, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let each = found.currentNode; each; each = found.nextNode()) {
    if (each.nodeType === Node.TEXT_NODE) each.data = translated(each.data);
    else if (each.localName === "template") translate(each.content);
    else for (const name of SPOKEN) if (each.getAttribute?.(name)) each.setAttribute(name, translated(each.getAttribute(name)));
  }
  return node;
}

export function speak(chosen) {
  localStorage.setItem(CHOSEN, chosen);
  location.reload();
}

function translated(text) {
  const known = words[text.trim().replace(/\s+/g, " ")];
  return known === undefined ? text : text.replace(/\S(?:[\s\S]*\S)?/, () => known);
}

// ?lang=zh is remembered and leaves the address, where everything else is the search's.
function choose() {
  const wanted = new URLSearchParams(location.search);
  const asked = wanted.get("lang");
  if (asked !== null) {
    wanted.delete("lang");
    if (LANGUAGES.includes(asked)) localStorage.setItem(CHOSEN, asked);
    history.replaceState(history.state, "", wanted.size ? `/?${wanted}` : "/");
  }
  const kept = localStorage.getItem(CHOSEN);
  const preferred = navigator.languages.map((name) => name.slice(0, 2).toLowerCase()).find((name) => LANGUAGES.includes(name));
  return LANGUAGES.includes(kept) ? kept : (preferred ?? "en");
}
