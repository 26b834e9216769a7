import json

import pytest

from indexer.captioning.prompts import SHIPPED, load_prompts
from indexer.captioning.replies import parse_reply
from indexer.models import Caption, Prompt

PROMPTS = load_prompts(SHIPPED)
MODERATION = {
    "contains_people": True,
    "contains_children": False,
    "contains_faces": True,
    "contains_text": False,
    "nsfw": False,
    "violence": False,
    "setting": "outdoor",
    "uncertain": False,
}


def read(kind: str, reply: object) -> Caption:
    [caption] = parse_reply(json.dumps(reply), [PROMPTS[kind]], cut_off=False)
    return caption


def test_all_four_kinds_are_shipped() -> None:
    assert sorted(PROMPTS) == ["alt_text", "ecommerce", "moderation", "retrieval"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Image of a dog on a beach", "A dog on a beach"),
        ("DECORATIVE", "DECORATIVE"),
        ("decorative.", "DECORATIVE"),
        ('Exit sign that reads "Notausgang"', 'Exit sign that reads "Notausgang"'),
    ],
)
def test_an_alt_text_begins_with_its_subject(said: str, kept: str) -> None:
    caption = read("alt_text", {"alt_text": said})

    assert (caption.sentences, caption.quarantine) == ((kept,), None)


def test_an_alt_text_over_125_characters_may_not_serve() -> None:
    caption = read("alt_text", {"alt_text": "A dog " + "and a cat " * 12})

    assert caption.quarantine is not None
    assert "at most 125" in caption.quarantine or "repeats itself" in caption.quarantine


def test_a_product_text_has_title_description_and_attributes() -> None:
    caption = read("ecommerce", {"title": "Red mug", "description": "Warm hands.", "attributes": ["colour: red"]})

    assert (caption.sentences, caption.keywords) == (("Red mug", "Warm hands."), ("colour: red",))
    assert caption.quarantine is None


def test_moderation_is_kept_as_fields() -> None:
    caption = read("moderation", {**MODERATION, "made_up": 1})

    assert (caption.fields, caption.sentences, caption.quarantine) == (MODERATION, (), None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"nsfw": "no"}, "the reply has 'no' for nsfw, which takes a boolean"),
        ({"setting": "space"}, "the reply has 'space' for setting"),
        ({"violence": None}, "the reply has None for violence"),
    ],
)
def test_a_field_outside_its_schema_may_not_serve(change: dict[str, object], reason: str) -> None:
    assert (read("moderation", {**MODERATION, **change}).quarantine or "").startswith(reason)


def test_a_missing_field_may_not_serve() -> None:
    assert read("moderation", {"nsfw": False}).quarantine == "the reply lacks contains_people"


def test_a_kind_of_ones_own_is_kept_as_fields() -> None:
    poem = Prompt(
        kind="poem",
        text="Write a poem.",
        schema={"type": "object", "properties": {"poem": {"type": "string"}}},
        max_tokens=100,
        image_detail="auto",
        sha256=b"",
    )

    [caption] = parse_reply('{"poem": "Roses are red"}', [poem], cut_off=False)

    assert (caption.kind, caption.fields, caption.quarantine) == ("poem", {"poem": "Roses are red"}, None)
