"""Everything that a run is to look at, whatever kind of source it comes from."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from indexer.errors import JsonFileError, SettingsError
from indexer.models import Found
from indexer.sources.folders import find_files
from indexer.sources.manifests import SUFFIXES, find_records


def find_everything(sources: Sequence[Path]) -> Iterator[Found]:
    """Yield every file that may be an image, and every record of a manifest, source by source.

    Raises SettingsError for a source that does not exist, JsonFileError for a manifest that cannot be read.
    """
    for source in sources:
        yield from find_records(source) if is_manifest(source) else find_files([source])


def is_manifest(source: Path) -> bool:
    """Tell by its name whether a source holds records."""
    return source.suffix.lower() in SUFFIXES and not source.is_dir()


def check_sources(sources: Sequence[Path]) -> None:
    """Raise what `find_everything` would raise at once, before anything is begun."""
    for source in sources:
        if not source.exists():
            raise SettingsError(f"{source} does not exist.")
        if is_manifest(source):
            _check_manifest(source)


def _check_manifest(path: Path) -> None:
    try:
        str(path.absolute()).encode("utf-8")
    except UnicodeEncodeError as exc:
        raise JsonFileError(Path(ascii(str(path))), "its name is not valid UTF-8; rename it") from exc
    next(find_records(path), None)
