"""Captions out of the plain sentences of a model that takes no prompt, checked as every reply is."""

from collections.abc import Sequence

from indexer.captioning.kinds import read_kind
from indexer.models import RETRIEVAL, Caption, Prompt

_NO_PROMPT = Prompt(kind=RETRIEVAL, text="", schema={}, max_tokens=0, image_detail="auto", sha256=b"")


def read_sentences(
    sentences: Sequence[str], prompt: Prompt | None = None, *, languages: Sequence[str] = ("en",)
) -> Caption:
    """Return the caption for a prompt of kind retrieval or alt_text (its first sentence), quarantined where unfit.

    Without a prompt it is a retrieval caption of no prompt revision.
    """
    parsed = {"captions": list(sentences), "alt_text": next(iter(sentences), "")}
    return read_kind(parsed, prompt or _NO_PROMPT, languages=languages)
