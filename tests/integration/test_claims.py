"""Requests are claims: nobody pays for an image that somebody is paying for, and the claims of the dead are free."""

from concurrent.futures import ThreadPoolExecutor

from indexer.catalog.store import Store
from indexer.models import PromptId, RequestId, RunId, Usage
from tests.factories import add_image, make_answer, make_failure, make_prompt


def test_one_of_many_claims_at_once_wins(store: Store, run_id: RunId) -> None:
    prompt_id = _prompt(store)
    image_id = add_image(store)

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda _: _claim(store, run_id, image_id, prompt_id), range(32)))

    assert sum(claim is not None for claim in claims) == 1


def test_a_captioned_image_cannot_be_claimed(store: Store, run_id: RunId) -> None:
    prompt_id = _prompt(store)
    image_id = add_image(store)
    request_id = _claim(store, run_id, image_id, prompt_id)
    store.captions.store_answer(
        image_id, make_answer(prompt_id=prompt_id), captioner="openai", model="m", request_id=request_id
    )

    assert _claim(store, run_id, image_id, prompt_id) is None


def test_another_model_or_revision_may_be_asked_about_a_captioned_image(store: Store, run_id: RunId) -> None:
    prompt_id = _prompt(store)
    newer = store.prompts.register_prompt(make_prompt("Describe better.")).id
    image_id = add_image(store)
    store.captions.store_answer(image_id, make_answer(prompt_id=prompt_id), captioner="openai", model="m")
    assert newer is not None

    assert _claim(store, run_id, image_id, newer) is not None


def test_the_claims_of_a_dead_run_are_free_at_once(store: Store, run_id: RunId) -> None:
    prompt_id = _prompt(store)
    image_id = add_image(store)
    with store.runs.running("dies", {}) as dead_run:
        claimed = _claim(store, dead_run, image_id, prompt_id)
        while_alive = _claim(store, run_id, image_id, prompt_id)

    assert claimed is not None
    assert while_alive is None
    assert _claim(store, run_id, image_id, prompt_id) is not None


def test_abandoned_requests_are_closed_and_living_ones_are_not(store: Store, run_id: RunId) -> None:
    prompt_id = _prompt(store)
    with store.runs.running("dies", {}) as dead_run:
        _claim(store, dead_run, add_image(store, "a"), prompt_id)
    _claim(store, run_id, add_image(store, "b"), prompt_id)

    assert store.requests.lose_abandoned() == 1
    assert store.requests.lose_abandoned() == 0


def test_a_run_sees_what_another_run_is_asking_for(store: Store, run_id: RunId) -> None:
    prompt_id = _prompt(store)
    mine, theirs = add_image(store, "mine"), add_image(store, "theirs")
    _claim(store, run_id, mine, prompt_id)

    with store.runs.running("other", {}) as other:
        _claim(store, other, theirs, prompt_id)

        assert store.requests.find_claimed_elsewhere(run_id, [mine, theirs]) == {(theirs, None)}


def test_a_quarantined_image_is_asked_again_only_on_request(store: Store, run_id: RunId) -> None:
    prompt_id = _prompt(store)
    image_id = add_image(store)
    refusal = make_answer("I'm sorry.", prompt_id=prompt_id, quarantine="the reply is a refusal")
    store.captions.store_answer(image_id, refusal, captioner="openai", model="m")

    assert _claim(store, run_id, image_id, prompt_id) is None
    assert _claim(store, run_id, image_id, prompt_id, retry=True) is not None


def test_a_refused_image_is_not_asked_again_at_its_other_location(store: Store, run_id: RunId) -> None:
    prompt_id = _prompt(store)
    image_id = add_image(store)
    refusal = make_failure(stage="caption", reason="refused", captioner="openai", model="m", image_id=image_id)
    store.failures.record_failure(run_id, refusal)

    assert _claim(store, run_id, image_id, prompt_id) is None


def test_a_request_that_brought_nothing_is_in_the_ledger(store: Store, run_id: RunId) -> None:
    request_id = _claim(store, run_id, add_image(store), _prompt(store))
    assert request_id is not None

    store.requests.close_request(request_id, "refused", attempts=2, usage=Usage(input_tokens=7, cost_usd=0.5))

    assert store.status.count_everything().cost_usd == 0.5


def _prompt(store: Store) -> PromptId:
    prompt_id = store.prompts.register_prompt(make_prompt()).id
    assert prompt_id is not None
    return prompt_id


def _claim(store: Store, run_id: RunId, image_id: int, prompt_id: PromptId, *, retry: bool = False) -> RequestId | None:
    return store.requests.claim_request(
        run_id,
        image_id,  # type: ignore[arg-type]
        [prompt_id],
        captioner="openai",
        model="m",
        retry=retry,
    )
