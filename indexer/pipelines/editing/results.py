"""`OUTPUT/edits.jsonl`: each finished request as it was written, with the images that came of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Any, Self

import fasteners

from indexer.errors import SettingsError
from indexer.pipelines.exporting import write_jsonl, write_whole

NAME = "edits.jsonl"


class Results:
    """The file of one OUTPUT: it grows while a run lasts, and is put in the order of the requests at its end.

    An edit is known by the folder of its images. Lines of other edits, and what is no line at all, stay as they are.
    """

    def __init__(self, output: Path) -> None:
        self.path = output / NAME
        self._lock = fasteners.InterProcessLock(output / f".{NAME}.lock")
        self._there = {hash(line) for line in _lines(self.path)}  # a whole file of them takes too much memory
        self._mine: IO[bytes] = TemporaryFile(dir=output)  # noqa: SIM115 - it is closed with this
        self._starts: dict[int, int] = {}
        self._folders: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._mine.close()

    def add(self, number: int, written: Mapping[str, Any], images: Sequence[Path]) -> None:
        """Add the request of a number, from 0, at once: a run that is killed leaves what is finished.

        Raises SettingsError where it cannot be written.
        """
        try:
            start = self._mine.seek(0, 2)
            write_jsonl([{**written, "output_image": [str(image) for image in images]}], self._mine)
            self._starts[number] = start
            self._folders.add(images[0].parent.name)
            line = self._read(start)
            if hash(line) not in self._there:
                with self._lock:
                    self._append(line)
        except OSError as exc:
            raise SettingsError(f"The list of edits cannot be written to {self.path}: {exc.strerror or exc}.") from exc

    def put_in_order(self) -> None:
        """Write the requests of this run in their order, behind those of others; raises SettingsError."""
        if self._starts:
            with self._lock:
                write_whole(self.path, self._write, "The list of edits")

    def _append(self, line: bytes) -> None:
        with self.path.open("a+b") as file:
            # Another hand may have left half a line.
            if file.seek(0, 2):
                file.seek(-1, 2)
                file.write(b"" if file.read(1) == b"\n" else b"\n")
            file.write(line)

    def _write(self, out: IO[bytes]) -> None:
        for line in _lines(self.path):
            if _folder_of(line) not in self._folders:
                out.write(line)
        for number in sorted(self._starts):
            out.write(self._read(self._starts[number]))

    def _read(self, start: int) -> bytes:
        self._mine.seek(start)
        return self._mine.readline()


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file as they are, each with its end."""
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                yield line if line.endswith(b"\n") else line + b"\n"


def _folder_of(line: bytes) -> str | None:
    """Return the name of the folder that a line's images lie in, wherever OUTPUT was; None for no line of an edit."""
    try:
        item = json.loads(line)
        return Path(item["output_image"][0]).parent.name
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
