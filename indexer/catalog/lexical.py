"""Split text into the words that the text index and its queries share."""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

import regex

# A run of letters, marks and digits of one script family; Han, kana and Hangul runs are cut further.
_RUN = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}ー]+")
_LATIN_ACCENTS = regex.compile(r"(?<=[\p{Latin}])[\u0300-\u036f]+")
_MOST_INDEXED = 50_000  # characters of one field
_LONGEST = 100  # Postgres refuses lexemes over 2 KB; nobody searches for words of this length


def split_words(text: str) -> list[str]:
    """Return the words of a text: case and Latin accents folded, CJK runs as bigrams and single characters.

    Postgres then stems what is English. Doing the splitting here gives documents and queries of every script the same
    words: `beach_2019.jpg` has `beach`, and a Chinese query needs no spaces. Characters that bigrams hold come last, so
    that what stands side by side in the text does so here.
    """
    parts = _parts(text)
    return [*_in_order(parts), *(c for part in parts if is_cjk(part) and len(part) > 1 for c in part)]


def split_for_phrase(text: str) -> str:
    """Return a text's words in order and once, joined by spaces, for words that stand next to each other.

    Of CJK runs the bigrams alone. A single character at either end, written together with something else, is left out:
    in a document it may begin or end a longer run, where it is part of a bigram.
    """
    words = [parts for word in text.split() if (parts := _parts(word))]
    if words and len(words[0]) > 1 and _is_character(words[0][0]):
        words[0] = words[0][1:]
    if words and len(words[-1]) > 1 and _is_character(words[-1][-1]):
        words[-1] = words[-1][:-1]
    return " ".join(_in_order(part for parts in words for part in parts))


def says_something(phrase: str) -> bool:
    """Tell whether a phrase, as `split_for_phrase` returns it, has a word that the text index does not leave out."""
    return not _stop_words().issuperset(phrase.split())


def searchable(text: str) -> str:
    """Return a text's words joined by single spaces, as the text index takes them.

    Of very long texts the beginning: Postgres takes a megabyte of them and no more.
    """
    return " ".join(split_words(text[:_MOST_INDEXED]))


def split_scripts(run: str) -> list[str]:
    """Cut a run where CJK characters begin or end."""
    parts, end = [], 0
    for match in _CJK.finditer(run):
        parts += [run[end : match.start()], match.group()]
        end = match.end()
    return [part for part in [*parts, run[end:]] if part]


def is_cjk(part: str) -> bool:
    """Tell whether a part of a run is written without spaces."""
    return _CJK.fullmatch(part) is not None


@cache
def _stop_words() -> frozenset[str]:
    """Return the words that Postgres leaves out of English text: its english.stop."""
    return frozenset(files("indexer.catalog").joinpath("stop_words.txt").read_text(encoding="utf-8").split())


def _parts(text: str) -> list[str]:
    """Return a text's runs, folded, cut where CJK characters begin or end."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = unicodedata.normalize("NFC", _LATIN_ACCENTS.sub("", unicodedata.normalize("NFD", folded)))
    return [part for run in _RUN.findall(plain) for part in split_scripts(run)]


def _is_character(part: str) -> bool:
    return len(part) == 1 and is_cjk(part)


def _in_order(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        if is_cjk(part) and len(part) > 1:
            yield from (part[i : i + 2] for i in range(len(part) - 1))
        else:
            yield part[:_LONGEST]
