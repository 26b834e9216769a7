"""Vectors of captions and queries."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]


def mean_vector(vectors: Vectors) -> Vectors:
    """Return the normalised mean of float32 [n, dimensions]: one vector for an image with n sentences.

    It finds more than one long text, or the best of the n: RESEARCH 1, 69.9 against 66.2 and 64.2 R@1.
    """
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), dtype=np.float32)
