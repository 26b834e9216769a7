"""What may stand in the search box: words, "phrases", -words, and filters such as folder:holiday."""

from dataclasses import dataclass

import regex

from indexer.catalog.searching.filters import Filter, make_filter
from indexer.errors import QueryError

# -, a name and a colon, then a quoted text or what reaches to the next space; “smart quotes” are what phones type.
_PART = regex.compile(r'(?P<minus>-?)(?:(?P<name>\p{L}+):)?(?:["“„](?P<quoted>[^"“”]*)["”“]|(?P<bare>\S+))')
_QUOTES = '"“”„'  # one without its partner, as while a phrase is being typed
_IS = {
    "original": "origin", "edit": "origin", "frame": "origin",
    "landscape": "orientation", "portrait": "orientation", "square": "orientation",
}  # fmt: skip
_FIELDS = {"folder": "folder", "tag": "tags", "format": "format", "after": "taken", "before": "taken"}
_BOUNDS = {"after": "gte", "before": "lt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A search box, read: `text` to rank by, phrases and words that must or must not be there, and filters."""

    text: str
    phrases: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()


def read_box(text: str) -> Wish:
    """Take a search box apart; what is no known operator is words. Raises QueryError for an impossible value."""
    words: list[str] = []
    phrases: list[str] = []
    excluded: list[str] = []
    filters: list[Filter] = []
    for part in _PART.finditer(text):
        minus, name = part["minus"] == "-", (part["name"] or "").casefold()
        value = (part["quoted"] if part["quoted"] is not None else part["bare"]).strip()
        if value and (read := _read_filter(name, value, minus=minus)):
            filters.append(read)
        elif not name and minus and any(c.isalnum() for c in value):
            excluded.append(value)
        elif not name and not minus and part["quoted"] is not None:
            phrases += [value] if value else []
            words.append(value)
        else:
            words.append(part.group().strip(_QUOTES) if part["quoted"] is None else part.group())
    return Wish(
        text=" ".join(filter(None, words)),
        phrases=tuple(phrases),
        excluded=tuple(excluded),
        filters=tuple(_any_of(filters)),
    )


def _read_filter(name: str, value: str, *, minus: bool) -> Filter | None:
    if not name and value.endswith(":") and value[:-1].casefold() in {"is", *_FIELDS}:
        raise QueryError(f"{value} wants what it means right behind it, without a space.")
    if name == "is":
        return _read_is(value, minus=minus)
    if name in _BOUNDS and not minus:
        return make_filter(_FIELDS[name], _BOUNDS[name], value)
    if name in _FIELDS and name not in _BOUNDS:
        return make_filter(_FIELDS[name], "not_in" if minus else "in", value)
    return None


def _read_is(value: str, *, minus: bool) -> Filter:
    field = _IS.get(value.casefold())
    if field is None:
        raise QueryError(f"is: takes one of {', '.join(_IS)}, not {value!r}.")
    return make_filter(field, "not_in" if minus else "in", value)


def _any_of(filters: list[Filter]) -> list[Filter]:
    """Join the values of one field: `tag:sea tag:beach` means any of them, as several values do over HTTP."""
    joined: dict[tuple[str, str], Filter] = {}
    others = []
    for given in filters:
        key = (given.field, given.operator)
        if given.operator not in {"in", "not_in"}:
            others.append(given)
        elif key in joined:
            joined[key] = Filter(field=key[0], operator=given.operator, values=joined[key].values + given.values)
        else:
            joined[key] = given
    return [*joined.values(), *others]
