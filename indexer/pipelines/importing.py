"""After an import: the lines of the captions file that brought nothing are failures with their numbers."""

from collections.abc import Iterator
from pathlib import Path

from indexer.captioning.imported import ImportCaptioner
from indexer.catalog.store import Store
from indexer.catalog.store.failures import NewFailure
from indexer.models import RunId
from indexer.pipelines.outcomes import Outcome


def settle_lines(store: Store, captioner: ImportCaptioner, run_id: RunId) -> Iterator[Outcome]:
    """Record every broken and every unused line, and yield it as a failed outcome."""
    path = captioner.path.resolve()
    said_before = store.failures.find_locations_of("import")
    store.failures.forget_failures([location for location in said_before if _is_over(location, path)])
    for line in [*captioner.bad_lines, *captioner.unused_lines()]:
        location = f"{path}:{line.number}"
        failure = NewFailure(location=location, stage="import", reason=line.reason, retryable=True)
        store.failures.record_failure(run_id, failure)
        yield Outcome(location=location, status="failed", reason=line.reason)


def _is_over(location: str, path: Path) -> bool:
    """Tell whether a line's failure is of this file, which has just been read, or of one that is no more."""
    file = Path(location.rpartition(":")[0])
    return file == path or not file.exists()
