"""`indexer keys`: who may use the service from elsewhere, and for what."""

from typing import TYPE_CHECKING, Annotated

import typer

from indexer.cli.output import JsonFlag, print_json, print_table, say
from indexer.models import AccessScope

if TYPE_CHECKING:
    from indexer.catalog.store.keys import ApiKey

app = typer.Typer(help="API keys of the service.", no_args_is_help=True)

_COLUMNS = ("id", "name", "scopes", "requests/min", "created", "used", "revoked")


@app.command("create")
def create_key(
    scope: Annotated[
        AccessScope, typer.Option(help="search: look at everything; write: also correct, upload, edit and spend.")
    ],
    name: Annotated[str | None, typer.Option(help="What to call it (its scope and number).")] = None,
    requests_per_minute: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many it may make.")] = 3000,
    as_json: JsonFlag = False,
) -> None:
    """Make a key and print it, once: only its hash is kept."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.keys.issuing import issue_key
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        key, text = issue_key(store, scope, name=name, requests_per_minute=requests_per_minute)
    if as_json:
        print_json({**_described(key), "key": text})
    else:
        print(text)
        say(f"This is key {key.id}, {key.name}, of scope {scope}. Keep it: it is not shown again.")


@app.command("list")
def list_keys(as_json: JsonFlag = False) -> None:
    """List all keys, those in use first."""
    from indexer.catalog.opening import open_store
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        keys = store.keys.find_keys()
    if as_json:
        for key in keys:
            print_json(_described(key))
    else:
        print_table(_COLUMNS, map(_row, keys))


@app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(metavar="ID|NAME", help="The key's number, or its name.")],
    as_json: JsonFlag = False,
) -> None:
    """End a key: a service that runs refuses it from its next request on."""
    from indexer.catalog.opening import open_store
    from indexer.pipelines.keys.issuing import revoke_key as revoke
    from indexer.settings import Settings

    with open_store(Settings.load()) as store:
        revoked = revoke(store, key)
    if as_json:
        print_json(_described(revoked))
    else:
        print(f"Key {revoked.id}, {revoked.name}, is revoked.")


def _described(key: "ApiKey") -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "requests_per_minute": key.requests_per_minute,
        "created_at": key.created_at.isoformat(),
        "used_at": key.used_at.isoformat() if key.used_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }


def _row(key: "ApiKey") -> tuple[object, ...]:
    moments = (f"{at:%Y-%m-%d %H:%M}" if at else "" for at in (key.created_at, key.used_at, key.revoked_at))
    return (key.id, key.name, ", ".join(key.scopes), key.requests_per_minute, *moments)
