"""Pictures as editors get them: upright, without metadata, and their own bytes where that is so already."""

_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def media_type_of(data: bytes) -> str | None:
    """Return the media type that a picture's bytes tell, None where they tell none that is sent."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for magic, media_type in _MAGIC.items() if data.startswith(magic)), None)
