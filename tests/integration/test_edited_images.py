"""Edited images in the catalogue: what they were made of, what finds them, and masks, which nothing does."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Query, Searcher
from indexer.models import ImageId
from indexer.pipelines.assembling import build_ingesting
from indexer.pipelines.correcting import correct
from indexer.pipelines.updating import index_stale
from indexer.sources.folders import find_files
from tests.edits import ask, find_outputs
from tests.fakes.drawing import FileFormat
from tests.fakes.edit_scripts import ByInstruction, PaintsAs, PaintsMore
from tests.fakes.edits import EditAsked, EditReply
from tests.fakes.openai_chat import caption_reply
from tests.fakes.openai_server import FakeOpenAI, Reply
from tests.images import image_bytes
from tests.integration.edits import Desk, Wanted

FIRST, SECOND, THIRD = "picture-000.jpg", "picture-001.jpg", "picture-002.jpg"
OPENAI: dict[str, Any] = {"api_format": "openai", "model": "gpt-image-1"}
PIANO = ask(FIRST, "Change the guitar to a piano.")
SOURCES = """
    SELECT e.turn, s.position, s.image_id, s.role FROM edit e JOIN edit_source s ON s.edit_id = e.id ORDER BY 1, 2"""


def image_at(desk: Desk, name: str) -> ImageId:
    found = desk.store.images.find_image_at(str(desk.folder / name))
    assert found is not None
    return found


def write_mask(folder: Path) -> None:
    """Write a painter's mask for pictures of 64 x 48 pixels: its right half is to be edited."""
    mask = Image.new("L", (64, 48))
    mask.paste(255, (32, 0, 64, 48))
    mask.save(folder / "mask.png")


def test_an_output_is_an_edit_with_its_parents_in_their_order(desk: Desk) -> None:
    [edited] = desk.edit(ask([FIRST, SECOND, THIRD], "Join them.")).edited

    [output] = edited.image_ids
    first, second, third = (image_at(desk, name) for name in (FIRST, SECOND, THIRD))
    assert desk.rows(SOURCES) == [(1, 0, first, "input"), (1, 1, second, "reference"), (1, 2, third, "reference")]
    assert desk.rows("SELECT edit_id, position, image_id FROM edit_output") == [(1, 0, output)]
    assert desk.rows("SELECT id, origin FROM image WHERE origin <> 'original'") == [(output, "edit")]
    assert desk.rows("SELECT instruction, api_format, model, parameters, conversation FROM edit") == [
        ("Join them.", "gemini", "gemini-2.5-flash-image", {}, [{"role": "user", "content": "Join them."}])
    ]


@pytest.mark.parametrize("wanted", [{}, OPENAI], ids=["gemini", "openai"])
def test_each_turn_edits_the_result_of_the_one_before_and_is_its_child(wanted: dict[str, Any], desk: Desk) -> None:
    [edited] = desk.edit(ask([FIRST, SECOND], "One.", "Two."), **wanted).edited

    one, two = edited.image_ids
    first, second = image_at(desk, FIRST), image_at(desk, SECOND)
    assert desk.rows(SOURCES) == [
        (1, 0, first, "input"),
        (1, 1, second, "reference"),
        (2, 0, one, "input"),
        (2, 1, second, "reference"),
    ]
    assert desk.rows("SELECT after_id, turn FROM edit ORDER BY id") == [(None, 1), (1, 2)]
    assert [(link.parent_id, link.child_id) for link in desk.store.lineages.find_lineage(two, most=9).links] == [
        (first, one),
        (second, one),
        (one, two),
        (second, two),
    ]


def test_a_mask_is_kept_and_never_captioned_found_or_counted(desk: Desk, openai_server: FakeOpenAI) -> None:
    write_mask(desk.folder)

    done = desk.edit(ask(FIRST, "Fill it.", mask="mask.png"), **OPENAI)

    [[mask_id]] = desk.rows("SELECT image_id FROM edit_source WHERE role = 'mask'")
    [source] = [source for source in desk.store.edits.find_sources(done.edited[0].turns[0].edit_id) if source.file]
    assert (done.statuses, source.position, source.image_id) == (["edited"], 1, mask_id)
    assert Path(source.file or "").read_bytes() == (desk.folder / "mask.png").read_bytes()
    assert len(openai_server.accepted) == 2
    assert desk.store.status.count_everything().images == 2
    [live] = desk.store.generations.find_generations()
    assert desk.store.generations.count_coverage(live.id).images == 2
    assert desk.rows("SELECT image_id FROM entry WHERE image_id = %s", mask_id) == []


