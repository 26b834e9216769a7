"""The page's Chinese: nothing that the page says is missing from its dictionary."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import search_api

_PAGE = Path(search_api.__file__).parent / "page"
_SAID = re.compile(r'\b(?:say|later)\(\s*("(?:[^"\\]|\\.)*")')
_SPOKEN = ("aria-label", "placeholder", "title", "alt")
# Names, and what is typed rather than read, are the same in every language.
_SAME = {"Caption Search", "Gemini", "OpenAI"}
_UNSPOKEN = ("code", "kbd", "style", "script")


class _Texts(HTMLParser):
    """Collects what a reader of the page gets to see or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_unspoken = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_unspoken = tag in _UNSPOKEN
        self.found += [value for name, value in attrs if name in _SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        self._is_unspoken = self._is_unspoken and tag not in _UNSPOKEN

    def handle_data(self, data: str) -> None:
        if not self._is_unspoken:
            self.found.append(" ".join(data.split()))


def test_all_that_scripts_say_has_chinese() -> None:
    missing = {said for said in _said() if said not in _chinese()}

    assert missing == set()


def test_all_that_templates_say_has_chinese() -> None:
    texts = _Texts()
    texts.feed((_PAGE / "index.html").read_text())
    spoken = {text for text in texts.found if any(letter.isalpha() for letter in text)}

    assert spoken - _chinese().keys() - _SAME == set()


def test_chinese_fills_in_the_same_values() -> None:
    holes = re.compile(r"\{\w+\}")
    unlike = [text for text, said in _chinese().items() if set(holes.findall(text)) != set(holes.findall(said))]

    assert unlike == []


def _said() -> Iterator[str]:
    for path in _PAGE.rglob("*.js"):
        yield from (json.loads(literal) for literal in _SAID.findall(_code(path)))


def _chinese() -> dict[str, str]:
    text = _code(_PAGE / "words" / "zh.js").removeprefix("export default ").rstrip().removesuffix(";")
    pairs: dict[str, str] = json.loads(re.sub(r",\s*\}$", "}", text))
    return pairs


def _code(path: Path) -> str:
    return "\n".join(line for line in path.read_text().splitlines() if not line.strip().startswith("//"))
