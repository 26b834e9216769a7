"""JPEG files as segments: take out what is not the picture without decoding it."""

from indexer.errors import BadImageError

_SOI, _SOS, _EOI = 0xD8, 0xDA, 0xD9
_APP0, _APP14, _APP15, _COM = 0xE0, 0xEE, 0xEF, 0xFE
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}


def without_metadata(data: bytes) -> bytes:
    """Return the same JPEG without comments and application segments (EXIF, GPS, XMP, IPTC, ICC, previews).

    JFIF (APP0) and Adobe's colour transform (APP14) stay: decoding needs them. Whatever trails the picture goes.
    Segments as in ITU-T T.81, annex B. Raises BadImageError where they do not follow on each other.
    """
    kept = [b"\xff\xd8"]
    position = 2
    while position < len(data):
        if data[position] != 0xFF:
            raise BadImageError("damaged: its JPEG segments do not follow on each other")
        marker = data[position + 1] if position + 1 < len(data) else _EOI
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker in _WITHOUT_LENGTH:
            position += 2
        elif marker == _SOS:
            kept.append(data[position : _end_of_picture(data, position)])
            return b"".join(kept)
        elif marker == _EOI:
            break
        else:
            end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
            if _stays(marker):
                kept.append(data[position:end])
            position = end
    raise BadImageError("damaged: a JPEG without a picture in it")


def _stays(marker: int) -> bool:
    return marker in (_APP0, _APP14) or not (_APP0 <= marker <= _APP15 or marker == _COM)


def _end_of_picture(data: bytes, start: int) -> int:
    """Find the end of the first EOI behind the scans; scan data escapes every 0xFF of its own."""
    found = data.find(b"\xff\xd9", start)
    return len(data) if found < 0 else found + 2
