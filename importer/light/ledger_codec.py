"""Lines of the ledger from Light's JSON. Source: ExternalLedgerTransactionLineV1Model."""

from __future__ import annotations

from collections.abc import Mapping

from importer.light.json_values import id_at, integer_at, object_of, required_id_at, text_at
from importer.model.ledger import LedgerLine

_SIGNS = {"D": 1, "C": -1}


def ledger_line_from_json(value: object) -> LedgerLine:
    """An amount that Light does not state is None. Raises WireProblem where it is no line of a
    document."""
    line = object_of(value, "ledger line")
    amounts = object_of(line.get("amounts") or {}, "amounts")
    code = integer_at(line, "accountCode")
    return LedgerLine(
        id=required_id_at(line, "id"),
        document_id=required_id_at(line, "accountingDocumentId"),
        account_id=required_id_at(line, "accountId"),
        account_code="" if code is None else str(code),
        account_label=text_at(line, "accountLabel") or "",
        account_type=text_at(line, "accountType") or "",
        entity_id=id_at(line, "companyEntityId") or "",
        entity_name=text_at(line, "companyEntityName") or text_at(line, "companyEntityCode") or "",
        cents=_cents(amounts, "Transaction"),
        currency=text_at(amounts, "transactionCurrency"),
        local_cents=_cents(amounts, "Local"),
        local_currency=text_at(amounts, "localCurrency"),
        tax_id=id_at(line, "taxId"),
        tax_code=text_at(line, "taxCode"),
        kind=text_at(line, "ledgerTransactionType") or "DEFAULT",
        ledger=text_at(line, "ledgerName") or "PRIMARY",
    )


def _cents(amounts: Mapping[str, object], name: str) -> int | None:
    """The signed amount; else the amount by its side, where both are stated."""
    signed = integer_at(amounts, f"signed{name}Amount")
    if signed is not None:
        return signed
    amount, sign = integer_at(amounts, f"{name.lower()}Amount"), text_at(amounts, "dcSign")
    return None if amount is None or sign not in _SIGNS else _SIGNS[sign] * amount
