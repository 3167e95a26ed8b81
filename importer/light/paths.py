"""Where Light's API has what: paths below the base URL, with ids quoted."""

from __future__ import annotations

from urllib.parse import quote

BILLS = "/v1/invoice-payables"
BILL_LIST = "/v1/bff/invoice-payables"
NOTES = "/v1/credit-notes"
VENDORS = "/v1/vendors"
APPROVALS = "/v1/invoice-approval"
DOCUMENTS = "/v1/accounting-documents/accounting-documents"


def document_path(document_id: str, credit_note: bool = False) -> str:
    """That of a bill or credit note."""
    return f"{NOTES if credit_note else BILLS}/{quote(document_id, safe='')}"


def line_path(document_id: str, line_id: str, *, credit_note: bool = False) -> str:
    lines = "lines" if credit_note else "line-items"
    return f"{document_path(document_id, credit_note)}/{lines}/{quote(line_id, safe='')}"
