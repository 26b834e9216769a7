"""Tell whose a presented key is."""

import hmac
from dataclasses import dataclass

from pydantic import SecretStr

from indexer.catalog.store import Store
from indexer.models import AccessScope
from indexer.pipelines.keys.text import digest, read_key

REQUESTS_PER_MINUTE = 3000
_FIXED_NAME = "CAPTION_SEARCH_API_KEY"
# What no secret has as its hash, to compare with where there is no key of that number.
_NOBODYS = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whoever presents a key: its name is for people and logs, `id` tells it from all others."""

    id: str
    name: str
    scopes: frozenset[AccessScope]
    requests_per_minute: int

    def __str__(self) -> str:
        """Tell a key from all others, those of the same name before it among them."""
        return f"{self.id}:{self.name}"


class KeyCheck:
    """Compares what is presented with the keys of the database, at every request: one that is revoked is of no use.

    `fixed` is a key from the settings, which may write, for services that get theirs from a secret file.
    """

    def __init__(self, store: Store, fixed: SecretStr | None = None) -> None:
        self._store = store
        self._fixed = digest(fixed.get_secret_value()) if fixed else None

    def has_keys(self) -> bool:
        """Tell whether anybody could have a key."""
        return self._fixed is not None or self._store.keys.has_keys()

    def check(self, presented: str) -> Holder | None:
        """Return who holds a key, None for a wrong or revoked one; takes as long for one as for the other."""
        if self._fixed is not None and hmac.compare_digest(digest(presented), self._fixed):
            scopes: frozenset[AccessScope] = frozenset(("search", "write"))
            return Holder(id="settings", name=_FIXED_NAME, scopes=scopes, requests_per_minute=REQUESTS_PER_MINUTE)
        return self._look_up(presented)

    def _look_up(self, presented: str) -> Holder | None:
        if (parts := read_key(presented)) is None:
            return None
        key = self._store.keys.get_secret(parts[0])
        if not hmac.compare_digest(digest(parts[1]), key.sha256 if key else _NOBODYS) or key is None:
            return None
        if key.is_due:
            self._store.keys.touch_key(key.id)
        return Holder(
            id=str(key.id),
            name=key.name,
            scopes=frozenset(key.scopes),
            requests_per_minute=key.requests_per_minute,
        )
