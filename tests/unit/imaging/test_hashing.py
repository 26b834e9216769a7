import hashlib
from pathlib import Path

import pytest

from indexer.imaging.hashing import sha256_of


@pytest.mark.parametrize("content", [b"", b"picture", bytes(3_000_000)], ids=["empty", "small", "over a buffer"])
def test_the_hash_is_the_sha256_of_the_content(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)

    with path.open("rb") as file:
        assert sha256_of(file) == hashlib.sha256(content).digest()


def test_the_hash_begins_where_the_file_stands(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"skipped picture")

    with path.open("rb") as file:
        file.seek(8)
        assert sha256_of(file) == hashlib.sha256(b"picture").digest()
