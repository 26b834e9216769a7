"""Read what Gemini answered: images, words, why there are none, and what the next turn has to give back."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from indexer.pricing import EditTokens
from indexer.reply_fields import OBJECTS_ONLY, OR_EMPTY, Text, Tokens, read_base64, read_reply

_REFUSED = {
    "SAFETY": "it may be unsafe",
    "IMAGE_SAFETY": "the image may be unsafe",
    "PROHIBITED_CONTENT": "it may be prohibited content",
    "IMAGE_PROHIBITED_CONTENT": "the image may be prohibited content",
    "RECITATION": "it may repeat a protected work",
    "IMAGE_RECITATION": "the image may repeat a protected work",
    "BLOCKLIST": "it has words of a blocklist",
    "SPII": "it may have sensitive personal information",
    "JAILBREAK": "it may be an attempt to get around the rules",
    "MODEL_ARMOR": "it was blocked by Model Armor",
}
_UNREASONED = ("BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED", "")


class _Read(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)


class _Blob(_Read):
    mime_type: Text = ""
    data: Text = ""


class _Part(_Read):
    text: Text = ""
    thought: Any = False
    thought_signature: Text = ""
    inline_data: Annotated[_Blob, OR_EMPTY] = Field(default_factory=_Blob)


class _Content(_Read):
    parts: Annotated[list[_Part], OBJECTS_ONLY] = Field(default_factory=list)


class _Candidate(_Read):
    content: Annotated[_Content, OR_EMPTY] = Field(default_factory=_Content)
    finish_reason: Text = ""
    finish_message: Text = ""


class _Feedback(_Read):
    block_reason: Text = ""
    block_reason_message: Text = ""


class _Counted(_Read):
    modality: Text = ""
    token_count: Tokens = None


class _Usage(_Read):
    prompt_token_count: Tokens = None
    candidates_token_count: Tokens = None
    thoughts_token_count: Tokens = None
    prompt_tokens_details: Annotated[list[_Counted], OBJECTS_ONLY] = Field(default_factory=list)
    candidates_tokens_details: Annotated[list[_Counted], OBJECTS_ONLY] = Field(default_factory=list)


class GeminiAnswer(_Read):
    """The parts of an answer that matter here, of its first candidate."""

    candidates: Annotated[list[_Candidate], OBJECTS_ONLY] = Field(default_factory=list)
    prompt_feedback: Annotated[_Feedback, OR_EMPTY] = Field(default_factory=_Feedback)
    usage_metadata: Annotated[_Usage, OR_EMPTY] = Field(default_factory=_Usage)

    @property
    def _candidate(self) -> _Candidate:
        return self.candidates[0] if self.candidates else _Candidate()

    @property
    def _results(self) -> list[_Part]:
        """Return what the model answered, without what it thought on its way there."""
        return [part for part in self._candidate.content.parts if not part.thought]

    @property
    def refusal(self) -> str | None:
        """Return why the prompt or the result was blocked, in words; None where it was not."""
        feedback, candidate = self.prompt_feedback, self._candidate
        if feedback.block_reason not in _UNREASONED or (feedback.block_reason and not self.candidates):
            return _explain("the prompt was blocked", feedback.block_reason, feedback.block_reason_message)
        if candidate.finish_reason in _REFUSED:
            return _explain("the result was blocked", candidate.finish_reason, candidate.finish_message)
        return None

    @property
    def text(self) -> str:
        """Return the words of the answer."""
        return "".join(part.text for part in self._results).strip()

    @property
    def why_no_image(self) -> str:
        """Return why there is no image: what the model said, or how it ended."""
        candidate = self._candidate
        ended = f"no image, and it ended with {candidate.finish_reason or 'no reason'}"
        return self.text or candidate.finish_message or ended

    def images(self) -> tuple[bytes, ...]:
        """Return the images' own bytes."""
        encoded = (part.inline_data for part in self._results)
        return tuple(read_base64(blob.data) for blob in encoded if blob.data)

    def reply(self) -> dict[str, Any]:
        """Return the answer as JSON without its images, whose places are kept by their numbers."""
        return {"parts": list(self._parts())}

    def _parts(self) -> Iterator[Mapping[str, Any]]:
        count = 0
        for part in self._results:
            signed = {"thought_signature": _storable(part.thought_signature)} if part.thought_signature else {}
            if part.inline_data.data:
                yield {"image": count, "media_type": _storable(part.inline_data.mime_type)} | signed
                count += 1
            elif part.text or signed:
                yield {"text": _storable(part.text)} | signed

    def tokens(self) -> EditTokens | None:
        """Return the tokens that were counted; None where none were. Images' are those told, else all that came out."""
        usage = self.usage_metadata
        taken, made = usage.prompt_token_count, usage.candidates_token_count or 0
        if taken is None:
            return None
        image_in = min(taken, _count_images(usage.prompt_tokens_details))
        details = usage.candidates_tokens_details
        image_out = min(made, _count_images(details)) if details else made
        return EditTokens(
            text_in=taken - image_in,
            image_in=image_in,
            text_out=made - image_out + (usage.thoughts_token_count or 0),
            image_out=image_out,
        )


def read_gemini(body: str) -> GeminiAnswer:
    """Return the answer in a response's body; raises ModelUnusableError or ModelUnavailableError where it is none."""
    return read_reply(GeminiAnswer, body, none="an answer that is none of Gemini's", check="GEMINI_BASE_URL")


def _storable(text: str) -> str:
    """Return a text without what Postgres takes in no text; all else has to be given back as it came."""
    return text.replace("\0", "")


def _explain(what: str, reason: str, message: str) -> str:
    return f"{what}: {message or _REFUSED.get(reason, 'no reason is given')} ({reason})"


def _count_images(details: list[_Counted]) -> int:
    return sum(counted.token_count or 0 for counted in details if counted.modality == "IMAGE")