def test_the_folder_of_outputs_may_be_ingested_and_stays_what_it_was(desk: Desk, openai_server: FakeOpenAI) -> None:
    write_mask(desk.folder)
    desk.edit(ask(FIRST, "Fill it.", mask="mask.png"), ask(SECOND, "One.", "Two."), **OPENAI)
    before = len(openai_server.accepted)

    with desk.making(Wanted()) as (run, _editor), desk.store.runs.running("ingest", {}) as run_id:
        ingesting = build_ingesting(replace(run, id=run_id), desk.settings, tell=print)
        outcomes = list(ingesting.ingest(find_files([desk.output])))

    assert [outcome.status for outcome in outcomes] == ["known"] * 3
    assert len(openai_server.accepted) == before
    assert desk.rows("SELECT origin, count(*) FROM image i JOIN location l ON l.image_id = i.id GROUP BY 1") == [
        ("edit", 3),
        ("original", 2),
    ]


@pytest.mark.parametrize(("file_format", "suffix"), [("jpeg", "jpg"), ("webp", "webp"), ("png", "png")])
def test_bytes_are_kept_as_they_came_under_the_name_of_their_real_type(
    file_format: FileFormat, suffix: str, desk: Desk
) -> None:
    desk.gemini.edits.answer = PaintsAs(file_format, declared_type="image/png")

    [edited] = desk.edit(ask(FIRST, "One.", "Two.")).edited

    assert [path.name[12:] for path in edited.files] == [f"_1_0.{suffix}", f"_2_0.{suffix}"]
    assert [path.read_bytes() for path in edited.files] == list(desk.gemini.edits.returned().values())


def test_all_images_of_an_answer_are_kept_and_the_next_turn_edits_the_first(desk: Desk) -> None:
    desk.gemini.edits.answer = ByInstruction({"One": PaintsMore(3)})

    [edited] = desk.edit(ask(FIRST, "One.", "Two.")).edited

    assert [path.name[12:] for path in edited.files] == ["_1_0.png", "_1_1.png", "_1_2.png", "_2_0.png"]
    assert [row[1:] for row in desk.rows(SOURCES) if row[0] == 2] == [(0, edited.image_ids[0], "input")]
    assert desk.store.status.count_everything().images == 5


def test_an_output_that_is_its_input_is_that_image_still(desk: Desk) -> None:
    own = (desk.folder / FIRST).read_bytes()
    desk.gemini.edits.answer = lambda _: EditReply(images=(own,))

    [edited] = desk.edit(PIANO).edited
    again = desk.edit(PIANO)

    assert (edited.image_ids, again.statuses) == ([image_at(desk, FIRST)], ["known"])
    assert edited.files[0].read_bytes() == own
    assert desk.rows("SELECT origin FROM image") == [("original",)]
    assert [
        (link.parent_id, link.child_id) for link in desk.store.lineages.find_lineage(edited.image_ids[0], most=9).links
    ] == [(edited.image_ids[0], edited.image_ids[0])]


def test_an_output_that_was_ingested_before_is_that_image_and_has_new_words(
    desk: Desk, openai_server: FakeOpenAI, embedder: Embedder
) -> None:
    returned = image_bytes(40, "PNG")
    (desk.folder / "known.png").write_bytes(returned)
    desk.edit(ask("known.png", "Whatever."))
    captions = len(openai_server.accepted)
    desk.gemini.edits.answer = lambda _: EditReply(images=(returned,))

    [edited] = desk.edit(PIANO).edited

    found = Searcher(desk.store, lambda _: embedder).search(Query(text="guitar", mode="text")).hits
    assert edited.image_ids == [image_at(desk, "known.png")]
    assert len(openai_server.accepted) == captions + 1
    assert [hit.image_id for hit in found] == edited.image_ids


def test_an_image_that_came_twice_in_an_answer_is_one_image(desk: Desk, openai_server: FakeOpenAI) -> None:
    returned = image_bytes(40, "PNG")
    openai_server.edits.answer = lambda _: EditReply(images=(returned, returned))

    done = desk.edit(ask(FIRST, "Make it blue.", parameters={"n": 2}), **OPENAI)
    again = desk.edit(ask(FIRST, "Make it blue.", parameters={"n": 2}), **OPENAI)

    assert (done.statuses, again.statuses) == (["edited"], ["known"])
    assert len(set(done.edited[0].image_ids)) == 1
    assert len(done.edited[0].files) == 2


@pytest.mark.parametrize("words", ["guitar", "piano", "where I changed the guitar to a piano"])
def test_the_words_of_an_instruction_find_what_came_of_it(words: str, desk: Desk, embedder: Embedder) -> None:
    [edited, *_] = desk.edit(PIANO, ask(SECOND, "Make it blue."), ask(THIRD, "Make it red.")).edited

    found = Searcher(desk.store, lambda _: embedder).search(Query(text=words)).hits

    assert [found[0].image_id] == edited.image_ids


