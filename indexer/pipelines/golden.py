"""Golden queries: what should be found, as a file or people's judgements say it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from indexer.catalog.searching import Query
from indexer.catalog.store import Store
from indexer.catalog.store.judgements import Judgement
from indexer.errors import QueryError
from indexer.json_items import first_fault, load_items
from indexer.models import ImageId, clean_text
from indexer.pipelines.naming import find_images, name_number

JUDGEMENTS = "judgements"
_COMMENTS = (b"#", b"//")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenQuery:
    """A query and what it should find: for each reference the images that satisfy it (none: it is not indexed).

    `wanted` is how the references are written. A query with neither relevant references nor irrelevant images should
    find nothing.
    """

    text: str
    query_set: str
    wanted: tuple[str, ...] = ()
    relevant: tuple[frozenset[ImageId], ...] = ()
    irrelevant: frozenset[ImageId] = frozenset()

    @property
    def is_negative(self) -> bool:
        """Tell whether nothing should be found."""
        return not (self.relevant or self.irrelevant)

    def judge(self, image_id: ImageId) -> Literal["relevant", "irrelevant"] | None:
        """Say what is known of an image as an answer to this query."""
        if any(image_id in images for images in self.relevant):
            return "relevant"
        return "irrelevant" if self.is_negative or image_id in self.irrelevant else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to say about a line; a fault where the line, or a reference of it, is not what was meant."""

    number: int
    text: str
    is_fault: bool = True


def _check_query(text: str) -> str:
    try:
        return Query(text=text).text
    except QueryError as exc:
        raise ValueError(str(exc)) from exc


_Reference = Annotated[str, BeforeValidator(name_number), AfterValidator(clean_text)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")

    number: int
    query: Annotated[str, AfterValidator(_check_query)]
    relevant: list[_Reference]
    not_relevant: list[_Reference] = Field(default_factory=list)
    query_set: str = Field(alias="set", min_length=1)


def load_golden(store: Store, path: Path) -> tuple[list[GoldenQuery], list[Remark]]:
    """Return the queries of a golden file, and what is to say about its lines.

    A line that cannot be used is left out; a reference that matches no image stays, as one that is never found. Lines
    without a set belong to the one named like the file. Raises JsonFileError when the file cannot be read at all.
    """
    remarks: list[Remark] = []
    lines = list(_load_lines(path, remarks))
    names = dict.fromkeys(name for line in lines for name in [*line.relevant, *line.not_relevant])
    images = find_images(store, names, path.absolute().parent)
    for line in lines:
        remarks += _remark_references(line, images)
    return [_resolve(line, images) for line in lines], sorted(remarks, key=lambda remark: remark.number)


def golden_of(judgements: Iterable[Judgement]) -> list[GoldenQuery]:
    """Return people's judgements, in the order of their queries, as golden queries."""
    return [
        GoldenQuery(
            text=text,
            query_set=JUDGEMENTS,
            wanted=tuple(j.location or f"image {j.image_id}" for j in said if j.relevant),
            relevant=tuple(frozenset([j.image_id]) for j in said if j.relevant),
            irrelevant=frozenset(j.image_id for j in said if not j.relevant),
        )
        for text, said in _by_query(judgements)
    ]


def golden_lines(judgements: Iterable[Judgement]) -> Iterator[dict[str, object]]:
    """Yield people's judgements as lines of a golden file, images by their SHA-256."""
    for text, said in _by_query(judgements):
        yield {
            "query": text,
            "relevant": [j.sha256.hex() for j in said if j.relevant],
            "not_relevant": [j.sha256.hex() for j in said if not j.relevant],
            "set": JUDGEMENTS,
        }


def _by_query(judgements: Iterable[Judgement]) -> Iterator[tuple[str, list[Judgement]]]:
    for text, said in groupby(judgements, key=lambda judgement: judgement.query):
        yield text, list(said)


def _load_lines(path: Path, remarks: list[Remark]) -> Iterator[_Line]:
    for number, item in load_items(path):
        if isinstance(item, bytes) and item.startswith(_COMMENTS):
            continue
        if not isinstance(item, dict):
            remarks.append(Remark(number=number, text="it is no JSON object; the query is left out"))
            continue
        try:
            yield _Line.model_validate({"set": path.stem, **item, "number": number})
        except ValidationError as exc:
            remarks.append(Remark(number=number, text=f"{first_fault(exc)}; the query is left out"))


def _remark_references(line: _Line, images: Mapping[str, frozenset[ImageId]]) -> Iterator[Remark]:
    for name in dict.fromkeys([*line.relevant, *line.not_relevant]):
        if not images[name]:
            yield Remark(number=line.number, text=f"no indexed image is {name}; it counts as not found")
        elif len(images[name]) > 1:
            text = f"{len(images[name])} images are named {name}; any of them counts"
            yield Remark(number=line.number, text=text, is_fault=False)


def _resolve(line: _Line, images: Mapping[str, frozenset[ImageId]]) -> GoldenQuery:
    return GoldenQuery(
        text=line.query,
        query_set=line.query_set,
        wanted=tuple(line.relevant),
        relevant=_distinct([images[name] for name in dict.fromkeys(line.relevant)]),
        irrelevant=frozenset(image_id for name in line.not_relevant for image_id in images[name]),
    )


def _distinct(references: Sequence[frozenset[ImageId]]) -> tuple[frozenset[ImageId], ...]:
    """Leave out a reference that is satisfied by whatever satisfies another one."""
    kept: list[frozenset[ImageId]] = []
    for images in sorted(references, key=len):
        if not any(other and other <= images for other in kept):
            kept.append(images)
    return tuple(kept)
