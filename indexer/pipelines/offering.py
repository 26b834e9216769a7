"""Which captioners there are to choose from, and what each would need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from indexer.captioning.captioner import Captioner
from indexer.captioning.prompts import DEFAULT_FOLDER, load_prompts
from indexer.errors import QueryError, SettingsError
from indexer.models import RETRIEVAL, CaptionerName
from indexer.pipelines.choosing import build_budget, build_captioner
from indexer.settings import Settings

_MOST_KEPT = 16
_PAID = ("openai", "huggingface")
_UNPROMPTED: Mapping[CaptionerName, tuple[str, ...]] = {
    "huggingface": (RETRIEVAL, "alt_text"),
    "blip": (RETRIEVAL,),
    "offline": (RETRIEVAL,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One captioner; `reason` says what it lacks, where it cannot be used as things are set up."""

    name: CaptionerName
    model: str
    kinds: tuple[str, ...]
    is_paid: bool
    reason: str | None
    is_default: bool


class Offering:
    """The captioners of these settings, each built once: a local model stays loaded. Safe to share by threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._build = lru_cache(maxsize=_MOST_KEPT)(self._build_anew)

    def find_offers(self) -> list[Offer]:
        """Return every captioner, whether or not it can be used."""
        return [self._offer(name) for name in get_args(CaptionerName)]

    def choose(self, name: CaptionerName | None, model: str | None, kinds: Sequence[str]) -> Captioner:
        """Return a captioner that makes these kinds; the usual one where none is named.

        Raises QueryError for kinds that it does not make, and for a model that is not set up; SettingsError where it
        lacks something.
        """
        name = name or self._settings.chosen_captioner()
        offer = self._offer(name)
        if offer.reason is not None:
            raise SettingsError(offer.reason)
        if model not in (None, offer.model) and name != "openai":
            raise QueryError(f"The captioner {name} has the model {offer.model} here, and no other.")
        if unknown := [kind for kind in kinds if kind not in offer.kinds]:
            raise QueryError(f"The captioner {name} makes no {unknown[0]}, but: {', '.join(offer.kinds)}.")
        captioner = self._build(name, model)
        build_budget(self._settings, captioner)
        return captioner

    def _offer(self, name: CaptionerName) -> Offer:
        settings = self._settings.for_captioner(name)
        model = "" if name == "huggingface" and settings.hf_api_itt_base is None else settings.model
        try:
            captioner = self._build(name, None)
            model = captioner.model
            build_budget(settings, captioner)
            reason = _lack(settings)
        except SettingsError as exc:
            reason = str(exc)
        return Offer(
            name=name,
            model=model,
            kinds=_UNPROMPTED.get(name) or tuple(load_prompts(DEFAULT_FOLDER)),
            is_paid=name in _PAID,
            reason=reason,
            is_default=name == self._settings.chosen_captioner(),
        )

    def _build_anew(self, name: CaptionerName, model: str | None) -> Captioner:
        return build_captioner(self._settings.for_captioner(name, model), captions=None)


def _lack(settings: Settings) -> str | None:
    """Say that a local model would have to be downloaded first, where it would."""
    if settings.captioner != "blip":
        return None
    from indexer.captioning.blip import is_here

    if is_here(settings.model):
        return None
    return (
        f"The model {settings.model} is not on this machine: set CAPTION_SEARCH_MODEL to a folder that holds one, or "
        "download it by `indexer caption IMAGE --captioner blip`."
    )
