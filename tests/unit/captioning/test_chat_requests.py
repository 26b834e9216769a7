from typing import Any

import openai
import pytest

from indexer.captioning.chat_requests import Dialect
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.models import Picture, Subject
from indexer.pricing import Prices
from tests.factories import make_prompt

PICTURE = Picture(jpeg=b"jpeg", width=640, height=480)


def subject(**changes: Any) -> Subject:
    return Subject(sha256=bytes(32), location="mug.jpg", relative_path="mug.jpg", picture=PICTURE, **changes)


def body_of(**changes: Any) -> dict[str, Any]:
    return Dialect().body("gpt-4o-mini", subject(**changes), [make_prompt("Describe.")])


def test_an_image_is_asked_about_with_the_prompt() -> None:
    [user] = body_of()["messages"]

    assert user["role"] == "user"
    assert user["content"][0]["text"].startswith("Describe.")
    assert [part["type"] for part in user["content"]] == ["text", "image_url"]


def test_a_question_makes_the_prompt_the_system_message_and_brings_all_pictures() -> None:
    system, user = body_of(more_pictures=(PICTURE, PICTURE), question="What differs?")["messages"]

    assert (system["role"], user["role"]) == ("system", "user")
    assert system["content"].startswith("Describe.")
    assert user["content"][0] == {"type": "text", "text": "What differs?"}
    assert [part["type"] for part in user["content"][1:]] == ["image_url"] * 3


@pytest.mark.parametrize(("sizes", "question"), [([(9, 9), (9, 9)], ""), ([(9, 9)], "What differs? " * 20)])
def test_more_pictures_and_a_question_cost_more(sizes: list[tuple[int, int]], question: str) -> None:
    captioner = OpenAICaptioner(openai.OpenAI(api_key="sk"), model="m", max_edge=768, prices=Prices({"m": (1.0, 1.0)}))

    alone = captioner.estimate([(9, 9)], [make_prompt()])
    all_of_it = captioner.estimate(sizes, [make_prompt()], question)

    assert (all_of_it.most_cost_usd or 0) > (alone.most_cost_usd or 0) > (alone.cost_usd or 0) > 0
