"""What the sandbox books for a bill, a credit note and a payment: lines of the ledger that balance.

A bill debits the account of each of its lines with the net amount and the tax account with its tax,
and credits the payables account with the gross; a credit note is the reverse, a payment debits
payables and credits the bank. Cents are signed: debit above zero, credit below.

Source of the fields: the model of a ledger transaction line in the API description. Not documented,
chosen here: payables and tax have an account of their own; the line of an expense carries its tax
code as well as the line of the tax; what was posted on is the document's date; the rates of
exchange, where a document does not state one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from importer.sandbox.answer_models import PropertyAnswer, answer_model
from importer.sandbox.company_file import AccountRow, CompanyReference
from importer.sandbox.wire_types import Cents, Day, JsonObject, Moment, Text, Uuid

PAYABLES, TAX, BANK = "ACCOUNTS_PAYABLE", "VAT recoverable", "BANK"
_RATES = {"GBP": "1", "EUR": "0.85", "USD": "0.78", "DKK": "0.114", "SEK": "0.075", "NOK": "0.073"}
_SIGNS = {"D": 1, "C": -1}

AmountsAnswer = answer_model(
    "AmountsAnswer",
    {
        Text: "dcSign transactionCurrency? localCurrency groupCurrency",
        Cents: """transactionAmount? signedTransactionAmount? localAmount signedLocalAmount
            groupAmount signedGroupAmount""",
        float: "transactionAmountInMajors? localAmountInMajors groupAmountInMajors",
        bool: "debit credit",
    },
)
LedgerLineAnswer = answer_model(
    "LedgerLineAnswer",
    {
        Uuid: """id ledgerTransactionId companyId companyEntityId accountId
            accountingDocumentLineId? accountingDocumentId taxId? businessPartnerId? costCenterId?
            accruedLedgerTransactionLineId? createdBy?""",
        Text: """transactionSequenceId companyEntityCode companyEntityName ledgerName accountLabel
            accountType documentSequenceId accountingDocumentNumber? documentType description?
            documentDescription? taxTagLabel? taxCode? businessPartnerName? ledgerTransactionType
            """,
        int: "accountCode",
        Day: """postingDate valuationDate accountingReleaseStartDate? accountingReleaseEndDate?""",
        AmountsAnswer: "amounts",
        Moment: "createdAt",
        PropertyAnswer: "customProperties[]?",
        bool: "amortized",
    },
)


@dataclass(frozen=True)
class BookedDocument:
    """What the lines of one document share; ``number`` goes up with each transaction.

    ``rates`` are those it states itself, to the local and to the group currency.
    """

    id: str
    kind: str  # AP, CN or BP
    number: int
    company: CompanyReference
    entity_id: str
    partner_id: str | None
    currency: str
    day: str
    document_number: str | None
    description: str | None
    created: str
    rates: tuple[float | None, float | None] = (None, None)


@dataclass(frozen=True)
class _Posting:
    """One line to book; ``line`` is the document's line that it comes from."""

    account: AccountRow
    cents: int
    tax_id: str | None = None
    line: Mapping[str, Any] | None = None
    tag: str | None = None


def bill_lines(document: BookedDocument, bill: Mapping[str, Any]) -> list[JsonObject]:
    postings = []
    for line in bill["lineItems"]:
        net, tax = line["netAmount"], line["taxAmount"] or 0
        postings += _of_line(document, line, line["accountId"], line["taxCodeId"], net, tax)
    return _booked(document, postings)


def note_lines(document: BookedDocument, note: Mapping[str, Any]) -> list[JsonObject]:
    """The reverse of a bill's, whichever sign the note's lines were sent with."""
    signed = [
        (line, *(_signed(line, f"{name}TransactionAmount") for name in ("net", "tax")))
        for line in note["lines"]
    ]
    sign = -1 if sum(net + tax for _, net, tax in signed) > 0 else 1
    postings = []
    for line, net, tax in signed:
        account, code = line["ledgerAccountId"], line["ledgerTaxId"]
        postings += _of_line(document, line, account, code, sign * net, sign * tax)
    return _booked(document, postings)


def payment_lines(document: BookedDocument, cents: int) -> list[JsonObject]:
    return _booked(document, [_Posting(_account(document, BANK), -cents)])


def _of_line(
    document: BookedDocument,
    line: Mapping[str, Any],
    account_id: str,
    tax_id: str | None,
    net: int,
    tax: int,
) -> list[_Posting]:
    account = document.company.reference.accounts[account_id]
    postings = [_Posting(account, net, tax_id, line, tax_id and "Base")]
    if tax:
        postings.append(_Posting(_account(document, TAX), tax, tax_id, line, "Tax"))
    return postings


def _signed(line: Mapping[str, Any], name: str) -> int:
    directed = line[name]
    return 0 if directed is None else _SIGNS[directed["dcSign"]] * int(directed["amount"])


