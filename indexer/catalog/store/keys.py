"""API keys: what each may do, and the hash that a presented one is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from indexer.catalog.store.database import Database
from indexer.models import AccessScope, KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is listed; its secret is nowhere."""

    id: KeyId
    name: str
    scopes: list[AccessScope]
    requests_per_minute: int
    created_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A key that may be used by whoever knows what has this hash; `is_due` when its use was not noted lately."""

    id: KeyId
    name: str
    sha256: bytes
    scopes: list[AccessScope]
    requests_per_minute: int
    is_due: bool


class Keys:
    """Queries of sql/queries/keys.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_key(
        self, sha256: bytes, scopes: Sequence[AccessScope], *, name: str | None, requests_per_minute: int
    ) -> ApiKey | None:
        """Keep a new key, named after its last scope where no name is given; None where a key in use has that name."""
        row = self._database.fetch_one(
            "keys",
            "add_key",
            sha256=sha256,
            scopes=list(scopes),
            scope=scopes[-1],
            name=name,
            requests_per_minute=requests_per_minute,
        )
        return ApiKey(**row) if row else None

    def get_secret(self, key_id: KeyId) -> Secret | None:
        """Return what a key of this number is compared with; None where there is none, or it is revoked."""
        row = self._database.fetch_one("keys", "get_secret", key_id=key_id)
        return Secret(**row) if row else None

    def touch_key(self, key_id: KeyId) -> None:
        """Note that a key is in use, once a minute at the most."""
        self._database.execute("keys", "touch_key", key_id=key_id)

    def has_keys(self) -> bool:
        """Tell whether any key can be used."""
        row = self._database.fetch_one("keys", "has_keys")
        return row is not None and bool(row["found"])

    def find_keys(self) -> list[ApiKey]:
        """Return every key, those in use first, the newest first."""
        return [ApiKey(**row) for row in self._database.fetch("keys", "find_keys")]

    def revoke_key(self, *, key_id: KeyId | None = None, name: str | None = None) -> ApiKey | None:
        """End a key, by its number or, while it is in use, by its name; None where there is no such key."""
        row = self._database.fetch_one("keys", "revoke_key", key_id=key_id, name=name)
        return ApiKey(**row) if row else None
