"""What the fake endpoint's parts share: a request taken apart, how it is refused, and lists by pages."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit


class BadRequestError(Exception):
    """What the real server refuses."""

    def __init__(self, message: str, *, param: str | None = None, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.param, self.status, self.code = param, status, code

    @property
    def body(self) -> dict[str, Any]:
        return error_body(str(self), param=self.param, code=self.code)


def error_body(message: str, *, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """Return the body of an answer that is an error."""
    return {"error": {"message": message, "type": "error", "param": param, "code": code}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to the Files or Batch API; `path` is what follows /v1, `headers` have lower-case names."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @classmethod
    def read(cls, method: str, url: str, headers: Mapping[str, str], raw: bytes) -> "Request":
        parts = urlsplit(url)
        path = tuple(parts.path.removeprefix("/v1/").split("/"))
        lower = {name.lower(): value for name, value in headers.items()}
        return cls(method=method, path=path, query=dict(parse_qsl(parts.query)), headers=lower, raw=raw)

    def json(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        try:
            body = json.loads(self.raw)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise BadRequestError("We could not parse the JSON body of your request.")
        return body

    def check_key(self, key: str) -> None:
        if self.headers.get("authorization") != f"Bearer {key}":
            raise BadRequestError("Incorrect API key provided", status=401, code="invalid_api_key")

    def unknown(self) -> BadRequestError:
        """Return the refusal of a request that no part answers."""
        return BadRequestError(f"Invalid URL ({self.method} /v1/{'/'.join(self.path)})", status=404)


def page(shown: Sequence[Mapping[str, Any]], query: Mapping[str, str], *, default: int, most: int) -> dict[str, Any]:
    """Return the part of a list that a query asks for by `after` and `limit`."""
    rest = list(shown)
    if "after" in query:
        ids = [item["id"] for item in rest]
        if query["after"] not in ids:
            raise BadRequestError(f"No such object: {query['after']}", param="after")
        rest = rest[ids.index(query["after"]) + 1 :]
    data = rest[: _limit(query.get("limit", str(default)), most)]
    first, last = (data[0]["id"], data[-1]["id"]) if data else (None, None)
    return {"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": len(data) < len(rest)}


def _limit(given: str, most: int) -> int:
    if not given.isdecimal() or not 1 <= int(given) <= most:
        raise BadRequestError(f"Invalid 'limit': expected an integer from 1 to {most}, but got {given}", param="limit")
    return int(given)
