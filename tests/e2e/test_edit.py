"""`indexer edit` against endpoints as strict as the real ones: what comes back is kept as it came, and is found."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Command
from tests.e2e.subjects import SUBJECTS, name_subject
from tests.edits import ask, find_outputs, read_results, write_requests
from tests.fakes.edits import EditAsked, EditReply, Edits
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI
from tests.images import image_bytes, make_picture
from tests.prompts import write_revision

PRO, FLASH = "gemini-3-pro-image-preview", "gemini-2.5-flash-image"
# The three sample lines of the documentation of DataFlow-MM's image-editing pipeline.
SAMPLES = (
    ask("image.png", "Change the guitar to a piano."),
    ask(
        ["image.png", "human_inpaint.jpg"],
        "Change the color of the vase in the first picture to the background color of the second picture.",
    ),
    ask(
        "human_inpaint.jpg",
        "Complete the shadowed part into a generic person's portrait.",
        "Update this graph to be in English.",
    ),
)
VIOLIN = SUBJECTS.index("violin on a chair")


def write_samples(folder: Path) -> Path:
    """Write the sample lines with two pictures of those names."""
    (folder / "image.png").write_bytes(image_bytes(50, "PNG", size=(96, 64)))
    (folder / "human_inpaint.jpg").write_bytes(image_bytes(51))
    return write_requests(folder, *SAMPLES)


def edits_of(model: str, gemini_server: FakeGemini, openai_server: FakeOpenAI) -> Edits:
    return gemini_server.edits if model.startswith("gemini") else openai_server.edits


def flags_of(model: str) -> list[str]:
    return ["--model-name", model, "--api-format", "gemini" if model.startswith("gemini") else "openai"]


@pytest.mark.parametrize("model", [PRO, FLASH, "gpt-image-1"])
def test_the_sample_lines_run_as_they_are(
    model: str, editing: Command, gemini_server: FakeGemini, openai_server: FakeOpenAI
) -> None:
    write_samples(editing.folder)

    finished = editing("edit", "requests.jsonl", *flags_of(model), "--json")

    edits, results, outputs = (
        edits_of(model, gemini_server, openai_server),
        read_results(editing.folder),
        find_outputs(editing.folder),
    )
    summary = finished.lines[-1]
    assert (finished.code, gemini_server.refused + openai_server.refused) == (0, []), finished.err
    assert (summary["edited"], summary["images"], summary["requests"], summary["ended"]) == (3, 4, 4, "done")
    assert (summary["captioned"], summary["indexed"]) == (6, 6)
    assert summary["cost_usd"] > 0
    assert [without_output(line) for line in results] == list(SAMPLES)
    assert [Path(path).name[12:] for line in results for path in line["output_image"]] == [
        "_1_0.png",
        "_1_0.png",
        "_1_0.png",
        "_2_0.png",
    ]
    assert all(re.fullmatch(r"([0-9a-f]{12})/\1_[12]_0\.png", name) for name in outputs)
    assert sorted(outputs.values()) == sorted(edits.returned().values())
    assert {asked.model for asked in edits.accepted} == {model}
    assert [len(asked.images) for asked in edits.accepted if "vase" in asked.instruction] == [2]


def test_what_dall_e_2_cannot_do_is_said_before_anything_is_sent(editing: Command, openai_server: FakeOpenAI) -> None:
    write_samples(editing.folder)

    planned = editing("edit", "requests.jsonl", *flags_of("dall-e-2"), "--dry-run")
    sent = len(openai_server.edits.accepted)
    finished = editing("edit", "requests.jsonl", *flags_of("dall-e-2"))

    failed = f"failed: {editing.folder}/requests.jsonl:2: dall-e-2 takes 1 image at a time, and 2 are given\n"
    assert (planned.code, failed in planned.err, sent) == (0, True, 0)
    assert planned.out == "3 requests: 1 cannot be done, 3 calls of dall-e-2, at most $0.1200.\n"
    assert (finished.code, finished.err) == (3, failed)
    assert finished.out.startswith("2 edited, 0 known, 1 failed: 3 images in edits; ")
    assert [asked.instruction[:6] for asked in openai_server.edits.accepted if asked.images[0].size == (1024, 1024)]
    assert len(read_results(editing.folder)) == 2


def test_a_row_at_the_top_pays_only_for_itself_and_changes_nothing_for_the_others(
    editing: Command, gemini_server: FakeGemini
) -> None:
    write_samples(editing.folder)
    editing("edit", "requests.jsonl", *flags_of(FLASH))
    before, images = read_results(editing.folder), find_outputs(editing.folder)
    write_requests(editing.folder, ask("human_inpaint.jpg", "Make it night."), *SAMPLES)

    again = editing("edit", "requests.jsonl", *flags_of(FLASH), "--json").lines[-1]
    nothing = editing("edit", "requests.jsonl", *flags_of(FLASH), "--json").lines[-1]

    assert (again["known"], again["edited"], again["requests"], again["caption_requests"]) == (3, 1, 1, 1)
    assert read_results(editing.folder)[1:] == before
    assert find_outputs(editing.folder).items() > images.items()
    assert (nothing["known"], nothing["requests"], nothing["caption_requests"]) == (4, 0, 0)
    assert len(gemini_server.edits.accepted) == 5


def test_an_edit_is_found_by_what_it_shows_and_what_was_asked_also_after_a_reindex(
    editing: Command, gemini_server: FakeGemini, openai_server: FakeOpenAI
) -> None:
    openai_server.answer = name_subject
    gemini_server.edits.answer = paint_violin
    (editing.folder / "mine.jpg").write_bytes(image_bytes(SUBJECTS.index("old steam train"), size=(128, 96)))

    edited = editing("edit", "--image", "mine.jpg", "--instruction", "Swap the locomotive for a cello.", "--json")
    [output] = [Path(path) for line in read_results(editing.folder) for path in line["output_image"]]
    before = [find(editing, *words) for words in QUERIES]
    write_revision(editing.folder, "Say more.")
    reindexed = editing("reindex")
    after = [find(editing, *words) for words in QUERIES]
    ingested = editing("ingest", output.parent.parent, "--json").lines[-1]

    assert (edited.code, reindexed.code) == (0, 0), edited.err + reindexed.err
    assert output.name in before[0]
    assert before[1:] == after[1:] == [[output.name], [output.name], [output.name]]
    assert output.name in after[0]
    assert (ingested["seen"], ingested["known"], ingested["requests"]) == (1, 1, 0)
    assert find(editing, "is:edit") == [output.name]


QUERIES = (
    ("violin on a chair",),
    ("swap the locomotive", "--mode", "text"),
    ("is:edit",),
    ("a violin is:edit", "--collapse", "family"),
)


def test_one_edit_by_flags_has_a_mask_and_several_variants(editing: Command, openai_server: FakeOpenAI) -> None:
    write_samples(editing.folder)
    mask = make_picture(0, (96, 64), "RGBA")
    mask.putalpha(0)
    mask.save(editing.folder / "mask.png")
    asked_for = ["--size", "1024x1536", "--quality", "low", "--background", "opaque", "--n", "2"]

    finished = editing(
        *("edit", "--image", "image.png", "--image", "human_inpaint.jpg", "--instruction", "Fill it."),
        *("--mask", "mask.png", *asked_for, *flags_of("gpt-image-1"), "--json"),
    )

    [asked] = openai_server.edits.accepted
    assert (finished.code, finished.lines[-1]["images"], finished.lines[-1]["captioned"]) == (0, 2, 4), finished.err
    assert (asked.mask is not None, len(asked.images), asked.count) == (True, 2, 2)
    assert asked.parameters == {"size": "1024x1536", "quality": "low", "background": "opaque", "n": "2"}
    assert [len(line["output_image"]) for line in read_results(editing.folder)] == [2]


def test_without_an_instruction_dall_e_2_makes_variations(editing: Command, openai_server: FakeOpenAI) -> None:
    write_samples(editing.folder)

    finished = editing("edit", "--image", "image.png", "--n", "3", *flags_of("dall-e-2"))

    [asked] = openai_server.edits.accepted
    assert (finished.code, asked.operation, asked.count) == (0, "variations", 3), finished.err
    assert finished.out.startswith("1 edited, 0 known: 3 images in edits; 4 indexed, 1 request, ")
    assert [name[-8:] for name in find_outputs(editing.folder)] == ["_1_0.png", "_1_1.png", "_1_2.png"]


def test_captions_are_asked_for_by_the_live_prompt_and_the_newer_one_waits(
    editing: Command, openai_server: FakeOpenAI
) -> None:
    write_samples(editing.folder)
    before = len(openai_server.accepted)
    write_revision(editing.folder, "Say more.")

    finished = editing("edit", "--image", "image.png", "--instruction", "Make it blue.")

    assert (finished.code, len(openai_server.accepted) - before) == (0, 2), finished.err
    assert "waits for `indexer reindex`" in finished.err
    assert [asked for asked in openai_server.accepted if "Say more." in asked.text] == []


def paint_violin(asked: EditAsked) -> EditReply:
    assert asked.images
    return EditReply(images=(image_bytes(VIOLIN, "PNG", size=(256, 192)),))


def find(command: Command, *words: str) -> list[str]:
    """Return the names of the files that a search finds."""
    hits = command("search", *words, "--json").lines[0]["hits"]
    return [Path(hit["location"]).name for hit in hits]


def without_output(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "output_image"}


def test_a_plan_sends_and_writes_nothing(editing: Command, gemini_server: FakeGemini) -> None:
    write_samples(editing.folder)

    planned = editing("edit", "requests.jsonl", "--dry-run", "--json")

    assert planned.code == 0, planned.err
    assert planned.lines == [
        {"requests": 3, "known": 0, "refused": 0, "failed": 0, "calls": 4, "most_cost_usd": pytest.approx(1.5, abs=0.1)}
    ]
    assert gemini_server.edits.accepted == []
    assert not (editing.folder / "edits").exists()
    assert editing("status", "--json").lines[0]["images"] == len(SUBJECTS)
    assert json.loads(editing("runs", "--json").out.splitlines()[0])["command"] == "ingest"
