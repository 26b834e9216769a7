"""Embeddings by any OpenAI-compatible endpoint."""

import weakref
from collections.abc import Iterator, Sequence

import numpy as np
import openai
import tenacity
from openai.types import Embedding

from indexer.catalog.vectors import Vectors
from indexer.errors import EmbedderError, ModelError, ModelUnavailableError, SettingsError
from indexer.openai_client import build_client, translated_errors
from indexer.settings import Settings

# OpenAI takes 2,048 texts of 8,192 tokens each, 300,000 in all; others take less. A token has a byte at the least.
_MOST_TEXTS, _MOST_BYTES, _LONGEST = 256, 100_000, 8_000
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
# How long it is tried again. Somebody waits for a search; a run has the time that an overloaded endpoint takes.
_QUERY_S, _QUERY_TIMEOUT_S, _BULK_S = 5.0, 10.0, 300.0


class OpenAIEmbedder:
    """One model behind one endpoint; how many dimensions it has is found from its first answer. Thread-safe."""

    def __init__(self, client: openai.OpenAI, model: str, *, patience_s: float) -> None:
        self.name = f"openai:{model}"
        self.how = f"the endpoint {client.base_url}"
        self._client = client
        weakref.finalize(self, client.close)  # its connections would stay open otherwise
        self._model = model
        self._patience_s = patience_s
        self._dimensions: int | None = None

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has; asks once where nothing was embedded yet."""
        return self._dimensions or self.embed(["ready"]).shape[1]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return float32 [texts, dimensions], each row of length 1; each request is paid for."""
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return np.concatenate([self._ask(batch) for batch in batches(texts)])

    def _ask(self, texts: list[str]) -> Vectors:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(ModelUnavailableError),
            stop=tenacity.stop_before_delay(self._patience_s),
            wait=_wait_s,
            reraise=True,
        )
        try:
            found = retrying(self._send, texts)
        except ModelUnavailableError as exc:
            raise EmbedderError(f"The embedder {self.name} ({self._client.base_url}) does not answer: {exc}.") from exc
        except ModelError as exc:
            raise EmbedderError(
                f"The embedder {self.name} cannot be used: check OPENAI_API_KEY and OPENAI_BASE_URL. {exc}"
            ) from exc
        return self._vectors(found, len(texts))

    def _send(self, texts: list[str]) -> list[Embedding]:
        try:
            with translated_errors():
                return self._client.embeddings.create(model=self._model, input=texts).data
        except (AttributeError, TypeError) as exc:  # the client reads any JSON as if it were the protocol's
            raise self._senseless() from exc

    def _vectors(self, found: list[Embedding], count: int) -> Vectors:
        """Return the vectors in the order of the texts; raises EmbedderError for an answer that cannot be right."""
        if sorted(item.index for item in found) != list(range(count)):
            raise EmbedderError(f"The embedder {self.name} answered {count} texts with {len(found)} vectors.")
        try:
            ordered = [np.asarray(item.embedding, np.float32) for item in sorted(found, key=lambda item: item.index)]
            sizes = {len(vector) for vector in ordered} | ({self._dimensions} if self._dimensions else set())
        except (TypeError, ValueError) as exc:
            raise self._senseless() from exc
        if len(sizes) != 1 or 0 in sizes:
            raise EmbedderError(f"The embedder {self.name} answers with vectors of {sorted(sizes)} dimensions.")
        self._dimensions = sizes.pop()
        vectors = np.stack(ordered)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise EmbedderError(f"The embedder {self.name} answers with vectors that point nowhere.")
        return np.asarray(vectors / lengths, dtype=np.float32)

    def _senseless(self) -> EmbedderError:
        return EmbedderError(
            f"The embedder {self.name} ({self._client.base_url}) answers with something else than vectors."
        )


def build_embedder(model: str, settings: Settings, *, is_waited_for: bool) -> OpenAIEmbedder:
    """Return the embedder that the settings give a way to; raises SettingsError where they give none."""
    key = settings.openai_api_key
    if not model:
        raise SettingsError("CAPTION_SEARCH_EMBEDDER names no model: openai:text-embedding-3-small is one.")
    if key is None and settings.openai_base_url is None:
        raise SettingsError(
            f"No endpoint is set for the embedder openai:{model}: set OPENAI_API_KEY, or OPENAI_BASE_URL to an "
            "endpoint of your own."
        )
    client = build_client(
        api_key=key.get_secret_value() if key else None,
        base_url=settings.openai_base_url,
        timeout_s=min(settings.timeout_s, _QUERY_TIMEOUT_S) if is_waited_for else settings.timeout_s,
    )
    return OpenAIEmbedder(client, model, patience_s=_QUERY_S if is_waited_for else _BULK_S)


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """Cut texts into requests bounded by number and size; no text is empty or overlong in them."""
    batch: list[str] = []
    size = 0
    for text in texts:
        sent = _sendable(text)
        size_bytes = len(sent.encode())
        if batch and (len(batch) == _MOST_TEXTS or size + size_bytes > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(sent)
        size += size_bytes
    if batch:
        yield batch


def _sendable(text: str) -> str:
    """Return what may be sent of a text: an empty one is refused, and one of too many tokens."""
    return text.encode()[:_LONGEST].decode(errors="ignore") if text.strip() else " "


def _wait_s(state: tenacity.RetryCallState) -> float:
    """Return the seconds that the endpoint asked for, else exponentially more."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ModelUnavailableError) and error.retry_after_s is not None:
        return error.retry_after_s
    return float(tenacity.wait_random_exponential(multiplier=_FIRST_WAIT_S, max=_LONGEST_WAIT_S)(state))
