"""`indexer correct` and `indexer caption`: a person's words, and captions that are only tried out."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.conftest import Command
from tests.fakes.openai_server import FakeOpenAI, Reply, caption_reply
from tests.images import write_images


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@contextmanager
def web(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_correction_is_found_stays_and_can_be_taken_back(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    images = tmp_path / "images"
    write_images(images, 4)
    openai_server.answer = lambda asked: caption_reply(f"Coloured squares, number {asked.number}.")
    paying("ingest", images)
    name = sorted(images.iterdir())[2]

    written = paying("correct", name, "--text", "My grandmother's old steam tractor.", "--json").lines[0]
    [hit] = paying("search", "steam tractor", "--limit", "1", "--json").lines[0]["hits"]
    again = paying("ingest", images, "--json").lines[-1]
    still = paying("search", "steam tractor", "--limit", "1", "--json").lines[0]["hits"][0]
    undone = paying("correct", str(written["image_id"]), "--undo")
    after = paying("search", "steam tractor", "--json").lines[0]

    assert written["indexed"] is True
    assert (hit["location"], hit["caption"]) == (name.name, "My grandmother's old steam tractor.")
    assert (hit["why"]["corrected"], hit["band"], still["caption"]) == (True, "strong", hit["caption"])
    assert (again["known"], again["requests"]) == (4, 0)
    assert undone.code == 0
    assert after["no_match"] or all("tractor" not in found["caption"] for found in after["hits"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kind", "moderation", "--text", "Fine."), "No caption of kind moderation is written by hand"),
        (("--kind", "alt_text", "--text", "a" * 126), "at most 125 characters"),
        ((), "--text TEXT"),
        (("--undo",), "There is no correction of kind retrieval"),
    ],
)
def test_a_correction_that_cannot_be_kept_says_why(
    indexer: Command, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    write_images(tmp_path / "images", 1)
    (tmp_path / "captions.jsonl").write_text('{"image": "images/picture-000.jpg", "caption": "A dog."}')
    indexer("ingest", tmp_path / "images", "--captions", tmp_path / "captions.jsonl")

    finished = indexer("correct", "1", *arguments)

    assert (finished.code, finished.out) == (1, "")
    assert said in finished.err


def test_an_image_is_captioned_and_not_indexed(paying: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)
    [image] = (tmp_path / "images").iterdir()
    openai_server.answer = lambda _: Reply(content='{"alt_text": "A grid of coloured squares."}')

    from_path, took = paying("caption", image, "--kind", "alt_text", "--json").lines
    with web(image.parent) as address:
        from_url = paying("caption", f"{address}/{image.name}", "--kind", "alt_text")
        missing = paying("caption", f"{address}/nothing.jpg")

    assert (from_path["kind"], from_path["sentences"]) == ("alt_text", ["A grid of coloured squares."])
    assert took["cost_usd"] == pytest.approx((1000 * 0.15 + 100 * 0.60) / 1e6)
    assert from_url.out == "A grid of coloured squares.\n"
    assert (missing.code, "404" in missing.err) == (1, True)
    assert paying("status", "--json").lines[0]["images"] == 0
    assert paying("costs", "--json").lines[0]["requests"] == 2


def test_a_caption_that_cannot_be_used_is_asked_for_once_more(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 1)
    openai_server.answer = lambda _: Reply(content="I'm sorry, I can't help with that.")

    finished = paying("caption", next((tmp_path / "images").iterdir()))

    assert (finished.code, len(openai_server.accepted)) == (3, 2)
    assert "it would not be indexed" in finished.err
