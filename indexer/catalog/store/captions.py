"""Captions, committed together with the request that paid for them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from indexer.catalog.store.database import Database
from indexer.catalog.store.requests import completion
from indexer.models import RETRIEVAL, Answer, Caption, GenerationId, ImageId, PromptId, RequestId, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCaption:
    """A caption as it is kept, with who wrote it: `correction` where a person did."""

    kind: str
    captioner: str
    model: str
    prompt_revision: int | None
    sentences: list[str]
    keywords: list[str]
    visible_text: str
    uncertain: bool
    quarantine: str | None
    fields: dict[str, object] | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """Captions that came too late for the live generation; the images of `unanswered` are to be asked about again."""

    generation_id: GenerationId
    captions: int
    unanswered: int


class Captions:
    """Queries of sql/queries/captions.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store_answer(
        self,
        image_id: ImageId,
        answer: Answer,
        *,
        captioner: str,
        model: str,
        max_edge: int | None = None,
        request_id: RequestId | None = None,
        attempts: int = 1,
        renewal: bool = False,
    ) -> bool:
        """Keep an answer's captions and complete its request; tell whether a servable caption is new or changed.

        `renewal` tells whether a reindex asked for them, where no request does.
        """
        row = self._database.fetch_one(
            "captions",
            "store_answer",
            image_id=image_id,
            captioner=captioner,
            model=model,
            max_edge=max_edge,
            request_id=request_id,
            renewal=renewal,
            captions=json.dumps([_values(caption) for caption in answer.captions]),
            **completion("answered" if answer.is_usable else "unusable", answer.usage, attempts),
        )
        return row is not None

    def find_captions(self, image_id: ImageId) -> list[StoredCaption]:
        """Return every caption of an image, the one that serves first within its kind."""
        return [StoredCaption(**row) for row in self._database.fetch("captions", "find_captions", image_id=image_id)]

    def find_repeats(
        self, image_id: ImageId, prompt_ids: Sequence[PromptId], *, captioner: str, model: str
    ) -> list[int | None]:
        """Return the perceptual hashes of all images that got the very reply of this one to these prompts."""
        rows = self._database.fetch(
            "captions", "find_repeats", image_id=image_id, prompt_ids=list(prompt_ids), captioner=captioner, model=model
        )
        return [row["perceptual_hash"] for row in rows]

    def count_late(self, run_id: RunId) -> Late | None:
        """Count the captions of a run that came too late for the generation that is live; None where none did."""
        row = self._database.fetch_one("captions", "count_late", run_id=run_id)
        return Late(**row) if row else None

    def quarantine_repeats(
        self,
        image_id: ImageId,
        prompt_ids: Sequence[PromptId],
        run_id: RunId,
        reason: str,
        *,
        captioner: str,
        model: str,
    ) -> dict[ImageId, bool]:
        """Quarantine this image's reply to these prompts wherever it was given; each is a failure of its image.

        Return the images that served until now, and whether they were captioned in this run.
        """
        rows = self._database.fetch(
            "captions",
            "quarantine_repeats",
            image_id=image_id,
            prompt_ids=list(prompt_ids),
            run_id=run_id,
            reason=reason,
            captioner=captioner,
            model=model,
        )
        return {row["image_id"]: row["in_this_run"] for row in rows}


def _values(caption: Caption) -> dict[str, object]:
    """Return a caption's columns, with a digest of the whole reply where a prompt asked for retrieval captions."""
    digest = None
    if caption.kind == RETRIEVAL and caption.prompt_id is not None:
        whole = json.dumps([caption.sentences, caption.keywords, caption.visible_text])
        digest = "\\x" + hashlib.sha256(whole.encode()).hexdigest()
    return {**asdict(caption), "digest": digest}
