// What there is to filter by, with counts; null where the service does not tell.
import { ask } from "/page/service.js";

const FRESH_MS = 60_000;
let [asked, askedAt] = [null, -Infinity];

export function findFacets() {
  if (performance.now() - askedAt > FRESH_MS) {
    askedAt = performance.now();
    asked = ask("/stats/facets").then((answer) => (answer.problem === undefined ? answer : null));
  }
  return asked;
}
