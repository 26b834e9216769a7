"""Search by image, over HTTP and from the terminal, with the strict fake endpoint."""

import http.client
import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from tests.conftest import new_database
from tests.e2e.conftest import Command, make_home, serving, wait_until
from tests.fakes.openai_server import Asked, FakeOpenAI, Fault, Reply, caption_reply
from tests.images import image_bytes
from tests.odd_files import write_odd_files

# What the model says of a picture goes by its size.
_MUG, _DOG, _CITY, _CUP = (320, 200), (300, 240), (200, 300), (310, 190)
_SAID = {
    _MUG: ("A red mug stands on a wooden desk.", "Coffee cup beside a keyboard."),
    _DOG: ("A brown dog leaps over a log.", "Hound jumping a fallen tree."),
    _CITY: ("Skyscrapers at night reflect in the river.", "Skyline of a big city after dark."),
    _CUP: ("A crimson coffee mug on a table.", "Cup next to a laptop."),
}


def _describe(asked: Asked) -> Reply:
    return caption_reply(*_SAID[Image.open(io.BytesIO(asked.image)).size])


@dataclass(frozen=True, slots=True)
class Service:
    """A service over three captioned images, the folder they are in, and the endpoint it asks."""

    client: httpx2.Client
    folder: Path
    indexer: Command
    endpoint: FakeOpenAI

    def upload(self, content: bytes, **parameters: str) -> httpx2.Response:
        return self.client.post("/search/image", files={"file": ("asked.jpg", content)}, params=parameters)

    def paid(self) -> tuple[int, int]:
        """Count the runs of searches by image, and the requests in the ledger."""
        runs = [run for run in self.indexer("runs", "--json", "-l", "100").lines if run["command"] == "similar"]
        return len(runs), sum(cost["requests"] for cost in self.indexer("costs", "--json").lines)


@pytest.fixture(scope="module")
def library(postgres: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("library")
    for number, (name, size) in enumerate({"mug.jpg": _MUG, "dog.jpg": _DOG, "city.jpg": _CITY}.items()):
        (folder / name).write_bytes(image_bytes(number, size=size))
    with new_database(postgres) as database, FakeOpenAI(answer=_describe) as endpoint:
        home = make_home(folder / ".home", embedders_home)
        variables = {"DATABASE_URL": database, "CAPTION_SEARCH_HOME": str(home)}
        keys = {"OPENAI_BASE_URL": endpoint.base_url, "OPENAI_API_KEY": endpoint.key}
        indexer = Command(folder, {**variables, **keys})
        finished = indexer("ingest", ".")
        assert finished.code == 0, finished.err
        with serving(indexer) as address, httpx2.Client(base_url=address, timeout=60) as client:
            wait_until(lambda: client.get("/health/ready").status_code == 200)
            yield Service(client, folder, indexer, endpoint)


@pytest.fixture
def service(library: Service) -> Iterator[Service]:
    yield library
    library.endpoint.answer, library.endpoint.latency_s = _describe, 0.0


def test_similar_images_are_answered_by_id_and_by_hash(service: Service) -> None:
    mug = service.client.get("/search", params={"q": "red mug"}).json()["hits"][0]
    sha256 = service.client.get(f"/images/{mug['image_id']}").json()["sha256"]

    by_id = service.client.get(f"/images/{mug['image_id']}/similar", params={"limit": 1}).json()
    by_hash = service.client.get(f"/images/{sha256}/similar").json()
    rest = service.client.get(f"/images/{sha256}/similar", params={"cursor": by_id["next_cursor"]}).json()

    assert {hit["location"] for hit in by_hash["hits"]} == {"dog.jpg", "city.jpg"}
    assert [hit["location"] for hit in [*by_id["hits"], *rest["hits"]]] == [h["location"] for h in by_hash["hits"]]
    assert by_hash["hits"][0]["why"]["near_duplicate"] is False
    assert service.client.get("/images/999/similar").status_code == 404
    assert service.client.get(f"/images/{sha256}/similar", params={"limt": 1}).status_code == 422


def test_a_file_and_its_shrunk_copy_are_recognised_for_nothing(service: Service) -> None:
    asked_before = len(service.endpoint.accepted)

    same = service.upload((service.folder / "dog.jpg").read_bytes()).json()
    copy = service.upload(image_bytes(1, size=(150, 120), quality=50)).json()
    filtered = service.upload(image_bytes(1, size=(150, 120)), orientation="portrait", strictness="low").json()

    assert (same["matched_by"], same["hits"][0]["location"], same["caption"]) == ("sha256", "dog.jpg", None)
    assert (copy["matched_by"], copy["hits"][0]["location"]) == ("perceptual_hash", "dog.jpg")
    assert copy["hits"][0]["why"]["near_duplicate"] is True
    assert [hit["location"] for hit in filtered["hits"]] == ["city.jpg"]
    assert len(service.endpoint.accepted) == asked_before


def test_an_unknown_image_is_captioned_with_the_live_prompt_and_paid_once(service: Service) -> None:
    runs, requests = service.paid()
    prompt = service.endpoint.accepted[0].text

    answer = service.upload(image_bytes(77, size=_CUP)).json()
    refused = service.upload(image_bytes(78, size=_CUP), caption="false").json()

    assert (answer["matched_by"], answer["caption"]) == ("caption", list(_SAID[_CUP]))
    assert answer["hits"][0]["location"] == "mug.jpg"
    assert (refused["matched_by"], refused["hits"], refused["no_match"]) == (None, [], True)
    assert service.endpoint.accepted[-1].text == prompt
    assert service.paid() == (runs + 1, requests + 1)
    assert service.indexer("status", "--json").lines[0]["images"] == 3


def test_files_that_are_no_images_cost_nothing(service: Service, tmp_path: Path) -> None:
    write_odd_files(tmp_path / "odd")
    asked_before = len(service.endpoint.accepted)

    bad = {
        name: service.upload((tmp_path / "odd" / name).read_bytes()) for name in ("bomb.png", "text.jpg", "empty.jpg")
    }
    missing = service.client.post("/search/image", files={"other": b"x"})
    foreign = service.client.post("/search/image", files={"file": b"x"}, headers={"Origin": "https://evil.example"})

    assert {name: answer.status_code for name, answer in bad.items()} == dict.fromkeys(bad, 422)
    assert "megapixels" in bad["bomb.png"].json()["detail"]
    assert "not an image" in bad["text.jpg"].json()["detail"]
    assert (missing.status_code, foreign.status_code) == (422, 403)
    assert len(service.endpoint.accepted) == asked_before


def test_what_is_too_large_is_refused_before_it_is_sent(service: Service) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.client.base_url.port, timeout=20)
    connection.putrequest("POST", "/search/image")
    connection.putheader("Content-Type", "multipart/form-data; boundary=cut")
    connection.putheader("Content-Length", "60000000")
    connection.endheaders()

    answer = connection.getresponse()

    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/problem+json")
    connection.close()


