"""HTML as a tree: whatever text goes in is escaped when it is written, but for that of a `style` element."""

from collections.abc import Sequence
from typing import TypeAlias
from xml.etree.ElementTree import Element, tostring

Content: TypeAlias = "Element | str"


def element(name: str, /, *content: Content, **attributes: str) -> Element:
    """Return an element; `class_` stands for `class`, and an underscore within a name for a hyphen."""
    made = Element(name, {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()})
    for part in content:
        if isinstance(part, Element):
            made.append(part)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + part
        else:
            made.text = (made.text or "") + part
    return made


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Element:
    """Return a table whose first column names its rows."""
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = (
        element("tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])) for row in rows
    )
    return element("table", element("thead", head), element("tbody", *body))


def write_html(root: Element) -> str:
    """Return the text of a whole page."""
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html") + "\n"
