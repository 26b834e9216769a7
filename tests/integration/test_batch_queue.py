"""Batches that a killed process left: found, or freed, whatever it was doing."""

from pathlib import Path

import pytest

from indexer.captioning.openai_batches import OpenAIBatches, batch_line
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.catalog.store import Store
from indexer.errors import ModelUnusableError
from indexer.models import ImageId, Prompt, RequestId, RunId
from indexer.openai_client import build_client
from indexer.pipelines.batches.batch_queue import BatchQueue
from indexer.pipelines.batches.request_files import RequestFile
from indexer.pipelines.run import Run
from indexer.pipelines.spending import Budget
from indexer.pricing import Prices
from tests.factories import add_image, make_prompt
from tests.fakes.openai_server import FakeOpenAI

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def captioner(openai_server: FakeOpenAI) -> OpenAICaptioner:
    client = build_client(api_key=openai_server.key, base_url=openai_server.base_url, timeout_s=10)
    return OpenAICaptioner(client, model="gpt-4o-mini", max_edge=768, prices=Prices({}))


@pytest.fixture
def batches(captioner: OpenAICaptioner) -> OpenAIBatches:
    return OpenAIBatches(captioner.client)


@pytest.fixture
def prompt(store: Store) -> Prompt:
    return store.prompts.register_prompt(make_prompt())


def open_request(store: Store, run_id: RunId, image_id: ImageId, prompt: Prompt) -> RequestId:
    assert prompt.id is not None
    claimed = store.requests.claim_request(run_id, image_id, [prompt.id], captioner="openai", model="gpt-4o-mini")
    assert claimed is not None
    return claimed


def make_queue(
    store: Store, run_id: RunId, captioner: OpenAICaptioner, batches: OpenAIBatches, *, retry_failed: bool = False
) -> BatchQueue:
    run = Run(id=run_id, store=store, captioner=captioner, prompts=(), budget=Budget(1.0), retry_failed=retry_failed)
    return BatchQueue(run, batches, captioner, tell=lambda _: None)


def make_file(folder: Path, captioner: OpenAICaptioner, request_id: RequestId) -> RequestFile:
    file = RequestFile(folder, captioner.dialect)
    file.add(request_id, batch_line(str(request_id), BODY))
    return file


def test_a_batch_that_began_as_its_process_died_is_found_by_its_key(
    store: Store, run_id: RunId, captioner: OpenAICaptioner, batches: OpenAIBatches, prompt: Prompt, tmp_path: Path
) -> None:
    request_id = open_request(store, run_id, add_image(store), prompt)
    file = make_file(tmp_path, captioner, request_id)
    store.requests.put_in_batch([request_id], file.key)
    begun = batches.create(file.path, file.key, file.dialect)
    queue = make_queue(store, run_id, captioner, batches)

    queue.adopt()

    assert [sent.id for sent in queue.sent] == [begun]
    assert [batch.batch for batch in store.requests.find_batches()] == [begun]
    assert store.requests.get_batched(request_id, begun) is not None


def test_the_images_of_a_batch_that_never_began_are_free_again(
    store: Store, run_id: RunId, captioner: OpenAICaptioner, batches: OpenAIBatches, prompt: Prompt
) -> None:
    image_id = add_image(store)
    request_id = open_request(store, run_id, image_id, prompt)
    store.requests.put_in_batch([request_id], "caption-search-0123")
    queue = make_queue(store, run_id, captioner, batches)

    queue.adopt()

    assert queue.sent == []
    assert store.requests.find_batched([image_id]) == set()
    assert open_request(store, run_id, image_id, prompt) != request_id


def test_a_batch_of_another_account_is_not_paid_again_unless_asked(
    store: Store, run_id: RunId, captioner: OpenAICaptioner, batches: OpenAIBatches, prompt: Prompt
) -> None:
    image_id = add_image(store)
    store.requests.put_in_batch([open_request(store, run_id, image_id, prompt)], "batch_elsewhere")

    with pytest.raises(ModelUnusableError, match="1 image waits for batch batch_elsewhere"):
        make_queue(store, run_id, captioner, batches).adopt()
    kept = store.requests.find_batched([image_id])
    make_queue(store, run_id, captioner, batches, retry_failed=True).adopt()

    assert (kept, store.requests.find_batched([image_id])) == ({image_id}, set())


def test_a_batched_image_is_nobody_elses_though_its_run_is_over(store: Store, prompt: Prompt) -> None:
    image_id = add_image(store)
    assert prompt.id is not None
    with store.runs.running("ingest", {}) as dead:
        store.requests.put_in_batch([open_request(store, dead, image_id, prompt)], "batch_1")

    lost = store.requests.lose_abandoned()
    with store.runs.running("ingest", {}) as alive:
        claimed = store.requests.claim_request(alive, image_id, [prompt.id], captioner="openai", model="gpt-4o-mini")

    assert (lost, claimed) == (0, None)


def test_one_process_at_a_time_sends_and_collects(store: Store) -> None:
    with store.requests.hold_batches() as first, store.requests.hold_batches() as second:
        assert (first, second) == (True, False)
    with store.requests.hold_batches() as again:
        assert again


def test_requests_that_were_never_sent_leave_no_trace(store: Store, run_id: RunId, prompt: Prompt) -> None:
    image_id = add_image(store)
    request_id = open_request(store, run_id, image_id, prompt)

    store.requests.drop_unsent([request_id])

    assert open_request(store, run_id, image_id, prompt) > request_id
    assert [cost.requests for cost in store.status.sum_costs()] == []
