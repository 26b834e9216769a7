"""A library whose pictures mean something: each shows a subject of its own, which answers may name or leave out."""

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.fakes.openai_server import Asked, Reply, caption_reply
from tests.images import make_picture

_BLOCKS = (8, 6)
SUBJECTS = (
    *("red mug on a desk", "brown dog in the snow", "sailing boat at sunset", "old steam train", "child with a kite"),
    *("plate of spaghetti", "grey heron on a pond", "violin on a chair", "lighthouse in fog", "yellow taxi at night"),
    *("two cyclists on a pass", "field of sunflowers", "astronaut floating in space", "chess game in a park"),
    *("wedding cake with roses", "penguins on ice", "surgeon in a theatre", "market stall with fish"),
    *("hot air balloon over hills", "broken wristwatch", "library full of books", "farmer on a tractor"),
    *("elephant at a river", "skyscrapers from below"),
)


def subject_of(image: bytes) -> str:
    """Return what a picture of `tests.images` shows, however it was encoded again."""
    with Image.open(io.BytesIO(image)) as opened:
        seen = _blocks_of(opened)
    distances = [np.abs(_blocks_of(make_picture(number)) - seen).mean() for number in range(len(SUBJECTS))]
    return SUBJECTS[int(np.argmin(distances))]


def name_subject(asked: Asked) -> Reply:
    """Answer in two sentences that say what is shown."""
    subject = subject_of(asked.image)
    return caption_reply(f"A {subject}.", f"Somebody took this of a {subject}.", keywords=tuple(subject.split()))


def evade(asked: Asked) -> Reply:
    """Answer in a sentence of the picture's own that does not say what is shown."""
    number = SUBJECTS.index(subject_of(asked.image))
    return caption_reply(f"Something that was seen {number + 2} times before.")


def say_nothing(_asked: Asked) -> Reply:
    """Answer the same to every picture."""
    return caption_reply("An image.")


def describe_well(asked: Asked) -> Reply:
    """Answer in five sentences that say what is shown."""
    subject = subject_of(asked.image)
    openers = ("A", "Here is a", "There is a", "Somebody came upon a", "In colour: a")
    return caption_reply(*(f"{opener} {subject}." for opener in openers), keywords=tuple(subject.split()))


def write_golden(path: Path, *more: str) -> Path:
    """Write a query for every subject, and more lines."""
    lines = [json.dumps({"query": s, "relevant": [f"picture-{n:03}.jpg"]}) for n, s in enumerate(SUBJECTS)]
    path.write_text("\n".join([*lines, *more]))
    return path


def _blocks_of(picture: Image.Image) -> np.ndarray:
    small = picture.convert("RGB").resize(_BLOCKS, Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float32)
