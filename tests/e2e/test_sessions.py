"""The page's session: a key that a cookie carries."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import Command, browsing, serving
from tests.e2e.guarded import Guarded, guarding


@pytest.fixture(scope="module")
def guarded(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    with guarding(postgres, library, tmp_path_factory.mktemp("guarded"), embedders_home) as service:
        yield service


@pytest.fixture
def client(guarded: Guarded) -> Iterator[httpx2.Client]:
    with guarded.client() as opened:
        yield opened


def test_whoever_has_not_signed_in_is_told_that_a_key_is_needed(client: httpx2.Client) -> None:
    assert client.get("/session").json() == {"key_needed": True, "name": None, "scopes": []}


def test_a_key_becomes_a_cookie_that_no_script_reads_and_no_other_site_sends(
    client: httpx2.Client, guarded: Guarded
) -> None:
    answer = client.post("/session", json={"key": guarded.searching})

    assert answer.json() == {"key_needed": True, "name": "reader", "scopes": ["search"]}
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/", "max-age=2592000"} <= {part.strip() for part in cookie.split(";")}
    assert "secure" not in cookie


def test_over_https_the_cookie_is_sent_nowhere_else(client: httpx2.Client, guarded: Guarded) -> None:
    # A proxy on this machine, which uvicorn trusts.
    answer = client.post("/session", json={"key": guarded.searching}, headers={"X-Forwarded-Proto": "https"})

    assert "secure" in answer.headers["set-cookie"].lower()


def test_the_session_opens_searches_and_pictures_until_it_ends(client: httpx2.Client, guarded: Guarded) -> None:
    client.post("/session", json={"key": guarded.searching})
    hit = client.get("/search", params={"q": "red mug"}).json()["hits"][0]
    during = [client.get(hit["thumbnail_url"]).status_code, client.post("/edits").status_code]
    told = client.get("/session").json()

    ended = client.delete("/session")

    assert (during, told["name"], ended.status_code) == ([200, 403], "reader", 204)
    assert client.get(hit["thumbnail_url"]).status_code == 401


def test_a_session_that_may_write_tells_so(client: httpx2.Client, guarded: Guarded) -> None:
    assert client.post("/session", json={"key": f" {guarded.writing}\n"}).json()["scopes"] == ["search", "write"]
    assert client.post("/feedback", json={"query": "mug", "image_id": 1, "relevant": True}).status_code == 204


@pytest.mark.parametrize("key", ["wrong", "cs_1_" + "a" * 43, "é"])
def test_a_wrong_key_opens_no_session(client: httpx2.Client, key: str) -> None:
    answer = client.post("/session", json={"key": key})

    assert (answer.status_code, "set-cookie" in answer.headers) == (401, False)
    assert answer.json()["detail"] == "This key is wrong, or was revoked."


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": "x" * 501}, {"key": 1}, {"key": "a", "more": 1}])
def test_a_session_is_asked_for_with_a_key_and_nothing_else(client: httpx2.Client, body: dict[str, object]) -> None:
    assert client.post("/session", json=body).status_code == 422


def test_another_site_can_neither_open_nor_use_a_session(client: httpx2.Client, guarded: Guarded) -> None:
    foreign = {"Origin": "https://evil.example"}
    opened = client.post("/session", json={"key": guarded.writing}, headers=foreign).status_code
    client.post("/session", json={"key": guarded.writing})

    used = client.post("/feedback", json={"query": "mug", "image_id": 1, "relevant": True}, headers=foreign)

    assert (opened, used.status_code) == (403, 403)


def test_a_session_ends_when_its_key_is_revoked_and_the_page_is_still_there(
    client: httpx2.Client, guarded: Guarded
) -> None:
    client.post("/session", json={"key": guarded.create("search", "--name", "lent")})
    guarded.command("keys", "revoke", "lent")

    assert client.get("/search?q=mug").status_code == 401
    assert client.get("/").status_code == 200
    assert client.get("/session").json()["name"] is None


def test_where_no_key_is_needed_everything_may_be_done(indexer: Command) -> None:
    indexer("db", "migrate")

    with serving(indexer) as address:
        told = httpx2.get(f"{address}/session", headers={"Cookie": "caption_search_key=old"}).json()

    assert told == {"key_needed": False, "name": None, "scopes": ["search", "write"]}


def test_a_browser_shows_pictures_after_signing_in_and_tells_no_script_the_key(
    browser: Browser, guarded: Guarded
) -> None:
    script = """async key => {
        const before = (await fetch("/search?q=red+mug")).status;
        await fetch("/session", {method: "POST", headers: {"Content-Type": "application/json"},
                                 body: JSON.stringify({key})});
        const picture = new Image();
        picture.src = "/images/1/thumbnail";
        await picture.decode();
        return [before, picture.naturalWidth > 0, document.cookie];
    }"""
    with browsing(browser) as page:
        page.goto(guarded.served.address)

        seen = page.evaluate(script, guarded.searching)

    assert seen == [401, True, ""]
