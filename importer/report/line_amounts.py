"""Gross, net and tax of the line items: the third follows where two are there; never guessed."""

from __future__ import annotations

import numpy as np

from importer.validation.cents_array import CentsArray, sums
from importer.validation.checked_bills import Checked

_FITS = 2**61  # the sum of two such amounts fits into int64 with room


def line_amounts(checked: Checked) -> tuple[CentsArray, CentsArray, CentsArray]:
    """(gross, net, tax) of each line item; unknown where the sheet does not determine it."""
    columns = (checked.lines[name].cents() for name in ("amount", "netAmount", "taxAmount"))
    (g, has_g), (n, has_n), (t, has_t) = columns
    if any(np.abs(each.astype(np.float64)).max(initial=0) > _FITS for each in (g, n, t)):
        g, n, t = (each.astype(object) for each in (g, n, t))
    return (
        CentsArray(np.where(has_g, g, n + t), has_g | (has_n & has_t)),
        CentsArray(np.where(has_n, n, g - t), has_n | (has_g & has_t)),
        CentsArray(np.where(has_t, t, g - n), has_t | (has_g & has_n)),
    )


def sums_by_bill(checked: Checked, cents: CentsArray) -> CentsArray:
    """The sum of each bill's lines; unknown where one of them is."""
    return sums(cents, checked.line_bill, checked.bills.size)[0]
