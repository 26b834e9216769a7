"""Count what there is: for people who look at the index, and for whoever offers filters to choose from."""

from typing_extensions import TypedDict  # pydantic reads this one on Python 3.11

from indexer.catalog.store import Store
from indexer.models import Origin
from indexer.pipelines.generations.switching import find_live, find_standings
from indexer.pipelines.presenting_status import StatusAnswer, present_status

_MOST_FOLDERS, _MOST_TAGS = 100, 50


class FolderFacet(TypedDict):
    """Images in a folder, or below it."""

    folder: str
    images: int


class YearFacet(TypedDict):
    """Images taken in a year."""

    year: int
    images: int


class OriginFacet(TypedDict):
    """Images that came to be in one way."""

    origin: Origin
    images: int


class TagFacet(TypedDict):
    """Images with a keyword."""

    tag: str
    images: int


class FacetsAnswer(TypedDict):
    """How many images of the live index each filter would leave; each value is one that the filter takes.

    `folders` are the ingested ones and those right in them, but none that holds everything; `tags` the most frequent.
    `contains_people` is null where no moderation caption tells.
    """

    folders: list[FolderFacet]
    years: list[YearFacet]
    origins: list[OriginFacet]
    tags: list[TagFacet]
    has_text: int
    contains_people: int | None


def count_status(store: Store) -> StatusAnswer:
    """Count what is indexed, by which captioner, and what it cost; reads every image."""
    standings = find_standings(store)
    serving = find_live(standings)
    shares = store.status.count_captioners(serving.generation.id) if serving else []
    return present_status(store.status.count_everything(), standings, shares)


def count_facets(store: Store) -> FacetsAnswer:
    """Count by folder, year, origin, keyword, text and people; reads every image."""
    live = store.generations.get_live()
    if live is None:
        return {"folders": [], "years": [], "origins": [], "tags": [], "has_text": 0, "contains_people": None}
    flags = store.facets.count_flags(live.id)
    folders = store.facets.count_folders(live.id, limit=_MOST_FOLDERS)
    tags = store.facets.count_tags(live.id, limit=_MOST_TAGS)
    return {
        "folders": [{"folder": each.folder, "images": each.images} for each in folders],
        "years": [{"year": each.year, "images": each.images} for each in store.facets.count_years(live.id)],
        "origins": [{"origin": each.origin, "images": each.images} for each in store.facets.count_origins(live.id)],
        "tags": [{"tag": each.tag, "images": each.images} for each in tags],
        "has_text": flags.has_text,
        "contains_people": flags.contains_people,
    }
