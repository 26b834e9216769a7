import json
from typing import Any

import pytest

from indexer.captioning.replies import combined_schema, combined_text, parse_reply
from indexer.models import Caption, Prompt, PromptId

SENTENCES = ("A red mug on a desk.", "A cup of tea beside a book.")


def make_prompt(kind: str = "retrieval", *, text: str = "Describe.", number: int = 7) -> Prompt:
    return Prompt(
        kind=kind,
        text=text,
        schema={"type": "object", "title": kind},
        max_tokens=100,
        image_detail="auto",
        sha256=bytes(32),
        id=PromptId(number),
    )


def reply_of(**changes: Any) -> str:
    reply = {"captions": SENTENCES, "keywords": ["mug", "tea"], "visible_text": "BEST DAD", "uncertain": False}
    return json.dumps(reply | changes)


def parse(text: str, *, cut_off: bool = False) -> Caption:
    [caption] = parse_reply(text, [make_prompt()], cut_off=cut_off)
    return caption


@pytest.mark.parametrize(
    "reply",
    [
        reply_of(),
        f"\n  {reply_of()}\n",
        f"```json\n{reply_of()}\n```",
        f"```\n{reply_of()}\n```",
        f"Here is the JSON:\n\n{reply_of()}\n\nLet me know!",
        f"Here it is:\n```json\n{reply_of()}\n```\nHope {{this}} helps.",
        f"\ufeff{reply_of()}",
        reply_of(mood="cheerful"),
    ],
    ids=["plain", "blank", "fenced", "bare fence", "words", "fenced and words", "BOM", "a member too many"],
)
def test_json_is_found_however_it_is_wrapped(reply: str) -> None:
    assert parse(reply) == Caption(
        kind="retrieval",
        sentences=SENTENCES,
        keywords=("mug", "tea"),
        visible_text="BEST DAD",
        prompt_id=PromptId(7),
    )


def test_what_is_optional_may_be_missing() -> None:
    caption = parse('{"captions": ["A red mug."]}')

    assert (caption.sentences, caption.keywords, caption.visible_text) == (("A red mug.",), (), "")
    assert (caption.uncertain, caption.quarantine) == (False, None)


def test_no_visible_text_may_be_told_as_null() -> None:
    caption = parse(reply_of(visible_text=None))

    assert (caption.visible_text, caption.quarantine) == ("", None)


def test_uncertainty_is_kept() -> None:
    assert parse(reply_of(uncertain=True)).uncertain


def test_equal_sentences_and_keywords_are_merged_and_keep_their_order() -> None:
    caption = parse(reply_of(captions=["A mug.", "B.", "a  MUG.", "", " "], keywords=["Mug", "tea", "mug", " tea "]))

    assert (caption.sentences, caption.keywords) == (("A mug.", "B."), ("Mug", "tea"))


@pytest.mark.parametrize(
    ("escaped", "clean"),
    [
        ("A\\u0000 mug", "A mug"),
        ("A mug \\ud83d", "A mug \ufffd"),
        ("A \\ud83d\\ude00 mug", "A 😀 mug"),
        ("A\\nmug", "A mug"),
    ],
)
def test_what_postgres_cannot_hold_is_cleaned(escaped: str, clean: str) -> None:
    caption = parse(f'{{"captions": ["{escaped}"], "keywords": ["{escaped}"], "visible_text": "x\\u0000\\udc00"}}')

    assert (caption.sentences, caption.keywords, caption.visible_text) == ((clean,), (clean,), "x\ufffd")


def test_visible_text_keeps_its_lines() -> None:
    assert parse(reply_of(visible_text="BEST\nDAD")).visible_text == "BEST\nDAD"


def test_a_reply_without_end_is_bounded() -> None:
    caption = parse(
        reply_of(
            captions=[f"Picture number {number}." for number in range(100)] + ["long " * 1000],
            keywords=[f"{number}" + "k" * 500 for number in range(500)],
            visible_text="x" * 100_000,
        )
    )

    assert (len(caption.sentences), len(caption.keywords), len(caption.visible_text)) == (20, 50, 20_000)
    assert max(map(len, caption.keywords)) <= 100


@pytest.mark.parametrize(
    "reply",
    [
        "I'm sorry, I can't help with that.",
        "I’m unable to describe this image.",
        "I cannot describe people.",
        "Sorry, no.",
        "As an AI language model, I see nothing.",
        "null",
        reply_of(captions=["I cannot describe this image."]),
        reply_of(captions=["N/A", "null", "None"]),
    ],
)
def test_a_refusal_is_quarantined(reply: str) -> None:
    assert parse(reply).quarantine == "the reply is a refusal"


def test_one_refusal_among_captions_is_dropped() -> None:
    caption = parse(reply_of(captions=["I'm unable to tell.", "A red mug."]))

    assert (caption.sentences, caption.quarantine) == (("A red mug.",), None)


