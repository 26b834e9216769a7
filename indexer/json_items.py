"""Items of a JSON array, or of JSONL, with their numbers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from indexer.errors import JsonFileError

_BOM = b"\xef\xbb\xbf"
_HEAD_BYTES = 4096


def load_items(path: Path) -> Iterator[tuple[int, object]]:
    """Yield items with their numbers from 1: line numbers, or those of an array's items.

    A line that is no JSON comes as it is, as bytes. Raises JsonFileError when the file cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            if _is_array(file):
                yield from enumerate(json.load(file), start=1)
            else:
                yield from _load_lines(path, file)
    except OSError as exc:
        raise JsonFileError(path, f"cannot be read: {exc.strerror or exc}") from exc
    except (ValueError, RecursionError) as exc:
        raise JsonFileError(path, f"is no JSON: {exc}") from exc


def first_fault(error: ValidationError) -> str:
    """Return what is wrong with an item, as a clause without its number."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ").rstrip(".")
    return f"{where}: {said}" if where else said


def _is_array(file: IO[bytes]) -> bool:
    """Tell by the first character that is none of space; the file is read from its start again."""
    head = file.read(_HEAD_BYTES).removeprefix(_BOM).lstrip()
    file.seek(0)
    return head.startswith(b"[")


def _load_lines(path: Path, file: IO[bytes]) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(file, start=1):
        said = (line.removeprefix(_BOM) if number == 1 else line).strip()
        if said:
            yield number, _parse(path, number, said)


def _parse(path: Path, number: int, line: bytes) -> object:
    if number == 1 and line == b"{":
        raise JsonFileError(path, "is one JSON object over many lines; an array is wanted, or an object a line")
    try:
        return json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as exc:
        if number == 1:  # nor is the rest: another encoding, or no text at all
            raise JsonFileError(path, "is not written in UTF-8") from exc
        return line
    except (ValueError, RecursionError):
        return line
