"""Write what the catalogue holds into files that other programs read."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from indexer.catalog.store import Store
from indexer.catalog.store.records import AnsweredLine
from indexer.errors import NotFoundError, SettingsError

_PAGE = 1000


@dataclass(slots=True)
class Exported:
    """How many records were written, and how many of them without a caption."""

    records: int = 0
    without_caption: int = 0


def export_dataflow(store: Store, kind: str, *, manifest: str | None, exported: Exported) -> Iterator[dict[str, Any]]:
    """Yield the records of one manifest, or of all, as they came and with `caption` where they have one.

    Counts in `exported`. Raises NotFoundError for a manifest that was not ingested.
    """
    for line in _find_lines(store, kind, manifest):
        record: dict[str, Any] = json.loads(line.written)
        caption = _caption_of(line)
        exported.records += 1
        exported.without_caption += caption is None
        yield record if caption is None else {**record, "caption": caption}
    if manifest is not None and not exported.records:
        raise NotFoundError("ingested manifest", manifest)


def write_jsonl(records: Iterable[dict[str, Any]], out: IO[bytes]) -> None:
    """Write one record a line."""
    for record in records:
        out.write(_encode(record) + b"\n")


def write_file(records: Iterable[dict[str, Any]], path: Path) -> None:
    """Write a JSON array where the name ends in .json, else JSONL; the file is there whole, or as it was before.

    Raises SettingsError when it cannot be written.
    """
    write = _write_array if path.suffix.lower() == ".json" else write_jsonl
    write_whole(path, lambda out: write(records, out), "The export")


def write_whole(path: Path, write: Callable[[IO[bytes]], object], what: str) -> None:
    """Have a file written so that it is there whole, or as it was before.

    Raises SettingsError when it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with unfinished.open("wb") as out:
                write(out)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as exc:
        raise SettingsError(f"{what} cannot be written to {path}: {exc.strerror}.") from exc


def _find_lines(store: Store, kind: str, manifest: str | None) -> Iterator[AnsweredLine]:
    after = ("", 0)
    while page := store.records.find_lines(kind, manifest=manifest, after=after, limit=_PAGE):
        yield from page
        after = (page[-1].manifest, page[-1].position)


def _caption_of(line: AnsweredLine) -> object:
    """Return the sentences as one text, or the fields of kinds that have no sentences."""
    if line.sentences:
        return " ".join(line.sentences)
    return line.fields


def _write_array(records: Iterable[dict[str, Any]], out: IO[bytes]) -> None:
    out.write(b"[")
    for number, record in enumerate(records):
        out.write((b",\n" if number else b"\n") + _encode(record))
    out.write(b"\n]\n")


def _encode(record: dict[str, Any]) -> bytes:
    """Encode characters of every script as they are; half a surrogate pair, which is none, as it was escaped."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace")
