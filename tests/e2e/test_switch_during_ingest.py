"""The index is switched to another generation while an ingest runs: nothing is lost, mixed up, or asked twice."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from indexer.catalog.store import Store
from indexer.models import GenerationId
from tests.e2e.conftest import Command, Finished, finish, wait_until
from tests.factories import make_prompt
from tests.fakes.openai_server import Asked, FakeOpenAI, Reply, describe, pixels_key
from tests.images import write_images

OLD, NEW = "for a search index", "Say what is new in this picture"


@pytest.fixture
def catalogue(database: str) -> Iterator[Store]:
    with Store(database) as store:
        yield store


def add_newer(store: Store) -> GenerationId:
    """Add a generation like the live one with a newer prompt, ready to be activated."""
    live = store.generations.get_live()
    assert live is not None
    assert live.prompt_id is not None
    schema = store.prompts.get_prompt(live.prompt_id).schema
    return store.generations.add_generation(
        prompt_id=store.prompts.register_prompt(make_prompt(NEW, schema=schema)).id,
        captioner=live.captioner,
        model=live.model,
        embedder=live.embedder,
        dimensions=live.dimensions,
        state="ready",
    )


def ingested(command: Command, folder: Path) -> None:
    """Ingest one image, so that there is a live generation."""
    write_images(folder, 1, first=900)
    assert command("ingest", folder).code == 0


def prompts_of(server: FakeOpenAI) -> list[str]:
    """Name the prompt of every request but the first, which made the index."""
    return ["new" if NEW in asked.text else "old" for asked in server.accepted[1:]]


def both_kinds(asked: Asked) -> Reply:
    """Answer what asks for alt text, too."""
    said = json.loads(describe(asked).content or "")
    alt_text = {"alt_text": f"Picture {asked.number}"}
    return Reply(content=json.dumps({"retrieval": said, "alt_text": alt_text}))


class Held:
    """Holds the answer to one request back until it is released."""

    def __init__(self, number: int, answer: Callable[[Asked], Reply]) -> None:
        self.number, self.answer = number, answer
        self.has_come, self.may_go = Event(), Event()

    def __call__(self, asked: Asked) -> Reply:
        if asked.number == self.number:
            self.has_come.set()
            assert self.may_go.wait(180)
        return self.answer(asked)


def switched_while_held(
    command: Command,
    server: FakeOpenAI,
    store: Store,
    folder: Path,
    *flags: str,
    number: int = 1,
    answer: Callable[[Asked], Reply] = describe,
) -> tuple[Finished, GenerationId]:
    """Ingest a folder and switch the index while the answer to one request is held back."""
    held = Held(number, answer)
    server.answer = held
    process = command.start("ingest", folder, "--concurrency", "1", "--json", *flags)
    assert held.has_come.wait(180)
    newer = add_newer(store)
    assert store.generations.activate(newer)
    held.may_go.set()
    return finish(process), newer


def test_an_answer_that_comes_after_the_switch_is_kept_and_serves_nowhere(
    paying: Command, openai_server: FakeOpenAI, catalogue: Store, tmp_path: Path
) -> None:
    ingested(paying, tmp_path / "first")
    write_images(tmp_path / "images", 1)

    finished, newer = switched_while_held(paying, openai_server, catalogue, tmp_path / "images")

    status = paying("status", "--json").lines[0]
    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 1), finished.err
    assert f"1 caption came with the replaced prompt after generation {newer} went live: kept" in finished.err
    assert "the next `indexer ingest` asks about that image again" in finished.err
    assert (status["generation"]["id"], status["captions"]) == (newer, 2)
    # The one image that was captioned before the switch fills its gap; the late one does not.
    assert status["entries"] == 1

    again = paying("ingest", tmp_path / "images", "--json")

    assert (again.lines[-1]["captioned"], again.lines[-1]["requests"]) == (1, 1)
    assert prompts_of(openai_server) == ["old", "new"]
    assert "replaced prompt" not in again.err
    status = paying("status", "--json").lines[0]
    assert (status["entries"], status["generation"]["coverage"]) == (2, 1.0)
    assert paying("ingest", tmp_path / "images", "--json").lines[-1]["requests"] == 0


def test_an_ingest_goes_on_with_the_prompt_of_the_new_generation(
    paying: Command, openai_server: FakeOpenAI, catalogue: Store, tmp_path: Path
) -> None:
    ingested(paying, tmp_path / "first")
    write_images(tmp_path / "images", 30)

    finished, newer = switched_while_held(paying, openai_server, catalogue, tmp_path / "images", number=15)

    asked = prompts_of(openai_server)
    assert finished.code == 0, finished.err
    assert (finished.lines[-1]["captioned"], finished.lines[-1]["requests"]) == (30, 30)
    assert finished.err.count(f"switched to generation {newer} meanwhile: images are asked with revision 2") == 1
    assert "asks about that image again" in finished.err
    assert asked == ["old"] * 15 + ["new"] * 15
    assert paying("status", "--json").lines[0]["entries"] == 30
    assert paying("ingest", tmp_path / "images", "--json").lines[-1]["requests"] == 1
    assert paying("status", "--json").lines[0]["generation"]["coverage"] == 1.0
    assert sorted(openai_server.asked_for().values()) == [1] * 30 + [2]
    assert len({(pixels_key(one.image), NEW in one.text) for one in openai_server.accepted}) == 32


def test_an_ingest_of_other_kinds_takes_the_new_retrieval_prompt_with_them(
    paying: Command, openai_server: FakeOpenAI, catalogue: Store, tmp_path: Path
) -> None:
    ingested(paying, tmp_path / "first")
    write_images(tmp_path / "images", 6)
    flags = ("--kinds", "retrieval,alt_text")

    finished, _ = switched_while_held(
        paying, openai_server, catalogue, tmp_path / "images", *flags, number=3, answer=both_kinds
    )

    assert finished.code == 0, finished.err
    assert prompts_of(openai_server) == ["old"] * 3 + ["new"] * 3
    openai_server.answer = describe  # of the late image, its alt text need not be asked again
    assert paying("ingest", tmp_path / "images", *flags, "--json").lines[-1]["requests"] == 1
    assert "## alt_text" not in openai_server.accepted[-1].text


def test_rolled_back_in_the_middle_an_ingest_goes_back_to_the_older_prompt(
    paying: Command, openai_server: FakeOpenAI, catalogue: Store, tmp_path: Path
) -> None:
    ingested(paying, tmp_path / "first")
    write_images(tmp_path / "images", 12)
    first, newer = catalogue.generations.get_live(), add_newer(catalogue)
    assert first is not None

    def answer(asked: Asked) -> Reply:
        if asked.number in (4, 8):
            assert catalogue.generations.activate(newer if asked.number == 4 else first.id)
        return describe(asked)

    openai_server.answer = answer
    finished = paying("ingest", tmp_path / "images", "--concurrency", "1", "--json")

    assert finished.code == 0, finished.err
    assert finished.lines[-1]["requests"] == 12
    assert prompts_of(openai_server) == ["old"] * 4 + ["new"] * 4 + ["old"] * 4
    # Only the answer that was under way when the first generation went live again is missing there.
    assert paying("status", "--json").lines[0]["entries"] == 12
    assert "1 caption came with the replaced prompt" in finished.err


def test_a_batch_that_was_sent_may_finish_and_what_it_left_is_asked_with_the_new_prompt(
    paying: Command, openai_server: FakeOpenAI, catalogue: Store, tmp_path: Path
) -> None:
    ingested(paying, tmp_path / "first")
    write_images(tmp_path / "images", 8)
    openai_server.batches_may_end.clear()
    openai_server.expires_after_lines = 5
    process = paying.start("ingest", tmp_path / "images", "--batch", "--json")
    wait_until(lambda: bool(catalogue.requests.find_batches()))
    newer = add_newer(catalogue)
    assert catalogue.generations.activate(newer)
    openai_server.batches_may_end.set()

    finished = finish(process)

    assert finished.code == 0, finished.err
    assert finished.lines[-1]["captioned"] == 8
    assert (prompts_of(openai_server).count("old"), prompts_of(openai_server).count("new")) == (5, 3)
    assert f"switched to generation {newer} meanwhile" in finished.err
    assert "5 captions came with the replaced prompt" in finished.err
    assert paying("status", "--json").lines[0]["entries"] == 4


def test_a_captioner_that_takes_no_prompt_goes_on_over_a_switch(
    paying: Command, openai_server: FakeOpenAI, catalogue: Store, tmp_path: Path
) -> None:
    ingested(paying, tmp_path / "first")
    write_images(tmp_path / "images", 3)
    assert catalogue.generations.activate(add_newer(catalogue))

    finished = paying("ingest", tmp_path / "images", "--captioner", "offline", "--json")

    assert (finished.code, finished.lines[-1]["captioned"]) == (0, 3), finished.err
    assert "switched" not in finished.err
    assert len(openai_server.accepted) == 1
    assert paying("status", "--json").lines[0]["entries"] == 4


def test_a_notice_names_the_generation_that_is_coming_and_how_to_move_to_another_embedder(
    paying: Command, catalogue: Store, tmp_path: Path
) -> None:
    ingested(paying, tmp_path / "first")
    paying("prompts", "init")
    prompt = paying.folder / "prompts" / "retrieval.toml"
    prompt.write_text(prompt.read_text().replace(OLD, "for a newspaper's archive"))
    newer = add_newer(catalogue)
    paying.variables["CAPTION_SEARCH_EMBEDDER"] = "text-embedding-3-small"

    finished = paying("ingest", tmp_path / "first")

    assert f"waits for `indexer reindex` (generation {newer} is ready)." in finished.err
    assert "`indexer reindex --embedder text-embedding-3-small` moves it." in finished.err
