"""One line of a table: what was asked, what came of it, and whether that is what is promised."""

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import ClassVar, NoReturn

from indexer.cli.output import print_json, print_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of one scenario."""

    COLUMNS: ClassVar[tuple[str, ...]] = ("scenario", "asked", "came of it", "promise", "held")

    scenario: str
    asked: str
    came: str
    promise: str
    held: bool

    def row(self) -> tuple[str, ...]:
        """Return the cells."""
        return self.scenario, self.asked, self.came, self.promise, "yes" if self.held else "NO"

    def line(self) -> str:
        """Return it as a sentence."""
        return f"{self.scenario}: {self.asked}: {self.came} ({self.promise}): {'held' if self.held else 'NOT HELD'}"

    def as_dict(self) -> dict[str, object]:
        """Return it as an object."""
        return asdict(self)


def conclude(verdicts: Iterable[Verdict], *, as_json: bool = False) -> NoReturn:
    """Say each verdict as it comes, then print all, and end with 0 where all that is promised held, else with 1."""
    told = []
    for verdict in verdicts:
        told.append(verdict)
        print(verdict.line(), file=sys.stderr, flush=True)
    if as_json:
        for verdict in told:
            print_json(verdict.as_dict())
    else:
        print_table(Verdict.COLUMNS, [verdict.row() for verdict in told])
    sys.exit(0 if all(verdict.held for verdict in told) else 1)
