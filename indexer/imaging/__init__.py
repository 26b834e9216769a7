"""Pixels, pure: decode safely, orient, shrink, hash, read metadata, make thumbnails."""
