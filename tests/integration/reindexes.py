"""Reindexes in a test's own process: a small catalogue with pictures on disk, and the stages of a reindex over it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from indexer.captioning.captioner import Captioner
from indexer.captioning.openai_chat import OpenAICaptioner
from indexer.catalog.store import Store
from indexer.cli.wiring import build_reindexing, make_run
from indexer.models import RETRIEVAL, FoundFile, ImageFacts, ImageId, PromptId, RunId
from indexer.pipelines.golden import GoldenQuery
from indexer.pipelines.outcomes import Outcome
from indexer.pipelines.reindexing.gate import Terms
from indexer.pipelines.reindexing.reindexing import Reindexing, Wish
from indexer.pipelines.reindexing.targets import Target, choose_target
from indexer.settings import Settings
from tests.factories import make_answer, make_wanted
from tests.images import image_bytes
from tests.prompts import write_revision

MODEL = "gpt-4o-mini"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reindexes:
    """Reindexes a catalogue in which three images on disk are captioned with the first revision, and indexed."""

    store: Store
    settings: Settings
    folder: Path
    first: PromptId
    images: Sequence[ImageId]
    captioners: list[Captioner] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        """Return the states of all generations, the oldest first."""
        return [generation.state for generation in self.store.generations.find_generations()]

    def choose(self, revision: str) -> Target:
        """Return what a reindex with another prompt is to arrive at."""
        prompts = write_revision(self.folder, revision)
        target = choose_target(self.store, self.settings, RETRIEVAL, prompts, dry_run=False)
        self.captioners.append(target.captioner)
        return target

    def close(self) -> None:
        """Close the connections of all captioners that were chosen."""
        for captioner in self.captioners:
            if isinstance(captioner, OpenAICaptioner):
                captioner.client.close()

    def build(
        self, target: Target, run_id: RunId, *, queries: Sequence[GoldenQuery] = (), activate: bool | None = None
    ) -> Reindexing:
        """Return the stages of a reindex."""
        wish = Wish(activate=activate, terms=Terms(), queries=queries)
        run = make_run(self.store, self.settings, target, run_id, retry_failed=False, stop=Event())
        return build_reindexing(run, self.settings, target, wish, batches=False)

    def reindex(self, target: Target, *, activate: bool | None = None) -> tuple[Reindexing, list[Outcome]]:
        """Reindex, and return what came of it."""
        with self.store.runs.running("reindex", {}) as run_id:
            reindexing = self.build(target, run_id, activate=activate)
            return reindexing, list(reindexing.reindex())


def add_live(store: Store, settings: Settings, prompt_id: PromptId) -> None:
    """Add a live generation of a model's captions."""
    store.generations.add_generation(
        prompt_id=prompt_id,
        captioner="openai",
        model=MODEL,
        embedder=settings.embedder,
        dimensions=384,
        state="live",
    )


def add_file(store: Store, path: Path, number: int, prompt_id: PromptId) -> ImageId:
    """Write a picture, register it and caption it."""
    path.write_bytes(image_bytes(number))
    registered = register(store, path)
    answer = make_answer(f"Picture number {number}.", prompt_id=prompt_id)
    store.captions.store_answer(registered, answer, captioner="openai", model=MODEL)
    return registered


def register(store: Store, path: Path) -> ImageId:
    """Register the picture at a path."""
    raw = path.read_bytes()
    sha256 = hashlib.sha256(raw).digest()
    facts = ImageFacts(sha256=sha256, format="JPEG", width=64, height=48, size_bytes=len(raw))
    found = FoundFile(path=path, location=str(path), relative_path=path.name, size_bytes=1, modified_ns=1)
    return store.images.register_image(facts, found, make_wanted()).image_id
