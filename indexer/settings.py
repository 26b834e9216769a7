"""Settings: flag over environment over `.env` over `caption-search.toml` over default."""

import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from indexer.errors import SettingsError
from indexer.models import CaptionerName

PREFIX = "CAPTION_SEARCH_"
# pydantic's error types in the words of a user.
_SENTENCES = {
    "string_too_short": "it is empty; leave it out, or give it a value",
    "too_short": "it is empty; leave it out, or give it a value",
    "string_pattern_mismatch": "it must begin with http:// or https://",
    "int_parsing": "it must be a whole number",
    "float_parsing": "it must be a number",
    "greater_than_equal": "it must be at least {ge}",
    "greater_than": "it must be more than {gt}",
    "less_than_equal": "it must be at most {le}",
    "literal_error": "it must be {expected}",
}
TOML_FILE = "caption-search.toml"
ENV_FILE = ".env"
_URL = r"^https?://"
_GPT, _BLIP = "gpt-4o-mini", "Salesforce/blip-image-captioning-base"
_KEY = re.compile(r"[A-Za-z0-9._~+/=-]{32,500}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]+)?")


def _default_home() -> Path:
    """Return the platform's folder for data; not where it has a space, which Postgres' socket cannot bear (macOS)."""
    usual = user_data_path("caption-search", appauthor=False)
    return usual if " " not in str(usual) else Path.home() / ".caption-search"


def _default_model(given: dict[str, Any]) -> str:
    """Return the model where none is set: each captioner has its own; a Hugging Face endpoint's is in its address."""
    address = urlsplit(given.get("hf_api_itt_base") or "")
    if given.get("captioner") == "huggingface" and address.netloc:
        return address.path.rpartition("/models/")[2].strip("/") or address.netloc
    return _BLIP if given.get("captioner") == "blip" else _GPT


class FileSettingsSource(EnvSettingsSource):
    """Read `NAME_FILE` as the file that holds NAME, as Docker and Kubernetes hand over secrets."""

    def _load_env_vars(self) -> dict[str, str | None]:
        named = {name[:-5].lower(): path for name, path in _environment().items() if name.endswith("_FILE")}
        known = {name.lower() for name in variable_names()}
        return {name: _read_secret(name, path) for name, path in named.items() if name in known}


