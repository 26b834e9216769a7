"""What editors are asked in benchmarks: a row for everything that the models of both protocols can do."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.edit_endpoints import Protocol
from tests.images import make_picture

SIZE = (1024, 768)
_NOISE, _QUALITY = 7.0, 90  # some 230 kB a file
MASKS = "masks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of edit, of so many images, in so many turns."""

    name: str
    protocol: Protocol
    model: str
    images: int = 1
    turns: int = 1
    has_mask: bool = False
    is_variation: bool = False

    def request(self, number: int, repeat: str) -> dict[str, Any]:
        """Return a line of the requests' file; `repeat` makes it another one."""
        images = [_name(number + other) for other in range(self.images)]
        said = [] if self.is_variation else [f"Edit {repeat} {number}, turn {turn}." for turn in range(self.turns)]
        return {
            "images": images[0] if self.images == 1 else images,
            "conversations": [{"role": "user", "content": text} for text in said],
        } | ({"mask": f"../{MASKS}/{number:05}.png"} if self.has_mask else {})


ROWS = (
    Row(name="gpt-image-1", protocol="openai", model="gpt-image-1"),
    Row(name="gpt-image-1, 3 images + mask", protocol="openai", model="gpt-image-1", images=3, has_mask=True),
    Row(name="gpt-image-1, 2 turns", protocol="openai", model="gpt-image-1", turns=2),
    Row(name="dall-e-2, mask", protocol="openai", model="dall-e-2", has_mask=True),
    Row(name="dall-e-2, variation", protocol="openai", model="dall-e-2", is_variation=True),
    Row(name="gemini-2.5", protocol="gemini", model="gemini-2.5-flash-image"),
    Row(name="gemini-3-pro, 3 images", protocol="gemini", model="gemini-3-pro-image-preview", images=3),
    Row(name="gemini-3-pro, 2 turns", protocol="gemini", model="gemini-3-pro-image-preview", turns=2),
)


def write_sources(folder: Path, count: int) -> None:
    """Write so many JPEGs like photos, some more to be references, and a mask for each beside their folder."""
    folder.mkdir()
    (masks := folder.with_name(MASKS)).mkdir()
    noise = np.random.default_rng(0).normal(0, _NOISE, (*reversed(SIZE), 1))
    for number in range(count + max(row.images for row in ROWS)):
        grainy = (np.asarray(make_picture(number, SIZE)) + np.roll(noise, number)).clip(0, 255).astype(np.uint8)
        Image.fromarray(grainy).save(folder / _name(number), quality=_QUALITY)
        mask = Image.new("RGBA", SIZE, (0, 0, 0, 255))
        mask.paste((0, 0, 0, 0), (256, 192, 512 + number, 576))
        mask.save(masks / f"{number:05}.png")


def write_requests(folder: Path, row: Row, numbers: Iterable[int], repeat: str) -> Path:
    """Write a file of requests beside the sources and return its path; each line asks for something else."""
    path = folder / f"{repeat}.jsonl"
    lines = [json.dumps(row.request(number, f"{repeat} {line}")) for line, number in enumerate(numbers)]
    path.write_text("\n".join(lines), "utf-8")
    return path


def _name(number: int) -> str:
    return f"{number:05}.jpg"
