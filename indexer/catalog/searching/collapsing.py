"""Fold hits that show the same thing into the best of them."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.catalog.store.images import Looks
from indexer.imaging.hashing import alike_pairs
from indexer.models import Collapse, ImageId


def fold(image_ids: Sequence[ImageId], looks: Mapping[ImageId, Looks], by: Collapse) -> dict[ImageId, int]:
    """Return the images that stay, in their order, each with how many later ones were folded into it."""
    if by == "none":
        return dict.fromkeys(image_ids, 0)
    same = _same(image_ids, looks, by)
    folded: dict[ImageId, int] = {}
    kept: list[int] = []
    for place, image_id in enumerate(image_ids):
        first = next(iter(np.flatnonzero(same[place, kept])), None)
        if first is None:
            kept.append(place)
            folded[image_id] = 0
        else:
            folded[image_ids[kept[first]]] += 1
    return folded


def _same(image_ids: Sequence[ImageId], looks: Mapping[ImageId, Looks], by: Collapse) -> NDArray[np.bool_]:
    """Return bool [n, n]: whether two images show the same thing; an image without a hash is like no other."""
    found = [looks.get(image_id) for image_id in image_ids]
    if by == "duplicates":
        return alike_pairs([look.perceptual_hash if look else None for look in found])
    families = np.array([look.family if look else -place - 1 for place, look in enumerate(found)])
    return np.asarray(families[:, None] == families[None, :])
