"""The prompts of a run that follows the live index: after a switch, images are asked with the new generation's own."""

from collections.abc import Callable
from threading import Lock

from indexer.catalog.store.images import Wanted
from indexer.models import RETRIEVAL, Prompt
from indexer.pipelines.jobs import Job
from indexer.pipelines.run import Run


class Following:
    """What the stages of one run ask with now; safe to share by threads.

    A renewal belongs to a generation of its own, and captioners that take no prompt are asked whatever is live.
    """

    def __init__(self, run: Run, tell: Callable[[str], None] | None = None) -> None:
        self.prompts = run.prompts
        self._run = run
        self._tell = tell
        self._may_follow = not run.renew and run.captioner.kinds is None
        self._lock = Lock()

    @property
    def wanted(self) -> Wanted:
        """Return what the catalogue is asked for."""
        prompts, captioner = self.prompts, self._run.captioner
        return Wanted(
            kinds=[prompt.kind for prompt in prompts] or [RETRIEVAL],
            prompt_ids=[prompt.id for prompt in prompts] or [None],
            rank=captioner.rank,
            captioner=captioner.name,
            model=captioner.model,
            retry=self._run.retry_failed,
        )

    def look(self) -> None:
        """Take over the retrieval prompt of the live generation where that is another one by now."""
        if not self._may_follow:
            return
        with self._lock:
            live, ours = self._run.store.generations.get_live(), self._retrieval_prompt()
            if live is None or ours is None or live.prompt_id in (None, ours.id):
                return
            theirs = self._run.store.prompts.get_prompt(live.prompt_id)
            if not theirs.text:  # it was made by a captioner that takes no prompt
                return
            self.prompts = tuple(theirs if prompt is ours else prompt for prompt in self.prompts)
        if self._tell is not None:
            self._tell(
                f"The index was switched to generation {live.id} meanwhile: images are asked with revision "
                f"{theirs.revision} of the prompt from here on."
            )

    def has_replaced(self, job: Job) -> bool:
        """Tell whether a job was prepared with a prompt that was replaced since."""
        ours = self._retrieval_prompt()
        asked = [prompt.id for prompt in job.prompts if prompt.kind == RETRIEVAL and job.record_id is None]
        return ours is not None and any(prompt_id != ours.id for prompt_id in asked)

    def _retrieval_prompt(self) -> Prompt | None:
        return next((prompt for prompt in self.prompts if prompt.kind == RETRIEVAL), None)
