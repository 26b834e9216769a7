"""How much the cosine counts in each script: fitted to the library's own sentences, or probed in the embedder."""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from indexer.catalog.cutoff.calibration import DENSE_WEIGHT, FAINT_WEIGHT
from indexer.catalog.cutoff.examples import Example
from indexer.catalog.cutoff.scripts import LATIN
from indexer.catalog.embedding import Embedder
from indexer.catalog.vectors import Vectors

LEAST_SENTENCES = 100
_GRID = np.linspace(0.1, 1.0, 10)
# An embedder knows a script when it finds the right English sentence among twenty for most of them.
_KNOWN = 0.6


def fit_dense_weights(examples: Sequence[Example], expected: Mapping[str, float]) -> dict[str, float]:
    """Return a weight for each script but Latin that has enough sentences.

    Of those within a standard error of the greatest mean reciprocal rank it is the one nearest to what is
    `expected` of the embedder, FAINT_WEIGHT where nothing is.
    """
    asked = [example for example in examples if not example.is_short and example.script != LATIN]
    counts = Counter(example.script for example in asked)
    return {
        script: _best_weight([e for e in asked if e.script == script], expected.get(script, FAINT_WEIGHT))
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
    text = files("indexer.catalog.cutoff").joinpath("probes.toml").read_text(encoding="utf-8")
    return {script: list(sentences) for script, sentences in tomllib.loads(text).items()}


def _share_found(embedder: Embedder, sentences: Sequence[str], english: Vectors) -> float:
    nearest = np.argmax(embedder.embed(sentences) @ english.T, axis=1)
    return float(np.mean(nearest == np.arange(len(sentences))))


def _best_weight(examples: Sequence[Example], expected: float) -> float:
    gains = np.array([_reciprocal_ranks(examples, weight) for weight in _GRID])
    best = gains[np.argmax(gains.mean(axis=1))]
    losses = best - gains
    errors = losses.std(axis=1) / np.sqrt(len(examples))
    fine = _GRID[losses.mean(axis=1) <= errors]
    return round(float(fine[np.argmin(np.abs(fine - expected))]), 2)


def _reciprocal_ranks(examples: Sequence[Example], weight: float) -> Vectors:
    weights = np.array([weight, 1 - weight])
    return np.array([1 / (1 + np.sum(e.others @ weights >= np.dot(e.own, weights))) for e in examples])
