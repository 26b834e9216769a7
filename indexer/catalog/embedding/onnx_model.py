"""A model run by ONNX Runtime out of a folder that `exporting` wrote: no torch, ready in a quarter of a second."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.catalog.embedding.embedder import Role
from indexer.catalog.embedding.threads import FOR_BULK, FOR_ONE_QUERY
from indexer.catalog.vectors import Vectors
from indexer.errors import EmbedderError
from indexer.model_loading import first_line

if TYPE_CHECKING:
    import onnxruntime

MODEL, QUICK_MODEL, TOKENIZER, FACTS = "model.onnx", "queries.onnx", "tokenizer.json", "facts.json"
INPUTS, OUTPUT = ("input_ids", "attention_mask"), "sentence_embedding"
# Sixteen at once, on a thread of their own, were the quickest: 417 captions per second of CPU, 64 at once 331, and 214
# where ONNX Runtime's own two threads shared each batch and waited for one another.
_BATCH = 16


class OnnxEmbedder:
    """A model in exact arithmetic for documents, and in 8 bits for queries where its vectors agree; thread-safe."""

    def __init__(self, name: str, folder: Path, role: Role) -> None:
        """Open it; raises EmbedderError where its files cannot be used."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        is_quick = role == "query" and (folder / QUICK_MODEL).exists()
        self.name = name
        self.dimensions: int = facts["dimensions"]
        self.how = f"ONNX Runtime, {'8 bits' if is_quick else 'float32'}"
        self._threads = FOR_ONE_QUERY if role == "query" else FOR_BULK
        self._prefix: str = facts["prefixes"][role]
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._path = folder / (QUICK_MODEL if is_quick else MODEL)
        self._session = _open(self._path)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions], each row of length 1."""
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        batches = list(_batches(texts))
        asked = ([self._prefix + texts[number] for number in numbers] for numbers in batches)
        for numbers, found in zip(batches, self._run_all(asked), strict=True):
            vectors[numbers] = found
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)

    def _run_all(self, batches: Iterable[list[str]]) -> Iterator[Vectors]:
        if self._threads == 1:
            yield from map(self._run, batches)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            yield from pool.map(self._run, batches)

    def _run(self, texts: list[str]) -> Vectors:
        encodings = self._tokenizer.encode_batch(texts)
        values = ([e.ids for e in encodings], [e.attention_mask for e in encodings])
        feed = {name: np.array(rows, dtype=np.int64) for name, rows in zip(INPUTS, values, strict=True)}
        with _translated_errors(self._path):
            result: Vectors = self._session.run([OUTPUT], feed)[0]
        return result


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """Put texts of like length together, the longest first: a batch takes as long as its longest text makes it."""
    order = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
    for start in range(0, len(order), _BATCH):
        yield order[start : start + _BATCH]


def _open(path: Path) -> "onnxruntime.InferenceSession":
    # Nothing is sent anywhere: onnxruntime reports its use to its maker unless this is set before it is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # Imported here: commands that do not embed start without it.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the caller's own: see `threads`
    with _translated_errors(path):
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


@contextmanager
def _translated_errors(path: Path) -> Iterator[None]:
    """Raise EmbedderError in place of what ONNX Runtime raises: a dozen classes that have no parent of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    found: list[Any] = list(vars(state).values())
    try:
        yield
    except tuple(item for item in found if isinstance(item, type) and issubclass(item, Exception)) as exc:
        raise EmbedderError(f"The model in {path} cannot be run ({first_line(exc)}): delete its folder.") from exc
