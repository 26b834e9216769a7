"""Caption one image and index nothing; what it cost is in the ledger all the same."""

from collections.abc import Sequence
from dataclasses import replace

from indexer.captioning.captioner import Captioner
from indexer.catalog.store import Store
from indexer.catalog.store.requests import RequestOutcome
from indexer.errors import ModelRefusedError, ModelUnavailableError
from indexer.imaging.reading import ReadImage
from indexer.models import Answer, FoundFile, Prompt, RunId, Subject, Usage, ids_of
from indexer.pipelines.asking import Asking, captioning
from indexer.pipelines.jobs import subject_of


class TryingOut:
    """Asks one captioner, at most twice: once more where an answer cannot be used."""

    def __init__(self, *, store: Store, captioner: Captioner, run_id: RunId, asking: Asking) -> None:
        self._store = store
        self._captioner = captioner
        self._run_id = run_id
        self._asking = asking

    def caption(self, file: FoundFile, read: ReadImage, prompts: Sequence[Prompt]) -> Answer | None:
        """Return what the captioner says of an image, quarantined where it cannot be used; None where it is nothing.

        Raises ModelError.
        """
        subject = subject_of(file, read)
        if not self._captioner.is_paid:
            return self._captioner.caption(subject, prompts)
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
