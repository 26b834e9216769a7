"""Captions by any OpenAI-compatible endpoint: chat completions with an image part."""

import base64
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import openai
import regex

from indexer.captioning.completions import read_completion
from indexer.captioning.estimating import estimate_input_tokens
from indexer.captioning.pricing import Prices
from indexer.captioning.replies import combined_schema, combined_text, parse_reply
from indexer.errors import CaptionerUnusableError
from indexer.models import MODEL_RANK, Answer, Prompt, Subject, Usage
from indexer.openai_client import translated_errors

_FORMATS = ("json_schema", "json_object", "text")
_REPAIR = "\n\nYour reply to this before could not be used: {}. Answer again, and mend that."
# How long until the endpoint takes requests again, as "250ms", "6m0s" or seconds.
_DURATION = regex.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s?)?(?:(\d+)ms)?")
_LIMITS = ("max_completion_tokens", "max_tokens")


class OpenAICaptioner:
    """One model behind one endpoint; what the endpoint understands is found once and remembered."""

    name = "openai"
    rank = MODEL_RANK
    is_paid = True

    def __init__(
        self, client: openai.OpenAI, *, model: str, max_edge: int, prices: Prices, languages: Sequence[str] = ("en",)
    ) -> None:
        self.model = model
        self.max_edge = max_edge
        self._client = client
        self._prices = prices
        self._languages = languages
        self._dialect = (0, 0)  # indexes into _FORMATS and _LIMITS
        self._learning = threading.Lock()

    def most_cost_usd(self, subject: Subject, prompts: Sequence[Prompt]) -> float:
        """Return the price of the image, the prompts and the longest reply, twice; 0 where no price is known."""
        if subject.picture is None:
            return 0.0
        size = subject.picture.width, subject.picture.height
        input_tokens = estimate_input_tokens(self.model, prompts, combined_text(prompts), *size)
        output_tokens = sum(prompt.max_tokens for prompt in prompts)
        return 2 * (self._prices.cost_usd(self.model, input_tokens, output_tokens) or 0.0)

    @property
    def has_price(self) -> bool:
        """Whether what its tokens cost is known."""
        return self._prices.cost_usd(self.model, 1, 1) is not None

    def caption(self, subject: Subject, prompts: Sequence[Prompt], *, complaint: str | None = None) -> Answer:
        """Ask for all prompts in one request; see `Captioner`."""
        content = _content(subject, prompts, complaint)
        while True:
            dialect = self._dialect
            try:
                with translated_errors():
                    sent = self._send(content, prompts, dialect)
                    return self._answer(sent.text, prompts, pause_s=_pause_s(sent.headers))
            except _DialectError as exc:
                self._learn(dialect, exc.next_dialect)

    def check(self) -> str:
        """Say whether the endpoint answers and knows the model; costs nothing."""
        with translated_errors():
            listed = {model.id for model in self._client.models.list()}
        known = "knows" if self.model in listed else "answers, but does not list"
        return f"{self._client.base_url} {known} {self.model}"

    def _send(self, content: list[Any], prompts: Sequence[Prompt], dialect: tuple[int, int]) -> Any:  # noqa: ANN401
        """Return the client's raw response: it has the headers beside the completion."""
        options: dict[str, Any] = {_LIMITS[dialect[1]]: sum(prompt.max_tokens for prompt in prompts)}
        if (response_format := _response_format(_FORMATS[dialect[0]], prompts)) is not None:
            options["response_format"] = response_format
        try:
            return self._client.chat.completions.with_raw_response.create(
                model=self.model, messages=[{"role": "user", "content": content}], **options
            )
        except (openai.BadRequestError, openai.UnprocessableEntityError) as exc:
            raise _DialectError.of(exc, dialect) from exc

    def _learn(self, tried: tuple[int, int], better: tuple[int, int]) -> None:
        with self._learning:
            if self._dialect == tried:
                self._dialect = better

    def _answer(self, body: str, prompts: Sequence[Prompt], *, pause_s: float) -> Answer:
        completion = read_completion(body)
        captions = parse_reply(
            completion.text, prompts, cut_off=completion.finish_reason == "length", languages=self._languages
        )
        tokens = completion.usage.prompt_tokens, completion.usage.completion_tokens
        usage = Usage(
            input_tokens=tokens[0], output_tokens=tokens[1], cost_usd=self._prices.cost_usd(self.model, *tokens)
        )
        return Answer(captions=captions, usage=usage, pause_s=pause_s)


class _DialectError(Exception):
    """The endpoint does not know a parameter; `next_dialect` is to be tried instead."""

    def __init__(self, next_dialect: tuple[int, int]) -> None:
        super().__init__()
        self.next_dialect = next_dialect

    @classmethod
    def of(cls, error: openai.APIStatusError, dialect: tuple[int, int]) -> Exception:
        """Return what to raise for a refused request: this error where another dialect is left, else the refusal."""
        said = f"{error.param} {error.message}" if isinstance(error, openai.BadRequestError) else error.message
        formats, limits = dialect
        about_limit = any(word in said for word in _LIMITS)
        about_format = any(word in said for word in ("response_format", *_FORMATS[:-1]))
        if about_limit and limits + 1 < len(_LIMITS):
            return cls((formats, limits + 1))
        if about_format and formats + 1 < len(_FORMATS):
            return cls((formats + 1, limits))
        return error


def _content(subject: Subject, prompts: Sequence[Prompt], complaint: str | None) -> list[Any]:
    if subject.picture is None:
        raise CaptionerUnusableError("A model cannot caption an image that was not decoded.")
    url = "data:image/jpeg;base64," + base64.b64encode(subject.picture.jpeg).decode("ascii")
    detail = "high" if any(prompt.image_detail == "high" for prompt in prompts) else prompts[0].image_detail
    return [
        {"type": "text", "text": combined_text(prompts) + (_REPAIR.format(complaint) if complaint else "")},
        {"type": "image_url", "image_url": {"url": url, "detail": detail}},
    ]


def _pause_s(headers: Mapping[str, str]) -> float:
    """Return how long to wait, in seconds, where the x-ratelimit headers say that nothing is left."""
    waits = [0.0]
    for what in ("requests", "tokens"):
        if headers.get(f"x-ratelimit-remaining-{what}") == "0":
            match = _DURATION.fullmatch(headers.get(f"x-ratelimit-reset-{what}", ""))
            hours, minutes, seconds, milliseconds = (
                (float(part or 0) for part in match.groups()) if match else [0.0] * 4
            )
            waits.append(hours * 3600 + minutes * 60 + seconds + milliseconds / 1000)
    return max(waits)


def _response_format(name: str, prompts: Sequence[Prompt]) -> dict[str, Any] | None:
    match name:
        case "json_schema":
            schema = {"name": "captions", "strict": True, "schema": combined_schema(prompts)}
            return {"type": "json_schema", "json_schema": schema}
        case "json_object":
            return {"type": "json_object"}
        case _:
            return None
