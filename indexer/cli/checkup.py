"""The checks of `indexer doctor`, one for each part that can be broken."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

from indexer.captioning.blip import BlipCaptioner
from indexer.captioning.huggingface import HuggingFaceCaptioner
from indexer.captioning.offline import OfflineCaptioner
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.catalog.embedding import Embedders
from indexer.catalog.embedding.verifying import verify_embedder
from indexer.catalog.opening import open_store
from indexer.errors import CaptionSearchError, SettingsError
from indexer.imaging.decoding import supported_formats
from indexer.models import ApiFormat, counted
from indexer.pipelines.choosing import build_captioner
from indexer.pipelines.choosing_editors import has_endpoint
from indexer.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What one part said."""

    part: str
    ok: bool
    said: str


def check_parts(settings: Settings) -> Iterator[Check]:
    """Check every part, also after one that fails."""
    parts: dict[str, Callable[[Settings], str]] = {
        "home": _check_home,
        "database": _check_database,
        "embedder": _check_embedder,
        "captioner": _check_captioner,
        "editors": _name_editors,
        "image formats": lambda _: ", ".join(supported_formats()),
    }
    for part, check in parts.items():
        try:
            yield Check(part=part, ok=True, said=check(settings))
        except CaptionSearchError as exc:
            yield Check(part=part, ok=False, said=str(exc))


def _check_home(settings: Settings) -> str:
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SettingsError(f"{settings.home} cannot be made: {exc.strerror}.") from exc
    if not os.access(settings.home, os.W_OK):
        raise SettingsError(f"{settings.home} cannot be written to.")
    return str(settings.home)


def _check_database(settings: Settings) -> str:
    with open_store(settings) as store:
        version = store.status.get_versions()
        live = store.generations.get_live()
        entries = store.generations.count_coverage(live.id).entries if live else 0
    return f"Postgres {version.postgres}, pgvector {version.pgvector}, {counted(entries, 'entry', 'entries')}"


def _check_embedder(settings: Settings) -> str:
    with open_store(settings) as store:
        live = store.generations.get_live()
        embedder = Embedders(settings).for_queries(live.embedder if live else settings.embedder)
        if live is not None:
            verify_embedder(store, live, embedder)
    dimensions = embedder.embed(["ready"]).shape[1]
    return f"{embedder.name}, {dimensions} dimensions; queries are embedded by {embedder.how}"


def _check_captioner(settings: Settings) -> str:
    match build_captioner(settings, captions=None):
        case OpenAICaptioner() | HuggingFaceCaptioner() | BlipCaptioner() as captioner:
            return captioner.check()
        case OfflineCaptioner():
            return "offline; set OPENAI_API_KEY or OPENAI_BASE_URL for captions by a model"
        case captioner:
            return captioner.name


def _name_editors(settings: Settings) -> str:
    """Say which editors have an endpoint; asking one would cost money."""
    with_endpoint = [name for name in get_args(ApiFormat) if has_endpoint(settings, name)]
    return ", ".join(with_endpoint) or "none; set GEMINI_API_KEY or OPENAI_API_KEY to edit images"
