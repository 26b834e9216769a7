"""A multipart/form-data body taken apart strictly, as RFC 7578 has it."""

from dataclasses import dataclass

from python_multipart.multipart import parse_options_header

from tests.fakes.openai_requests import BadRequestError

_MALFORMED = "Could not parse multipart form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One field; a file has a name and a type."""

    name: str
    raw: bytes
    file_name: str | None
    media_type: str | None

    @property
    def text(self) -> str:
        """Return the value of a field that is no file."""
        if self.file_name is not None:
            raise BadRequestError(
                f"Invalid type for '{self.name}': expected a string, but got a file.", param=self.name
            )
        try:
            return self.raw.decode()
        except UnicodeDecodeError:
            raise BadRequestError(_MALFORMED) from None


def read_parts(content_type: str, raw: bytes) -> list[Part]:
    """Return the parts of a body, in their order."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        message = f"Unsupported content type: '{content_type}'. This API method only accepts 'multipart/form-data'."
        raise BadRequestError(message, code="unsupported_content_type")
    head, *found = (b"\r\n" + raw).split(b"\r\n--" + boundary)
    if head or not found or found.pop() not in (b"--", b"--\r\n"):
        raise BadRequestError(_MALFORMED)
    return [_part(each) for each in found]


def _part(raw: bytes) -> Part:
    top, separator, value = raw.partition(b"\r\n\r\n")
    if not separator or not top.startswith(b"\r\n"):
        raise BadRequestError(_MALFORMED)
    lines = [line.partition(b":") for line in top.split(b"\r\n")[1:]]
    headers = {name.strip().lower(): content.strip() for name, _, content in lines}
    kind, options = parse_options_header(headers.get(b"content-disposition"))
    if kind != b"form-data" or b"name" not in options:
        raise BadRequestError(_MALFORMED)
    file_name = options.get(b"filename")
    return Part(
        name=options[b"name"].decode(),
        raw=value,
        file_name=None if file_name is None else file_name.decode(),
        media_type=headers[b"content-type"].decode() if b"content-type" in headers else None,
    )
