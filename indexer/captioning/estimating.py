"""What a request will take, before it is sent: tokens by each model family's own rule for images.

Rules as OpenAI publishes them (images and vision guide): families that cut an image into tiles of 512 pixels, after
fitting it into 2048 x 2048 and its shorter side to 768, and families that cut it into patches of 32, at most 1536.
"""

import math
from collections.abc import Sequence

from indexer.models import Prompt

# (tokens of an image at low detail, tokens of a tile)
_TILES = {"gpt-4o-mini": (2833, 5667), "gpt-4o": (85, 170), "gpt-4.1": (85, 170), "gpt-5": (70, 140)}
# tokens of a patch
_PATCHES = {"gpt-4.1-mini": 1.62, "gpt-4.1-nano": 2.46, "gpt-5-mini": 1.62, "gpt-5-nano": 2.46}
_TILE, _FIT, _SHORTER, _PATCH, _MOST_PATCHES = 512, 2048, 768, 32, 1536
_ELSEWHERE = 2000  # an image of 768 pixels on open models takes some 600 to 1,300
_CHARACTERS_A_TOKEN = 3  # English has more; the estimate is to be high rather than low
_FRAME = 50  # roles, reply format


def estimate_input_tokens(model: str, prompts: Sequence[Prompt], text: str, width: int, height: int) -> int:
    """Return the tokens that a request with one image of width x height pixels will have, rather too many."""
    is_low = all(prompt.image_detail == "low" for prompt in prompts)
    return image_tokens(model, width, height, is_low=is_low) + math.ceil(len(text) / _CHARACTERS_A_TOKEN) + _FRAME


def image_tokens(model: str, width: int, height: int, *, is_low: bool = False) -> int:
    """Return the tokens of one image for a model, or a high guess for a model whose rule is not known."""
    family = max((name for name in (*_TILES, *_PATCHES) if model.startswith(name)), key=len, default="")
    if family in _TILES:
        base, tile = _TILES[family]
        return base if is_low else base + tile * _count_tiles(width, height)
    if family in _PATCHES:
        patches = min(_MOST_PATCHES, math.ceil(width / _PATCH) * math.ceil(height / _PATCH))
        return math.ceil(patches * _PATCHES[family])
    return _ELSEWHERE


def _count_tiles(width: int, height: int) -> int:
    scale = min(1.0, _FIT / max(width, height))
    scale = min(scale, _SHORTER / min(width, height))
    return math.ceil(width * scale / _TILE) * math.ceil(height * scale / _TILE)
