"""How files and JSON travel: in part, packed, or not at all where the client has them."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.e2e.conftest import cloned, serving
from tests.images import image_bytes

_CONTENT = image_bytes(3, size=(600, 400))


@pytest.fixture(scope="module")
def address(
    postgres: str, library: str, tmp_path_factory: pytest.TempPathFactory, embedders_home: Path
) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("answers")
    (folder / "杯子 “x”.jpg").write_bytes(_CONTENT)
    with cloned(postgres, library, folder, embedders_home) as command:
        assert command("ingest", folder / "杯子 “x”.jpg").code == 0
        with serving(command) as started:
            yield started


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address, timeout=30) as opened:
        yield opened


def find_mug(client: httpx2.Client) -> str:
    newest = client.get("/search", params={"q": "is:original", "limit": 1}).json()["hits"][0]
    return str(newest["image_url"])


@pytest.mark.parametrize("path", ["file", "thumbnail?size=200", "page"])
def test_what_the_client_has_is_not_sent_again(client: httpx2.Client, path: str) -> None:
    address = "/" if path == "page" else find_mug(client).replace("file", path)
    first = client.get(address)
    etag = first.headers["etag"]

    again = client.get(address, headers={"If-None-Match": f'"other", {etag}'})
    other = client.get(address, headers={"If-None-Match": '"other"'})

    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert (again.content, again.headers["etag"]) == (b"", etag)
    assert again.headers["cache-control"] == first.headers["cache-control"]
    assert "content-length" not in again.headers or again.headers["content-length"] == "0"
    assert other.content == first.content


def test_a_part_of_a_file_is_sent_where_it_is_still_the_same(client: httpx2.Client) -> None:
    address = find_mug(client)
    etag = client.get(address).headers["etag"]

    part = client.get(address, headers={"Range": "bytes=10-19"})
    same = client.get(address, headers={"Range": "bytes=-5", "If-Range": etag})
    other = client.get(address, headers={"Range": "bytes=-5", "If-Range": '"other"'})
    beyond = client.get(address, headers={"Range": "bytes=9999999-"})
    nonsense = client.get(address, headers={"Range": "bytes=z"})
    several = client.get(address, headers={"Range": "bytes=0-1,5-6"})

    assert (part.status_code, part.content) == (206, _CONTENT[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(_CONTENT)}"
    assert (same.status_code, same.content) == (206, _CONTENT[-5:])
    assert (beyond.status_code, beyond.headers["content-type"]) == (416, "application/problem+json")
    assert beyond.headers["content-range"] == f"bytes */{len(_CONTENT)}"
    assert {each.content for each in (other, nonsense, several)} == {_CONTENT}


def test_an_original_is_shown_and_nothing_in_it_can_run(client: httpx2.Client) -> None:
    sent = client.get(find_mug(client))

    assert sent.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert sent.headers["x-content-type-options"] == "nosniff"
    assert (
        sent.headers["content-disposition"] == "inline; filename*=utf-8''%E6%9D%AF%E5%AD%90%20%E2%80%9Cx%E2%80%9D.jpg"
    )


@pytest.mark.parametrize(
    "path", ["/", "/search?q=mug", "/images/1", "/images/1/file", "/stats", "/health/live", "/docs"]
)
def test_head_is_get_without_a_body(client: httpx2.Client, path: str) -> None:
    headers = {"Accept-Encoding": "identity"}
    got, head = client.get(path, headers=headers), client.head(path, headers=headers)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    if path != "/search?q=mug":  # it tells how long it took
        assert head.headers["content-length"] == got.headers["content-length"]


def test_head_of_what_is_not_there_says_so(client: httpx2.Client) -> None:
    assert [client.head(path).status_code for path in ("/images/9999", "/nowhere", "/edits")] == [404, 404, 405]


def test_json_is_packed_and_pictures_are_not(client: httpx2.Client) -> None:
    packed = client.get("/search", params={"q": "mug", "strictness": "low"})
    plain = client.get("/search", params={"q": "mug", "strictness": "low"}, headers={"Accept-Encoding": "identity"})
    small, picture = client.get("/health/live"), client.get("/images/1/file")

    assert (packed.headers["content-encoding"], "accept-encoding" in packed.headers["vary"].lower()) == ("gzip", True)
    assert packed.json()["hits"] == plain.json()["hits"]
    assert int(packed.headers["content-length"]) < 0.5 * int(plain.headers["content-length"])
    assert [answer.headers.get("content-encoding") for answer in (plain, small, picture)] == [None, None, None]
