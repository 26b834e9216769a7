"""Filters as parameters of an address: `origin=edit&origin=frame&taken_gte=2024-01-01`."""

from collections.abc import Container
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from starlette.datastructures import QueryParams

from indexer.catalog.searching.filters import RANGED, Filter, make_filter
from indexer.errors import QueryError
from indexer.models import Origin

_BOUNDS = ("gte", "gt", "lte", "lt")
_Date = Field(
    None,
    max_length=40,
    description="a year, a month, a day or a moment: 2024, 2024-05, 2024-05-31, 2024-05-31T12:00Z",
    examples=["2024-01-01"],
)
_Pixels = Field(None, ge=1, le=2**31 - 1)
_Text = Annotated[str, Field(min_length=1, max_length=1000)]
_Texts = Annotated[list[_Text], Field(max_length=100)]
_MODERATED = "what moderation captions say, of a library that has any"
_Moderation = Field(None, description=_MODERATED)


class FilterParameters(BaseModel):
    """The filters, those by moderation captions among them; fields of a moderation prompt of one's own are others."""

    folder: _Texts = Field([], description="folders, with all below them", examples=[["holiday/2019"]])
    folder_not: _Texts = []
    origin: Annotated[list[Origin], Field(max_length=10)] = []
    origin_not: Annotated[list[Origin], Field(max_length=10)] = []
    format: _Texts = Field([], examples=[["JPEG"]])
    format_not: _Texts = []
    orientation: Annotated[list[Literal["landscape", "portrait", "square"]], Field(max_length=10)] = []
    tags: _Texts = Field([], description="keywords of captions and of the files themselves")
    tags_not: _Texts = []
    parent: _Texts = Field([], description="edits of these images: ids or SHA-256s")
    has_text: bool | None = Field(None, description="whether something is written in the picture")
    taken: str | None = _Date
    taken_gte: str | None = _Date
    taken_gt: str | None = _Date
    taken_lte: str | None = _Date
    taken_lt: str | None = _Date
    added: str | None = _Date
    added_gte: str | None = _Date
    added_gt: str | None = _Date
    added_lte: str | None = _Date
    added_lt: str | None = _Date
    width_gte: int | None = _Pixels
    width_lte: int | None = _Pixels
    height_gte: int | None = _Pixels
    height_lte: int | None = _Pixels
    contains_people: bool | None = _Moderation
    contains_children: bool | None = _Moderation
    contains_faces: bool | None = _Moderation
    contains_text: bool | None = _Moderation
    nsfw: bool | None = _Moderation
    violence: bool | None = _Moderation
    setting: _Texts = Field([], description=_MODERATED, examples=[["outdoor"]])


def filters_in(parameters: QueryParams, others: Container[str]) -> tuple[Filter, ...]:
    """Return the filters among an address's parameters: all that are not among `others`; raises QueryError."""
    names = dict.fromkeys(name for name in parameters if name not in others)
    return tuple(_filter(name, parameters.getlist(name)) for name in names)


def _filter(name: str, values: list[str]) -> Filter:
    field, _, last = name.rpartition("_")
    if last in _BOUNDS and field in RANGED:
        return make_filter(field, last, _only(name, values))
    if last == "not" and field:
        return make_filter(field, "not_in", values)
    if name in RANGED or name == "has_text":
        return make_filter(name, "eq", _only(name, values))
    return make_filter(name, "in", values)


def _only(name: str, values: list[str]) -> str:
    if len(values) > 1:
        raise QueryError(f"{name} is given {len(values)} times: it takes one value.")
    return values[0]
