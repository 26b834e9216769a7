"""How much the cosine counts in each script: fitted to the library's own sentences, or probed in the embedder."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching.calibration import DENSE_WEIGHT, FAINT_WEIGHT
from indexer.catalog.searching.examples import Example
from indexer.catalog.searching.scripts import LATIN

LEAST_SENTENCES = 30
_GRID = (FAINT_WEIGHT, 0.2, 0.3, 0.4, 0.5, 0.65, DENSE_WEIGHT)
# An embedder knows a script when it finds the right English sentence among twenty for most of them.
_KNOWN = 0.6


def fit_dense_weights(examples: Sequence[Example]) -> dict[str, float]:
    """Return the best weight for each script but Latin that has enough sentences: the greatest mean reciprocal rank."""
    asked = [example for example in examples if not example.is_short and example.script != LATIN]
    counts = Counter(example.script for example in asked)
    return {
        script: _best_weight([example for example in asked if example.script == script])
        for script, count in counts.items()
        if count >= LEAST_SENTENCES
    }


def probe_dense_weights(embedder: Embedder) -> dict[str, float]:
    """Return a weight for each script of the probes: the full one where the embedder knows it, else next to nothing."""
    probes = load_probes()
    english = embedder.embed(probes[LATIN])
    return {
        script: DENSE_WEIGHT if _share_found(embedder, sentences, english) >= _KNOWN else FAINT_WEIGHT
        for script, sentences in probes.items()
        if script != LATIN
    }


@cache
def load_probes() -> Mapping[str, list[str]]:
    """Return the same descriptions in one language of each script, in the same order."""
    text = files("indexer.catalog.searching").joinpath("probes.toml").read_text(encoding="utf-8")
    return {script: list(sentences) for script, sentences in tomllib.loads(text).items()}


def _share_found(embedder: Embedder, sentences: Sequence[str], english: np.ndarray) -> float:
    nearest = np.argmax(embedder.embed(sentences) @ english.T, axis=1)
    return float(np.mean(nearest == np.arange(len(sentences))))


def _best_weight(examples: Sequence[Example]) -> float:
    return max(_GRID, key=lambda weight: (_mean_reciprocal_rank(examples, weight), weight))


def _mean_reciprocal_rank(examples: Sequence[Example], weight: float) -> float:
    weights = np.array([weight, 1 - weight])
    ranks = [1 + np.sum(example.others @ weights >= np.dot(example.own, weights)) for example in examples]
    return float(np.mean(1 / np.array(ranks)))
