import time
from pathlib import Path

import pytest

from indexer.catalog.store import Store
from indexer.errors import NotFoundError
from indexer.models import ImageId, RunId
from indexer.pipelines.lineage import find_lineage
from indexer.pipelines.locating import find_file
from indexer.pipelines.presenting_lineage import present_lineage
from tests.factories import add_edit, add_image, make_facts, make_output, make_source

_MANY = 1000


def test_an_image_between_its_parents_and_its_children(store: Store, run_id: RunId) -> None:
    photo, sky = add_image(store, "photo", "A street at noon."), add_image(store, "sky")
    mask = store.edits.register_mask(make_facts("mask", format="PNG"))
    sources = [
        make_source(photo),
        make_source(sky, 1, role="reference"),
        make_source(mask, 2, role="mask", file="/masks/mask.png"),
    ]
    [night] = add_edit(store, run_id, "Make it night.", sources, [make_output("night")])
    children = add_edit(store, run_id, "Add snow.", [make_source(night)], [make_output("snow"), make_output("more")])

    shown = present_lineage(find_lineage(store, night))

    assert (shown["image"]["image_id"], shown["image"]["origin"]) == (night, "edit")
    assert [(p["role"], p["image"]["image_id"], p["image"]["location"]) for p in shown["parents"]] == [
        ("input", photo, "photo.jpg"),
        ("reference", sky, "sky.jpg"),
        ("mask", mask, None),
    ]
    assert shown["parents"][0]["image"]["caption"] == "A street at noon."
    assert {parent["edit"]["instruction"] for parent in shown["parents"]} == {"Make it night."}
    assert [child["image"]["image_id"] for child in shown["children"]] == children
    assert {child["role"] for child in shown["children"]} == {"input"}
    assert [child["edit"]["instruction"] for child in shown["children"]] == ["Add snow.", "Add snow."]


def test_a_parent_whose_location_is_forgotten_stays_and_is_lost(store: Store, run_id: RunId) -> None:
    photo = add_image(store, "photo")
    [night] = add_edit(store, run_id, "Make it night.", [make_source(photo)], [make_output("night")])
    store.images.drop_locations(["/pictures/photo.jpg"])

    [parent] = present_lineage(find_lineage(store, night))["parents"]

    assert (parent["image"]["image_id"], parent["image"]["lost"]) == (photo, True)
    assert (parent["image"]["location"], parent["image"]["thumbnail_url"]) == (None, None)


def test_a_mask_is_served_from_where_its_edit_keeps_it(store: Store, run_id: RunId, tmp_path: Path) -> None:
    kept = tmp_path / "mask.png"
    kept.write_bytes(b"mask")
    facts = make_facts("mask", size_bytes=4)
    mask = store.edits.register_mask(facts)
    sources = [make_source(add_image(store, "photo")), make_source(mask, 1, role="mask", file=str(kept))]
    [night] = add_edit(store, run_id, "Make it night.", sources, [make_output("night")])

    shown = present_lineage(find_lineage(store, night))["parents"][1]

    assert (shown["role"], shown["image"]["lost"]) == ("mask", False)
    assert find_file(store.images.get_image(mask)) == kept


def test_the_lineage_of_an_image_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError, match="There is no image 99"):
        find_lineage(store, ImageId(99))


def test_a_thousand_children_are_there_at_once(store: Store, run_id: RunId) -> None:
    photo = add_image(store, "photo", "A street at noon.")
    for number in range(0, _MANY, 10):
        outputs = [make_output(f"child-{number + each}") for each in range(10)]
        add_edit(store, run_id, f"Edit {number}.", [make_source(photo)], outputs)

    started = time.perf_counter()
    children = present_lineage(find_lineage(store, photo))["children"]
    took_s = time.perf_counter() - started

    assert len(children) == _MANY
    assert took_s < 1


def test_of_too_many_kin_the_nearest_are_told(store: Store, run_id: RunId) -> None:
    photo = add_image(store, "photo")
    first = add_edit(store, run_id, "Make it night.", [make_source(photo)], [make_output("night")])
    add_edit(store, run_id, "Add snow.", [make_source(first[0])], [make_output("snow")])
    second = add_edit(store, run_id, "Make it day.", [make_source(photo)], [make_output("day"), make_output("dawn")])

    few, all_ = (store.lineages.find_lineage(photo, most=most) for most in (3, 4))

    assert ([link.child_id for link in few.links], few.has_more) == ([*first, *second], True)
    assert (len(all_.links), all_.has_more) == (4, False)
    assert present_lineage(find_lineage(store, photo))["more"] is False
