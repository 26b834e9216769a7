import pytest

from indexer.models import KeyId
from indexer.pipelines.keys.text import digest, make_secret, read_key, write_key

SECRET = "s" * 43


def test_a_key_is_read_as_it_was_written() -> None:
    secret = make_secret()

    assert read_key(write_key(KeyId(17), secret)) == (17, secret)


def test_a_secret_has_256_random_bits() -> None:
    made = {make_secret() for _ in range(1000)}

    assert len(made) == 1000
    assert {len(secret) for secret in made} == {43}


def test_what_is_kept_of_a_secret_is_its_sha256() -> None:
    assert digest("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    "text",
    [
        "",
        SECRET,
        f"cs__{SECRET}",
        f"cs_0_{SECRET}",
        f"cs_01_{SECRET}",
        f"cs_-1_{SECRET}",
        f"cs_١_{SECRET}",  # a digit, and none of ours
        f"cs_{'9' * 19}_{SECRET}",
        f"cs_1_{SECRET[1:]}",
        f"cs_1_{SECRET}s",
        f"cs_1_{SECRET}\n",
        f"CS_1_{SECRET}",
        f"cs_1_{'é' * 43}",
        "cs_1_" + "s" * 42 + "'",
    ],
)
def test_anything_else_is_no_key(text: str) -> None:
    assert read_key(text) is None


def test_hostile_text_has_a_digest_too() -> None:
    assert len(digest("\ud800\x00")) == 32
