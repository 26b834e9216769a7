"""Records of manifests: DataFlow's JSON and JSONL, each a few images with what is asked about them."""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from indexer.conversations import ItemError, find_names, said_by_people
from indexer.json_items import load_items
from indexer.models import FoundFile, FoundRecord
from indexer.sources.folders import find_file

SUFFIXES = frozenset({".json", ".jsonl"})


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
        images = tuple(find_named(manifest.parent, name, record.location) for name in find_names(item, "image"))
        return replace(record, images=images, text=next(iter(said_by_people(item)), ""))
    except ItemError as exc:
        return replace(record, fault=str(exc))
    except RecursionError:
        return replace(record, fault="it nests too deep")


def find_named(folder: Path, name: str, named_at: str) -> FoundFile:
    """Return the file that a line of a file in `folder` names."""
    path = Path(os.path.abspath(folder / name))  # noqa: PTH100 - as above
    root = folder if path.is_relative_to(folder) else path.parent
    return replace(find_file(path, root), named_at=named_at)
