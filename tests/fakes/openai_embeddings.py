"""The fake endpoint's embeddings: a text's vector is made of its words', so that what shares words is near."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.fakes.openai_requests import BadRequestError, Request

DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
_PARAMETERS = {"model", "input", "encoding_format", "dimensions", "user"}
_MOST_TEXTS, _MOST_TOKENS, _MOST_TOKENS_IN_ALL = 2048, 8192, 300_000
_BYTES_PER_TOKEN = 4


@dataclass(slots=True)
class Embeddings:
    """What was asked for, request by request; with `reversed_order`, an answer begins with the last text's vector."""

    asked: list[list[str]] = field(default_factory=list)
    reversed_order: bool = False

    def respond(self, request: Request, key: str) -> dict[str, Any]:
        """Check a request as the real server does, and answer it."""
        request.check_key(key)
        body = request.json()
        texts, dimensions = _check(body)
        self.asked.append(texts)
        encode = _as_base64 if body.get("encoding_format") == "base64" else _as_list
        data = [
            {"object": "embedding", "index": index, "embedding": encode(vector_of(text, dimensions))}
            for index, text in enumerate(texts)
        ]
        tokens = sum(map(_count_tokens, texts))
        return {
            "object": "list",
            "data": data[::-1] if self.reversed_order else data,
            "model": body["model"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }


def vector_of(text: str, dimensions: int) -> NDArray[np.float32]:
    """Return the vector of length 1 of a text: the sum of its words' own random ones."""
    total = np.sum([_word_vector(word, dimensions) for word in re.findall(r"\w+", text.lower()) or [""]], axis=0)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


@lru_cache(maxsize=1000)
def _word_vector(word: str, dimensions: int) -> NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8])
    return np.random.default_rng(seed).standard_normal(dimensions)


def _as_list(vector: NDArray[np.float32]) -> list[float]:
    return [float(number) for number in vector]


def _as_base64(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _check(body: Mapping[str, Any]) -> tuple[list[str], int]:
    for name in body:
        if name not in _PARAMETERS:
            raise BadRequestError(f"Unrecognized request argument supplied: {name}", param=name)
    model = body.get("model")
    if model not in DIMENSIONS:
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise BadRequestError(message, status=404, code="model_not_found")
    if body.get("encoding_format", "float") not in ("float", "base64"):
        raise BadRequestError("Invalid value for 'encoding_format'", param="encoding_format")
    dimensions = body.get("dimensions", DIMENSIONS[model])
    if type(dimensions) is not int or not 1 <= dimensions <= DIMENSIONS[model]:
        raise BadRequestError("Invalid value for 'dimensions'", param="dimensions")
    return _check_input(body.get("input")), dimensions


def _check_input(given: Any) -> list[str]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise BadRequestError("'$.input' is invalid.", param="input")
    if len(texts) > _MOST_TEXTS:
        raise BadRequestError(f"'$.input' is too long: at most {_MOST_TEXTS} texts.", param="input")
    tokens = [_count_tokens(text) for text in texts]
    if max(tokens) > _MOST_TOKENS:
        message = f"This model's maximum context length is {_MOST_TOKENS} tokens, however you requested {max(tokens)}."
        raise BadRequestError(message)
    if sum(tokens) > _MOST_TOKENS_IN_ALL:
        raise BadRequestError(f"Requested {sum(tokens)} tokens, max {_MOST_TOKENS_IN_ALL} tokens per request")
    return texts


def _count_tokens(text: str) -> int:
    return 1 + len(text.encode()) // _BYTES_PER_TOKEN
