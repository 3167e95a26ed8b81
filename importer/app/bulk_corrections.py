"""One correction of many cells: trim, replace a value, dates to one order."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from importer.core.errors import UsageProblem

_DATE = re.compile(r"\s*(\d{1,4})\s*[./\- ]\s*(\d{1,2})\s*[./\- ]\s*(\d{1,4})\s*")
ORDERS = {"DMY": "day first", "MDY": "month first", "YMD": "year first"}
ACTIONS = {
    "trim": "Remove spaces around the value",
    "replace": "Replace a value",
    "clear": "Clear the cells",
    **{order: f"Read as dates, {words}" for order, words in ORDERS.items()},
}


def bulk_correction(action: str, value: str = "", new: str = "") -> Callable[[str], str]:
    """What makes the corrected text of a cell. ``value`` and ``new`` are for ``replace``; a text
    that the correction does not fit stays as it is. UsageProblem for an unknown action."""
    if action == "trim":
        return lambda text: text.strip(" \t\r\n\u00a0\u200b\u2007\u202f\ufeff")
    if action == "replace":
        return lambda text: new if text == value else text
    if action == "clear":
        return lambda text: ""
    if action in ORDERS:
        return lambda text: _iso(text, action)
    raise UsageProblem("Choose what to do with these cells.")


def _iso(text: str, order: str) -> str:
    """The date as YYYY-MM-DD; the text itself where it is none in that order."""
    match = _DATE.fullmatch(text)
    if match is None:
        return text
    part = dict(zip(order, match.groups(), strict=True))
    year = int(part["Y"]) + (2000 if len(part["Y"]) == 2 else 0)
    if len(part["Y"]) not in (2, 4) or len(part["D"]) > 2 or len(part["M"]) > 2:
        return text
    try:
        return date(year, int(part["M"]), int(part["D"])).isoformat()
    except ValueError:
        return text
