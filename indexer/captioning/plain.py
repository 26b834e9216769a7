"""Captions out of the plain sentences of a model that takes no prompt, checked as every reply is."""

from collections.abc import Sequence

import regex

from indexer.captioning.kinds import read_kind
from indexer.captioning.prompts import no_prompt
from indexer.models import RETRIEVAL, Caption, Prompt

# Kinds that a model without a format can answer in plain words.
KINDS = (RETRIEVAL, "alt_text")
_BULLET = regex.compile(r"^\s*(?:[-*•]+|\d{1,2}[.)])\s+")
_SENTENCE_END = regex.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


def read_sentences(
    sentences: Sequence[str], prompt: Prompt | None = None, *, languages: Sequence[str] = ("en",)
) -> Caption:
    """Return the caption for a prompt of kind retrieval or alt_text (its first sentence), quarantined where unfit.

    Without a prompt it is a retrieval caption of no prompt revision.
    """
    parsed = {"captions": list(sentences), "alt_text": next(iter(sentences), "")}
    return read_kind(parsed, prompt or no_prompt(RETRIEVAL), languages=languages)


def split_sentences(text: str, *, cut_off: bool = False) -> list[str]:
    """Return the sentences of a plain reply: its lines without bullets and headings, or those of its one paragraph.

    Of a reply that was cut off, the last is left out.
    """
    lines = [_BULLET.sub("", line).strip() for line in text.splitlines()]
    said = [line for line in lines if line and not line.endswith((":", "："))]
    sentences = said if len(said) != 1 else [part for part in _SENTENCE_END.split(said[0]) if part]
    return sentences[:-1] if cut_off else sentences
