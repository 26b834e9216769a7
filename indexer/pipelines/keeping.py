"""Keep what manifests say before anything is asked, so that an export has every record, whatever becomes of it."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from indexer.catalog.store import Store
from indexer.catalog.store.failures import NewFailure
from indexer.models import FoundRecord, RunId
from indexer.sources.finding import is_manifest
from indexer.sources.manifests import find_records, manifest_name

_CHUNK = 256


def keep_manifests(store: Store, run_id: RunId, sources: Sequence[Path]) -> None:
    """Keep the lines of every manifest among the sources, and record a failure for each that cannot be used."""
    for source in filter(is_manifest, sources):
        _keep(store, run_id, source)


def _keep(store: Store, run_id: RunId, path: Path) -> None:
    manifest = manifest_name(path)
    positions: list[int] = []
    broken: list[FoundRecord] = []
    records = find_records(path)
    while chunk := list(islice(records, _CHUNK)):
        store.records.keep_lines(manifest, chunk)
        positions += [record.position for record in chunk if record.written is not None]
        broken += [record for record in chunk if record.fault is not None]
    store.records.drop_other_lines(manifest, positions)
    for record in broken:
        failure = NewFailure(location=record.location, stage="record", reason=record.fault or "", retryable=True)
        store.failures.record_failure(run_id, failure)
