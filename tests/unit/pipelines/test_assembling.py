import pytest

from indexer.models import ApiFormat
from indexer.pipelines.assembling import _of_captioner
from indexer.pipelines.choosing_editors import build_editor
from indexer.settings import Settings


def captioner_of(api_format: ApiFormat) -> str:
    settings = Settings.load()
    editor = build_editor(settings, api_format=api_format, model="m", timeout_s=1)
    return _of_captioner(settings, editor).chosen_captioner()


@pytest.mark.parametrize("name", ["DF_API_KEY", "DF_BASE_URL"])
def test_what_dataflow_sets_for_gemini_never_goes_to_a_captioner(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert captioner_of("gemini") == "offline"
    assert captioner_of("openai") == "openai"


def test_a_key_of_its_own_makes_captions_beside_edits_by_gemini(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DF_API_KEY", "lent")
    monkeypatch.setenv("OPENAI_API_KEY", "own")

    assert captioner_of("gemini") == "openai"
