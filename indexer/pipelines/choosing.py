"""Choose what captions, what it is asked, and what it may cost, from flags and settings."""

import math
from collections.abc import Sequence
from pathlib import Path

from indexer.captioning.captioner import Captioner
from indexer.captioning.prompts import DEFAULT_FOLDER, Wording, get_prompt, no_prompt
from indexer.catalog.store import Store
from indexer.errors import SettingsError
from indexer.models import RETRIEVAL, Generation, Prompt
from indexer.pipelines.spending import Budget
from indexer.settings import Settings

HOW_TO_SET = "set OPENAI_API_KEY, or OPENAI_BASE_URL to an endpoint of your own"


def build_captioner(settings: Settings, *, captions: Path | None) -> Captioner:
    """Return the captioner that the flags and settings name."""
    if captions is not None:
        from indexer.captioning.imported import ImportCaptioner

        return ImportCaptioner(captions)
    if settings.chosen_captioner() == "offline":
        if settings.captioner is None and "model" in settings.model_fields_set:
            raise SettingsError(f"No endpoint is set for {settings.model}: {HOW_TO_SET}.")
        from indexer.captioning.offline import OfflineCaptioner

        return OfflineCaptioner()
    if settings.captioner in ("huggingface", "blip"):
        return _build_unprompted(settings)
    from indexer.captioning.openai_chat import OpenAICaptioner
    from indexer.openai_client import build_client
    from indexer.pricing import load_prices

    key = settings.openai_api_key
    if key is None and settings.openai_base_url is None:
        raise SettingsError(f"No endpoint is set for {settings.model}: {HOW_TO_SET}.")
    client = build_client(
        api_key=key.get_secret_value() if key else None,
        base_url=settings.openai_base_url,
        timeout_s=settings.timeout_s,
    )
    prices = load_prices(Path())
    return OpenAICaptioner(
        client, model=settings.model, max_edge=settings.max_edge, prices=prices, languages=settings.languages
    )


def build_captioner_of(settings: Settings, generation: Generation) -> Captioner:
    """Return the captioner that made a generation; where captions were imported, the one that is set.

    Raises SettingsError where none is: what can be said offline is unlike imported captions.
    """
    if generation.captioner == "import":
        if settings.captioner is None and settings.chosen_captioner() == "offline":
            raise SettingsError(f"The index holds imported captions, and nothing captions this image: {HOW_TO_SET}.")
        return build_captioner(settings, captions=None)
    made_with = {"captioner": generation.captioner, "model": generation.model}
    return build_captioner(settings.model_copy(update=made_with), captions=None)


def _build_unprompted(settings: Settings) -> Captioner:
    """Return a captioner whose model takes no prompt: one behind a Hugging Face endpoint, or on this machine."""
    if settings.captioner == "blip":
        from indexer.captioning.blip import BlipCaptioner

        return BlipCaptioner(settings.model, max_edge=settings.max_edge, languages=settings.languages)
    from indexer.captioning.huggingface import HuggingFaceCaptioner, build_client

    if settings.hf_api_itt_base is None:
        raise SettingsError("No endpoint is set: set HF_API_ITT_BASE to the address of an image-to-text endpoint.")
    if settings.budget is not None:
        raise SettingsError("A budget cannot be kept: a Hugging Face endpoint costs by the hour, not by the request.")
    token = settings.hf_token.get_secret_value() if settings.hf_token else None
    client, url = build_client(token=token, timeout_s=settings.timeout_s), settings.hf_api_itt_base
    return HuggingFaceCaptioner(
        client, url, model=settings.model, max_edge=settings.max_edge, languages=settings.languages
    )


