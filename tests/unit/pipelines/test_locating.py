import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.catalog.store.images import StoredImage
from indexer.errors import NotFoundError
from indexer.models import ImageId
from indexer.pipelines.locating import find_file


def make_image(*paths: Path, content: bytes = b"abc", modified_ns: int = 1) -> StoredImage:
    return StoredImage(
        image_id=ImageId(7),
        sha256=hashlib.sha256(content).digest(),
        origin="original",
        format="JPEG",
        width=1,
        height=1,
        size_bytes=len(content),
        taken_at=None,
        camera=None,
        latitude=None,
        longitude=None,
        title=None,
        description=None,
        keywords=[],
        added_at=datetime(2026, 1, 1, tzinfo=UTC),
        locations=[str(path) for path in paths],
        modified_ns=[modified_ns] * len(paths),
        relative_paths=[path.name for path in paths],
    )


def test_the_first_location_that_still_has_the_image_is_found(tmp_path: Path) -> None:
    gone, longer, other, right = (tmp_path / name for name in ("gone", "longer", "other", "right"))
    longer.write_bytes(b"abcd")
    other.write_bytes(b"xyz")
    right.write_bytes(b"abc")

    assert find_file(make_image(gone, tmp_path, longer, other, right)) == right


def test_a_file_of_the_same_size_and_time_is_not_read(tmp_path: Path) -> None:
    unread = tmp_path / "a"
    unread.write_bytes(b"xyz")
    os.utime(unread, ns=(5, 5))

    assert find_file(make_image(unread, modified_ns=5)) == unread


def test_an_image_that_is_nowhere_any_more_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="There is no file any more for image 7"):
        find_file(make_image(tmp_path / "gone", Path("https://example.com/a.jpg")))
