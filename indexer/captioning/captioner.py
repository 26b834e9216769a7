"""What every captioner is: something that turns an image and prompts into captions."""

from collections.abc import Sequence
from typing import Protocol

from indexer.captioning.estimating import Estimate
from indexer.models import RETRIEVAL, Answer, Prompt, Subject


class Captioner(Protocol):
    """Captions one image at a time; safe to call from many threads."""

    @property
    def name(self) -> str:
        """`openai`, `huggingface`, `blip`, `offline`, `import`."""

    @property
    def model(self) -> str:
        """The model asked, or the captioner's name where there is none."""

    @property
    def rank(self) -> int:
        """How good its captions are: a higher rank replaces a lower (offline 0, import 1, model 2)."""

    @property
    def kinds(self) -> Sequence[str] | None:
        """The kinds of caption it makes when it cannot be told what to write; None when it answers prompts."""

    @property
    def max_edge(self) -> int | None:
        """The longest side of the picture it wants, in pixels; None when it looks at none."""

    @property
    def is_paid(self) -> bool:
        """Whether a call may cost money: then it is entered in the ledger before it is sent."""

    @property
    def takes_questions(self) -> bool:
        """Whether it can answer what a record of a manifest asks, also about several pictures."""

    def estimate(self, sizes: Sequence[tuple[int, int]], prompts: Sequence[Prompt], question: str = "") -> Estimate:
        """Return what a request with pictures of these sizes, in pixels, takes; nothing where it is free."""

    def caption(self, subject: Subject, prompts: Sequence[Prompt], *, complaint: str | None = None) -> Answer | None:
        """Return a caption for each prompt, or None when it has nothing to say of this image.

        `complaint` says why an answer before this one could not be used.
        Raises ModelRefusedError, ModelUnavailableError or ModelUnusableError.
        """


class FreeCaptioner:
    """What captioners have in common that cost nothing, take no prompt, and describe for retrieval alone."""

    kinds: Sequence[str] | None = (RETRIEVAL,)
    is_paid = False
    takes_questions = False

    def estimate(
        self,
        sizes: Sequence[tuple[int, int]],  # noqa: ARG002
        prompts: Sequence[Prompt],  # noqa: ARG002
        question: str = "",  # noqa: ARG002
    ) -> Estimate:
        """Take nothing; see `Captioner`."""
        return Estimate()
