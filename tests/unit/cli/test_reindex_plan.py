"""A reindex's plan in sentences."""

import openai
import pytest

from indexer.captioning.offline import OfflineCaptioner
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.cli.reindex_plan import Forecast, describe_plan
from indexer.models import PromptId
from indexer.pipelines.planning import Plan
from indexer.pipelines.reindexing.planning import Renewal
from indexer.pipelines.reindexing.targets import Target
from indexer.pricing import Prices
from tests.factories import make_generation, make_prompt

MODEL = "gpt-4o-mini"
LIVE = make_generation(prompt_id=PromptId(1), prompt_revision=1, model=MODEL)
OFFLINE = Target(kind="retrieval", prompt=None, captioner=OfflineCaptioner(), embedder=LIVE.embedder)


def make_target(*, kind: str = "retrieval", revision: int = 2, embedder: str = LIVE.embedder) -> Target:
    """Make what asks a model with a revision."""
    return Target(
        kind=kind,
        prompt=make_prompt(kind=kind, id=PromptId(revision), revision=revision),
        captioner=OpenAICaptioner(openai.OpenAI(api_key="sk"), model=MODEL, max_edge=768, prices=Prices({})),
        embedder=embedder,
    )


def make_plan(to_do: int = 0, batched: int = 0) -> Plan:
    plan = Plan(to_do=to_do, requests=to_do, tokens=1000, cost_usd=0.5, most_cost_usd=1, answers_s=600)
    plan.counts["batched"] = batched
    return plan


def told(
    target: Target, plan: Plan, *, images: int = 60, at_once: int | None = 10, budget_usd: float | None = None
) -> list[str]:
    """Return what is said of a plan."""
    renewal = Renewal(images=images, asking=plan, made=None)
    forecast = Forecast(
        live=LIVE, target=target, renewal=renewal, at_once=at_once, embedding_s=None, budget_usd=budget_usd
    )
    return list(describe_plan(forecast))


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (make_plan(60), "60 images: 60 to be captioned anew, 0 have an answer to this prompt already."),
        (
            make_plan(1, 58),
            "60 images: 1 to be captioned anew, 58 wait in a batch, 1 has an answer to this prompt already.",
        ),
    ],
)
def test_a_plan_tells_what_is_asked_what_waits_and_what_is_there(plan: Plan, said: str) -> None:
    assert said in told(make_target(), plan)


def test_the_way_of_an_estimate_belongs_to_its_price() -> None:
    at_once, in_batches = told(make_target(), make_plan(1)), told(make_target(), make_plan(2), at_once=None)

    price = "some 1,000 tokens, $0.5000 (never over $1.0000), as earlier requests took"
    assert f"1 request to gpt-4o-mini: {price}; 0:01:00 at 10 in flight." in at_once
    assert f"2 requests to gpt-4o-mini: {price}; within a day in batches." in in_batches


@pytest.mark.parametrize(("budget_usd", "suffices"), [(0.4, False), (0.5, True), (None, True)])
def test_a_budget_that_will_not_suffice_is_told_before(budget_usd: float | None, suffices: bool) -> None:
    said = [line for line in told(make_target(), make_plan(60), budget_usd=budget_usd) if "budget" in line]

    expected = "The budget of $0.4 will not suffice: run the same command again, and it goes on from there."
    assert said == ([] if suffices else [expected])


def test_a_generation_that_is_there_is_named_by_its_revision() -> None:
    assert told(make_target(revision=1), make_plan())[0] == (
        "The live generation 1 is made so already (revision 1, openai:gpt-4o-mini, all-MiniLM-L6-v2): what it lacks is "
        "brought in."
    )


def test_a_kind_that_no_image_has_is_told_with_what_makes_it() -> None:
    assert told(make_target(kind="alt_text"), make_plan(), images=0)[1] == (
        "No image has captions of kind alt_text yet: `indexer ingest FOLDER --kinds alt_text` makes them."
    )


def test_offline_captions_are_said_to_replace_none_of_a_model() -> None:
    said = told(OFFLINE, make_plan())

    assert said[1] == "60 images: 0 to be captioned anew, 60 have such captions already, or better ones."
    assert said[2] == (
        "Captions made offline rank lower than those of a model: where an image has one, it stays, and nothing would "
        "come of this."
    )
