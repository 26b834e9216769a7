"""Read a chat completion as many endpoints send it: what was paid for is taken, whatever its shape."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from indexer.errors import ModelUnavailableError, ModelUnusableError
from indexer.reply_fields import OR_EMPTY, Text, Tokens


class _Message(BaseModel):
    content: Text = ""
    refusal: Text = ""


class _Choice(BaseModel):
    message: Annotated[_Message, OR_EMPTY] = Field(default_factory=_Message)
    finish_reason: Any = None


class _Usage(BaseModel):
    prompt_tokens: Tokens = None
    completion_tokens: Tokens = None


class Completion(BaseModel):
    """The parts of a completion that matter here; one without a choice has an empty text."""

    choices: list[_Choice] = Field(default_factory=list)
    usage: Annotated[_Usage, OR_EMPTY] = Field(default_factory=_Usage)

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
