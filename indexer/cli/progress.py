"""The progress bar of a run, on stderr and only on a terminal."""

from collections.abc import Callable
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
from rich.progress import Progress as RichProgress
from rich.text import Text

from indexer.pipelines.outcomes import Tally


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f} images/s")


class Progress:
    """Shows images, speed, time left, tokens, cost and failures; a context manager."""

    def __init__(self, tally: Tally, written: Callable[[], int], *, total: int | None) -> None:
        self._tally = tally
        self._written = written
        self._bar = RichProgress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            _Speed(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}"),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("", total=total, figures="")

    def advance(self) -> None:
        """Show that one more image is done."""
        tally = self._tally
        figures = [f"{self._written()} indexed"]
        if tally.tokens:
            figures.append(f"{tally.tokens:,} tokens")
            figures.append("price unknown" if tally.unpriced else f"${tally.cost_usd:.4f}")
        if tally.counts["failed"]:
            figures.append(f"{tally.counts['failed']} failed")
        self._bar.update(self._task, advance=1, figures=" · ".join(figures))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.stop()
