"""How good the answers are: `indexer eval`, feedback over HTTP, and the page's buttons."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.conftest import new_database
from tests.e2e.conftest import Command, browsing, listen, make_home, serving, wait_until
from tests.images import image_bytes

_CAPTIONS = {
    "mug.jpg": "A red mug on a wooden desk.",
    "dog.jpg": "A brown dog jumps over a log.",
    "beach.jpg": "Two children build a sandcastle at the sea.",
}
_LAYOUT = "cards => cards.map(card => [card.offsetTop, card.offsetHeight])"
_GOLDEN = """\
# short queries
{"query": "red mug", "relevant": ["mug.jpg"], "set": "short"}
{"query": "puppy", "relevant": ["dog.jpg"], "set": "short"}

{"query": "annual shareholder meeting in Zurich", "relevant": []}
{"query": "kids playing in the sand", "relevant": ["mug.jpg"]}
"""


@pytest.fixture(scope="module")
def indexer(postgres: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The command over a library of three images, in the folder they are in."""
    folder = tmp_path_factory.mktemp("library")
    for number, name in enumerate(_CAPTIONS):
        (folder / name).write_bytes(image_bytes(number, size=(400, 300)))
    lines = [{"image": name, "caption": caption} for name, caption in _CAPTIONS.items()]
    (folder / "captions.json").write_text(json.dumps(lines))
    (folder / "golden.jsonl").write_text(_GOLDEN)
    with new_database(postgres) as database:
        home = make_home(folder / ".home", embedders_home)
        command = Command(folder, {"DATABASE_URL": database, "CAPTION_SEARCH_HOME": str(home)})
        finished = command("ingest", ".", "--captions", "captions.json")
        assert finished.code == 0, finished.err
        yield command


@pytest.fixture(scope="module")
def address(indexer: Command) -> Iterator[str]:
    with serving(indexer) as started, httpx2.Client(base_url=started) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        yield started


def test_golden_queries_are_measured_and_gated(indexer: Command) -> None:
    measured = indexer("eval", "golden.jsonl", "--json", "--show", "1")
    refused = indexer("eval", "golden.jsonl", "--min-recall10", "1", "--mode", "text", "--generation", "1")

    worst, short, rest, total = measured.lines
    assert (measured.code, measured.err) == (0, "")
    assert (worst["query"], worst["wanted"], worst["nearest"][0]["location"]) == (
        "kids playing in the sand",
        ["mug.jpg"],
        "beach.jpg",
    )
    assert (short["set"], short["queries"], short["negative"], short["recall1"]) == ("short", 2, 0, 1)
    assert (rest["set"], rest["recall1"], rest["no_match_precision"], rest["no_match_recall"]) == ("golden", 0, 1, 1)
    assert (total["set"], total["queries"], total["recall1"]) == ("total", 4, 0.6667)
    assert refused.code == 4
    assert "recall@10" in refused.out
    assert refused.err == "Refused: recall@10 is 0.3333; --min-recall10 asks for 1.\n"


def test_faults_in_a_golden_file_are_told_and_the_rest_is_measured(indexer: Command) -> None:
    (indexer.folder / "faulty.jsonl").write_text(f'{_GOLDEN}{{broken\n{{"query": "cat", "relevant": ["cat.jpg"]}}\n')

    finished = indexer("eval", "faulty.jsonl", "--mode", "text", "--json")

    assert finished.code == 3
    assert "faulty.jsonl:7: it is no JSON object; the query is left out." in finished.err
    assert "faulty.jsonl:8: no indexed image is cat.jpg; it counts as not found." in finished.err
    assert (finished.lines[-1]["queries"], finished.lines[-1]["recall1"]) == (5, 0.25)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--min-recall10", "0.9"), 2, "--judgements"),
        (("nothing.jsonl",), 1, "cannot be read"),
        (("golden.jsonl", "--generation", "9"), 1, "There is no generation 9."),
    ],
)
def test_what_cannot_be_measured_says_why(indexer: Command, arguments: tuple[str, ...], code: int, said: str) -> None:
    finished = indexer("eval", *arguments)

    assert (finished.code, finished.out) == (code, "")
    assert said in finished.err


