"""What the service does of the edits that it accepted: one that breaks off stands in the way of no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from indexer.models import EditId, ImageId
from indexer.pipelines.editing.accepting import accept
from indexer.pipelines.editing.presenting import EditAnswer, present_edit
from indexer.pipelines.naming import name_image
from search_api.editing import EditQueue
from search_api.means import Means
from tests.edits import ask
from tests.integration.edits import FLASH, Desk

COLOURS = ("blue", "red", "green")


@pytest.fixture
def queue(desk: Desk, tmp_path: Path) -> EditQueue:
    """The service's queue, with a home of its own, and one indexed image."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "embedders").symlink_to(desk.settings.home / "embedders")
    desk.edit(ask("picture-000.jpg", "Make it round."))
    return EditQueue(Means.of(desk.store, desk.settings.model_copy(update={"home": home})))


def test_only_the_edit_that_is_at_fault_is_given_up(desk: Desk, queue: EditQueue, tmp_path: Path) -> None:
    edit_ids = [order(desk, queue, f"Make it {colour}.") for colour in COLOURS]
    [[key]] = desk.rows("SELECT encode(key, 'hex') FROM edit WHERE id = %s", edit_ids[0])
    (tmp_path / "home/edits").mkdir()
    (tmp_path / "home/edits" / key[:12]).write_text("no folder")

    with running(queue):
        told = [follow(desk, edit_id) for edit_id in edit_ids]

    asked = [each.instruction for each in desk.gemini.edits.accepted]
    assert [each["state"] for each in told] == ["failed", "done", "done"]
    assert [each["indexed"] for each in told] == [False, True, True]
    assert "cannot be written" in (told[0]["reason"] or "")
    assert sorted(asked) == ["Make it blue.", "Make it green.", "Make it red.", "Make it round."]


def test_whoever_asks_again_has_all_tries_again(desk: Desk, queue: EditQueue) -> None:
    right, desk.gemini.key = desk.gemini.key, "AIza-other"
    with running(queue):
        failed = [follow(desk, order(desk, queue, "Make it blue."))["state"] for _ in range(5)]
        desk.gemini.key = right
        done = follow(desk, order(desk, queue, "Make it blue."))

    assert (failed, done["state"], done["indexed"]) == (["failed"] * 5, "done", True)
    assert len(desk.gemini.refused) == 5


def test_what_was_refused_is_accepted_again_only_on_purpose(desk: Desk, queue: EditQueue) -> None:
    edit_id = order(desk, queue, "Make it blue.")
    desk.store.edits.unqueue_edit(edit_id)
    desk.store.edits.fail_edit(edit_id, "it was refused", retryable=False)

    told = present_edit(desk.store, order(desk, queue, "Make it blue."))
    again = present_edit(desk.store, order(desk, queue, "Make it blue.", retry=True))

    assert (told["state"], told["reason"], told["queued"]) == ("failed", "it was refused", False)
    assert (again["edit_id"], again["state"], again["queued"]) == (edit_id, "accepted", True)


def test_what_is_lost_has_no_addresses(desk: Desk, queue: EditQueue) -> None:
    with running(queue):
        there = follow(desk, order(desk, queue, "Make it blue."))
    for location in desk.store.images.get_image(ImageId(1)).locations:
        Path(location).unlink()

    told = present_edit(desk.store, there["edit_id"])

    assert [source["thumbnail_url"] for source in there["sources"]] == ["/images/1/thumbnail"]
    assert [source["thumbnail_url"] for source in told["sources"]] == [None]
    assert told["turns"][0]["images"] == there["turns"][0]["images"]


@contextmanager
def running(queue: EditQueue) -> Iterator[None]:
    """Have the queue work in a thread of its own."""
    stop = Event()
    thread = Thread(target=queue.run, args=[stop])
    thread.start()
    try:
        yield
    finally:
        stop.set()
        queue.wake.set()
        queue.close()
        thread.join()


def order(desk: Desk, queue: EditQueue, instruction: str, *, retry: bool = False) -> EditId:
    """Accept an edit of the indexed image."""
    request = desk.load(ask(name_image(ImageId(1)), instruction))[0]
    return accept(desk.store, queue.editor("gemini", FLASH), request, force=False, retry=retry)


def follow(desk: Desk, edit_id: EditId) -> EditAnswer:
    """Wait until the queue is done with an edit, and return what is told of it then."""
    while (told := present_edit(desk.store, edit_id))["queued"]:
        Event().wait(0.05)
    return told
