"""Captions that call nothing: visible text, the words inside the file, colours, orientation, and the path."""

import logging
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import regex
from numpy.typing import NDArray

from indexer.captioning.captioner import FreeCaptioner
from indexer.imaging.picture import colours_and_pixels
from indexer.models import OFFLINE_RANK, Answer, Caption, ImageFacts, Prompt, Subject, clean_text

if TYPE_CHECKING:
    from rapidocr import RapidOCR

_LEAST_CONFIDENCE = 0.6
_SQUARE_WITHIN = 0.05
_TALLEST = 4  # times the width
_MOST_TEXT = 20_000
# Words that cameras and programs put in file names: they say nothing about the picture.
_CAMERA_NAME = regex.compile(r"^(img|dsc[fn]?|dcim|pict?|image|photo|screenshot|scan|untitled|export|p|mvi|gopr)\d*$")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]+")


class OfflineCaptioner(FreeCaptioner):
    """Describes what can be read off without a model; each caption says that it is offline."""

    name = model = "offline"
    rank = OFFLINE_RANK
    max_edge = 1280  # small print needs more pixels than a model does

    def __init__(self) -> None:
        self._reading = threading.Lock()

    def caption(
        self,
        subject: Subject,
        prompts: Sequence[Prompt],  # noqa: ARG002 - it asks nothing
        *,
        complaint: str | None = None,  # noqa: ARG002
    ) -> Answer | None:
        """Return one retrieval caption; see `Captioner`."""
        if subject.picture is None or subject.facts is None:
            return None
        colours, pixels = colours_and_pixels(subject.picture.jpeg)
        with self._reading:  # it uses every core by itself
            visible_text = self._read_text(pixels)
        caption = _compose(subject.facts, path_words(subject.relative_path), colours, visible_text)
        return Answer(captions=(caption,))

    def _read_text(self, pixels: NDArray[np.uint8]) -> str:
        found: Any = self._ocr(_widen(pixels))
        pairs = zip(found.txts or (), found.scores or (), strict=True)
        lines = (clean_text(text) for text, score in pairs if score >= _LEAST_CONFIDENCE)
        return "\n".join(line for line in lines if line)[:_MOST_TEXT]

    @cached_property
    def _ocr(self) -> "RapidOCR":
        # Nothing is sent anywhere: onnxruntime reports its use to its maker unless this is set before it is loaded.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        # Imported here: OpenCV and onnxruntime take a second to load.
        from rapidocr import RapidOCR

        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        return RapidOCR(params={"Global.log_level": "error"})


def _compose(facts: ImageFacts, words: Sequence[str], colours: Sequence[str], visible_text: str) -> Caption:
    metadata, shape = facts.metadata, _shape(facts.width, facts.height)
    mostly = f", mostly {' and '.join(colours)}" if colours else ""
    sentences = [
        *(text for text in (metadata.description, metadata.title) if text),
        *([f"Named {' '.join(words)}."] if words else []),
        *([f"With the text: {' '.join(visible_text.split())[:500]}"] if visible_text else []),
        f"Offline caption, made without a model: a {shape} image{mostly}.",
    ]
    return Caption(
        kind="retrieval",
        sentences=tuple(dict.fromkeys(sentences)),
        keywords=tuple(dict.fromkeys([*metadata.keywords, *words, *colours, shape])),
        visible_text=visible_text,
    )


def _widen(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pad a tall strip with white: the reader scales the shorter side up, and took gigabytes for 64 x 1280 pixels."""
    height, width = pixels.shape[:2]
    missing = -(-height // _TALLEST) - width
    if missing <= 0:
        return pixels
    return np.pad(pixels, ((0, 0), (0, missing), (0, 0)), constant_values=255)


def _shape(width: int, height: int) -> str:
    if abs(width - height) <= _SQUARE_WITHIN * max(width, height):
        return "square"
    return "landscape" if width > height else "portrait"


def path_words(relative_path: str) -> list[str]:
    """Return the words of a path that somebody chose: no extension, no numbers, no camera's counters."""
    parts = [*PurePath(relative_path).parts[:-1], PurePath(relative_path).stem]
    words = (word.lower() for part in parts for word in _WORD.findall(part.replace("_", " ")))
    return list(dict.fromkeys(word for word in words if not _CAMERA_NAME.match(word)))
