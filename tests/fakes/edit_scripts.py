"""What fake editors may say instead of a good answer, and when; an `answer` of `Edits` is made of these."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.fakes.drawing import NO_PICTURE, FileFormat, truncated
from tests.fakes.edits import EditAnswer, EditAsked, EditReply, paint, picture
from tests.fakes.serving import Fault

Said = EditReply | Fault | EditAnswer

BUSY = Fault(status=429, message="Rate limit reached", code="rate_limit_exceeded")
BUSY_FOR_A_SECOND = Fault(
    status=429, message="Rate limit reached", code="rate_limit_exceeded", retry_after="1", retry_delay_s=1
)
BROKEN = Fault(status=500)
OVERLOADED = Fault(status=503, message="The model is overloaded. Please try again later.")
DROPPED = Fault(hang_up=True)
CUT_OFF = Fault(status=200, raw=b'{"created": 1, "data": [{"b64_json": "iVBORw0KGgo', cut_off=True)
NO_JSON = Fault(status=200, raw=b"Internal Server Error")
MODERATION_BLOCKED = Fault(
    status=400,
    message="Your request was rejected by the safety system. If you believe this is an error, contact us at "
    "help.openai.com and include the request ID req_test. safety_violations=[violence].",
    code="moderation_blocked",
)
PROMPT_BLOCKED = EditReply(block_reason="PROHIBITED_CONTENT")
IMAGE_SAFETY = EditReply(finish_reason="IMAGE_SAFETY")
PROHIBITED_CONTENT = EditReply(finish_reason="PROHIBITED_CONTENT")
NO_IMAGE = EditReply(finish_reason="NO_IMAGE")
EMPTY = EditReply()
TEXT_ONLY = EditReply(text="I'm sorry, but I can't help with that.")


def paint_grainy(asked: EditAsked) -> EditReply:
    """Answer with PNGs of some 500 kB."""
    return EditReply(images=tuple(picture(asked, index, grainy=True) for index in range(asked.count)))


def paint_half(asked: EditAsked) -> EditReply:
    """Answer with a PNG that ends too early."""
    return EditReply(images=(truncated(picture(asked)),))


def paint_nothing(asked: EditAsked) -> EditReply:  # noqa: ARG001 - an answer is asked so
    """Answer with bytes that are no picture, called a PNG."""
    return EditReply(images=(NO_PICTURE,))


@dataclass(frozen=True, slots=True)
class PaintsMore:
    """Answers with so many pictures, whatever was asked for."""

    count: int

    def __call__(self, asked: EditAsked) -> EditReply:
        return EditReply(images=tuple(picture(asked, index) for index in range(self.count)))


@dataclass(frozen=True, slots=True)
class PaintsAs:
    """Answers with a picture of this format, whatever was asked for; it may be called another."""

    file_format: FileFormat
    declared_type: str | None = None

    def __call__(self, asked: EditAsked) -> EditReply:
        return EditReply(images=(picture(asked, file_format=self.file_format),), declared_type=self.declared_type)


@dataclass(frozen=True, slots=True)
class Hangs:
    """Says this after so many seconds."""

    seconds: float
    then: Said = DROPPED

    def __call__(self, asked: EditAsked) -> EditReply | Fault:
        time.sleep(self.seconds)
        return _say(self.then, asked)


@dataclass(frozen=True, slots=True)
class InTurn:
    """Says these to the first requests, one to each."""

    said: tuple[Said, ...]
    otherwise: Said = paint

    def __call__(self, asked: EditAsked) -> EditReply | Fault:
        return _say(self.said[asked.number] if asked.number < len(self.said) else self.otherwise, asked)


@dataclass(frozen=True, slots=True)
class AtFirst:
    """Says these, one after the other, to everybody who asks for the same again."""

    said: tuple[Said, ...]
    otherwise: Said = paint

    def __call__(self, asked: EditAsked) -> EditReply | Fault:
        return _say(self.said[asked.repeat] if asked.repeat < len(self.said) else self.otherwise, asked)


@dataclass(frozen=True, slots=True)
class ByInstruction:
    """Says this to instructions that contain that; the first that does counts."""

    said: Mapping[str, Said]
    otherwise: Said = paint

    def __call__(self, asked: EditAsked) -> EditReply | Fault:
        found = (said for words, said in self.said.items() if words in asked.instruction)
        return _say(next(found, self.otherwise), asked)


@dataclass(frozen=True, slots=True)
class Shares:
    """Says each of these to its share of the requests, chosen by their number."""

    said: tuple[tuple[float, Said], ...]
    otherwise: Said = paint

    def __call__(self, asked: EditAsked) -> EditReply | Fault:
        chance = random.Random(asked.number).random()  # noqa: S311 - faults, not secrets
        for share, said in self.said:
            chance -= share
            if chance < 0:
                return _say(said, asked)
        return _say(self.otherwise, asked)


def _say(said: Said, asked: EditAsked) -> EditReply | Fault:
    return said(asked) if callable(said) else said
