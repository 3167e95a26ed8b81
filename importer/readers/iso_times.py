"""Dates, times and durations that a workbook stores as ISO 8601 texts."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from importer.model.tables import CellKind
from importer.readers.grid import Cell, date_text, duration_text

_DURATION = re.compile(
    r"(-?)P(?:(\d{1,7})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,9}(?:[.,]\d*)?)S)?)?"
)
_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2}(?:[.,]\d*)?))?(?:Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)
_DAY_ZERO = (date(1899, 12, 30), date(1899, 12, 31))  # of LibreOffice, of Excel


def iso_cell(written: str) -> Cell:
    """A date as DATE; a time or a duration as TEXT, to the nearest second: ``30:15:00``.

    ``written`` itself, as TEXT, where it is none of these.
    """
    seconds = _seconds(written)
    if seconds is not None:
        return duration_text(timedelta(seconds=seconds)), CellKind.TEXT
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return written, CellKind.TEXT
    if moment.date() in _DAY_ZERO and "T" in written:
        return iso_cell(written.partition("T")[2])
    try:
        return date_text(moment), CellKind.DATE
    except OverflowError:
        return written, CellKind.TEXT


def _seconds(written: str) -> float | None:
    if (match := _DURATION.fullmatch(written)) and any(match.groups()[1:]):
        sign, *parts = match.groups()
    elif match := _TIME.fullmatch(written):
        sign, parts = "", ["0", *match.groups()]
        if int(parts[1]) > 24 or int(parts[2]) > 59 or float(_decimal(parts[3])) >= 61:
            return None
    else:
        return None
    days, hours, minutes, seconds = (float(_decimal(part)) for part in parts)
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return -total if sign else total


def _decimal(digits: str | None) -> str:
    return (digits or "0").replace(",", ".")
