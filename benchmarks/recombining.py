"""A library of any size out of the captions of a smaller one: texts, folders, dates and tags as people have them."""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import regex

from benchmarks.bench_images import BenchImage
from indexer.models import Origin

HELD_OUT = 4  # of an image's five captions this one is never indexed: it is a query
# Tags that one image in so many has, whatever it shows.
TAGS = {"one-in-1000": 1000, "one-in-100": 100, "one-in-10": 10}

_SIZES = ((4032, 3024), (3024, 4032), (1920, 1080), (1080, 1080), (500, 375), (375, 500))
_FIRST_DAY, _DAYS = datetime(2006, 1, 1), 7000  # noqa: DTZ001 - the wall clock of a camera has no zone
_TOPICS = {
    "dogs": "dog|dogs|puppy",
    "water": "water|beach|ocean|pool|lake|swimming|surfer|boat",
    "sport": "ball|soccer|football|baseball|player|players|team|tennis|race",
    "winter": "snow|ski|skiing|ice|snowboarder",
    "street": "street|sidewalk|city|car|bus|store",
    "children": "child|children|boy|boys|girl|girls|baby|kids",
    "kitchen": "food|eating|cooking|kitchen|restaurant|table|chef",
    "music": "guitar|band|microphone|stage|singing|concert",
}
_PATTERNS = {topic: regex.compile(rf"\b(?:{words})\b", regex.IGNORECASE) for topic, words in _TOPICS.items()}
_PEOPLE = regex.compile(
    r"\b(man|men|woman|women|people|person|boys?|girls?|child|children|players?)\b", regex.IGNORECASE
)
_INDOORS = regex.compile(r"\b(room|kitchen|stage|indoors?|inside|table|couch|gym)\b", regex.IGNORECASE)
_LONG_WORD = regex.compile(r"\b\p{L}{5,}\b")


def load_captions(path: Path) -> list[list[str]]:
    """Return each image's five captions from JSONL, gzipped or not."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [json.loads(line)["captions"] for line in lines]


def recombine(captions: Sequence[Sequence[str]], count: int, *, seed: int = 1) -> Iterator[BenchImage]:
    """Yield so many images: each caption set as it is, then three captions of one image with one or two of another."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    for number in range(count):
        sentences = _without_held_out(captions[number % len(captions)])
        if number >= len(captions):
            other = _without_held_out(chance.choice(captions))
            sentences = [*chance.sample(sentences, 3), *chance.sample(other, chance.randint(1, 2))]
        yield _image(number, tuple(sentences), chance)


def _without_held_out(captions: Sequence[str]) -> list[str]:
    return [caption for position, caption in enumerate(captions) if position != HELD_OUT]


def _image(number: int, sentences: tuple[str, ...], chance: random.Random) -> BenchImage:
    text, taken_at = " ".join(sentences), _FIRST_DAY + timedelta(days=chance.random() * _DAYS)
    width, height = chance.choice(_SIZES)
    is_imported = chance.random() < 0.3
    origins: list[Origin] = ["original", "edit", "frame"]
    return BenchImage(
        name=f"{_folder(text, taken_at)}/IMG_{number:07}.jpg",
        sentences=sentences,
        keywords=() if is_imported else _keywords(text, chance),
        visible_text=_sign(text, chance) if chance.random() < 0.08 else "",
        captioner="import" if is_imported else "openai",
        moderation=_moderation(text) if chance.random() < 0.4 else None,
        tags=tuple(tag for tag, every in TAGS.items() if number % every == every // 2),
        taken_at=taken_at if chance.random() < 0.9 else None,
        width=width,
        height=height,
        origin=chance.choices(origins, (94, 4, 2))[0],
        format=chance.choices(("JPEG", "PNG", "HEIF"), (85, 10, 5))[0],
    )


def _folder(text: str, taken_at: datetime) -> str:
    """Return a folder by what is shown and when: a few are large and many small."""
    topic = next((topic for topic, words in _PATTERNS.items() if words.search(text)), "unsorted")
    return f"{topic}/{taken_at.year}"


def _keywords(text: str, chance: random.Random) -> tuple[str, ...]:
    words = sorted({word.lower() for word in _LONG_WORD.findall(text)})
    return tuple(chance.sample(words, min(6, len(words))))


def _sign(text: str, chance: random.Random) -> str:
    """Return what a sign in the picture might say, with a number that few others have."""
    words = _LONG_WORD.findall(text) or ["exit"]
    return f"{chance.choice(words).upper()} {chance.randint(1, 9999)}"


def _moderation(text: str) -> dict[str, object]:
    return {
        "contains_people": bool(_PEOPLE.search(text)),
        "contains_children": bool(_PATTERNS["children"].search(text)),
        "contains_faces": bool(_PEOPLE.search(text)),
        "contains_text": False,
        "nsfw": False,
        "violence": False,
        "setting": "indoor" if _INDOORS.search(text) else "outdoor",
        "uncertain": False,
    }
