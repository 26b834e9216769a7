"""Images and the locations they were found at."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from indexer.catalog.store.database import Database
from indexer.errors import NotFoundError
from indexer.models import FoundFile, ImageFacts, ImageId, Origin, PromptId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which captions a run wants: kinds with the prompts to ask (None without), from a captioner and model of a rank.

    With `retry`, a quarantined caption counts as none.
    """

    kinds: Sequence[str]
    prompt_ids: Sequence[PromptId | None]
    rank: int
    captioner: str
    model: str
    retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An image as it stands after registering a location of it.

    `captioned` are the kinds that need not be asked for, `elsewhere` the locations that were known before; `serves`
    when every wanted kind that it has captions of has one that may serve.
    """

    image_id: ImageId
    serves: bool
    captioned: list[str]
    elsewhere: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLocation:
    """What the catalogue knows of a location; `captioned` are kinds that need not be asked for."""

    location: str
    image_id: ImageId
    serves: bool
    sha256: bytes
    size_bytes: int
    modified_ns: int
    captioned: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """One image with every location it is at, the one found last first; `modified_ns` and paths go with them."""

    image_id: ImageId
    sha256: bytes
    origin: Origin
    format: str
    width: int
    height: int
    size_bytes: int
    taken_at: datetime | None
    camera: str | None
    latitude: float | None
    longitude: float | None
    title: str | None
    description: str | None
    keywords: list[str]
    added_at: datetime
    locations: list[str]
    modified_ns: list[int]
    relative_paths: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What an image looks like (64 bits, where known), and the first image of the family of edits it belongs to."""

    perceptual_hash: int | None
    family: ImageId


def registration(facts: ImageFacts, found: FoundFile, wanted: Wanted) -> dict[str, object]:
    """Return the values with which an image is registered where it was found."""
    return {
        "location": found.location,
        "relative_path": found.relative_path,
        "size_bytes": facts.size_bytes,
        "modified_ns": found.modified_ns,
        "sha256": facts.sha256,
        "origin": facts.origin,
        "format": facts.format,
        "width": facts.width,
        "height": facts.height,
        "taken_at": facts.metadata.taken_at,
        "camera": facts.metadata.camera,
        "latitude": facts.metadata.latitude,
        "longitude": facts.metadata.longitude,
        "title": facts.metadata.title,
        "description": facts.metadata.description,
        "keywords": list(facts.metadata.keywords),
        "perceptual_hash": facts.perceptual_hash,
        **asdict(wanted),
    }


def registered_of(row: dict[str, Any] | None, facts: ImageFacts) -> Registered:
    """Return what registering an image answered."""
    if row is None:
        raise NotFoundError("image", facts.sha256.hex())
    return Registered(**row)


class Images:
    """Queries of sql/queries/images.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register_image(self, facts: ImageFacts, found: FoundFile, wanted: Wanted) -> Registered:
        """Add an image and its location, or move the location to it."""
        row = self._database.fetch_one("images", "register_image", **registration(facts, found, wanted))
        return registered_of(row, facts)

    def find_known(self, locations: Sequence[str], wanted: Wanted) -> dict[str, KnownLocation]:
        """Return the locations that are known, by location."""
        rows = self._database.fetch("images", "find_known", locations=list(locations), **asdict(wanted))
        return {row["location"]: KnownLocation(**row) for row in rows}

    def find_by_content(self, sha256s: Sequence[bytes], wanted: Wanted) -> dict[bytes, Registered]:
        """Return the images that are known, by SHA-256; `elsewhere` are all their locations."""
        rows = self._database.fetch("images", "find_by_content", sha256s=list(sha256s), **asdict(wanted))
        return {row.pop("sha256"): Registered(**row) for row in rows}

    def get_image(self, image_id: ImageId) -> StoredImage:
        """Return one image; raises NotFoundError."""
        row = self._database.fetch_one("images", "get_image", image_id=image_id)
        if row is None:
            raise NotFoundError("image", image_id)
        return StoredImage(**row)

    def find_image_id(self, sha256: bytes) -> ImageId | None:
        """Return the id of the image with this SHA-256, if it is known."""
        row = self._database.fetch_one("images", "find_image_id", sha256=sha256)
        return row["id"] if row else None

    def find_image_at(self, location: str) -> ImageId | None:
        """Return the id of the image that was found at a location, if one was."""
        row = self._database.fetch_one("images", "find_image_at", location=location)
        return row["image_id"] if row else None

    def find_images_named(self, names: Sequence[str]) -> dict[str, set[ImageId]]:
        """Return the images that have one of these relative paths or file names, by name."""
        found: dict[str, set[ImageId]] = {}
        for row in self._database.fetch("images", "find_images_named", names=list(names)):
            found.setdefault(row["name"], set()).add(row["image_id"])
        return found

    def drop_locations(self, locations: Sequence[str]) -> None:
        """Forget locations; their image stays."""
        self._database.execute("images", "drop_locations", locations=list(locations))

    def find_looks(self, image_ids: Sequence[ImageId]) -> dict[ImageId, Looks]:
        """Return what images look like and which family they belong to."""
        rows = self._database.fetch("images", "find_looks", image_ids=list(image_ids))
        return {row["image_id"]: Looks(perceptual_hash=row["perceptual_hash"], family=row["family"]) for row in rows}
