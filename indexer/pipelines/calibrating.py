"""Fit a generation's cut-off to its own captions: a bounded sample, a few seconds, nobody's labels."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.cutoff.calibration import DENSE_WEIGHT, VERSION, Calibration, prior
from indexer.catalog.cutoff.examples import Described, Example, Question, Sample, Vocabulary
from indexer.catalog.cutoff.fitting import fit_curves
from indexer.catalog.cutoff.scripts import script_of
from indexer.catalog.cutoff.weighting import fit_dense_weights, probe_dense_weights
from indexer.catalog.embedding import DEFAULT, Embedder
from indexer.catalog.lexical import split_words
from indexer.catalog.store import Store
from indexer.catalog.store.calibrations import SampledEntry
from indexer.catalog.store.hits import Sought
from indexer.models import Generation

_SAMPLE = 400
_BEST_HITS = 10
_GROWN = 1.2
_TEMPLATES = frozenset({"offline"})


def is_calibration_due(generation: Generation, entries: int) -> bool:
    """Tell whether a generation was never fitted, or with another embedder, or has grown or shrunk by a fifth since."""
    stored = generation.calibration
    if stored is None or stored.get("version") != VERSION or stored.get("embedder") != generation.embedder:
        return True
    then = generation.calibrated_entries
    return entries > _GROWN * then or entries * _GROWN < then


def calibrate(store: Store, generation: Generation, embedder: Embedder) -> Calibration:
    """Fit a generation's calibration to its entries as they are now, and keep it."""
    calibration = fit_calibration(store, generation, embedder)
    store.calibrations.store_calibration(generation.id, calibration.to_json(), entries=generation.entries)
    return calibration


def fit_calibration(store: Store, generation: Generation, embedder: Embedder) -> Calibration:
    """Return what a generation's captions say of its signals."""
    entries = store.calibrations.sample_entries(generation.id, limit=_SAMPLE)
    sample = Sample([_described(entry) for entry in entries], _vocabulary(store, generation, entries))
    examples = _ask_questions(sample, embedder)
    weights = {} if embedder.name == DEFAULT else probe_dense_weights(embedder)
    weights |= fit_dense_weights(examples, weights)
    trusted = replace(prior(embedder.name), dense_weights=weights)
    known = [example for example in examples if trusted.is_known(example.script)]
    queries = [text for text in load_off_topic() if trusted.is_known(script_of(text))]
    refused = _search_off_topic(store, generation, embedder, queries)
    return replace(trusted, curves=fit_curves(embedder.name, known, refused), examples=len(known))


@cache
def load_off_topic() -> tuple[str, ...]:
    """Return queries that no library of pictures answers."""
    text = files("indexer.catalog.cutoff").joinpath("off_topic.txt").read_text(encoding="utf-8")
    return tuple(text.splitlines())


def _ask_questions(sample: Sample, embedder: Embedder) -> list[Example]:
    picked = sample.pick_sentences()
    questions = [
        Question(
            text=sample.entries[own].sentences[sentence],
            own=own,
            sentence=sentence,
            vector=sample.entries[own].vectors[sentence],
            is_short=False,
        )
        for own, sentence in picked
    ]
    short = [(place, text) for place, text in zip(picked, sample.shorten(picked), strict=True) if text]
    vectors = list(embedder.embed([text for _, text in short])) if short else []
    questions += [
        Question(text=text, own=own, sentence=sentence, vector=vector, is_short=True)
        for ((own, sentence), text), vector in zip(short, vectors, strict=True)
    ]
    return [sample.ask(question) for question in questions]


def _search_off_topic(
    store: Store, generation: Generation, embedder: Embedder, queries: Sequence[str]
) -> list[NDArray[np.float64]]:
    """Search for what is not there; return the signals of the best hits of each query that really is off topic."""
    refused = []
    for text, vector in zip(queries, embedder.embed(queries), strict=True):
        sought = Sought(words=split_words(text), vector=vector, dense_weight=DENSE_WEIGHT)
        hits = store.hits.find_hits(generation, sought, limit=0)[:_BEST_HITS]
        if hits and not any(hit.is_exact for hit in hits):
            refused.append(np.array([(hit.similarity or 0.0, hit.lexical_score or 0.0) for hit in hits]))
    return refused


def _described(entry: SampledEntry) -> Described:
    return Described(
        sentences=entry.sentences,
        vectors=entry.vectors,
        other_lexemes=frozenset(entry.other_lexemes),
        is_template=entry.captioner in _TEMPLATES,
    )


def _vocabulary(store: Store, generation: Generation, entries: Sequence[SampledEntry]) -> Vocabulary:
    words = {word for entry in entries for sentence in entry.sentences for word in split_words(sentence)}
    found = store.calibrations.find_lexemes(generation.id, sorted(words))
    lexemes: dict[str, list[str]] = {}
    for row in found:
        lexemes.setdefault(row.word, []).append(row.lexeme)
    return Vocabulary(lexemes=lexemes, idf={row.lexeme: row.idf for row in found})
