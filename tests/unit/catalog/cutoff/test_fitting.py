from typing import get_args

import numpy as np
import pytest

from indexer.catalog.cutoff.calibration import prior
from indexer.catalog.cutoff.examples import Example
from indexer.catalog.cutoff.fitting import LEAST_STRANGE_EXAMPLES, Floats, fit_curves
from indexer.catalog.embedding import DEFAULT
from indexer.models import Mode
from tests.unit.catalog.cutoff.signals import Seen

STRANGE = "somebody/else"
RANDOM = np.random.default_rng(1)


def make_example(similarity: float, words: float = 0.4, *, is_short: bool = False) -> Example:
    return Example(
        own=(similarity, words),
        rival=(similarity - 0.1, words / 2),
        is_short=is_short,
        script="Latin",
        others=np.zeros((1, 2), dtype=np.float32),
    )


def make_library(count: int, *, around: float) -> list[Example]:
    return [make_example(float(s), float(w)) for s, w in RANDOM.normal((around, 0.5), 0.03, (count, 2))]


def make_off_topic(*, around: float) -> list[Floats]:
    return [np.sort(RANDOM.normal((around, 0.05), 0.03, (10, 2)), axis=0)[::-1] for _ in range(100)]


@pytest.mark.parametrize("true", [0.65, 0.85])
def test_a_strange_embedder_is_measured(true: float) -> None:
    curve = fit_curves(STRANGE, make_library(300, around=true), make_off_topic(around=true - 0.3))["hybrid"]

    assert curve.band([Seen(true, 0.5)]) == ["strong"]
    assert curve.band([Seen(true - 0.3, 0.05)]) == ["weak"]


@pytest.mark.parametrize("mode", get_args(Mode))
def test_true_images_are_kept_and_off_topic_queries_left_empty(mode: Mode) -> None:
    library, off_topic = make_library(400, around=0.6), make_off_topic(around=0.25)

    curve = fit_curves(DEFAULT, library, off_topic)[mode]

    kept = [curve.logit(Seen(*example.own)) >= curve.likely for example in library]
    empty = [all(curve.logit(Seen(*hit)) < curve.likely for hit in hits) for hits in off_topic]
    assert np.mean(kept) >= 0.97
    assert np.mean(empty) >= 0.85


def test_two_libraries_have_thresholds_of_their_own() -> None:
    plain = fit_curves(DEFAULT, make_library(400, around=0.6), make_off_topic(around=0.2))["hybrid"]
    crowded = fit_curves(DEFAULT, make_library(400, around=0.6), make_off_topic(around=0.45))["hybrid"]

    assert plain.logit(Seen(0.4, 0.1)) >= plain.likely
    assert crowded.logit(Seen(0.4, 0.1)) < crowded.likely


def test_a_few_examples_change_little() -> None:
    known = prior(DEFAULT).curves["hybrid"]

    fitted = fit_curves(DEFAULT, make_library(5, around=0.9), make_off_topic(around=0.1))["hybrid"]

    assert fitted.similarity == pytest.approx(known.similarity, rel=0.1)
    assert fitted.strong == pytest.approx(known.strong, abs=0.5)


def test_without_examples_off_topic_queries_can_only_raise_the_cut_off() -> None:
    known = prior(DEFAULT).curves["hybrid"]

    quiet = fit_curves(DEFAULT, [], make_off_topic(around=0.0))["hybrid"]
    crowded = fit_curves(DEFAULT, [], make_off_topic(around=0.6))["hybrid"]

    assert (quiet.similarity, quiet.intercept, quiet.likely) == (known.similarity, known.intercept, known.likely)
    assert crowded.likely > known.likely


def test_nothing_to_learn_from_leaves_the_prior() -> None:
    assert fit_curves(DEFAULT, [], []) == prior(DEFAULT).curves


def test_a_strange_embedder_with_few_examples_leaves_off_topic_queries_empty() -> None:
    few, off_topic = make_library(LEAST_STRANGE_EXAMPLES - 1, around=0.6), make_off_topic(around=0.8)
    curve = fit_curves(STRANGE, few, off_topic)["hybrid"]
    empty = [curve.band([Seen(*hits[0])]) == ["weak"] for hits in off_topic]

    assert 0.8 < sum(empty) / len(empty) < 0.95
    assert fit_curves(STRANGE, few, []) == prior(STRANGE).curves


def test_a_similarity_that_misleads_counts_as_nothing() -> None:
    curve = fit_curves(STRANGE, make_library(300, around=0.2), make_off_topic(around=0.8))["hybrid"]

    assert curve.similarity == 0.0
    assert curve.lexical_score > 0


def test_the_same_examples_give_the_same_curves() -> None:
    library, off_topic = make_library(50, around=0.6), make_off_topic(around=0.2)

    assert fit_curves(DEFAULT, library, off_topic) == fit_curves(DEFAULT, library, off_topic)


def test_queries_that_share_no_word_with_a_library_do_not_lower_the_cut_off_of_words() -> None:
    """A Chinese library, whose own queries are asked by words alone, and off-topic queries in English."""
    foreign = [np.column_stack([RANDOM.normal(0.1, 0.03, 10), np.zeros(10)]) for _ in range(100)]

    assert fit_curves(DEFAULT, [], foreign)["text"].likely >= prior(DEFAULT).curves["text"].likely
