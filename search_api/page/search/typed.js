// Filters that are typed in the box: folder:holiday -is:edit after:2024.

const PART = /(?<minus>-?)(?:(?<name>\p{L}+):)(?:["“„](?<quoted>[^"“”]*)["”“]|(?<bare>\S+))/gu; // as the service reads it
const KNOWN = new Set(["folder", "tag", "format", "is", "after", "before"]);

// Each as { text } as it was typed, and the box { without } it.
export function readTyped(box) {
  return [...box.matchAll(PART)]
    .filter((part) => KNOWN.has(part.groups.name.toLowerCase()) && !/\S/.test(box.charAt(part.index - 1)))
    .map((part) => ({ text: part[0], without: withoutPart(box, part) }));
}

function withoutPart(box, part) {
  return `${box.slice(0, part.index)} ${box.slice(part.index + part[0].length)}`.trim().replace(/\s+/g, " ");
}

// A value as it is typed: with quotes where it has spaces.
export function typed(name, value) {
  return /\s/.test(value) ? `${name}:"${value}"` : `${name}:${value}`;
}
