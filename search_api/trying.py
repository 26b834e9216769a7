"""Captions that are tried out: the captioners stay as they are built, and what is asked is in the ledger."""

import time
from collections.abc import Sequence
from threading import Event

from indexer.captioning.captioner import Captioner
from indexer.captioning.limiting import Limiter
from indexer.captioning.prompts import DEFAULT_FOLDER
from indexer.imaging.reading import ReadImage
from indexer.models import Answer, FoundFile, Prompt
from indexer.pipelines.asking import Asking
from indexer.pipelines.choosing import register_prompts
from indexer.pipelines.jobs import read_for
from indexer.pipelines.offering import Offering
from indexer.pipelines.presenting_tried import TriedAnswer, present_tried
from indexer.pipelines.trying_out import TryingOut
from search_api.means import Means


class TryOuts:
    """Captions one image at a time, and indexes nothing."""

    def __init__(self, means: Means) -> None:
        self.offering = Offering(means.settings)
        self._means = means

    def caption(self, captioner: Captioner, file: FoundFile, kinds: Sequence[str]) -> TriedAnswer:
        """Return what a captioner says of a file; raises BadImageError, ModelError, and SettingsError."""
        read = read_for(captioner, file)
        prompts = register_prompts(self._means.store, self._means.settings, captioner, kinds, DEFAULT_FOLDER)
        began = time.monotonic()
        answer = self._ask(captioner, file, read, prompts)
        revisions = {prompt.kind: prompt.revision for prompt in prompts}
        return present_tried((captioner.name, captioner.model), answer, revisions, time.monotonic() - began)

    def _ask(self, captioner: Captioner, file: FoundFile, read: ReadImage, prompts: Sequence[Prompt]) -> Answer | None:
        """Ask once: somebody waits for the answer, and had better hear that the endpoint is busy."""
        store, kinds = self._means.store, ",".join(prompt.kind for prompt in prompts)
        asking = Asking(Limiter(1), Event(), patience_s=0)
        arguments = {"image": file.location, "kind": kinds, "captioner": captioner.name, "model": captioner.model}
        with store.runs.running("caption", arguments) as run_id:
            ended = "failed"
            try:
                trying = TryingOut(
                    store=store, captioner=captioner, run_id=run_id, asking=asking, budget=self._means.budget
                )
                answer = trying.caption(file, read, prompts)
                ended = "done"
            finally:
                store.runs.finish_run(run_id, {"ended": ended})
        return answer
