import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexer.errors import SettingsError
from indexer.pipelines.editing.filing import Filing

KEY = bytes(range(32))


def write(folder: Path, content: bytes, image_format: str = "PNG", *, turn: int = 1) -> str:
    filing = Filing(folder / "edits")
    filing.open()
    return str(filing.name(filing.write(KEY, content), KEY, turn, image_format).relative_to(folder))


@pytest.mark.parametrize(
    ("image_format", "suffix"),
    [("PNG", "png"), ("JPEG", "jpg"), ("MPO", "jpg"), ("WEBP", "webp"), ("HEIF", "heic"), ("AVIF", "avif")],
)
def test_a_file_has_its_key_turn_number_and_real_type(image_format: str, suffix: str, tmp_path: Path) -> None:
    name = write(tmp_path, b"content", image_format, turn=2)

    assert name == f"edits/000102030405/000102030405_2_0.{suffix}"
    assert (tmp_path / name).read_bytes() == b"content"
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o644


def test_a_name_is_never_given_twice_whatever_the_type(tmp_path: Path) -> None:
    names = [write(tmp_path, b"1"), write(tmp_path, b"2", "JPEG"), write(tmp_path, b"3"), write(tmp_path, b"4", turn=2)]

    assert [name[-7:] for name in names] == ["1_0.png", "1_1.jpg", "1_2.png", "2_0.png"]
    assert len(list((tmp_path / "edits" / "000102030405").iterdir())) == 4


def test_a_name_is_never_given_twice_to_those_that_take_one_at_once(tmp_path: Path) -> None:
    contents = [b"%d" % number for number in range(100)]

    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(write, [tmp_path] * 100, contents))

    assert [(tmp_path / name).read_bytes() for name in names] == contents


def test_a_folder_that_cannot_be_written_to_is_told_before_anything_is_paid(tmp_path: Path) -> None:
    (tmp_path / "edits").write_text("a file")

    with pytest.raises(SettingsError, match=r"Edited images cannot be written to .*/edits: File exists\."):
        Filing(tmp_path / "edits").open()


def test_a_mask_is_kept_as_it_is_and_hidden(tmp_path: Path) -> None:
    (tmp_path / "m.PNG").write_bytes(b"mask")
    filing = Filing(tmp_path / "edits")
    filing.open()

    kept = filing.keep_mask(tmp_path / "m.PNG", KEY)

    assert (kept.name, kept.read_bytes()) == (".000102030405_mask.png", b"mask")


def test_a_mask_that_is_its_own_kept_copy_stays(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(b"mask")
    filing = Filing(tmp_path / "edits")
    filing.open()
    kept = filing.keep_mask(tmp_path / "m.png", KEY)

    assert filing.keep_mask(kept, KEY) == kept
    assert [path.read_bytes() for path in kept.parent.iterdir()] == [b"mask"]


@pytest.mark.parametrize(
    "use",
    [
        lambda filing, file: filing.name(file, KEY, 1, "PNG"),
        lambda filing, file: filing.read(file),
        lambda filing, file: filing.discard(file),
    ],
    ids=["name", "read", "discard"],
)
def test_a_folder_that_is_removed_meanwhile_is_told(use: Callable[[Filing, Path], object], tmp_path: Path) -> None:
    filing = Filing(tmp_path / "edits")
    filing.open()
    file = filing.write(KEY, b"content")
    shutil.rmtree(filing.output)

    with pytest.raises(SettingsError, match=r"Edited images cannot be written to .*/edits: No such file"):
        use(filing, file)
