"""`indexer db`: the database itself."""

import typer

from indexer.cli.output import JsonFlag, print_json

app = typer.Typer(help="The database.", no_args_is_help=True)


@app.command("migrate")
def migrate_database(as_json: JsonFlag = False) -> None:
    """Bring the database to the newest schema."""
    from indexer.catalog.migrating import migrate
    from indexer.catalog.opening import open_database
    from indexer.settings import Settings

    with open_database(Settings.load()) as conninfo:
        applied = migrate(conninfo)
    if as_json:
        print_json({"applied": applied})
    else:
        print(f"Applied {', '.join(applied)}." if applied else "The schema is up to date.")


@app.command("url")
def show_url(as_json: JsonFlag = False) -> None:
    """Print the connection string in use, for psql and other tools; the embedded server runs while a command does."""
    from indexer.catalog.opening import open_database
    from indexer.settings import Settings

    with open_database(Settings.load()) as conninfo:
        if as_json:
            print_json({"url": conninfo})
        else:
            print(conninfo)
