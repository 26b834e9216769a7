"""Sizes of pictures, in pixels."""


def scaled(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return width and height with the longer side at `longest`, the shorter in proportion, none below a pixel."""
    width, height = (max(1, round(side * longest / max(size))) for side in size)
    return width, height
