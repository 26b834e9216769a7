"""Searches by image over a small library with real files, the real embedder and the real database."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from indexer.captioning.captioner import FreeCaptioner
from indexer.catalog.embedding import Embedder
from indexer.catalog.searching import Likeness, Query, Searcher
from indexer.catalog.searching.filters import read_filters
from indexer.catalog.store import Store
from indexer.errors import BadImageError, NotFoundError, QueryError
from indexer.imaging.reading import read_image
from indexer.models import Answer, FoundFile, ImageId, Prompt, Subject
from indexer.pipelines.indexing import Indexing
from indexer.pipelines.matching import Matching
from indexer.sources.folders import find_file
from tests.factories import add_image, make_answer, make_wanted
from tests.images import image_bytes, make_picture

CAPTIONS = {
    "log.jpg": ("A black dog leaps over a log.", "A hound jumps a fallen tree."),
    "hoop.jpg": ("A black and white dog jumps through a hoop.", "A collie leaps at a show."),
    "field.png": ("A brown dog runs in a field.", "A hound gallops over grass."),
    "city.jpg": ("Skyscrapers at night reflect in the river.", "Skyline of a big city after dark."),
}
SIMILAR = Query(strictness="low", like=Likeness())


class SayingCaptioner(FreeCaptioner):
    """Says the same of every image, and counts how often it was asked."""

    name = model = "saying"
    rank = 2
    max_edge = 256

    def __init__(self, *sentences: str) -> None:
        self.asked = 0
        self._sentences = sentences

    def caption(self, subject: Subject, prompts: Sequence[Prompt], *, complaint: str | None = None) -> Answer | None:  # noqa: ARG002
        self.asked += 1
        return make_answer(*self._sentences)


@pytest.fixture
def ids(store: Store, indexing: Indexing, captioned: Event, tmp_path: Path) -> dict[str, ImageId]:
    found = {}
    for number, (name, sentences) in enumerate(CAPTIONS.items()):
        path = tmp_path / name
        path.write_bytes(image_bytes(number, "PNG" if name.endswith("png") else "JPEG", size=(640, 480)))
        facts = read_image(path, max_edge=256).facts
        found[name] = store.images.register_image(facts, find_file(path, tmp_path), make_wanted()).image_id
        store.captions.store_answer(found[name], make_answer(*sentences), captioner="import", model="import")
    indexing.run(captioned, Event())
    return found


@pytest.fixture
def captioner() -> SayingCaptioner:
    return SayingCaptioner("A tall building in the night.", "City lights over the water.")


@pytest.fixture
def matching(store: Store, embedder: Embedder, captioner: SayingCaptioner, ids: dict[str, ImageId]) -> Matching:
    assert len(ids) == len(CAPTIONS)
    return make_matching(store, embedder, captioner)


def make_matching(store: Store, embedder: Embedder, captioner: SayingCaptioner) -> Matching:
    return Matching(
        store=store,
        searcher=Searcher(store, lambda _: embedder),
        captioner_of=lambda _: captioner,
        prompts_of=lambda _, __: (),
    )


def _write(folder: Path, picture: Image.Image, **options: int) -> FoundFile:
    out = io.BytesIO()
    picture.save(out, "JPEG", **options)
    path = folder / "asked.jpg"
    path.write_bytes(out.getvalue())
    return find_file(path, folder)


def test_similar_images_come_by_what_is_said_of_them_without_the_image_itself(
    matching: Matching, ids: dict[str, ImageId]
) -> None:
    hits = matching.find_similar(ids["log.jpg"], SIMILAR).results.hits

    assert [hit.location for hit in hits] == ["hoop.jpg", "field.png", "city.jpg"]
    assert [hit.why.near_duplicate for hit in hits] == [False, False, False]
    assert hits[0].score == hits[0].why.similarity


def test_nothing_is_embedded_for_an_indexed_image(store: Store, ids: dict[str, ImageId]) -> None:
    def refuse(name: str) -> Embedder:
        raise AssertionError(name)

    searcher = Searcher(store, refuse)
    matching = Matching(
        store=store, searcher=searcher, captioner_of=lambda _: SayingCaptioner(), prompts_of=lambda _, __: ()
    )

    assert matching.find_similar(ids["log.jpg"], SIMILAR).results.hits


def test_pages_of_similar_images_hold_each_once(matching: Matching, ids: dict[str, ImageId]) -> None:
    query = replace(SIMILAR, limit=2)
    first = matching.find_similar(ids["log.jpg"], query).results
    assert first.next_cursor is not None

    second = matching.find_similar(ids["log.jpg"], replace(query, cursor=first.next_cursor)).results

    assert [hit.location for hit in [*first.hits, *second.hits]] == ["hoop.jpg", "field.png", "city.jpg"]
    assert second.next_cursor is None
    with pytest.raises(QueryError, match="belongs to another search"):
        matching.find_similar(ids["city.jpg"], replace(query, cursor=first.next_cursor))


def test_filters_and_strictness_bound_what_is_similar(matching: Matching, ids: dict[str, ImageId]) -> None:
    pngs = replace(SIMILAR, filters=read_filters({"format": "png"}))

    assert [hit.location for hit in matching.find_similar(ids["log.jpg"], pngs).results.hits] == ["field.png"]
    strict = matching.find_similar(ids["city.jpg"], replace(SIMILAR, strictness="normal")).results
    assert strict.no_match


def test_an_image_without_an_entry_or_unknown_is_told(store: Store, matching: Matching) -> None:
    bare = add_image(store, "bare")

    with pytest.raises(NotFoundError, match=f"no entry in the live index of image {bare}"):
        matching.find_similar(bare, SIMILAR)
    with pytest.raises(NotFoundError, match="no image 999"):
        matching.find_similar(ImageId(999), SIMILAR)


def test_an_empty_catalogue_has_nothing_similar(
    store: Store, embedder: Embedder, captioner: SayingCaptioner, tmp_path: Path
) -> None:
    matching = make_matching(store, embedder, captioner)
    only = add_image(store, "only")
    file = _write(tmp_path, make_picture(7))

    assert matching.find_similar(only, SIMILAR).results.generation is None
    assert matching.search(file, SIMILAR, may_caption=True).results.generation is None


def test_a_known_file_finds_itself_and_what_is_like_it(
    matching: Matching, captioner: SayingCaptioner, tmp_path: Path
) -> None:
    matched = matching.search(find_file(tmp_path / "log.jpg", tmp_path), SIMILAR, may_caption=True)

    assert matched.matched_by == "sha256"
    assert [hit.location for hit in matched.results.hits] == ["log.jpg", "hoop.jpg", "field.png", "city.jpg"]
    assert [hit.why.near_duplicate for hit in matched.results.hits] == [True, False, False, False]
    assert captioner.asked == 0


@pytest.mark.parametrize(("size", "quality"), [((320, 240), 40), ((1280, 960), 90), ((640, 480), 15)])
def test_a_shrunk_or_recompressed_copy_is_recognised(
    matching: Matching, tmp_path: Path, size: tuple[int, int], quality: int
) -> None:
    copy = _write(tmp_path, make_picture(0, size=size), quality=quality)

    matched = matching.search(copy, SIMILAR, may_caption=False)

    assert matched.matched_by == "perceptual_hash"
    assert (matched.results.hits[0].location, matched.results.hits[0].band) == ("log.jpg", "strong")
    assert matched.results.next_cursor is None


def test_near_duplicates_come_first_though_other_things_are_said_of_them(
    store: Store, matching: Matching, ids: dict[str, ImageId], indexing: Indexing, captioned: Event, tmp_path: Path
) -> None:
    twin = tmp_path / "twin.jpg"
    twin.write_bytes(image_bytes(0, size=(320, 240), quality=30))
    facts = read_image(twin, max_edge=256).facts
    twin_id = store.images.register_image(facts, find_file(twin, tmp_path), make_wanted()).image_id
    store.captions.store_answer(twin_id, make_answer("Abstract art."), captioner="import", model="import")
    indexing.run(captioned, Event())

    hits = matching.search(find_file(tmp_path / "log.jpg", tmp_path), SIMILAR, may_caption=False).results.hits
    folded = matching.search(
        find_file(tmp_path / "log.jpg", tmp_path), replace(SIMILAR, collapse="duplicates"), may_caption=False
    ).results.hits

    assert [hit.location for hit in hits[:3]] == ["log.jpg", "twin.jpg", "hoop.jpg"]
    assert [hit.band for hit in hits[:2]] == ["strong", "strong"]
    assert [(hit.location, hit.duplicates) for hit in folded[:2]] == [("log.jpg", 1), ("hoop.jpg", 0)]
    assert [hit.why.near_duplicate for hit in matching.find_similar(ids["log.jpg"], SIMILAR).results.hits].count(
        True
    ) == 1


def test_a_filter_hides_the_known_image_and_still_finds_what_is_like_it(matching: Matching, tmp_path: Path) -> None:
    pngs = replace(SIMILAR, filters=read_filters({"format": "png"}))

    matched = matching.search(find_file(tmp_path / "log.jpg", tmp_path), pngs, may_caption=False)

    assert matched.matched_by == "sha256"
    assert [hit.location for hit in matched.results.hits] == ["field.png"]


def test_an_unknown_image_is_captioned_and_searched_by_that(
    store: Store, matching: Matching, captioner: SayingCaptioner, tmp_path: Path
) -> None:
    file = _write(tmp_path, make_picture(50))

    matched = matching.search(file, replace(SIMILAR, strictness="normal"), may_caption=True)

    assert (matched.matched_by, captioner.asked) == ("caption", 1)
    assert matched.caption == ("A tall building in the night.", "City lights over the water.")
    assert matched.results.hits[0].location == "city.jpg"
    assert matched.results.hits[0].why.matched_terms
    assert store.images.find_image_id(read_image(file.path, max_edge=64).facts.sha256) is None


def test_nothing_is_asked_where_no_caption_is_wanted_or_the_file_or_filter_is_no_good(
    matching: Matching, captioner: SayingCaptioner, tmp_path: Path
) -> None:
    file = _write(tmp_path, make_picture(50))
    text = tmp_path / "text.jpg"
    text.write_text("no picture")

    unknown = matching.search(file, SIMILAR, may_caption=False)
    with pytest.raises(BadImageError):
        matching.search(find_file(text, tmp_path), SIMILAR, may_caption=True)
    with pytest.raises(QueryError, match="no filter mood"):
        matching.search(file, replace(SIMILAR, filters=read_filters({"mood": "happy"})), may_caption=True)
    with pytest.raises(QueryError, match="one page"):
        matching.search(file, replace(SIMILAR, cursor="abc"), may_caption=True)

    assert (unknown.matched_by, unknown.results.no_match, captioner.asked) == (None, True, 0)
