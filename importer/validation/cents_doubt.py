"""A canonical sheet, in cents, whose amounts look as if money was typed: 1200 for 1,200.00."""

from __future__ import annotations

import numpy as np

from importer.model.fields import BILLS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.validation.checked_bills import Checked

SMALL = 50  # units of the currency: half the bills of a company are larger
WHOLE = "Every bill comes to whole units of its currency, as if money and not cents had been typed."
_FEW = 5  # bills of whole units are chance


def small_amounts(checked: Checked) -> Finding | None:
    """A finding where half the bills are below 50.00: a hundredth of what was meant would load."""
    sizes = _sizes(checked)
    if not len(sizes) or np.median(sizes / checked.bills.units[checked.amounts.valid]) >= SMALL:
        return None
    i = int(np.flatnonzero(checked.amounts.valid)[np.argmax(sizes)])
    cents = abs(checked.amounts.at(i) or 0)  # of a credit note, too
    return finding(
        "bills.amount.small",
        checked.mapped.cell(BILLS, "amount", i),
        str(cents),
        amount=checked.bills.money(i, cents),
        currency=checked.bills["currency"].at(i) or "",
    )


def round_amounts(checked: Checked) -> bool:
    """Whether five bills or more come to whole units, each of them."""
    sizes = _sizes(checked)
    units = checked.bills.units[checked.amounts.valid]
    return len(sizes) >= _FEW and bool((sizes % units == 0).all())


def _sizes(checked: Checked) -> np.ndarray:
    return np.abs(np.asarray(checked.amounts.cents[checked.amounts.valid], dtype=np.float64))
