import base64
import json
import zlib

import pytest

from indexer.catalog.searching.cursors import Cursor, Shown
from indexer.errors import QueryError
from indexer.models import GenerationId, ImageId


def make_cursor(shown: int = 3) -> Cursor:
    return Cursor(
        generation_id=GenerationId(7),
        fingerprint="abc",
        offset=20,
        shown=tuple(Shown(image_id=ImageId(1_000_000 + n), band="likely", duplicates=n % 3) for n in range(shown)),
        hidden=(ImageId(5), ImageId(9)),
    )


def pack(value: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(value).encode())).decode().rstrip("=")


def test_a_cursor_comes_back_as_it_was() -> None:
    assert Cursor.decode(make_cursor().encode()) == make_cursor()


def test_a_cursor_of_a_whole_window_fits_into_an_address() -> None:
    encoded = make_cursor(400).encode()

    assert len(encoded) < 3000
    assert encoded.replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "no cursor at all",
        "AAAA",
        "é",
        pack([]),
        pack({}),
        pack(7),
        pack([2, 7, "abc", 0, [], [], None]),
        pack([1, -7, "abc", 0, [], [], None]),
        pack([1, True, "abc", 0, [], [], None]),
        pack([1, 7, "abc", 0, [[1, 9, 0]], [], None]),
        pack([1, 7, "abc", 0, [[2**63, 0, 0]], [], None]),
        pack([1, 7, "abc", 0, [["1", 0, 0]], [], None]),
        pack([1, 7, "abc", True, 3, [], None]),
        make_cursor().encode()[:-5],
        base64.urlsafe_b64encode(zlib.compress(b"[" * 200_000)).decode(),
    ],
)
def test_what_is_no_cursor_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(QueryError, match="This cursor cannot be read"):
        Cursor.decode(text)
