import pytest

from indexer.catalog.store.comparisons import OwnCosts
from indexer.cli.comparing.report import measure_rows, tell_cost
from indexer.pipelines.evaluating import Measures, summarise
from indexer.pipelines.generations.pairing import Difference


def make_measures(**changes: float | None) -> Measures:
    values = dict.fromkeys(Measures.__dataclass_fields__)
    return Measures(**{**values, "queries": 2, "negative": 0, **changes})  # type: ignore[arg-type]


def make_costs(requests: int = 0, cost_usd: float = 0, unpriced: int = 0) -> OwnCosts:
    return OwnCosts(
        requests=requests, input_tokens=0, output_tokens=0, cost_usd=cost_usd, unpriced=unpriced, combined=0
    )


def test_measures_are_rows_with_their_change() -> None:
    before, after = make_measures(recall10=0.5, recall10_error=0.1, mrr=0.25), make_measures(recall10=1.0, mrr=0.125)

    rows = measure_rows(Difference(before=before, after=after, recall10_error=0.05))

    assert rows == [
        ("queries", "2", "2", ""),
        ("of them negative", "0", "0", ""),
        ("recall@10", "0.500", "1.000", "+0.500 ± 0.050"),
        ("± standard error", "0.100", "", ""),
        ("MRR", "0.250", "0.125", "-0.125"),
    ]


def test_what_no_query_can_tell_has_no_row() -> None:
    nothing = summarise([])

    rows = measure_rows(Difference(before=nothing, after=nothing, recall10_error=None))

    assert [row[0] for row in rows] == ["queries", "of them negative"]


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        (make_costs(), ""),
        (make_costs(requests=3, cost_usd=0.01234), "$0.0123"),
        (make_costs(requests=3), "$0.0000"),
        (make_costs(requests=3, unpriced=3), "3 requests of unknown price"),
        (make_costs(requests=3, cost_usd=0.5, unpriced=1), "$0.5000 and 1 request of unknown price"),
    ],
)
def test_a_cost_that_is_not_known_is_not_called_nothing(costs: OwnCosts, told: str) -> None:
    assert tell_cost(costs) == told
