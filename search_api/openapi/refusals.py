"""How requests are refused, as the OpenAPI document tells it."""

from typing import Any

Responses = dict[int | str, dict[str, Any]]


PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "A problem document (RFC 9457); `detail` is one sentence for people.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "example": "about:blank"},
        "title": {"type": "string", "example": "Not Found"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "example": 404},
        "detail": {"type": "string", "example": "There is no image 9999."},
        "errors": {"type": "array", "items": {"type": "object"}, "description": "Each parameter that was wrong."},
        "request_id": {"type": "string", "description": "The X-Request-ID of the answer; the log has it, too."},
    },
}


def refusals(**reasons: str) -> Responses:
    """Return the refusals of a route by status: `refusals(s404="The image is not indexed.")`."""
    return {int(status[1:]): {"description": reason} for status, reason in reasons.items()}
