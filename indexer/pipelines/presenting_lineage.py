"""The contract's JSON for lineages: one shape for the terminal and for HTTP."""

from typing import Any

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.catalog.store.lineages import Link
from indexer.models import ApiFormat, EditId, ImageId, Origin, Role
from indexer.pipelines.addresses import AddressesIfAny, addresses_if
from indexer.pipelines.lineage import Kin, Lineage, Member


class MemberAnswer(AddressesIfAny):
    """An image of a lineage.

    `lost` tells that no file of it is there any more: then it has no addresses, and its location is the last known, or
    null. An empty caption is none.
    """

    image_id: ImageId
    sha256: str
    origin: Origin
    format: str
    width: int
    height: int
    location: str | None
    caption: str
    lost: bool


class LinkAnswer(TypedDict):
    """The edit between a parent and a child; an empty instruction asked for a variation."""

    edit_id: EditId
    instruction: str
    api_format: ApiFormat
    model: str
    turn: int
    take: int
    parameters: dict[str, Any]
    finished_at: str | None


class _KinAnswer(TypedDict):
    """A parent and a child, told from either: in which role the parent went into the edit that makes them so.

    Where it is `repeated`, its own kin stand where it is first; where there is `more`, ask for its own lineage.
    """

    edit: LinkAnswer
    role: Role
    image: MemberAnswer
    repeated: bool
    more: bool


class ParentAnswer(_KinAnswer):
    """An image that another was made of: `position` is its place among those of one edit."""

    position: int
    parents: list["ParentAnswer"]


class ChildAnswer(_KinAnswer):
    """An image that was made of another."""

    children: list["ChildAnswer"]


class LineageAnswer(TypedDict):
    """An image between what it was made of and what was made of it; where there is `more`, only its nearest kin."""

    image: MemberAnswer
    parents: list[ParentAnswer]
    children: list[ChildAnswer]
    more: bool


def present_lineage(lineage: Lineage) -> LineageAnswer:
    """Return a lineage as the contract spells it."""
    return {
        "image": _member(lineage.member),
        "parents": [_parent(kin) for kin in lineage.parents],
        "children": [_child(kin) for kin in lineage.children],
        "more": lineage.has_more,
    }


def _parent(kin: Kin) -> ParentAnswer:
    return {
        "edit": _link(kin.link),
        "role": kin.link.role,
        "position": kin.link.position,
        "image": _member(kin.member),
        "repeated": kin.is_repeated,
        "more": kin.has_more,
        "parents": [_parent(each) for each in kin.kin],
    }


def _child(kin: Kin) -> ChildAnswer:
    return {
        "edit": _link(kin.link),
        "role": kin.link.role,
        "image": _member(kin.member),
        "repeated": kin.is_repeated,
        "more": kin.has_more,
        "children": [_child(each) for each in kin.kin],
    }


def _member(member: Member) -> MemberAnswer:
    image = member.image
    return {
        "image_id": image.image_id,
        "sha256": image.sha256.hex(),
        "origin": image.origin,
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "location": image.location,
        "caption": image.caption,
        "lost": member.is_lost,
        **addresses_if(image.image_id, is_lost=member.is_lost),
    }


def _link(link: Link) -> LinkAnswer:
    return {
        "edit_id": link.edit_id,
        "instruction": link.instruction,
        "api_format": link.api_format,
        "model": link.model,
        "turn": link.turn,
        "take": link.take,
        "parameters": link.parameters,
        "finished_at": link.finished_at.isoformat() if link.finished_at else None,
    }
