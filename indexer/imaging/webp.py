"""WebP files as chunks: take out what is not the picture without decoding it."""

from indexer.errors import BadImageError

_HEADER = 12
_EXTENDED = b"VP8X"
_PICTURE = (b"VP8 ", b"VP8L")
_METADATA_FLAGS = 0b0010_1100  # profile, EXIF, XMP


def without_metadata(data: bytes) -> bytes:
    """Return the same WebP without EXIF, XMP, profile and chunks that nobody knows.

    Chunks as in Google's container specification. Raises BadImageError where the file is cut short.
    """
    kept, position, has_picture = [], _HEADER, False
    while position + 8 <= len(data):
        kind, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
        end = position + 8 + size + size % 2
        if end > len(data):
            raise BadImageError("cut short: a WebP without its end")
        if kind == _EXTENDED:
            flags = data[position + 8] & ~_METADATA_FLAGS
            kept.append(data[position : position + 8] + bytes((flags,)) + data[position + 9 : end])
        elif kind == b"ALPH" or kind in _PICTURE:
            kept.append(data[position:end])
            has_picture = has_picture or kind in _PICTURE
        position = end
    if not has_picture:
        raise BadImageError("damaged: a WebP without a picture in it")
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
