"""Records of manifests: asked once for the same images, text, kind and model, and kept where they are written."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from indexer.catalog.store import Store
from indexer.catalog.store.records import Asked, KnownRecord
from indexer.models import Answer, Caption, FoundFile, FoundRecord, ImageId, RequestId, RunId
from tests.factories import add_image, make_answer, make_failure, make_found
from tests.integration.library import Library

MANIFEST = "/things.jsonl"
REFUSED = make_answer("I'm sorry.", quarantine="the reply is a refusal")


def test_one_of_many_claims_at_once_wins(store: Store, run_id: RunId) -> None:
    record = _add_record(store, add_image(store))

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: _claim(store, run_id, record), range(32)))

    assert sum(claim is not None for claim in claims) == 1


def test_the_claims_of_a_dead_run_are_free_and_those_of_a_living_one_are_told(store: Store, run_id: RunId) -> None:
    image_id = add_image(store)
    record = _add_record(store, image_id)
    with store.runs.running("dies", {}) as other:
        claimed, while_alive = _claim(store, other, record), _claim(store, run_id, record)
        elsewhere = store.requests.find_claimed_elsewhere(run_id, [image_id])

    assert (claimed is not None, while_alive) == (True, None)
    assert elsewhere == {(image_id, record.record_id)}
    assert _claim(store, run_id, record) is not None
    assert store.requests.lose_abandoned() == 1


@pytest.mark.parametrize(
    ("asked", "free"),
    [
        ({}, False),
        ({"kinds": ["retrieval", "alt_text"]}, False),
        ({"kinds": ["alt_text"]}, True),
        ({"model": "other"}, True),
        ({"captioner": "other"}, True),
        ({"retry": True}, False),
    ],
)
def test_an_answer_is_bought_once_for_each_kind_and_model(
    store: Store, run_id: RunId, asked: dict[str, Any], free: bool
) -> None:
    record = _add_record(store, add_image(store))
    _store(store, record, make_answer(), _claim(store, run_id, record))

    assert (_claim(store, run_id, record, **asked) is not None) == free


def test_a_quarantined_answer_is_asked_again_only_on_request(store: Store, run_id: RunId) -> None:
    record = _add_record(store, add_image(store))
    _store(store, record, REFUSED)

    assert _claim(store, run_id, record) is None
    assert _claim(store, run_id, record, retry=True) is not None
    assert _known(store).reason == "the reply is a refusal"


def test_the_answer_for_a_single_image_makes_it_searchable(store: Store) -> None:
    image_id = add_image(store)

    _store(store, _add_record(store, image_id), make_answer("A mug."))

    [caption] = store.captions.find_captions(image_id)
    assert (caption.sentences, caption.captioner, caption.prompt_revision) == (["A mug."], "openai", None)


@pytest.mark.parametrize(
    ("answer", "images"),
    [
        (make_answer(), 2),
        (REFUSED, 1),
        (Answer(captions=(Caption(kind="alt_text", sentences=("A mug",)),)), 1),
    ],
    ids=["of two images", "quarantined", "of another kind"],
)
def test_an_answer_that_is_no_caption_of_one_image_stays_the_records(store: Store, answer: Answer, images: int) -> None:
    image_ids = [add_image(store, name) for name in "ab"[:images]]

    _store(store, _add_record(store, *image_ids), answer)

    assert store.captions.find_captions(image_ids[0]) == []


def test_a_caption_by_a_model_is_not_replaced_and_an_imported_one_is_outranked(store: Store) -> None:
    described, imported = add_image(store, "a"), add_image(store, "b", "Mine.")
    store.captions.store_answer(described, make_answer("Before."), captioner="openai", model="m")

    _store(store, _add_record(store, described, position=1), make_answer("After."))
    _store(store, _add_record(store, imported, position=2), make_answer("After."))

    assert [caption.sentences for caption in store.captions.find_captions(described)] == [["Before."]]
    assert [caption.sentences for caption in store.captions.find_captions(imported)] == [["After."], ["Mine."]]


def test_an_image_can_be_claimed_while_a_record_with_it_is_asked_about(store: Store, run_id: RunId) -> None:
    image_id = add_image(store)
    _claim(store, run_id, _add_record(store, image_id))

    assert store.requests.find_claimed_elsewhere(RunId(0), [image_id]) == {(image_id, 1)}
    assert (
        store.requests.claim_request(run_id, image_id, [1], captioner="openai", model="m")  # type: ignore[list-item]
        is not None
    )


def test_a_changed_line_is_another_record_and_a_lost_one_is_forgotten(store: Store) -> None:
    first, second = add_image(store, "a"), add_image(store, "b")
    _add_record(store, first, position=1)
    _add_record(store, second, position=2)

    store.records.keep_lines(MANIFEST, [_line(1, "{}"), _line(2, '{"other": 1}')])
    unchanged = store.records.find_known([_line(1), _line(2)], _asked())
    store.records.drop_other_lines(MANIFEST, [2])

    assert list(unchanged) == ["/things.jsonl:1"]
    assert [line.position for line in store.records.find_lines("retrieval")] == [2]


def test_failures_of_lines_are_forgotten_but_for_records_where_they_were(store: Store, run_id: RunId) -> None:
    refused = _add_record(store, add_image(store), position=1)
    for position, stage, record_id in ((1, "caption", refused.record_id), (2, "record", None), (3, "caption", 1)):
        failure = make_failure(f"{MANIFEST}:{position}", stage=stage, record_id=record_id)
        store.failures.record_failure(run_id, failure)
    store.failures.record_failure(run_id, make_failure("/other.jsonl:1", stage="record"))

    store.records.drop_other_lines(MANIFEST, [1, 2, 3])

    left = {failure.location for failure in store.failures.find_failures()}
    assert left == {f"{MANIFEST}:1", "/other.jsonl:1"}


def test_an_answer_clears_the_records_failures(store: Store, run_id: RunId) -> None:
    record = _add_record(store, add_image(store))
    for position in (1, 9):
        failure = make_failure(f"{MANIFEST}:{position}", stage="caption", record_id=record.record_id)
        store.failures.record_failure(run_id, failure)

    _store(store, record, make_answer())

    assert store.failures.find_failures() == []


def test_a_record_that_another_model_answers_is_no_failure(store: Store, run_id: RunId) -> None:
    record = _add_record(store, add_image(store))
    _store(store, record, make_answer(), model="other")
    failure = make_failure(f"{MANIFEST}:1", stage="caption", record_id=record.record_id, quarantined=True)
    store.failures.record_failure(run_id, failure)

    _store(store, record, REFUSED)

    assert _known(store).reason is None
    assert (store.failures.find_failures(), store.status.count_everything().failures) == ([], 0)


def test_a_kind_without_a_usable_answer_is_a_failure_whatever_the_others_are(store: Store, run_id: RunId) -> None:
    record = _add_record(store, add_image(store))
    failure = make_failure(f"{MANIFEST}:1", stage="caption", record_id=record.record_id, quarantined=True)
    store.failures.record_failure(run_id, failure)

    _store(store, record, replace(REFUSED, captions=(*REFUSED.captions, Caption(kind="alt_text", sentences=("Mug",)))))

    assert _known(store).reason == "the reply is a refusal"
    assert store.status.count_everything().quarantined == 1


def test_a_line_whose_images_have_changed_forgets_what_the_record_before_failed_with(
    store: Store, run_id: RunId
) -> None:
    before, after = add_image(store, "a"), add_image(store, "b")
    record = _add_record(store, before)
    failure = make_failure(f"{MANIFEST}:1", stage="caption", record_id=record.record_id)
    store.failures.record_failure(run_id, failure)

    store.records.register_record(_line(), bytes(32), [after], _asked())

    assert store.failures.find_failures() == []


def test_lines_come_with_the_latest_answer_of_a_kind_page_by_page(store: Store) -> None:
    for position, name in enumerate("abc", start=1):
        record = _add_record(store, add_image(store, name), position=position)
        _store(store, record, make_answer(f"First {name}."))
    _store(store, record, make_answer("Last c."), model="other")

    first = store.records.find_lines("retrieval", limit=2)
    rest = store.records.find_lines("retrieval", after=(MANIFEST, 2), limit=2)

    assert [line.sentences for line in [*first, *rest]] == [["First a."], ["First b."], ["Last c."]]
    assert [line.sentences for line in store.records.find_lines("alt_text")] == [None] * 3
    assert store.records.find_lines("retrieval", manifest="/other.jsonl") == []


def test_a_plain_files_line_has_the_caption_that_serves(store: Store) -> None:
    image_id = add_image(store, "a", "Imported.")
    store.captions.store_answer(image_id, make_answer("By a model."), captioner="openai", model="m")
    store.records.keep_lines(MANIFEST, [_line(1, images=(make_found("a.jpg"),))])

    [line] = store.records.find_lines("retrieval")

    assert line.sentences == ["By a model."]


def test_a_plain_files_line_has_the_caption_that_is_live_and_not_a_renewal(library: Library, store: Store) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    live, building = library.generation(old, "live"), library.generation(new, "building")
    both, renewed = add_image(store, "a"), add_image(store, "b")
    library.say(both, "With the old prompt.", old)
    for image_id in (both, renewed):
        library.say(image_id, "With the new prompt.", new, renewal=True)
    store.records.keep_lines(
        MANIFEST, [_line(n, images=(make_found(f"{name}.jpg"),)) for n, name in ((1, "a"), (2, "b"))]
    )
    before = [line.sentences for line in store.records.find_lines("retrieval")]
    library.activate(building)
    switched = [line.sentences for line in store.records.find_lines("retrieval")]

    assert store.generations.activate(live)

    assert before == [["With the old prompt."], None]
    assert switched == [["With the new prompt."]] * 2
    assert [line.sentences for line in store.records.find_lines("retrieval")] == [
        ["With the old prompt."],
        ["With the new prompt."],
    ]


def test_a_renewal_does_not_keep_a_records_answer_from_the_live_generation(library: Library, store: Store) -> None:
    old, new = library.prompt("Old."), library.prompt("New.")
    live, building, image_id = library.generation(old, "live"), library.generation(new, "building"), add_image(store)
    library.say(image_id, "With the new prompt.", new, renewal=True)

    _store(store, _add_record(store, image_id), make_answer("Of a record."))

    assert library.serving(live) == {image_id: "Of a record."}
    assert library.serving(building) == {image_id: "With the new prompt."}


def test_images_of_records_of_several_are_counted_while_they_have_no_caption(store: Store) -> None:
    first, second, single = add_image(store, "a"), add_image(store, "b"), add_image(store, "c")
    _add_record(store, first, second, position=1)
    _add_record(store, single, position=2)
    before = store.records.count_bare_images([MANIFEST])

    store.captions.store_answer(first, make_answer(), captioner="openai", model="m")

    assert (before, store.records.count_bare_images([MANIFEST])) == (2, 1)
    assert store.records.count_bare_images(["/other.jsonl"]) == 0


def _line(position: int = 1, written: str = "{}", images: tuple[FoundFile, ...] = ()) -> FoundRecord:
    return FoundRecord(manifest=MANIFEST, position=position, written=written, images=images)


def _add_record(store: Store, *image_ids: ImageId, position: int = 1) -> KnownRecord:
    key = bytes(31) + bytes([position])
    store.records.keep_lines(MANIFEST, [_line(position)])
    return store.records.register_record(_line(position), key, image_ids, _asked())


def _known(store: Store) -> KnownRecord:
    return store.records.find_known([_line()], _asked())[f"{MANIFEST}:1"]


def _asked(**changes: Any) -> Asked:
    return Asked(**{"kinds": ["retrieval"], "captioner": "openai", "model": "m", **changes})


def _claim(store: Store, run_id: RunId, record: KnownRecord, **changes: Any) -> RequestId | None:
    return store.records.claim_record(run_id, record.record_id, _asked(**changes))


def _store(
    store: Store, record: KnownRecord, answer: Answer, request_id: RequestId | None = None, *, model: str = "m"
) -> None:
    store.records.store_answer(record.record_id, answer, captioner="openai", model=model, rank=2, request_id=request_id)
