// Costs over time: a plot, what its colours mean, and the same as a table.
import { element, paragraph } from "/page/elements.js";
import { counted, money, several } from "/page/numbers.js";
import { swatch } from "/page/overview/coverage.js";
import { plot, spanOf } from "/page/overview/plot.js";
import { barsOf, seriesOf } from "/page/overview/spending.js";
import { ask } from "/page/service.js";
import { tableOf } from "/page/tables.js";
import { later, say } from "/page/words.js";

export async function showCosts(section, signal) {
  const rows = await ask("/stats/costs", { signal });
  if (signal.aborted) return;
  const place = section.querySelector(".money");
  if (rows.problem !== undefined) return place.replaceChildren(paragraph("quiet", rows.problem));
  if (!rows.length) return place.replaceChildren(paragraph("quiet", say("No model that costs money was asked yet.")));
  const series = seriesOf(rows, say("others"));
  const bars = barsOf(rows, series);
  const figure = element("div", { class: "plot" });
  place.replaceChildren(...totals(series), figure, legend(series), asTable(bars, series));
  plot(figure, { bars, series, signal });
}

function totals(series) {
  const sum = (field) => series.reduce((total, each) => total + each[field], 0);
  const said = [several(sum("requests"), later("{count} request"), later("{count} requests")), several(sum("tokens"), later("{count} token"), later("{count} tokens"))];
  const unpriced = sum("unpriced");
  const parts = [element("p", { class: "figure" }, money(sum("usd"))), paragraph("quiet", said.join(say(", ")))];
  if (unpriced) parts.push(paragraph("unpriced", several(unpriced, later("The price of {count} request is unknown; it is not in the sum."), later("The price of {count} requests is unknown; they are not in the sum."))));
  return [element("div", { class: "totals" }, ...parts)];
}

function legend(series) {
  const item = ({ name, usd, requests, unpriced }, index) => {
    const cost = unpriced && unpriced === requests ? say("unknown price") : money(usd);
    return element("li", {}, swatch(index), name, element("span", { class: "quiet" }, `${cost}, ${several(requests, later("{count} request"), later("{count} requests"))}`));
  };
  return element("ul", { class: "legend" }, ...series.map(item));
}

function asTable(bars, series) {
  const columns = [say("When"), ...series.map(({ name }) => name), say("Requests"), say("Unknown price"), say("Together")];
  const cost = (usd, asked, isUnknown) => (asked ? (isUnknown ? "?" : money(usd)) : null);
  const part = (bar, usd, index) => cost(usd, bar.asked[index], series[index].unpriced === series[index].requests);
  const row = (bar) => [spanOf(bar), ...bar.parts.map((usd, index) => part(bar, usd, index)), counted(bar.requests), bar.unpriced ? counted(bar.unpriced) : null, cost(bar.usd, bar.requests, bar.unpriced === bar.requests)];
  const rows = bars.filter((bar) => bar.requests).reverse().map(row);
  return element("details", {}, element("summary", {}, say("As a table")), tableOf(say("Costs over time"), columns, rows));
}
