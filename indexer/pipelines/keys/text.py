"""What a key looks like: `cs_17_…`, its number and a secret of 256 random bits."""

import hashlib
import re
import secrets

from indexer.models import KeyId

_SECRET_BYTES = 32
_KEY = re.compile(r"cs_([1-9][0-9]{0,17})_([A-Za-z0-9_-]{43})")


def make_secret() -> str:
    """Return a new secret, in characters that need no quoting anywhere."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def write_key(key_id: KeyId, secret: str) -> str:
    """Return a key's text."""
    return f"cs_{key_id}_{secret}"


def read_key(text: str) -> tuple[KeyId, str] | None:
    """Return the number and the secret in a key's text; None for anything else."""
    found = _KEY.fullmatch(text)
    return (KeyId(int(found[1])), found[2]) if found else None


def digest(secret: str) -> bytes:
    """Return what is kept of a secret: as random as it is, it needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
