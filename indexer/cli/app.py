"""The `indexer` command: its groups, and how errors end it."""

import gc
import sys

import typer

from indexer.cli import (
    caption,
    correct,
    db,
    doctor,
    edit,
    evaluate,
    export,
    generations,
    ingest,
    keys,
    lineage,
    mcp,
    prompts,
    reindex,
    search,
    serve,
    similar,
    status,
)
from indexer.errors import CaptionSearchError

app = typer.Typer(
    help="Find any image by describing it: caption, embed and index images, then search them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,  # pretty tracebacks print local variables, keys among them
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("ingest")(ingest.ingest)
app.command("reindex")(reindex.reindex)
app.command("edit", context_settings=edit.UNDERSCORES)(edit.edit)
app.command("export")(export.export)
app.command("caption")(caption.caption)
app.command("correct")(correct.correct)
app.command("search")(search.search)
app.command("similar")(similar.similar)
app.command("lineage")(lineage.lineage)
app.command("eval")(evaluate.evaluate)
app.command("status")(status.status)
app.command("failures")(status.failures)
app.command("costs")(status.costs)
app.command("runs")(status.runs)
app.command("serve")(serve.serve)
app.command("mcp")(mcp.mcp)
app.command("doctor")(doctor.doctor)
app.add_typer(prompts.app, name="prompts")
app.add_typer(generations.app, name="generations")
app.add_typer(keys.app, name="keys")
app.add_typer(db.app, name="db")


def main() -> None:
    """Run the command line; what we raise on purpose becomes one sentence and exit code 1."""
    try:
        app()
    except CaptionSearchError as exc:
        print(f"Error: {exc}", file=sys.stderr)
        sys.exit(1)
    finally:
        # Else the interpreter looks for garbage among all that was imported: a third of a short command's time.
        gc.freeze()


if __name__ == "__main__":
    main()
