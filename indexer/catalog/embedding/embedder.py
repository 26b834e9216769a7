"""What an embedder is."""

from collections.abc import Sequence
from typing import Literal, Protocol

from indexer.catalog.vectors import Vectors

# Some models embed what is asked differently from what is found; all others take both alike.
Role = Literal["query", "document"]


_REMOTE = "openai:"


def remote_model(name: str) -> str | None:
    """Return the model that an embedder's name asks an endpoint for; None for a model on this machine."""
    return name.removeprefix(_REMOTE) if name.startswith(_REMOTE) else None


class Embedder(Protocol):
    """Turns texts into float32 vectors of length 1."""

    @property
    def name(self) -> str:
        """The name under which a generation remembers it."""

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions], each row of length 1; raises EmbedderError when that fails."""
