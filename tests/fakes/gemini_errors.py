"""How the fake Gemini API refuses, in Google's words."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.serving import Fault

STATUSES = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_TYPE = "type.googleapis.com/google.rpc."


class RefusedError(Exception):
    """What the real server refuses."""

    def __init__(self, message: str, *, status: int = 400, details: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.status, self.details = status, details

    @property
    def body(self) -> dict[str, Any]:
        return error_body(self.status, str(self), self.details)


def error_body(status: int, message: str, details: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the body of an answer that is an error."""
    error = {"code": status, "message": message, "status": STATUSES.get(status, "UNKNOWN")}
    return {"error": error | ({"details": list(details)} if details else {})}


def fault_body(fault: Fault) -> dict[str, Any]:
    """Return the body of a scripted error; a delay is told as the real server tells it."""
    if fault.retry_delay_s is None:
        return error_body(fault.status, fault.message)
    info = {"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{fault.retry_delay_s:g}s"}
    return error_body(fault.status, fault.message, [info])


def wrong_key() -> RefusedError:
    message = "API key not valid. Please pass a valid API key."
    metadata = {"service": "generativelanguage.googleapis.com"}
    info = {"@type": f"{_TYPE}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com", "metadata": metadata}
    shown = {"@type": f"{_TYPE}LocalizedMessage", "locale": "en-US", "message": message}
    return RefusedError(message, details=[info, shown])


def no_key() -> RefusedError:
    message = "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
    return RefusedError(f"{message}other form of API consumer identity to call this API.", status=403)


def unknown_model(model: str, version: str) -> RefusedError:
    message = f"models/{model} is not found for API version {version}, or is not supported for generateContent. Call "
    return RefusedError(
        f"{message}ListModels to see the list of available models and their supported methods.", status=404
    )


def wrong_field(at: str, description: str) -> RefusedError:
    """Return the refusal of a field, as of JSON that does not fit the message."""
    violation = {"field": at, "description": description}
    return RefusedError(description, details=[{"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]}])


def unknown_name(name: str, at: str) -> RefusedError:
    where = f" at '{at}'" if at else ""
    return wrong_field(at, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')