@pytest.mark.parametrize(
    "sentence",
    [
        "Error message on a blue computer screen.",
        "Icy mountain lake at dawn.",
        "Nonetheless, a cat sleeps.",
        "None of the chairs is taken.",
        "Unfortunate driver beside a wrecked car.",
    ],
)
def test_a_caption_that_only_begins_like_a_refusal_is_kept(sentence: str) -> None:
    assert parse(reply_of(captions=[sentence])).quarantine is None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "the reply is empty"),
        (" \n\0", "the reply is empty"),
        (reply_of(captions=[]), "the reply has no caption"),
        (reply_of(captions=["", "\u0000"]), "the reply has no caption"),
        ("A red mug on a desk.", "the reply is not the JSON that was asked for"),
        (reply_of(captions=[{"text": "A red mug."}]), "the reply is not the JSON that was asked for"),
        ('{"caption": "A red mug."}', "the reply is not the JSON that was asked for"),
        ('["A red mug."]', "the reply is not the JSON that was asked for"),
        ("42", "the reply is not the JSON that was asked for"),
        ("{}", "the reply is not the JSON that was asked for"),
        (reply_of()[:40], "the reply is not the JSON that was asked for"),
        ("{'captions': ['A red mug.']}", "the reply is not the JSON that was asked for"),
    ],
)
def test_a_reply_that_cannot_serve_is_quarantined_with_its_reason(reply: str, reason: str) -> None:
    assert parse(reply).quarantine == reason


@pytest.mark.parametrize("reply", ["[" * 5000, '{"a":' * 5000, "{" + "[" * 5000 + "}"])
def test_a_reply_that_nests_without_end_is_quarantined(reply: str) -> None:
    assert parse(reply).quarantine == "the reply is not the JSON that was asked for"


@pytest.mark.parametrize("reply", ['{"captions": ["A red mug on a', '{"captions": [', "", "A red mug"])
def test_a_reply_that_was_cut_off_is_quarantined_as_that(reply: str) -> None:
    assert parse(reply, cut_off=True).quarantine == "the reply was cut off by its length limit"


def test_sentences_that_were_complete_before_the_cut_are_taken() -> None:
    caption = parse('{"captions": ["A red mug on a desk.", "Coffee in a cup."], "keywords": ["mug", "co', cut_off=True)

    assert (caption.quarantine, caption.sentences) == (None, ("A red mug on a desk.", "Coffee in a cup."))
    assert caption.keywords == ("mug",)


def test_what_was_paid_for_is_kept_although_it_is_quarantined() -> None:
    assert parse("A red mug\0 on a desk.\ud800").sentences == ("A red mug on a desk.\ufffd",)


def test_several_kinds_in_one_reply_get_a_caption_each() -> None:
    prompts = [make_prompt("retrieval", number=1), make_prompt("alt_text", number=2)]
    reply = json.dumps({"retrieval": {"captions": ["A red mug."]}, "alt_text": {"alt_text": "Mug"}})

    captions = parse_reply(reply, prompts, cut_off=False)

    assert [(c.kind, c.prompt_id, c.sentences) for c in captions] == [
        ("retrieval", 1, ("A red mug.",)),
        ("alt_text", 2, ("Mug",)),
    ]


def test_a_kind_that_is_missing_does_not_spoil_the_other() -> None:
    prompts = [make_prompt("retrieval"), make_prompt("alt_text")]

    captions = parse_reply('{"retrieval": {"captions": ["A red mug."]}}', prompts, cut_off=False)

    assert [c.quarantine for c in captions] == [None, "the reply is not the JSON that was asked for"]


def test_the_schema_for_one_prompt_is_its_own() -> None:
    prompt = make_prompt()

    assert combined_schema([prompt]) == prompt.schema


def test_the_schema_for_two_prompts_has_a_member_for_each() -> None:
    retrieval, alt_text = make_prompt("retrieval"), make_prompt("alt_text")

    assert combined_schema([retrieval, alt_text]) == {
        "type": "object",
        "properties": {"retrieval": retrieval.schema, "alt_text": alt_text.schema},
        "required": ["retrieval", "alt_text"],
        "additionalProperties": False,
    }


def test_the_words_of_a_request_end_with_the_shape_of_the_reply() -> None:
    prompt = make_prompt(text="Describe the image.")

    words = combined_text([prompt])

    assert words.startswith("Describe the image.\n")
    assert words.endswith(json.dumps(dict(prompt.schema)))


def test_the_words_of_two_prompts_stand_under_their_kinds() -> None:
    words = combined_text([make_prompt("retrieval", text="Find."), make_prompt("alt_text", text="Tell.")])

    assert "## retrieval\n\nFind." in words
    assert "## alt_text\n\nTell." in words


def test_lists_that_a_small_model_leaves_out_are_made_up_for() -> None:
    caption = parse('{"captions": "A red mug.", "keywords": null, "visible_text": null}')

    assert (caption.sentences, caption.keywords, caption.quarantine) == (("A red mug.",), (), None)


def test_plain_words_are_captions_where_the_endpoint_knows_no_format() -> None:
    said = "1. A dog on the grass.\n2. A brown dog in a garden.\n3. I'm sorry, I can't say more."

    [caption] = parse_reply(said, [make_prompt()], cut_off=False, is_plain=True)
    [refused] = parse_reply(said, [make_prompt()], cut_off=False)

    assert caption.sentences == ("A dog on the grass.", "A brown dog in a garden.")
    assert (caption.quarantine, caption.prompt_id) == (None, PromptId(7))
    assert refused.quarantine == "the reply is not the JSON that was asked for"


@pytest.mark.parametrize("said", ["null", "", "I'm sorry.", '{"captions": ["A do'])
def test_plain_words_that_say_nothing_are_no_captions(said: str) -> None:
    [caption] = parse_reply(said, [make_prompt()], cut_off=False, is_plain=True)

    assert caption.quarantine is not None
