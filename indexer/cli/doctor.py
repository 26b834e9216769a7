"""`indexer doctor`: what is set, and whether each part works."""

from typing import TYPE_CHECKING

import typer

from indexer.cli.output import JsonFlag, print_json, print_table

if TYPE_CHECKING:
    from indexer.settings import Settings


def doctor(as_json: JsonFlag = False) -> None:
    """Print the resolved settings, secrets masked, and check each part."""
    from indexer.cli.checkup import check_parts
    from indexer.settings import Settings

    settings = Settings.load()
    resolved = _resolved(settings)
    checks = list(check_parts(settings))
    if as_json:
        print_json({"settings": resolved, "checks": [{"part": c.part, "ok": c.ok, "said": c.said} for c in checks]})
    else:
        print_table(("setting", "value"), resolved.items())
        print()
        print_table(("part", "", "said"), [(c.part, "ok" if c.ok else "FAILED", c.said) for c in checks])
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


def _resolved(settings: "Settings") -> dict[str, object]:
    from pydantic import SecretStr

    from indexer.catalog.migrating import describe

    values: dict[str, object] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        match value:
            case SecretStr() if name == "database_url":
                values[name] = describe(value.get_secret_value())
            case SecretStr():
                values[name] = "set (hidden)"
            case _:
                values[name] = value if isinstance(value, (int, float, str, type(None))) else str(value)
    return values