def test_feedback_is_kept_checked_and_refused_to_foreign_pages(address: str) -> None:
    with httpx2.Client(base_url=address) as client:
        image_id = client.get("/search", params={"q": "brown dog"}).json()["hits"][0]["image_id"]
        sha256 = client.get(f"/images/{image_id}").json()["sha256"]
        said = {"query": " brown  dog", "image_id": sha256, "relevant": False}
        kept = client.post("/feedback", json=said)
        shown = client.get("/feedback", params={"query": "brown dog"}).json()
        foreign = client.post("/feedback", json=said, headers={"Origin": "https://evil.example"})
        own = client.post("/feedback", json=said, headers={"Origin": address})
        wrong = [
            client.post("/feedback", json={**said, **change}).status_code
            for change in (
                {"image_id": 99},
                {"image_id": "0" * 64},
                {"image_id": "dog.jpg"},
                {"image_id": True},
                {"query": " "},
                {"query": "a" * 1001},
                {"relevant": "yes"},
                {"more": 1},
            )
        ]
        refused = client.post("/feedback", json={"query": "dog", "image_id": image_id})
        back = client.post("/feedback", json={**said, "image_id": image_id, "relevant": None})
        after = client.get("/feedback", params={"query": "brown dog"}).json()

    assert (kept.status_code, kept.content, own.status_code) == (204, b"", 204)
    assert shown == {"query": "brown dog", "judgements": [{"image_id": image_id, "relevant": False}]}
    assert (foreign.status_code, foreign.headers["content-type"]) == (403, "application/problem+json")
    assert wrong == [404, 404, 422, 422, 422, 422, 422, 422]
    assert "relevant" in refused.json()["detail"]
    assert (back.status_code, after["judgements"]) == (204, [])


def test_the_pages_verdicts_are_kept_and_measured(
    browser: Browser, indexer: Command, address: str, tmp_path: Path
) -> None:
    with browsing(browser, has_touch=True) as page:
        said = listen(page)
        page.goto(f"{address}/?q=a+picture+of+something&strictness=low")
        cards = page.locator("#hits li")
        cards.nth(2).wait_for()
        before = cards.evaluate_all(_LAYOUT)
        fits = cards.nth(0).get_by_role("button", name="Relevant", exact=True)
        misses = cards.nth(0).get_by_role("button", name="Not relevant")
        size = fits.bounding_box()

        with page.expect_response("**/feedback"):
            misses.click()
        with page.expect_response("**/feedback"):
            fits.focus()
            page.keyboard.press("Space")
        with page.expect_response("**/feedback"):
            cards.nth(1).get_by_role("button", name="Not relevant").click()
        with page.expect_response("**/feedback"):
            cards.nth(2).get_by_role("button", name="Relevant", exact=True).click()
        with page.expect_response("**/feedback"):
            cards.nth(2).get_by_role("button", name="Relevant", exact=True).click()
        after = cards.evaluate_all(_LAYOUT)
        page.reload()
        cards.nth(2).wait_for()
        pressed = page.locator("#hits [aria-pressed=true]").evaluate_all("found => found.map(one => one.ariaLabel)")
    written = indexer("eval", "--judgements", "--write", tmp_path / "judged.jsonl")
    judged = indexer("eval", "--judgements", "--strictness", "low", "--json").lines[-1]

    assert size is not None
    assert min(size["width"], size["height"]) >= 40
    assert (before, said) == (after, [])
    assert pressed == ["Relevant", "Not relevant"]
    assert (judged["queries"], judged["recall1"], judged["irrelevant10"], judged["negative"]) == (1, 1, 1, 0)
    assert (written.code, len((tmp_path / "judged.jsonl").read_text().splitlines())) == (0, 1)
