"""Captions by a model on this machine: the real loading and generating, on a model small enough for tests."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from indexer.captioning.blip import BlipCaptioner
from indexer.errors import ModelUnusableError
from indexer.models import Caption, Picture, Subject
from tests.images import image_bytes
from tests.tiny_blip import WORDS, write_blip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_blip(tmp_path_factory.mktemp("blip"))


@pytest.fixture
def captioner(folder: Path) -> BlipCaptioner:
    return BlipCaptioner(str(folder), max_edge=768)


def make_subject(number: int = 1, size: tuple[int, int] = (64, 48)) -> Subject:
    picture = Picture(jpeg=image_bytes(number, size=size), width=size[0], height=size[1])
    return Subject(sha256=b"", location="/a.jpg", relative_path="a.jpg", picture=picture)


def caption(captioner: BlipCaptioner, subject: Subject) -> Caption:
    [caption] = captioner.caption(subject, ()).captions
    return caption


def words_of(sentences: Sequence[str]) -> set[str]:
    return {word for sentence in sentences for word in sentence.split()}


def test_a_picture_gets_sentences_of_the_models_words(captioner: BlipCaptioner) -> None:
    said = caption(captioner, make_subject())

    assert (said.kind, said.prompt_id) == ("retrieval", None)
    assert said.sentences
    assert len(set(said.sentences)) == len(said.sentences)
    assert words_of(said.sentences) <= set(WORDS)


def test_the_same_picture_always_gets_the_same_sentences_and_another_picture_others(captioner: BlipCaptioner) -> None:
    first, other = caption(captioner, make_subject(1)), caption(captioner, make_subject(2))

    assert caption(captioner, make_subject(1)) == first
    assert other.sentences != first.sentences


@pytest.mark.parametrize("size", [(3, 40), (40, 3), (1, 1)])
def test_slim_pictures_are_no_trouble(captioner: BlipCaptioner, size: tuple[int, int]) -> None:
    assert caption(captioner, make_subject(size=size)).sentences


def test_a_model_that_repeats_itself_may_not_serve(tmp_path: Path) -> None:
    captioner = BlipCaptioner(str(write_blip(tmp_path, only_says="dog")), max_edge=768)

    said = caption(captioner, make_subject())

    assert said.quarantine == "the reply repeats itself"
    assert words_of(said.sentences) == {"dog"}


def test_calls_from_many_threads_are_answered_as_from_one(captioner: BlipCaptioner) -> None:
    subjects = [make_subject(number) for number in range(3)]
    expected = [caption(captioner, subject) for subject in subjects]

    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(partial(caption, captioner), subjects))

    assert found == expected


@pytest.mark.parametrize("model", ["/nowhere/model", "."])
def test_a_model_that_is_not_there_is_one_sentence_with_what_to_do(model: str) -> None:
    captioner = BlipCaptioner(model, max_edge=768)

    with pytest.raises(ModelUnusableError, match=r"cannot be loaded \(.+\)\. --model takes a folder"):
        captioner.caption(make_subject(), ())


def test_a_check_says_where_the_model_runs(captioner: BlipCaptioner, folder: Path) -> None:
    assert captioner.check().startswith(f"{folder} on ")
