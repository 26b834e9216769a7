"""One execution of a command that captions: what all of its stages share."""

from dataclasses import dataclass, field
from threading import Event

from indexer.captioning.captioner import Captioner
from indexer.catalog.store import Store
from indexer.models import Prompt, RunId
from indexer.pipelines.spending import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that is alive in the catalogue under its id; setting `stop` ends it after the requests in flight.

    `renew` where it asks for captions of a generation that is being built, beside those that serve.
    """

    id: RunId
    store: Store
    captioner: Captioner
    prompts: tuple[Prompt, ...]
    budget: Budget
    retry_failed: bool = False
    renew: bool = False
    stop: Event = field(default_factory=Event)
