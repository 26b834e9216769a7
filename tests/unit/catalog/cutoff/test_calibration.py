import json
from dataclasses import replace
from typing import Any, get_args

import pytest

from indexer.catalog.cutoff.calibration import DENSE_WEIGHT, FAINT_WEIGHT, Calibration, prior
from indexer.catalog.embedding import DEFAULT
from indexer.models import Mode
from tests.factories import make_generation
from tests.unit.catalog.cutoff.signals import Seen

STRANGE = "somebody/else"


@pytest.mark.parametrize("embedder", [DEFAULT, STRANGE])
def test_a_calibration_survives_being_stored(embedder: str) -> None:
    calibration = replace(prior(embedder), dense_weights={"Han": 0.5}, examples=7)

    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


def test_a_generation_without_one_has_the_prior_of_its_embedder() -> None:
    assert Calibration.of(make_generation()) == prior(DEFAULT)


def test_a_generation_keeps_what_was_fitted_to_it() -> None:
    fitted = replace(prior(DEFAULT), examples=300)

    assert Calibration.of(make_generation(calibration=fitted.to_json())).examples == 300


@pytest.mark.parametrize("stored", [{}, {"version": 0}, prior(STRANGE).to_json()])
def test_what_was_fitted_otherwise_does_not_count(stored: dict[str, Any]) -> None:
    assert Calibration.of(make_generation(calibration=stored)) == prior(DEFAULT)


@pytest.mark.parametrize("mode", ["hybrid", "dense"])
def test_an_embedder_that_was_never_measured_leaves_nothing_out(mode: Mode) -> None:
    curve = prior(STRANGE).curve(mode, "a dog")

    assert curve.band([Seen(0.99, 1.0), Seen(0.1, 0.0), Seen(-1.0, 0.0)]) == ["likely", "likely", "likely"]


@pytest.mark.parametrize("mode", get_args(Mode))
def test_the_prior_shows_what_fits_and_leaves_out_what_does_not(mode: Mode) -> None:
    curve = prior(DEFAULT).curve(mode, "a brown dog leaps")

    assert curve.band([Seen(0.7, 0.5), Seen(0.05, 0.02)]) == ["strong", "weak"]


def test_vectors_count_little_in_a_script_that_the_embedder_does_not_know() -> None:
    calibration = prior(DEFAULT)

    assert calibration.dense_weight("a dog") == DENSE_WEIGHT
    assert calibration.dense_weight("一只狗") == FAINT_WEIGHT
    assert calibration.curve("hybrid", "собака") == calibration.curves["text"]
    assert not replace(calibration, dense_weights={"Han": 0.3}).is_known("Han")


@pytest.mark.parametrize("mode", ["hybrid", "text"])
@pytest.mark.parametrize("text", ["大象", "象のダンス", "코끼리"])
def test_a_character_in_common_is_not_enough_where_words_have_no_spaces(mode: Mode, text: str) -> None:
    curve = prior(DEFAULT).curve(mode, text)

    assert curve.band([Seen(0.8, 0.45)]) == ["strong"]
    assert curve.band([Seen(0.8, 0.3)]) == ["likely"]
    assert curve.band([Seen(0.8, 0.18)]) == ["weak"]


def test_a_script_that_the_embedder_knows_is_read_like_any_other() -> None:
    calibration = replace(prior(DEFAULT), dense_weights={"Han": DENSE_WEIGHT})

    assert calibration.curve("hybrid", "一只狗") == calibration.curves["hybrid"]
