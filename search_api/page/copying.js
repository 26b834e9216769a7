// A button that copies a text.
import { button } from "/page/elements.js";
import { icon } from "/page/icons.js";
import { tell } from "/page/telling.js";
import { say } from "/page/words.js";

export function copyButton(text, what) {
  return button(icon("copy"), () => copy(text), { class: "tool copy", "aria-label": say("Copy: {what}", { what }), title: say("Copy") });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    tell(say("Copied"));
  } catch {
    tell(copied(text) ? say("Copied") : say("The browser did not let it be copied: mark the text and copy it by hand."));
  }
}

// Away from localhost and https there is no clipboard but the old one.
function copied(text) {
  const box = document.createElement("textarea");
  box.value = text;
  document.body.append(box);
  box.select();
  const isDone = document.execCommand("copy");
  box.remove();
  return isDone;
}
