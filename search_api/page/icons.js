// The few icons of buttons, drawn in the colour of the text.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  pencil: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  close: "M6 6l12 12M18 6L6 18",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
