"""The service over real HTTP."""

import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.conftest import new_database
from tests.e2e.conftest import Command, browsing, make_home, serving
from tests.images import image_bytes

_CAPTIONS = [
    {"image": "mug.jpg", "captions": ["A red mug on a wooden desk.", "Coffee cup by a keyboard."], "keywords": ["mug"]},
    {"image": "dog.png", "captions": ["A brown dog jumps over a log."]},
    {"image": "wall.jpg", "captions": ["<script>alert('x')</script> sprayed on a wall."]},
    {"image": "comet.jpg", "captions": ["A comet with a long tail."]},
]


@dataclass(frozen=True, slots=True)
class Library:
    """A folder of images, indexed, and the command over it."""

    images: Path
    indexer: Command


@pytest.fixture(scope="module")
def library(postgres: str, tmp_path_factory: pytest.TempPathFactory, embedders_home: Path) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("library")
    for number, name in enumerate(("mug.jpg", "wall.jpg", "comet.jpg")):
        (folder / name).write_bytes(image_bytes(number, size=(800, 600)))
    (folder / "dog.png").write_bytes(image_bytes(9, "PNG", size=(300, 500)))
    (folder / "captions.json").write_text(json.dumps(_CAPTIONS))
    with new_database(postgres) as database:
        home = make_home(folder / ".home", embedders_home)
        indexer = Command(folder, {"DATABASE_URL": database, "CAPTION_SEARCH_HOME": str(home)})
        finished = indexer("ingest", ".", "--captions", "captions.json")
        assert finished.code == 0, finished.err
        yield Library(folder, indexer)


@pytest.fixture(scope="module")
def address(library: Library) -> Iterator[str]:
    with serving(library.indexer) as started:
        yield started


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address, timeout=30) as opened:
        _wait_until_ready(opened)
        yield opened


def test_a_search_answers_in_the_contracts_json(client: httpx2.Client) -> None:
    answer = client.get("/search", params={"q": "red mug"}).json()

    assert answer.keys() == {"query", "mode", "no_match", "next_cursor", "generation", "hits", "took_ms"}
    assert answer["generation"] == {
        "id": 1,
        "prompt_revision": None,
        "captioner": "import",
        "embedder": "all-MiniLM-L6-v2",
        "coverage": 1.0,
        "fresh": 1.0,
    }
    hit = answer["hits"][0]
    assert (hit["location"], hit["band"], hit["origin"]) == ("mug.jpg", "strong", "original")
    assert (hit["width"], hit["height"], hit["caption"]) == (800, 600, "A red mug on a wooden desk.")
    assert hit["why"]["highlight"] == "A <mark>red</mark> <mark>mug</mark> on a wooden desk."
    assert client.post("/search", json={"q": "red mug"}).json()["hits"] == answer["hits"]


def test_what_is_not_there_has_no_match(client: httpx2.Client) -> None:
    answer = client.get("/search", params={"q": "annual shareholder meeting in Zurich"}).json()

    assert (answer["no_match"], answer["hits"]) == (True, [])


def test_images_are_served_by_id_and_by_hash(client: httpx2.Client, library: Library) -> None:
    hit = client.get("/search", params={"q": "red mug"}).json()["hits"][0]
    shown = client.get(f"/images/{hit['image_id']}").json()

    sent = client.get(hit["image_url"])
    by_hash = client.get(f"/images/{shown['sha256']}/file")

    assert sent.content == by_hash.content == (library.images / "mug.jpg").read_bytes()
    assert (sent.headers["content-type"], sent.headers["x-content-type-options"]) == ("image/jpeg", "nosniff")
    assert shown["captions"][0]["keywords"] == ["mug"]
    assert client.get(hit["image_url"], headers={"Range": "bytes=0-9"}).status_code == 206


def test_a_thumbnail_is_a_small_webp_and_kept(client: httpx2.Client, library: Library) -> None:
    url = client.get("/search", params={"q": "dog"}).json()["hits"][0]["thumbnail_url"]

    sent = client.get(url, params={"size": 200})

    assert sent.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(sent.content)).size == (192, 320)
    assert len(list((library.images / ".home" / "thumbnails").rglob("*.webp"))) == 1


def test_another_file_in_an_images_place_is_not_served(client: httpx2.Client, library: Library) -> None:
    hit = client.get("/search", params={"q": "log"}).json()["hits"][0]
    path = library.images / "dog.png"
    content = path.read_bytes()
    path.write_bytes(b"X" * len(content))

    swapped = client.get(hit["image_url"])
    path.write_bytes(content)

    assert swapped.status_code == 404
    assert client.get(hit["image_url"]).content == content


