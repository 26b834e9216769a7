"""What a reindex would ask: what waits is no request, and an estimate is what earlier requests took."""

from indexer.catalog.store import Store
from indexer.catalog.store.renewals import Making
from indexer.models import PromptId, RunId, Usage
from indexer.pipelines.reindexing.planning import plan_renewal
from tests.factories import add_image, make_prompt
from tests.integration.reindexes import MODEL, Reindexes


def answer_all(store: Store, run_id: RunId, prompt_id: PromptId, requests: int) -> None:
    """Let so many requests with a prompt be answered."""
    usage = Usage(input_tokens=100, output_tokens=20, cost_usd=0.001)
    for number in range(requests):
        image_id = add_image(store, f"asked {prompt_id} {number}")
        request_id = store.requests.open_request(run_id, image_id, [prompt_id], captioner="openai", model=MODEL)
        store.requests.close_request(request_id, "answered", attempts=1, usage=usage)


def test_what_waits_in_a_batch_for_this_making_is_not_counted_as_to_be_asked(
    store: Store, making: Making, run_id: RunId
) -> None:
    older = store.prompts.register_prompt(make_prompt()).id
    assert older is not None
    assert making.prompt_id is not None
    for name, prompt_id, model in (("a", making.prompt_id, "m"), ("b", making.prompt_id, "n"), ("c", older, "m")):
        image_id = add_image(store, name, "A cat.")
        claimed = store.requests.claim_request(run_id, image_id, [prompt_id], captioner="openai", model=model)
        assert claimed is not None
        store.requests.put_in_batch([claimed], "batch_1")
    add_image(store, "d", "A cat.")

    [size] = store.renewals.count_stale(making)

    assert (size.images, size.batched) == (3, 1)


def test_an_estimate_is_measured_by_the_newest_revision_that_enough_requests_were_sent_with(
    reindexes: Reindexes, run_id: RunId
) -> None:
    store = reindexes.store
    revised = store.prompts.register_prompt(make_prompt("Sent in a batch.")).id
    assert revised is not None
    answer_all(store, run_id, reindexes.first, 20)
    answer_all(store, run_id, revised, 19)

    renewal = plan_renewal(store, reindexes.choose("Say more."), retry=False, price_share=1)

    assert (renewal.asking.is_measured, renewal.asking.requests) == (True, 3)
    assert renewal.asking.tokens == 3 * 120
