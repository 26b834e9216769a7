"""Captions without a model: read off the file, or out of a file of captions."""

import json
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tests.e2e.conftest import Command
from tests.images import image_bytes, write_images


def test_without_a_key_captions_are_made_offline_and_say_so(indexer: Command, tmp_path: Path) -> None:
    folder = tmp_path / "images" / "summer holiday"
    folder.mkdir(parents=True)
    exif = Image.Exif()
    exif[0x010E] = "Grandmother feeding the ducks"
    (folder / "ducks.jpg").write_bytes(image_bytes(1, exif=exif))
    _write_sign(folder / "sign.png", "NO PARKING")

    finished = indexer("ingest", tmp_path / "images", "--json")

    assert finished.code == 0, finished.err
    assert "captions are made offline" in finished.err
    found = indexer("search", "grandmother feeding ducks", "--json").lines[0]["hits"][0]
    assert found["location"] == "summer holiday/ducks.jpg"
    assert found["why"]["captioner"] == "offline"
    assert indexer("search", "no parking", "--json").lines[0]["hits"][0]["location"] == "summer holiday/sign.png"
    assert indexer("search", "summer holiday", "--mode", "text", "--json").lines[0]["hits"] != []


def test_captions_are_imported_by_path_and_by_content(indexer: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 3)
    lines = [
        {"image": "images/picture-000.jpg", "caption": "A lighthouse in the fog."},
        {"image": ["images/picture-001.jpg"], "conversation": [], "caption": "Two cyclists climb a mountain pass."},
    ]
    (tmp_path / "captions.json").write_text(json.dumps(lines))

    finished = indexer("ingest", tmp_path / "images", "--captions", tmp_path / "captions.json", "--json")

    summary = finished.lines[-1]
    assert (finished.code, summary["captioned"], summary["uncaptioned"], summary["failed"]) == (0, 2, 1, 0)
    assert indexer("search", "cyclists", "--json").lines[0]["hits"][0]["location"] == "picture-001.jpg"


def test_lines_that_are_broken_or_match_nothing_are_failures_with_their_number(
    indexer: Command, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 1)
    captions = tmp_path / "captions.jsonl"
    captions.write_text(
        '{"image": "images/picture-000.jpg", "caption": "A heron."}\nno json\n{"image": "gone.jpg", "caption": "x"}\n'
    )

    finished = indexer("ingest", tmp_path / "images", "--captions", captions, "--json")

    assert (finished.code, finished.lines[-1]["captioned"], finished.lines[-1]["failed"]) == (3, 1, 2)
    listed = [(line["location"], line["stage"]) for line in indexer("failures", "--json").lines]
    assert sorted(listed) == [(f"{captions}:2", "import"), (f"{captions}:3", "import")]


def test_a_changed_line_replaces_the_imported_caption(indexer: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)
    captions = tmp_path / "captions.jsonl"
    captions.write_text('{"image": "images/picture-000.jpg", "caption": "A heron."}')
    indexer("ingest", tmp_path / "images", "--captions", captions)
    captions.write_text('{"image": "images/picture-000.jpg", "caption": "A stork on its nest."}')

    summary = indexer("ingest", tmp_path / "images", "--captions", captions, "--json").lines[-1]

    assert (summary["captioned"], summary["indexed"]) == (1, 1)
    assert indexer("search", "stork nest", "--json").lines[0]["hits"][0]["caption"] == "A stork on its nest."


def _write_sign(path: Path, text: str) -> None:
    sign = Image.new("RGB", (600, 200), "white")
    ImageDraw.Draw(sign).text((60, 60), text, fill="black", font=ImageFont.load_default(size=72))
    sign.save(path)
