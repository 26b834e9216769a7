from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from indexer.catalog.searching import Query, Results
from indexer.models import Generation, GenerationId, ImageId
from indexer.pipelines.generations.pairing import (
    Change,
    Scope,
    ask_both,
    find_difference,
    find_gained,
    find_worsened,
    group_changes,
)
from indexer.pipelines.golden import GoldenQuery
from tests.factories import make_generation, make_hit

OLD, NEW = make_generation(), make_generation(id=GenerationId(2), state="ready")
# What each generation ranks for a query; the old one shows what the new one shows where it is not named.
ANSWERS: Mapping[str, tuple[str, str]] = {
    "better": ("21", "12"),
    "best": ("23", "1"),
    "worse": ("12", "21"),
    "worst": ("1", ""),
    "same": ("1", "1"),
    "now empty": ("1", ""),
    "now shown": ("", "1"),
}


@dataclass
class FakeSearch:
    """Ranks the images named by digits, of the generation that is asked."""

    asked: list[GenerationId] = field(default_factory=list)

    def __call__(self, query: Query, *, generation: Generation) -> Results:
        self.asked.append(generation.id)
        digits = ANSWERS[query.text][generation.id - 1]
        hits = [make_hit(int(digit)) for digit in digits]
        return Results(query=query, generation=generation, coverage=None, hits=hits[: query.limit])


def make_golden(text: str, *relevant: int, irrelevant: int | None = None, query_set: str = "all") -> GoldenQuery:
    return GoldenQuery(
        text=text,
        query_set=query_set,
        relevant=tuple(frozenset([ImageId(number)]) for number in relevant),
        irrelevant=frozenset() if irrelevant is None else frozenset([ImageId(irrelevant)]),
    )


def ask(*queries: GoldenQuery) -> list[Change]:
    return ask_both(FakeSearch(), OLD, NEW, queries)


def texts(changes: list[Change]) -> list[str]:
    return [change.golden.text for change in changes]


def test_one_generation_is_asked_everything_before_the_other() -> None:
    search, told = FakeSearch(), list[int]()

    ask_both(search, OLD, NEW, [make_golden("better", 1), make_golden("same", 1)], Scope(asked=lambda: told.append(1)))

    assert search.asked == [1, 1, 1, 1, 2, 2, 2, 2]
    assert len(told) == 4


def test_queries_are_ordered_by_what_they_gained_or_lost() -> None:
    changes = ask(*(make_golden(text, 1) for text in ("same", "worse", "better", "worst", "best")))

    assert texts(find_gained(changes, 5)) == ["best", "better"]
    assert texts(find_worsened(changes, 5)) == ["worst", "worse"]
    assert texts(find_gained(changes, 1)) == ["best"]
    assert find_worsened(changes, 0) == []


def test_a_query_that_should_find_nothing_gains_by_finding_nothing() -> None:
    changes = ask(make_golden("now empty"), make_golden("now shown"))

    assert texts(find_gained(changes, 5)) == ["now empty"]
    assert texts(find_worsened(changes, 5)) == ["now shown"]


def test_queries_with_irrelevant_images_alone_neither_gain_nor_lose() -> None:
    changes = ask(make_golden("now shown", irrelevant=1), make_golden("now empty", irrelevant=1))

    assert find_gained(changes, 5) == find_worsened(changes, 5) == []


def test_the_error_is_that_of_the_paired_difference() -> None:
    changes = ask(make_golden("worst", 1), make_golden("same", 1), make_golden("best", 1), make_golden("now shown"))

    difference = find_difference(changes)

    assert difference.before.recall10 == pytest.approx(2 / 3)
    assert difference.after.recall10 == pytest.approx(2 / 3)
    assert difference.recall10_error == pytest.approx(1 / 3**0.5)  # of -1, 0, 1: their standard deviation is 1
    assert (difference.before.queries, difference.before.negative) == (4, 1)


def test_one_query_has_no_error_and_none_no_figures() -> None:
    assert find_difference(ask(make_golden("best", 1))).recall10_error is None
    assert find_difference([]).after.recall10 is None


def test_sets_keep_their_order() -> None:
    changes = ask(make_golden("same", 1, query_set="b"), make_golden("best", 1, query_set="a"))

    assert list(group_changes(changes)) == ["b", "a"]


@pytest.mark.parametrize(("image", "judged"), [(1, "relevant"), (2, "irrelevant"), (3, None)])
def test_a_hit_is_judged_as_far_as_it_is_known(image: int, judged: str | None) -> None:
    assert make_golden("q", 1, irrelevant=2).judge(ImageId(image)) == judged


def test_every_hit_of_a_query_that_should_find_nothing_is_irrelevant() -> None:
    assert make_golden("q").judge(ImageId(1)) == "irrelevant"
