"""`/session`: the page signs in with a key, which a cookie carries from then on, also for pictures."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from indexer.models import AccessScope
from indexer.pipelines.keys.checking import Holder
from search_api.access.credentials import COOKIE, key_in_cookie, key_in_headers
from search_api.access.gate import Gate, unauthorised
from search_api.access.middleware import client_address

router = APIRouter(prefix="/session", tags=["session"])

_LONGEST_KEY = 500
_MONTH_S = 30 * 24 * 3600
_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"description": "The key is wrong, or was revoked."},
    429: {"description": "Too many wrong keys came from there; Retry-After says for how long."},
}


class SessionIn(BaseModel):
    """A key, as `indexer keys create` printed it."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(min_length=1, max_length=_LONGEST_KEY, examples=["cs_1_…"])


class SessionAnswer(TypedDict):
    """Whether a key is needed, and what the one that came along is for; `name` null where none did."""

    key_needed: bool
    name: str | None
    scopes: list[AccessScope]


def _get_gate(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


GateDep = Annotated[Gate, Depends(_get_gate)]


@router.get("", summary="What may be done from here", responses={429: _REFUSALS[429]})
async def get_session(gate: GateDep, request: Request) -> SessionAnswer:
    """Tell whether a key is needed, and what may be done with the one that came along."""
    if not gate.is_key_needed:
        return {"key_needed": False, "name": None, "scopes": ["search", "write"]}
    presented = key_in_headers(request.headers) or key_in_cookie(request.headers)
    return _described(await gate.recognise(presented, client_address(request.scope)) if presented else None)


@router.post("", summary="Sign in", responses=_REFUSALS)
async def sign_in(gate: GateDep, request: Request, response: Response, given: SessionIn) -> SessionAnswer:
    """Take a key and have the browser keep it, where no script can read it, for a month."""
    key = given.key.strip()
    holder = await gate.recognise(key, client_address(request.scope))
    if holder is None:
        raise unauthorised("This key is wrong, or was revoked.")
    is_secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, key, max_age=_MONTH_S, path="/", secure=is_secure, httponly=True, samesite="strict")
    return _described(holder) | {"key_needed": gate.is_key_needed}


@router.delete("", summary="Sign out", status_code=HTTPStatus.NO_CONTENT)
async def sign_out(response: Response) -> None:
    """Have the browser forget the key."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _described(holder: Holder | None) -> SessionAnswer:
    scopes: list[AccessScope] = sorted(holder.scopes) if holder else []
    return {"key_needed": True, "name": holder.name if holder else None, "scopes": scopes}
