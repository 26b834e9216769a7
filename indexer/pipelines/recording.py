"""From a record of a manifest to a subject with several pictures, or a question of its own."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from indexer.catalog.store.failures import NewFailure
from indexer.catalog.store.images import KnownLocation
from indexer.catalog.store.records import Asked, KnownRecord
from indexer.errors import BadImageError
from indexer.imaging.reading import ReadImage
from indexer.models import Found, FoundFile, FoundRecord, Subject
from indexer.pipelines.following import Following
from indexer.pipelines.jobs import Job, is_unchanged, read_for, register
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.run import Run


class Recording:
    """The stages before the captioner that records go through, for one run."""

    def __init__(self, run: Run, following: Following) -> None:
        self._run = run
        self._following = following
        captioner, self._kinds = run.captioner, following.wanted.kinds  # kinds stay, whatever prompts they have
        self._asked = Asked(kinds=self._kinds, captioner=captioner.name, model=captioner.model, retry=run.retry_failed)

    def split(self, found: Iterable[Found]) -> tuple[list[FoundFile], list[FoundRecord]]:
        """Part records from files; a record that asks nothing of its one image is that file, no more and no less.

        So is one with a question for captioners that take none.
        """
        items = [self._as_file(item) if isinstance(item, FoundRecord) else item for item in found]
        files = [item for item in items if isinstance(item, FoundFile)]
        return files, [item for item in items if isinstance(item, FoundRecord)]

    def sort_out(self, records: Sequence[FoundRecord]) -> Iterator[FoundRecord | Outcome]:
        """Yield an outcome for each record that needs nothing or cannot be used, and the others; writes nothing."""
        if not records:
            return
        locations = [image.location for record in records for image in record.images]
        images = self._run.store.images.find_known(locations, self._following.wanted)
        known = self._run.store.records.find_known(records, self._asked)
        for record in records:
            before = known.get(record.location)
            if record.fault is not None:
                yield Outcome(location=record.location, status="failed", reason=record.fault)
            elif before is not None and before.key == _known_key(record, images) and self._needs_nothing(before):
                yield self._settle(record, before)
            else:
                yield record

    def prepare(self, record: FoundRecord) -> Job | Outcome:
        """Read and register a record's images, and the record; one without all its images is a failure."""
        read: list[ReadImage] = []
        for image in record.images:
            try:
                read.append(read_for(self._run.captioner, image))
            except BadImageError as exc:
                reason = f"{image.relative_path}: {exc.reason}"
                return self._fail(
                    record, NewFailure(location=record.location, stage="record", reason=reason, retryable=True)
                )
        return self._register(record, read)

    def _as_file(self, record: FoundRecord) -> Found:
        is_plain = len(record.images) == 1 and not (record.text and self._run.captioner.takes_questions)
        return record.images[0] if is_plain and record.fault is None else record

    def _register(self, record: FoundRecord, read: Sequence[ReadImage]) -> Job | Outcome:
        image_ids = [
            register(self._run.store, replace(file, modified_ns=one.modified_ns), one, self._following.wanted).image_id
            for file, one in zip(record.images, read, strict=True)
        ]
        key = record_key([one.facts.sha256 for one in read], record.text)
        known = self._run.store.records.register_record(record, key, image_ids, self._asked)
        if self._needs_nothing(known):
            return self._settle_anew(record, known)
        subject = Subject(
            sha256=read[0].facts.sha256,
            location=record.location,
            relative_path=record.images[0].relative_path,
            facts=read[0].facts,
            picture=read[0].picture,
            more_pictures=tuple(one.picture for one in read[1:]),
            question=record.text or None,
        )
        lacking = tuple(prompt for prompt in self._following.prompts if prompt.kind not in known.answered)
        return Job(image_id=image_ids[0], record_id=known.record_id, found=record, subject=subject, prompts=lacking)

    def _needs_nothing(self, known: KnownRecord) -> bool:
        return not self._run.captioner.takes_questions or set(known.answered) >= set(self._kinds)

    def _settle(self, record: FoundRecord, known: KnownRecord) -> Outcome:
        if not self._run.captioner.takes_questions:
            return Outcome(location=record.location, status="uncaptioned")
        if known.reason is None:
            return Outcome(location=record.location, status="known")
        return Outcome(location=record.location, status="failed", reason=known.reason, quarantined=True)

    def _settle_anew(self, record: FoundRecord, known: KnownRecord) -> Outcome:
        """Settle a record that has come to this line: if it failed elsewhere, that is told here, too."""
        outcome = self._settle(record, known)
        if outcome.status != "failed":
            return outcome
        failure = NewFailure(
            location=record.location,
            stage="caption",
            reason=outcome.reason,
            retryable=False,
            quarantined=True,
            captioner=self._run.captioner.name,
            model=self._run.captioner.model,
            record_id=known.record_id,
        )
        return self._fail(record, failure)

    def _fail(self, record: FoundRecord, failure: NewFailure) -> Outcome:
        self._run.store.failures.record_failure(self._run.id, failure)
        return Outcome(
            location=record.location, status="failed", reason=failure.reason, quarantined=failure.quarantined
        )


def record_key(sha256s: Sequence[bytes], text: str) -> bytes:
    """Return what identifies a record: the SHA-256 over its images' own, in their order, and its text."""
    return hashlib.sha256(b"".join([b"%d\n" % len(sha256s), *sha256s, text.encode()])).digest()


def _known_key(record: FoundRecord, known: Mapping[str, KnownLocation]) -> bytes | None:
    """Return a record's key without reading its images; None where one of them is new or changed."""
    before = [known.get(image.location) for image in record.images]
    same = [
        was.sha256
        for image, was in zip(record.images, before, strict=True)
        if was is not None and is_unchanged(image, was)
    ]
    return record_key(same, record.text) if len(same) == len(before) else None
