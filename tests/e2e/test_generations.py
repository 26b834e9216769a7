"""`indexer generations` and `/generations`: what stands beside each other, switched, undone and dropped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from indexer.catalog.store import Store
from indexer.models import GenerationId, State
from tests.conftest import new_database
from tests.e2e.conftest import Command, Finished, make_home, serving, wait_until
from tests.images import write_images

FIELDS = {
    *("id", "state", "prompt_revision", "captioner", "embedder", "dimensions", "entries", "coverage", "fresh"),
    *("size_bytes", "created_at", "activated_at", "verdict"),
}


@pytest.fixture
def library(indexer: Command) -> Command:
    """Index four images with captions of their own, as generation 1."""
    _index(indexer)
    return indexer


@pytest.fixture(scope="module")
def standing(postgres: str, tmp_path_factory: pytest.TempPathFactory, embedders_home: Path) -> Iterator[Command]:
    """The same library with a generation that is being built, for tests that change nothing."""
    folder = tmp_path_factory.mktemp("standing")
    with new_database(postgres) as database:
        home = make_home(folder / ".home", embedders_home)
        indexer = Command(folder, {"DATABASE_URL": database, "CAPTION_SEARCH_HOME": str(home)})
        _index(indexer)
        building = add(indexer, "building")
        with Store(database) as store:
            store.generations.note_verdict(building, "Worse by 0.2.")
        yield indexer


def _index(indexer: Command) -> None:
    write_images(indexer.folder / "images", 4)
    _ingest(indexer)


def _ingest(indexer: Command) -> Finished:
    captions = [
        {"image": f"images/{path.name}", "captions": [f"A red mug, seen in {path.stem}."]}
        for path in sorted((indexer.folder / "images").iterdir())
    ]
    (indexer.folder / "captions.json").write_text(json.dumps(captions))
    finished = indexer("ingest", "images", "--captions", "captions.json")
    assert finished.code == 0, finished.err
    return finished


def add(indexer: Command, state: State = "ready") -> GenerationId:
    """Add a generation without entries beside the live one."""
    with Store(indexer.variables["DATABASE_URL"]) as store:
        live = store.generations.get_live()
        assert live is not None
        return store.generations.add_generation(
            prompt_id=None,
            captioner=live.captioner,
            model=live.model,
            embedder=live.embedder,
            dimensions=live.dimensions,
            state=state,
        )


def listed(indexer: Command) -> list[Any]:
    return indexer("generations", "list", "--json").lines


def test_a_switch_and_its_undoing_fill_what_is_missing(library: Command) -> None:
    add(library)

    there = library("generations", "activate", "2", "--json")
    found = library("search", "red mug", "--json").lines[0]
    write_images(library.folder / "images", 1, first=4)
    _ingest(library)
    back = library("generations", "rollback", "--json")
    again = library("generations", "rollback")
    library.variables["COLUMNS"] = "160"
    runs = library("runs").out.splitlines()[1:4]

    assert there.lines == [{"activated": 2, "retired": 1}, {"filled": 4, "complete": True}]
    assert (found["generation"]["id"], len(found["hits"])) == (2, 4)
    assert back.lines == [{"activated": 1, "retired": 2}, {"filled": 1, "complete": True}]
    assert again.out == "Generation 2 is live; before, generation 1 was.\n"
    assert [line.rstrip().split("  ")[-1] for line in runs] == [
        "generation 2",
        "generation 1, 1 indexed",
        "1 captioned, 4 known, 1 indexed",
    ]


def test_generations_are_listed_with_the_live_one_first(standing: Command) -> None:
    first, second = listed(standing)
    shown = standing("generations", "list").out

    assert first.keys() == second.keys() == FIELDS
    assert (first["id"], first["state"], first["entries"], first["coverage"], first["fresh"]) == (1, "live", 4, 1, 1)
    assert (second["id"], second["state"], second["coverage"]) == (2, "building", 0)
    assert (second["verdict"], second["activated_at"]) == ("Worse by 0.2.", None)
    assert first["size_bytes"] > 0
    assert all(word in shown for word in ("live", "building", "all-MiniLM", "100.0%", "Generation 2: Worse by 0.2."))


def test_models_are_not_broken_in_a_list_of_80_columns(library: Command) -> None:
    with Store(library.variables["DATABASE_URL"]) as store, store._database.connection() as connection:
        connection.execute("UPDATE generation SET captioner = 'openai', model = 'gpt-4o-mini'")

    shown = library("generations", "list").out

    assert all(word in shown for word in ("openai:gpt-4o-mini ", "all-MiniLM-L6-v2 ", "size", " MB"))
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_nothing_is_listed_of_an_empty_catalogue(indexer: Command) -> None:
    assert indexer("generations", "list").out == "Nothing is indexed yet.\n"
    assert listed(indexer) == []


def test_activating_the_live_generation_only_fills_it(library: Command) -> None:
    finished = library("generations", "activate", "1")

    assert (finished.code, finished.out) == (0, "Generation 1 is live already.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("activate", "2"), "Generation 2 is still being built: `indexer reindex` finishes it."),
        (("activate", "9"), "There is no generation 9."),
        (("rollback",), "There is no generation to go back to: none was live before this one."),
        (("drop", "9", "--yes"), "There is no generation 9."),
        (("drop", "1", "--yes"), "Generation 1 is live: activate another one before you drop it."),
        (("drop", "1"), "Generation 1 is live: activate another one before you drop it."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(standing: Command, arguments: tuple[str, ...], said: str) -> None:
    finished = standing("generations", *arguments)

    assert (finished.code, finished.out, finished.err) == (1, "", f"Error: {said}\n")


def test_a_generation_is_dropped_only_when_that_is_meant(library: Command) -> None:
    add(library)

    dry = library("generations", "drop", "2", "--dry-run")
    unmeant = library("generations", "drop", "2")
    kept = [each["id"] for each in listed(library)]
    dropped = library("generations", "drop", "2", "--yes", "--json")

    assert (dry.code, unmeant.code) == (0, 2)
    assert dry.out == unmeant.out
    assert dry.out.startswith("Would drop generation 2 (ready, by import, all-MiniLM-L6-v2): 0 entries")
    assert "add --yes" in unmeant.err
    assert kept == [1, 2]
    assert (dropped.lines[0]["id"], dropped.lines[0]["dropped"]) == (2, True)
    assert library("status", "--json").lines[0]["captions"] == 4
    assert [each["id"] for each in listed(library)] == [1]


def test_what_is_being_built_is_part_of_the_status(standing: Command) -> None:
    status = standing("status", "--json").lines[0]
    shown = standing("status").out

    assert (status["building"]["id"], status["building"]["state"]) == (2, "building")
    assert status["building"].keys() == FIELDS
    assert status["generation"]["id"] == 1
    assert "generation 2, by import" in shown


def test_nothing_is_being_built_otherwise(indexer: Command) -> None:
    assert indexer("status", "--json").lines[0]["building"] is None


def test_an_image_that_went_meanwhile_is_not_found_after_a_rollback(library: Command) -> None:
    add(library)
    library("generations", "activate", "2")
    with Store(library.variables["DATABASE_URL"]) as store, store._database.connection() as connection:
        connection.execute("DELETE FROM location WHERE relative_path = 'picture-002.jpg'")

    library("generations", "rollback")
    hits = library("search", "red mug", "--json", "--strictness", "low").lines[0]["hits"]

    assert sorted(hit["location"] for hit in hits) == ["picture-000.jpg", "picture-001.jpg", "picture-003.jpg"]


def test_the_service_follows_a_switch_without_a_restart(library: Command) -> None:
    add(library)
    with serving(library) as address, httpx2.Client(base_url=address, timeout=60) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        asked: dict[str, str | int] = {"q": "red mug", "limit": 1, "strictness": "low"}
        page = client.get("/search", params=asked).json()

        library("generations", "activate", "2")
        new = client.get("/search", params=asked).json()
        rest = client.get("/search", params={**asked, "cursor": page["next_cursor"]}).json()
        told = client.get("/generations").json()
        written = listed(library)
        library("generations", "rollback")
        back = client.get("/search", params=asked).json()

    assert [answer["generation"]["id"] for answer in (page, new, rest, back)] == [1, 2, 1, 1]
    assert rest["hits"][0]["image_id"] != page["hits"][0]["image_id"]
    assert told == written
    assert [each["id"] for each in told] == [2, 1]


def test_a_switch_waits_for_nobody_who_writes_that_generation_and_for_no_model(library: Command) -> None:
    second = add(library)
    library.variables["PYTHONPROFILEIMPORTTIME"] = "1"

    with Store(library.variables["DATABASE_URL"]) as store, store.generations.hold_indexing() as lock:
        assert lock.take(second)
        finished = library("generations", "activate", "2", "--json")

    assert finished.lines == [{"activated": 2, "retired": 1}, {"filled": 0, "complete": False}]
    assert "| psycopg" in finished.err.replace("  ", "")
    assert " torch\n" not in finished.err
