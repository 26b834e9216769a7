"""Fields of replies as endpoints really send them: what can be read is taken, and the rest left out."""

from typing import Annotated

from pydantic import BeforeValidator

_MOST_TOKENS = 10**9


def _as_tokens(value: object) -> int | None:
    """Take a count that can be one."""
    try:
        tokens = int(str(value))
    except ValueError:
        return None
    return tokens if 0 <= tokens <= _MOST_TOKENS else None


def _as_text(value: object) -> str:
    """Take a text, or the texts of a list of parts."""
    if isinstance(value, list):
        return "".join(str(part.get("text") or "") for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def _or_empty(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> object:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


Tokens = Annotated[int | None, BeforeValidator(_as_tokens)]
Text = Annotated[str, BeforeValidator(_as_text)]
# Before a model, or a list of models: nothing where the reply has something else there.
OR_EMPTY = BeforeValidator(_or_empty)
OBJECTS_ONLY = BeforeValidator(_objects)
