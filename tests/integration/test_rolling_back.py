"""The way back: where a rollback leads, whatever was done since, and what does not undo it unasked."""

from dataclasses import replace

from indexer.catalog.store import Store
from indexer.models import GenerationId
from indexer.pipelines.generations.switching import roll_back
from indexer.pipelines.reindexing.targets import Target
from tests.fakes.openai_server import FakeOpenAI
from tests.integration.library import Library
from tests.integration.reindexes import Reindexes

FIRST, SECOND = GenerationId(1), GenerationId(2)


def back_to_the_first(reindexes: Reindexes, target: Target) -> Target:
    return replace(target, prompt=reindexes.store.prompts.get_prompt(reindexes.first))


def test_a_rollback_leads_back_to_what_a_reindex_took_up_and_did_not_activate(reindexes: Reindexes) -> None:
    target = reindexes.choose("Say more.")
    reindexes.reindex(target)
    reindexes.reindex(back_to_the_first(reindexes, target), activate=False)
    taken_up = reindexes.states

    switch = roll_back(reindexes.store)

    assert taken_up == ["ready", "live"]
    assert (switch.live.id, reindexes.states) == (FIRST, ["live", "retired"])


def test_a_rollback_leads_past_what_was_ready_and_never_live(library: Library, store: Store) -> None:
    first, second = library.generation(None, "live", captioner="import"), library.generation(None, "ready")
    library.activate(second)
    library.generation(None, "ready")

    assert roll_back(store).live.id == first


def test_what_was_taken_back_is_not_activated_again_unless_that_is_asked_for(
    reindexes: Reindexes, openai_server: FakeOpenAI
) -> None:
    target = reindexes.choose("Say more.")
    reindexes.reindex(target)
    roll_back(reindexes.store)

    plain, _ = reindexes.reindex(target)
    held_back = reindexes.states
    insisted, _ = reindexes.reindex(target, activate=True)

    assert (plain.is_refused, held_back) == (True, ["live", "ready"])
    assert plain.verdict is not None
    assert plain.verdict.reason.startswith("It was live before and was taken back: ")
    assert (insisted.is_refused, reindexes.states) == (False, ["retired", "live"])
    assert len(openai_server.accepted) == 3


def test_a_generation_that_is_live_again_is_not_taken_back_any_more(library: Library, store: Store) -> None:
    first, second = library.generation(None, "live", captioner="import"), library.generation(None, "ready")
    library.activate(second)
    roll_back(store)
    while_back = store.generations.get_generation(second).taken_back

    roll_back(store)

    taken_back = [store.generations.get_generation(each).taken_back for each in (first, second)]
    assert (while_back, taken_back) == (True, [True, False])
