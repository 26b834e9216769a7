"""Lineage at the terminal and over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from indexer.catalog.store import Store
from indexer.models import FoundFile, ImageId
from tests.e2e.conftest import Command, serving
from tests.factories import add_edit, add_image, make_facts, make_found, make_output, make_source, make_wanted

_DEEP = 60
_LONG = "Make it night, with snow on the roofs and a lamp in every window of every house. " * 4


@pytest.fixture
def edited(store: Store, tmp_path: Path) -> Iterator[tuple[Path, ImageId]]:
    """Give a photo, and the image that two edits in a row made of it, whose own file is gone."""
    path = tmp_path / "photo [red].jpg"
    path.write_bytes(b"x" * 1000)
    found = FoundFile(path=path, location=str(path), relative_path=path.name, size_bytes=1000, modified_ns=1)
    photo = store.images.register_image(make_facts("photo"), found, make_wanted()).image_id
    with store.runs.running("test", {}) as run_id:
        [night] = add_edit(store, run_id, "Make it night.", [make_source(photo)], [make_output("night")])
        [snow] = add_edit(store, run_id, "Add [b]snow[/b].", [make_source(night)], [make_output("snow")])
        yield path, snow


def test_a_lineage_is_a_tree_at_the_terminal(indexer: Command, edited: tuple[Path, ImageId]) -> None:
    path, snow = edited

    up, down = indexer("lineage", str(snow)), indexer("lineage", path)
    unknown = indexer("lineage", "99")

    assert (up.code, up.err) == (0, "")
    assert up.out.splitlines() == [
        "3 edits/snow.jpg (lost)",
        "├── made of",
        "│   └── input: 2 edits/night.jpg (lost)",
        "│       edit 2, turn 1, m: “Add [b]snow[/b].”",
        "│       └── input: 1 photo [red].jpg",
        "│           edit 1, turn 1, m: “Make it night.”",
        "└── not edited so far",
    ]
    assert down.out.splitlines()[1:3] == ["├── an original", "└── edited into: 2 edits/night.jpg (lost)"]
    assert (unknown.code, unknown.err) == (1, "Error: There is no image 99.\n")


def test_what_a_mask_and_a_reference_were_used_for_is_said_and_never_cropped(store: Store, indexer: Command) -> None:
    photo, sky = add_image(store, "photo"), add_image(store, "sky")
    mask = store.edits.register_mask(make_facts("mask", format="PNG"))
    sources = [
        make_source(photo),
        make_source(sky, 1, role="reference"),
        make_source(mask, 2, role="mask", file="/masks/mask.png"),
    ]
    with store.runs.running("test", {}) as run_id:
        add_edit(store, run_id, _LONG, sources, [make_output("night")])

    of_sky, of_mask = indexer("lineage", str(sky)), indexer("lineage", str(mask))
    role = indexer("lineage", str(mask), "--json").lines[0]["children"][0]["role"]

    assert of_sky.out.splitlines() == [
        "2 sky.jpg (lost)",
        "├── an original",
        "└── reference for: 4 edits/night.jpg (lost)",
        f"    edit 1, turn 1, m: “{_LONG}”",
    ]
    assert of_mask.out.splitlines()[1:3] == ["├── a mask", "└── mask of: 4 edits/night.jpg (lost)"]
    assert role == "mask"


def test_a_lineage_is_the_same_json_at_the_terminal_and_over_http(
    indexer: Command, edited: tuple[Path, ImageId]
) -> None:
    _, snow = edited

    with serving(indexer) as address, httpx2.Client(base_url=address, timeout=30) as client:
        answer = client.get(f"/images/{snow}/lineage").json()
        by_hash = client.get(f"/images/{answer['image']['sha256']}/lineage").json()
        wrong = [client.get(f"/images/{ref}/lineage") for ref in ("99", "0" * 64, "photo.jpg")]
        described = client.get("/openapi.json").json()

    assert indexer("lineage", str(snow), "--json").lines == [answer]
    assert by_hash == answer
    [parent] = answer["parents"]
    [grandparent] = parent["parents"]
    assert (parent["image"]["lost"], parent["image"]["thumbnail_url"]) == (True, None)
    assert (grandparent["image"]["lost"], grandparent["image"]["thumbnail_url"]) == (False, "/images/1/thumbnail")
    assert [each.status_code for each in wrong] == [404, 404, 422]
    assert {each.headers["content-type"] for each in wrong} == {"application/problem+json"}
    assert "LineageAnswer" in described["components"]["schemas"]
    summaries = {operation["summary"] for path in described["paths"].values() for operation in path.values()}
    assert summaries.isdisjoint({"Show", "Edit", "Lineage", "Search", "Write", "Download", "Live", "Ready"})


def test_a_long_line_of_edits_is_answered(store: Store, indexer: Command) -> None:
    with store.runs.running("test", {}) as run_id:
        image_id = store.images.register_image(make_facts("0"), make_found("0.jpg"), make_wanted()).image_id
        for number in range(1, _DEEP):
            [image_id] = add_edit(store, run_id, f"{number}.", [make_source(image_id)], [make_output(str(number))])

    with serving(indexer) as address, httpx2.Client(base_url=address, timeout=30) as client:
        answer = client.get(f"/images/{image_id}/lineage")

    assert (answer.status_code, answer.text.count('"more":true')) == (200, 1)
