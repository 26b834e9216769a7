"""`indexer generations`: look at generations, switch between them, drop them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli.comparing.compare import compare
from indexer.cli.output import STOPPED, JsonFlag, megabytes, print_json, print_table, say
from indexer.models import GenerationId, counted

if TYPE_CHECKING:
    from indexer.catalog.store import Store
    from indexer.pipelines.generations.switching import Standing, Switch
    from indexer.settings import Settings

_COLUMNS = ("number", "state", "made with", "entries,\nsize", "coverage", "fresh", "activated")

app = typer.Typer(help="Indexes beside each other: look at them, switch between them.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(metavar="N", min=1, max=2**31 - 1, help="A generation's number.")]


@app.command("list")
def list_generations(as_json: JsonFlag = False) -> None:
    """List every generation: the live one first, then the newest."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.generations.switching import find_standings
    from indexer.pipelines.presenting import present_standing
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        standings = find_standings(store)
    if as_json:
        for standing in standings:
            print_json(present_standing(standing))
    elif not standings:
        print("Nothing is indexed yet.")
    else:
        print_table(_COLUMNS, map(_row, standings))
        for standing in standings:
            if standing.generation.verdict:
                print(f"Generation {standing.generation.id}: {standing.generation.verdict}")


app.command("compare")(compare)


@app.command()
def activate(number: Number, as_json: JsonFlag = False) -> None:
    """Make a generation the live one at once, whatever was found out about it; then fill its gaps."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.generations import switching
    from indexer.settings import Settings

    settings = Settings.load()
    with open_store(settings) as store:
        switch = switching.activate(store, GenerationId(number))
        _show_switch(switch, as_json=as_json)
        raise typer.Exit(_fill(store, settings, switch, as_json=as_json))


@app.command()
def rollback(as_json: JsonFlag = False) -> None:
    """Go back at once to the generation that was live before this one; then fill its gaps."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.generations import switching
    from indexer.settings import Settings

    settings = Settings.load()
    with open_store(settings) as store:
        switch = switching.roll_back(store)
        _show_switch(switch, as_json=as_json)
        raise typer.Exit(_fill(store, settings, switch, as_json=as_json))


@app.command()
def drop(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Drop it; without this, only say what would go.")] = False,
    dry_run: Annotated[bool, typer.Option("-n", "--dry-run", help="Say what would go; drop nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Drop a generation that is not live, beside searches; its captions stay."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.generations import dropping
    from indexer.pipelines.generations.switching import get_standing
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        standing = get_standing(store, GenerationId(number))
        dropping.check_droppable(standing.generation)
        is_meant = yes and not dry_run
        if is_meant:
            dropping.drop(store, GenerationId(number))
    _show_drop(standing, is_dropped=is_meant, as_json=as_json)
    if not is_meant and not dry_run:
        say("Nothing was dropped: add --yes to drop it.")
        raise typer.Exit(2)


def _show_switch(switch: "Switch", *, as_json: bool) -> None:
    live, before = switch.live, switch.before
    if as_json:
        print_json({"activated": live.id, "retired": before and before.id})
    elif before is None:
        print(f"Generation {live.id} is live already.")
    else:
        print(f"Generation {live.id} is live; before, generation {before.id} was.", flush=True)


def _fill(store: "Store", settings: "Settings", switch: "Switch", *, as_json: bool) -> int:
    """Fill the gaps of the generation that is live by now, say how many there were, and return the exit code."""
    # Imported here: the switch comes first, and does not wait for what this brings in.
    from indexer.cli.stopping import stop_on_signals
    from indexer.pipelines.updating import index_stale

    with stop_on_signals() as stop:
        filled = index_stale(store, settings, "generations", generation_id=switch.live.id, stop=stop)
        left = bool(store.entries.find_documents(switch.live.id, limit=1, fallback=True))
    if as_json:
        print_json({"filled": filled, "complete": not left})
    elif filled or left:
        rest = f"; `indexer generations activate {switch.live.id}` brings in the others" if left else ""
        were = counted(filled, "entry was missing or out of date and is", "entries were missing or out of date and are")
        print(f"{were} there now{rest}.")
    return STOPPED if stop.is_set() else 0


def _show_drop(standing: "Standing", *, is_dropped: bool, as_json: bool) -> None:
    generation, size_bytes = standing.generation, standing.size_bytes
    if as_json:
        entries = standing.coverage.entries
        print_json({"id": generation.id, "dropped": is_dropped, "entries": entries, "size_bytes": size_bytes})
        return
    what = f"generation {generation.id} ({generation.state}, by {generation.captioner_name}, {generation.embedder})"
    how_much = f"{counted(standing.coverage.entries, 'entry', 'entries')}, {megabytes(size_bytes)}"
    print(f"{'Dropped' if is_dropped else 'Would drop'} {what}: {how_much}. Its captions stay.")


def _row(standing: "Standing") -> tuple[object, ...]:
    generation, coverage = standing.generation, standing.coverage
    revision = f"revision {generation.prompt_revision}" if generation.prompt_revision else "no prompt"
    return (
        generation.id,
        generation.state,
        f"{revision}\n{generation.captioner_name}\n{generation.embedder}",
        f"{coverage.entries:,}\n{megabytes(standing.size_bytes)}",
        f"{coverage.share:.1%}",
        f"{coverage.fresh_share:.1%}",
        _moment(generation.activated_at) if generation.activated_at else "",
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d\n%H:%M}"
