import pytest

from indexer.captioning.checks import find_fault, mend_keywords, mend_sentence, mend_sentences

PROMPT = "Describe this image for a search index. Give five independent captions of one sentence each."


@pytest.mark.parametrize(
    ("said", "mended"),
    [
        ("This image shows a dog on a beach.", "A dog on a beach."),
        ("The picture depicts two children.", "Two children."),
        ("In this photo, we can see a red mug.", "A red mug."),
        ("In the image there is a lighthouse.", "A lighthouse."),
        ("A photo of the Eiffel tower.", "The Eiffel tower."),
        ("Photograph of a cat.", "A cat."),
        ("A close-up photo of a bee.", "A bee."),
        ("Caption: a bee on a flower", "A bee on a flower"),
        ("Image: a bee.", "A bee."),
        ("A dog\n on  a beach.", "A dog on a beach."),
    ],
)
def test_boilerplate_openers_are_cut_off(said: str, mended: str) -> None:
    assert mend_sentence(said) == mended


@pytest.mark.parametrize(
    "said",
    [
        "Picture frames hang on a wall.",
        "A scene painter works on a backdrop.",
        "Photographers wait behind a barrier.",
        "An image editor is open on the screen.",
        "The dog shows its teeth.",
        "The photo album lies open.",
    ],
)
def test_sentences_about_pictures_are_left_alone(said: str) -> None:
    assert mend_sentence(said) == said


def test_equal_sentences_and_keywords_are_merged() -> None:
    assert mend_sentences(["A dog.", "This image shows a dog.", "", "A cat."]) == ("A dog.", "A cat.")
    assert mend_keywords(["Dog", "dog ", "", "red  ball"]) == ("Dog", "red ball")


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("I'm sorry, I can't help with that.", "is a refusal"),
        ("Error: upstream time-out", "is a refusal"),
        ("null", "is a refusal"),
        ("Five independent captions of one sentence each.", "repeats the prompt"),
        ("A dog dog dog dog dog dog.", "repeats itself"),
        ("A man on a bench, a man on a bench, a man on a bench, a man on a bench.", "repeats itself"),
        ("x" * 1001, "has a sentence of 1001 characters"),
        ("长椅上躺着一个男人。", "is not written in en"),
    ],
)
def test_what_may_not_be_indexed_says_why(sentence: str, fault: str) -> None:
    assert find_fault(sentence, prompt_text=PROMPT, languages=["en"]) == fault


@pytest.mark.parametrize(
    ("sentence", "languages"),
    [
        ("A dog leaps over a log.", ["en"]),
        ("A sign that reads 出口 above a door.", ["en"]),
        ("长椅上躺着一个男人。", ["zh"]),
        ("长椅上躺着一个男人。", ["en", "zh"]),
        ("Ein Hund springt über einen Baumstamm.", ["de"]),
        ("На скамейке лежит мужчина.", ["ru"]),
        ("犬が丸太を飛び越える。", ["ja"]),
        ("12:45", ["en"]),
        ("Sorry, a dog of that name, sleeps.".replace("Sorry, a", "A"), ["en"]),
        ("Error message on a blue computer screen.", ["en"]),
        ("Ha ha ha is sprayed on a wall.", ["en"]),
    ],
)
def test_good_sentences_have_no_fault(sentence: str, languages: list[str]) -> None:
    assert find_fault(sentence, prompt_text=PROMPT, languages=languages) is None
