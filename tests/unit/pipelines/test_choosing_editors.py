from pathlib import Path

import pytest

from indexer.editing.editor import Editor
from indexer.errors import SettingsError
from indexer.models import ApiFormat
from indexer.pipelines.choosing_editors import build_editor
from indexer.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, for settings and prices are read from the files in it."""
    monkeypatch.chdir(tmp_path)


def built(api_format: ApiFormat, model: str | None = None, **settings: str) -> Editor:
    return build_editor(Settings.load(**settings), api_format=api_format, model=model, timeout_s=5)


@pytest.mark.parametrize(
    ("api_format", "model"), [("gemini", "gemini-3-pro-image-preview"), ("openai", "gpt-image-2.5-flare")]
)
def test_each_format_has_a_model_of_its_own(api_format: ApiFormat, model: str) -> None:
    editor = built(api_format, **{f"{api_format}_api_key": "key"})

    assert (editor.api_format, editor.model, editor.has_price) == (api_format, model, True)


@pytest.mark.parametrize("api_format", ["gemini", "openai"])
@pytest.mark.parametrize("setting", ["df_api_key", "df_base_url"])
def test_dataflows_settings_are_the_fall_back(api_format: ApiFormat, setting: str) -> None:
    editor = built(api_format, **{setting: "http://127.0.0.1:9"})

    assert editor.api_format == api_format


@pytest.mark.parametrize(
    ("api_format", "other", "variables"),
    [
        ("gemini", "openai_api_key", "set GEMINI_API_KEY, or GEMINI_BASE_URL to an endpoint of your own."),
        ("openai", "gemini_api_key", "set OPENAI_API_KEY, or OPENAI_BASE_URL to an endpoint of your own."),
    ],
)
def test_without_an_endpoint_the_error_says_what_to_set(api_format: ApiFormat, other: str, variables: str) -> None:
    with pytest.raises(SettingsError, match=f"No endpoint is set for .*: {variables}"):
        built(api_format, **{other: "key"})


@pytest.mark.parametrize(
    ("api_format", "model", "other"),
    [
        ("gemini", "gpt-image-1", "openai"),
        ("gemini", "dall-e-2", "openai"),
        ("gemini", "chatgpt-image-latest", "openai"),
        ("openai", "gemini-2.5-flash-image", "gemini"),
    ],
)
def test_a_model_of_the_other_format_is_told(api_format: ApiFormat, model: str, other: str) -> None:
    with pytest.raises(SettingsError, match=f"{model} is no {api_format} model: use --api-format {other}"):
        built(api_format, model, df_api_key="key")


@pytest.mark.parametrize(("api_format", "model"), [("gemini", "gpt-image-1"), ("openai", "gemini-2.5-flash-image")])
def test_an_endpoint_of_ones_own_may_serve_any_model(api_format: ApiFormat, model: str) -> None:
    assert built(api_format, model, df_base_url="http://127.0.0.1:9").model == model


def test_prices_are_those_of_the_folder() -> None:
    Path("pricing.toml").write_text('[editors."mine"]\nusd_per_image = 0.5\n', encoding="utf-8")

    editor = built("openai", "mine", openai_base_url="http://127.0.0.1:9")

    assert editor.most_cost_usd({"n": 2}) == 1.0
