"""JPEG segments: to put into files, and to look for in them."""

import struct

APP0, APP1, APP2, APP13, COM = 0xE0, 0xE1, 0xE2, 0xED, 0xFE
# Where EXIF, XMP, ICC, IPTC, previews and comments live.
METADATA_MARKERS = {*range(0xE1, 0xEE), 0xEF, COM}

_XMP_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
%s</rdf:Description>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Put bytes behind the JFIF header, where cameras and programs write their metadata."""
    end = 4 + int.from_bytes(jpeg[4:6], "big")
    return jpeg[:end] + b"".join(segments) + jpeg[end:]


def before_last_scan(jpeg: bytes, inserted: bytes) -> bytes:
    """Put bytes between two scans of a progressive JPEG, in front of the last one's Huffman table."""
    tables = jpeg.rfind(b"\xff\xc4", 0, jpeg.rfind(b"\xff\xda"))
    return jpeg[:tables] + inserted + jpeg[tables:]


def markers(jpeg: bytes) -> set[int]:
    """Return the markers of the segments in front of the first scan."""
    found, position = set(), 2
    while (marker := jpeg[position + 1]) != 0xDA:
        found.add(marker)
        position += 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
    return found


def iptc(*records: tuple[int, bytes]) -> bytes:
    """Return Photoshop's segment with IPTC records (dataset of record 2, value)."""
    data = b"".join(struct.pack(">BBBH", 0x1C, 2, dataset, len(value)) + value for dataset, value in records)
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(data)) + data + b"\0" * (len(data) % 2)
    return segment(APP13, b"Photoshop 3.0\0" + resource)


def xmp(properties: str = "", attributes: str = "") -> bytes:
    packet = _XMP_PACKET % f"{attributes}>{properties}"
    return raw_xmp(packet)


def raw_xmp(packet: str) -> bytes:
    return segment(APP1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode())
