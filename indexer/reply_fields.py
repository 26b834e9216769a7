"""Fields of replies as endpoints really send them: what can be read is taken, and the rest left out."""

import json
from base64 import b64decode
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from indexer.errors import ModelUnavailableError, ModelUnusableError

_MOST_TOKENS = 10**9
_URL_SAFE = str.maketrans("-_", "+/")
Read = TypeVar("Read", bound=BaseModel)


def read_reply(model: type[Read], body: str, *, none: str, check: str) -> Read:
    """Return what a response's body says, halves of surrogate pairs left out.

    Raises ModelUnusableError for a web page, which a wrong address answers with, telling what to `check`, and
    ModelUnavailableError, saying `none`, for a body that is cut short or not the protocol's.
    """
    if body.lstrip().startswith("<"):
        raise ModelUnusableError(f"The endpoint answers with a web page: check {check}.")
    try:
        return _read_json(model, body)
    except (ValueError, RecursionError) as exc:
        raise ModelUnavailableError(none) from exc


def _read_json(model: type[Read], body: str) -> Read:
    try:
        return model.model_validate_json(body)
    except ValidationError:  # pydantic's parser is the quicker one, and the stricter
        return model.model_validate(json.loads(body))


def read_base64(text: str) -> bytes:
    """Return the bytes of base64, wrapped, without its padding or in the alphabet of URLs, too.

    What is none comes back as it is: no image, as whoever decodes it will say.
    """
    try:
        return b64decode(text, validate=True)
    except ValueError:
        packed = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    try:
        return b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except ValueError:
        return text.encode()


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
    if not isinstance(value, str):
        return ""
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _or_empty(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> object:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


Tokens = Annotated[int | None, BeforeValidator(_as_tokens)]
Text = Annotated[str, BeforeValidator(_as_text)]
# Before a model, or a list of models: nothing where the reply has something else there.
OR_EMPTY = BeforeValidator(_or_empty)
OBJECTS_ONLY = BeforeValidator(_objects)
