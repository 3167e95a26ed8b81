"""What of gross, net and tax the sheet tells of a bill and its lines; never guessed, never 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from importer.records import Amounts
from importer.validation.across import sums
from importer.validation.check import Checked
from importer.validation.parse import Parsed


def line_amounts(checked: Checked) -> list[Amounts]:
    """Each line's amounts. Of gross, net and tax the third is worked out where two are told."""
    lines = checked.lines
    gross, net, tax = (_told(lines[name]) for name in ("amount", "netAmount", "taxAmount"))
    currencies = _told(checked.bills["currency"])
    out = []
    for i, bill in enumerate(checked.line_bill.tolist()):
        g, n, t = gross[i], net[i], tax[i]
        if g is None and n is not None and t is not None:
            g = n + t
        elif n is None and g is not None and t is not None:
            n = g - t
        elif t is None and g is not None and n is not None:
            t = g - n
        currency = str(currencies[bill] or "") if bill >= 0 else ""
        out.append(Amounts(g, n, t, currency, int(lines.units[i])))
    return out


def net_and_tax(
    checked: Checked, lines: list[Amounts]
) -> tuple[list[int | None], list[int | None]]:
    """Each bill's net and tax, the sums of its lines; None where one of them does not tell."""
    totals = [
        sums(np.asarray(each, dtype=object), checked.line_bill, checked.bills.size)[0].tolist()
        for each in ([line.net for line in lines], [line.tax for line in lines])
    ]
    return totals[0], totals[1]


def _told(parsed: Parsed) -> list[Any]:
    values: list[Any] = parsed.values.tolist()  # None where blank or wrong
    return values
