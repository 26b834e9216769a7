from pathlib import Path
from typing import Any

import pytest

from indexer.errors import SettingsError
from indexer.settings import ENV_FILE, TOML_FILE, Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, for settings are read from the files in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def secret_file(folder: Path) -> str:
    path = folder / "secret"
    path.write_text("from-file\n", encoding="utf-8")
    return str(path)


def loaded(name: str, **flags: object) -> Any:
    """Return one setting as a plain value."""
    value = getattr(Settings.load(**flags), name)
    return getattr(value, "get_secret_value", lambda: value)()


def test_without_any_setting_there_are_defaults() -> None:
    settings = Settings.load()

    assert (settings.database_url, settings.openai_api_key, settings.openai_base_url) == (None, None, None)
    assert (settings.embedder, settings.max_edge, settings.timeout_s) == ("all-MiniLM-L6-v2", 768, 120)


@pytest.mark.parametrize(
    ("name", "variable", "scheme"),
    [
        ("model", "CAPTION_SEARCH_MODEL", ""),
        ("database_url", "DATABASE_URL", "postgresql://"),
        ("openai_api_key", "OPENAI_API_KEY", ""),
        ("openai_base_url", "OPENAI_BASE_URL", "http://"),
        ("gemini_api_key", "GEMINI_API_KEY", ""),
        ("gemini_base_url", "GEMINI_BASE_URL", "http://"),
        ("hf_api_itt_base", "HF_API_ITT_BASE", "https://"),
        ("hf_token", "HF_TOKEN", ""),
    ],
)
def test_the_flag_comes_over_the_environment_over_dot_env_over_toml(
    name: str, variable: str, scheme: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / TOML_FILE).write_text(f'{name} = "{scheme}toml"')
    assert loaded(name) == f"{scheme}toml"

    (folder / ENV_FILE).write_text(f"{variable}={scheme}dot-env")
    assert loaded(name) == f"{scheme}dot-env"

    monkeypatch.setenv(variable, f"{scheme}environment")
    assert loaded(name) == f"{scheme}environment"

    assert loaded(name, **{name: f"{scheme}flag"}) == f"{scheme}flag"


def test_a_flag_that_was_not_given_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPTION_SEARCH_CONCURRENCY", "50")

    assert loaded("concurrency", concurrency=None) == 50


def test_the_home_is_taken_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAPTION_SEARCH_HOME", str(folder / "elsewhere"))

    assert loaded("home") == folder / "elsewhere"


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("DATABASE_URL", "database_url"),
        ("OPENAI_API_KEY", "openai_api_key"),
        ("DF_API_KEY", "openai_api_key"),
        ("GEMINI_API_KEY", "gemini_api_key"),
        ("DF_API_KEY", "gemini_api_key"),
        ("HF_TOKEN", "hf_token"),
        ("HF_API_KEY", "hf_token"),
        ("CAPTION_SEARCH_MODEL", "model"),
    ],
)
def test_every_setting_may_come_from_a_file(
    variable: str, name: str, secret_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{variable}_FILE", secret_file)

    assert loaded(name) == "from-file"


def test_the_variable_comes_over_its_file_over_dot_env(
    folder: Path, secret_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ENV_FILE).write_text("OPENAI_API_KEY=from-dot-env")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", secret_file)
    assert loaded("openai_api_key") == "from-file"

    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    assert loaded("openai_api_key") == "from-environment"


def test_dot_env_may_name_the_file_of_a_secret(folder: Path, secret_file: str) -> None:
    (folder / ENV_FILE).write_text(f"OPENAI_API_KEY_FILE={secret_file}")

    assert loaded("openai_api_key") == "from-file"


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY_FILE", "/nowhere/secret")

    with pytest.raises(SettingsError, match=r"^OPENAI_API_KEY_FILE names /nowhere/secret, which cannot be read"):
        Settings.load()


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("CAPTION_SEARCH_MODLE", "Did you mean CAPTION_SEARCH_MODEL?"),
        ("CAPTION_SEARCH_MAXEDGE", "Did you mean CAPTION_SEARCH_MAX_EDGE?"),
        ("CAPTION_SEARCH_DATABASE_URL", ""),
    ],
)
def test_an_unknown_variable_is_refused_with_a_hint(variable: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "x")

    with pytest.raises(SettingsError, match=rf"^{variable} is no setting\.") as raised:
        Settings.load()
    assert hint in str(raised.value)


def test_an_unknown_variable_in_dot_env_is_refused_too(folder: Path) -> None:
    (folder / ENV_FILE).write_text("CAPTION_SEARCH_MODLE=x\n")

    with pytest.raises(SettingsError, match=r"^CAPTION_SEARCH_MODLE is no setting"):
        Settings.load()


