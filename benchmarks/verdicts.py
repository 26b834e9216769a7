"""One line of a table: what was asked, what came of it, and whether that is what is promised."""

from dataclasses import asdict, dataclass
from typing import ClassVar


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
