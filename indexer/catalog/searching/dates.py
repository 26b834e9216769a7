"""Dates as people write them: a year, a month, a day, or a moment."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import regex

from indexer.errors import QueryError

_DATE = regex.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A span of time: `start` belongs to it, `end` does not. Without a zone."""

    start: datetime
    end: datetime


def read_period(text: str) -> Period:
    """Read `2024`, `2024-05`, `2024-05-01` or an ISO moment, its zone taken as UTC; raises QueryError."""
    try:
        found = _DATE.fullmatch(text.strip())
        return _whole(*found.groups()) if found else _moment(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError) as exc:
        raise QueryError(f"{text!r} is no date: write 2024, 2024-05 or 2024-05-31.") from exc


def _whole(year: str, month: str | None, day: str | None) -> Period:
    first = date(int(year), int(month or 1), int(day or 1))
    if month is None:
        last = date(first.year, 12, 31)
    elif day is None:
        last = date(first.year, first.month, calendar.monthrange(first.year, first.month)[1])
    else:
        last = first
    return Period(start=datetime.combine(first, time()), end=datetime.combine(last, time()) + timedelta(days=1))


def _moment(moment: datetime) -> Period:
    naive = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return Period(start=naive, end=naive + timedelta(microseconds=1))
