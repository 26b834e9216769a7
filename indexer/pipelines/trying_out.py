"""Caption one image and index nothing; what it cost is in the ledger all the same."""

import math
from collections.abc import Sequence
from dataclasses import replace

from indexer.captioning.captioner import Captioner
from indexer.catalog.store import Store
from indexer.catalog.store.requests import RequestOutcome
from indexer.errors import ModelRefusedError, ModelUnavailableError, SettingsError
from indexer.imaging.reading import ReadImage
from indexer.models import Answer, FoundFile, Prompt, RunId, Subject, Usage, ids_of
from indexer.pipelines.asking import Asking, captioning
from indexer.pipelines.jobs import subject_of
from indexer.pipelines.spending import Budget


class TryingOut:
    """Asks one captioner, at most twice: once more where an answer cannot be used; within a budget, if given one."""

    def __init__(
        self, *, store: Store, captioner: Captioner, run_id: RunId, asking: Asking, budget: Budget | None = None
    ) -> None:
        self._store = store
        self._budget = budget or Budget(math.inf)
        self._captioner = captioner
        self._run_id = run_id
        self._asking = asking

    def caption(self, file: FoundFile, read: ReadImage, prompts: Sequence[Prompt]) -> Answer | None:
        """Return what the captioner says of an image, quarantined where it cannot be used; None where it is nothing.

        Raises ModelError, and SettingsError where the budget does not allow it.
        """
        subject = subject_of(file, read)
        if not self._captioner.is_paid:
            return self._captioner.caption(subject, prompts)
        most_usd = self._reserve(subject, prompts)
        cost_usd = 0.0
        try:
            answer = self._ask_twice(subject, prompts)
            cost_usd = most_usd if answer.usage.cost_usd is None else answer.usage.cost_usd
        finally:
            self._budget.settle(most_usd, cost_usd)
        return answer

    def _reserve(self, subject: Subject, prompts: Sequence[Prompt]) -> float:
        """Set aside the most that it can cost, in USD, and return that; 0 where no budget asks for it."""
        if not self._budget.is_limited:
            return 0.0
        sizes = [(picture.width, picture.height) for picture in subject.pictures]
        most_usd = self._captioner.estimate(sizes, prompts).most_cost_usd
        if most_usd is None:
            raise SettingsError(f"A budget cannot be kept without the price of {self._captioner.model}.")
        if not self._budget.try_reserve(most_usd):
            raise SettingsError("The budget has no room for this: set a higher CAPTION_SEARCH_BUDGET, and start again.")
        return most_usd

    def _ask_twice(self, subject: Subject, prompts: Sequence[Prompt]) -> Answer:
        first = self._ask(subject, prompts, None)
        bad = [caption for caption in first.captions if caption.quarantine]
        if not bad or self._captioner.kinds is not None:
            return first
        asked = [prompt for prompt in prompts if any(caption.kind == prompt.kind for caption in bad)]
        try:
            second = self._ask(subject, asked, bad[0].quarantine)
        except (ModelRefusedError, ModelUnavailableError):
            return first
        mended = {caption.kind: caption for caption in second.captions}
        captions = tuple(mended.get(caption.kind, caption) for caption in first.captions)
        return replace(first, captions=captions, usage=first.usage.plus(second.usage))

    def _ask(self, subject: Subject, prompts: Sequence[Prompt], complaint: str | None) -> Answer:
        request_id = self._store.requests.open_request(
            self._run_id, None, ids_of(prompts), captioner=self._captioner.name, model=self._captioner.model
        )
        tries, usage = self._asking.begin(), Usage()
        outcome: RequestOutcome = "unavailable"
        try:
            answer = tries.ask(captioning(self._captioner, subject, prompts, complaint=complaint))
            usage = answer.usage
            outcome = "answered" if answer.is_usable else "unusable"
        except ModelRefusedError:
            outcome = "refused"
            raise
        finally:
            self._store.requests.close_request(request_id, outcome, attempts=tries.count, usage=usage)
        return answer
