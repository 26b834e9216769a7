"""What an image was made of, and what was made of it, as trees."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from indexer.catalog.store import Store
from indexer.catalog.store.lineages import Link, Relative
from indexer.models import ImageId

# Further away than anybody looks, and no deeper than JSON may be nested.
MOST_LEVELS = 40
# So many ancestors and so many descendants are shown, the nearest: a picture may have gone into every edit there is.
MOST_KIN = 1000

Direction = Literal["up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An image of a lineage; it is lost where no file of it is there any more."""

    image: Relative
    is_lost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """A parent or a child, the edit that makes it one, and its own parents or children.

    Where it `is_repeated`, it stands elsewhere in the tree with its own; where it `has_more`, these are too far away.
    """

    link: Link
    member: Member
    kin: tuple["Kin", ...] = ()
    is_repeated: bool = False
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """An image between what it was made of and what was made of it; where it `has_more`, these are the nearest."""

    member: Member
    parents: tuple[Kin, ...]
    children: tuple[Kin, ...]
    has_more: bool = False

    @property
    def is_mask(self) -> bool:
        """Whether it told editors what to change, and is no image of the index."""
        return self.member.image.location is None and {kin.link.role for kin in self.children} == {"mask"}


def find_lineage(store: Store, image_id: ImageId) -> Lineage:
    """Return the lineage of an image, up to MOST_KIN either way; raises NotFoundError."""
    root = store.images.get_image(image_id).image_id
    found = store.lineages.find_lineage(root, most=MOST_KIN)
    named = {root, *(link.child_id for link in found.links), *(link.parent_id for link in found.links)}
    relatives = store.lineages.find_relatives(sorted(named))
    lost = find_lost(((link.parent_id, link.file) for link in found.links), relatives)
    return replace(make_lineage(root, found.links, relatives, lost), has_more=found.has_more)


def find_lost(masks: Iterable[tuple[ImageId, str | None]], relatives: Mapping[ImageId, Relative]) -> frozenset[ImageId]:
    """Return the images that no file is left of: of their size, at their locations or where a mask lies."""
    places = {(image_id, place) for image_id, relative in relatives.items() for place in relative.locations}
    places |= {(image_id, file) for image_id, file in masks if file is not None}
    there = {image_id for image_id, place in places if _has_size(Path(place), relatives[image_id].size_bytes)}
    return frozenset(relatives.keys() - there)


def make_lineage(
    root: ImageId, links: Sequence[Link], relatives: Mapping[ImageId, Relative], lost: Container[ImageId]
) -> Lineage:
    """Return the links around an image as trees, each image with its own kin once."""
    members = {image_id: Member(image=relative, is_lost=image_id in lost) for image_id, relative in relatives.items()}
    parents, children = (_Growing(direction, links, members, root) for direction in ("up", "down"))
    return Lineage(member=members[root], parents=parents.grow(root), children=children.grow(root))


class _Growing:
    """Grows one of the two trees from their root."""

    def __init__(
        self, direction: Direction, links: Iterable[Link], members: Mapping[ImageId, Member], root: ImageId
    ) -> None:
        self._members = members
        self._seen = {root}
        self._links: dict[ImageId, dict[tuple[int, ...], tuple[Link, ImageId]]] = {}
        for link in links:
            if direction == "up":
                place, key, other = link.child_id, (link.edit_id, link.position), link.parent_id
            else:  # an image that went into an edit twice has its child once
                place, key, other = link.parent_id, (link.edit_id, link.child_id), link.child_id
            self._links.setdefault(place, {}).setdefault(key, (link, other))

    def grow(self, image_id: ImageId, level: int = 1) -> tuple[Kin, ...]:
        return tuple(self._kin(link, other, level) for link, other in self._links.get(image_id, {}).values())

    def _kin(self, link: Link, other: ImageId, level: int) -> Kin:
        member = self._members[other]
        if other in self._seen:
            return Kin(link=link, member=member, is_repeated=True)
        if level == MOST_LEVELS:
            return Kin(link=link, member=member, has_more=other in self._links)
        self._seen.add(other)
        return Kin(link=link, member=member, kin=self.grow(other, level + 1))


def _has_size(path: Path, size_bytes: int) -> bool:
    try:
        return path.is_file() and path.stat().st_size == size_bytes
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return False
