"""Which generations and captions are what a reindex is to arrive at."""

import pytest

from indexer.captioning.offline import OfflineCaptioner
from indexer.models import Generation, PromptId
from indexer.pipelines.reindexing.targets import Target
from tests.factories import make_generation, make_prompt

OFFLINE = Target(kind="retrieval", prompt=None, captioner=OfflineCaptioner(), embedder="all-MiniLM-L6-v2")


def made_offline(**changes: object) -> Generation:
    return make_generation(**{"captioner": "offline", "model": "offline", **changes})


def test_a_generation_with_the_same_prompt_captioner_model_and_embedder_is_of_a_target() -> None:
    assert OFFLINE.is_of(made_offline())


@pytest.mark.parametrize(
    "changes", [{"prompt_id": PromptId(1)}, {"captioner": "openai"}, {"model": "m"}, {"embedder": "another"}]
)
def test_a_generation_that_differs_in_anything_is_not(changes: dict[str, object]) -> None:
    assert not OFFLINE.is_of(made_offline(**changes))


def test_a_revision_that_is_not_numbered_yet_is_of_no_generation() -> None:
    planned = Target(kind="retrieval", prompt=make_prompt(), captioner=OfflineCaptioner(), embedder="all-MiniLM-L6-v2")

    assert not planned.is_of(made_offline(prompt_id=None))


def test_captions_of_a_target_are_made_with_its_prompt_and_captioner() -> None:
    making = OFFLINE.making(retry=True)

    assert (making.kind, making.prompt_id, making.captioner, making.model) == ("retrieval", None, "offline", "offline")
    assert (making.rank, making.retry) == (OfflineCaptioner.rank, True)
