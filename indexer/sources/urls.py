"""Images at an address on the web."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

from indexer.errors import BadImageError

_MOST_BYTES = 200_000_000
_TIMEOUT_S = 30.0


def is_url(name: str) -> bool:
    """Tell an address from a path."""
    return name.startswith(("http://", "https://"))


@contextmanager
def downloaded(url: str) -> Iterator[Path]:
    """Fetch what lies at an address into a file that goes when you are done; raises BadImageError."""
    with TemporaryDirectory(prefix="caption-search-") as folder:
        path = Path(folder) / "image"
        try:
            _download(url, path)
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise BadImageError(f"{url} cannot be fetched: {exc or type(exc).__name__}", is_retryable=True) from exc
        yield path


def _download(url: str, path: Path) -> None:
    size_bytes = 0
    with httpx2.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT_S) as answer, path.open("wb") as file:
        if not answer.is_success:
            raise BadImageError(f"{url} cannot be fetched: it answers {answer.status_code} {answer.reason_phrase}")
        for part in answer.iter_bytes():
            size_bytes += len(part)
            if size_bytes > _MOST_BYTES:
                raise BadImageError(f"{url} is larger than {_MOST_BYTES // 1_000_000} MB")
            file.write(part)
