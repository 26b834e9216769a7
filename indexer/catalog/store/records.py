"""Records of manifests: the lines they are written at, their images, and what was answered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from indexer.catalog.store.database import Database
from indexer.catalog.store.requests import completion
from indexer.models import Answer, FoundRecord, ImageId, RecordId, RequestId, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """For which kinds which model is asked; with `retry`, a quarantined caption counts as none."""

    kinds: Sequence[str]
    captioner: str
    model: str
    retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRecord:
    """The record of a line; `answered` are kinds that need not be asked for, `reason` why one of them may not serve."""

    manifest: str
    position: int
    record_id: RecordId
    key: bytes
    answered: list[str]
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLine:
    """A line of a manifest as it was written, and what was answered; both None where nothing was."""

    manifest: str
    position: int
    written: str
    sentences: list[str] | None
    fields: Mapping[str, Any] | None


class Records:
    """Queries of sql/queries/records.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep_lines(self, manifest: str, records: Sequence[FoundRecord]) -> None:
        """Keep records of one manifest as they are written, whether or not they can be used."""
        kept = [record for record in records if record.written is not None]
        self._database.execute(
            "records",
            "keep_lines",
            manifest=manifest,
            positions=[record.position for record in kept],
            written=[record.written for record in kept],
            image_locations=[record.images[0].location if len(record.images) == 1 else None for record in kept],
        )

    def drop_other_lines(self, manifest: str, positions: Sequence[int]) -> None:
        """Forget all lines but these, and the failures that the coming run will tell anew."""
        self._database.execute("records", "drop_other_lines", manifest=manifest, positions=list(positions))

    def find_known(self, records: Sequence[FoundRecord], asked: Asked) -> dict[str, KnownRecord]:
        """Return the records that are known, by location."""
        rows = self._database.fetch(
            "records",
            "find_known",
            manifests=[record.manifest for record in records],
            positions=[record.position for record in records],
            **asdict(asked),
        )
        return {f"{row['manifest']}:{row['position']}": KnownRecord(**row) for row in rows}

    def register_record(
        self, record: FoundRecord, key: bytes, image_ids: Sequence[ImageId], asked: Asked
    ) -> KnownRecord:
        """Add a record, its images being registered, and place it at its line."""
        rows = self._database.fetch(
            "records",
            "register_record",
            key=key,
            text=record.text,
            image_ids=list(image_ids),
            manifest=record.manifest,
            position=record.position,
            **asdict(asked),
        )
        return KnownRecord(**rows[0])

    def claim_record(self, run_id: RunId, record_id: RecordId, asked: Asked) -> RequestId | None:
        """Open a request before it is sent; None as in `Requests.claim_request`."""
        row = self._database.fetch_one("records", "claim_record", run_id=run_id, record_id=record_id, **asdict(asked))
        return row["request_id"] if row else None

    def store_answer(
        self,
        record_id: RecordId,
        answer: Answer,
        *,
        captioner: str,
        model: str,
        rank: int,
        max_edge: int | None = None,
        request_id: RequestId | None = None,
        attempts: int = 1,
    ) -> None:
        """Keep an answer's captions and complete its request; a single image gets the retrieval caption, too."""
        self._database.execute(
            "records",
            "store_answer",
            record_id=record_id,
            captioner=captioner,
            model=model,
            rank=rank,
            max_edge=max_edge,
            request_id=request_id,
            captions=json.dumps([asdict(caption) for caption in answer.captions]),
            **completion("answered" if answer.is_usable else "unusable", answer.usage, attempts),
        )

    def find_lines(
        self, kind: str, *, manifest: str | None = None, after: tuple[str, int] = ("", 0), limit: int = 1000
    ) -> list[AnsweredLine]:
        """Return the next lines of one manifest, or of all, with what was answered for a kind."""
        rows = self._database.fetch(
            "records",
            "find_lines",
            kind=kind,
            manifest=manifest,
            after_manifest=after[0],
            after_position=after[1],
            limit=limit,
        )
        return [AnsweredLine(**row) for row in rows]

    def count_bare_images(self, manifests: Sequence[str]) -> int:
        """Count the images of records with several that have no caption of their own."""
        row = self._database.fetch_one("records", "count_bare_images", manifests=list(manifests))
        return row["images"] if row else 0
