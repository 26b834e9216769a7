"""The folder in which uploads lie: `HOME/uploads/<12 hex digits of the SHA-256>/<name>`, as they came."""

import os
import shutil
from pathlib import Path
from tempfile import NamedTemporaryFile

from indexer.errors import SettingsError
from indexer.imaging.file_names import safe_name
from indexer.models import FoundFile, ImageFacts

_ROOT = "uploads"


class Shelf:
    """The uploads of one HOME."""

    def __init__(self, home: Path) -> None:
        self._root = home / _ROOT

    def keep(self, upload: FoundFile, facts: ImageFacts) -> FoundFile:
        """Keep a copy of a file for good: nobody ever sees half of it, and a power cut loses nothing.

        Raises SettingsError where it cannot be written.
        """
        name = safe_name(upload.location, facts.format)
        path = self._root / facts.sha256.hex()[:12] / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _copy(upload.path, path)
            status = path.stat()
        except OSError as exc:
            raise SettingsError(f"Uploads cannot be kept in {self._root}: {exc.strerror or exc}.") from exc
        return FoundFile(
            path=path,
            location=str(path),
            relative_path=f"{_ROOT}/{name}",
            size_bytes=status.st_size,
            modified_ns=status.st_mtime_ns,
        )


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file, NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as copy:
        unnamed = Path(copy.name)
        try:
            shutil.copyfileobj(file, copy)
            copy.flush()
            os.fsync(copy.fileno())
            unnamed.chmod(0o644)
            unnamed.replace(target)
        except OSError:
            unnamed.unlink(missing_ok=True)
            raise
