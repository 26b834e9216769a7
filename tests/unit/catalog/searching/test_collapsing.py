from indexer.catalog.searching.collapsing import fold
from indexer.catalog.store.images import Looks
from indexer.models import ImageId


def make_looks(**hashes: tuple[int | None, int]) -> dict[ImageId, Looks]:
    return {ImageId(int(n[1:])): Looks(perceptual_hash=h, family=ImageId(f)) for n, (h, f) in hashes.items()}


IDS = [ImageId(n) for n in (1, 2, 3, 4)]
LOOKS = make_looks(_1=(0, 1), _2=(-1, 1), _3=(0b111, 3), _4=(None, 4))


def test_without_folding_every_image_stays() -> None:
    assert fold(IDS, {}, "none") == dict.fromkeys(IDS, 0)


def test_near_duplicates_are_folded_into_the_best_hit() -> None:
    assert fold(IDS, LOOKS, "duplicates") == {1: 1, 2: 0, 4: 0}


def test_edits_of_one_image_are_folded_into_the_best_hit() -> None:
    assert fold(IDS, LOOKS, "family") == {1: 1, 3: 0, 4: 0}


def test_an_image_that_nothing_is_known_of_is_like_no_other() -> None:
    assert fold(IDS, {}, "duplicates") == dict.fromkeys(IDS, 0)
    assert fold(IDS, {}, "family") == dict.fromkeys(IDS, 0)


def test_nothing_is_folded_into_nothing() -> None:
    assert fold([], {}, "duplicates") == {}