def choose_prompts(
    store: Store, captioner: Captioner, kinds: Sequence[str], folder: Path, wording: Wording, *, dry_run: bool
) -> tuple[tuple[Prompt, ...], str | None]:
    """Return the prompts to ask with, and what to tell the user of them.

    One index has one wording: the live generation's retrieval prompt is asked until `reindex` makes a new generation.
    A dry run numbers no revision. Raises NotFoundError for a kind that has no prompt, and SettingsError for one that
    the captioner cannot make.
    """
    register = store.prompts.look_up if dry_run else store.prompts.register_prompt
    prompts = {prompt.kind: register(prompt) for prompt in find_prompts(captioner, kinds, folder, wording)}
    live, newest = store.generations.get_live(), prompts.get(RETRIEVAL)
    if captioner.kinds is not None or live is None or newest is None or live.prompt_id in (None, newest.id):
        return tuple(prompts.values()), None
    in_use = store.prompts.get_prompt(live.prompt_id)
    if not in_use.text:  # its captioner takes no prompt, and this one needs words
        return tuple(prompts.values()), None
    prompts[RETRIEVAL] = in_use
    named = f"revision {newest.revision}" if newest.revision else "the new wording"
    said = (
        f"The live index was made with revision {in_use.revision} of the retrieval prompt, so new images are asked "
        f"with it too; {named} waits for `indexer reindex`{_name_coming(store)}."
    )
    return tuple(prompts.values()), said


def _name_coming(store: Store) -> str:
    """Name the newest generation that may take the live one's place."""
    coming = [one for one in store.generations.find_generations() if one.is_waiting]
    return f" (generation {coming[-1].id} is {coming[-1].state})" if coming else ""


def register_prompts(
    store: Store, settings: Settings, captioner: Captioner, kinds: Sequence[str], folder: Path
) -> tuple[Prompt, ...]:
    """Return the prompts in force of these kinds, whatever the live generation was made with.

    Raises NotFoundError for a kind that has no prompt, and SettingsError for one that the captioner cannot make.
    """
    found = find_prompts(captioner, kinds, folder, Wording.of(settings))
    return tuple(store.prompts.register_prompt(prompt) for prompt in found)


def find_prompts(captioner: Captioner, kinds: Sequence[str], folder: Path, wording: Wording) -> list[Prompt]:
    """Return the prompts in force of these kinds, none for a captioner that takes none and costs nothing.

    Raises NotFoundError for a kind that has no prompt, and SettingsError for one that the captioner cannot make.
    """
    able = captioner.kinds
    if able is None:
        return [get_prompt(folder, kind, wording) for kind in kinds]
    if others := [kind for kind in kinds if kind not in able]:
        raise SettingsError(
            f"The captioner {captioner.name} takes no prompt: it makes captions of kind {' and '.join(able)}, not "
            f"{', '.join(others)}."
        )
    # What is paid is in the ledger with what it was for: a prompt without words, which no editing makes a new one.
    return [no_prompt(kind) for kind in kinds] if captioner.is_paid else []


def prompts_of(store: Store, settings: Settings, captioner: Captioner, generation: Generation) -> tuple[Prompt, ...]:
    """Return what a generation's captioner was asked; of another captioner, the prompt in force."""
    if not captioner.is_paid:
        return ()
    if generation.prompt_id is not None and captioner.name == generation.captioner:
        return (store.prompts.get_prompt(generation.prompt_id),)
    return register_prompts(store, settings, captioner, [RETRIEVAL], DEFAULT_FOLDER)


def build_budget(settings: Settings, captioner: Captioner) -> Budget:
    """Return the budget that is set; raises SettingsError where it could not be kept."""
    if settings.budget is None:
        return Budget(math.inf)
    # Imported here: the client takes a third of a second.
    from indexer.captioning.openai_chat import OpenAICaptioner

    if isinstance(captioner, OpenAICaptioner) and not captioner.has_price:
        raise SettingsError(
            f"A budget cannot be kept without the price of {captioner.model}: write [usd_per_million] and "
            f'"{captioner.model}" = [input, output] into ./pricing.toml.'
        )
    return Budget(settings.budget)


def split_kinds(text: str) -> list[str]:
    """Return the kinds named with commas between them, each once; raises SettingsError where none is."""
    kinds = list(dict.fromkeys(kind.strip() for kind in text.split(",") if kind.strip()))
    if not kinds:
        raise SettingsError("No kind of caption is named: retrieval, alt_text, ecommerce or moderation.")
    return kinds
