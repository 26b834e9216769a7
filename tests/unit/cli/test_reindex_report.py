"""What a reindex says at its end of what it did not caption."""

import pytest

from indexer.cli.reindex_report import describe_left
from indexer.pipelines.outcomes import Outcome, Tally

USELESS = Outcome(location="a.jpg", status="failed", quarantined=True)
FAILED = Outcome(location="b.jpg", status="failed")
BATCHED = Outcome(location="c.jpg", status="batched")
OLDER = "of no use: older captions of these images serve on; `indexer failures --quarantined` lists images without any."


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([], []),
        ([USELESS], [f"1 answer was {OLDER}"]),
        ([FAILED], ["1 image failed; `indexer failures` says why."]),
        ([USELESS, USELESS, FAILED], [f"2 answers were {OLDER}", "1 image failed; `indexer failures` says why."]),
        ([BATCHED, BATCHED], ["2 images wait in a batch: `indexer reindex --batch` collects it."]),
    ],
)
def test_useless_answers_and_failures_are_told_apart(outcomes: list[Outcome], said: list[str]) -> None:
    tally = Tally()
    for outcome in outcomes:
        tally.add(outcome)

    assert list(describe_left(tally)) == said
