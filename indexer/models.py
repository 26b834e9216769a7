"""The values that travel between the parts: ids, images, prompts, captions, generations."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NewType, TypeVar

Number = TypeVar("Number", int, float)

ImageId = NewType("ImageId", int)
PromptId = NewType("PromptId", int)
CaptionId = NewType("CaptionId", int)
GenerationId = NewType("GenerationId", int)
RunId = NewType("RunId", int)
RequestId = NewType("RequestId", int)
RecordId = NewType("RecordId", int)
EditId = NewType("EditId", int)
KeyId = NewType("KeyId", int)

Origin = Literal["original", "edit", "frame"]
ApiFormat = Literal["openai", "gemini"]
Role = Literal["input", "mask", "reference"]
EditState = Literal["accepted", "sent", "done", "failed"]
Mode = Literal["hybrid", "dense", "text"]
Collapse = Literal["none", "duplicates", "family"]
Strictness = Literal["low", "normal", "high"]
CaptionerName = Literal["openai", "huggingface", "blip", "offline"]
Band = Literal["strong", "likely", "weak"]
State = Literal["building", "ready", "live", "retired", "dropping"]
AccessScope = Literal["search", "write"]

RETRIEVAL = "retrieval"
OFFLINE_RANK, IMPORT_RANK, MODEL_RANK = 0, 1, 2


def clean_text(text: str) -> str:
    """Return foreign text as Postgres and people can take it: no control characters, no lone surrogates, trimmed."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in whole if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def counted(number: int, one: str, many: str) -> str:
    """Write how many there are: `1 image`, `2,000 images`."""
    return f"{number:,} {one if number == 1 else many}"


def name_captioner(captioner: str, model: str) -> str:
    """Name captioner and model as one: `openai:gpt-4o-mini`; `offline` where the model has no name of its own."""
    return f"{captioner}:{model}" if model not in ("", captioner) else captioner


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file that may be an image; size and time are those at the moment it was found.

    `named_at` is the line of a manifest that names it, if one does: there its failures are told.
    """

    path: Path
    location: str
    relative_path: str
    size_bytes: int
    modified_ns: int
    named_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """A record of a manifest: images in their order, and what is asked about them (nothing: the prompts alone).

    `position` is its line, or its place in an array, from 1; `written` its JSON, None where it is no object. `fault`
    says why it cannot be used.
    """

    manifest: str
    position: int
    written: str | None
    images: tuple[FoundFile, ...] = ()
    text: str = ""
    fault: str | None = None

    @property
    def location(self) -> str:
        """Return where it is written: `things.jsonl:3`."""
        return f"{self.manifest}:{self.position}"


Found = FoundFile | FoundRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What lies inside an image file beside its pixels."""

    taken_at: datetime | None = None
    camera: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What an image is, whatever its location; width and height in pixels as seen, after the EXIF orientation.

    `perceptual_hash` is 64 bits of what it looks like, as a signed integer.
    """

    sha256: bytes
    format: str
    width: int
    height: int
    size_bytes: int
    origin: Origin = "original"
    metadata: Metadata = Metadata()
    perceptual_hash: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A JPEG as a model gets it: oriented, shrunk, without metadata."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPicture:
    """A picture as an editor gets it: upright, without metadata, its own bytes where that is so already.

    `media_type` is `image/jpeg`, `image/png` or `image/webp`; width and height are in pixels.
    """

    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One image to be captioned; `facts` and `picture` are None for captioners that look at none.

    A record of a manifest may have more pictures, and a question of its own beside the prompts.
    """

    sha256: bytes
    location: str
    relative_path: str
    facts: ImageFacts | None = None
    picture: Picture | None = None
    more_pictures: tuple[Picture, ...] = ()
    question: str | None = None

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Return all of its pictures, in their order."""
        return self.more_pictures if self.picture is None else (self.picture, *self.more_pictures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One revision of what is asked about an image; `id` and `revision` once the catalogue knows it."""

    kind: str
    text: str
    schema: Mapping[str, Any]
    max_tokens: int
    image_detail: str
    sha256: bytes
    id: PromptId | None = None
    revision: int | None = None


def ids_of(prompts: Iterable[Prompt]) -> list[PromptId]:
    """Return the ids of the prompts that the catalogue knows."""
    return [prompt.id for prompt in prompts if prompt.id is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What a captioner said of one image for one kind; `quarantine` says why it may not serve."""

    kind: str
    sentences: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    visible_text: str = ""
    uncertain: bool = False
    fields: Mapping[str, Any] | None = None
    quarantine: str | None = None
    prompt_id: PromptId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an answer cost: tokens as the endpoint counted them, USD where the price is known."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None

    def plus(self, other: "Usage") -> "Usage":
        """Return what both cost; unknown counts as nothing where the other is known."""
        return Usage(
            input_tokens=_plus(self.input_tokens, other.input_tokens),
            output_tokens=_plus(self.output_tokens, other.output_tokens),
            cost_usd=_plus(self.cost_usd, other.cost_usd),
        )


def _plus(first: Number | None, second: Number | None) -> Number | None:
    return second if first is None else first if second is None else first + second


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A captioner's reply for one image: a caption for each kind asked, usable or quarantined.

    `pause_s` is how long the endpoint wants no other request, in seconds.
    """

    captions: tuple[Caption, ...]
    usage: Usage = field(default_factory=Usage)
    pause_s: float = 0.0

    @property
    def is_usable(self) -> bool:
        """Whether any of its captions may serve."""
        return any(caption.quarantine is None for caption in self.captions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One complete searchable index; `calibration` is what was fitted to it, at `calibrated_entries` entries.

    `verdict` is what was found out when it was to take the live one's place. It was live until `retired_at`, if ever,
    and was `taken_back` where that was by a rollback.
    """

    id: GenerationId
    prompt_id: PromptId | None
    prompt_revision: int | None
    captioner: str
    model: str
    embedder: str
    dimensions: int
    state: State
    entries: int
    calibration: Mapping[str, Any] | None = None
    calibrated_entries: int = 0
    created_at: datetime
    activated_at: datetime | None = None
    retired_at: datetime | None = None
    taken_back: bool = False
    verdict: str | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it may take the live one's place, now or once it is whole."""
        return self.state in ("building", "ready")

    @property
    def captioner_name(self) -> str:
        """Name captioner and model as one."""
        return name_captioner(self.captioner, self.model)
