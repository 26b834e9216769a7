"""What a library taught the search about itself: curves, bands, and how far to trust vectors in each script."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from indexer.catalog.cutoff.bands import Curve
from indexer.catalog.cutoff.scripts import LATIN, script_of
from indexer.catalog.embedding import DEFAULT
from indexer.models import Generation, Mode

# Raised when the meaning of the stored numbers changes: older calibrations are then fitted again.
VERSION = 1
# How much of the score is cosine: where the embedder knows the script, and where it does not and the words lead.
DENSE_WEIGHT, FAINT_WEIGHT = 0.75, 0.25
# From this weight on, a cosine says by itself whether a hit is what was asked for.
_TELLING = 0.6

# Fitted on 951 images with two model captions each and 1,000 with four human ones, asked for in other people's words,
# in sentences and in one to three words, against 100 off-topic queries: docs/search-quality.md.
_DEFAULT_CURVES: dict[Mode, Curve] = {
    "hybrid": Curve(intercept=-4.27, similarity=10.37, lexical_score=4.72, likely=0.0, strong=2.6, behind=4.5),
    "dense": Curve(intercept=-3.84, similarity=12.16, lexical_score=0.0, likely=0.0, strong=2.7, behind=4.5),
    "text": Curve(intercept=-1.53, similarity=0.0, lexical_score=6.76, likely=-0.8, strong=0.2, behind=2.5),
}
# Text without spaces is compared by single characters, too, and one that two words share says little: with a lexical
# score of 0.2 a hit is likely, with 0.4 strong. Measured on 200 and on 951 images with four Chinese captions.
_UNSPACED = frozenset({"Han", "Kana", "Hangul"})
_UNSPACED_WORDS = replace(_DEFAULT_CURVES["text"], likely=-0.18, strong=1.17)
# Nobody knows what the cosines of a strange embedder mean before they are measured: nothing is left out or strong.
_NEVER = 1000.0
_CAUTIOUS = Curve(intercept=0.0, similarity=1.0, lexical_score=1.0, likely=-_NEVER, strong=_NEVER, behind=_NEVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How one generation reads the signals of its hits; `examples` of its own captions were fitted, 0 is the prior."""

    curves: Mapping[Mode, Curve]
    dense_weights: Mapping[str, float] = field(default_factory=dict)
    examples: int = 0
    embedder: str = DEFAULT

    @classmethod
    def of(cls, generation: Generation) -> "Calibration":
        """Return a generation's calibration, or the prior of its embedder while it has none."""
        stored = generation.calibration
        if stored is None or stored.get("version") != VERSION or stored.get("embedder") != generation.embedder:
            return prior(generation.embedder)
        return cls.from_json(stored)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Calibration":
        """Read what `to_json` wrote."""
        return cls(
            curves={mode: Curve(**curve) for mode, curve in stored["curves"].items()},
            dense_weights=stored["dense_weights"],
            examples=stored["examples"],
            embedder=stored["embedder"],
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "version": VERSION,
            "embedder": self.embedder,
            "examples": self.examples,
            "curves": {mode: asdict(curve) for mode, curve in self.curves.items()},
            "dense_weights": dict(self.dense_weights),
        }

    def dense_weight(self, text: str) -> float:
        """Return how much the cosine counts in F for a query, by the script of most of its letters."""
        return self.dense_weight_of(script_of(text))

    def dense_weight_of(self, script: str) -> float:
        """Return how much the cosine counts in F for queries in a script."""
        return self.dense_weights.get(script, DENSE_WEIGHT if script == LATIN else FAINT_WEIGHT)

    def curve(self, mode: Mode, text: str) -> Curve:
        """Return the curve that reads the hits of a query: by its words alone where the cosine means nothing."""
        script = script_of(text)
        if mode == "hybrid" and not self.is_known(script):
            mode = "text"
        return _UNSPACED_WORDS if mode == "text" and script in _UNSPACED else self.curves[mode]

    def is_known(self, script: str) -> bool:
        """Tell whether the cosine says something by itself in a script."""
        return self.dense_weight_of(script) >= _TELLING


def prior(embedder: str) -> Calibration:
    """Return what holds before anything was fitted: cautious for embedders that were never measured."""
    if embedder == DEFAULT:
        return Calibration(curves=_DEFAULT_CURVES, embedder=embedder)
    curves: dict[Mode, Curve] = {"hybrid": _CAUTIOUS, "dense": _CAUTIOUS, "text": _DEFAULT_CURVES["text"]}
    return Calibration(curves=curves, embedder=embedder)
