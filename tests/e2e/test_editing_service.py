"""`POST /edits`: accepted, done by the service, found by searches; also by one that takes over from a dead one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.e2e.conftest import Command, serving, wait_until
from tests.fakes.edit_scripts import IMAGE_SAFETY, MODERATION_BLOCKED, ByInstruction, Hangs
from tests.fakes.edits import paint
from tests.fakes.gemini_server import FakeGemini
from tests.fakes.openai_server import FakeOpenAI, Fault

_NIGHT: dict[str, Any] = {"images": 1, "instruction": "Make it night."}
_UNFINISHED = ("accepted", "sent")


@pytest.fixture
def client(editing: Command) -> Iterator[httpx2.Client]:
    with serving(editing) as address, httpx2.Client(base_url=address, timeout=60) as opened:
        wait_until(lambda: opened.get("/health/ready").status_code == 200)
        yield opened


def follow(client: httpx2.Client, edit_id: int) -> Any:
    """Wait for the end of an edit and return what is told of it then."""
    wait_until(lambda: is_over(client.get(f"/edits/{edit_id}").json()), within_s=60)
    return client.get(f"/edits/{edit_id}").json()


def is_over(told: Any) -> bool:
    return told.get("state") in {"done", "failed"} and not told["queued"]


def test_an_edit_is_accepted_made_and_found(client: httpx2.Client, editing: Command, gemini_server: FakeGemini) -> None:
    accepted = client.post("/edits", json=_NIGHT)
    done = follow(client, accepted.json()["edit_id"])
    [image] = done["turns"][0]["images"]
    found = client.get("/search", params={"q": "glowing jellyfish", "origin": "edit"}).json()["hits"]
    by_instruction = client.get("/search", params={"q": "made it night", "mode": "text", "origin": "edit"})
    parent = client.get(f"/images/{image['image_id']}/lineage").json()["parents"][0]
    returned = gemini_server.edits.answered[0].images[0]

    assert accepted.status_code == 202
    assert accepted.headers["location"] == f"/edits/{done['edit_id']}"
    assert accepted.json()["state"] in _UNFINISHED
    assert (done["state"], done["model"], done["indexed"]) == ("done", "gemini-3-pro-image-preview", True)
    assert done["turns"][0]["cost_usd"] > 0
    assert [hit["image_id"] for hit in found] == [image["image_id"]]
    [hit] = by_instruction.json()["hits"]
    assert (hit["image_id"], hit["instruction"]) == (image["image_id"], "Make it night.")
    assert hit["why"]["instruction_highlight"] == "Make it <mark>night</mark>."
    assert (parent["image"]["image_id"], parent["edit"]["instruction"]) == (1, "Make it night.")
    assert client.get(image["image_url"]).content == returned
    assert list((Path(editing.variables["CAPTION_SEARCH_HOME"]) / "edits").rglob("*_1_0.png"))


def test_the_same_again_costs_nothing_and_another_is_made_by_force(
    client: httpx2.Client, gemini_server: FakeGemini
) -> None:
    first = follow(client, client.post("/edits", json=_NIGHT).json()["edit_id"])
    sha256 = client.get("/images/1").json()["sha256"]
    again = client.post("/edits", json={**_NIGHT, "images": [f"sha256:{sha256}"]}).json()
    other = follow(client, client.post("/edits", json={**_NIGHT, "force": True}).json()["edit_id"])

    assert (again["edit_id"], again["state"], again["turns"]) == (first["edit_id"], "done", first["turns"])
    assert other["edit_id"] != first["edit_id"]
    assert other["turns"][0]["images"][0]["image_id"] != first["turns"][0]["images"][0]["image_id"]
    assert len(gemini_server.edits.accepted) == 2


def test_turns_edit_each_others_results_and_share_what_was_paid(
    client: httpx2.Client, gemini_server: FakeGemini
) -> None:
    said = [{"role": "user", "content": "Make it night."}, {"role": "user", "content": "Add snow."}]
    one = follow(client, client.post("/edits", json=_NIGHT).json()["edit_id"])
    both = follow(client, client.post("/edits", json={"images": "image:1", "conversations": said}).json()["edit_id"])
    night, snow = (turn["images"][0]["image_id"] for turn in both["turns"])
    lineage = client.get(f"/images/{snow}/lineage").json()

    assert [turn["instruction"] for turn in both["turns"]] == ["Make it night.", "Add snow."]
    assert night == one["turns"][0]["images"][0]["image_id"]
    assert [parent["image"]["image_id"] for parent in lineage["parents"]] == [night]
    assert [turn["state"] for turn in both["turns"]] == ["done", "done"]
    assert len(gemini_server.edits.accepted) == 2


def test_a_refused_edit_says_why_and_is_tried_again_only_on_purpose(
    client: httpx2.Client, gemini_server: FakeGemini
) -> None:
    gemini_server.edits.answer = ByInstruction({"night": IMAGE_SAFETY})
    failed = follow(client, client.post("/edits", json=_NIGHT).json()["edit_id"])
    gemini_server.edits.answer = paint
    again = client.post("/edits", json=_NIGHT).json()
    asked = len(gemini_server.edits.accepted)
    mended = follow(client, client.post("/edits", json={**_NIGHT, "retry": True}).json()["edit_id"])

    assert (failed["state"], failed["retryable"], "IMAGE_SAFETY" in failed["reason"]) == ("failed", False, True)
    assert (again, asked) == (failed, 1)
    assert (mended["edit_id"], mended["state"], mended["reason"]) == (failed["edit_id"], "done", None)
    assert len(gemini_server.edits.accepted) == 2


def test_a_wrong_key_fails_its_edits_and_no_others(
    editing: Command, gemini_server: FakeGemini, openai_server: FakeOpenAI
) -> None:
    editing.variables["GEMINI_API_KEY"] = "AIza-wrong"
    openai = {**_NIGHT, "api_format": "openai", "model_name": "gpt-image-1"}
    with serving(editing) as address, httpx2.Client(base_url=address, timeout=60) as client:
        failed = follow(client, client.post("/edits", json=_NIGHT).json()["edit_id"])
        done = follow(client, client.post("/edits", json=openai).json()["edit_id"])

    assert (failed["state"], done["state"]) == ("failed", "done")
    assert "API key" in failed["reason"]
    assert len(openai_server.edits.accepted) == 1
    assert gemini_server.edits.accepted == []


def test_what_cannot_be_done_is_refused_before_anything_is_kept(
    client: httpx2.Client, editing: Command, gemini_server: FakeGemini
) -> None:
    wrong: dict[str, tuple[dict[str, Any], int]] = {
        "no instruction": ({"images": 1}, 422),
        "two ways": ({**_NIGHT, "conversations": [{"role": "user", "content": "Add snow."}]}, 422),
        "a path": ({**_NIGHT, "images": "/etc/passwd"}, 422),
        "a path of a mask": ({**_NIGHT, "mask": "../mask.png"}, 422),
        "no image": ({**_NIGHT, "images": []}, 422),
        "no number": ({**_NIGHT, "images": True}, 422),
        "an unknown field": ({**_NIGHT, "size": "1K"}, 422),
        "an unknown parameter": ({**_NIGHT, "parameters": {"quality": "high"}}, 422),
        "a mask for gemini": ({**_NIGHT, "mask": 2}, 422),
        "two pictures for dall-e-2": (
            {**_NIGHT, "images": [1, 2], "api_format": "openai", "model_name": "dall-e-2"},
            422,
        ),
        "an unknown image": ({**_NIGHT, "images": 9999}, 404),
        "an unknown hash": ({**_NIGHT, "images": "0" * 64}, 404),
        "force that is no boolean": ({**_NIGHT, "force": "yes"}, 422),
    }
    answers = {name: client.post("/edits", json=body) for name, (body, _) in wrong.items()}
    foreign = client.post("/edits", json=_NIGHT, headers={"Origin": "https://evil.example"})
    unknown = client.get("/edits/1")
    with psycopg.connect(editing.variables["DATABASE_URL"]) as connection:
        rows = connection.execute("SELECT count(*) FROM edit").fetchone()

    assert {name: answer.status_code for name, answer in answers.items()} == {n: code for n, (_, code) in wrong.items()}
    assert {answer.headers["content-type"] for answer in answers.values()} == {"application/problem+json"}
    assert "dall-e-2 takes 1 image at a time" in answers["two pictures for dall-e-2"].json()["detail"]
    assert (foreign.status_code, unknown.status_code) == (403, 404)
    assert (rows, gemini_server.edits.accepted) == ((0,), [])


def test_without_a_key_it_is_said_what_to_set(indexed: Command) -> None:
    with serving(indexed) as address, httpx2.Client(base_url=address, timeout=60) as client:
        refused = client.post("/edits", json=_NIGHT)
        mistaken = client.post("/edits", json={**_NIGHT, "model_name": "gpt-image-1"})

    assert mistaken.status_code == 422
    assert mistaken.json()["detail"] == "gpt-image-1 is no gemini model: its api_format is openai."
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert "GEMINI_API_KEY" in refused.json()["detail"]


def test_edits_are_refused_by_moderation_on_the_openai_format(client: httpx2.Client, openai_server: FakeOpenAI) -> None:
    openai_server.edits.answer = ByInstruction({"night": MODERATION_BLOCKED})
    body = {**_NIGHT, "api_format": "openai", "model_name": "gpt-image-1"}
    failed = follow(client, client.post("/edits", json=body).json()["edit_id"])

    assert (failed["state"], failed["retryable"]) == ("failed", False)
    assert "rejected by the safety system" in failed["reason"]


def test_an_image_that_cannot_be_captioned_is_kept_and_no_search_finds_it(
    client: httpx2.Client, openai_server: FakeOpenAI
) -> None:
    openai_server.answer = lambda _: Fault(status=401, message="Incorrect API key provided")
    done = follow(client, client.post("/edits", json=_NIGHT).json()["edit_id"])
    [image] = done["turns"][0]["images"]

    assert (done["state"], done["queued"], done["indexed"], image["indexed"]) == ("done", False, False, False)
    assert client.get(image["image_url"]).status_code == 200


def test_images_that_cannot_be_written_are_never_asked_for(
    client: httpx2.Client, editing: Command, gemini_server: FakeGemini
) -> None:
    (Path(editing.variables["CAPTION_SEARCH_HOME"]) / "edits").write_text("a file")
    failed = follow(client, client.post("/edits", json=_NIGHT).json()["edit_id"])

    assert (failed["state"], failed["retryable"]) == ("failed", True)
    assert "Edited images cannot be written" in failed["reason"]
    assert gemini_server.edits.accepted == []


def test_a_service_spends_no_more_than_its_budget(editing: Command, gemini_server: FakeGemini) -> None:
    editing.variables["CAPTION_SEARCH_BUDGET"] = "0.5"
    with serving(editing) as address, httpx2.Client(base_url=address, timeout=60) as client:
        bodies = [{"images": number, "instruction": "Make it night."} for number in (1, 2, 3)]
        told = [follow(client, client.post("/edits", json=body).json()["edit_id"]) for body in bodies]
    paid = [each["turns"][0]["cost_usd"] or 0 for each in told]

    assert (told[0]["state"], told[-1]["state"]) == ("done", "failed")
    assert "the budget is spent" in told[-1]["reason"]
    assert sum(paid) <= 0.5
    assert len(gemini_server.edits.accepted) < 3


def test_a_service_that_is_told_to_end_keeps_what_it_has_paid_for(editing: Command, gemini_server: FakeGemini) -> None:
    gemini_server.edits.answer = ByInstruction({"night": Hangs(2, paint)})
    with serving(editing) as address, httpx2.Client(base_url=address, timeout=60) as client:
        edit_id = client.post("/edits", json=_NIGHT).json()["edit_id"]
        wait_until(lambda: len(gemini_server.edits.accepted) == 1)

    with serving(editing) as address, httpx2.Client(base_url=address, timeout=60) as client:
        done = follow(client, edit_id)

    assert (done["state"], done["indexed"]) == ("done", True)
    assert len(gemini_server.edits.accepted) == 1


def test_a_killed_service_pays_for_nothing_twice_but_the_call_in_flight(
    editing: Command, gemini_server: FakeGemini
) -> None:
    gemini_server.edits.answer = ByInstruction({"Slowly": Hangs(3, paint)})
    process = editing.start("serve", "--port", "0")
    assert process.stderr is not None
    address = next(word for word in process.stderr.readline().split() if word.startswith("http://"))
    with httpx2.Client(base_url=address, timeout=60) as client:
        quick = follow(client, client.post("/edits", json=_NIGHT).json()["edit_id"])
        slow = client.post("/edits", json={"images": 2, "instruction": "Slowly, make it day."}).json()
        wait_until(lambda: len(gemini_server.edits.accepted) == 2)
        in_flight = client.get(f"/edits/{slow['edit_id']}").json()
        process.kill()
        process.communicate(timeout=60)

    with serving(editing) as address, httpx2.Client(base_url=address, timeout=60) as client:
        again = client.post("/edits", json=_NIGHT).json()
        done = follow(client, slow["edit_id"])

    assert (quick["state"], in_flight["state"], again["state"], done["state"]) == ("done", "sent", "done", "done")
    assert sorted(gemini_server.edits.asked_for().values()) == [1, 2]


def test_two_services_on_one_database_do_each_edit_once(editing: Command, gemini_server: FakeGemini) -> None:
    gemini_server.edits.latency_s = 0.3
    bodies = [{"images": number, "instruction": "Make it night."} for number in range(1, 7)]
    with serving(editing) as one, serving(editing) as two, httpx2.Client(timeout=60) as client:
        posted = [client.post(f"{address}/edits", json=body) for body in bodies for address in (one, two)]
        wait_until(lambda: all(is_over(client.get(f"{one}{each.headers['location']}").json()) for each in posted))
        done = [client.get(f"{two}{each.headers['location']}").json() for each in posted]

    assert {told["state"] for told in done} == {"done"}
    assert set(gemini_server.edits.asked_for().values()) == {1}
    assert len(gemini_server.edits.accepted) == 6


def test_a_database_that_is_away_for_a_moment_delays_edits_only(
    client: httpx2.Client, editing: Command, gemini_server: FakeGemini
) -> None:
    gemini_server.edits.answer = ByInstruction({"night": Hangs(1, paint)})
    edit_id = client.post("/edits", json=_NIGHT).json()["edit_id"]
    wait_until(lambda: len(gemini_server.edits.accepted) == 1)
    with psycopg.connect(editing.variables["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    wait_until(lambda: client.get("/health/ready").status_code == 200)
    done = follow(client, edit_id)

    assert done["state"] == "done"
    assert len(gemini_server.edits.accepted) <= 2
