"""What `indexer ingest` says of manifests among its sources."""

from collections.abc import Sequence
from pathlib import Path

from indexer.captioning.captioner import Captioner
from indexer.catalog.store import Store
from indexer.cli.output import say
from indexer.models import counted
from indexer.sources.finding import is_manifest
from indexer.sources.manifests import manifest_name


def noun_of(sources: Sequence[Path]) -> str:
    """Name what is counted."""
    return "images and records" if any(map(is_manifest, sources)) else "images"


def tell_questions_unanswered(captioner: Captioner, sources: Sequence[Path]) -> None:
    """Say before a run that this captioner reads no record's text."""
    if not captioner.takes_questions and any(map(is_manifest, sources)):
        say(
            "Only a model answers what records ask: a record with one image is captioned here like a file, and one "
            "with several gets no caption."
        )


def tell_bare_images(store: Store, sources: Sequence[Path]) -> None:
    """Say after a run that images are not searchable which are only in records with others."""
    manifests = [manifest_name(source) for source in sources if is_manifest(source)]
    if manifests and (count := store.records.count_bare_images(manifests)):
        say(
            f"{counted(count, 'image is', 'images are')} only in records of several, without a caption of their own, "
            "so that a search does not find them; ingest their folder for that."
        )
