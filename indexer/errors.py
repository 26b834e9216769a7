"""What can go wrong, one class for each thing that somebody acts on differently.

CaptionSearchError                one sentence that says what to do; ends a command with exit code 1
├── SettingsError                 a flag, variable or settings file says something that cannot be
├── DatabaseError                 the database cannot be reached or used
├── EmbedderError                 the embedding model cannot be loaded, or is not the one the index was made with
├── NotFoundError                 no image, prompt or generation of that name
├── GenerationError               a generation cannot be activated or dropped as things stand
├── CorrectionError               a caption written by hand that cannot be kept
├── QueryError                    a search asks for nothing, or for too much
├── JsonFileError                 a file of captions or records cannot be read at all
├── BadImageError                 one file is no usable image; the run goes on
└── ModelError                    a call of a model brought no caption, or no edited image
    ├── ModelRefusedError         this image, or this edit, was refused; the run goes on
    ├── ModelUnavailableError     busy, down or too slow; worth another try
    └── ModelUnusableError        wrong key, model or address: no call can succeed; the run stops
        └── AnswersUnusableError  it answers, and nothing of it can be used: the prompt or the model is of no use
"""

from pathlib import Path

from indexer.models import Usage


class CaptionSearchError(Exception):
    """Anything this project raises on purpose; its message is one sentence for the user."""


class SettingsError(CaptionSearchError):
    """A setting cannot be used as it stands."""


class DatabaseError(CaptionSearchError):
    """The database cannot be reached, or is not ready for us."""


class EmbedderError(CaptionSearchError):
    """The embedding model cannot be used."""


class NotFoundError(CaptionSearchError):
    """Nothing has this name."""

    def __init__(self, noun: str, name: object) -> None:
        super().__init__(f"There is no {noun} {name}.")
        self.noun = noun
        self.name = name


class GenerationError(CaptionSearchError):
    """A generation cannot be activated or dropped as things stand."""


class CorrectionError(CaptionSearchError):
    """A caption written by hand cannot be kept."""


class QueryError(CaptionSearchError):
    """A query that cannot be searched for."""


class JsonFileError(CaptionSearchError):
    """A file of JSON, or of JSON lines, cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


class BadImageError(CaptionSearchError):
    """One file is not an image that can be used.

    `reason` is a clause without the path; `is_retryable` where the next run may have more luck with the same file.
    """

    def __init__(self, reason: str, *, is_retryable: bool = False) -> None:
        self.is_retryable = is_retryable
        self.reason = " ".join(reason.split()).rstrip(".")
        super().__init__(self.reason)


class ModelError(CaptionSearchError):
    """A call of a model brought nothing that was asked for; `usage` is what it cost nevertheless, if that is known."""

    def __init__(self, reason: str, *, usage: Usage | None = None) -> None:
        super().__init__(reason)
        self.usage = usage


class ModelRefusedError(ModelError):
    """The endpoint will not do this, now or later."""


class ModelUnavailableError(ModelError):
    """The endpoint did not answer properly.

    `is_busy` when it said that it has too much to do; `retry_after_s` is what it asked to wait, in seconds.
    """

    def __init__(self, reason: str, *, is_busy: bool = False, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.is_busy = is_busy
        self.retry_after_s = retry_after_s


class ModelUnusableError(ModelError):
    """The endpoint cannot be used at all as it is set up."""


class AnswersUnusableError(ModelUnusableError):
    """The endpoint answers, and no answer can be used."""
