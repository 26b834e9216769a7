"""`indexer reindex`: a new index beside the old one, planned, measured, switched."""

import json
from pathlib import Path

import pytest

from indexer.catalog.store import Store
from tests.e2e.conftest import Command
from tests.e2e.reindexes import count_revisions, find_faults, find_folder, find_verdicts, states
from tests.e2e.subjects import SUBJECTS, describe_well, evade, say_nothing, write_golden
from tests.fakes.openai_server import Asked, FakeOpenAI, Reply, describe, pixels_key
from tests.images import write_images
from tests.prompts import write_revision
from tests.tiny_blip import write_blip
from tests.tiny_embedders import write_embedder

IMAGES = len(SUBJECTS)


def best_caption(command: Command, query: str = SUBJECTS[0]) -> tuple[int, str]:
    """Return which generation answered a search, and the caption of its first hit."""
    flags = ("--strictness", "low", "--mode", "dense", "--limit", "1", "--json")
    [answer] = command("search", query, *flags).lines
    return answer["generation"]["id"], answer["hits"][0]["caption"]


def test_a_revised_prompt_is_planned_asked_once_and_switched(indexed: Command, openai_server: FakeOpenAI) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer = describe_well
    write_revision(indexed.folder, "Say more.")

    said, [plan] = indexed("reindex", "--dry-run").out, indexed("reindex", "-n", "--json").lines
    asked, numbered = len(openai_server.accepted), count_revisions(database)
    held_back, before = indexed("reindex", "--no-activate"), best_caption(indexed)
    waiting = [line for line in indexed("prompts", "list", "--json").lines if line["kind"] == "retrieval"]
    switched, after = indexed("reindex", "--json"), best_caption(indexed)
    again, status = indexed("reindex"), indexed("status", "--json").lines[0]
    runs = indexed("runs").out

    assert (asked, numbered) == (0, 1)
    assert "A new generation with the new wording by openai:gpt-4o-mini" in said
    assert f"{IMAGES} requests to gpt-4o-mini: some 26,400 tokens, $0.0050" in said
    assert said.endswith("Nothing was sent.\n")
    assert (plan["to_do"], plan["requests"], plan["tokens"], plan["is_live"]) == (IMAGES, IMAGES, 26_400, False)
    assert plan["cost_usd"] == pytest.approx(IMAGES * (1000 * 0.15 + 100 * 0.60) / 1e6, abs=1e-4)
    assert plan["seconds"] > 0
    assert held_back.code == 0, held_back.err
    assert "Generation 2 stays ready" in held_back.out
    assert (
        f"{IMAGES} images captioned, {IMAGES} entries written, {IMAGES} requests, 26,400 tokens, $0.0050, "
        in held_back.out
    )
    assert [(line["revision"], line["in_force"], line["live"]) for line in waiting] == [
        (2, True, False),
        (1, False, True),
    ]
    assert not {"\r", "\x1b"} & set(held_back.err)
    assert list(openai_server.asked_for().values()) == [1] * IMAGES
    summary = switched.lines[-1]
    assert switched.code == 0, switched.err
    assert (summary["generation"], summary["state"], summary["activated"], summary["measured"]) == (
        2,
        "live",
        True,
        False,
    )
    assert (summary["requests"], summary["captioned"], summary["failed"], summary["cost_usd"]) == (0, 0, 0, 0)
    assert summary["verdict"].startswith("It was not measured")
    assert [before[0], after[0], status["generation"]["id"]] == [1, 2, 2]
    assert (again.code, again.out) == (0, "Nothing was to do: generation 2 is live already.\n"), again.err
    assert runs.count("generation 2") == 3
    assert find_faults(database) == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--kind", "alt_text", "--golden", "golden.jsonl"), "--golden cannot be used with --kind alt_text"),
        (("--kind", "alt_text", "--tolerance", "0"), "--tolerance cannot be used with --kind alt_text"),
        (("--kind", "alt_text", "--no-activate"), "--no-activate cannot be used with --kind alt_text"),
        (("--embedder", "x", "--model", "y"), "--model cannot be used with --embedder"),
    ],
)
def test_flags_that_do_not_go_together_are_a_usage_error(indexer: Command, flags: tuple[str, ...], said: str) -> None:
    refused = indexer("reindex", *flags)

    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err


def test_an_embedder_that_is_not_here_is_not_fetched_to_be_timed(indexed: Command) -> None:
    planned = indexed("reindex", "-n", "--embedder", "nobody/nothing")

    assert (planned.code, planned.err) == (
        0,
        "nobody/nothing is not on this machine yet, so how long it takes to embed is not known.\n",
    )
    assert f"{IMAGES} entries to embed with nobody/nothing." in planned.out


