from typing import Any

import pytest

from indexer.models import Usage
from indexer.pipelines.outcomes import Outcome, Status, Tally


def outcome(status: Status = "captioned", **changes: Any) -> Outcome:
    return Outcome(location="mug.jpg", status=status, **changes)


def tally_of(*outcomes: Outcome) -> Tally:
    tally = Tally(seen=len(outcomes))
    for each in outcomes:
        tally.add(each)
    return tally


def test_an_empty_run_sums_up_to_nothing() -> None:
    assert Tally().summary() == {
        "seen": 0,
        "known": 0,
        "captioned": 0,
        "failed": 0,
        "quarantined": 0,
        "uncaptioned": 0,
        "batched": 0,
        "left": 0,
        "requests": 0,
        "tokens": 0,
        "cost_usd": 0.0,
    }


def test_outcomes_are_counted_by_their_status() -> None:
    summary = tally_of(
        outcome("known"), outcome("captioned"), outcome("captioned"), outcome("failed"), outcome("left")
    ).summary()

    assert (summary["seen"], summary["known"], summary["captioned"]) == (5, 1, 2)
    assert (summary["failed"], summary["uncaptioned"], summary["left"]) == (1, 0, 1)


def test_a_quarantined_image_is_counted_beside_its_status() -> None:
    summary = tally_of(outcome("failed", quarantined=True), outcome("failed")).summary()

    assert (summary["failed"], summary["quarantined"]) == (2, 1)


def test_requests_tokens_and_money_are_added_up() -> None:
    usage = Usage(input_tokens=1000, output_tokens=100, cost_usd=0.1)

    tally = tally_of(outcome(requests=1, usage=usage), outcome("failed", requests=3, usage=usage))

    assert (tally.requests, tally.tokens) == (4, 2200)
    assert tally.summary()["cost_usd"] == pytest.approx(0.2)


def test_ten_small_sums_are_shown_without_the_noise_of_floats() -> None:
    tally = tally_of(*[outcome(usage=Usage(input_tokens=1, output_tokens=1, cost_usd=0.1))] * 3)

    assert tally.summary()["cost_usd"] == 0.3


@pytest.mark.parametrize(
    ("requests", "usage", "unpriced"),
    [
        (0, Usage(), 0),
        (1, Usage(), 1),
        (1, Usage(input_tokens=10, output_tokens=1, cost_usd=0.0), 0),
        (1, Usage(input_tokens=10, output_tokens=1, cost_usd=0.5), 0),
        (1, Usage(input_tokens=10, output_tokens=1), 1),
    ],
)
@pytest.mark.parametrize("status", ["captioned", "edited"])
def test_an_answer_whose_price_is_not_known_is_counted_as_that(
    status: Status, requests: int, usage: Usage, unpriced: int
) -> None:
    assert tally_of(outcome(status, requests=requests, usage=usage)).unpriced == unpriced


def test_tokens_known_by_half_count_by_half() -> None:
    assert tally_of(outcome(usage=Usage(input_tokens=10))).tokens == 10


@pytest.mark.parametrize(
    ("changes", "cost_usd"),
    [
        ({"usage": Usage(cost_usd=0.2)}, 0.2),
        ({"requests": 1}, 0.5),  # answered, at a cost that nobody told
        ({"requests": 1, "status": "failed", "quarantined": True}, 0.5),
        ({"requests": 6, "status": "failed"}, 0.0),  # never answered
        ({"status": "known"}, 0.0),
    ],
)
def test_an_answer_of_unknown_cost_counts_as_the_most_it_can_cost(changes: dict[str, Any], cost_usd: float) -> None:
    assert outcome(**changes).cost_usd(0.5) == cost_usd
