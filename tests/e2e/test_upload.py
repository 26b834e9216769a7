"""`POST /images`: uploaded, kept, captioned as an ingest would, and found; also after a crash, and never paid twice."""

import json
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import Command, serving, wait_until
from tests.fakes.openai_server import Asked, FakeOpenAI, Fault, Reply, caption_reply
from tests.images import image_bytes

_FISH = "A glowing jellyfish in the dark."


@pytest.fixture
def service(indexed: Command, openai_server: FakeOpenAI) -> Command:
    """A library that gets images of jellyfish from now on."""
    openai_server.answer = lambda _: caption_reply(_FISH, keywords=("jellyfish",))
    openai_server.accepted.clear()
    return indexed


def photo(number: int = 500, name: str = "fish.jpg", **options: Any) -> dict[str, Any]:
    return {"file": (name, image_bytes(number, **options), "image/jpeg")}


def uploads(command: Command) -> list[Path]:
    root = Path(command.variables["CAPTION_SEARCH_HOME"]) / "uploads"
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_an_upload_is_kept_captioned_and_found(service: Command, openai_server: FakeOpenAI) -> None:
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        answer = client.post("/images", files=photo())
        received = answer.json()
        [hit] = client.get("/search", params={"q": "glowing jellyfish", "limit": 1}).json()["hits"]
        sent = client.get(hit["image_url"]).content
        again = client.post("/images", files=photo(name="another name.jpg"))
        folders = client.get("/stats/facets").json()["folders"]
        in_folder = client.get("/search", params={"q": "jellyfish", "folder": "uploads"}).json()["hits"]
        runs = client.get("/stats/runs").json()

    assert (answer.status_code, received["new"], received["indexed"]) == (201, True, True), received
    assert answer.headers["location"] == f"/images/{received['image_id']}"
    assert received["captions"][0]["sentences"] == [_FISH]
    assert received["usage"]["cost_usd"] > 0
    assert (hit["image_id"], hit["location"]) == (received["image_id"], "uploads/fish.jpg")
    assert sent == image_bytes(500)
    assert (again.status_code, again.json()["new"], again.json()["image_id"]) == (200, False, received["image_id"])
    assert again.json()["usage"] == {"input_tokens": None, "output_tokens": None, "cost_usd": None}
    assert len(openai_server.accepted) == 1
    assert [path.name for path in uploads(service)] == ["fish.jpg"]
    assert len(uploads(service)[0].parent.name) == 12
    assert {"folder": "uploads", "images": 1} in folders
    assert [hit["image_id"] for hit in in_folder] == [received["image_id"]]
    assert (runs[1]["command"], runs[1]["summary"]["captioned"]) == ("upload", 1)


def test_an_image_of_the_library_is_not_kept_twice(service: Command, openai_server: FakeOpenAI) -> None:
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        content = client.get("/images/1/file").content
        answer = client.post("/images", files={"file": ("copy.jpg", content)})
        image = client.get("/images/1").json()

    assert (answer.status_code, answer.json()["image_id"], answer.json()["new"]) == (200, 1, False)
    assert (uploads(service), openai_server.accepted, len(image["locations"])) == ([], [], 1)


def test_an_image_whose_file_is_gone_is_kept_from_now_on(service: Command, openai_server: FakeOpenAI) -> None:
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        client.post("/images", files=photo())
        [kept] = uploads(service)
        kept.unlink()
        again = client.post("/images", files=photo(name="back.jpg"))
        image = client.get(f"/images/{again.json()['image_id']}").json()

    assert (again.status_code, again.json()["new"], image["locations"]) == (200, False, ["uploads/back.jpg"])
    assert len(openai_server.accepted) == 1


def test_the_first_image_of_all_makes_the_index(paying: Command, openai_server: FakeOpenAI) -> None:
    paying("db", "migrate")
    said = {
        "retrieval": {"captions": [_FISH], "keywords": [], "visible_text": "", "uncertain": False},
        "alt_text": {"alt_text": "A jellyfish."},
    }
    openai_server.answer = lambda _: Reply(content=json.dumps(said))
    with serving(paying) as address, httpx2.Client(base_url=address, timeout=60) as client:
        wait_until(lambda: client.get("/health/ready").status_code == 200)
        answer = client.post("/images", files=photo(), params={"kinds": "alt_text"}).json()
        hits = client.get("/search", params={"q": "jellyfish"}).json()["hits"]

    assert (answer["new"], answer["indexed"]) == (True, True)
    assert [caption["kind"] for caption in answer["captions"]] == ["alt_text", "retrieval"]
    assert [hit["image_id"] for hit in hits] == [answer["image_id"]]


def test_names_survive_as_far_as_they_are_safe(service: Command) -> None:
    names = {
        "../../../etc/passwd": "passwd.jpg",
        "杯子.jpg": "杯子.jpg",
        "a\\b\\.mug": "mug.jpg",
        "x" * 300: "x" * 146 + ".jpg",
    }
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        answers = [client.post("/images", files=photo(500 + n, name=name)) for n, name in enumerate(names)]

    assert [answer.status_code for answer in answers] == [201] * len(names)
    assert sorted(path.name for path in uploads(service)) == sorted(names.values())


