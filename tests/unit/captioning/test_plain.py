import pytest

from indexer.captioning.plain import read_sentences, split_sentences
from indexer.captioning.prompts import SHIPPED, load_prompts

PROMPTS = load_prompts(SHIPPED)


def test_sentences_become_a_retrieval_caption_of_no_prompt() -> None:
    caption = read_sentences(["a dog on grass", "This image shows a dog on grass", "a brown dog"])

    assert (caption.kind, caption.prompt_id, caption.quarantine) == ("retrieval", None, None)
    assert caption.sentences == ("a dog on grass", "a brown dog")


def test_sentences_that_may_not_be_indexed_are_dropped_where_others_remain() -> None:
    caption = read_sentences(["dog dog dog dog dog", "a dog on grass"])

    assert (caption.sentences, caption.quarantine) == (("a dog on grass",), None)


def test_no_sentence_or_an_empty_one_is_no_caption() -> None:
    for sentences in ([], [""], ["  "]):
        assert read_sentences(sentences).quarantine == "the reply has no caption"
        assert read_sentences(sentences, PROMPTS["alt_text"]).quarantine == "the reply has no alt text"


def test_an_alt_text_is_the_first_sentence_by_the_rules_of_alt_texts() -> None:
    caption = read_sentences(["a photo of a dog on grass", "a dog"], PROMPTS["alt_text"])
    too_long = read_sentences([f"a dog {'and one more ' * 3}{'x' * 100}"], PROMPTS["alt_text"])

    assert (caption.kind, caption.sentences, caption.quarantine) == ("alt_text", ("A dog on grass",), None)
    assert "an alt text at most 125" in (too_long.quarantine or "")


def test_a_caption_in_another_language_than_was_asked_for_may_not_serve() -> None:
    assert read_sentences(["a dog on grass"], languages=("zh",)).quarantine == "the reply is not written in zh"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("A dog on grass.\nA brown dog.", ["A dog on grass.", "A brown dog."]),
        ("Captions:\n1. A dog on grass.\n2) A brown dog.", ["A dog on grass.", "A brown dog."]),
        ("- A dog\n\n* Two dogs", ["A dog", "Two dogs"]),
        ("A dog runs. It is brown! Is it wet?", ["A dog runs.", "It is brown!", "Is it wet?"]),
        ("一只狗在草地上。狗是棕色的。", ["一只狗在草地上。", "狗是棕色的。"]),
        ("", []),
    ],
)
def test_a_plain_reply_is_split_into_sentences(text: str, sentences: list[str]) -> None:
    assert split_sentences(text) == sentences


def test_the_last_sentence_of_a_cut_off_reply_is_left_out() -> None:
    assert split_sentences("A dog runs. It is bro", cut_off=True) == ["A dog runs."]
