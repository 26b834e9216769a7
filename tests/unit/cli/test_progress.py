"""The bar of a run, as a terminal of 80 columns shows it."""

import io

from rich.console import Console

from indexer.cli.progress import Progress
from indexer.models import Usage
from indexer.pipelines.outcomes import Outcome, Status, Tally


def shown(progress: Progress) -> str:
    """Return what the bar shows now, on one line or more."""
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as capture:
        console.print(progress._bar.get_renderable())
    return capture.get().strip()


def make_progress(*, total: int, done: int) -> Progress:
    """Make a bar over images that were asked about."""
    tally = Tally()
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    progress = Progress(tally, lambda: done, total=total, console=console)
    for number in range(done):
        status: Status = "failed" if number < 12 else "captioned"
        tally.add(Outcome(location="a.jpg", status=status, requests=1, usage=Usage(input_tokens=1000, cost_usd=0.01)))
        progress.advance()
    return progress


def test_the_total_grows_with_what_arrives() -> None:
    assert "70/70" in shown(make_progress(total=60, done=70))
    assert "50/60" in shown(make_progress(total=60, done=50))


def test_images_cost_and_failures_fit_one_line() -> None:
    line = shown(make_progress(total=1000, done=1000))

    assert line.count("\n") == 0
    assert line.endswith("1,000 indexed · $10.0000 · 12 failed")


def test_what_else_is_done_is_named_until_another_image_is() -> None:
    progress = make_progress(total=60, done=60)

    progress.name("Indexing the vectors and words of 60 entries.")
    named = shown(progress)
    progress.advance()

    assert named.endswith("Indexing the vectors and words of 60 entries.")
    assert "61/61" in shown(progress)


def test_what_is_known_already_says_nothing_of_the_speed() -> None:
    tally = Tally()
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    progress = Progress(tally, lambda: 2, total=60, also=lambda: ["1 edited"], console=console)

    progress.advance(is_known=True)
    progress.advance()

    assert "1/59" in shown(progress)
    assert shown(progress).endswith("1 edited · 2 indexed")
