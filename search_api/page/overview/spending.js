// What was paid, by time and by who was asked: sums alone, no elements.
import { nameOf } from "/page/overview/naming.js";

const MOST_SERIES = 6;
const MOST_BARS = 62;
const DAY_MS = 86_400_000;

// Who was paid, the most first: {name, usd, requests, unpriced}; the least of many are one.
export function seriesOf(rows, others) {
  const found = new Map();
  for (const row of rows) add(found, nameOf(row), row);
  const sorted = [...found.values()].sort((one, other) => other.usd - one.usd || other.requests - one.requests);
  if (sorted.length <= MOST_SERIES) return sorted;
  const rest = sorted.slice(MOST_SERIES - 1);
  const sum = (field) => rest.reduce((total, each) => total + each[field], 0);
  return [...sorted.slice(0, MOST_SERIES - 1), { name: others, names: rest.map(({ name }) => name), usd: sum("usd"), requests: sum("requests"), unpriced: sum("unpriced"), tokens: sum("tokens") }];
}

function add(found, name, row) {
  const sum = found.get(name) ?? { name, names: [name], usd: 0, requests: 0, unpriced: 0, tokens: 0 };
  sum.usd += row.cost_usd;
  sum.requests += row.requests;
  sum.unpriced += row.unpriced;
  sum.tokens += row.input_tokens + row.output_tokens;
  found.set(name, sum);
}

// A bar for each day from the first to the last, for each week or month where these are too many:
// {from, step, parts: [usd of each series], usd, requests, unpriced, tokens}.
export function barsOf(rows, series) {
  const days = rows.map((row) => row.day).sort();
  const step = stepFor((dayOf(days.at(-1)) - dayOf(days[0])) / DAY_MS + 1);
  const bars = new Map();
  for (let at = startOf(dayOf(days[0]), step); at <= dayOf(days.at(-1)); at = after(at, step)) {
    bars.set(at.getTime(), { from: at, step, parts: series.map(() => 0), asked: series.map(() => 0), usd: 0, requests: 0, unpriced: 0, tokens: 0 });
  }
  for (const row of rows) count(bars.get(startOf(dayOf(row.day), step).getTime()), row, series);
  return [...bars.values()];
}

function count(bar, row, series) {
  const index = series.findIndex(({ names }) => names.includes(nameOf(row)));
  bar.parts[index] += row.cost_usd;
  bar.asked[index] += row.requests;
  bar.usd += row.cost_usd;
  bar.requests += row.requests;
  bar.unpriced += row.unpriced;
  bar.tokens += row.input_tokens + row.output_tokens;
}

function stepFor(days) {
  if (days <= MOST_BARS) return "day";
  return days <= MOST_BARS * 7 ? "week" : "month";
}

// Days without a zone, so that none is an hour short.
function dayOf(written) {
  return new Date(`${written}T00:00Z`);
}

function startOf(day, step) {
  if (step === "month") return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), 1));
  return step === "week" ? new Date(day - ((day.getUTCDay() + 6) % 7) * DAY_MS) : day;
}

function after(day, step) {
  if (step === "month") return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1));
  return new Date(day.getTime() + (step === "week" ? 7 : 1) * DAY_MS);
}

// Round amounts from 0 to above the most, three to five of them.
export function ticksTo(most) {
  const raw = (most || 1) / 4;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * magnitude).find((each) => each >= raw);
  return Array.from({ length: Math.ceil((most || 1) / step - 1e-9) + 1 }, (_, index) => index * step);
}
