// Who is looking, and what they may do; the form for a key comes up as soon as the service asks for one.
import { ask, send } from "/page/service.js";
import { say } from "/page/words.js";

const OPEN = { key_needed: false, name: null, scopes: ["search", "write"] };
const dialog = document.getElementById("sign-in");
const form = dialog.querySelector("form");
const leaving = document.getElementById("sign-out");
let session = OPEN;

addEventListener("key-wanted", () => dialog.open || dialog.showModal());
leaving.addEventListener("click", async () => {
  await ask("/session", { method: "DELETE" });
  location.assign("/");
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await send("/session", { key: form.elements.key.value.trim() });
  const said = form.querySelector(".bad");
  said.textContent = answer.status === 401 ? say("This key is not known here. Is it complete?") : (answer.problem ?? "");
  if (answer.problem !== undefined) return;
  form.reset();
  dialog.close();
  become(answer);
  dispatchEvent(new Event("moved")); // what was asked for in vain is asked for again
});

// Whether this reader may change something, or spend something.
export function mayWrite() {
  return session.scopes.includes("write");
}

// Asks the service who this is. Views need not wait: what needs the scope "write" has the class `writing`.
export async function findSession() {
  const answer = await ask("/session");
  become(answer.problem === undefined ? answer : OPEN); // a service without sessions has no keys
}

function become(answer) {
  session = answer;
  document.documentElement.classList.toggle("read-only", !mayWrite());
  leaving.hidden = !(answer.key_needed && answer.name);
  leaving.title = answer.name ?? "";
  dispatchEvent(new Event("session"));
}
