"""Hashes that identify images."""

import hashlib
from typing import IO


def sha256_of(file: IO[bytes]) -> bytes:
    """Return the SHA-256 (32 bytes) of a file's content from its current position, in constant memory."""
    return hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # typeshed asks for a raw file
