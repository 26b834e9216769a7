"""Choose what edits, from flags and settings."""

from pathlib import Path
from typing import Final

from pydantic import SecretStr

from indexer.editing.editor import Editor
from indexer.errors import SettingsError
from indexer.models import ApiFormat
from indexer.pricing import load_prices
from indexer.settings import Settings

DEFAULT_MODELS: Final[dict[ApiFormat, str]] = {
    "gemini": "gemini-3-pro-image-preview",
    "openai": "gpt-image-2.5-flare",
}
_NAMES: Final[dict[ApiFormat, tuple[str, ...]]] = {
    "gemini": ("gemini-",),
    "openai": ("gpt-image", "chatgpt-image", "dall-e"),
}


def build_editor(settings: Settings, *, api_format: ApiFormat, model: str | None, timeout_s: float) -> Editor:
    """Return the editor that the flags and settings name.

    Raises SettingsError where no endpoint is set, or the model is evidently none of this format's.
    """
    chosen = model or DEFAULT_MODELS[api_format]
    base_url, key = _endpoint(settings, api_format)
    if other := find_other_format(settings, api_format, chosen):
        raise SettingsError(f"{chosen} is no {api_format} model: use --api-format {other}.")
    if not has_endpoint(settings, api_format):
        prefix = api_format.upper()
        raise SettingsError(
            f"No endpoint is set for {chosen}: set {prefix}_API_KEY, or {prefix}_BASE_URL to an endpoint of your own."
        )
    prices, api_key = load_prices(Path()), key.get_secret_value() if key else None
    # Imported here: both SDKs take long to load, and most commands never edit.
    if api_format == "gemini":
        from indexer.editing import gemini, gemini_client

        asked = gemini_client.build_client(api_key=api_key, base_url=base_url, timeout_s=timeout_s)
        return gemini.GeminiEditor(asked, model=chosen, prices=prices)
    from indexer.editing.openai_images import OpenAIEditor
    from indexer.openai_client import build_client

    client = build_client(api_key=api_key, base_url=base_url, timeout_s=timeout_s)
    return OpenAIEditor(client, model=chosen, prices=prices)


def has_endpoint(settings: Settings, api_format: ApiFormat) -> bool:
    """Tell whether a key, or an address of one's own, is set for this format."""
    return any(_endpoint(settings, api_format))


def find_other_format(settings: Settings, api_format: ApiFormat, model: str) -> ApiFormat | None:
    """Return the format that a model is evidently of, where it is not this; an endpoint of one's own may have any."""
    if _endpoint(settings, api_format)[0] is not None:
        return None
    return next((other for other, names in _NAMES.items() if other != api_format and model.startswith(names)), None)


def _endpoint(settings: Settings, api_format: ApiFormat) -> tuple[str | None, SecretStr | None]:
    if api_format == "gemini":
        return settings.gemini_base_url, settings.gemini_api_key
    return settings.openai_base_url, settings.openai_api_key
