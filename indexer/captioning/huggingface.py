"""Captions by a Hugging Face endpoint of the task image-to-text: a picture goes in, one plain sentence comes out.

It sends what huggingface_hub's `InferenceClient.image_to_text` sends, but not through it: that loses an answer that is
no list, breaks on an error whose JSON is no object, sends the token of `hf auth login` to any address, and refuses to
reach an endpoint of one's own while HF_HUB_OFFLINE is set.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import httpx2
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from indexer.captioning.estimating import Estimate
from indexer.captioning.plain import read_sentences
from indexer.errors import CaptionerError, CaptionerUnavailableError, CaptionerUnusableError
from indexer.http_answers import error_of
from indexer.models import MODEL_RANK, RETRIEVAL, Answer, Prompt, Subject

# Moved elsewhere, wrong token, no money, no right to it, wrong address.
_UNUSABLE = (301, 302, 303, 307, 308, 401, 402, 403, 404, 405)
_LOADING = 503
_NO_HEALTH_ROUTE = (404, 405)
_UNLIMITED = httpx2.Limits(max_connections=None, max_keepalive_connections=None)  # the limiter says how many


class _Generated(BaseModel):
    generated_text: str


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict) else value


def _joined(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


_ANSWER = TypeAdapter(Annotated[list[_Generated], BeforeValidator(_as_list)])


class _Fault(BaseModel):
    """The body of an error; `estimated_time` is the seconds until the model is loaded."""

    error: Annotated[str, BeforeValidator(_joined)] = ""
    estimated_time: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


def build_client(*, token: str | None, timeout_s: float) -> httpx2.Client:
    """Return a client that tries once, so that our own retries see every answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.Client(headers=headers, timeout=timeout_s, limits=_UNLIMITED)


class HuggingFaceCaptioner:
    """One endpoint, which serves one model; it takes no prompt, so the sentence is all that can be had of it."""

    name = "huggingface"
    rank = MODEL_RANK
    kinds = (RETRIEVAL, "alt_text")
    is_paid = True
    takes_questions = False

    def __init__(
        self, client: httpx2.Client, url: str, *, model: str, max_edge: int, languages: Sequence[str] = ("en",)
    ) -> None:
        self.model = model
        self.max_edge = max_edge
        self._client = client
        self._url = url
        self._languages = languages

    def estimate(
        self,
        sizes: Sequence[tuple[int, int]],  # noqa: ARG002
        prompts: Sequence[Prompt],  # noqa: ARG002
        question: str = "",  # noqa: ARG002
    ) -> Estimate:
        """Know no price: an endpoint costs by the hour, not by the request."""
        return Estimate(cost_usd=None, most_cost_usd=None)

    def caption(
        self,
        subject: Subject,
        prompts: Sequence[Prompt],
        *,
        complaint: str | None = None,  # noqa: ARG002 - it cannot be told anything
    ) -> Answer:
        """Send the picture, and make every kind asked for of the answer; see `Captioner`."""
        if subject.picture is None:
            raise CaptionerUnusableError("A model cannot caption an image that was not decoded.")
        with _translated_errors():
            answer = self._client.post(self._url, content=subject.picture.jpeg, headers={"Content-Type": "image/jpeg"})
        if not answer.is_success:
            raise _translate(answer)
        sentences = read_answer(answer.text)
        return Answer(
            captions=tuple(read_sentences(sentences, prompt, languages=self._languages) for prompt in prompts)
        )

    def check(self) -> str:
        """Say whether the endpoint answers; sends no picture."""
        with _translated_errors():
            address = httpx2.URL(self._url)
            answer = self._client.get(address.copy_with(path=address.path.rstrip("/") + "/health"))
        if not answer.is_success and answer.status_code not in _NO_HEALTH_ROUTE:
            raise _translate(answer)
        return f"{self._url} answers, {self.model}"


def read_answer(body: str) -> list[str]:
    """Return the texts of an answer, a list or a single object.

    Raises CaptionerUnusableError for a web page, which a wrong address answers with, and CaptionerUnavailableError for
    a body that is cut short or holds no text.
    """
    if body.lstrip().startswith("<"):
        raise CaptionerUnusableError("The endpoint answers with a web page: check HF_API_ITT_BASE.")
    try:
        return [generated.generated_text for generated in _ANSWER.validate_json(body)]
    except ValidationError as exc:
        said = "an answer without generated_text, which endpoints of the task image-to-text give"
        raise CaptionerUnavailableError(said) from exc


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise our errors in place of the HTTP client's."""
    try:
        yield
    except httpx2.TimeoutException as exc:
        raise CaptionerUnavailableError("no answer in time") from exc
    except httpx2.HTTPError as exc:
        raise CaptionerUnavailableError(f"no connection: {exc}") from exc
    except httpx2.InvalidURL as exc:
        raise CaptionerUnusableError(f"HF_API_ITT_BASE is no address: {exc}.") from exc


def _translate(answer: httpx2.Response) -> CaptionerError:
    fault = _read_fault(answer.text)
    error = error_of(answer.status_code, fault.error or answer.reason_phrase, answer.headers, unusable=_UNUSABLE)
    if answer.status_code != _LOADING or not isinstance(error, CaptionerUnavailableError):
        return error
    # Said for minutes while a model is loaded, or an endpoint that was scaled to zero starts: to wait is no fault.
    wait_s = error.retry_after_s if fault.estimated_time is None else fault.estimated_time
    return CaptionerUnavailableError(str(error), is_busy=True, retry_after_s=wait_s)


def _read_fault(body: str) -> _Fault:
    try:
        return _Fault.model_validate_json(body)
    except ValidationError:
        return _Fault(error="" if body.lstrip().startswith("<") else body)
