// What the service says, as JSON; what goes wrong is a `problem` in one sentence.

export async function ask(address, options) {
  try {
    const response = await fetch(address, options);
    const body = response.status === 204 ? {} : await response.json();
    return response.ok ? body : { problem: body.detail, status: response.status };
  } catch {
    return { problem: "The service does not answer. Is it still running?", status: 0 };
  }
}

export function send(address, body) {
  return ask(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
}
