"""Captions by a model on this machine: BLIP, or any other image-to-text model of transformers that takes no prompt."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.captioning.captioner import FreeCaptioner
from indexer.captioning.plain import read_sentences
from indexer.errors import ModelUnusableError
from indexer.imaging.picture import rgb_pixels
from indexer.model_loading import first_line, loading_quietly
from indexer.models import MODEL_RANK, Answer, Prompt, Subject

# One careful sentence and some livelier ones, by nucleus sampling as in BLIP's own CapFilt (arXiv 2201.12086, 4.3):
# several unlike captions find far more than one.
_CAREFUL = {"do_sample": False, "num_beams": 3}
_LIVELY = {"do_sample": True, "num_beams": 1, "top_p": 0.9, "num_return_sequences": 4}
_LONGEST = {"max_new_tokens": 40}
_SEED = 1  # the same picture is always given the same captions


class BlipCaptioner(FreeCaptioner):
    """One model, loaded when the first picture comes."""

    name = "blip"
    rank = MODEL_RANK

    def __init__(self, model: str, *, max_edge: int, languages: Sequence[str] = ("en",)) -> None:
        """Remember a model by its name on the Hugging Face hub, or its folder."""
        self.model = model
        self.max_edge = max_edge
        self._languages = languages
        self._generating = threading.Lock()

    def caption(
        self,
        subject: Subject,
        prompts: Sequence[Prompt],  # noqa: ARG002 - it cannot be told anything
        *,
        complaint: str | None = None,  # noqa: ARG002
    ) -> Answer:
        """Return one retrieval caption of several sentences; see `Captioner`."""
        if subject.picture is None:
            raise ModelUnusableError("A model cannot caption an image that was not decoded.")
        pixels = rgb_pixels(subject.picture.jpeg)
        with self._generating:  # it uses every core by itself, and one seed
            try:
                sentences = self._network.describe(pixels)
            except (TypeError, ValueError) as exc:
                said = f"The model {self.model} does not caption a picture by itself ({first_line(exc)})."
                raise ModelUnusableError(said) from exc
        return Answer(captions=(read_sentences(sentences, languages=self._languages),))

    def check(self) -> str:
        """Load the model and say where it runs."""
        return f"{self.model} on {self._network.model.device}"

    @cached_property
    def _network(self) -> "_Network":
        try:
            return _load(self.model)
        except (ImportError, OSError, RuntimeError, ValueError) as exc:
            raise ModelUnusableError(
                f"The model {self.model} cannot be loaded ({first_line(exc)}). --model takes a folder that holds an "
                "image-to-text model, or its name on the Hugging Face hub, from where it is downloaded once."
            ) from exc


def is_here(model: str) -> bool:
    """Tell whether a model need not be downloaded: it is a folder, or was downloaded before."""
    # Imported here: it takes a tenth of a second.
    from huggingface_hub import try_to_load_from_cache

    return Path(model).is_dir() or isinstance(try_to_load_from_cache(model, "config.json"), str)


@dataclass(frozen=True, slots=True)
class _Network:
    """A model between what makes its input of pixels and what makes words of its output."""

    processor: Any
    model: Any
    tokenizer: Any

    def describe(self, pixels: NDArray[np.uint8]) -> list[str]:
        """Return what the model says of a picture, uint8 [height, width, RGB], the most careful sentence first."""
        import torch

        made = self.processor(images=pixels, input_data_format="channels_last", return_tensors="pt")
        given = {name: value.to(self.model.device) for name, value in made.items()}
        given["pixel_values"] = given["pixel_values"].to(self.model.dtype)
        torch.manual_seed(_SEED)
        with torch.inference_mode():
            said = [self.model.generate(**given, **way, **_LONGEST) for way in (_CAREFUL, _LIVELY)]
        return [text for ids in said for text in self.tokenizer.batch_decode(ids, skip_special_tokens=True)]


def _load(name: str) -> _Network:
    with loading_quietly():
        # Imported here: it takes seconds to load, and a dry run needs no model.
        from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

        # The parts, not AutoProcessor: models made of two (ViT-GPT2) have none.
        model: Any = AutoModelForImageTextToText.from_pretrained(name)
        processor = AutoImageProcessor.from_pretrained(name)  # type: ignore[no-untyped-call]
        tokenizer = AutoTokenizer.from_pretrained(name)
        return _Network(processor, model.to(_device()).eval(), tokenizer)


def _device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
