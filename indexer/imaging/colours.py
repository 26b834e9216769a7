"""Name the colours that make up most of a picture."""

from collections import Counter

import numpy as np
from PIL import Image

# Anchors in sRGB; a pixel takes the name of the nearest, so that shades and light do not matter much.
_NAMED = {
    "black": (15, 15, 15),
    "dark grey": (70, 70, 70),
    "grey": (128, 128, 128),
    "light grey": (195, 195, 195),
    "white": (245, 245, 245),
    "red": (190, 30, 35),
    "orange": (235, 130, 35),
    "yellow": (240, 215, 60),
    "olive": (115, 110, 45),
    "green": (60, 140, 60),
    "dark green": (30, 65, 35),
    "turquoise": (60, 180, 175),
    "light blue": (150, 195, 230),
    "blue": (45, 95, 185),
    "dark blue": (25, 35, 85),
    "purple": (115, 60, 145),
    "pink": (235, 150, 180),
    "brown": (110, 70, 40),
    "beige": (215, 190, 155),
}
_LEAST_SHARE = 0.15


def dominant_colours(image: Image.Image, most: int = 3) -> tuple[str, ...]:
    """Return up to `most` colour names that each cover at least 15% of an RGB image, the greatest first."""
    small = np.asarray(image.resize((48, 48), Image.Resampling.BOX), dtype=np.float32).reshape(-1, 3)
    anchors = np.asarray(list(_NAMED.values()), dtype=np.float32)
    nearest = ((small[:, None, :] - anchors[None]) ** 2).sum(axis=2).argmin(axis=1)
    counts = Counter(int(index) for index in nearest)
    names = list(_NAMED)
    return tuple(names[i] for i, count in counts.most_common(most) if count / len(small) >= _LEAST_SHARE)
