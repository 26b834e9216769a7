"""After an import: the lines of the captions file that brought nothing are failures with their numbers."""

from collections.abc import Iterator

from indexer.captioning.imported import ImportCaptioner
from indexer.catalog.store import Store
from indexer.models import RunId
from indexer.pipelines.outcomes import Outcome


def settle_lines(store: Store, captioner: ImportCaptioner, run_id: RunId) -> Iterator[Outcome]:
    """Record every broken and every unused line, and yield it as a failed outcome."""
    path = captioner.path.resolve()
    store.failures.clear_import_failures(f"{path}:")
    for line in [*captioner.bad_lines, *captioner.unused_lines()]:
        uri = f"{path}:{line.number}"
        store.failures.record_failure(run_id, uri, stage="import", reason=line.reason, retryable=True)
        yield Outcome(uri=uri, status="failed", reason=line.reason)
