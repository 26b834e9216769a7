"""Look at found files and records without decoding or registering them: what they are, and how large."""

from dataclasses import dataclass

from indexer.errors import BadImageError
from indexer.imaging.reading import inspect_image
from indexer.models import Found, FoundFile, FoundRecord
from indexer.pipelines.jobs import Job, is_storable
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.recording import record_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """A file with its content's SHA-256 and its width and height in pixels as seen."""

    file: FoundFile
    sha256: bytes
    size: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectedRecord:
    """A record with what identifies it, and its images' sizes in pixels."""

    key: bytes
    text: str
    sizes: tuple[tuple[int, int], ...]


def inspect(item: Found | Job) -> Inspected | InspectedRecord | Job | Outcome:
    """Return what an item is; one that cannot be used is a failed outcome."""
    match item:
        case Job():
            return item
        case FoundRecord():
            return _inspect_record(item)
        case FoundFile():
            return _inspect_file(item)


def _inspect_record(record: FoundRecord) -> InspectedRecord | Outcome:
    try:
        inspected = [inspect_image(file.path) for file in record.images]
    except BadImageError as exc:
        return Outcome(location=record.location, status="failed", reason=exc.reason)
    key = record_key([sha256 for sha256, _ in inspected], record.text)
    return InspectedRecord(key=key, text=record.text, sizes=tuple(size for _, size in inspected))


def _inspect_file(item: FoundFile) -> Inspected | Outcome:
    if not is_storable(item.location):
        return Outcome(location=item.location, status="failed", reason="its name is not valid UTF-8")
    try:
        sha256, size = inspect_image(item.path)
    except BadImageError as exc:
        return Outcome(location=item.location, status="failed", reason=exc.reason)
    return Inspected(file=item, sha256=sha256, size=size)
