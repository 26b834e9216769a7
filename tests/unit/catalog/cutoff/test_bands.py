from dataclasses import replace
from typing import get_args

import pytest

from indexer.catalog.cutoff.bands import Curve, is_shown
from indexer.models import Band, Strictness
from tests.unit.catalog.cutoff.signals import Seen

CURVE = Curve(intercept=-4.0, similarity=8.0, lexical_score=4.0, likely=-1.0, strong=2.0, behind=3.0)
ORDER = {"strong": 0, "likely": 1, "weak": 2}


def seen(*logits: float) -> list[Seen]:
    return [Seen(similarity=(logit + 4.0) / 8.0, lexical_score=0.0) for logit in logits]


@pytest.mark.parametrize("logits", [[4, 1, -2], [-2, 4, 1], [0, -5, 3], [-3, -2, -1], [9, 2, 1, 5, -1], []])
def test_bands_never_get_better_further_down(logits: list[float]) -> None:
    bands = CURVE.band(seen(*logits))

    assert len(bands) == len(logits)
    assert bands == sorted(bands, key=lambda band: ORDER[band])


def test_bands_begin_where_the_curve_says() -> None:
    assert CURVE.band(seen(2.01, 1.99, -0.99, -1.01)) == ["strong", "likely", "likely", "weak"]


def test_hits_far_behind_the_best_are_weak() -> None:
    assert CURVE.band(seen(8.0, 5.01, 4.99)) == ["strong", "strong", "weak"]


def test_a_hit_that_holds_the_words_is_likely_however_far_behind_the_best_it_is() -> None:
    assert CURVE.band([Seen(1.5, 0.9), Seen(0.3, 0.6), Seen(0.6, 0.3)]) == ["strong", "likely", "weak"]


def test_a_hit_is_never_cut_for_standing_above_a_better_one() -> None:
    assert CURVE.band(seen(-2.0, 0.0, -2.0)) == ["likely", "likely", "weak"]


def test_more_evidence_is_never_less_probable() -> None:
    chances = [CURVE.probability(Seen(similarity=s / 10, lexical_score=0.5)) for s in range(11)]

    assert chances == sorted(chances)
    assert 0 < chances[0] < chances[-1] < 1


def test_signals_that_a_mode_leaves_out_add_nothing() -> None:
    assert CURVE.logit(Seen()) == -4.0
    assert CURVE.logit(Seen(lexical_score=0.5)) == -2.0


def test_the_arithmetic_adds_up() -> None:
    told = CURVE.explain(Seen(similarity=0.5, lexical_score=0.25))

    assert told["intercept"] + told["similarity_adds"] + told["lexical_score_adds"] == told["logit"] == 1.0
    assert told["probability"] == pytest.approx(0.731, abs=0.001)
    assert told["likely_from"] < 0.5 < told["strong_from"]


def test_extreme_evidence_is_still_a_probability() -> None:
    certain = replace(CURVE, intercept=-2000.0, likely=-1000.0, strong=1000.0)

    assert certain.probability(Seen()) == 0.0
    assert (certain.likely_from, certain.strong_from) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("strictness", "shown"),
    [("low", ["strong", "likely", "weak"]), ("normal", ["strong", "likely"]), ("high", ["strong"])],
)
def test_strictness_decides_which_bands_are_shown(strictness: Strictness, shown: list[Band]) -> None:
    bands: tuple[Band, ...] = get_args(Band)

    assert [band for band in bands if is_shown(band, strictness)] == shown
