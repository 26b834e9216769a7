"""What a reindex is to arrive at: prompt, captioner and embedder, from flags, settings and the live generation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.captioning.captioner import Captioner, FreeCaptioner
from indexer.captioning.prompts import Wording
from indexer.catalog.store import Store
from indexer.catalog.store.renewals import Making
from indexer.errors import NotFoundError, SettingsError
from indexer.models import MODEL_RANK, RETRIEVAL, Answer, Generation, Prompt, Subject
from indexer.pipelines.choosing import HOW_TO_SET, build_captioner, find_prompts
from indexer.settings import Settings

_MODELS = ("openai", "huggingface", "blip")


class _Silent(FreeCaptioner):
    """Stands for a captioner whose captions are kept, and which is asked for no more."""

    rank = MODEL_RANK
    max_edge = None

    def __init__(self, name: str, model: str) -> None:
        self.name = name
        self.model = model

    def caption(self, subject: Subject, prompts: Sequence[Prompt], *, complaint: str | None = None) -> Answer | None:  # noqa: ARG002
        """Say nothing; see `Captioner`."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a generation is to be made with, or one kind's captions.

    `prompt` is None where the captioner takes none; where it `asks` nothing, captions stay as they are.
    """

    kind: str
    prompt: Prompt | None
    captioner: Captioner
    embedder: str
    asks: bool = True

    def making(self, *, retry: bool) -> Making:
        """Return which captions are this target's own."""
        return Making(
            kind=self.kind,
            prompt_id=self.prompt.id if self.prompt else None,
            captioner=self.captioner.name,
            model=self.captioner.model,
            rank=self.captioner.rank,
            retry=retry,
        )

    def is_of(self, generation: Generation) -> bool:
        """Tell whether a generation is made with just this."""
        ours = (self.prompt.id if self.prompt else None, self.captioner.name, self.captioner.model, self.embedder)
        theirs = (generation.prompt_id, generation.captioner, generation.model, generation.embedder)
        # A revision that is not numbered yet is nobody's.
        return ours == theirs and (self.prompt is None or self.prompt.id is not None)


def choose_target(store: Store, settings: Settings, kind: str, folder: Path, *, dry_run: bool) -> Target:
    """Return what captions of a kind are to be made with: the newest prompt, and the captioner that is set.

    Where none is set, the live generation's. A dry run numbers no revision. Raises SettingsError.
    """
    live = get_live(store)
    captioner = _build_captioner(settings, live)
    if captioner is None:
        if kind != RETRIEVAL:
            raise SettingsError(
                f"The index holds imported captions, and nothing makes any of kind {kind}: {HOW_TO_SET}."
            )
        return _as_it_is(store, live, live.embedder)
    register = store.prompts.look_up if dry_run else store.prompts.register_prompt
    found = [register(prompt) for prompt in find_prompts(captioner, [kind], folder, Wording.of(settings))]
    return Target(
        kind=kind,
        prompt=found[0] if found else None,
        captioner=captioner,
        embedder=live.embedder,
    )


def choose_embedder(store: Store, embedder: str) -> Target:
    """Return the live generation's captions with another embedder: nothing is asked for."""
    return _as_it_is(store, get_live(store), embedder)


def get_live(store: Store) -> Generation:
    """Return the live generation; raises NotFoundError where nothing is indexed."""
    live = store.generations.get_live()
    if live is None:
        raise NotFoundError("generation", "to renew: run `indexer ingest FOLDER` first")
    return live


def find_made(store: Store, target: Target) -> Generation | None:
    """Return the newest generation that is made with a target, finished or not, if there is one."""
    made = [generation for generation in store.generations.find_generations() if target.is_of(generation)]
    return next((generation for generation in reversed(made) if generation.state != "dropping"), None)


def _as_it_is(store: Store, live: Generation, embedder: str) -> Target:
    return Target(
        kind=RETRIEVAL,
        prompt=None if live.prompt_id is None else store.prompts.get_prompt(live.prompt_id),
        captioner=_Silent(live.captioner, live.model),
        embedder=embedder,
        asks=False,
    )


def _build_captioner(settings: Settings, live: Generation) -> Captioner | None:
    """Return the captioner that is set, else the live generation's; None where its captions were imported."""
    kept: dict[str, object] = {}
    if settings.captioner is None and live.captioner in _MODELS:
        kept["captioner"] = live.captioner
    chosen = kept.get("captioner") or settings.chosen_captioner()
    if chosen == live.captioner and "model" not in settings.model_fields_set:
        kept["model"] = live.model
    if chosen == "offline" and settings.captioner is None and live.captioner == "import":
        return None
    try:
        return build_captioner(settings.model_copy(update=kept), captions=None)
    except SettingsError as exc:
        if settings.captioner is None and live.captioner in _MODELS:
            raise SettingsError(f"The live index was made with {live.captioner_name}. {exc}") from exc
        raise
