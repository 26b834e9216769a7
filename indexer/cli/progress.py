"""The progress bar of a run, on stderr and only on a terminal."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar
from rich.text import Text

from indexer.pipelines.outcomes import Tally


class Progress:
    """Shows images and how many a second, time left, entries, cost and failures, or what else is done.

    A context manager. `also` gives more figures.
    """

    def __init__(
        self,
        tally: Tally,
        written: Callable[[], int],
        *,
        total: int | None,
        also: Callable[[], Iterable[str]] = tuple,
        console: Console | None = None,
    ) -> None:
        spinner = SpinnerColumn()
        self._counting = (
            spinner,
            BarColumn(bar_width=8),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(),
            _Figures(tally, written, also),
        )
        self._naming = (spinner, TextColumn("{task.description}", markup=False))
        self._bar = Bar(*self._counting, console=console or Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=total)

    def advance(self, *, is_known: bool = False) -> None:
        """Show that one more image is done; there may be more of them than were expected.

        One that is known already is none to be done: it says nothing of the speed.
        """
        [task] = self._bar.tasks
        if is_known and task.total is not None:
            self._bar.update(self._task, total=task.total - 1)
            return
        total = None if task.total is None else max(task.total, task.completed + 1)
        self._bar.columns = self._counting
        self._bar.update(self._task, advance=1, total=total)

    def name(self, doing: str) -> None:
        """Show what is done instead, until one more image is."""
        self._bar.columns = self._naming
        self._bar.update(self._task, description=doing)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f}/s")


class _Figures(ProgressColumn):
    """Read at every refresh: entries are still written when the last caption is there."""

    def __init__(self, tally: Tally, written: Callable[[], int], also: Callable[[], Iterable[str]]) -> None:
        super().__init__()
        self._also = also
        self._tally = tally
        self._written = written

    def render(self, task: Task) -> Text:  # noqa: ARG002 - the library's signature
        tally = self._tally
        figures = [*self._also(), f"{self._written():,} indexed"]
        if tally.tokens:
            figures.append(f"{tally.tokens:,} tokens" if tally.unpriced else f"${tally.cost_usd:.4f}")
        if tally.counts["failed"]:
            figures.append(f"{tally.counts['failed']} failed")
        return Text(" · ".join(figures))
