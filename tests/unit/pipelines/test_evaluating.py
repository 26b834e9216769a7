from dataclasses import dataclass, field

import pytest

from indexer.catalog.searching import Query, Results
from indexer.models import Generation, GenerationId, ImageId
from indexer.pipelines.evaluating import Outcome, evaluate, find_worst, group_by_set, summarise
from indexer.pipelines.golden import GoldenQuery
from tests.factories import make_generation, make_hit

GENERATION = make_generation(id=GenerationId(7), state="building")


@dataclass
class FakeSearch:
    """Ranks the images named by the digits of a query; after a `|` come those that only strictness low shows."""

    asked: list[Query] = field(default_factory=list)

    def __call__(self, query: Query, *, generation: Generation) -> Results:
        self.asked.append(query)
        shown, _, weak = query.text.partition("|")
        digits = shown + weak if query.strictness == "low" else shown
        hits = [make_hit(int(digit)) for digit in digits if digit.isdigit()]
        return Results(query=query, generation=generation, coverage=None, hits=hits[: query.limit])


def make_golden(text: str, *relevant: int, irrelevant: set[int] | None = None, query_set: str = "all") -> GoldenQuery:
    return GoldenQuery(
        text=text,
        query_set=query_set,
        relevant=tuple(frozenset([ImageId(number)]) for number in relevant),
        irrelevant=frozenset(map(ImageId, irrelevant or ())),
    )


def ask(*queries: GoldenQuery) -> list[Outcome]:
    return list(evaluate(FakeSearch(), GENERATION, queries))


def test_a_ranking_is_measured_whole_and_shown_as_asked_for() -> None:
    search = FakeSearch()

    [outcome] = evaluate(search, GENERATION, [make_golden("12|3", 3, 1)], mode="dense", strictness="high")

    assert [(query.mode, query.strictness, query.limit) for query in search.asked] == [
        ("dense", "low", 100),
        ("dense", "high", 10),
    ]
    assert (outcome.rank, outcome.shown) == (1, [1, 2])
    assert (outcome.score and outcome.score.recall10, outcome.recall10_shown) == (1, 0.5)


def test_measures_are_means_over_the_queries_that_can_tell() -> None:
    measures = summarise(ask(make_golden("12", 1), make_golden("12", 2), make_golden("12", 9), make_golden("34")))

    assert (measures.queries, measures.negative) == (4, 1)
    assert measures.recall1 == pytest.approx(1 / 3, abs=1e-6)
    assert measures.recall10 == pytest.approx(2 / 3, abs=1e-6)
    assert measures.recall10_error == pytest.approx(1 / 3, abs=1e-6)  # the standard deviation of 1, 1, 0 is 1 / √3
    assert measures.mrr == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_no_match_is_measured_over_negative_and_positive_queries() -> None:
    found = ask(make_golden("1", 1), make_golden("|1", 1), make_golden("|2"), make_golden("|3"), make_golden("4"))

    measures = summarise(found)

    assert measures.no_match_precision == pytest.approx(2 / 3)
    assert measures.no_match_recall == pytest.approx(2 / 3)
    assert (measures.recall10, measures.recall10_shown) == (1, 0.5)


def test_images_judged_irrelevant_count_where_they_are_shown() -> None:
    measures = summarise(ask(make_golden("12|3", 1, irrelevant={2, 3, 4}), make_golden("5|6", irrelevant={5})))

    assert measures.irrelevant10 == pytest.approx(2 / 4)
    assert (measures.negative, measures.recall10, measures.no_match_recall) == (0, 1, None)


def test_what_no_query_can_tell_is_not_told() -> None:
    measures = summarise(ask(make_golden("12", 1)))

    assert (measures.no_match_precision, measures.no_match_recall, measures.recall10_error) == (None, None, None)
    assert summarise([]).recall10 is None


def test_sets_keep_their_order() -> None:
    grouped = group_by_set(ask(make_golden("1", query_set="b"), make_golden("2", query_set="a"), make_golden("3")))

    assert {name: len(outcomes) for name, outcomes in grouped.items()} == {"b": 1, "a": 1, "all": 1}
    assert list(grouped) == ["b", "a", "all"]


def test_the_worst_come_first_and_perfect_ones_never() -> None:
    found = ask(make_golden("1", 1), make_golden("21", 1), make_golden("2", 1), make_golden("3"), make_golden("|4"))

    worst = find_worst(found, 9)

    assert [outcome.golden.text for outcome in worst] == ["2", "3", "21"]
    assert [hit.image_id for hit in worst[2].nearest] == [2, 1]
    assert find_worst(found, 0) == []
