// Tables that become cards where there is no room for columns; a card's lines are called by the columns' names.
import { element } from "/page/elements.js";

// `columns` are names, each row has as many texts or nodes; roles are told again, for a card is no table to a browser.
export function tableOf(caption, columns, rows) {
  const head = element("tr", { role: "row" }, ...columns.map((name) => element("th", { scope: "col", role: "columnheader" }, name)));
  const body = rows.map((cells) => element("tr", { role: "row" }, ...cells.map((cell, index) => cellOf(cell, columns[index]))));
  return element(
    "table",
    { class: "cards", role: "table" },
    element("caption", { class: "hidden" }, caption),
    element("thead", { role: "rowgroup" }, head),
    element("tbody", { role: "rowgroup" }, ...body),
  );
}

function cellOf(cell, name) {
  const isEmpty = cell === null || cell === undefined || cell === "";
  return element("td", { role: "cell", "data-label": name, class: isEmpty ? "empty" : null }, isEmpty ? "–" : cell);
}
