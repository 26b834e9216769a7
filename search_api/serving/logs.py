"""The service's log: lines of JSON for machines, short ones for people, each with the id of its request."""

import logging
import re
import sys
from typing import Literal
from uuid import uuid4

from asgi_correlation_id import CorrelationIdFilter, CorrelationIdMiddleware
from pythonjsonlogger.json import JsonFormatter
from starlette.types import ASGIApp

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

_OURS = ("indexer", "search_api")
_SANE_ID = re.compile(r"[A-Za-z0-9._:=+/-]{1,100}")


def configure_logging(level: LogLevel, log_format: LogFormat | None) -> None:
    """Have all that is logged written to stderr; without a format, as JSON unless that is a terminal."""
    is_text = log_format == "text" if log_format else sys.stderr.isatty()
    handler = logging.StreamHandler()
    handler.setFormatter(_text() if is_text else _json())
    handler.addFilter(CorrelationIdFilter(uuid_length=8, default_value="-") if is_text else CorrelationIdFilter())
    number = getattr(logging, level.upper())
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(number)
    logging.getLogger("asgi_correlation_id").setLevel(logging.ERROR)  # each id that is not sane is news to it


def with_request_ids(app: ASGIApp) -> ASGIApp:
    """Give each request an id, or leave it the one it came with: in the answer, in problems and in the log."""
    return CorrelationIdMiddleware(app, generator=lambda: uuid4().hex, validator=_is_sane)


def _is_sane(request_id: str) -> bool:
    return _SANE_ID.fullmatch(request_id) is not None


def _text() -> logging.Formatter:
    return logging.Formatter("%(asctime)s %(levelname)s %(message)s [%(correlation_id)s]", datefmt="%H:%M:%S")


def _json() -> logging.Formatter:
    return JsonFormatter(
        ["levelname", "name", "message", "correlation_id"],
        rename_fields={
            "levelname": "level",
            "name": "logger",
            "correlation_id": "request_id",
            "exc_info": "exception",
        },
        defaults={"time": ""},
        timestamp="time",
        json_ensure_ascii=False,
    )
