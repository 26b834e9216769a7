// The keyboard: / to the box, arrows through the rows of pictures, ? for help.
import { markCurrent } from "/page/search/cards.js";
import { parameters } from "/page/address.js";

const box = document.getElementById("q");
const help = document.getElementById("help");
const list = document.getElementById("hits");
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
const ROWS = { ArrowUp: -1, ArrowDown: 1 };

export function followKeys() {
  addEventListener("keydown", follow);
  list.addEventListener("keydown", walk);
  list.addEventListener("focusin", (event) => markCurrent(event.target.closest("li")?.querySelector(".picture")));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !links().length) return;
    event.preventDefault();
    (list.querySelector('.picture[tabindex="0"]') ?? links()[0]).focus();
  });
}

function follow(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
  if (event.key === "/") {
    event.preventDefault();
    box.focus({ preventScroll: true });
    box.select();
  } else if (event.key === "?") {
    event.preventDefault();
    help.togglePopover();
  } else if (event.key === "Escape" && !document.querySelector("dialog[open], [popover]:popover-open")) {
    escape();
  }
}

function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [contenteditable]");
}

// From the pictures to the box, from images like one to that image's search; an image's own view does its own.
function escape() {
  const wanted = parameters();
  if (wanted.has("image") || wanted.has("view")) return;
  if (document.activeElement?.closest("#hits")) box.focus({ preventScroll: true });
  else if (wanted.has("like") || wanted.has("picture")) history.back();
}

function walk(event) {
  const link = event.target.closest(".picture");
  if (!link || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const all = links();
  const place = all.indexOf(link);
  const next =
    event.key in STEPS ? all[place + STEPS[event.key]]
    : event.key in ROWS ? inNextRow(all, link, ROWS[event.key])
    : event.key === "Home" ? all[0]
    : event.key === "End" ? all.at(-1)
    : undefined;
  if (next === undefined && event.key === "ArrowUp") box.focus({ preventScroll: true });
  else if (next === undefined && !(event.key in STEPS) && !(event.key in ROWS)) return;
  event.preventDefault();
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
}

// The picture of the row above or below that lies most under this one's middle.
function inNextRow(all, link, direction) {
  const from = link.getBoundingClientRect();
  const middle = from.left + from.width / 2;
  const rows = all.map((each) => ({ each, rect: each.getBoundingClientRect() })).filter(({ rect }) => direction * (rect.top - from.top) > 8);
  if (!rows.length) return undefined;
  const top = direction > 0 ? Math.min(...rows.map(({ rect }) => rect.top)) : Math.max(...rows.map(({ rect }) => rect.top));
  const away = ({ rect }) => Math.max(rect.left - middle, middle - rect.right, 0) * 1e3 + Math.abs(rect.left + rect.width / 2 - middle);
  return rows.filter(({ rect }) => Math.abs(rect.top - top) < 8).sort((one, other) => away(one) - away(other))[0].each;
}

function links() {
  return [...list.querySelectorAll(".picture")];
}
