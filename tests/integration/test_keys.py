import psycopg
import pytest
from pydantic import SecretStr

from indexer.catalog.store import Store
from indexer.errors import NotFoundError, SettingsError
from indexer.models import AccessScope
from indexer.pipelines.keys.checking import KeyCheck
from indexer.pipelines.keys.issuing import issue_key, revoke_key


def issue(store: Store, scope: AccessScope = "search", name: str | None = None) -> str:
    return issue_key(store, scope, name=name, requests_per_minute=100)[1]


def test_a_key_that_was_issued_is_recognised(store: Store) -> None:
    holder = KeyCheck(store).check(issue(store, "search", "laptop"))

    assert holder is not None
    assert (holder.id, holder.name, holder.scopes, holder.requests_per_minute) == (
        "1",
        "laptop",
        frozenset({"search"}),
        100,
    )


def test_write_includes_search(store: Store) -> None:
    holder = KeyCheck(store).check(issue(store, "write"))

    assert holder is not None
    assert holder.scopes == {"search", "write"}


def test_nothing_of_a_key_but_its_hash_is_in_the_database(store: Store, database: str) -> None:
    secret = issue(store).rpartition("cs_1_")[2]

    with psycopg.connect(database) as connection:
        kept = connection.execute("SELECT k::text FROM api_key k").fetchone()

    assert kept is not None
    assert secret not in kept[0]
    assert secret.encode().hex() not in kept[0]


@pytest.mark.parametrize("change", ["another secret", "another number", "no number", "more"])
def test_what_is_not_quite_a_key_is_none(store: Store, change: str) -> None:
    text = issue(store)
    wrong = {
        "another secret": text[:-1] + ("a" if text[-1] != "a" else "b"),
        "another number": text.replace("cs_1_", "cs_2_"),
        "no number": text.replace("cs_1_", ""),
        "more": text + "a",
    }[change]

    assert KeyCheck(store).check(wrong) is None


def test_a_key_does_not_open_what_another_does(store: Store) -> None:
    issue(store, "write")
    searching = issue(store, "search")

    assert KeyCheck(store).check(searching.replace("cs_2_", "cs_1_")) is None


@pytest.mark.parametrize("named", ["1", "laptop"])
def test_a_revoked_key_is_of_no_use_from_the_next_time_on(store: Store, named: str) -> None:
    text, checking = issue(store, name="laptop"), KeyCheck(store)
    assert checking.check(text) is not None

    revoked = revoke_key(store, named)

    assert revoked.revoked_at is not None
    assert checking.check(text) is None
    assert not checking.has_keys()


def test_a_key_stays_revoked_since_it_was(store: Store) -> None:
    issue(store)

    assert revoke_key(store, "1").revoked_at == revoke_key(store, "1").revoked_at


@pytest.mark.parametrize("named", ["7", "tablet", "", "9" * 40, "a\x00b"])
def test_a_key_that_there_is_not_cannot_be_revoked(store: Store, named: str) -> None:
    issue(store, name="laptop")

    with pytest.raises(NotFoundError, match="There is no key"):
        revoke_key(store, named)


def test_a_key_without_a_name_is_called_by_its_scope_and_number(store: Store) -> None:
    issue(store, "search")
    issue(store, "write")

    assert [(key.id, key.name) for key in store.keys.find_keys()] == [(2, "write-2"), (1, "search-1")]


def test_two_keys_in_use_have_no_name_in_common(store: Store) -> None:
    issue(store, name="laptop")

    with pytest.raises(SettingsError, match="There is a key laptop already"):
        issue(store, name="laptop")


def test_the_name_of_a_revoked_key_is_free(store: Store) -> None:
    issue(store, name="laptop")
    revoke_key(store, "laptop")

    issue(store, name="laptop")

    assert [(key.name, key.revoked_at is None) for key in store.keys.find_keys()] == [
        ("laptop", True),
        ("laptop", False),
    ]


@pytest.mark.parametrize("name", ["", " ", "12", "a\nb", "a\x00", "x" * 101, " laptop"])
def test_a_name_that_cannot_be_told_apart_is_refused(store: Store, name: str) -> None:
    with pytest.raises(SettingsError, match="--name"):
        issue(store, name=name)


def test_use_is_noted_once_a_minute_at_the_most(store: Store, database: str) -> None:
    text, checking = issue(store), KeyCheck(store)
    assert store.keys.find_keys()[0].used_at is None

    checking.check(text)
    first = store.keys.find_keys()[0].used_at
    checking.check(text)
    second = store.keys.find_keys()[0].used_at
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE api_key SET used_at = used_at - interval '61 seconds'")
    checking.check(text)
    third = store.keys.find_keys()[0].used_at

    assert first is not None
    assert second == first
    assert third is not None
    assert third >= first


def test_wrong_keys_are_not_noted_as_use(store: Store) -> None:
    text = issue(store)

    KeyCheck(store).check(text[:-1] + ("a" if text[-1] != "a" else "b"))

    assert store.keys.find_keys()[0].used_at is None


def test_a_key_of_the_settings_may_write_and_needs_no_other(store: Store) -> None:
    checking = KeyCheck(store, SecretStr("k" * 32))
    holder = checking.check("k" * 32)

    assert checking.has_keys()
    assert holder is not None
    assert (holder.name, holder.scopes) == ("CAPTION_SEARCH_API_KEY", frozenset({"search", "write"}))
    assert checking.check("k" * 31) is None
    assert checking.check(issue(store)) is not None


def test_without_a_key_nobody_has_one(store: Store) -> None:
    assert not KeyCheck(store).has_keys()
