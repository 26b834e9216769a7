"""Queries made from a library's own captions: each is left out of its image, which then either is found or is not."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from indexer.catalog.lexical import split_words
from indexer.catalog.searching.scripts import script_of
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


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What the text index makes of words, and how many of `size` entries hold each lexeme."""

    lexemes: Mapping[str, frozenset[str]]
    entries: Mapping[str, int]
    size: int

    def lexemes_of(self, text: str) -> frozenset[str]:
        """Return a text's lexemes."""
        return frozenset().union(*(self.lexemes.get(word, frozenset()) for word in split_words(text)))

    def idf(self, lexeme: str) -> float:
        """Return what a lexeme is worth; one that no entry has is worth most."""
        held = self.entries.get(lexeme, 0)
        return float(np.log1p((max(self.size - held, 0) + 0.5) / (held + 0.5)))

    def share(self, wanted: Iterable[str], held: frozenset[str]) -> float:
        """Return the share of the wanted lexemes' IDF mass that is held."""
        worth = {lexeme: self.idf(lexeme) for lexeme in wanted}
        mass = sum(worth.values())
        return sum(worth[lexeme] for lexeme in worth if lexeme in held) / mass if mass else 0.0


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
    """What a question's own image and the best of the others show: rows of similarity and matched share."""

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
        wanted = self._vocabulary.lexemes_of(question.text)
        entry = self.entries[question.own]
        rest = [i for i in range(len(entry.sentences)) if i != question.sentence]
        held = entry.other_lexemes.union(*(self._vocabulary.lexemes_of(entry.sentences[i]) for i in rest))
        own = float(question.vector @ mean_vector(entry.vectors[rest])), self._vocabulary.share(wanted, held)
        signals = np.stack([self._means @ question.vector, self._shares(wanted)], axis=1)
        others = np.delete(signals, question.own, axis=0)
        best = others[np.argmax(others @ (0.8, 0.2))] if len(others) else (0.0, 0.0)
        return Example(
            own=own,
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
    def _holders(self) -> dict[str, list[int]]:
        holders: dict[str, list[int]] = {}
        for number, entry in enumerate(self.entries):
            lexemes = entry.other_lexemes.union(*(self._vocabulary.lexemes_of(text) for text in entry.sentences))
            for lexeme in lexemes:
                holders.setdefault(lexeme, []).append(number)
        return holders

    def _shares(self, wanted: frozenset[str]) -> Vectors:
        """Return the matched share of every entry, float32 [entries]."""
        shares = np.zeros(len(self.entries), dtype=np.float32)
        for lexeme in wanted:
            shares[self._holders.get(lexeme, [])] += self._vocabulary.idf(lexeme)
        return shares / max(sum(self._vocabulary.idf(lexeme) for lexeme in wanted), 1e-9)
