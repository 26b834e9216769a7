"""What the fake Gemini API returned, which the next turn of a conversation has to send back as it was."""

import hashlib
from dataclasses import dataclass, field

from tests.fakes.edits import EditReply
from tests.fakes.gemini_errors import RefusedError
from tests.fakes.gemini_requests import Content, Part

_SIGNED = "gemini-3"


@dataclass(slots=True)
class Returned:
    """The SHA-256 of every picture, and of every thought's, that was returned."""

    _images: set[str] = field(default_factory=set)
    _thoughts: set[str] = field(default_factory=set)

    def note(self, said: EditReply) -> None:
        self._images.update(map(_name, said.images))
        self._thoughts.update(map(_name, said.thoughts))

    def check(self, contents: tuple[Content, ...], model: str) -> None:
        """Check that what the model is to have said is what it said."""
        for part in (part for content in contents if content.role == "model" for part in content.parts):
            if part.image is not None:
                self._check_picture(part, _name(part.image.raw))
            due = None if part.image is None or part.thought else signature_of(part.image.raw, model)
            if due is not None and part.signature is None:
                message = f"Image part is missing a thought_signature in {part.position}. Please refer to "
                raise RefusedError(
                    f"{message}https://ai.google.dev/gemini-api/docs/thought-signatures for more details."
                )
            if part.signature != due:
                raise RefusedError("Thought signature is not valid.")

    def _check_picture(self, part: Part, name: str) -> None:
        if name not in (self._thoughts if part.thought else self._images):
            raise RefusedError(f"The picture in {part.position} is none that was returned.")


def signature_of(image: bytes, model: str) -> bytes | None:
    """Return the signature that goes with a picture, with bytes for which the two alphabets of base64 differ."""
    return b"\xff\xfb\xbf signature of " + _name(image).encode() if model.startswith(_SIGNED) else None


def _name(image: bytes) -> str:
    return hashlib.sha256(image).hexdigest()
