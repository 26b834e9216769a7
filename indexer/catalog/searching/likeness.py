"""Search by an image: what is like it, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

from indexer.catalog.embedding import DEFAULT
from indexer.models import Band, ImageId

# Cosines of two images' mean vectors, five captions each, by the default embedder. Of 200, 951 and 3,000 images: what
# some people said of an image and what others said of it are 0.70 near in 70 to 76% of all cases and 0.50 in 97 to 99%;
# an image has 0.7, 3 and 2 others above 0.70 (more of the same) and 5, 24 and 30 above 0.50 (the same kind of thing).
_STRONG, _LIKELY = 0.70, 0.50


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """An image to find the like of: an indexed one, or what `captions` say of one that is not; none of them at first.

    `twins` show the same picture and come first. The image itself is left out unless it is one of them. Hits whose
    picture differs little from `perceptual_hash` are told to be near-duplicates.
    """

    image_id: ImageId | None = None
    captions: tuple[str, ...] = ()
    twins: tuple[ImageId, ...] = ()
    perceptual_hash: int | None = None


def band_likenesses(similarities: Sequence[float], *, twins: int, embedder: str = DEFAULT) -> list[Band]:
    """Return a band for each of these cosines, falling but for the first ones, which are twins and strong.

    Those of another embedder than the default were not measured: all are likely, none strong or left out.
    """
    leading: list[Band] = ["strong"] * min(twins, len(similarities))
    return [*leading, *(_band(s) if embedder == DEFAULT else "likely" for s in similarities[twins:])]


def _band(similarity: float) -> Band:
    return "strong" if similarity >= _STRONG else "likely" if similarity >= _LIKELY else "weak"
