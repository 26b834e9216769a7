"""Captions, committed together with the request that paid for them."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from indexer.catalog.store.database import Database
from indexer.models import Answer, Caption, ImageId, RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCaption:
    """A caption as it is kept, with who wrote it."""

    kind: str
    captioner: str
    model: str
    prompt_revision: int | None
    sentences: list[str]
    keywords: list[str]
    visible_text: str
    uncertain: bool
    quarantine: str | None
    created_at: datetime


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
    ) -> bool:
        """Keep an answer's captions and complete its request; tell whether a servable caption is new or changed."""
        row = self._database.fetch_one(
            "captions",
            "store_answer",
            image_id=image_id,
            captioner=captioner,
            model=model,
            max_edge=max_edge,
            request_id=request_id,
            captions=json.dumps([asdict(caption) for caption in answer.captions]),
            outcome="answered" if any(is_usable(caption) for caption in answer.captions) else "unusable",
            attempts=attempts,
            input_tokens=answer.usage.input_tokens,
            output_tokens=answer.usage.output_tokens,
            cost_usd=answer.usage.cost_usd,
        )
        return row is not None

    def find_captions(self, image_id: ImageId) -> list[StoredCaption]:
        """Return every caption of an image, the one that serves first within its kind."""
        return [StoredCaption(**row) for row in self._database.fetch("captions", "find_captions", image_id=image_id)]


def is_usable(caption: Caption) -> bool:
    """Tell whether a caption may serve."""
    return caption.quarantine is None
