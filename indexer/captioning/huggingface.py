"""Captions by a Hugging Face endpoint of the task image-to-text: a picture goes in, one plain sentence comes out."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from json import JSONDecodeError
from typing import Annotated

import httpx2
from huggingface_hub import InferenceClient, get_session, hf_raise_for_status, set_client_factory
from huggingface_hub.errors import HfHubHTTPError, InferenceTimeoutError, OfflineModeIsEnabled
from pydantic import BaseModel, Field, ValidationError

from indexer.captioning.estimating import Estimate
from indexer.captioning.plain import read_sentences
from indexer.errors import ModelError, ModelUnavailableError, ModelUnusableError
from indexer.http_answers import error_of
from indexer.models import MODEL_RANK, RETRIEVAL, Answer, Prompt, Subject

# Wrong token, no money, no right to it, wrong address.
_UNUSABLE = (401, 402, 403, 404, 405)
_LOADING = 503
_NO_HEALTH_ROUTE = (404, 405)
_UNLIMITED = httpx2.Limits(max_connections=None, max_keepalive_connections=None)  # the limiter says how many
# Given no token, the client would send the one that `hf auth login` stored; it takes no False.
_NO_TOKEN = "none"  # noqa: S105 - stands for none, and is never sent
# What the client raises over a body that is not the task's.
_TRIPPED = (AttributeError, LookupError, TypeError, ValueError)
_WEB_PAGE = "The endpoint answers with a web page: check HF_API_ITT_BASE."
_NOT_THE_TASKS = 'an answer other than [{"generated_text": …}], which endpoints of the task image-to-text give'


class _Loading(BaseModel):
    """What an endpoint says while it loads its model: the seconds until it has."""

    estimated_time: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


def build_client(*, token: str | None, timeout_s: float) -> InferenceClient:
    """Return a client that sends this token or none, and tries once, so that our own retries see every answer."""
    _widen_session()
    return InferenceClient(token=token or _NO_TOKEN, timeout=timeout_s, headers={"Content-Type": "image/jpeg"})


@cache
def _widen_session() -> None:
    """Let the session that all of huggingface_hub shares have any number of connections, instead of 100."""
    usual = get_session()
    hooks = {**usual.event_hooks, "request": [*usual.event_hooks["request"], _leave_out_no_token]}
    follow, timeout = usual.follow_redirects, usual.timeout
    set_client_factory(
        lambda: httpx2.Client(event_hooks=hooks, follow_redirects=follow, timeout=timeout, limits=_UNLIMITED)
    )


def _leave_out_no_token(request: httpx2.Request) -> None:
    if request.headers.get("Authorization") == f"Bearer {_NO_TOKEN}":
        del request.headers["Authorization"]


class HuggingFaceCaptioner:
    """One endpoint, which serves one model; it takes no prompt, so the sentence is all that can be had of it."""

    name = "huggingface"
    rank = MODEL_RANK
    kinds = (RETRIEVAL, "alt_text")
    is_paid = True
    takes_questions = False

    def __init__(
        self, client: InferenceClient, url: str, *, model: str, max_edge: int, languages: Sequence[str] = ("en",)
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
            raise ModelUnusableError("A model cannot caption an image that was not decoded.")
        with _translated_errors():
            text = self._client.image_to_text(subject.picture.jpeg, model=self._url).generated_text
        if not isinstance(text, str):
            raise ModelUnavailableError(_NOT_THE_TASKS)
        return Answer(captions=tuple(read_sentences([text], prompt, languages=self._languages) for prompt in prompts))

    def check(self) -> str:
        """Say whether the endpoint answers; sends no picture."""
        headers = {"Authorization": f"Bearer {self._client.token}"}
        with _translated_errors():
            address = httpx2.URL(self._url)
            # The client's own health_check has no time-out, and tells a wrong token from a missing route by nothing.
            health = address.copy_with(path=address.path.rstrip("/") + "/health")
            answer = get_session().get(health, headers=headers, timeout=self._client.timeout)
            if answer.status_code not in _NO_HEALTH_ROUTE:
                hf_raise_for_status(answer)
                if _is_page(answer.text):
                    raise ModelUnusableError(_WEB_PAGE)
        return f"{self._url} answers, {self.model}"


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise our errors in place of the library's."""
    try:
        yield
    except HfHubHTTPError as exc:
        raise _translate(exc.response, exc.server_message) from exc
    except (InferenceTimeoutError, httpx2.TimeoutException) as exc:
        raise ModelUnavailableError("no answer in time") from exc
    except httpx2.HTTPError as exc:
        raise ModelUnavailableError(f"no connection: {exc}") from exc
    except OfflineModeIsEnabled as exc:
        said = "The endpoint cannot be asked while HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set: unset it."
        raise ModelUnusableError(said) from exc
    except httpx2.InvalidURL as exc:
        raise ModelUnusableError(f"HF_API_ITT_BASE is no address: {exc}.") from exc
    except UnicodeEncodeError as exc:
        raise ModelUnusableError("HF_TOKEN has characters that no token has.") from exc
    except _TRIPPED as exc:
        raise _explain(exc) from exc


def _translate(answer: httpx2.Response, message: str | None) -> ModelError:
    said = "; ".join((message or answer.reason_phrase).splitlines())
    error = error_of(answer.status_code, said, answer.headers, unusable=_UNUSABLE)
    if answer.status_code != _LOADING or not isinstance(error, ModelUnavailableError):
        return error
    # Said for minutes while a model is loaded, or an endpoint that was scaled to zero starts: to wait is no fault.
    estimated_s = _read_estimated_time(answer.text)
    wait_s = error.retry_after_s if estimated_s is None else estimated_s
    return ModelUnavailableError(str(error), is_busy=True, retry_after_s=wait_s)


def _read_estimated_time(body: str) -> float | None:
    try:
        return _Loading.model_validate_json(body).estimated_time
    except ValidationError:
        return None


def _explain(error: Exception) -> ModelError:
    """Return our error for one of the library's that says nothing: it broke on a body."""
    if isinstance(error.__context__, httpx2.HTTPStatusError):  # while it read an error whose JSON is no object
        answer = error.__context__.response
        return _translate(answer, answer.text)
    if isinstance(error, JSONDecodeError) and _is_page(error.doc):
        return ModelUnusableError(_WEB_PAGE)
    return ModelUnavailableError(_NOT_THE_TASKS)


def _is_page(body: str) -> bool:
    return body.lstrip().startswith("<")
