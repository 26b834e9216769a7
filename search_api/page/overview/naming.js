// Who wrote or made something, by one name.
import { say } from "/page/words.js";

export function nameOf({ captioner, model }) {
  if (captioner === "correction") return say("people");
  if (captioner === "import") return say("import");
  if (captioner === "offline") return say("offline, without a model");
  return model && model !== captioner ? model : captioner;
}
