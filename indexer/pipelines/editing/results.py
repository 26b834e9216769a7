"""`OUTPUT/edits.jsonl`: each finished request as it was written, with the images that came of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.errors import JsonFileError
from indexer.json_items import load_items
from indexer.pipelines.exporting import write_jsonl, write_whole

NAME = "edits.jsonl"


class Results:
    """The file of one OUTPUT: it grows while a run lasts, and is put in the order of the requests at its end."""

    def __init__(self, output: Path) -> None:
        self.path = output / NAME
        self._before = {_identity(line): line for line in _load(self.path)}
        self._lines: dict[int, dict[str, Any]] = {}
        # A run that was killed may have left half a line.
        self._separator = b"" if _ends_whole(self.path) else b"\n"

    def add(self, number: int, written: Mapping[str, Any], images: Sequence[Path]) -> None:
        """Add the request of a number, from 0, at once: a run that is killed leaves what is finished."""
        line = {**written, "output_image": [str(image) for image in images]}
        self._lines[number] = line
        if self._before.get(_identity(line)) != line:
            with self.path.open("ab") as file:
                file.write(self._separator)
                write_jsonl([line], file)
            self._separator = b""

    def put_in_order(self) -> None:
        """Write the requests of this run in their order, behind those of others; raises SettingsError."""
        if not self._lines:
            return
        ours = [self._lines[number] for number in sorted(self._lines)]
        named = {_identity(line) for line in ours}
        others = [line for line in _load(self.path) if _identity(line) not in named]
        write_whole(self.path, lambda out: write_jsonl([*others, *ours], out), "The list of edits")


def _load(path: Path) -> Iterable[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        return [item for _, item in load_items(path) if isinstance(item, dict)]
    except JsonFileError:
        return []


def _ends_whole(path: Path) -> bool:
    return not path.exists() or path.read_bytes()[-1:] in (b"", b"\n")


def _identity(line: Mapping[str, Any]) -> str:
    return json.dumps({key: value for key, value in line.items() if key != "output_image"}, sort_keys=True)
