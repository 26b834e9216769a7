import numpy as np
import pytest

from indexer.catalog.cutoff.examples import Described, Question, Sample, Vocabulary
from indexer.catalog.vectors import Vectors

AXES = np.eye(4, dtype=np.float32)
WORDS = ("red", "mug", "desk", "coffee", "cup", "brown", "dog", "forest")
VOCABULARY = Vocabulary(lexemes={word: [word] for word in WORDS}, idf=dict.fromkeys(WORDS, 1.0))


def make_entry(*sentences: str, axis: int = 0, is_template: bool = False) -> Described:
    vectors: Vectors = np.repeat(AXES[axis : axis + 1], len(sentences), axis=0)
    return Described(sentences=sentences, vectors=vectors, is_template=is_template)


MUG = make_entry("a red mug on a desk", "coffee cup", "a red cup of coffee", axis=0)
DOG = make_entry("a brown dog in a forest", "dog", axis=1)


def ask(text: str, entries: list[Described], *, sentence: int = 0) -> Question:
    return Question(text=text, own=0, sentence=sentence, vector=entries[0].vectors[sentence], is_short=False)


def test_a_question_is_compared_with_the_rest_of_its_own_image() -> None:
    example = Sample([MUG, DOG], VOCABULARY).ask(ask("coffee cup", [MUG], sentence=1))

    assert example.own[0] == pytest.approx(1.0)
    assert 0 < example.own[1] < 1
    assert example.rival == (0.0, 0.0)


def test_words_that_only_the_question_itself_has_are_not_found_in_its_image() -> None:
    example = Sample([MUG, DOG], VOCABULARY).ask(ask("mug desk", [MUG]))

    assert example.own[1] == 0.0


def test_lexemes_from_elsewhere_belong_to_the_image() -> None:
    entry = Described(sentences=MUG.sentences, vectors=MUG.vectors, other_lexemes=frozenset({"desk"}))

    assert Sample([entry, DOG], VOCABULARY).ask(ask("desk", [entry])).own[1] > 0


def test_the_best_of_the_others_is_the_rival() -> None:
    twin = make_entry("a red mug on a desk", axis=0)

    example = Sample([MUG, DOG, twin], VOCABULARY).ask(ask("a red mug on a desk", [MUG]))

    assert example.rival[0] == pytest.approx(1.0)
    assert example.rival[1] > example.own[1]


def test_only_images_with_several_sentences_of_a_describer_are_asked_for() -> None:
    entries = [MUG, make_entry("one sentence"), make_entry("Named beach.", "Offline caption.", is_template=True), DOG]

    assert [number for number, _ in Sample(entries, VOCABULARY).pick_sentences()] == [0, 3]


def test_the_same_sentences_are_picked_each_time() -> None:
    entries = [MUG, DOG] * 10

    assert Sample(entries, VOCABULARY).pick_sentences() == Sample(entries, VOCABULARY).pick_sentences()


def test_short_queries_are_two_or_three_telling_words_in_order() -> None:
    short = Sample([MUG, DOG, MUG], VOCABULARY).shorten([(0, 0), (1, 0), (2, 1)])

    assert [len(text.split()) for text in short] == [2, 0, 0]
    assert short[0] in {"red mug", "red desk", "mug desk"}


def test_a_library_of_one_image_has_no_rival() -> None:
    assert Sample([MUG], VOCABULARY).ask(ask("coffee cup", [MUG], sentence=1)).rival == (0.0, 0.0)
