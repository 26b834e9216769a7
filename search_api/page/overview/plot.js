// Bars over time, drawn as SVG: to be pointed at, and to be gone through with the arrow keys.
import { element } from "/page/elements.js";
import { LOCALE, counted, day, money, several } from "/page/numbers.js";
import { swatch } from "/page/overview/coverage.js";
import { ticksTo } from "/page/overview/spending.js";
import { later, say } from "/page/words.js";

const [HEIGHT, TOP, BOTTOM, LEFT, RIGHT] = [240, 12, 28, 52, 4];
const LABEL_PX = 84; // a date and the air beside it

export function plot(figure, { bars, series, signal }) {
  const tip = element("div", { class: "tip", "aria-hidden": "true", hidden: true });
  const desk = { figure, tip, bars, series, current: bars.length - 1 };
  const size = new ResizeObserver(() => draw(desk));
  size.observe(figure);
  signal.addEventListener("abort", () => size.disconnect());
  figure.addEventListener("keydown", (event) => byKey(desk, event));
  figure.addEventListener("pointerleave", () => (tip.hidden = true));
  draw(desk);
}

// The days, the week or the month of a bar.
export function spanOf({ from, step }) {
  const date = new Date(from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate());
  if (step === "month") return date.toLocaleDateString(LOCALE, { year: "numeric", month: "long" });
  return step === "week" ? say("week of {day}", { day: day(date) }) : day(date);
}

function draw(desk) {
  const { figure, tip, bars } = desk;
  const width = figure.clientWidth;
  if (!width || width === desk.width) return;
  desk.width = width;
  const ticks = ticksTo(Math.max(...bars.map(({ usd }) => usd)));
  const scale = { x: (index) => LEFT + (index * (width - LEFT - RIGHT)) / bars.length, y: (usd) => HEIGHT - BOTTOM - (usd / ticks.at(-1)) * (HEIGHT - TOP - BOTTOM) };
  const title = say("Costs over time; the arrow keys go from bar to bar");
  const svg = shape("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "group", "aria-label": title });
  svg.append(...ticks.flatMap((usd) => gridLine(usd, scale, width)), ...dates(desk, scale), ...bars.map((_, index) => column(desk, scale, index)));
  desk.columns = [...svg.querySelectorAll(".column")];
  figure.replaceChildren(svg, tip);
}

function gridLine(usd, { y }, width) {
  const line = shape("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(usd), y2: y(usd) });
  const label = shape("text", { class: "tick", x: LEFT - 8, y: y(usd) + 4, "text-anchor": "end", "aria-hidden": "true" });
  label.textContent = money(usd);
  return [line, label];
}

function dates({ bars, width }, { x }) {
  const every = Math.max(1, Math.ceil(bars.length / Math.max(1, Math.floor((width - LEFT) / LABEL_PX))));
  return bars.flatMap((bar, index) => {
    if ((bars.length - 1 - index) % every) return [];
    const label = shape("text", { class: "tick", x: (x(index) + x(index + 1)) / 2, y: HEIGHT - 8, "text-anchor": index === bars.length - 1 && bars.length > 3 ? "end" : "middle", "aria-hidden": "true" });
    if (index === bars.length - 1 && bars.length > 3) label.setAttribute("x", width - RIGHT);
    label.textContent = shortly(bar);
    return [label];
  });
}

function shortly({ from, step }) {
  const shown = step === "month" ? { year: "2-digit", month: "short" } : { month: "short", day: "numeric" };
  return from.toLocaleDateString(LOCALE, { ...shown, timeZone: "UTC" });
}

function column(desk, { x, y }, index) {
  const bar = desk.bars[index];
  const [left, wide] = [x(index), x(index + 1) - x(index)];
  const gap = Math.min(6, wide * 0.2);
  const group = shape("g", { class: "column", role: "img", tabindex: index === desk.current ? 0 : -1, "aria-label": `${spanOf(bar)}: ${spoken(desk, bar)}` });
  group.append(shape("rect", { class: "target", x: left, y: TOP, width: wide, height: HEIGHT - TOP - BOTTOM }));
  let paid = 0;
  for (const [at, usd] of bar.parts.entries()) {
    if (!usd) continue;
    group.append(shape("rect", { class: `series-${at}`, x: left + gap / 2, y: y(paid + usd), width: Math.max(1, wide - gap), height: Math.max(1, y(paid) - y(paid + usd)) }));
    paid += usd;
  }
  if (bar.unpriced) group.append(unknown(left + wide / 2, y(paid)));
  group.addEventListener("pointerenter", () => point(desk, index));
  group.addEventListener("focus", () => point(desk, index));
  group.addEventListener("blur", () => (desk.tip.hidden = true));
  return group;
}

function unknown(x, y) {
  const mark = shape("text", { class: "unknown", x, y: y - 5, "text-anchor": "middle" });
  mark.textContent = "?";
  return mark;
}

function spoken({ series }, bar) {
  if (!bar.requests) return say("nothing");
  return [money(bar.usd), ...lines(series, bar).map(({ name, said }) => `${name} ${said}`)].join(say(", "));
}

function lines(series, { parts, asked }) {
  const asked_ = series.map(({ name, unpriced, requests }, index) => ({ name, index, usd: parts[index], count: asked[index], isUnknown: unpriced === requests }));
  return asked_.filter(({ count }) => count).map((each) => ({ ...each, said: each.isUnknown ? say("unknown price") : money(each.usd) }));
}

function point(desk, index) {
  const { tip, bars, series, width } = desk;
  const bar = bars[index];
  const list = lines(series, bar).map(({ name, index: at, said }) => element("li", {}, swatch(at), element("span", {}, name), element("span", { class: "value" }, said)));
  const foot = bar.requests ? `${money(bar.usd)} · ${several(bar.requests, later("{count} request"), later("{count} requests"))} · ${several(bar.tokens, later("{count} token"), later("{count} tokens"))}` : say("nothing");
  tip.replaceChildren(element("p", { class: "when" }, spanOf(bar)), element("ul", {}, ...list), element("p", { class: "quiet" }, foot));
  tip.hidden = false;
  const middle = LEFT + ((index + 0.5) * (width - LEFT - RIGHT)) / bars.length;
  tip.style.left = `${Math.max(0, Math.min(width - tip.offsetWidth, middle - tip.offsetWidth / 2))}px`;
}

function byKey(desk, event) {
  const last = desk.bars.length - 1;
  const to = { ArrowLeft: desk.current - 1, ArrowRight: desk.current + 1, Home: 0, End: last }[event.key];
  if (event.key === "Escape") desk.tip.hidden = true;
  if (to === undefined || to < 0 || to > last) return;
  event.preventDefault();
  desk.columns[desk.current].setAttribute("tabindex", -1);
  desk.current = to;
  desk.columns[to].setAttribute("tabindex", 0);
  desk.columns[to].focus();
}

function shape(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}
