"""Write a loaded model down as ONNX, once, where its vectors come out the same."""

import json
import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.catalog.embedding.embedder import Embedder, Role
from indexer.catalog.embedding.onnx_model import (
    FACTS,
    INPUTS,
    MODEL,
    OUTPUT,
    QUICK_MODEL,
    TOKENIZER,
    OnnxEmbedder,
)
from indexer.catalog.embedding.quantising import quantise
from indexer.catalog.embedding.torch_model import TorchEmbedder
from indexer.errors import EmbedderError
from indexer.model_loading import first_line

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

_log = logging.getLogger(__name__)
# What a model's own vectors and those of its export must have in common, as the least cosine. At 0.9996 on average, the
# 8 bits of the default model found the same images: docs/search-quality.md.
_SAME, _ALIKE = 0.9999, 0.998
_SAMPLES = (
    *("a dog", "A small brown dog runs across the wet grass.", "MUG", "x", " two  spaces ", "naïve café, ½ price!"),
    *("红色的杯子放在桌子上", "赤いマグカップ", "кошка на окне", "🐕‍🦺", "https://example.org/a?b=c", "-- ''"),
    "people walk under the bridge in the rain while a tram passes behind them, " * 14,
)
# Models bring code of their own, and the exporter runs all of it: whatever is raised means that torch it is.
_TROUBLE = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, ImportError, EmbedderError)
# sentence-transformers takes the first of these that a model has.
_PROMPTS: dict[Role, tuple[str, ...]] = {"query": ("query",), "document": ("document", "passage", "corpus")}


def export(model: "SentenceTransformer", name: str, folder: Path) -> bool:
    """Write a model into a folder that `OnnxEmbedder` reads, all or nothing; False where that cannot be done.

    A refusal is remembered there, so that it is not tried at every start.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            refusal = _write(model, name, made)
            if refusal is not None:
                _log.warning("The embedder %s runs on torch, more slowly: %s.", name, refusal)
                (made / FACTS).write_text(json.dumps({"refused": refusal}), encoding="utf-8")
            made.replace(folder)
    except OSError as exc:
        if (folder / FACTS).exists():  # another process was quicker
            return not is_refused(folder)
        _log.warning("The embedder %s runs on torch, more slowly: %s cannot be written (%s).", name, folder, exc)
        return False
    return refusal is None


def is_refused(folder: Path) -> bool:
    """Tell whether a model was found not to come out the same."""
    return "refused" in json.loads((folder / FACTS).read_text(encoding="utf-8"))


def _write(model: "SentenceTransformer", name: str, folder: Path) -> str | None:
    """Return why a model cannot be exported."""
    try:
        _write_facts(model, folder)
        _write_graphs(model, folder)
        return _compare(model, name, folder)
    except _TROUBLE as exc:
        return f"it cannot be exported ({first_line(exc)})"


def _write_facts(model: "SentenceTransformer", folder: Path) -> None:
    prefixes = {
        role: next((model.prompts[name] for name in names if name in model.prompts), "")
        for role, names in _PROMPTS.items()
    }
    facts = {"dimensions": model.get_embedding_dimension(), "prefixes": prefixes}
    (folder / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    own: Any = model.tokenizer
    tokenizer = type(own.backend_tokenizer).from_str(own.backend_tokenizer.to_str())
    tokenizer.enable_truncation(model.max_seq_length or own.model_max_length)
    tokenizer.enable_padding(direction=own.padding_side, pad_id=own.pad_token_id or 0, pad_token=own.pad_token or "")
    tokenizer.save(str(folder / TOKENIZER))


def _write_graphs(model: "SentenceTransformer", folder: Path) -> None:
    import onnx
    import torch

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    features = model.preprocess(list(_SAMPLES[:3]))
    dynamic = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # the exporter's own, of what it will change one day
        program = torch.onnx.export(
            _forward(model).eval(),
            tuple(features[name] for name in INPUTS),
            input_names=INPUTS,
            output_names=[OUTPUT],
            dynamic_shapes=(dynamic, dynamic),
            verbose=False,
        )
    if program is None:
        raise RuntimeError("the exporter gave nothing")
    program.save(folder / MODEL)
    proto = program.model_proto
    if quantise(proto):
        onnx.save(proto, folder / QUICK_MODEL)


def _forward(model: "SentenceTransformer") -> "torch.nn.Module":
    """Return the whole of a model, pooling and all, as a function of tokens."""
    import torch

    class Forward(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: "torch.Tensor", attention_mask: "torch.Tensor") -> "torch.Tensor":
            vectors: torch.Tensor = self.model({INPUTS[0]: input_ids, INPUTS[1]: attention_mask})[OUTPUT]
            return vectors

    return Forward()


def _compare(model: "SentenceTransformer", name: str, folder: Path) -> str | None:
    """Return how an export differs from its model; 8 bits that differ are deleted."""
    same = _least_cosine(TorchEmbedder(name, model, "document"), OnnxEmbedder(name, folder, "document"))
    if not same >= _SAME:
        return f"its export differs (cosine {same:.5f})"
    if (folder / QUICK_MODEL).exists():
        alike = _least_cosine(TorchEmbedder(name, model, "query"), OnnxEmbedder(name, folder, "query"))
        if not alike >= _ALIKE:
            (folder / QUICK_MODEL).unlink()
    return None


def _least_cosine(one: Embedder, other: Embedder) -> float:
    return float(np.einsum("ij,ij->i", one.embed(_SAMPLES), other.embed(_SAMPLES)).min())
