"""Queries made from a library's own captions: each is left out of its image, which then either is found or is not."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from indexer.catalog.cutoff.calibration import DENSE_WEIGHT
from indexer.catalog.cutoff.scripts import script_of
from indexer.catalog.lexical import split_words
from indexer.catalog.vectors import Vectors, mean_vector

_SEED = 4
_SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """An entry to learn from: sentences, their vectors (float32 [sentences, dimensions]), and lexemes from elsewhere.

    `is_template` says that its sentences were put together by a program: they tell nothing of how people ask.
    """

    sentences: Sequence[str]
    vectors: Vectors
    other_lexemes: frozenset[str] = frozenset()
    is_template: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What the text index makes of words, and what each lexeme is worth in a query."""

    lexemes: Mapping[str, Sequence[str]]
    idf: Mapping[str, float]

    def count(self, texts: Iterable[str]) -> Counter[str]:
        """Count the lexemes of texts."""
        return Counter(lexeme for text in texts for word in split_words(text) for lexeme in self.lexemes.get(word, ()))

    def shares(self, text: str) -> dict[str, float]:
        """Return a query's lexemes with their shares of what it is worth."""
        worth = {lexeme: self.idf[lexeme] for lexeme in self.count([text])}
        return {lexeme: idf / sum(worth.values()) for lexeme, idf in worth.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query made from one sentence of the entry `own`; `vector` is float32 [dimensions]."""

    text: str
    own: int
    sentence: int
    vector: Vectors
    is_short: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a question's own image and the best of the others show: rows of similarity and lexical score."""

    own: tuple[float, float]
    rival: tuple[float, float]
    is_short: bool
    script: str
    others: Vectors = field(repr=False)


class Sample:
    """A bounded, random part of a library, searched without a database."""

    def __init__(self, entries: Sequence[Described], vocabulary: Vocabulary) -> None:
        self.entries = entries
        self._vocabulary = vocabulary

    def pick_sentences(self) -> list[tuple[int, int]]:
        """Return one sentence of each entry that has others beside it: numbers of the entry and of the sentence."""
        drawn = np.random.default_rng(_SEED)
        return [
            (number, int(drawn.integers(len(entry.sentences))))
            for number, entry in enumerate(self.entries)
            if len(entry.sentences) > 1 and not entry.is_template
        ]

    def shorten(self, picked: Sequence[tuple[int, int]]) -> list[str]:
        """Return two or three telling words of each sentence, in its order; nothing where there are not so many."""
        drawn = np.random.default_rng(_SEED)
        short = []
        for turn, (number, sentence) in enumerate(picked):
            words = self._telling_words(self.entries[number].sentences[sentence])
            count = 2 + turn % 2
            chosen = sorted(drawn.permutation(len(words))[:count])
            short.append(" ".join(words[i] for i in chosen) if len(words) > count else "")
        return short

    def ask(self, question: Question) -> Example:
        """Search for the entry that a question was made from, without its sentence, and for any other."""
        shares = self._vocabulary.shares(question.text)
        entry = self.entries[question.own]
        rest = [i for i in range(len(entry.sentences)) if i != question.sentence]
        held = self._weigh(entry, [entry.sentences[i] for i in rest])
        words = sum(share * held.get(lexeme, 0.0) for lexeme, share in shares.items())
        signals = np.stack([self._means @ question.vector, self._score(shares)], axis=1)
        others = np.delete(signals, question.own, axis=0)
        best = others[np.argmax(others @ (DENSE_WEIGHT, 1 - DENSE_WEIGHT))] if len(others) else (0.0, 0.0)
        return Example(
            own=(float(question.vector @ mean_vector(entry.vectors[rest])), words),
            rival=(float(best[0]), float(best[1])),
            is_short=question.is_short,
            script=script_of(question.text),
            others=others,
        )

    def _telling_words(self, sentence: str) -> list[str]:
        words = dict.fromkeys(split_words(sentence))
        return [word for word in words if len(word) >= _SHORTEST_WORD and self._vocabulary.lexemes.get(word)]

    @cached_property
    def _means(self) -> Vectors:
        return np.stack([mean_vector(entry.vectors) for entry in self.entries])

    @cached_property
    def _holders(self) -> dict[str, list[tuple[int, float]]]:
        holders: dict[str, list[tuple[int, float]]] = {}
        for number, entry in enumerate(self.entries):
            for lexeme, weight in self._weigh(entry, entry.sentences).items():
                holders.setdefault(lexeme, []).append((number, weight))
        return holders

    def _score(self, shares: Mapping[str, float]) -> Vectors:
        """Return the lexical score of every entry, float32 [entries]."""
        scores = np.zeros(len(self.entries), dtype=np.float32)
        for lexeme, share in shares.items():
            for number, weight in self._holders.get(lexeme, ()):
                scores[number] += share * weight
        return scores

    def _weigh(self, entry: Described, sentences: Sequence[str]) -> dict[str, float]:
        """Return what each lexeme is worth in an entry that has these sentences: as term_vector does in SQL."""
        counts = self._vocabulary.count(sentences) + Counter(entry.other_lexemes)
        length = counts.total()
        return {lexeme: count / (count + 0.3 + 0.2 * length / 32) for lexeme, count in counts.items()}
