from datetime import UTC, datetime

import pytest

from indexer.cli.comparing.compare import choose_pair
from indexer.errors import NotFoundError, SettingsError
from indexer.models import Generation, GenerationId, State
from tests.factories import make_generation


def of_states(*states: State) -> list[Generation]:
    gone = {"retired": datetime(2026, 1, 2, tzinfo=UTC)}
    return [
        make_generation(id=GenerationId(n), state=state, retired_at=gone.get(state))
        for n, state in enumerate(states, start=1)
    ]


@pytest.mark.parametrize(
    ("states", "named", "pair"),
    [
        (("live", "ready"), (None, None), (1, 2)),
        (("ready", "live", "ready", "building", "retired"), (None, None), (2, 4)),
        (("retired", "live"), (1, None), (2, 1)),
        (("retired", "live"), (None, None), (1, 2)),
        (("retired", "live"), (2, None), (1, 2)),
        (("ready", "live"), (2, None), (2, 1)),
        (("retired", "live"), (1, 2), (1, 2)),
        (("retired", "retired"), (2, 1), (2, 1)),
    ],
)
def test_the_live_one_comes_first_unless_two_are_named(
    states: tuple[State, ...], named: tuple[int | None, int | None], pair: tuple[int, int]
) -> None:
    before, after = choose_pair(of_states(*states), *named)

    assert (before.id, after.id) == pair


@pytest.mark.parametrize(
    ("states", "named", "said"),
    [
        (
            ("live",),
            (None, None),
            "to compare with the live one, 1: it is the only one; `indexer reindex` builds another",
        ),
        ((), (None, None), "run `indexer ingest FOLDER` first"),
        (("retired",), (1, None), "There is no live generation to compare with"),
        (("live",), (9, None), "There is no generation 9."),
        (("live",), (1, 9), "There is no generation 9."),
    ],
)
def test_what_is_not_there_cannot_be_compared(
    states: tuple[State, ...], named: tuple[int | None, int | None], said: str
) -> None:
    with pytest.raises(NotFoundError, match=said):
        choose_pair(of_states(*states), *named)


def test_a_generation_is_compared_with_another_that_stays() -> None:
    with pytest.raises(SettingsError, match="2 is being dropped"):
        choose_pair(of_states("live", "dropping"), 2, None)
