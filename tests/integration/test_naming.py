"""Names of images: paths, ids and hashes, and references that are never paths."""

from pathlib import Path

import pytest

from indexer.catalog.store import Store
from indexer.errors import NotFoundError
from indexer.pipelines.naming import find_image
from tests.factories import add_image, make_facts


def test_a_reference_is_never_a_file_of_that_name(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = add_image(store, "mug")
    monkeypatch.chdir(tmp_path)
    Path(str(image_id)).write_bytes(b"another picture")

    assert find_image(store, f"image:{image_id}") == image_id
    assert find_image(store, f"sha256:{make_facts('mug').sha256.hex()}") == image_id
    with pytest.raises(NotFoundError):
        find_image(store, str(image_id))


@pytest.mark.parametrize("name", ["image:", "image:mug", "image:-1", "sha256:12", "image:999999", "sha256:" + "0" * 64])
def test_a_reference_to_nothing_is_told(name: str, store: Store) -> None:
    with pytest.raises(NotFoundError, match="There is no"):
        find_image(store, name)
