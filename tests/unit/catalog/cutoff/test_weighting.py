from collections.abc import Sequence

import numpy as np

from indexer.catalog.cutoff.calibration import DENSE_WEIGHT, FAINT_WEIGHT
from indexer.catalog.cutoff.examples import Example
from indexer.catalog.cutoff.weighting import (
    LEAST_SENTENCES,
    fit_dense_weights,
    load_probes,
    probe_dense_weights,
)
from indexer.catalog.vectors import Vectors


def make_examples(count: int, *, dense_helps: bool, script: str = "Han") -> list[Example]:
    """Return examples whose own image is ahead in one signal, and ten others that are ahead in the other."""
    own = (0.6, 0.1) if dense_helps else (0.2, 0.4)
    others = np.tile(np.array([(0.5, 0.3)], dtype=np.float32), (10, 1))
    example = Example(own=own, rival=(0.5, 0.3), is_short=False, script=script, others=others)
    return [example] * count


class Known:
    """An embedder that knows Greek alone: a vector for each place in the list of probes."""

    name = "known"
    dimensions = 20

    def embed(self, texts: Sequence[str]) -> Vectors:
        probes = load_probes()
        places = [next((p.index(text) for p in (probes["Latin"], probes["Greek"]) if text in p), 0) for text in texts]
        return np.eye(20, dtype=np.float32)[places]


def test_where_vectors_mislead_words_lead() -> None:
    assert fit_dense_weights(make_examples(LEAST_SENTENCES, dense_helps=False), {})["Han"] < 0.4


def test_where_vectors_help_they_count() -> None:
    assert fit_dense_weights(make_examples(LEAST_SENTENCES, dense_helps=True), {})["Han"] >= DENSE_WEIGHT - 0.05


def test_a_script_with_few_sentences_is_not_fitted() -> None:
    assert fit_dense_weights(make_examples(LEAST_SENTENCES - 1, dense_helps=True), {}) == {}


def test_latin_keeps_its_weight() -> None:
    assert fit_dense_weights(make_examples(LEAST_SENTENCES, dense_helps=False, script="Latin"), {}) == {}


def test_an_embedder_is_trusted_in_the_scripts_that_it_knows() -> None:
    weights = probe_dense_weights(Known())

    assert weights["Greek"] == DENSE_WEIGHT
    assert {weight for script, weight in weights.items() if script != "Greek"} == {FAINT_WEIGHT}


def test_every_script_has_the_same_twenty_probes() -> None:
    assert {len(set(sentences)) for sentences in load_probes().values()} == {20}
    assert len(load_probes()) >= 10
