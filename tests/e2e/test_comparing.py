"""`indexer generations compare`: a table, JSON lines, and a page with pictures."""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.conftest import new_database
from tests.e2e.conftest import Command, browsing, make_home
from tests.fakes.openai_server import Asked, FakeOpenAI, Reply, caption_reply
from tests.images import image_bytes

_HOSTILE = "<script>document.title = 'taken'</script>"
# Told apart by their width: what is said of each before the prompt is revised, and after.
_PICTURES = {
    64: ("a.jpg", "A snowy mountain.", f"A red mug on a desk. {_HOSTILE}"),
    80: ("b.jpg", "A plate of noodles.", "A brown dog jumps over a log."),
    96: ("c.jpg", "A car in a street.", "A bowl of fruit."),
    112: ("d.jpg", "Two boats at sea.", "Two boats at sea."),
}
_GOLDEN = """\
{"query": "red mug", "relevant": ["a.jpg"], "set": "short"}
{"query": "a dog jumping", "relevant": ["b.jpg"], "set": "short"}
{"query": "a car in a street", "relevant": ["c.jpg"], "set": "short"}
{"query": "annual shareholder meeting in Zurich", "relevant": []}
"""


@pytest.fixture(scope="module")
def indexer(postgres: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The command over a library with a live generation, and one with a revised prompt that is ready."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "images").mkdir()
    for width, (name, *_) in _PICTURES.items():
        (folder / "images" / name).write_bytes(image_bytes(width, size=(width, 48)))
    (folder / "golden.jsonl").write_text(_GOLDEN)
    with new_database(postgres) as database, FakeOpenAI(answer=_describe) as server:
        command = Command(
            folder,
            {
                "DATABASE_URL": database,
                "CAPTION_SEARCH_HOME": str(make_home(folder / ".home", embedders_home)),
                "OPENAI_BASE_URL": server.base_url,
                "OPENAI_API_KEY": server.key,
                "COLUMNS": "160",
            },
        )
        assert command("ingest", "images").code == 0
        assert command("prompts", "init").code == 0
        prompt = folder / "prompts" / "retrieval.toml"
        prompt.write_text(prompt.read_text().replace("for a search index", "for a newspaper's archive"))
        finished = command("reindex", "--no-activate")
        assert finished.code == 0, finished.err
        yield command


def _describe(asked: Asked) -> Reply:
    with Image.open(io.BytesIO(asked.image)) as picture:
        _, before, after = _PICTURES[picture.width]
    return caption_reply(after if "newspaper" in asked.text else before)


def test_both_generations_are_measured_line_by_line(indexer: Command) -> None:
    finished = indexer("generations", "compare", "--golden", "golden.jsonl", "--json")

    lines = finished.lines
    assert (finished.code, finished.err) == (0, "")
    assert {line["what"] for line in lines} == {"generation", "caption", "query", "measures"}
    before, after = (line for line in lines if line["what"] == "generation")
    assert (before["side"], before["id"], before["state"], before["prompt_revision"]) == ("before", 1, "live", 1)
    assert (after["side"], after["id"], after["state"], after["prompt_revision"]) == ("after", 2, "ready", 2)
    assert (after["requests"], after["input_tokens"], after["entries"], after["fresh"]) == (4, 4000, 4, 1)
    assert 0 < after["cost_usd"] == before["cost_usd"]
    queries = {line["query"]: line for line in lines if line["what"] == "query"}
    assert {
        text: line["change"] for text, line in queries.items() if text != "annual shareholder meeting in Zurich"
    } == {
        "red mug": "gained",
        "a dog jumping": "gained",
        "a car in a street": "lost",
    }
    best = queries["a dog jumping"]["after"]["hits"][0]
    assert (best["location"], best["judged"], best["shown"]) == ("b.jpg", "relevant", True)
    short, total = (line for line in lines if line["what"] == "measures" and line["set"] in ("short", "total"))
    assert (short["before"]["recall1"], short["after"]["recall1"], short["delta"]["recall1"]) == (
        0.3333,
        0.6667,
        0.3333,
    )
    assert total == lines[-1]
    assert (total["before"]["queries"], total["lost"], total["shared"], total["differing"]) == (4, 0, 4, 3)


def test_the_table_has_figures_hits_captions_and_cost(indexer: Command) -> None:
    finished = indexer("generations", "compare", "1", "2", "--golden", "golden.jsonl", "--show", "1", "--sample", "9")

    out = finished.out
    assert (finished.code, finished.err) == (0, "")
    assert re.search(r"1 \(live\) +2 \(ready\)", out)
    assert re.search(r"recall@1 +0\.333 +0\.667 +\+0\.333", out)
    assert "✓ b.jpg: A brown dog jumps over a log." in out or "✓ a.jpg: A red mug on a desk." in out
    assert "(c.jpg: first at 1, then" in out
    assert (
        out.index("Queries that gained most") < out.index("Queries that lost most") < out.index("Captions that differ")
    )
    assert "Images of both whose captions differ: 3 of 4." in out
    assert re.search(r"cost +\$0\.\d{4}", out)


def test_without_queries_captions_are_compared_all_the_same(indexer: Command) -> None:
    finished = indexer("generations", "compare", "2")

    assert finished.code == 0
    assert "Nothing was measured: there are no golden queries (--golden FILE) and no judgements." in finished.out
    assert "A plate of noodles." in finished.out
    assert "in common" not in finished.out


def test_the_page_needs_no_other_file_and_takes_no_caption_for_more(
    browser: Browser, indexer: Command, tmp_path: Path
) -> None:
    page_file = tmp_path / "page.html"

    finished = indexer("generations", "compare", "--golden", "golden.jsonl", "--html", page_file)

    text = page_file.read_text()
    assert (finished.code, finished.err) == (0, f"The page is written to {page_file}.\n")
    assert "<script" not in text
    assert "&lt;script&gt;document.title" in text
    assert re.findall(r'(?:src|href)="(?!data:image/webp;base64,)', text) == []
    with browsing(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
        page.goto(page_file.as_uri())
        loaded = page.locator("img").evaluate_all("images => images.map(image => image.naturalWidth > 0)")
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        framed = page.locator(".relevant img").count()
        title = page.title()
    assert set(asked) <= {"file", "data"}
    assert all(loaded)
    assert (overflow, title) == (0, "Generation 1 (live) and generation 2 (ready)")
    assert framed > 0


def test_a_picture_that_cannot_be_read_is_left_out(indexer: Command, tmp_path: Path) -> None:
    picture = indexer.folder / "images" / "a.jpg"
    content = picture.read_bytes()
    picture.write_bytes(content[:100] + b"\0" * (len(content) - 100))

    finished = indexer("generations", "compare", "--sample", "9", "--html", tmp_path / "page.html")
    picture.write_bytes(content)

    text = (tmp_path / "page.html").read_text()
    assert finished.code == 0
    assert finished.err.endswith("1 picture is left out: its file is gone, changed or damaged.\n")
    assert text.count("The picture cannot be read.") == 1
    assert text.count("<img") == 2


def test_a_page_is_written_whole_or_not_at_all(indexer: Command, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    nowhere = indexer("generations", "compare", "--html", tmp_path / "nowhere" / "page.html")
    folder = indexer("generations", "compare", "--html", tmp_path / "folder")

    assert (nowhere.code, nowhere.out) == (1, "")
    assert "page.html: there is no such folder." in nowhere.err
    assert folder.code == 1
    assert "The page cannot be written to" in folder.err
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_faults_in_the_golden_file_are_told(indexer: Command) -> None:
    (indexer.folder / "faulty.jsonl").write_text(_GOLDEN + "{broken\n")

    finished = indexer("generations", "compare", "--golden", "faulty.jsonl", "--json")

    assert finished.code == 3
    assert "faulty.jsonl:5: it is no JSON object; the query is left out." in finished.err
    assert json.loads(finished.out.splitlines()[-1])["set"] == "total"


def test_a_generation_compared_with_itself_is_a_usage_error(indexer: Command) -> None:
    finished = indexer("generations", "compare", "2", "2")

    assert (finished.code, finished.out) == (2, "")
    assert "generation 2 is compared with another one, not with itself" in finished.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("1", "9"), "There is no generation 9."),
        (("--golden", "nothing.jsonl"), "cannot be read"),
    ],
)
def test_what_cannot_be_compared_says_why(indexer: Command, arguments: tuple[str, ...], said: str) -> None:
    finished = indexer("generations", "compare", *arguments)

    assert (finished.code, finished.out) == (1, "")
    assert said in finished.err
    assert finished.err.count("\n") == 1


def test_one_generation_alone_has_nothing_to_be_compared_with(indexer: Command, tmp_path: Path, postgres: str) -> None:
    with new_database(postgres) as database:
        other = Command(tmp_path, {**indexer.variables, "DATABASE_URL": database})
        nothing = other("generations", "compare")
        other("ingest", indexer.folder / "images", "--captioner", "offline")
        alone = other("generations", "compare")

    assert (nothing.code, alone.code) == (1, 1)
    assert "run `indexer ingest FOLDER` first" in nothing.err
    assert alone.err == (
        "Error: There is no generation to compare with the live one, 1: it is the only one; "
        "`indexer reindex` builds another.\n"
    )
