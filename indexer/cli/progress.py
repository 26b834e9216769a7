"""The progress bar of a run, on stderr and only on a terminal."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, SpinnerColumn, Task, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.text import Text

from indexer.pipelines.outcomes import Tally


class Progress:
    """Shows images, speed, time left, entries, tokens, cost and failures; a context manager."""

    def __init__(self, tally: Tally, written: Callable[[], int], *, total: int | None) -> None:
        self._bar = Bar(
            SpinnerColumn(),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(),
            _Figures(tally, written),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=total)

    def advance(self) -> None:
        """Show that one more image is done."""
        self._bar.advance(self._task)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f} images/s")


class _Figures(ProgressColumn):
    """Read at every refresh: entries are still written when the last caption is there."""

    def __init__(self, tally: Tally, written: Callable[[], int]) -> None:
        super().__init__()
        self._tally = tally
        self._written = written

    def render(self, task: Task) -> Text:  # noqa: ARG002 - the library's signature
        tally = self._tally
        figures = [f"{self._written():,} of {tally.counts['captioned']:,} indexed"]
        if tally.tokens:
            figures.append(f"{tally.tokens:,} tokens")
            figures.append("price unknown" if tally.unpriced else f"${tally.cost_usd:.4f}")
        if tally.counts["failed"]:
            figures.append(f"{tally.counts['failed']} failed")
        return Text(" · ".join(figures))
