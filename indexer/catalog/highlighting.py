"""Mark the words of a sentence that a query matched."""

import html
from dataclasses import dataclass
from functools import lru_cache

import regex
import snowballstemmer

from indexer.catalog.lexical import split_words

_RUN = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_CJK_CHARACTER = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}ー]")
_stemmer = snowballstemmer.stemmer("english")  # the algorithm of Postgres' english_stem


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence as escaped HTML, and how many of its words are marked."""

    html: str
    matches: int


def mark_words(sentence: str, lexemes: frozenset[str]) -> Marked:
    """Escape a sentence and put <mark> around the words whose lexeme is among `lexemes`."""
    parts, end, matches = [], 0, 0
    for run in _RUN.finditer(sentence):
        for first, last in _matched_spans(run.group(), lexemes):
            start, stop = run.start() + first, run.start() + last
            parts += [html.escape(sentence[end:start]), f"<mark>{html.escape(sentence[start:stop])}</mark>"]
            end, matches = stop, matches + 1
    return Marked("".join([*parts, html.escape(sentence[end:])]), matches)


def _matched_spans(run: str, lexemes: frozenset[str]) -> list[tuple[int, int]]:
    if _CJK_CHARACTER.search(run) is None:
        return [(0, len(run))] if not lexemes.isdisjoint(_lexemes(run)) else []
    covered = [False] * len(run)
    for i in range(len(run)):
        for length in (1, 2):
            if run[i : i + length] in lexemes and i + length <= len(run):
                covered[i : i + length] = [True] * length
    return [match.span() for match in regex.finditer("1+", "".join("1" if c else "0" for c in covered))]


@lru_cache(maxsize=50_000)
def _lexemes(word: str) -> frozenset[str]:
    words = split_words(word)
    return frozenset([*words, *(_stemmer.stemWord(part) for part in words)])
