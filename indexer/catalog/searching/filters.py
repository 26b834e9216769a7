"""Filters: which images may be shown at all, whatever the query says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast, get_args

from indexer.catalog.searching.dates import Period, read_period
from indexer.errors import QueryError
from indexer.models import Origin, clean_text

Operator = Literal["eq", "in", "not_in", "gte", "gt", "lte", "lt"]
Value: TypeAlias = str | int | bool | Period

_CHOICES: dict[str, tuple[str, ...]] = {
    "origin": get_args(Origin),
    "orientation": ("landscape", "portrait", "square"),
}
_TEXTS = ("folder", "format", "tags", "parent")
_NUMBERS = ("width", "height")
_TIMES = ("taken", "added")
_FLAGS = ("has_text",)
FIELDS = (*_CHOICES, *_TEXTS, *_NUMBERS, *_TIMES, *_FLAGS)
RANGED = (*_NUMBERS, *_TIMES)
MOST_FILTERS = 100
_MOST_VALUES = 100
_LONGEST_VALUE = 1000
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One condition on an image: any of `values` (`in`), none of them, or one bound of a range.

    A field that is none of ours is one of the moderation captions'.
    """

    field: str
    operator: Operator
    values: tuple[Value, ...]

    @property
    def is_moderation(self) -> bool:
        """Whether the field is one that a moderation caption fills."""
        return self.field not in FIELDS


def read_filters(given: Mapping[str, object]) -> tuple[Filter, ...]:
    """Read the contract's `{"taken": {"gte": "2024-01-01"}, "origin": {"in": ["original"]}}`; raises QueryError."""
    if len(given) > MOST_FILTERS:
        raise QueryError(f"A search takes {MOST_FILTERS} filters at most.")
    return tuple(
        make_filter(field, operator, value)
        for field, conditions in given.items()
        for operator, value in _conditions(conditions).items()
    )


def make_filter(field: str, operator: str, value: object) -> Filter:
    """Return one condition, its values checked; raises QueryError in the user's words."""
    field = clean_text(field)
    allowed = _operators(field)
    if operator not in allowed:
        raise QueryError(f"{field} does not know {clean_text(operator)}: it takes {', '.join(allowed)}.")
    given = value if isinstance(value, list | tuple) else [value]
    if not 0 < len(given) <= _MOST_VALUES or (len(given) > 1 and operator not in {"in", "not_in"}):
        raise QueryError(f"{field} takes {'1 to 100 values' if operator in {'in', 'not_in'} else 'one value'}.")
    values = tuple(_read_value(field, part) for part in given)
    return Filter(field=field, operator=cast("Operator", operator), values=values)


def _operators(field: str) -> tuple[str, ...]:
    if field in RANGED:
        return ("eq", "gte", "gt", "lte", "lt")
    return ("eq",) if field in _FLAGS else ("eq", "in", "not_in")


def _conditions(given: object) -> Mapping[str, Any]:
    """Take a bare value as `eq` and a bare list as `in`."""
    if isinstance(given, Mapping):
        return given
    return {"in" if isinstance(given, list) else "eq": given}


def _read_value(field: str, value: object) -> Value:
    if field in _TIMES:
        return read_period(str(value))
    if field in _NUMBERS:
        return _read_number(field, value)
    if field in _FLAGS:
        return _read_flag(field, value)
    if field in FIELDS:
        return _read_text(field, value)
    return value if isinstance(value, bool | int) else _flag_or_text(_plain(field, value))


def _read_number(field: str, value: object) -> int:
    try:
        number = int(str(value))
    except ValueError as exc:
        raise QueryError(f"{field} takes a number of pixels, not {value!r}.") from exc
    return max(-_LARGEST, min(number, _LARGEST))


def _read_flag(field: str, value: object) -> bool:
    read = _flag_or_text(str(value))
    if not isinstance(read, bool):
        raise QueryError(f"{field} is true or false, not {value!r}.")
    return read


def _plain(field: str, value: object) -> str:
    """Return a value as text that Postgres takes; raises QueryError for nothing, and for lists inside of lists."""
    if not isinstance(value, str | int | float):
        raise QueryError(f"{field} takes some text, not {clean_text(repr(value))}.")
    if len(text := str(value)) > _LONGEST_VALUE:
        raise QueryError(f"{field} takes at most {_LONGEST_VALUE:,} characters.")
    return clean_text(text)


def _read_text(field: str, value: object) -> str:
    text = " ".join(_plain(field, value).split())
    if field == "folder":
        text = "/".join(part for part in text.lower().split("/") if part)  # as Postgres does: ß stays ß
    elif field == "format":
        text = {"JPG": "JPEG", "HEIC": "HEIF", "TIF": "TIFF"}.get(text.upper(), text.upper())
    else:
        text = text.casefold()
    if not text or (field in _CHOICES and text not in _CHOICES[field]):
        choices = f"one of {', '.join(_CHOICES[field])}" if field in _CHOICES else "some text"
        raise QueryError(f"{field} takes {choices}, not {value!r}.")
    return text


def _flag_or_text(text: str) -> bool | str:
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(text.casefold(), text)
