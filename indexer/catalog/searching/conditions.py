"""Turn filters into the SQL that decides which entries may be shown, out of sql/fragments/filters.sql."""

import json
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import sql

from indexer.catalog.lexical import says_something, split_for_phrase
from indexer.catalog.queries import load_queries
from indexer.catalog.searching.dates import Period
from indexer.catalog.searching.filters import RANGED, Filter
from indexer.catalog.store.hits import Conditions
from indexer.models import ImageId

_OPERATORS = {sign: sql.SQL(sign) for sign in (">=", ">", "<=", "<")}
_AND = sql.SQL("\n  AND ")


def make_conditions(
    filters: Sequence[Filter],
    phrases: Sequence[str] = (),
    excluded: Sequence[str] = (),
    left_out: Sequence[ImageId] = (),
) -> Conditions | None:
    """Return the conditions of filters, phrases that must be there, words and images that must not; None for none."""
    fragments = load_queries("filters", "fragments")
    parts: list[sql.Composable] = []
    walking: list[sql.Composable] = []
    values: dict[str, object] = {}
    for name, given, is_negated in _fragments(filters, phrases, excluded, left_out):
        fields: dict[str, Any] = {}
        for key, value in given.items():
            if isinstance(value, sql.Composable):
                fields[key] = value
            else:
                parameter = f"filter_{len(values)}"
                fields[key], values[parameter] = sql.Placeholder(parameter), value
        for text, conditions in ((name, parts), (f"{name}_walking", walking)):
            condition = sql.SQL(fragments.get(text) or fragments[name]).format(**fields)
            conditions.append(sql.SQL("NOT ({})").format(condition) if is_negated else condition)
    if not parts:
        return None
    return Conditions(clause=_AND.join(parts), walking=_AND.join(walking), values=values)


def _fragments(
    filters: Sequence[Filter], phrases: Sequence[str], excluded: Sequence[str], left_out: Sequence[ImageId]
) -> Iterator[tuple[str, dict[str, object], bool]]:
    """Give each condition as a fragment's name, its fields, and whether it is turned around."""
    for name, texts in (("words", phrases), ("without", excluded)):
        for text in filter(says_something, map(split_for_phrase, texts)):
            yield name, {"value": text}, False
    if left_out:
        yield "image", {"values": list(left_out)}, True
    for given in filters:
        negated = given.operator == "not_in"
        if given.is_moderation:
            yield "moderation", {"field": given.field, "values": json.dumps(given.values)}, negated
        elif given.field == "has_text":
            yield given.field, {"value": given.values[0]}, False
        elif given.field == "folder":
            # Written as people type it, or as macOS keeps names: letter and accent apart.
            forms = [unicodedata.normalize(form, str(value)) for value in given.values for form in ("NFC", "NFD")]
            yield given.field, {"values": list(dict.fromkeys(forms))}, negated
        elif given.field in RANGED:
            yield from ((given.field, bound, False) for bound in _bounds(given))
        else:
            yield given.field, {"values": list(given.values)}, negated


def _bounds(given: Filter) -> Iterator[dict[str, object]]:
    """Give the comparisons of a range; a period means all of it: `lte 2024-05` takes in the 31st."""
    value = given.values[0]
    first, after = (value.start, value.end) if isinstance(value, Period) else (value, value)
    is_period = isinstance(value, Period)
    comparisons: dict[str, list[tuple[str, object]]] = {
        "eq": [(">=", first), ("<" if is_period else "<=", after)],
        "gte": [(">=", first)],
        "gt": [(">=" if is_period else ">", after)],
        "lte": [("<" if is_period else "<=", after)],
        "lt": [("<", first)],
    }
    for operator, bound in comparisons[given.operator]:
        yield {"operator": _OPERATORS[operator], "value": bound}
