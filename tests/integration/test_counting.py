"""What there is to filter by: counted over the live index alone, in values that the filters take."""

from datetime import datetime
from pathlib import Path
from threading import Event

import pytest

from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Query, Searcher
from indexer.catalog.store import Store
from indexer.models import FoundFile, ImageId, Metadata
from indexer.pipelines.counting import count_facets, count_status
from indexer.pipelines.indexing import Indexing
from tests.factories import make_answer, make_facts, make_found, make_wanted


def add(store: Store, path: str, *, tags: tuple[str, ...] = (), visible: str = "", year: int | None = None) -> ImageId:
    """Register an image below /home/pictures, with a caption."""
    taken = Metadata(taken_at=None if year is None else datetime(year, 5, 1))  # noqa: DTZ001 - a camera's clock
    facts = make_facts(path, metadata=taken)
    location = f"/home/Pictures/{path}"
    file = FoundFile(path=Path(location), location=location, relative_path=path, size_bytes=1000, modified_ns=1)
    image_id = store.images.register_image(facts, file, make_wanted()).image_id
    answer = make_answer(f"A picture at {path}.", keywords=tags, visible_text=visible)
    store.captions.store_answer(image_id, answer, captioner="import", model="import")
    return image_id


@pytest.fixture
def library(store: Store, indexing: Indexing, captioned: Event) -> Store:
    add(store, "a.jpg", tags=("Sea", "sand"), year=2019)
    add(store, "Trips/b.jpg", tags=("sea",), visible="EXIT", year=2021)
    add(store, "0123456789ab/made.jpg")
    people = add(store, "Trips/2021/c.jpg", year=2021)
    for image_id, seen in ((people, True), (ImageId(1), False)):
        moderated = make_answer(kind="moderation", fields={"contains_people": seen})
        store.captions.store_answer(image_id, moderated, captioner="import", model="import")
    indexing.run(captioned, Event())
    store.images.register_image(make_facts("bare"), make_found("bare.jpg"), make_wanted())
    return store


def test_facets_count_what_each_filter_would_leave(library: Store) -> None:
    assert count_facets(library) == {
        "folders": [{"folder": "pictures/trips", "images": 2}],  # not pictures, which holds everything
        "years": [{"year": 2021, "images": 2}, {"year": 2019, "images": 1}],
        "origins": [{"origin": "original", "images": 4}],
        "tags": [{"tag": "sea", "images": 2}, {"tag": "sand", "images": 1}],
        "has_text": 1,
        "contains_people": 1,
    }


def test_each_facet_is_what_its_filter_finds(library: Store, embedder: Embedder) -> None:
    facets = count_facets(library)
    searcher = Searcher(library, lambda _: embedder)

    for facet in facets["folders"]:
        hits = searcher.search(Query(text=f"folder:{facet['folder']}")).hits
        assert len(hits) == facet["images"]
    for year in facets["years"]:
        text = f"after:{year['year']} before:{year['year'] + 1}"
        assert len(searcher.search(Query(text=text)).hits) == year["images"]


def test_without_an_index_there_is_nothing_to_filter_by(store: Store) -> None:
    facets = count_facets(store)

    assert (facets["folders"], facets["has_text"], facets["contains_people"]) == ([], 0, None)
    assert (count_status(store)["generation"], count_status(store)["entries"]) == (None, 0)


def test_people_are_not_counted_where_no_caption_tells(store: Store, indexing: Indexing, captioned: Event) -> None:
    add(store, "a.jpg")
    indexing.run(captioned, Event())

    assert count_facets(store)["contains_people"] is None