@pytest.mark.parametrize(
    ("fault", "status", "retry_after"),
    [
        (Fault(status=429, message="Slow down", retry_after="7"), 503, "7"),
        (Fault(status=500), 503, "10"),
        (Fault(status=401, message="Wrong key"), 502, None),
        (Fault(status=400, message="I cannot look at this"), 502, None),
    ],
)
def test_a_captioner_that_fails_is_told_in_one_sentence(
    service: Service, fault: Fault, status: int, retry_after: str | None
) -> None:
    service.endpoint.answer = lambda _: fault

    answer = service.upload(image_bytes(77, size=_CUP))

    assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry_after)
    assert answer.json()["detail"].startswith("The model ")
    assert answer.json()["detail"].count(". ") == 0


def test_searches_are_answered_while_the_model_is_busy(service: Service) -> None:
    go_on = threading.Event()

    def wait(asked: Asked) -> Reply:
        go_on.wait(30)
        return _describe(asked)

    service.endpoint.answer = wait
    asked_before = len(service.endpoint.accepted)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(service.upload, image_bytes(80 + n, size=_CUP)) for n in range(4)]
        wait_until(lambda: len(service.endpoint.accepted) == asked_before + 4)
        busy = service.upload(image_bytes(90, size=_CUP))
        searched = service.client.get("/search", params={"q": "red mug"})
        go_on.set()
        answers = [future.result().json()["matched_by"] for future in waiting]

    assert (busy.status_code, busy.headers["retry-after"]) == (503, "5")
    assert searched.json()["hits"][0]["location"] == "mug.jpg"
    assert answers == ["caption"] * 4


def test_the_command_loads_no_model_for_an_indexed_image(service: Service) -> None:
    timed = Command(service.folder, {**service.indexer.variables, "PYTHONPROFILEIMPORTTIME": "1"})

    finished = timed("similar", "1")

    assert finished.code == 0
    assert "| psycopg" in finished.err.replace("  ", "")
    assert " torch\n" not in finished.err


def test_the_command_finds_by_id_by_file_and_by_caption(service: Service, tmp_path: Path) -> None:
    copy, unknown = tmp_path / "copy.jpg", tmp_path / "unknown.jpg"
    copy.write_bytes(image_bytes(1, size=(150, 120)))
    unknown.write_bytes(image_bytes(77, size=_CUP))

    similar = service.indexer("similar", "dog.jpg", "--json", "--limit", "1")
    recognised = service.indexer("similar", copy)
    captioned = service.indexer("similar", unknown, "--json")
    free = service.indexer("similar", unknown, "--no-caption")
    nothing = service.indexer("similar", "nowhere.jpg")

    assert (similar.code, len(similar.lines[0]["hits"]), similar.lines[0]["matched_by"]) == (0, 1, None)
    assert "strong, duplicate" in recognised.out
    assert captioned.lines[0]["caption"] == list(_SAID[_CUP])
    assert captioned.lines[0]["hits"][0]["location"] == "mug.jpg"
    assert "Nothing in the index is like it" in free.err
    assert (nothing.code, nothing.err.strip()) == (1, "Error: There is no indexed image nowhere.jpg.")
