"""Hashes that identify images: their bytes, and what they look like."""

import hashlib
from collections.abc import Sequence
from typing import IO

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Of 64 bits. Of 100 photos, no two were nearer than 16; a photo and its copy at quality 40 and half the size, 3.
MOST_ALIKE = 10
_ALL_BITS = 2**64 - 1


def sha256_of(file: IO[bytes]) -> bytes:
    """Return the SHA-256 (32 bytes) of a file's content from its current position, in constant memory."""
    return hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # typeshed asks for a raw file


def perceptual_hash(picture: Image.Image) -> int:
    """Return the difference hash of a picture: 64 bits, as a signed integer for Postgres."""
    bits = int(str(imagehash.dhash(picture)), 16)
    return bits if bits < 2**63 else bits - 2**64


def alike_pairs(hashes: Sequence[int | None]) -> NDArray[np.bool_]:
    """Return bool [n, n]: whether two pictures look alike; one without a hash is like no other."""
    bits = np.array([(hashed or 0) & _ALL_BITS for hashed in hashes], dtype=np.uint64)
    known = np.array([hashed is not None for hashed in hashes], dtype=np.bool_)
    alike = np.bitwise_count(bits[:, None] ^ bits[None, :]) <= MOST_ALIKE
    return np.asarray(alike & known[:, None] & known[None, :])


def count_unlike(hashes: Sequence[int]) -> int:
    """Count the pictures that look unlike each other, those that look alike as one."""
    distinct: list[int] = []
    for candidate in hashes:
        if all(_distance(candidate, other) > MOST_ALIKE for other in distinct):
            distinct.append(candidate)
    return len(distinct)


def _distance(first: int, second: int) -> int:
    return ((first ^ second) & _ALL_BITS).bit_count()
