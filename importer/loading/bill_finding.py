"""Findings about bills of a load, which the report gives their place in the file."""

from __future__ import annotations

from typing import Any

from importer.model.bills import Bill
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding


def bill_finding(code: str, bill: Bill, text: str | None = None, /, **words: Any) -> Finding:
    """A finding about a bill, in its row; ``text`` is what it quotes, its number where None."""
    cell = CellRef("", None, bill.row, None, bill.table)
    value = bill.invoice_number or "" if text is None else text
    return finding(code, cell, value, bills=(bill.index,), **words)
