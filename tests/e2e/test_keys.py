"""Keys over the real command and the real service."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.e2e.conftest import Command, serving
from tests.e2e.guarded import Guarded, create_key, guarding

PUBLIC = {
    ("GET", "/session"),
    ("POST", "/session"),
    ("DELETE", "/session"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
}
# What takes no scope but `search`, although it is no GET; a search by a file does not, unless it may cost nothing.
LOOKING = {("POST", "/search")}


@pytest.fixture(scope="module")
def guarded(
    postgres: str, library: str, embedders_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    with guarding(postgres, library, folder, embedders_home) as service:
        yield service


def documented(client: httpx2.Client) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def statuses(client: httpx2.Client) -> dict[tuple[str, str], int]:
    """Ask for everything that is documented, without a body and for the first of its kind."""
    asked = documented(client)
    return {(method, path): client.request(method, re.sub(r"\{\w+\}", "1", path)).status_code for method, path in asked}


def test_without_a_key_nothing_is_answered_but_what_is_public(guarded: Guarded) -> None:
    with guarded.client() as client:
        answered = statuses(client)

    assert len(answered) > 15
    assert {asked for asked, status in answered.items() if status != 401} == PUBLIC


def test_whoever_may_only_search_can_write_nothing(guarded: Guarded) -> None:
    with guarded.client(guarded.searching) as client:
        answered = statuses(client)

    writing = {(method, path) for method, path in answered if method not in {"GET", "HEAD"}} - LOOKING - PUBLIC
    assert {asked for asked, status in answered.items() if status == 403} == writing
    assert {status for asked, status in answered.items() if asked not in writing} & {401, 403} == set()


def test_whoever_may_write_may_do_everything(guarded: Guarded) -> None:
    with guarded.client(guarded.writing) as client:
        answered = statuses(client)

    assert set(answered.values()) & {401, 403} == set()


def test_the_document_tells_where_a_key_is_needed(guarded: Guarded) -> None:
    with guarded.client() as client:
        document = client.get("/openapi.json").json()
        asked = set(documented(client))

    guarded_ones = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation.get("security") and "401" in operation["responses"]
    }
    assert guarded_ones == asked - PUBLIC
    assert document["components"]["securitySchemes"].keys() == {"bearer", "header", "session"}
    assert "403" in document["paths"]["/edits"]["post"]["responses"]


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_is_sent_in_either_header(guarded: Guarded, header: str) -> None:
    value = guarded.searching if header == "X-API-Key" else f"Bearer {guarded.searching}"

    with guarded.client() as client:
        assert client.get("/search?q=red+mug", headers={header: value}).json()["hits"]


def test_a_refusal_says_what_is_missing_and_has_an_id(guarded: Guarded) -> None:
    with guarded.client() as client:
        refused = client.get("/search?q=mug", headers={"X-Request-ID": "asked-1"})
        forbidden = client.post("/edits", headers={"X-API-Key": guarded.searching})

    assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert (refused.headers["www-authenticate"], refused.headers["x-request-id"]) == ("Bearer", "asked-1")
    assert refused.json()["request_id"] == "asked-1"
    assert forbidden.status_code == 403
    assert "the scope write" in forbidden.json()["detail"]


def test_the_page_and_the_documentation_are_shown_to_everybody(guarded: Guarded) -> None:
    with guarded.client() as client:
        shown = [client.get(path).status_code for path in ("/", "/page/page.js", "/docs", "/openapi.json")]
        hidden = [
            client.get(path).status_code for path in ("/nowhere", "/page", "/docs/", "/page/../edits", "/metrics")
        ]

    assert shown == [200, 200, 200, 200]
    assert set(hidden) == {401}


def test_a_search_by_a_file_that_may_cost_nothing_takes_no_right_to_write(guarded: Guarded) -> None:
    files = {"file": ("a.txt", b"no image")}
    with guarded.client(guarded.searching) as client:
        free = client.post("/search/image?caption=false", files=files)
        paid = client.post("/search/image?caption=false&caption=true", files=files)

    assert (free.status_code, paid.status_code) == (422, 403)


def test_a_revoked_key_is_refused_from_the_next_request_on(guarded: Guarded) -> None:
    key = guarded.create("search", "--name", "lost")
    with guarded.client(key) as client:
        before = client.get("/generations").status_code

        finished = guarded.command("keys", "revoke", "lost")

        after = client.get("/generations").status_code
    assert (finished.code, before, after) == (0, 200, 401)


def test_more_requests_than_a_key_may_make_are_told_when_to_come_again(guarded: Guarded) -> None:
    key = guarded.create("search", "--requests-per-minute", "5")
    with guarded.client(key) as client:
        answers = [client.get("/generations") for _ in range(8)]
    with guarded.client(guarded.searching) as client:
        other = client.get("/generations").status_code

    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 120
    assert answers[-1].json()["detail"].startswith("The key search-")
    assert other == 200


def test_keys_are_listed_without_their_secrets(guarded: Guarded) -> None:
    with guarded.client(guarded.searching) as client:
        client.get("/generations")

    listed = guarded.command("keys", "list", "--json")

    reader = next(key for key in listed.lines if key["name"] == "reader")
    assert (reader["scopes"], reader["requests_per_minute"], reader["revoked_at"]) == (["search"], 3000, None)
    assert reader["used_at"] is not None
    assert guarded.searching[-43:] not in listed.out
    assert "reader" in guarded.command("keys", "list").out


def test_a_key_is_printed_once_and_alone(guarded: Guarded) -> None:
    plain = guarded.command("keys", "create", "--scope", "search")
    as_json = guarded.command("keys", "create", "--scope", "write", "--name", "ci", "--json").lines[0]

    assert re.fullmatch(r"cs_\d+_[\w-]{43}\n", plain.out)
    assert "not shown again" in plain.err
    assert (as_json["name"], as_json["scopes"]) == ("ci", ["search", "write"])
    assert as_json["key"].startswith(f"cs_{as_json['id']}_")


def test_a_key_that_there_is_not_cannot_be_revoked(guarded: Guarded) -> None:
    finished = guarded.command("keys", "revoke", "nobody")

    assert (finished.code, finished.err) == (1, "Error: There is no key nobody.\n")


def test_whoever_guesses_is_stopped_and_stops_nobody_else(guarded: Guarded) -> None:
    with guarded.client(guarded.searching) as client, guarded.client("cs_1_" + "a" * 43) as guessing:
        assert client.get("/generations").status_code == 200
        guesses = [guessing.get("/generations") for _ in range(60)]
        client_after = client.get("/generations").status_code

    refused = [guess.status_code for guess in guesses]
    assert set(refused) == {401, 429}
    assert refused.count(401) <= 31
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert client_after == 200


@pytest.mark.parametrize(
    "flags",
    [("--host", "0.0.0.0"), ("--allow-host", "photos.example"), ("--require-key",)],  # noqa: S104 - that it refuses is the test
    ids=" ".join,
)
def test_the_service_does_not_start_where_nobody_has_the_key_that_is_needed(
    indexer: Command, flags: tuple[str, ...]
) -> None:
    indexer("db", "migrate")

    finished = indexer("serve", "--port", "0", *flags)

    assert finished.code == 1
    assert "`indexer keys create --scope search`" in finished.err
    assert "--insecure" in finished.err
    assert len(finished.err.splitlines()) == 1


def test_a_revoked_key_does_not_count_as_one(indexer: Command) -> None:
    create_key(indexer, "search", "--name", "gone")
    indexer("keys", "revoke", "gone")

    assert indexer("serve", "--port", "0", "--require-key").code == 1


def test_a_service_behind_a_proxys_name_asks_for_keys(indexer: Command) -> None:
    key = create_key(indexer, "search")

    with serving(indexer, "--allow-host", "photos.example") as address, httpx2.Client(base_url=address) as client:
        named = {"Host": "photos.example"}
        answers = [
            client.get("/generations", headers=named),
            client.get("/generations", headers={**named, "X-API-Key": key}),
            client.get("/generations", headers={"X-API-Key": key}),
        ]

    assert [answer.status_code for answer in answers] == [401, 200, 400]


def test_a_key_from_a_secret_file_is_enough(indexer: Command) -> None:
    indexer("db", "migrate")
    secret = indexer.folder / "api_key"
    secret.write_text("0123456789abcdef" * 3 + "\n")
    indexer.variables["CAPTION_SEARCH_API_KEY_FILE"] = str(secret)

    with serving(indexer, "--require-key") as address, httpx2.Client(base_url=address) as client:
        right = client.get("/generations", headers={"X-API-Key": "0123456789abcdef" * 3})
        wrong = client.get("/generations", headers={"X-API-Key": "0123456789abcdef" * 2})
        writing = client.post("/feedback", headers={"X-API-Key": "0123456789abcdef" * 3})

    assert [answer.status_code for answer in (right, wrong, writing)] == [200, 401, 422]


def test_a_key_that_is_presented_counts_where_none_is_needed(indexer: Command) -> None:
    key = create_key(indexer, "search")

    with serving(indexer) as address, httpx2.Client(base_url=address) as client:
        without = client.post("/edits").status_code
        forbidden = client.post("/edits", headers={"X-API-Key": key}).status_code
        wrong = client.get("/generations", headers={"X-API-Key": key + "a"}).status_code
        stale = client.get("/generations", headers={"Cookie": "caption_search_key=of-another-service"}).status_code

    assert (without, forbidden, wrong, stale) == (422, 403, 401, 200)


def test_one_cannot_ask_for_a_key_and_for_none(indexer: Command) -> None:
    finished = indexer("serve", "--require-key", "--insecure")

    assert (finished.code, finished.err) == (1, "Error: Either --require-key or --insecure.\n")
