"""Figures worked out by hand: nDCG is the sum of 1 / log2(place + 1) over that of the best possible ranking."""

from functools import partial
from math import log2

import pytest

from indexer.models import ImageId
from indexer.pipelines.measuring import DEEPEST, mark_relevant, score_ranking

about = partial(pytest.approx, abs=1e-6)


def ids(*numbers: int) -> list[ImageId]:
    return [ImageId(number) for number in numbers]


def references(*sets: set[int]) -> list[frozenset[ImageId]]:
    return [frozenset(map(ImageId, images)) for images in sets]


def test_the_one_relevant_image_at_the_top_is_all_there_is() -> None:
    score = score_ranking([True, False], 1)

    assert (score.recall1, score.recall5, score.recall10, score.reciprocal_rank, score.ndcg10) == (1, 1, 1, 1, 1)


def test_two_relevant_images_at_the_second_and_fourth_place() -> None:
    score = score_ranking([False, True, False, True], 2)

    assert (score.recall1, score.recall5, score.recall10, score.reciprocal_rank) == (0, 1, 1, 0.5)
    assert score.ndcg10 == about((1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3)))


def test_one_of_three_relevant_images_at_the_seventh_place() -> None:
    score = score_ranking([*[False] * 6, True], 3)

    assert (score.recall1, score.recall5) == (0, 0)
    assert score.recall10 == about(1 / 3)
    assert score.reciprocal_rank == about(1 / 7)
    assert score.ndcg10 == about((1 / 3) / (1 + 1 / log2(3) + 1 / 2))


def test_twelve_relevant_images_cannot_all_be_among_the_first_ten() -> None:
    score = score_ranking([True] * 12, 12)

    assert score.recall1 == about(1 / 12)
    assert score.recall10 == about(10 / 12)
    assert score.ndcg10 == 1


@pytest.mark.parametrize("marks", [[], [False] * 3, [*[False] * DEEPEST, True]])
def test_what_is_not_among_the_places_looked_at_is_missed(marks: list[bool]) -> None:
    score = score_ranking(marks, 1)

    assert (score.recall1, score.recall5, score.recall10, score.reciprocal_rank, score.ndcg10) == (0, 0, 0, 0, 0)


def test_a_place_deep_down_counts_for_the_reciprocal_rank_only() -> None:
    score = score_ranking([*[False] * 49, True], 1)

    assert (score.recall10, score.ndcg10) == (0, 0)
    assert score.reciprocal_rank == about(0.02)


def test_any_image_satisfies_a_reference_to_several_and_only_once() -> None:
    assert mark_relevant(ids(9, 2, 1, 3), references({1, 2}, {3})) == [False, True, False, True]


def test_a_reference_to_no_image_is_never_satisfied() -> None:
    assert mark_relevant(ids(1, 2), references(set(), {2})) == [False, True]