def test_a_file_that_is_gone_is_not_found(client: httpx2.Client, library: Library) -> None:
    hit = client.get("/search", params={"q": "comet"}).json()["hits"][0]
    (library.images / "comet.jpg").unlink()

    answers = [client.get(hit["image_url"]), client.get(hit["thumbnail_url"])]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/search",
        "/search?q=",
        "/search?q=%20%00",
        "/search?q=a&limit=0",
        "/search?q=a&limit=101",
        "/search?q=a&mode=magic",
        "/search?q=" + "a" * 1001,
        "/search?q=a&limt=3",
        "/images/0",
        "/images/abc",
        "/images/-1",
        "/images/1/thumbnail?size=9999",
    ],
)
def test_bad_requests_are_problems_with_one_sentence(client: httpx2.Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json().keys() >= {"type", "title", "status", "detail"}


@pytest.mark.parametrize(
    "path", ["/images/99", "/images/" + "0" * 64, "/images/99/file", "/nowhere", "/page/%2e%2e/app.py"]
)
def test_what_is_not_there_is_a_problem_too(client: httpx2.Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_foreign_host_name_is_refused(client: httpx2.Client) -> None:
    answer = client.get("/search?q=mug", headers={"Host": "evil.example"})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "--allow-host" in answer.json()["detail"]


def test_the_page_and_the_documentation_are_there(client: httpx2.Client) -> None:
    page = client.get("/")

    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    documentation = client.get("/docs")
    assert documentation.status_code == 200
    assert "https://" not in documentation.text
    assert {"/search", "/images/{ref}", "/images/{ref}/file", "/images/{ref}/thumbnail", "/health/ready"} <= client.get(
        "/openapi.json"
    ).json()["paths"].keys()


def test_the_service_says_that_nothing_is_indexed_yet(indexer: Command) -> None:
    indexer("db", "migrate")

    with serving(indexer) as address, httpx2.Client(base_url=address, timeout=30) as client:
        _wait_until_ready(client)
        answer = client.get("/search?q=mug").json()

    assert (answer["generation"], answer["no_match"]) == (None, True)


def test_other_machines_are_not_served_without_keys(indexer: Command) -> None:
    finished = indexer("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - that it refuses is the test

    assert finished.code == 1
    assert "--insecure" in finished.err
    assert "`indexer keys create --scope search`" in finished.err


def test_a_taken_port_is_told(client: httpx2.Client, library: Library) -> None:
    finished = library.indexer("serve", "--port", str(client.base_url.port))

    assert finished.code == 1
    assert "Try another --port" in finished.err


def _wait_until_ready(client: httpx2.Client) -> None:
    deadline = time.monotonic() + 60
    while client.get("/health/ready").status_code != 200:
        assert client.get("/health/live").status_code == 200
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_page_shows_hits_and_runs_nothing_from_captions(
    browser: Browser, address: str, client: httpx2.Client
) -> None:
    assert client.get("/health/ready").status_code == 200
    with browsing(browser) as page:
        said: list[str] = []
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)

        page.get_by_role("searchbox").fill("script sprayed on a wall")
        page.keyboard.press("Enter")
        page.locator("#hits .match").first.wait_for()
        caption = page.locator("#hits li .caption").first.inner_text()
        loaded = page.locator("#hits img").first.evaluate("image => image.decode().then(() => image.naturalWidth)")
        page.get_by_role("searchbox").fill("annual shareholder meeting in Zurich")
        page.get_by_role("button", name="Search", exact=True).click()
        page.get_by_text("Nothing in your library matches").wait_for()
        page.get_by_role("button", name="Show the nearest").click()
        page.wait_for_selector("#hits li.weak")
        page.go_back()
        page.get_by_text("Nothing in your library matches").wait_for()
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert caption == "<script>alert('x')</script> sprayed on a wall."
    assert loaded == 320  # a phone is 390 pixels wide
    assert overflow == 0
    assert said == []


def test_a_terminated_service_leaves_no_database_running(tmp_path: Path) -> None:
    command = Command(tmp_path, {"CAPTION_SEARCH_HOME": str(tmp_path / "home")})

    with serving(command):
        running = list((tmp_path / "home").rglob("postmaster.pid"))

    assert running
    assert not running[0].exists()
