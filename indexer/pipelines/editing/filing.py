"""Where edited images lie: `OUTPUT/<key>/<key>_<turn>_<number>.<type>`, as the model returned them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock
from typing import Self

from indexer.catalog.store.images import StoredImage
from indexer.errors import SettingsError
from indexer.imaging.file_names import suffix_of
from indexer.imaging.reading import opened
from indexer.pipelines.editing.keys import short
from indexer.pipelines.locating import find_file, holds


class Filing:
    """The folder of one OUTPUT; raises SettingsError where nothing can be written to it."""

    def __init__(self, output: Path) -> None:
        self.output = Path(os.path.abspath(output))  # noqa: PTH100 - a link stays the place that was named
        self._fetching = Lock()  # of two that want a copy, the second finds that of the first

    def open(self) -> Self:
        """Make the folder, and see that it can be written to: before anything is paid for."""
        with self._writing():
            self.output.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=self.output):
                return self

    def write(self, key: bytes, content: bytes) -> Path:
        """Write what a model returned under a name of no meaning: it is named once its type is known."""
        folder = self.output / short(key)
        with self._writing():
            folder.mkdir(exist_ok=True)
            with NamedTemporaryFile(dir=folder, prefix=".", suffix=".tmp", delete=False) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            return Path(file.name)

    def discard(self, unnamed: Path) -> None:
        """Remove what turned out to be of no use."""
        with self._writing():
            unnamed.unlink()

    def name(self, unnamed: Path, key: bytes, turn: int, image_format: str) -> Path:
        """Give a file the next free name of its turn, which no other thread or process has or takes."""
        suffix = suffix_of(image_format)
        start = f"{short(key)}_{turn}_"
        with self._writing():
            unnamed.chmod(0o644)
            taken = {path.stem for path in unnamed.parent.iterdir()}
            free = (number for number in count() if f"{start}{number}" not in taken)
            while not _take(named := unnamed.with_name(f"{start}{next(free)}.{suffix}")):
                pass
            return unnamed.rename(named)

    def read(self, path: Path) -> bytes:
        """Return an image that was filed, as it is."""
        with self._writing():
            return path.read_bytes()

    def fetch(self, image: StoredImage, key: bytes, turn: int) -> Path:
        """Return the image's file in the folder of a key, copied there from elsewhere where it is not.

        Raises NotFoundError where no file holds it any more.
        """
        with self._fetching, self._writing():
            if kept := self._find_kept(image, self.output / short(key)):
                return kept
            return self.name(self.write(key, find_file(image).read_bytes()), key, turn, image.format)

    def keep_mask(self, mask: Path, key: bytes) -> Path:
        """Keep a copy of a mask beside the images that it was for, hidden: who ingests the folder wants no masks.

        Raises BadImageError where the mask cannot be read.
        """
        kept = self.output / short(key) / f".{short(key)}_mask{mask.suffix.lower()}"
        if kept.is_file():
            return kept
        with opened(mask) as file:
            content = file.read()
        with self._writing():
            return self.write(key, content).rename(kept)

    def _find_kept(self, image: StoredImage, folder: Path) -> Path | None:
        """Return the file in a folder that has an image, be it unknown to the catalogue: OUTPUT was moved."""
        times = dict(zip(image.locations, image.modified_ns, strict=True))
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        return next((path for path in files if holds(path, image, times.get(str(path)))), None)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            said = exc.strerror or exc
            raise SettingsError(f"Edited images cannot be written to {self.output}: {said}.") from exc


def _take(path: Path) -> bool:
    """Take a name where nobody has it; as an empty file, since not every file system has links."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
