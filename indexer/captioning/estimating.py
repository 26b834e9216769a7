"""What a request will take, before it is sent: tokens by each model family's own rule for images.

Rules as OpenAI publishes them (images and vision guide): families that cut an image into tiles of 512 pixels, after
fitting it into 2048 x 2048 and its shorter side to 768, and families that cut it into patches of 32, at most 1536.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.imaging.sizes import scaled
from indexer.models import Prompt

# (tokens of an image at low detail, tokens of a tile)
_TILES = {"gpt-4o-mini": (2833, 5667), "gpt-4o": (85, 170), "gpt-4.1": (85, 170), "gpt-5": (70, 140)}
# tokens of a patch
_PATCHES = {"gpt-4.1-mini": 1.62, "gpt-4.1-nano": 2.46, "gpt-5-mini": 1.62, "gpt-5-nano": 2.46}
_TILE, _FIT, _SHORTER, _PATCH, _MOST_PATCHES = 512, 2048, 768, 32, 1536
_ELSEWHERE = 2000  # an image of 768 pixels on open models takes some 600 to 1,300
_CHARACTERS_A_TOKEN = 3  # English has more; the estimate is to be high rather than low
_FRAME = 50  # roles, reply format
_LEAST_SHARE = 0.66  # of the longer side asked for: detail goes before thrift
_USUAL_REPLY = 0.3  # of the longest reply allowed: five short captions and their keywords, of 900 tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a request is likely to take, and the most it can cost, a repair included; None where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    most_cost_usd: float | None = 0.0


def estimate_tokens(
    model: str, sizes: Sequence[tuple[int, int]], prompts: Sequence[Prompt], text: str
) -> tuple[int, int]:
    """Return the tokens in and out of a request with images of these sizes in pixels, rather too many than too few."""
    is_low = all(prompt.image_detail == "low" for prompt in prompts)
    images = sum(image_tokens(model, *size, is_low=is_low) for size in sizes)
    longest = sum(prompt.max_tokens for prompt in prompts)
    return images + math.ceil(len(text) / _CHARACTERS_A_TOKEN) + _FRAME, math.ceil(_USUAL_REPLY * longest)


def image_tokens(model: str, width: int, height: int, *, is_low: bool = False) -> int:
    """Return the tokens of one image for a model, or a high guess for a model whose rule is not known."""
    family = _family(model)
    if family in _TILES:
        base, tile = _TILES[family]
        return base if is_low else base + tile * _count_tiles(width, height)
    if family in _PATCHES:
        patches = min(_MOST_PATCHES, math.ceil(width / _PATCH) * math.ceil(height / _PATCH))
        return math.ceil(patches * _PATCHES[family])
    return _ELSEWHERE


def fit_picture(model: str, width: int, height: int, max_edge: int) -> int:
    """Return the longer side, in pixels, at which a picture gives a model the most pixels a token.

    At most `max_edge` and the image's own size; a side that only just reaches into another row of tiles or patches
    would be paid for nothing.
    """
    longest, family = min(max_edge, max(width, height)), _family(model)
    if family not in _TILES and family not in _PATCHES:
        return longest
    grid = _TILE if family in _TILES else _PATCH
    longest = min(longest, _largest_used(width, height, is_tiled=family in _TILES))
    scale = longest / max(width, height)
    snaps = (math.floor(side * scale / grid) * grid / side for side in (width, height))
    snapped = (math.floor(snap * max(width, height)) for snap in snaps)
    edges = [longest, *(edge for edge in snapped if edge >= _LEAST_SHARE * longest)]
    return max(edges, key=lambda edge: _pixels_a_token(model, width, height, edge))


def _largest_used(width: int, height: int, *, is_tiled: bool) -> int:
    """Return the longer side that a model of a family scales larger images down to."""
    longer, shorter = max(width, height), min(width, height)
    if is_tiled:
        return min(_FIT, math.floor(_SHORTER * longer / shorter))
    return math.floor(longer * math.sqrt(_MOST_PATCHES * _PATCH**2 / (width * height)))


def _pixels_a_token(model: str, width: int, height: int, edge: int) -> float:
    sent = scaled((width, height), edge)
    return sent[0] * sent[1] / image_tokens(model, *sent)


def _family(model: str) -> str:
    return max((name for name in (*_TILES, *_PATCHES) if model.startswith(name)), key=len, default="")


def _count_tiles(width: int, height: int) -> int:
    scale = min(1.0, _FIT / max(width, height))
    scale = min(scale, _SHORTER / min(width, height))
    return math.ceil(width * scale / _TILE) * math.ceil(height * scale / _TILE)
