// What the service says, as JSON; what goes wrong is a `problem` in one sentence with its `status`, 0 where nobody answers.
import { say } from "/page/words.js";

export async function ask(address, options) {
  try {
    const response = await fetch(address, options);
    if (response.status === 401) dispatchEvent(new Event("key-wanted"));
    const body = response.status === 204 ? {} : await response.json();
    return response.ok ? body : { problem: body.detail, status: response.status };
  } catch (error) {
    if (error.name === "AbortError") return { problem: "", status: 0, aborted: true };
    return { problem: say("The service does not answer. Is it still running?"), status: 0 };
  }
}

export function send(address, body, method = "POST", signal = undefined) {
  return ask(address, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
}

export function upload(address, file, signal = undefined) {
  const form = new FormData();
  form.append("file", file, file.name || "picture");
  return ask(address, { method: "POST", body: form, signal });
}
