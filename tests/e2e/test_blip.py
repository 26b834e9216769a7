"""`indexer ingest --captioner blip`: a model on this machine, small enough for tests."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.conftest import Command
from tests.images import write_images
from tests.tiny_blip import WORDS, write_blip


@pytest.fixture
def local(indexer: Command) -> Command:
    """The command with blip as its captioner."""
    # A model this small is slowest with several threads: on busy cores they wait for each other.
    indexer.variables |= {"CAPTION_SEARCH_CAPTIONER": "blip", "OMP_NUM_THREADS": "1"}
    return indexer


def test_a_local_model_replaces_offline_captions_and_is_asked_once(local: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 3)
    model = write_blip(tmp_path / "model")
    local("ingest", tmp_path / "images", "--captioner", "offline")

    planned = local("ingest", tmp_path / "images", "--model", model, "--dry-run", "--json").lines[-1]
    finished = local("ingest", tmp_path / "images", "--model", model, "--json")
    hit = local("search", "picture", "--strictness", "low", "--json").lines[0]["hits"][0]
    shutil.rmtree(model)
    again = local("ingest", tmp_path / "images", "--model", model, "--json")

    assert (planned["to_do"], planned["requests"]) == (3, 0)
    assert (finished.code, finished.lines[-1]["captioned"], finished.lines[-1]["requests"]) == (0, 3, 0), finished.err
    assert hit["why"]["captioner"] == "blip"
    assert set(hit["caption"].split()) <= set(WORDS)
    assert (again.code, again.lines[-1]["known"], again.lines[-1]["indexed"]) == (0, 3, 0), again.err
    status = local("status", "--json").lines[0]
    assert status["mix"] == [{"captioner": "blip", "model": str(model), "entries": 3}]


def test_images_that_a_local_model_cannot_describe_are_failures(local: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 2)
    model = write_blip(tmp_path / "model", only_says="dog")

    finished = local("ingest", tmp_path / "images", "--model", model, "--json")
    shutil.rmtree(model)
    again = local("ingest", tmp_path / "images", "--model", model, "--json")

    assert [finished.code, again.code] == [3, 3], finished.err + again.err
    assert [run.lines[-1]["quarantined"] for run in (finished, again)] == [2, 2]
    failures = local("failures", "--json").lines
    assert [(line["reason"], line["quarantined"]) for line in failures] == [("the reply repeats itself", True)] * 2


def test_an_offline_caption_goes_on_serving_where_a_local_model_fails(local: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)
    model = write_blip(tmp_path / "model", only_says="dog")
    local("ingest", tmp_path / "images", "--captioner", "offline")

    finished = local("ingest", tmp_path / "images", "--model", model, "--json")

    assert (finished.code, finished.lines[-1]["known"]) == (0, 1), finished.err
    assert local("failures", "--json").lines == []
    assert local("status", "--json").lines[0]["mix"][0]["captioner"] == "offline"


def test_a_model_that_is_not_on_this_machine_is_one_sentence(local: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 2)

    finished = local("ingest", tmp_path / "images")
    checked = local("doctor", "--json")

    assert finished.code == 1
    said = finished.err.splitlines()[-1]
    assert said.startswith("Error: The model Salesforce/blip-image-captioning-base cannot be loaded (")
    assert "--model takes a folder" in said
    assert "Traceback" not in finished.err
    assert [check["part"] for check in checked.lines[0]["checks"] if not check["ok"]] == ["captioner"]


def test_a_local_model_makes_retrieval_captions_only(local: Command, tmp_path: Path) -> None:
    write_images(tmp_path / "images", 1)

    finished = local("ingest", tmp_path / "images", "--kinds", "retrieval,alt_text")

    assert (finished.code, finished.err.count("\n")) == (1, 1)
    assert "it makes captions of kind retrieval, not alt_text" in finished.err
