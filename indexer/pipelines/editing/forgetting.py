"""Failures of requests whose lines are no more: nothing would ever mend them."""

from collections.abc import Mapping
from pathlib import Path

from indexer.catalog.store import Store
from indexer.errors import JsonFileError
from indexer.json_items import load_items


def forget_gone_lines(store: Store) -> None:
    """Forget what failed in lines that their file has no longer, and in files that are no more."""
    failed = [location for stage in ("edit", "request") for location in store.failures.find_locations_of(stage)]
    lines = {location: _split(location) for location in failed}
    numbers = {file: _numbers(file) for file, _ in filter(None, lines.values())}
    store.failures.forget_failures([location for location, line in lines.items() if _is_gone(line, numbers)])


def _split(location: str) -> tuple[Path, int] | None:
    """Return the file and the line of a location; None of a request that stands in no file."""
    file, _, number = location.rpartition(":")
    return (Path(file), int(number)) if Path(file).is_absolute() and number.isdecimal() else None


def _numbers(file: Path) -> frozenset[int] | None:
    """Return the numbers of a file's lines; None where they cannot be known."""
    if not file.exists():
        return frozenset()
    try:
        return frozenset(number for number, _ in load_items(file))
    except JsonFileError:
        return None


def _is_gone(line: tuple[Path, int] | None, numbers: Mapping[Path, frozenset[int] | None]) -> bool:
    if line is None:
        return False
    left = numbers[line[0]]
    return left is not None and line[1] not in left
