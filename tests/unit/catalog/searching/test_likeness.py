from indexer.catalog.searching import Likeness, Query
from indexer.catalog.searching.likeness import band_likenesses
from indexer.models import ImageId


def test_bands_follow_how_near_two_images_descriptions_are() -> None:
    assert band_likenesses([0.9, 0.7, 0.69, 0.5, 0.49, -0.1], twins=0) == [
        "strong",
        "strong",
        "likely",
        "likely",
        "weak",
        "weak",
    ]


def test_what_shows_the_same_picture_is_strong_whatever_was_said_of_it() -> None:
    assert band_likenesses([1.0, 0.2, 0.6], twins=2) == ["strong", "strong", "likely"]


def test_cosines_of_an_unmeasured_embedder_are_neither_strong_nor_left_out() -> None:
    assert band_likenesses([1.0, 0.95, 0.1], twins=1, embedder="other") == ["strong", "likely", "likely"]


def test_a_cursor_belongs_to_the_image_it_began_with() -> None:
    first, second = (Query(like=Likeness(image_id=ImageId(number))) for number in (1, 2))

    assert first.fingerprint() != second.fingerprint()
    assert first.is_ranked
