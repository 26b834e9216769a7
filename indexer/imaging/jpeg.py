"""JPEG files as segments: take out what is not the picture without decoding it."""

from indexer.errors import BadImageError

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_APP0, _APP14, _APP15, _COM = 0xE0, 0xEE, 0xEF, 0xFE
_FILL, _STUFFED, _RESTARTS, _TEM = 0xFF, 0x00, range(0xD0, 0xD8), 0x01
_JFIF_LENGTH, _ADOBE_LENGTH = 16, 14


def without_metadata(data: bytes) -> bytes:
    """Return the same JPEG without comments and application segments (EXIF, GPS, XMP, IPTC, ICC, previews).

    JFIF's header (APP0) and Adobe's colour transform (APP14) stay: decoding needs them. What trails the picture goes.
    Segments as in ITU-T T.81, annex B. Raises BadImageError where they do not follow on each other.
    """
    kept, position, has_picture = [bytes((0xFF, _SOI))], 2, False
    while position + 1 < len(data):
        marker = data[position + 1]
        if data[position] != 0xFF:
            raise BadImageError("damaged: its JPEG segments do not follow on each other")
        if marker == _EOI:
            kept.append(data[position : position + 2])
            break
        if marker == _FILL:
            position += 1
        elif marker in _RESTARTS or marker == _TEM:
            position += 2
        else:
            end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
            if marker == _SOS:
                end, has_picture = _end_of_scan(data, end), True
            kept.append(_kept(marker, data[position:end]))
            position = end
    if not has_picture:
        raise BadImageError("damaged: a JPEG without a picture in it")
    return b"".join(kept)


def _kept(marker: int, segment: bytes) -> bytes:
    if marker == _APP0:  # without the preview that may follow it, and not its extension, which is a preview
        is_header = segment[4:9] == b"JFIF\0" and len(segment) >= _JFIF_LENGTH + 2
        return b"\xff\xe0\x00\x10" + segment[4:_JFIF_LENGTH] + b"\0\0" if is_header else b""
    if marker == _APP14:
        is_adobe = segment[4:9] == b"Adobe" and len(segment) >= _ADOBE_LENGTH + 2
        return b"\xff\xee\x00\x0e" + segment[4 : _ADOBE_LENGTH + 2] if is_adobe else b""
    return b"" if _APP0 <= marker <= _APP15 or marker == _COM else segment


def _end_of_scan(data: bytes, start: int) -> int:
    """Find the marker behind a scan: an 0xFF that is neither stuffed nor a restart."""
    position = data.find(b"\xff", start)
    while 0 <= position < len(data) - 1:
        if data[position + 1] != _STUFFED and data[position + 1] not in _RESTARTS:
            return position
        position = data.find(b"\xff", position + 2)
    return len(data)
