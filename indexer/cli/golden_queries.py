"""The queries that `indexer eval` and `generations compare` ask."""

from pathlib import Path
from typing import TYPE_CHECKING

from indexer.cli.output import ALL_DONE, SOME_FAILED, say
from indexer.models import counted

if TYPE_CHECKING:
    from indexer.catalog.store import Store
    from indexer.pipelines.golden import GoldenQuery


def load_queries(store: "Store", path: Path | None, *, judgements: bool) -> tuple[list["GoldenQuery"], int]:
    """Return the queries to ask, and how many faults their file has; each was said."""
    from indexer.pipelines.golden import golden_of, load_golden

    queries, remarks = load_golden(store, path) if path else ([], [])
    for remark in remarks:
        say(f"{path}:{remark.number}: {remark.text}.")
    if judgements:
        queries += golden_of(store.judgements.find_judgements())
    return queries, sum(remark.is_fault for remark in remarks)


def say_faults(faults: int) -> int:
    """Say how many faults the golden file has, and return the exit code."""
    if faults:
        say(f"{counted(faults, 'fault', 'faults')} in the golden file, told above.")
    return SOME_FAILED if faults else ALL_DONE
