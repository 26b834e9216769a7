"""The page's files: what the first view needs is asked for at once, not import by import."""

import re
from pathlib import Path

import search_api

_PAGE = Path(search_api.__file__).parent / "page"
_IMPORT = re.compile(r'^import [^;]*?from "/page/([^"]+)";', re.MULTILINE)
_PRELOAD = re.compile(r'<link rel="modulepreload" href="/page/([^"]+)">')


def test_what_the_first_view_imports_is_preloaded() -> None:
    preloaded = _PRELOAD.findall((_PAGE / "index.html").read_text())

    assert set(preloaded) == _imported_from("page.js", set())
    assert len(preloaded) == len(set(preloaded))


def test_all_that_is_linked_and_imported_is_there() -> None:
    linked = re.findall(r'(?:href|src)="/page/([^"]+)"', (_PAGE / "index.html").read_text())
    imported = [name for path in _PAGE.rglob("*.js") for name in _IMPORT.findall(path.read_text())]

    assert [name for name in {*linked, *imported} if not (_PAGE / name).is_file()] == []


def _imported_from(name: str, seen: set[str]) -> set[str]:
    for each in _IMPORT.findall((_PAGE / name).read_text()):
        if each not in seen:
            seen.add(each)
            _imported_from(each, seen)
    return seen
