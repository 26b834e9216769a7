"""How sure a hit is: bands from scores, and which bands are shown."""

from collections.abc import Sequence

from indexer.models import Band, Mode, Strictness

# Read on public data (RESEARCH 1): F >= max(0.32, 0.60 of the best F), 0.7 from three words on, nothing below 0.34,
# keeps 97% of the true images and empties 65 to 85% of off-topic queries. They belong to the default embedder.
_FLOOR: dict[Mode, float] = {"hybrid": 0.29, "dense": 0.40, "text": 0.25}
_STRONG: dict[Mode, float] = {"hybrid": 0.45, "dense": 0.55, "text": 0.55}
_SHARE_OF_BEST, _SHARE_OF_BEST_LONG, _LONG_QUERY_WORDS = 0.60, 0.70, 3
_SHARE_OF_BEST_STRONG = 0.85

_SHOWN: dict[Strictness, tuple[Band, ...]] = {
    "low": ("strong", "likely", "weak"),
    "normal": ("strong", "likely"),
    "high": ("strong",),
}


def band_scores(scores: Sequence[float], *, mode: Mode, words: int) -> list[Band]:
    """Return a band for each of the falling scores of one query; bands never get better further down."""
    best = scores[0] if scores else 0.0
    share = _SHARE_OF_BEST_LONG if words >= _LONG_QUERY_WORDS else _SHARE_OF_BEST
    strong = max(_STRONG[mode], _SHARE_OF_BEST_STRONG * best)
    likely = max(_FLOOR[mode], share * best)
    return ["strong" if score >= strong else "likely" if score >= likely else "weak" for score in scores]


def is_shown(band: Band, strictness: Strictness) -> bool:
    """Tell whether a hit of this band is part of the answer."""
    return band in _SHOWN[strictness]
