"""Read a chat completion as many endpoints send it: what was paid for is taken, whatever its shape."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from indexer.openai_client import CHECK_ADDRESS
from indexer.reply_fields import OR_EMPTY, Text, Tokens, read_reply


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
    """Return the completion in a response's body; raises ModelUnusableError or ModelUnavailableError for none."""
    return read_reply(Completion, body, none="an answer that is no chat completion", check=CHECK_ADDRESS)
