"""What of gross, net and tax the sheet tells of a bill and its lines; never guessed, never 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from importer.model.report_model import Amounts
from importer.validation.cents_array import CentsArray, sums
from importer.validation.validate import Checked

_SURELY_FITS = 2**61  # the sum of two such amounts fits into int64 with room


@dataclass(frozen=True)
class LineAmounts:
    """Gross, net and tax of each line. The third is worked out where two are told."""

    gross: CentsArray
    net: CentsArray
    tax: CentsArray
    currencies: np.ndarray  # of each bill
    line_bill: np.ndarray
    units: np.ndarray

    @classmethod
    def of(cls, checked: Checked) -> LineAmounts:
        lines = checked.lines
        (g, has_g), (n, has_n), (t, has_t) = (
            lines[name].cents() for name in ("amount", "netAmount", "taxAmount")
        )
        if any(np.abs(each.astype(np.float64)).max(initial=0) > _SURELY_FITS for each in (g, n, t)):
            g, n, t = (each.astype(object) for each in (g, n, t))
        return cls(
            CentsArray(np.where(has_g, g, n + t), has_g | (has_n & has_t)),
            CentsArray(np.where(has_n, n, g - t), has_n | (has_g & has_t)),
            CentsArray(np.where(has_t, t, g - n), has_t | (has_g & has_n)),
            checked.bills["currency"].values,
            checked.line_bill,
            lines.units,
        )

    def __getitem__(self, i: int) -> Amounts:
        bill = self.line_bill[i]
        currency = str(self.currencies[bill] or "") if bill >= 0 else ""
        return Amounts(
            self.gross.at(i), self.net.at(i), self.tax.at(i), currency, int(self.units[i])
        )


def net_and_tax(checked: Checked, lines: LineAmounts) -> tuple[CentsArray, CentsArray]:
    """Each bill's net and tax, the sums of its lines; not known where one of them does not tell."""
    net, tax = (
        sums(each, checked.line_bill, checked.bills.size)[0] for each in (lines.net, lines.tax)
    )
    return net, tax