class Settings(BaseSettings):
    """Everything that can be set; the README says what each one does."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, toml_file=TOML_FILE, extra="ignore", populate_by_name=True
    )

    database_url: SecretStr | None = Field(None, validation_alias="DATABASE_URL", min_length=1)
    openai_api_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY", min_length=1)
    openai_base_url: str | None = Field(None, validation_alias="OPENAI_BASE_URL", pattern=_URL)
    gemini_api_key: SecretStr | None = Field(None, validation_alias="GEMINI_API_KEY", min_length=1)
    gemini_base_url: str | None = Field(None, validation_alias="GEMINI_BASE_URL", pattern=_URL)
    hf_api_itt_base: str | None = Field(None, validation_alias="HF_API_ITT_BASE", pattern=_URL)
    hf_token: SecretStr | None = Field(None, validation_alias="HF_TOKEN", min_length=1)
    hf_api_key: SecretStr | None = Field(None, validation_alias="HF_API_KEY", min_length=1)
    df_api_key: SecretStr | None = Field(None, validation_alias="DF_API_KEY", min_length=1)
    df_base_url: str | None = Field(None, validation_alias="DF_BASE_URL", pattern=_URL)

    home: Path = Field(default_factory=_default_home)
    captioner: CaptionerName | None = None
    model: str = Field(default_factory=_default_model, min_length=1)
    embedder: str = Field("all-MiniLM-L6-v2", min_length=1)
    concurrency: int = Field(10, ge=1, le=1000)
    timeout_s: float = Field(120, gt=0, le=3600)
    max_edge: int = Field(768, ge=64, le=8192)
    budget: float | None = Field(None, gt=0)
    languages: Annotated[tuple[str, ...], NoDecode] = ("en",)
    api_key: SecretStr | None = None
    brand_voice: str = Field("friendly, clear and honest", min_length=1, max_length=1000)

    @field_validator("home")
    @classmethod
    def _make_absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("api_key")
    @classmethod
    def _check_key(cls, key: SecretStr | None) -> SecretStr | None:
        """Take only what is hard to guess, and can be sent in a header and a cookie as it is."""
        if key is not None and not _KEY.fullmatch(key.get_secret_value()):
            raise ValueError("it takes 32 or more letters and digits, such as `openssl rand -hex 32` makes")
        return key

    @field_validator("languages", mode="before")
    @classmethod
    def _split_languages(cls, value: object) -> object:
        """Take `en,zh` as well as a list; only ISO 639 codes."""
        languages = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(languages, (list, tuple)) or not all(_LANGUAGE.fullmatch(str(part)) for part in languages):
            raise ValueError("it takes ISO 639 codes with commas between them, such as en,zh")
        return tuple(languages)

    @model_validator(mode="after")
    def _fall_back(self) -> "Settings":
        """Take DataFlow's key and address, and Hugging Face's older name, where the usual ones are not set."""
        self.openai_api_key = self.openai_api_key or self.df_api_key
        self.openai_base_url = self.openai_base_url or self.df_base_url
        self.gemini_api_key = self.gemini_api_key or self.df_api_key
        self.gemini_base_url = self.gemini_base_url or self.df_base_url
        self.hf_token = self.hf_token or self.hf_api_key
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources, the strongest first."""
        return (
            init_settings,
            env_settings,
            FileSettingsSource(settings_cls),
            dotenv_settings,
            TomlConfigSettingsSource(settings_cls),
        )

    @classmethod
    def load(cls, **flags: object) -> "Settings":
        """Read all sources; flags that are None do not count.

        Raises SettingsError, naming the variable, for unknown or unusable settings.
        """
        _refuse_unknown_variables()
        _refuse_unknown_keys()
        given: dict[str, Any] = {_alias(name): value for name, value in flags.items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as exc:
            raise SettingsError(_sentence(exc)) from exc

    def chosen_captioner(self) -> CaptionerName:
        """Return the captioner set, else `openai` where a key or base URL is set, else `offline`."""
        if self.captioner is not None:
            return self.captioner
        return "openai" if self.openai_api_key or self.openai_base_url else "offline"

    def for_captioner(self, captioner: CaptionerName, model: str | None = None) -> "Settings":
        """Return these settings with another captioner, and with its usual model where none is named."""
        own = self.model if captioner == self.chosen_captioner() else None
        usual = _default_model({"captioner": captioner, "hf_api_itt_base": self.hf_api_itt_base})
        return self.model_copy(update={"captioner": captioner, "model": model or own or usual})


def variable_names() -> list[str]:
    """Name every environment variable that sets something."""
    return [str(field.validation_alias or PREFIX + name.upper()) for name, field in Settings.model_fields.items()]


def _alias(name: str) -> str:
    return str(Settings.model_fields[name].validation_alias or name)


def _environment() -> dict[str, str]:
    """Return the environment over the .env file."""
    try:
        written = dotenv_values(ENV_FILE)
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{ENV_FILE} cannot be read: {exc}.") from exc
    return {name: value for name, value in {**written, **os.environ}.items() if value is not None}


def _read_secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{name.upper()}_FILE names {path}, which cannot be read: {exc}.") from exc


def _refuse_unknown_variables() -> None:
    known = variable_names()
    accepted = {*known, *(f"{name}_FILE" for name in known)}
    for name in sorted(_environment()):
        if name.startswith(PREFIX) and name not in accepted:
            raise SettingsError(f"{name} is no setting.{_hint(name, known)}")


def _refuse_unknown_keys() -> None:
    try:
        given = tomllib.loads(Path(TOML_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as exc:
        raise SettingsError(f"{TOML_FILE} cannot be read: {exc}.") from exc
    for name in sorted(given.keys() - Settings.model_fields.keys()):
        raise SettingsError(f"{TOML_FILE}: {name} is no setting.{_hint(name, list(Settings.model_fields))}")


def _hint(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else " `indexer doctor` lists what can be set."


def _sentence(error: ValidationError) -> str:
    first: Any = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    name = field if field in variable_names() else PREFIX + field.upper()
    told = _SENTENCES.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"{name} cannot be used: {told.format(**first.get('ctx', {}))}."
