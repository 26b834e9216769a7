"""Fit a calibration to examples from a library's own captions, blended with what was known before."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.cutoff.bands import Curve
from indexer.catalog.cutoff.calibration import prior
from indexer.catalog.cutoff.examples import Example
from indexer.catalog.embedding import DEFAULT
from indexer.models import Mode

Floats = NDArray[np.float64]

# How many examples the prior is worth. Of a strange embedder nothing is known, and so many are needed at the least.
_PRIOR_EXAMPLES, _STRANGE_PRIOR_EXAMPLES, LEAST_STRANGE_EXAMPLES = 200, 5, 30
# The share of true images that a cut-off keeps, and of off-topic queries that it leaves empty, where each has its way.
_KEPT, _EMPTIED, _STRONG, _BEHIND = 0.97, 0.88, 0.85, 0.985
# Where between the two demands the cut-off lies: people ask less like captions than captions do.
_TOWARDS_KEPT = 1 / 3
# How far the distance to the best hit may be fitted away from the prior's, in logits: captions of one reply tell little
# of how far behind a picture stands that somebody asks for in other words.
_CLOSER, _FARTHER = 0.5, 1.0
# A little pull towards the prior's weights, and short steps, where examples are told apart without an error.
_RIDGE, _LONGEST_STEP, _TINY, _STEPS = 0.5, 5.0, 1e-6, 200
_COLUMNS: dict[Mode, tuple[int, ...]] = {"hybrid": (0, 1), "dense": (0,), "text": (1,)}


def fit_curves(embedder: str, examples: Sequence[Example], off_topic: Sequence[Floats]) -> dict[Mode, Curve]:
    """Return a curve for each mode.

    `off_topic` holds, for each query that has no image, the signals of its best hits: [hits, 2], columns similarity and
    lexical score.
    """
    known = prior(embedder).curves
    start = known if embedder == DEFAULT else prior(DEFAULT).curves
    strength = _PRIOR_EXAMPLES if embedder == DEFAULT else _STRANGE_PRIOR_EXAMPLES
    refused = [hits for hits in off_topic if len(hits)]
    if embedder != DEFAULT and len(examples) < LEAST_STRANGE_EXAMPLES:
        return {mode: _refuse(curve, refused) if refused else known[mode] for mode, curve in start.items()}
    return {mode: _fit_curve(mode, curve, examples, refused, strength) for mode, curve in start.items()}


def _fit_curve(
    mode: Mode, start: Curve, examples: Sequence[Example], refused: Sequence[Floats], strength: int
) -> Curve:
    curve = start
    if examples and refused:
        true = np.array([example.own for example in examples])
        false = np.array([hits[np.argmax(_logits(start, hits))] for hits in refused])
        curve = _with_weights(start, _COLUMNS[mode], _fit_weights(start, _COLUMNS[mode], true, false, strength))
    return _place_bands(curve, start, examples, refused, strength)


def _refuse(curve: Curve, refused: Sequence[Floats]) -> Curve:
    """Return a curve that leaves off-topic queries empty: all that is known where captions are too few to teach."""
    empty = float(np.quantile([_logits(curve, hits).max() for hits in refused], _EMPTIED))
    return replace(curve, likely=empty, strong=empty + curve.strong - curve.likely)


def _fit_weights(start: Curve, columns: tuple[int, ...], true: Floats, false: Floats, strength: int) -> Floats:
    """Return intercept and weights by Newton's method; the false ones together count as much as the true ones.

    The penalty is the information that `strength` examples would hold at the prior's weights.
    """
    rows = np.vstack([true, false])[:, columns]
    rows = np.hstack([np.ones((len(rows), 1)), rows])
    labels = np.repeat([1.0, 0.0], [len(true), len(false)])
    counts = np.repeat([1.0, len(true) / len(false)], [len(true), len(false)])
    before = np.array([start.intercept, *np.array([start.similarity, start.lexical_score])[list(columns)]])
    penalty = strength * _information(rows, counts / counts.sum(), before) + _RIDGE * np.eye(len(before))
    weights = before
    for _ in range(_STEPS):
        slope = rows.T @ (counts * (labels - _sigmoid(rows @ weights))) - penalty @ (weights - before)
        step = np.linalg.solve(_information(rows, counts, weights) + penalty, slope)
        weights = weights + step * min(1.0, _LONGEST_STEP / max(np.abs(step).max(), _TINY))
        if np.abs(step).max() < _TINY:
            break
    return np.asarray(weights)


def _information(rows: Floats, counts: Floats, weights: Floats) -> Floats:
    chances = _sigmoid(rows @ weights)
    return np.asarray((rows * (counts * chances * (1 - chances))[:, None]).T @ rows)


def _with_weights(curve: Curve, columns: tuple[int, ...], weights: Floats) -> Curve:
    """Return a curve with new weights; one that points the wrong way counts as nothing."""
    slopes = np.zeros(2)
    slopes[list(columns)] = np.maximum(weights[1:], 0.0)
    return replace(curve, intercept=float(weights[0]), similarity=float(slopes[0]), lexical_score=float(slopes[1]))


def _place_bands(
    curve: Curve, start: Curve, examples: Sequence[Example], refused: Sequence[Floats], strength: int
) -> Curve:
    """Return a curve with its bands where sentences are kept and off-topic queries left empty."""
    asked = [example for example in examples if not example.is_short]
    own = _logits(curve, np.array([example.own for example in asked]).reshape(-1, 2))
    rival = _logits(curve, np.array([example.rival for example in asked]).reshape(-1, 2))
    trust = len(asked) / (len(asked) + strength)
    kept = _blend(start.likely, own, 1 - _KEPT, trust)
    strong = _blend(start.strong, own, 1 - _STRONG, trust)
    behind = _blend(start.behind, np.maximum(rival - own, 0.0), _BEHIND, trust)
    best = [float(_logits(curve, hits).max()) for hits in refused]
    empty = float(np.quantile(best, _EMPTIED)) if best else start.likely
    if curve.similarity == 0:
        # Words alone: queries that share none with a library (it is tiny, or in another language) find nothing there
        # whatever the cut-off is, and are no reason to lower it.
        empty = max(empty, start.likely)
    found = empty + _TOWARDS_KEPT * (kept - empty)
    # In a library of a few images hardly anything comes near an off-topic query: that is no reason to show it.
    earned = min(1.0, len(asked) / strength)
    likely = max(found, start.likely + earned * (found - start.likely))
    return replace(
        curve,
        likely=likely,
        strong=max(strong, likely + 1.0),
        behind=min(max(behind, start.behind - _CLOSER), start.behind + _FARTHER),
    )


def _blend(before: float, values: Floats, share: float, trust: float) -> float:
    return before if not len(values) else (1 - trust) * before + trust * float(np.quantile(values, share))


def _logits(curve: Curve, rows: Floats) -> Floats:
    return np.asarray(curve.intercept + rows @ np.array([curve.similarity, curve.lexical_score]))


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(logits / 2)))