def test_what_was_asked_for_counts_beside_what_the_picture_shows(
    desk: Desk, openai_server: FakeOpenAI, embedder: Embedder
) -> None:
    openai_server.answer = lambda asked: caption_reply(f"A street in town number {asked.number}.", "A taxi at night.")
    desk.edit(*(ask(name, "Add a boat.") for name in (FIRST, SECOND)))
    [edited] = desk.edit(ask(THIRD, "Make everything look like a pencil drawing.")).edited

    [best, *_] = Searcher(desk.store, lambda _: embedder).search(Query(text="drawn by hand", mode="dense")).hits

    assert [best.image_id] == edited.image_ids
    assert desk.rows("SELECT DISTINCT cardinality(sentence_embeddings) = cardinality(sentences) FROM entry") == [
        (True,)
    ]


def test_each_turns_image_is_found_by_the_words_up_to_its_own(desk: Desk, embedder: Embedder) -> None:
    [edited] = desk.edit(ask(FIRST, "Add a trumpet.", "Remove the curtain.")).edited
    searcher = Searcher(desk.store, lambda _: embedder)

    trumpets, curtains = (searcher.search(Query(text=word, mode="text")).hits for word in ("trumpet", "curtain"))

    assert sorted(hit.image_id for hit in trumpets) == edited.image_ids
    assert [hit.image_id for hit in curtains] == edited.image_ids[1:]


def test_an_instruction_is_found_still_after_a_correction(desk: Desk, embedder: Embedder) -> None:
    [edited] = desk.edit(PIANO).edited
    correct(desk.store, edited.image_ids[0], "retrieval", ["My own words."])
    index_stale(desk.store, desk.settings, "correct")

    [hit] = Searcher(desk.store, lambda _: embedder).search(Query(text="guitar", mode="text")).hits

    assert ([hit.image_id], hit.caption) == (edited.image_ids, "My own words.")


def test_a_parent_is_never_deleted_from_under_its_edits(desk: Desk) -> None:
    desk.edit(PIANO)

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        desk.execute("DELETE FROM image WHERE id = %s", image_at(desk, FIRST))

    assert len(find_outputs(desk.folder)) == 1


@pytest.mark.parametrize("name", ["image:{id}", "sha256:{sha256}"])
def test_an_indexed_image_may_be_named(name: str, desk: Desk) -> None:
    [output] = desk.edit(PIANO).edited[0].files
    [[image_id, sha256]] = desk.rows("SELECT id, encode(sha256, 'hex') FROM image WHERE origin = 'edit'")

    done = desk.edit(ask(name.format(id=image_id, sha256=sha256), "Make it blue."))
    known = desk.edit(ask(str(output), "Make it blue."))

    [sent] = desk.gemini.edits.accepted[-1].images
    assert (done.statuses, known.statuses) == (["edited"], ["known"])
    assert sent.raw == output.read_bytes()
    assert desk.rows("SELECT parent.origin FROM edit_source s JOIN image parent ON parent.id = s.image_id") == [
        ("original",),
        ("edit",),
    ]


def test_a_parent_without_a_usable_caption_is_edited_all_the_same(desk: Desk, openai_server: FakeOpenAI) -> None:
    openai_server.answer = lambda _: Reply(content=None, refusal="I can't help with that.")

    first, second = desk.edit(PIANO), desk.edit(ask(FIRST, "Make it blue."))

    assert (first.statuses, second.statuses) == (["edited"], ["edited"])
    assert {outcome.status for outcome in [*first.captions, *second.captions]} == {"failed"}


def test_what_is_sent_says_nothing_but_its_pixels(desk: Desk, openai_server: FakeOpenAI) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)}
    (desk.folder / "told.jpg").write_bytes(image_bytes(9, exif=exif))
    (desk.folder / "told.png").write_bytes(image_bytes(9, "PNG", exif=exif))
    mask = Image.new("L", (64, 48), 255)
    mask.save(desk.folder / "mask.png", exif=exif)

    desk.edit(ask(["told.jpg", "told.png"], "One.", "Two."))
    desk.edit(ask(["told.jpg", "told.png"], "One.", "Two.", mask="mask.png"), **OPENAI)

    asked: list[EditAsked] = [*desk.gemini.edits.accepted, *openai_server.edits.accepted]
    assert len(asked) == 4
    assert [each.metadata for each in asked] == [set()] * 4
    history = [image for each in asked for turn in each.history for image in turn.images]
    assert all(not Image.open(io.BytesIO(raw)).getexif() for raw in history)


def test_a_mask_of_another_size_is_told_before_its_picture_is_captioned(desk: Desk) -> None:
    Image.new("L", (64, 64), 255).save(desk.folder / "mask.png")

    done = desk.edit(ask(FIRST, "Fill it.", mask="mask.png"), **OPENAI)

    assert (done.statuses, done.captions) == (["failed"], [])
    assert "a mask of 64 x 64 pixels for a picture of 64 x 48" in done.reasons[0]
