"""Read a chat completion as many endpoints send it: what was paid for is taken, whatever its shape."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from indexer.errors import ModelUnavailableError, ModelUnusableError

_MOST_TOKENS = 10**9


def _as_tokens(value: object) -> int | None:
    """Take a count that can be one."""
    try:
        tokens = int(str(value))
    except ValueError:
        return None
    return tokens if 0 <= tokens <= _MOST_TOKENS else None


def _as_text(value: object) -> str:
    """Take a text, or the texts of a list of parts."""
    if isinstance(value, list):
        return "".join(str(part.get("text") or "") for part in value if isinstance(part, dict))
    return value if isinstance(value, str) else ""


def _or_empty(value: object) -> object:
    return value if isinstance(value, dict) else {}


Tokens = Annotated[int | None, BeforeValidator(_as_tokens)]
Text = Annotated[str, BeforeValidator(_as_text)]


class _Message(BaseModel):
    content: Text = ""
    refusal: Text = ""


class _Choice(BaseModel):
    message: Annotated[_Message, BeforeValidator(_or_empty)] = Field(default_factory=_Message)
    finish_reason: Any = None


class _Usage(BaseModel):
    prompt_tokens: Tokens = None
    completion_tokens: Tokens = None


class Completion(BaseModel):
    """The parts of a completion that matter here; one without a choice has an empty text."""

    choices: list[_Choice] = Field(default_factory=list)
    usage: Annotated[_Usage, BeforeValidator(_or_empty)] = Field(default_factory=_Usage)

    @property
    def text(self) -> str:
        """Return what the model said, or why it would not."""
        message = self.choices[0].message if self.choices else _Message()
        return message.content or message.refusal

    @property
    def finish_reason(self) -> object:
        """Return why the model stopped."""
        return self.choices[0].finish_reason if self.choices else None


def read_completion(body: str) -> Completion:
    """Return the completion in a response's body.

    Raises ModelUnusableError for a web page, which a wrong base URL answers with, and ModelUnavailableError for
    a body that is cut short or no completion.
    """
    if body.lstrip().startswith("<"):
        raise ModelUnusableError("The endpoint answers with a web page: check OPENAI_BASE_URL (it often ends in /v1).")
    try:
        return Completion.model_validate_json(body)
    except ValidationError as exc:
        raise ModelUnavailableError("an answer that is no chat completion") from exc
