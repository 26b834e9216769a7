"""Decide who comes in."""

from http import HTTPStatus

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool

from indexer.models import AccessScope
from indexer.pipelines.keys.checking import Holder, KeyCheck
from indexer.pipelines.keys.text import digest
from search_api.access.rates import Rates

# Nobody guesses 256 bits; this is so that nobody has the database asked for nothing.
_WRONG_KEYS_PER_MINUTE = 30
_MOST_REMEMBERED = 10_000


class Gate:
    """Knows whether a key is needed, and whose a presented one is."""

    def __init__(self, keys: KeyCheck, *, is_key_needed: bool) -> None:
        self.is_key_needed = is_key_needed
        self._keys = keys
        self._requests = Rates("requests")
        self._wrong_keys = Rates("wrong keys")
        # Hashes of keys that were right: whoever has one is let in, however many wrong ones come from where they are.
        self._remembered: set[bytes] = set()

    async def recognise(self, presented: str, address: str) -> Holder | None:
        """Return who holds a key, None for a wrong one; raises HTTPException (429) for too many wrong ones."""
        hashed = digest(presented)
        if hashed not in self._remembered:
            _refuse_after(await self._wrong_keys.look(address, _WRONG_KEYS_PER_MINUTE), "Too many wrong keys came")
        holder = await run_in_threadpool(self._keys.check, presented)
        if holder is None:
            self._remembered.discard(hashed)
            await self._wrong_keys.take(address, _WRONG_KEYS_PER_MINUTE)
        elif len(self._remembered) < _MOST_REMEMBERED:
            self._remembered.add(hashed)
        return holder

    async def identify(self, presented: str | None, address: str) -> Holder | None:
        """Return who makes a request, None where nobody need say; raises HTTPException (401, 429)."""
        if presented is None:
            if self.is_key_needed:
                raise unauthorised("A key is needed here: send it as Authorization: Bearer, or as x-api-key.")
            return None
        holder = await self.recognise(presented, address)
        if holder is None:
            raise unauthorised("This key is wrong, or was revoked.")
        return holder

    async def allow(self, holder: Holder, needed: AccessScope) -> None:
        """Count a request of a key; raises HTTPException (429, 403) for one too many, or one that it may not make."""
        wait_s = await self._requests.take(holder.id, holder.requests_per_minute)
        _refuse_after(
            wait_s, f"The key {holder.name} may make {holder.requests_per_minute} requests a minute: more came"
        )
        if needed not in holder.scopes:
            raise HTTPException(
                HTTPStatus.FORBIDDEN, f"The key {holder.name} may not do this: it takes one with the scope {needed}."
            )


def unauthorised(detail: str) -> HTTPException:
    """Return the refusal of whoever has no right key."""
    return HTTPException(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})


def _refuse_after(wait_s: int | None, what: str) -> None:
    """Raise HTTPException (429) where there is something to wait for."""
    if wait_s is not None:
        raise HTTPException(
            HTTPStatus.TOO_MANY_REQUESTS, f"{what}; try again in {wait_s} s.", headers={"Retry-After": str(wait_s)}
        )
