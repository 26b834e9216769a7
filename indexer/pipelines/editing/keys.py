"""Keys of edits, made of their content alone: where a request stands in its file means nothing."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.editing.editor import Parameters
from indexer.models import ApiFormat

_SHOWN_BYTES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What decides what an edit brings: its pictures by SHA-256, in their order, and what is asked of whom."""

    images: Sequence[bytes]
    mask: bytes | None
    api_format: ApiFormat
    model: str
    parameters: Parameters

    def key(self, turns: Sequence[str]) -> bytes:
        """Return the key of the last of these turns: the SHA-256 over the content and all of them."""
        parts = {
            "images": [image.hex() for image in self.images],
            "mask": self.mask.hex() if self.mask else None,
            "api_format": self.api_format,
            "model": self.model,
            "parameters": {name: str(value) for name, value in self.parameters.items()},  # 2 and "2" ask alike
            "turns": list(turns),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()


def short(key: bytes) -> str:
    """Return the 12 hex digits under which the files of an edit lie."""
    return key[:_SHOWN_BYTES].hex()
