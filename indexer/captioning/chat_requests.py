"""The body of a chat completion that asks for captions, in the dialect that an endpoint understands."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from indexer.captioning.replies import combined_schema, combined_text
from indexer.errors import ModelUnusableError
from indexer.models import Picture, Prompt, Subject

_FORMATS = ("json_schema", "json_object", "text")
_LIMITS = ("max_completion_tokens", "max_tokens")
_REPAIR = "\n\nYour reply to this before could not be used: {}. Answer again, and mend that."


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a reply's format and greatest length are asked for: the newest way first, then simpler ones."""

    reply_format: str = _FORMATS[0]
    limit: str = _LIMITS[0]

    @property
    def takes_plain(self) -> bool:
        """Whether the endpoint knows no format for replies, so that plain words are one."""
        return self.reply_format == _FORMATS[-1]

    def body(
        self, model: str, subject: Subject, prompts: Sequence[Prompt], complaint: str | None = None
    ) -> dict[str, Any]:
        """Return the request for all prompts; a subject's own question makes the prompts its system message."""
        body: dict[str, Any] = {
            "model": model,
            "messages": _messages(subject, prompts, complaint),
            self.limit: sum(prompt.max_tokens for prompt in prompts),
        }
        if self.reply_format == "json_schema":
            schema = {"name": "captions", "strict": True, "schema": combined_schema(prompts)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.reply_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def simpler(self, said: str) -> "Dialect | None":
        """Return the dialect to try next where this one was refused with these words; None for other refusals."""
        if any(word in said for word in _LIMITS) and self.limit != _LIMITS[-1]:
            return replace(self, limit=_LIMITS[-1])
        about_format = any(word in said for word in ("response_format", *_FORMATS[:-1]))
        if about_format and self.reply_format != _FORMATS[-1]:
            return replace(self, reply_format=_FORMATS[_FORMATS.index(self.reply_format) + 1])
        return None


def _messages(subject: Subject, prompts: Sequence[Prompt], complaint: str | None) -> list[dict[str, Any]]:
    if subject.picture is None:
        raise ModelUnusableError("A model cannot caption an image that was not decoded.")
    text = combined_text(prompts) + (_REPAIR.format(complaint) if complaint else "")
    detail = "high" if any(prompt.image_detail == "high" for prompt in prompts) else prompts[0].image_detail
    images = [_image_part(picture, detail) for picture in subject.pictures]
    if subject.question is None:
        return [{"role": "user", "content": [_text_part(text), *images]}]
    return [
        {"role": "system", "content": text},
        {"role": "user", "content": [_text_part(subject.question), *images]},
    ]


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _image_part(picture: Picture, detail: str) -> dict[str, Any]:
    url = "data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode("ascii")
    return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
