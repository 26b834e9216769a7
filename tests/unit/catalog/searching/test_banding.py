from typing import get_args

import pytest

from indexer.catalog.searching.banding import band_scores, is_shown
from indexer.models import Band, Mode, Strictness

ORDER = {"strong": 0, "likely": 1, "weak": 2}
MODES: tuple[Mode, ...] = get_args(Mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("words", [1, 3])
@pytest.mark.parametrize(
    "scores",
    [
        [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0, -0.2],
        [0.9, 0.1, 0.1],
        [0.6, 0.59, 0.58, 0.52, 0.5, 0.49],
        [0.35, 0.34, 0.33],
        [0.1, 0.05],
        [1.0, 1.0, 1.0],
        [-0.1, -0.5],
    ],
)
def test_bands_never_get_better_further_down(scores: list[float], words: int, mode: Mode) -> None:
    bands = band_scores(scores, mode=mode, words=words)

    assert len(bands) == len(scores)
    assert bands == sorted(bands, key=lambda band: ORDER[band])


@pytest.mark.parametrize("mode", MODES)
def test_equal_scores_have_equal_bands(mode: Mode) -> None:
    assert len(set(band_scores([0.45, 0.45, 0.45], mode=mode, words=1))) == 1


@pytest.mark.parametrize(("mode", "floor"), [("hybrid", 0.29), ("dense", 0.40), ("text", 0.25)])
def test_below_the_floor_even_the_best_is_weak(mode: Mode, floor: float) -> None:
    assert band_scores([floor], mode=mode, words=1) == ["likely"]
    assert band_scores([floor - 0.001], mode=mode, words=1) == ["weak"]


@pytest.mark.parametrize(("mode", "strong"), [("hybrid", 0.45), ("dense", 0.55), ("text", 0.55)])
def test_the_best_is_strong_only_above_a_score_of_its_own(mode: Mode, strong: float) -> None:
    assert band_scores([strong], mode=mode, words=1) == ["strong"]
    assert band_scores([strong - 0.001], mode=mode, words=1) == ["likely"]


@pytest.mark.parametrize(
    ("words", "bands"),
    [(1, ["strong", "likely", "weak"]), (2, ["strong", "likely", "weak"]), (3, ["strong", "weak", "weak"])],
)
def test_hits_far_behind_the_best_are_weak_and_sooner_for_long_queries(words: int, bands: list[Band]) -> None:
    assert band_scores([0.90, 0.60, 0.50], mode="hybrid", words=words) == bands


def test_only_hits_close_to_the_best_are_strong() -> None:
    assert band_scores([0.90, 0.77, 0.76], mode="hybrid", words=1) == ["strong", "strong", "likely"]


def test_no_scores_have_no_bands() -> None:
    assert band_scores([], mode="hybrid", words=1) == []


@pytest.mark.parametrize(
    ("strictness", "shown"),
    [("low", ["strong", "likely", "weak"]), ("normal", ["strong", "likely"]), ("high", ["strong"])],
)
def test_strictness_decides_which_bands_are_shown(strictness: Strictness, shown: list[Band]) -> None:
    bands: tuple[Band, ...] = get_args(Band)

    assert [band for band in bands if is_shown(band, strictness)] == shown
