"""Mark the words of a sentence that a query matched."""

import html
from collections.abc import Iterator
from functools import lru_cache

import regex
import snowballstemmer

from indexer.catalog.lexical import is_cjk, split_scripts, split_words

_RUN = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_stemmer = snowballstemmer.stemmer("english")  # the algorithm of Postgres' english_stem


def count_words(sentence: str, lexemes: frozenset[str]) -> int:
    """Count the words of a sentence whose lexeme is among these."""
    runs = _RUN.finditer(sentence)
    return sum(1 for run in runs for _ in _matched_spans(run.group(), run.start(), lexemes))


def mark_words(sentence: str, lexemes: frozenset[str]) -> str:
    """Return a sentence as escaped HTML with <mark> around the words whose lexeme is among these."""
    parts, end = [], 0
    for run in _RUN.finditer(sentence):
        for start, stop in _matched_spans(run.group(), run.start(), lexemes):
            parts += [html.escape(sentence[end:start]), f"<mark>{html.escape(sentence[start:stop])}</mark>"]
            end = stop
    return "".join([*parts, html.escape(sentence[end:])])


def _matched_spans(run: str, offset: int, lexemes: frozenset[str]) -> Iterator[tuple[int, int]]:
    for part, part_lexemes in _parts(run):
        if part_lexemes is None:
            yield from ((offset + start, offset + stop) for start, stop in _cjk_spans(part, lexemes))
        elif not lexemes.isdisjoint(part_lexemes):
            yield offset, offset + len(part)
        offset += len(part)


@lru_cache(maxsize=50_000)
def _parts(run: str) -> tuple[tuple[str, frozenset[str] | None], ...]:
    """Return a run cut by script, each part with its lexemes; CJK ones without."""
    return tuple((part, None if is_cjk(part) else _lexemes(part)) for part in split_scripts(run))


def _cjk_spans(part: str, lexemes: frozenset[str]) -> list[tuple[int, int]]:
    """Return the spans that matching characters and bigrams cover together."""
    covered = ["0"] * len(part)
    for i in range(len(part)):
        for length in (1, 2):
            if part[i : i + length] in lexemes:
                covered[i : i + length] = ["1"] * len(part[i : i + length])
    return [match.span() for match in regex.finditer("1+", "".join(covered))]


def _lexemes(word: str) -> frozenset[str]:
    words = split_words(word)
    return frozenset([*words, *(_stemmer.stemWord(part) for part in words)])
