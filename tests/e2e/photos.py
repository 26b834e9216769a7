"""A library to look at: what people keep, in folders, over years, of all shapes, a few of them twice."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from PIL import Image

from tests.conftest import new_database
from tests.e2e.conftest import Command, make_home, serving, wait_until
from tests.images import make_picture

_SHAPES = ((600, 400), (400, 600), (640, 480), (500, 500), (900, 300))
_DOES = ("runs through the snow", "sleeps on the grass", "jumps over a log", "swims in a lake", "waits for a bus")
_WHO = ("brown dog", "puppy", "cat", "horse", "child", "old man", "goat", "swan", "fox")
_TAKEN, _EXIF = 0x9003, 0x8769
MANY = len(_WHO) * len(_DOES)


def write_photos(folder: Path) -> None:
    """Write MANY animals, a mug and a smaller copy of it, and a wall with a hostile caption; captions beside them."""
    lines = [
        _write(folder, number, f"animals/{number:02}.jpg", _sentence(number), 2015 + number % 9)
        for number in range(MANY)
    ]
    lines += [
        _write(folder, 100, "home/mug.jpg", "A red mug on a wooden desk.", 2024),
        _write(folder, 100, "home/mug small.jpg", "A red mug on a wooden desk.", 2024, shrunk=True),
        _write(folder, 101, "town/wall.jpg", "<script>alert('x')</script> sprayed on a wall.", 2020, text="NO PARKING"),
    ]
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, lines)))


@contextmanager
def showing_photos(folder: Path, postgres: str, embedders_home: Path) -> Iterator[str]:
    """Index them into a database of their own, and give the address of a service that is ready."""
    write_photos(folder)
    with new_database(postgres) as database:
        home = make_home(folder / ".home", embedders_home)
        indexer = Command(folder, {"DATABASE_URL": database, "CAPTION_SEARCH_HOME": str(home)})
        finished = indexer("ingest", ".", "--captions", "captions.jsonl")
        assert finished.code == 0, finished.err
        with serving(indexer) as address, httpx2.Client(base_url=address) as client:
            wait_until(lambda: client.get("/health/ready").status_code == 200)
            yield address


def _write(
    folder: Path, number: int, name: str, caption: str, year: int, *, shrunk: bool = False, text: str = ""
) -> dict[str, object]:
    width, height = _SHAPES[number % len(_SHAPES)]
    size = (width // 2, height // 2) if shrunk else (width, height)
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_taken(make_picture(number, size), f"{year}:05:17 12:00:00"))
    return {"image": name, "captions": [caption], "keywords": [caption.split()[1]], "visible_text": text}


def _taken(picture: Image.Image, moment: str) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif.get_ifd(_EXIF)[_TAKEN] = moment
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def _sentence(number: int) -> str:
    return f"A {_WHO[number % len(_WHO)]} {_DOES[number % len(_DOES)]}, number {number}."
