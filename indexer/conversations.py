"""Items of DataFlow's files: the images that they name, and what people say in their conversations."""

import json
import math
from collections.abc import Mapping

import regex

from indexer.models import clean_text

_PLACEHOLDER = regex.compile(r"<image>\n?")  # where LLaVA's way of writing puts an image into the text
_PEOPLE = frozenset({"human", "user"})
_MOST_SHOWN = 100


class ItemError(ValueError):
    """An item cannot be used; its message is a clause without the line."""


def find_names(item: Mapping[str, object], *fields: str) -> list[str]:
    """Return the images that the first of these fields names, one or a list; raises ItemError where it names none."""
    said = next((item[field] for field in fields if item.get(field)), [])
    names = said if isinstance(said, list) else [said]
    if not names:
        raise ItemError("it names no image")
    return [read_name(name, fields[0]) for name in names]


def read_name(name: object, field: str) -> str:
    """Return a name that is text on one line; raises ItemError."""
    if not isinstance(name, str) or not name.strip() or clean_text(name) != name.strip():
        raise ItemError(f"{field}: {json.dumps(name)[:_MOST_SHOWN]} is no path")
    return name


def find_turns(item: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Return the turns of an item's conversation as they are written; raises ItemError where they are no list."""
    turns = item.get("conversation") or item.get("conversations") or []
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise ItemError("its conversation is no list of turns")
    return turns


def said_by_people(item: Mapping[str, object]) -> list[str]:
    """Return what people's turns say, those that have words; raises ItemError."""
    said = (_text_of(turn.get("value") or turn.get("content")) for turn in find_turns(item) if _is_by_person(turn))
    texts = (clean_text(_PLACEHOLDER.sub("", text)) for text in said)
    return [text for text in texts if text]


def clean_value(said: object) -> object:
    """Return a value of JSON as Postgres can keep it: texts are cleaned, and what is no number is nothing."""
    if isinstance(said, str):
        return clean_text(said)
    if isinstance(said, list):
        return [clean_value(each) for each in said]
    if isinstance(said, dict):
        return {clean_text(name): clean_value(each) for name, each in said.items()}
    return None if isinstance(said, float) and not math.isfinite(said) else said


def _text_of(said: object) -> str:
    """Return a turn's words, also where they are a list of parts, as chat completions have them."""
    if isinstance(said, list):
        return "".join(str(part.get("text") or "") for part in said if isinstance(part, dict))
    return said if isinstance(said, str) else ""


def _is_by_person(turn: Mapping[str, object]) -> bool:
    who = turn.get("from") or turn.get("role")
    return isinstance(who, str) and who.lower() in _PEOPLE