def _account(document: BookedDocument, which: str) -> AccountRow:
    """The company's account of this type or label, else one that its files do not have."""
    code, label, kind = {
        PAYABLES: (2100, "Trade creditors", PAYABLES),
        TAX: (1310, TAX, "OTHER_CURRENT_ASSET"),
        BANK: (1800, "Bank", BANK),
    }[which]
    for row in document.company.reference.accounts.values():
        if which in (row.type, row.label):
            return row
    return AccountRow.model_validate(
        {
            "id": str(uuid.uuid5(uuid.UUID(document.company.id), which)),
            "code": str(code),
            "label": label,
            "type": kind,
            "category": "",
            "status": "ACTIVE",
        }
    )


def _booked(document: BookedDocument, postings: list[_Posting]) -> list[JsonObject]:
    """The lines of the postings, and one on payables that balances them in each currency."""
    reference = document.company.reference
    local = reference.entities[document.entity_id].local_currency
    group = reference.company.base_currency
    rates = [
        _rate(document.currency, currency, stated)
        for currency, stated in zip((local, group), document.rates, strict=True)
    ]
    sums = [(e.cents, round(e.cents * rates[0]), round(e.cents * rates[1])) for e in postings]
    postings = [
        *postings,
        _Posting(_account(document, PAYABLES), -sum(cents for cents, _, _ in sums)),
    ]
    sums.append(_negative_sum(sums))
    transaction = str(uuid.uuid4())
    currencies = (document.currency, local, group)
    return [
        _line(document, transaction, posting, _amounts(cents, currencies))
        for posting, cents in zip(postings, sums, strict=True)
    ]


def _negative_sum(sums: Iterable[tuple[int, int, int]]) -> tuple[int, int, int]:
    first, second, third = (-sum(column) for column in zip(*sums, strict=True))
    return first, second, third


def _rate(currency: str, target: str, stated: float | None) -> Fraction:
    """Units of ``target`` for one of ``currency``."""
    if currency == target:
        return Fraction(1)
    if stated is not None:
        return Fraction(Decimal(str(stated)))
    return Fraction(_RATES.get(currency, "1")) / Fraction(_RATES.get(target, "1"))


def _amounts(signed: tuple[int, int, int], currencies: tuple[str, str, str]) -> JsonObject:
    debit = signed[0] >= 0
    values: JsonObject = {"dcSign": "D" if debit else "C", "debit": debit, "credit": not debit}
    for name, cents, currency in zip(
        ("Transaction", "Local", "Group"), signed, currencies, strict=True
    ):
        lower = name.lower()
        values |= {
            f"{lower}Amount": abs(cents),
            f"{lower}AmountInMajors": abs(cents) / 100,
            f"signed{name}Amount": cents,
            f"{lower}Currency": currency,
        }
    return values


def _line(
    document: BookedDocument, transaction: str, posting: _Posting, amounts: JsonObject
) -> JsonObject:
    reference, line = document.company.reference, posting.line or {}
    entity = reference.entities[document.entity_id]
    tax_code = reference.tax_codes.get(posting.tax_id or "")
    partner = reference.vendors.get(document.partner_id or "")
    start = line.get("amortizationStartDate") or line.get("accrualStartDate")
    end = line.get("amortizationEndDate") or line.get("accrualEndDate")
    return LedgerLineAnswer.of(
        {
            "id": str(uuid.uuid4()),
            "ledgerTransactionId": transaction,
            "transactionSequenceId": f"T-{document.number:06}",
            "companyId": document.company.id,
            "companyEntityId": entity.id,
            "companyEntityCode": entity.code,
            "companyEntityName": entity.name,
            "ledgerName": "PRIMARY",
            "accountId": posting.account.id,
            "accountCode": posting.account.code,
            "accountLabel": posting.account.label,
            "accountType": posting.account.type,
            "accountingDocumentLineId": line.get("id"),
            "documentSequenceId": f"{document.kind}-{document.number:06}",
            "accountingDocumentId": document.id,
            "accountingDocumentNumber": document.document_number,
            "documentType": document.kind,
            "postingDate": document.day,
            "valuationDate": document.day,
            "description": line.get("description"),
            "documentDescription": document.description,
            "amounts": amounts,
            "taxId": posting.tax_id,
            "taxTagLabel": posting.tag,
            "taxCode": tax_code and tax_code.code,
            "businessPartnerId": document.partner_id,
            "businessPartnerName": partner and partner.name,
            "ledgerTransactionType": "DEFAULT",
            "accountingReleaseStartDate": start,
            "accountingReleaseEndDate": end,
            "createdAt": document.created,
            "customProperties": line.get("customProperties"),
            "amortized": bool(start),
        }
    )
