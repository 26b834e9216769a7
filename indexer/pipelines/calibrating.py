"""Fit a generation's cut-off to its own captions: a bounded sample, a few seconds, nobody's labels."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.embedding import DEFAULT, Embedder
from indexer.catalog.lexical import split_words
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.searching.calibration import FAINT_WEIGHT, VERSION, Calibration, prior
from indexer.catalog.searching.examples import Described, Example, Question, Sample, Vocabulary
from indexer.catalog.searching.fitting import fit_curves
from indexer.catalog.searching.weighting import fit_dense_weights, probe_dense_weights
from indexer.catalog.store import Store
from indexer.catalog.store.calibrations import SampledEntry
from indexer.catalog.vectors import Vectors
from indexer.models import Generation

_SAMPLE = 400
_BEST_HITS = 10
_GROWN = 1.2
_TEMPLATES = frozenset({"offline"})
# A word that really is in the library makes a query no longer off topic.
_WHOLLY_MATCHED = 0.999


def is_calibration_due(generation: Generation, entries: int) -> bool:
    """Tell whether a generation was never fitted, or with another embedder, or has grown or shrunk by a fifth since."""
    stored = generation.calibration
    if stored is None or stored.get("version") != VERSION or stored.get("embedder") != generation.embedder:
        return True
    then = generation.calibrated_entries
    return entries > _GROWN * then or entries * _GROWN < then


def calibrate(store: Store, generation: Generation, embedder: Embedder) -> Calibration:
    """Fit the live generation's calibration to its entries as they are now, and keep it."""
    calibration = fit_calibration(store, generation, embedder)
    store.calibrations.store_calibration(generation.id, calibration.to_json(), entries=generation.entries)
    return calibration


def fit_calibration(store: Store, generation: Generation, embedder: Embedder) -> Calibration:
    """Return what the live generation's captions say of its signals."""
    entries = store.calibrations.sample_entries(generation.id, limit=_SAMPLE)
    sample = Sample([_described(entry) for entry in entries], _vocabulary(store, generation, entries))
    examples = _ask_questions(sample, embedder)
    weights = {} if embedder.name == DEFAULT else probe_dense_weights(embedder)
    weights |= fit_dense_weights(examples)
    trusted = replace(prior(embedder.name), dense_weights=weights)
    known = [example for example in examples if trusted.dense_weight_of(example.script) > FAINT_WEIGHT]
    queries = [text for text in load_off_topic() if trusted.dense_weight(text) > FAINT_WEIGHT]
    refused = _search_off_topic(store, embedder, queries)
    return replace(trusted, curves=fit_curves(embedder.name, known, refused), examples=len(known))


@cache
def load_off_topic() -> tuple[str, ...]:
    """Return queries that no library of pictures answers."""
    text = files("indexer.catalog.searching").joinpath("off_topic.txt").read_text(encoding="utf-8")
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
    remembered = _Remembered(embedder, [text for _, text in short])
    questions += [
        Question(text=text, own=own, sentence=sentence, vector=remembered.embed([text])[0], is_short=True)
        for (own, sentence), text in short
    ]
    return [sample.ask(question) for question in questions]


def _search_off_topic(store: Store, embedder: Embedder, queries: Sequence[str]) -> list[NDArray[np.float64]]:
    """Search for what is not there; return the signals of the best hits of each query that really is off topic."""
    remembered = _Remembered(embedder, queries)
    searcher = Searcher(store, lambda _: remembered)
    refused = []
    for text in queries:
        hits = searcher.search(Query(text=text, strictness="low", limit=_BEST_HITS)).hits
        signals = np.array([(hit.why.similarity or 0.0, hit.why.matched_share or 0.0) for hit in hits]).reshape(-1, 2)
        if len(signals) and signals[:, 1].max() < _WHOLLY_MATCHED:
            refused.append(signals)
    return refused


class _Remembered:
    """An embedder that has embedded its texts in one batch."""

    def __init__(self, embedder: Embedder, texts: Sequence[str]) -> None:
        self.name = embedder.name
        self.dimensions = embedder.dimensions
        self._vectors = dict(zip(texts, embedder.embed(texts), strict=True)) if texts else {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vectors[text] for text in texts])


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
    lexemes: dict[str, frozenset[str]] = {}
    for row in found:
        lexemes[row.word] = lexemes.get(row.word, frozenset()) | {row.lexeme}
    return Vocabulary(lexemes=lexemes, entries={row.lexeme: row.entries for row in found}, size=generation.entries)
