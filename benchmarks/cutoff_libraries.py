"""Libraries of captions with questions about them: a fifth of the images is asked for and not in the index."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from indexer.catalog.lexical import split_words

_ABSENT = 5  # every fifth image is left out
_ASKED = 150
_LITTLE_WORDS = """
the and with that this from into onto over under near while their his her its are was has have for out off who being
some two one there behind front next between through around other against
"""


@dataclass(frozen=True, kw_only=True)
class Library:
    """Documents and questions by the name of their image."""

    name: str
    documents: Mapping[str, Sequence[str]]
    sentences: Mapping[str, str]

    @cached_property
    def indexed(self) -> frozenset[str]:
        """The images that are in the index."""
        return frozenset(name for number, name in enumerate(self.documents) if number % _ABSENT)

    def questions(self) -> dict[str, list[tuple[str, str]]]:
        """Return the names of images and what is asked about them: sentences, and some words of them."""
        drawn = np.random.default_rng(1)
        asked = list(self.sentences.items())[:_ASKED]
        return {
            "sentences": asked,
            "2-3 words": [(name, pick_words(text, 2 + n % 2, drawn)) for n, (name, text) in enumerate(asked)],
            "1 word": [(name, pick_words(text, 1, drawn)) for name, text in asked],
        }


def pick_words(sentence: str, count: int, drawn: np.random.Generator) -> str:
    """Return some of a sentence's telling words, in its order."""
    words = [
        word for word in dict.fromkeys(split_words(sentence)) if len(word) > 2 and word not in _LITTLE_WORDS.split()
    ]
    return " ".join(words[i] for i in sorted(drawn.permutation(len(words))[:count])) or sentence


def load_libraries(captions_val: Path, photos: Path) -> list[Library]:
    """Return two model captions asked for in a person's words, four people's captions in a fifth's, photos likewise."""
    val, shown = _read(captions_val), _read(photos)
    asked = {line["image"]: line["captions"][number % 5] for number, line in enumerate(val)}
    return [
        Library(
            name="photos",
            documents={line["image"]: line["captions"][:4] for line in shown},
            sentences={line["image"]: line["captions"][4] for line in shown},
        ),
        Library(
            name="two model captions",
            documents={line["image"]: list(line["vlm_captions"].values()) for line in val},
            sentences=asked,
        ),
        Library(
            name="four human captions",
            documents={
                line["image"]: [c for n, c in enumerate(line["captions"]) if n != number % 5]
                for number, line in enumerate(val)
            },
            sentences=asked,
        ),
    ]


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
