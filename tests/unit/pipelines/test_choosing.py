from pathlib import Path

import pytest

from indexer.captioning.blip import BlipCaptioner
from indexer.captioning.huggingface import HuggingFaceCaptioner
from indexer.captioning.offline import OfflineCaptioner
from indexer.captioning.prompts import DEFAULT_FOLDER, Wording
from indexer.errors import SettingsError
from indexer.pipelines.choosing import build_captioner, find_prompts, split_kinds
from indexer.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_local_model_is_named_and_not_loaded() -> None:
    captioner = build_captioner(Settings.load(captioner="blip", max_edge=512), captions=None)

    assert isinstance(captioner, BlipCaptioner)
    assert (captioner.model, captioner.max_edge) == ("Salesforce/blip-image-captioning-base", 512)
    assert not captioner.is_paid


def test_a_hugging_face_captioner_is_paid_and_needs_an_address() -> None:
    captioner = build_captioner(Settings.load(captioner="huggingface", hf_api_itt_base="http://a/b"), captions=None)

    assert isinstance(captioner, HuggingFaceCaptioner)
    assert captioner.is_paid
    with pytest.raises(SettingsError, match="set HF_API_ITT_BASE"):
        build_captioner(Settings.load(captioner="huggingface"), captions=None)


def test_a_budget_that_could_not_be_kept_is_refused() -> None:
    settings = Settings.load(captioner="huggingface", hf_api_itt_base="http://a/b", budget=1.0)

    with pytest.raises(SettingsError, match="costs by the hour"):
        build_captioner(settings, captions=None)


def test_kinds_that_a_captioner_cannot_make_are_refused_by_name() -> None:
    wording = Wording()
    asked = find_prompts(OfflineCaptioner(), ["retrieval"], DEFAULT_FOLDER, wording)

    with pytest.raises(SettingsError, match="of kind retrieval, not alt_text, moderation"):
        find_prompts(OfflineCaptioner(), ["retrieval", "alt_text", "moderation"], DEFAULT_FOLDER, wording)
    assert asked == []


@pytest.mark.parametrize("said", ["", ",", " , "])
def test_no_kind_at_all_is_refused(said: str) -> None:
    with pytest.raises(SettingsError, match="No kind"):
        split_kinds(said)