def test_what_is_no_image_is_refused_and_not_kept(service: Command, openai_server: FakeOpenAI) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        before = client.get("/stats").json()
        answers = [
            client.post("/images", files={"file": ("a.jpg", content)})
            for content in (b"", b"no picture", image_bytes(1, "PNG")[:200], svg)
        ]
        unknown = client.post("/images", files=photo(), params={"kinds": "poem"})
        missing = client.post("/images")
        after = client.get("/stats/failures").json()

    assert [answer.status_code for answer in (*answers, unknown, missing)] == [422] * 6
    assert (before["failures"], after, uploads(service), openai_server.accepted) == (0, [], [], [])


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (Fault(status=503, message="Overloaded"), 503),
        (Fault(status=429, message="Slow down", retry_after="7"), 503),
        (Fault(status=401, message="Incorrect API key provided"), 502),
        (Fault(status=400, message="Your image is not allowed", code="content_policy_violation"), 502),
        (Reply(content="I'm sorry, I can't help with that."), 502),
    ],
)
def test_an_image_that_gets_no_caption_is_kept_and_captioned_later(
    service: Command, openai_server: FakeOpenAI, trouble: Fault | Reply, status: int
) -> None:
    good = openai_server.answer
    openai_server.answer = lambda _: trouble
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        refused = client.post("/images", files=photo())
        openai_server.answer = good
        [kept] = uploads(service)
        ingested = service("ingest", kept.parent.parent, "--retry-failed", "--json")
        again = client.post("/images", files=photo())

    assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
    assert "it is kept as image 25, to be captioned when it is uploaded again" in refused.json()["detail"]
    assert ("retry-after" in refused.headers) == (status == 503)
    assert (ingested.code, ingested.lines[-1]["captioned"]) == (0, 1), ingested.err
    assert (again.status_code, again.json()["image_id"], again.json()["indexed"]) == (200, 25, True)


def test_an_image_that_got_no_caption_is_captioned_when_it_comes_again(
    service: Command, openai_server: FakeOpenAI
) -> None:
    good = openai_server.answer
    openai_server.answer = lambda _: Fault(status=503, message="Overloaded")
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        client.post("/images", files=photo())
        openai_server.answer = good
        again = client.post("/images", files=photo())

    assert (again.status_code, again.json()["new"], again.json()["indexed"]) == (200, False, True)


def test_a_kind_that_cannot_be_used_leaves_the_image_searchable(service: Command, openai_server: FakeOpenAI) -> None:
    def answer(_asked: Asked) -> Reply:
        said = {"alt_text": {"alt_text": "I'm sorry, I can't help with that."}}
        return Reply(content=json.dumps({"retrieval": json.loads(caption_reply(_FISH).content or ""), **said}))

    openai_server.answer = answer
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        received = client.post("/images", files=photo(), params={"kinds": "alt_text"})

    assert (received.status_code, received.json()["indexed"]) == (201, True)
    assert [bool(caption["quarantine"]) for caption in received.json()["captions"]] == [True, False]


def test_uploads_keep_to_the_budget(service: Command, openai_server: FakeOpenAI) -> None:
    service.variables["CAPTION_SEARCH_BUDGET"] = "0.004"
    openai_server.answer = lambda asked: caption_reply(f"Jellyfish number {asked.number}.")
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        answers = [client.post("/images", files=photo(number)) for number in range(500, 520)]

    codes = [answer.status_code for answer in answers]
    assert set(codes) == {201, 503}
    assert codes == sorted(codes)
    assert "the budget has no room for it" in answers[-1].json()["detail"]
    assert len(openai_server.accepted) == codes.count(201)


def test_the_same_image_sent_at_once_is_paid_once(service: Command, openai_server: FakeOpenAI) -> None:
    openai_server.latency_s = 0.5
    answers: list[httpx2.Response] = []
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:

        def send(name: str) -> None:
            answers.append(client.post("/images", files=photo(name=name)))

        threads = [threading.Thread(target=send, args=(f"{number}.jpg",)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(answer.status_code for answer in answers) == [200, 200, 201]
    assert {answer.json()["indexed"] for answer in answers} == {True}
    assert (len(openai_server.accepted), len(uploads(service))) == (1, 1)


@pytest.mark.parametrize("at", ["while it is asked", "when it was answered"])
def test_a_killed_service_loses_nothing_and_pays_for_no_answer_twice(
    service: Command, openai_server: FakeOpenAI, at: str
) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def wait(_asked: Asked) -> Reply:
        asked.set()
        may_answer.wait(30)
        return caption_reply(_FISH)

    if at == "while it is asked":
        openai_server.answer = wait
    process = service.start("serve", "--port", "0")
    assert process.stderr is not None
    address = next(word for word in process.stderr.readline().split() if word.startswith("http://"))
    with httpx2.Client(base_url=address, timeout=60) as client:
        sending = threading.Thread(target=_send_into_the_void, args=(client,))
        sending.start()
        if at == "while it is asked":
            assert asked.wait(30)
        else:
            wait_until(lambda: len(service("costs", "--json").lines) > 0 and openai_server.accepted != [])
            wait_until(lambda: any(run["command"] == "upload" and run["summary"] for run in _runs(service)))
        process.kill()
        process.communicate()
        sending.join()
    may_answer.set()
    openai_server.answer = lambda _: caption_reply(_FISH)
    kept = [path.read_bytes() for path in uploads(service)]
    with serving(service) as address, httpx2.Client(base_url=address, timeout=60) as client:
        again = client.post("/images", files=photo())
        [hit] = client.get("/search", params={"q": "glowing jellyfish", "limit": 1}).json()["hits"]

    assert kept == [image_bytes(500)]
    assert (again.status_code, again.json()["new"], again.json()["indexed"]) == (200, False, True)
    assert hit["image_id"] == again.json()["image_id"]
    assert len(openai_server.accepted) == (2 if at == "while it is asked" else 1)
    assert len(uploads(service)) == 1


def _runs(command: Command) -> list[Any]:
    return command("runs", "--json").lines


def _send_into_the_void(client: httpx2.Client) -> None:
    try:
        client.post("/images", files=photo())
    except httpx2.HTTPError:
        return
