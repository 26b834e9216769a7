"""Pages of one answer: what is shown was decided with the first page, and travels along in the cursor."""

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from typing import Any, Self, get_args

from indexer.errors import QueryError
from indexer.models import Band, GenerationId, ImageId

_BANDS: tuple[Band, ...] = get_args(Band)
_VERSION = 1
_LONGEST = 100_000  # bytes when unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One place of an answer: an image, its band, and how many others were folded into it."""

    image_id: ImageId
    band: Band
    duplicates: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a page begins in an answer from one generation; of a list without ranking, after which image.

    `hidden` were ranked beside those shown, and count for the ranks that a hit tells.
    """

    generation_id: GenerationId
    fingerprint: str
    offset: int = 0
    shown: tuple[Shown, ...] = ()
    hidden: tuple[ImageId, ...] = ()
    before: ImageId | None = None

    def encode(self) -> str:
        """Return it as letters, digits, - and _."""
        places = [[s.image_id, _BANDS.index(s.band), s.duplicates] for s in self.shown]
        parts = [_VERSION, self.generation_id, self.fingerprint, self.offset, places, self.hidden, self.before]
        packed = zlib.compress(json.dumps(parts, separators=(",", ":")).encode(), 9)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read what `encode` wrote; raises QueryError for anything else."""
        try:
            packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            return cls._of(json.loads(_unpack(packed)))
        except (ValueError, TypeError, IndexError, RecursionError, binascii.Error, zlib.error) as exc:
            raise QueryError("This cursor cannot be read: take next_cursor as it was given, or search again.") from exc

    @classmethod
    def _of(cls, parts: list[Any]) -> Self:
        version, generation_id, fingerprint, offset, places, hidden, before = parts
        if version != _VERSION:
            raise ValueError(version)
        return cls(
            generation_id=GenerationId(_whole(generation_id)),
            fingerprint=str(fingerprint),
            offset=_whole(offset),
            shown=tuple(
                Shown(image_id=ImageId(_whole(i)), band=_BANDS[_whole(band)], duplicates=_whole(n))
                for i, band, n in places
            ),
            hidden=tuple(ImageId(_whole(i)) for i in hidden),
            before=None if before is None else ImageId(_whole(before)),
        )


def _unpack(packed: bytes) -> bytes:
    """Return what was packed, as long as it is not too long; raises ValueError, zlib.error."""
    unpacking = zlib.decompressobj()
    unpacked = unpacking.decompress(packed, _LONGEST)
    if not unpacking.eof:
        raise ValueError(len(packed))
    return unpacked


def _whole(value: object) -> int:
    """Return a number that Postgres can keep; raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError(value)
    return value
