"""The contract's JSON for the captions of an image: one shape for the terminal and for HTTP."""

from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.catalog.store.captions import StoredCaption
from indexer.models import ImageId


class CaptionAnswer(TypedDict):
    """A caption of one kind; the first of a kind is the one that serves, a person's (`correction`) before all others.

    `fields` is what kinds such as moderation say in place of sentences; `quarantine` why a caption may not serve.
    """

    kind: str
    captioner: str
    model: str
    prompt_revision: int | None
    sentences: list[str]
    keywords: list[str]
    visible_text: str
    uncertain: bool
    fields: Mapping[str, object] | None
    quarantine: str | None
    created_at: str


class CorrectionAnswer(TypedDict):
    """What a person wrote; no sentences where it was taken back.

    `indexed` tells whether searches see it: not yet, where another process is writing the index; never, of a kind that
    is not searched.
    """

    image_id: ImageId
    kind: str
    sentences: list[str]
    indexed: bool


def present_captions(captions: Sequence[StoredCaption]) -> list[CaptionAnswer]:
    """Return captions as the contract spells them."""
    return [
        {
            "kind": caption.kind,
            "captioner": caption.captioner,
            "model": caption.model,
            "prompt_revision": caption.prompt_revision,
            "sentences": caption.sentences,
            "keywords": caption.keywords,
            "visible_text": caption.visible_text,
            "uncertain": caption.uncertain,
            "fields": caption.fields,
            "quarantine": caption.quarantine,
            "created_at": caption.created_at.isoformat(),
        }
        for caption in captions
    ]
