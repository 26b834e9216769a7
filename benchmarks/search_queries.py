"""Queries as people ask them: whole sentences, a few words, words that are everywhere, the same ones again."""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice, product
from typing import TypeAlias

import regex

from benchmarks.recombining import HELD_OUT

_CONTENT_WORD = regex.compile(r"\b\p{L}{4,}\b")
_WHO = ("man", "woman", "boy", "girl", "young man", "little girl", "group of people", "person")
_WEARS = ("red", "blue", "white", "black", "green", "yellow"), ("shirt", "jacket", "hat", "dress")
_DOES = ("standing", "sitting", "walking", "playing", "running", "looking")
_WHERE = ("in front of people", "on the street", "in the water", "near a building", "with a dog", "on the grass")
_REPEATED = 10

Queries: TypeAlias = Mapping[str, Iterator[str]]


def make_queries(captions: Sequence[Sequence[str]], *, seed: int = 2) -> Queries:
    """Return endless or very many queries of every kind; all but the repeated ones are distinct."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    held_out = [own[HELD_OUT] for own in captions]
    chance.shuffle(held_out)
    common = [
        f"a {who} in a {colour} {clothes} {does} {where}"
        for who, colour, clothes, does, where in product(_WHO, *_WEARS, _DOES, _WHERE)
    ]
    chance.shuffle(common)
    middle = len(held_out) // 2
    return {
        "a sentence": iter(held_out[_REPEATED:middle]),
        "two or three words": _short(held_out[middle:], chance),
        "very common words": iter(common),
        "one of ten again": cycle(held_out[:_REPEATED]),
    }


def take(queries: Iterator[str], count: int) -> list[str]:
    """Return so many more queries."""
    return list(islice(queries, count))


def _short(captions: Sequence[str], chance: random.Random) -> Iterator[str]:
    for caption in captions:
        words = _CONTENT_WORD.findall(caption)
        if len(words) >= 3:
            yield " ".join(chance.sample(words, chance.randint(2, 3)))
