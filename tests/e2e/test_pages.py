"""Pages of one answer over real HTTP, while what is searched changes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching.cursors import Cursor
from indexer.catalog.store import Store
from indexer.models import ImageId
from indexer.pipelines.indexing import FirstGeneration, Indexing
from tests.e2e.conftest import Command, browsing, serving
from tests.factories import add_image, make_answer

_WHO = ("dog", "puppy", "cat", "horse", "child", "old man")
_DOES = ("runs through the snow", "sleeps on the grass", "jumps over a log", "swims in a lake", "waits for a bus")
_FIRST, _LIMIT, _WALKS = 60, 15, 4
_QUERY = "a dog runs in the snow"


@pytest.fixture
def indexing(store: Store, embedder: Embedder) -> Iterator[Indexing]:
    """Writes entries as an ingest does, and has written some."""
    first = FirstGeneration(prompt_id=None, captioner="import", model="import", embedder=embedder.name)
    for number in range(_FIRST):
        add_image(store, f"picture-{number}", _sentence(number))
    with store.runs.running("test", {}) as run_id:
        indexing = Indexing(store=store, load_embedder=lambda _: embedder, first=first, run_id=run_id)
        _write_entries(indexing)
        yield indexing


@pytest.fixture
def client(indexer: Command, indexing: Indexing) -> Iterator[httpx2.Client]:
    assert indexing.written == _FIRST
    with serving(indexer) as address, httpx2.Client(base_url=address, timeout=30) as opened:
        deadline = time.monotonic() + 60
        while opened.get("/health/ready").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield opened


def test_page_two_never_repeats_page_one_while_an_ingest_runs(
    store: Store, indexing: Indexing, client: httpx2.Client
) -> None:
    with _ingesting(store, indexing):
        walks = [_walk(client) for _ in range(_WALKS)]

    for window, shown in walks:
        assert len(set(shown)) == len(shown)
        assert shown == window
    assert set(walks[-1][1]) - set(walks[0][1])  # images were added meanwhile, and found


def test_the_page_shows_more_until_all_of_an_answer_is_there(browser: Browser, client: httpx2.Client) -> None:
    with browsing(browser) as page:
        page.goto(f"{client.base_url}?q={_QUERY}&strictness=low")
        page.locator("#hits li").nth(39).wait_for()
        before = page.locator("#hits li").count()
        page.get_by_role("button", name="Show more").press("Enter")
        page.locator("#hits li").nth(_FIRST - 1).wait_for()
        focused = page.evaluate("[...document.querySelectorAll('#hits .picture')].indexOf(document.activeElement)")
        links = page.locator("#hits .picture").evaluate_all("found => found.map(link => link.href)")
        is_more_offered = page.get_by_role("button", name="Show more").is_visible()

    assert (before, focused, is_more_offered) == (40, 40, False)
    assert len(set(links)) == _FIRST


def _walk(client: httpx2.Client) -> tuple[list[ImageId], list[ImageId]]:
    """Read an answer page by page; return the images that the first page decided on, and those that were shown."""
    page = _get(client, None)
    window = [place.image_id for place in Cursor.decode(page["next_cursor"]).shown]
    shown = [hit["image_id"] for hit in page["hits"]]
    while page["next_cursor"]:
        page = _get(client, page["next_cursor"])
        shown += [hit["image_id"] for hit in page["hits"]]
    return window, shown


def _get(client: httpx2.Client, cursor: str | None) -> Any:
    asked = {"q": _QUERY, "strictness": "low", "limit": str(_LIMIT), **({"cursor": cursor} if cursor else {})}
    answer = client.get("/search", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextmanager
def _ingesting(store: Store, indexing: Indexing) -> Iterator[None]:
    """Add images, change captions and count lexemes again and again for as long as this lasts."""
    stop = Event()
    with ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(_ingest, store, indexing, stop), pool.submit(_refresh, store, stop)]
        try:
            yield
        finally:
            stop.set()
    for writer in writers:
        writer.result()


def _ingest(store: Store, indexing: Indexing, stop: Event) -> None:
    for number in count(_FIRST):
        if stop.is_set():
            break
        add_image(store, f"picture-{number}", _sentence(number))
        changed = ImageId(1 + number % _FIRST)
        store.captions.store_answer(changed, make_answer(_sentence(number + 7)), captioner="import", model="import")
        _write_entries(indexing)


def _refresh(store: Store, stop: Event) -> None:
    live = store.generations.get_live()
    assert live is not None
    while not stop.is_set():
        store.generations.refresh_lexemes(live.id)


def _write_entries(indexing: Indexing) -> None:
    captioned = Event()
    captioned.set()
    indexing.run(captioned, Event())


def _sentence(number: int) -> str:
    return f"A {_WHO[number % len(_WHO)]} {_DOES[number % len(_DOES)]}, number {number}."