def test_the_gate_refuses_what_says_nothing_or_less_and_activates_what_says_more(
    indexed: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    database = indexed.variables["DATABASE_URL"]
    golden = write_golden(tmp_path / "golden.jsonl", "no json")
    openai_server.answer = say_nothing
    write_revision(indexed.folder, "Say nothing.")
    nothing, paid = indexed("reindex"), len(openai_server.accepted)
    nothing_again, paid_again = indexed("reindex", "--json").lines[-1], len(openai_server.accepted)
    openai_server.answer = evade
    write_revision(indexed.folder, "Be vague.")
    vague, serving_then = indexed("reindex", "--golden", golden), best_caption(indexed)
    tolerated = indexed("reindex", "--golden", golden, "--tolerance", "0.9")
    openai_server.answer = describe_well
    write_revision(indexed.folder, "Say more.")
    judge_subjects(database)
    better = indexed("reindex")

    assert nothing.code == 4, nothing.err
    assert "Only 0.0% of its entries are made of the new captions" in nothing.out
    assert f"{IMAGES} answers were of no use: older captions of these images serve on" in nothing.out
    assert "images failed" not in nothing.out
    assert (nothing_again["state"], nothing_again["activated"], paid_again) == ("ready", False, paid)
    assert "made of the new captions" in nothing_again["verdict"]
    assert vague.code == 4, vague.err
    assert f"golden.jsonl:{IMAGES + 1}: it is no JSON object; the query is left out." in vague.err
    [fell] = [line for line in vague.out.splitlines() if line.startswith("recall@10 fell from 1.000 to 0.")]
    assert fell.endswith(f" over {IMAGES} queries.")
    assert "Generation 3 stays ready, and the live one goes on answering" in vague.out
    assert serving_then == (1, f"A {SUBJECTS[0]}.")
    assert "`indexer generations compare 1 3` shows both" in vague.out
    assert tolerated.code == 3, tolerated.err
    assert tolerated.err.endswith("1 fault in the golden file, told above.\n")
    assert fell in tolerated.out
    assert "Generation 3 is live; `indexer generations rollback` takes it back." in tolerated.out
    assert better.code == 0, better.err
    assert "recall@10 rose from 0." in better.out
    assert f"to 1.000 over {IMAGES} queries." in better.out
    assert states(database) == ["retired", "ready", "retired", "live"]
    assert len(openai_server.accepted) == paid + 2 * IMAGES
    assert find_verdicts(database)[1:3] == [nothing_again["verdict"], fell]


def test_what_the_gate_refuses_is_activated_by_flags(indexed: Command, openai_server: FakeOpenAI) -> None:
    openai_server.answer = say_nothing
    write_revision(indexed.folder, "Say nothing.")

    refused, accepted = indexed("reindex"), indexed("reindex", "--min-fresh", "0")
    write_revision(indexed.folder, "Say nothing at all.")
    insisted = indexed("reindex", "--activate", "--json")

    assert [refused.code, accepted.code] == [4, 0], refused.err + accepted.err
    assert (insisted.code, insisted.lines[-1]["state"], insisted.lines[-1]["activated"]) == (3, "live", True)
    assert states(indexed.variables["DATABASE_URL"]) == ["retired", "retired", "live"]


def test_what_was_rolled_back_is_switched_on_again_only_where_that_is_said(
    indexed: Command, openai_server: FakeOpenAI
) -> None:
    openai_server.answer = describe_well
    write_revision(indexed.folder, "Say more.")
    indexed("reindex")
    indexed("generations", "rollback")

    plain, insisted = indexed("reindex"), indexed("reindex", "--activate")

    assert plain.code == 4, plain.err
    assert "It was live before and was taken back: --golden FILE would measure it" in plain.out
    assert insisted.code == 0, insisted.err
    assert states(indexed.variables["DATABASE_URL"]) == ["retired", "live"]


def test_after_a_prompt_that_is_answered_alike_everywhere_an_ingest_has_nothing_to_write(
    indexed: Command, openai_server: FakeOpenAI
) -> None:
    database = indexed.variables["DATABASE_URL"]
    openai_server.answer = say_nothing
    write_revision(indexed.folder, "Say nothing.")
    refused = indexed("reindex")

    ingested = indexed("ingest", find_folder(database), "--json").lines[-1]

    assert refused.code == 4, refused.err
    assert (ingested["known"], ingested["requests"], ingested["indexed"]) == (IMAGES, 0, 0)


def test_another_embedder_asks_no_model_and_needs_no_key(
    indexed: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_embedder(tmp_path / "tiny")
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        del indexed.variables[name]
    database, tiny = indexed.variables["DATABASE_URL"], tmp_path / "tiny" / "whole"

    [plan] = indexed("reindex", "--embedder", tiny, "-n", "--json").lines
    finished = indexed("reindex", "--embedder", tiny, "--json")
    answered = best_caption(indexed)
    back = indexed("generations", "rollback")

    assert (plan["to_do"], plan["requests"], plan["images"], plan["is_live"]) == (0, 0, IMAGES, False)
    assert plan["embedding_seconds"] > 0
    assert plan["cost_usd"] == 0
    summary = finished.lines[-1]
    assert finished.code == 0, finished.err
    assert (summary["requests"], summary["indexed"], summary["state"]) == (0, IMAGES, "live")
    assert openai_server.accepted == []
    assert answered[0] == 2
    assert (back.code, back.out, best_caption(indexed)[0]) == (
        0,
        "Generation 1 is live; before, generation 2 was.\n",
        1,
    )
    with Store(database) as store:
        assert [generation.dimensions for generation in store.generations.find_generations()] == [384, 64]


def test_other_kinds_are_renewed_without_an_index(indexed: Command, openai_server: FakeOpenAI, tmp_path: Path) -> None:
    write_images(tmp_path / "described", 3, first=len(SUBJECTS))
    openai_server.answer = describe_kinds
    indexed("ingest", tmp_path / "described", "--kinds", "retrieval,alt_text")
    write_revision(indexed.folder, "Write an alternative text in verse.", kind="alt_text")
    asked = len(openai_server.accepted)

    [plan] = indexed("reindex", "--kind", "alt_text", "-n", "--json").lines
    finished = indexed("reindex", "--kind", "alt_text", "--json")
    again = indexed("reindex", "--kind", "alt_text")

    summary = finished.lines[-1]
    assert finished.code == 0, finished.err
    assert (plan["kind"], plan["images"], plan["to_do"], plan["reused"], plan["requests"]) == ("alt_text", 3, 3, 0, 3)
    assert (summary["captioned"], summary["requests"], summary["generation"], summary["state"]) == (3, 3, None, None)
    assert len(openai_server.accepted) == asked + 3
    assert all("in verse" in request.text for request in openai_server.accepted[asked:])
    assert (again.code, again.out) == (
        0,
        "Nothing was to do: no caption of kind alt_text is to be renewed.\n",
    )
    assert states(indexed.variables["DATABASE_URL"]) == ["live"]


def test_another_model_or_captioner_makes_a_generation_of_its_own(
    indexed: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    indexed.variables["OMP_NUM_THREADS"] = "1"

    larger = indexed("reindex", "--model", "gpt-4o", "--json")
    local = indexed("reindex", "--captioner", "blip", "--model", write_blip(tmp_path / "blip"), "--json")

    assert (larger.code, larger.lines[-1]["state"], larger.lines[-1]["requests"]) == (0, "live", IMAGES), larger.err
    assert {asked.body["model"] for asked in openai_server.accepted} == {"gpt-4o"}
    summary = local.lines[-1]
    assert (local.code, summary["state"], summary["requests"]) == (0, "live", 0), local.err
    assert (summary["captioned"], summary["indexed"]) == (IMAGES, IMAGES)
    assert states(indexed.variables["DATABASE_URL"]) == ["retired", "retired", "live"]


def test_offline_captions_are_made_anew_once_a_key_is_set(
    paying: Command, openai_server: FakeOpenAI, tmp_path: Path
) -> None:
    write_images(tmp_path / "images", 4)
    paying("ingest", tmp_path / "images", "--captioner", "offline")

    summary = paying("reindex", "--json").lines[-1]

    assert (summary["captioned"], summary["state"], summary["activated"]) == (4, "live", True)
    assert set(openai_server.asked_for().values()) == {1}


def test_imported_captions_without_a_key_say_what_can_be_done(indexer: Command, tmp_path: Path) -> None:
    nothing = indexer("reindex")
    write_images(tmp_path, 1)
    (tmp_path / "captions.json").write_text(json.dumps([{"image": "picture-000.jpg", "caption": "A heron."}]))
    indexer("ingest", tmp_path, "--captions", tmp_path / "captions.json")

    finished, of_a_kind = indexer("reindex"), indexer("reindex", "--kind", "alt_text")

    assert (nothing.code, nothing.err.count("\n"), "run `indexer ingest FOLDER` first" in nothing.err) == (1, 1, True)
    assert finished.code == 0, finished.err
    assert "Its captions were imported: with a key, or --captioner" in finished.err
    assert finished.out == "Nothing was to do: generation 1 is live already.\n"
    assert (of_a_kind.code, of_a_kind.err.count("\n")) == (1, 1)
    assert "nothing makes any of kind alt_text: set OPENAI_API_KEY" in of_a_kind.err


def test_an_index_made_by_a_model_wants_its_endpoint(indexed: Command) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        del indexed.variables[name]

    refused = indexed("reindex")
    batches = indexed("reindex", "--captioner", "offline", "--batch")

    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert "The live index was made with openai:gpt-4o-mini. No endpoint is set" in refused.err
    assert (batches.code, "--batch needs" in batches.err) == (1, True), batches.err
    assert states(indexed.variables["DATABASE_URL"]) == ["live"]


def describe_kinds(asked: Asked) -> Reply:
    """Answer retrieval and alt_text together, or alt_text alone."""
    alt_text = {"alt_text": f"A thing called {pixels_key(asked.image)[:12]}."}
    properties = asked.body["response_format"]["json_schema"]["schema"]["properties"]
    both = {"retrieval": json.loads(describe(asked).content or ""), "alt_text": alt_text}
    return Reply(content=json.dumps(both if "retrieval" in properties else alt_text))


def judge_subjects(database: str) -> None:
    """Judge what each subject's query should find."""
    with Store(database) as store:
        for number, subject in enumerate(SUBJECTS):
            [[image_id]] = store.images.find_images_named([f"picture-{number:03}.jpg"]).values()
            store.judgements.write_judgement(subject, image_id, relevant=True)
