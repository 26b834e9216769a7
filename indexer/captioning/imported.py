"""Captions out of a file instead of a model: JSONL of ours, or DataFlow's JSON."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from indexer.captioning.captioner import FreeCaptioner
from indexer.json_items import first_fault, load_items
from indexer.models import IMPORT_RANK, Answer, Caption, Prompt, Subject, clean_text


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that brought no caption; `number` counts from 1 (in a JSON array: its items)."""

    number: int
    reason: str


_LONGEST_SENTENCE, _LONGEST_TEXT = 5_000, 20_000


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")

    number: int
    image: str | None = None
    sha256: str | None = Field(None, pattern=r"^[0-9a-fA-F]{64}$")
    caption: str | None = None
    captions: list[str] = Field(default_factory=list)
    keywords: list[str] = Field(default_factory=list)
    visible_text: str = ""
    uncertain: bool = False
    kind: str = "retrieval"

    @model_validator(mode="before")
    @classmethod
    def _dataflow(cls, data: object) -> object:
        """Take DataFlow's list of one image path."""
        if isinstance(data, dict) and isinstance(image := data.get("image"), list):
            if len(image) != 1:
                raise ValueError(f"a caption belongs to one image, here are {len(image)}")
            return {**data, "image": image[0]}
        return data

    @model_validator(mode="after")
    def _complete(self) -> "_Line":
        if not (self.image or self.sha256):
            raise ValueError("neither image nor sha256 says which image it is for")
        if self.kind != "retrieval":
            raise ValueError(f"captions of kind {self.kind} cannot be imported; kind must be retrieval")
        if not self.sentences():
            raise ValueError("it has no caption")
        return self

    def sentences(self) -> tuple[str, ...]:
        texts = [*self.captions, *([self.caption] if self.caption else [])]
        return tuple(dict.fromkeys(clean for text in texts if (clean := clean_text(text)[:_LONGEST_SENTENCE])))


class ImportCaptioner(FreeCaptioner):
    """Answers from a file of captions; an image without a line has no caption."""

    name = model = "import"
    rank = IMPORT_RANK
    max_edge = None

    def __init__(self, path: Path) -> None:
        """Read the whole file; raises JsonFileError when it cannot be read at all."""
        self.path = path
        self.bad_lines: list[BadLine] = []
        self._by_path: dict[str, list[_Line]] = {}
        self._by_sha256: dict[str, list[_Line]] = {}
        self._used: set[int] = set()
        self._marking = threading.Lock()
        for number, item in load_items(path):
            self._add(number, item)

    def caption(
        self,
        subject: Subject,
        prompts: Sequence[Prompt],  # noqa: ARG002 - it asks nothing
        *,
        complaint: str | None = None,  # noqa: ARG002
    ) -> Answer | None:
        """Return the line for this image, by content before path; see `Captioner`."""
        lines = self._by_sha256.get(subject.sha256.hex()) or self._by_path.get(subject.location)
        if lines is None:
            return None
        with self._marking:
            self._used.update(line.number for line in lines)
        return Answer(captions=(_merge(lines),))

    def unused_lines(self) -> list[BadLine]:
        """Return the lines that matched no image so far."""
        known = (line for lines in [*self._by_path.values(), *self._by_sha256.values()] for line in lines)
        unused = sorted({line.number for line in known} - self._used)
        return [BadLine(number=number, reason="it matches no image of this run") for number in unused]

    def _add(self, number: int, item: object) -> None:
        if not isinstance(item, dict):
            self.bad_lines.append(BadLine(number=number, reason="it is no JSON object"))
            return
        try:
            line = _Line.model_validate({**item, "number": number})
        except ValidationError as exc:
            self.bad_lines.append(BadLine(number=number, reason=first_fault(exc)))
            return
        if line.sha256:
            self._by_sha256.setdefault(line.sha256.lower(), []).append(line)
        else:
            path = os.path.abspath(self.path.parent / str(line.image))  # noqa: PTH100 - as sources do
            self._by_path.setdefault(path, []).append(line)


def _merge(lines: Sequence[_Line]) -> Caption:
    """Make one caption of all lines about an image: some files have a line for each sentence."""
    texts = [clean for line in lines if (clean := clean_text(line.visible_text)[:_LONGEST_TEXT])]
    return Caption(
        kind=lines[0].kind,
        sentences=tuple(dict.fromkeys(sentence for line in lines for sentence in line.sentences())),
        keywords=tuple(dict.fromkeys(clean for line in lines for word in line.keywords if (clean := clean_text(word)))),
        visible_text="\n".join(dict.fromkeys(texts)),
        uncertain=any(line.uncertain for line in lines),
    )
