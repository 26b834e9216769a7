import pytest

from indexer.captioning.offline import path_words


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("mug.jpg", ["mug"]),
        ("holiday/Red_Mug-2019.jpg", ["holiday", "red", "mug"]),
        ("holiday 2019/at the beach/two dogs.png", ["holiday", "at", "the", "beach", "two", "dogs"]),
        ("Dog/dog/DOG.jpg", ["dog"]),
        ("naïve/été.jpg", ["naïve", "été"]),
        ("海边/日落.jpg", ["海边", "日落"]),
        ("пляж/закат.jpg", ["пляж", "закат"]),
    ],
)
def test_the_words_that_somebody_chose_are_taken_from_the_path(path: str, words: list[str]) -> None:
    assert path_words(path) == words


@pytest.mark.parametrize(
    "path",
    [
        "IMG_1234.JPG",
        "DSC00012.jpg",
        "2019/07/DSCF1234.jpg",
        "DCIM/P1000123.jpg",
        "Screenshot 2020-01-02.png",
        "Untitled.tif",
        "a/b/c.png",
        "1234.jpg",
        "",
    ],
)
def test_numbers_letters_and_names_given_by_cameras_are_no_words(path: str) -> None:
    assert path_words(path) == []


def test_the_extension_is_no_word() -> None:
    assert path_words("sunset.jpeg") == ["sunset"]


@pytest.mark.parametrize("path", ["imagination.jpg", "photography.jpg", "scandinavia.jpg", "picnic.jpg"])
def test_words_that_only_begin_like_a_cameras_stay(path: str) -> None:
    assert path_words(path) == [path.removesuffix(".jpg")]
