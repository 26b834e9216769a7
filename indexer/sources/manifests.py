"""Records of manifests: DataFlow's JSON and JSONL, each a few images with what is asked about them."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import regex

from indexer.json_items import load_items
from indexer.models import FoundFile, FoundRecord, clean_text
from indexer.sources.folders import find_file

SUFFIXES = frozenset({".json", ".jsonl"})
_PLACEHOLDER = regex.compile(r"<image>\n?")  # where LLaVA's way of writing puts an image into the text
_MOST_SHOWN = 100
_ASKS = frozenset({"human", "user"})


class _RecordError(ValueError):
    """A record cannot be used; its message is a clause without the line."""


def find_records(path: Path) -> Iterator[FoundRecord]:
    """Yield every record of a manifest, also those that cannot be used, with their fault.

    Raises JsonFileError when the file cannot be read at all.
    """
    manifest = Path(manifest_name(path))
    for number, item in load_items(manifest):
        yield _read(manifest, number, item)


def manifest_name(path: Path) -> str:
    """Return the name that a manifest is kept under: its absolute path, links and all."""
    return os.path.abspath(path)  # noqa: PTH100 - a link stays the place where it was found


def _read(manifest: Path, number: int, item: object) -> FoundRecord:
    record = FoundRecord(manifest=str(manifest), position=number, written=None)
    if not isinstance(item, dict):
        return replace(record, fault="it is no JSON object")
    try:
        record = replace(record, written=json.dumps(item))
        images = tuple(_find_image(manifest.parent, name, record.location) for name in _image_names(item))
        return replace(record, images=images, text=_question(item))
    except _RecordError as exc:
        return replace(record, fault=str(exc))
    except RecursionError:
        return replace(record, fault="it nests too deep")


def _image_names(item: Mapping[str, object]) -> list[str]:
    said = item.get("image") or []
    names = said if isinstance(said, list) else [said]
    if not names:
        raise _RecordError("it names no image")
    return [_path_in(name) for name in names]


def _path_in(name: object) -> str:
    if not isinstance(name, str) or not name.strip() or clean_text(name) != name.strip():
        raise _RecordError(f"image: {json.dumps(name)[:_MOST_SHOWN]} is no path")
    return name


def _find_image(folder: Path, name: str, named_at: str) -> FoundFile:
    path = Path(os.path.abspath(folder / name))  # noqa: PTH100 - as above
    root = folder if path.is_relative_to(folder) else path.parent
    return replace(find_file(path, root), named_at=named_at)


def _question(item: Mapping[str, object]) -> str:
    """Return what the first turn of a person that has words says."""
    turns = item.get("conversation") or item.get("conversations") or []
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        raise _RecordError("its conversation is no list of turns")
    said = (turn.get("value") or turn.get("content") for turn in turns if _is_asking(turn))
    texts = (clean_text(_PLACEHOLDER.sub("", text)) for text in said if isinstance(text, str))
    return next((text for text in texts if text), "")


def _is_asking(turn: Mapping[str, object]) -> bool:
    who = turn.get("from") or turn.get("role")
    return isinstance(who, str) and who.lower() in _ASKS
