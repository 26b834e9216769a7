"""Lineages: which images were made of which, and by what edit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from indexer.catalog.store.database import Database
from indexer.models import ApiFormat, EditId, ImageId, Origin, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An edit between one image that went in, the parent, and one that came out, the child.

    `file` is where the parent lies if it is a mask, which has no location.
    """

    child_id: ImageId
    parent_id: ImageId
    position: int
    role: Role
    file: str | None
    edit_id: EditId
    instruction: str
    api_format: ApiFormat
    model: str
    turn: int
    take: int
    parameters: dict[str, Any]
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """What an image of a lineage is; at no location where its file is gone, or it is a mask."""

    image_id: ImageId
    sha256: bytes
    origin: Origin
    format: str
    width: int
    height: int
    size_bytes: int
    location: str | None
    locations: list[str]
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The links around an image; where it `has_more`, only those of its nearest kin."""

    links: list[Link]
    has_more: bool


class Lineages:
    """Queries of sql/queries/lineages.sql."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_lineage(self, image_id: ImageId, *, most: int) -> Links:
        """Return the edits between an image and what it was made of, and what was made of it: so many images each."""
        rows = self._database.fetch("lineages", "find_lineage", image_id=image_id, most=most)
        has_more = [row.pop("has_more") for row in rows]
        return Links(links=[Link(**row) for row in rows], has_more=any(has_more))

    def find_relatives(self, image_ids: Sequence[ImageId]) -> dict[ImageId, Relative]:
        """Return what these images are, by id."""
        rows = self._database.fetch("lineages", "find_relatives", image_ids=list(image_ids))
        return {row["image_id"]: Relative(**row) for row in rows}
