"""Colours as their numbers: pictures with a profile of their own become sRGB."""

import io
from functools import lru_cache

from PIL import Image, ImageCms

_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_SHIFT_UNSEEN = 3  # of 255, in any corner or middle of the cube of colours
_STEPS = (0, 64, 128, 192, 255)
_SETTLED = ("icc_profile", "transparency")
_MODES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def is_srgb(image: Image.Image) -> bool:
    """Tell whether a picture's numbers are sRGB's: it has no profile, or one that changes nothing to be seen."""
    profile = image.info.get("icc_profile")
    return not profile or _changes_nothing(profile)


def to_srgb(image: Image.Image) -> Image.Image:
    """Return RGB, or RGBA where anything is transparent, in sRGB; a profile that cannot be used is none."""
    transparent = image.has_transparency_data
    alpha = image.convert("RGBA").getchannel("A") if transparent else None
    converted = _apply(image, image.info.get("icc_profile")) or image.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        converted.putalpha(alpha)
    converted.info = {key: value for key, value in image.info.items() if key not in _SETTLED}
    return converted


def _apply(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    try:
        transform, mode = _build_transform(profile) if profile and not _changes_nothing(profile) else (None, "")
        if transform is None or (mode == "CMYK") != (image.mode == "CMYK"):
            return None
        return ImageCms.applyTransform(image if image.mode == mode else image.convert(mode), transform)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@lru_cache(maxsize=64)
def _changes_nothing(profile: bytes) -> bool:
    """Tell whether a profile's colours are those of sRGB, or it is no profile of colours."""
    try:
        transform, mode = _build_transform(profile)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return True
    if transform is None or mode == "CMYK":
        return transform is None
    colours = [(red, green, blue) for red in _STEPS for green in _STEPS for blue in _STEPS]
    cube = Image.new("RGB", (len(colours), 1))
    cube.putdata(colours)
    shown = cube if mode == "RGB" else cube.convert("L")
    before, after = shown.convert("RGB").tobytes(), ImageCms.applyTransform(shown, transform)
    return after is not None and all(
        abs(old - new) <= _SHIFT_UNSEEN for old, new in zip(before, after.tobytes(), strict=True)
    )


def _build_transform(profile: bytes) -> tuple[ImageCms.ImageCmsTransform | None, str]:
    """Return what turns a profile's colours to sRGB, and the mode of pictures that it takes."""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode = _MODES.get(opened.profile.xcolor_space, "")
    if not mode:
        return None, ""
    return ImageCms.buildTransform(opened, _SRGB, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC), mode
