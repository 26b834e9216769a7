// Elements made in one line: what they are given to say is text, never markup.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(attribute, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function paragraph(name, text) {
  return element("p", { class: name }, text);
}

export function listed(name, texts) {
  return element("ul", { class: name }, ...texts.map((text) => element("li", {}, text)));
}

export function button(text, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

// What is behind a share between 0 and 1, as wide as it.
export function level(share, name = "level") {
  const filled = element("span");
  filled.style.width = `${Math.min(1, Math.max(0, share)) * 100}%`;
  return element("span", { class: name, "aria-hidden": "true" }, filled);
}

export function copyOf(id) {
  return document.getElementById(id).content.cloneNode(true);
}