def test_variables_of_other_programs_are_none_of_ours(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORGANISATION", "x")
    (folder / ENV_FILE).write_text("SOMETHING_ELSE=1\nDATABASE_URL=postgresql://here\n")

    assert loaded("database_url") == "postgresql://here"


def test_an_unknown_key_in_toml_is_refused_with_a_hint(folder: Path) -> None:
    (folder / TOML_FILE).write_text('modle = "x"')

    with pytest.raises(SettingsError, match=r"^caption-search.toml: modle is no setting\. Did you mean model\?$"):
        Settings.load()


@pytest.mark.parametrize("content", [b"model = ", b'model = "\xff"'], ids=["no TOML", "not UTF-8"])
def test_toml_that_cannot_be_read_is_an_error(content: bytes, folder: Path) -> None:
    (folder / TOML_FILE).write_bytes(content)

    with pytest.raises(SettingsError, match=r"^caption-search.toml cannot be read: "):
        Settings.load()


def test_a_dot_env_that_is_not_utf_8_is_an_error_in_a_sentence(folder: Path) -> None:
    (folder / ENV_FILE).write_bytes(b"CAPTION_SEARCH_MODEL=\xff\n")

    with pytest.raises(SettingsError, match=r"\.env"):
        Settings.load()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", ""),
        ("OPENAI_API_KEY", ""),
        ("OPENAI_BASE_URL", "localhost:8000"),
        ("CAPTION_SEARCH_CAPTIONER", "openia"),
        ("CAPTION_SEARCH_MODEL", ""),
        ("CAPTION_SEARCH_CONCURRENCY", "0"),
        ("CAPTION_SEARCH_CONCURRENCY", "many"),
        ("CAPTION_SEARCH_TIMEOUT_S", "-1"),
        ("CAPTION_SEARCH_MAX_EDGE", "10"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_the_name_of_its_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SettingsError, match=rf"^{variable} cannot be used: .*\.$"):
        Settings.load()


def test_an_error_never_shows_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("CAPTION_SEARCH_MAX_EDGE", "10")

    with pytest.raises(SettingsError) as raised:
        Settings.load()
    assert "sk-secret" not in f"{raised.value!r}{raised.value}"


def test_secrets_are_masked_when_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:sk-secret@host/db")

    assert "sk-secret" not in repr(Settings.load())


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [("DF_API_KEY", "df", "openai_api_key"), ("DF_BASE_URL", "http://df", "openai_base_url")],
)
def test_dataflows_variable_is_a_fall_back(
    variable: str, value: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert loaded(name) == value

    monkeypatch.setenv(name.upper(), "http://openai")
    assert loaded(name) == "http://openai"


def test_the_fall_back_gives_way_to_the_real_one_in_dot_env(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ENV_FILE).write_text("OPENAI_API_KEY=mine")
    monkeypatch.setenv("DF_API_KEY", "df")

    assert loaded("openai_api_key") == "mine"


def test_the_fall_back_gives_way_to_the_file_of_the_real_one(secret_file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY_FILE", secret_file)
    monkeypatch.setenv("DF_API_KEY", "df")

    assert loaded("openai_api_key") == "from-file"


@pytest.mark.parametrize(
    ("flags", "captioner"),
    [
        ({}, "offline"),
        ({"openai_api_key": "k"}, "openai"),
        ({"openai_base_url": "http://localhost:8000/v1"}, "openai"),
        ({"openai_api_key": "k", "captioner": "offline"}, "offline"),
        ({"captioner": "openai"}, "openai"),
    ],
)
def test_the_captioner_is_the_one_set_or_the_one_there_is_a_key_for(flags: dict[str, str], captioner: str) -> None:
    assert Settings.load(**flags).chosen_captioner() == captioner


def test_the_fall_back_key_chooses_the_captioner_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DF_API_KEY", "k")

    assert Settings.load().chosen_captioner() == "openai"


def test_the_hugging_face_token_comes_over_its_older_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_API_KEY", "older")
    assert loaded("hf_token") == "older"

    monkeypatch.setenv("HF_TOKEN", "newer")
    assert loaded("hf_token") == "newer"


@pytest.mark.parametrize(
    ("captioner", "address", "model"),
    [
        ("openai", None, "gpt-4o-mini"),
        ("offline", None, "gpt-4o-mini"),
        ("blip", None, "Salesforce/blip-image-captioning-base"),
        ("huggingface", "https://router.huggingface.co/hf-inference/models/org/captions", "org/captions"),
        ("huggingface", "https://abc.endpoints.huggingface.cloud/", "abc.endpoints.huggingface.cloud"),
        ("huggingface", "http://127.0.0.1:8080", "127.0.0.1:8080"),
    ],
)
def test_each_captioner_has_a_model_of_its_own_where_none_is_set(
    captioner: str, address: str | None, model: str
) -> None:
    settings = Settings.load(captioner=captioner, hf_api_itt_base=address)

    assert settings.model == model
    assert "model" not in settings.model_fields_set
    assert Settings.load(captioner=captioner, hf_api_itt_base=address, model="mine").model == "mine"


def test_a_hugging_face_endpoint_is_used_only_when_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_API_ITT_BASE", "http://127.0.0.1:8080")

    assert Settings.load().chosen_captioner() == "offline"
    assert Settings.load(captioner="huggingface").chosen_captioner() == "huggingface"


@pytest.mark.parametrize("key", ["", "short", "a" * 31, "a" * 31 + " ", "a" * 31 + "é", "a" * 31 + ";", "a" * 501])
def test_a_key_to_the_service_that_could_be_guessed_or_not_be_sent_is_refused(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTION_SEARCH_API_KEY", key)

    with pytest.raises(SettingsError, match=r"^CAPTION_SEARCH_API_KEY cannot be used: it takes 32 or more"):
        Settings.load()
