import pytest

from indexer.imaging.file_names import safe_name


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("mug.jpg", "mug.jpg"),
        ("Großmutters Traktor.JPEG", "Großmutters Traktor.JPEG"),
        ("杯子.png", "杯子.png"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\me\\mug.png", "mug.png"),
        ("..", "image.jpg"),
        ("", "image.jpg"),
        ("/", "image.jpg"),
        (".hidden.jpg", "hidden.jpg"),
        (".jpg", "jpg.jpg"),
        ("a\x00\x1b[31m\nb.jpg", "a[31m b.jpg"),
        ("\ud800.jpg", "\ufffd.jpg"),
        ("photo.txt", "photo.txt.jpg"),
        ("photo", "photo.jpg"),
        ("photo.", "photo.jpg"),
        ("e\u0301.jpg", "\xe9.jpg"),
    ],
)
def test_a_name_from_elsewhere_is_made_safe_and_stays_itself(called: str, name: str) -> None:
    assert safe_name(called, "JPEG") == name


def test_a_long_name_is_cut_between_characters_and_keeps_its_suffix() -> None:
    name = safe_name("杯" * 200 + ".webp", "WEBP")

    assert name.endswith("杯.webp")
    assert len(name.encode()) <= 150
    assert safe_name("a" * 300, "HEIF") == "a" * 145 + ".heic"
