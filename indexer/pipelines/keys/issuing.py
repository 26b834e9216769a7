"""Make keys, and end them."""

from indexer.catalog.store import Store
from indexer.catalog.store.keys import ApiKey
from indexer.errors import NotFoundError, SettingsError
from indexer.models import AccessScope, KeyId, clean_text
from indexer.pipelines.keys.text import digest, make_secret, write_key

_LONGEST_NAME = 100
_SCOPES: dict[AccessScope, tuple[AccessScope, ...]] = {"search": ("search",), "write": ("search", "write")}


def issue_key(store: Store, scope: AccessScope, *, name: str | None, requests_per_minute: int) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which is kept nowhere; `write` includes `search`.

    Raises SettingsError for a name that cannot be, or that another key in use has.
    """
    _check_name(name)
    secret = make_secret()
    key = store.keys.add_key(digest(secret), _SCOPES[scope], name=name, requests_per_minute=requests_per_minute)
    if key is None:
        raise SettingsError(f"There is a key {name} already: revoke it, or choose another --name.")
    return key, write_key(key.id, secret)


def revoke_key(store: Store, named: str) -> ApiKey:
    """End a key, by its number or its name; raises NotFoundError."""
    if named.isdecimal() and len(named) < 19:
        key = store.keys.revoke_key(key_id=KeyId(int(named)))
    else:
        key = store.keys.revoke_key(name=clean_text(named))
    if key is None:
        raise NotFoundError("key", named)
    return key


def _check_name(name: str | None) -> None:
    if name is None:
        return
    if not 0 < len(name) <= _LONGEST_NAME or name != clean_text(name) or not name.isprintable():
        raise SettingsError(f"A key's --name has 1 to {_LONGEST_NAME} characters on one line.")
    if name.isdecimal():
        raise SettingsError(f"A key's --name is no number: {name} could be the number of another key.")
