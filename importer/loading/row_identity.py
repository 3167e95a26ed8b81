"""Which bill or line item a row holds, from the sheet's cells alone: no ids that Light gave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from importer.model.bills import Bill
from importer.model.run_rows import BillRows, RowIdentity
from importer.validation.checked_bills import Checked

_ENCODER = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":"))


def bill_row_identity(
    vendor: str | None,
    number: str | None,
    issued: date | None,
    amount: int | None,
    currency: str | None,
    description: str | None,
) -> str:
    """Vendor, as written, and invoice number; without one what else tells bills apart."""
    if number:
        return _ENCODER.encode([vendor or "", number])
    return _ENCODER.encode([vendor or "", issued, amount, currency, description or ""])


def bill_row_identities(checked: Checked) -> list[str]:
    """The identity of each bill of a sheet, also of those that need correction."""
    every = np.arange(checked.bills.size)

    def values(name: str) -> list[Any]:
        return checked.bills[name].values_at(every)

    vendors = [a or b for a, b in zip(values("vendor"), values("vendorId"), strict=True)]
    amounts = [checked.amounts.at(i) for i in range(checked.bills.size)]
    others = (values(name) for name in ("invoiceNumber", "issuedDate"))
    last = (values(name) for name in ("currency", "description"))
    rows = zip(vendors, *others, amounts, *last, strict=True)
    return [bill_row_identity(*row) for row in rows]


def line_row_identity(amount: int | None, description: str | None) -> str:
    """``amount`` in cents, gross or net as the bill's line items are sent."""
    return _ENCODER.encode([amount, description or ""])


def rows_of(bill: Bill, sheets: Sequence[tuple[str, str | None]]) -> BillRows:
    """The rows of a bill that is about to be loaded. ``sheets`` are (file, sheet) by table."""
    identity = bill_row_identity(
        bill.vendor or bill.vendor_id,
        bill.invoice_number,
        bill.issued_date,
        bill.amount,
        bill.currency,
        bill.description,
    )
    lines = (
        RowIdentity(
            *sheets[line.table],
            line.row,
            line_row_identity(
                line.amount if bill.include_tax else line.net_amount, line.description
            ),
        )
        for line in bill.lines
    )
    return BillRows(RowIdentity(*sheets[bill.table], bill.row, identity), tuple(lines))
