// A line at the foot of the window that says what was done, to eyes and ears, and goes.
import { element } from "/page/elements.js";

const STAYS_MS = 8000;
const line = element("p", { id: "told", role: "status" });
document.body.append(line);
let going = 0;

export function tell(text) {
  clearTimeout(going);
  line.textContent = "";
  requestAnimationFrame(() => (line.textContent = text)); // the same words again are said again
  going = setTimeout(() => (line.textContent = ""), STAYS_MS);
}
