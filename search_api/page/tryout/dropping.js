// Get a picture: chosen, dropped anywhere on the panel, or pasted.

export function listenForPictures(panel, signal, take) {
  const [drop, input] = [panel.querySelector(".drop"), panel.querySelector("input[type=file]")];
  const first = (files) => [...files].find(({ type }) => type.startsWith("image/") || type === "");
  const found = (files) => first(files) && take(first(files));
  input.addEventListener("change", () => found(input.files));
  for (const type of ["dragenter", "dragover"]) panel.addEventListener(type, (event) => hover(event, drop), { signal });
  for (const type of ["dragleave", "drop"]) panel.addEventListener(type, () => drop.classList.remove("over"), { signal });
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation(); // the page would search by it
    found(event.dataTransfer.files);
  }, { signal });
  document.addEventListener("paste", (event) => found(event.clipboardData.files), { signal });
}

function hover(event, drop) {
  if (![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  event.stopPropagation();
  drop.classList.add("over");
}
