"""Uploaded images: files that go when the request is over."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import UploadFile

from indexer.models import FoundFile, clean_text

_LONGEST_NAME = 255


@contextmanager
def kept(upload: UploadFile) -> Iterator[FoundFile]:
    """Give an upload as a file; it is called what it was called there, but lies under a name of ours."""
    called = clean_text((upload.filename or "").replace("\\", "/").rpartition("/")[2])[-_LONGEST_NAME:] or "image"
    with TemporaryDirectory(prefix="caption-search-") as folder:
        path = Path(folder) / "image"
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file)
        yield FoundFile(
            path=path,
            location=called,
            relative_path=called,
            size_bytes=path.stat().st_size,
            modified_ns=path.stat().st_mtime_ns,
        )
