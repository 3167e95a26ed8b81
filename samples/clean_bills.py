"""The bills of ``samples/light``: a quarter of Kestrel Trading's purchases, all of them right.

They stand in clean_bills.yaml. The ids are those of the company that the sandbox plays. Amounts
are integer cents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

Cell = str | int | bool | date | None

# Tax codes of Light's: id and percent.
UK20 = ("7514cbaa-e6e3-58bc-be5b-b65ffc29f39f", 20)
_TAXES = {
    "UK20": UK20,
    "UK5": ("926a945a-de82-54c3-be05-5385c5e064c0", 5),
    "UK0": ("d7a3a368-7387-5d09-b1a0-b2769b1c1b06", 0),
    "DE19": ("fcd8188e-2bf8-5ced-b662-50b08dc452cf", 19),
    "DE7": ("5325e553-3136-51fa-9102-5be2f071e308", 7),
    "DK25": ("e37090b8-883e-59a3-9ed6-1117873cd895", 25),
    "RC0": ("d714fcab-9cd7-51a7-bf80-2315837cbca3", 0),
    "NONE": ("", 0),
}

# Ledger accounts that the sheet gives by id; the others are given by code.
BY_ID = {
    7110: "fe7bca1a-63ae-5bbc-b431-1e51bbb169f6",
    7500: "1148b6e7-5f7c-5e8a-bbbf-76e42a89bc28",
    1610: "cf5a8aec-447f-51a7-b893-db41bf200864",
}

BILL_COLUMNS = (
    "billRef",
    "vendorId",
    "vendor",
    "companyEntity",
    "invoiceNumber",
    "issuedDate",
    "dueDate",
    "paymentAt",
    "currency",
    "amount",
    "lineItemsIncludeTax",
    "description",
    "localCurrencyFxRateOverride",
    "property:Region",
    "property:Approver note",
)
LINE_COLUMNS = (
    "billRef",
    "lineNumber",
    "description",
    "amount",
    "netAmount",
    "taxAmount",
    "taxCodeId",
    "accountId",
    "account",
    "shouldAmortize",
    "amortizationStartDate",
    "amortizationEndDate",
    "property:Project",
    "property:Tags",
    "property:Quantity",
    "property:Service date",
    "property:Billable",
)


@dataclass(frozen=True)
class Line:
    """``base`` is the net amount in cents, or the gross one where the bill's lines include tax.

    ``charged`` is the tax on the invoice where the vendor has rounded it otherwise.
    ``spread``: the first and last day of an amortization.
    """

    description: str
    base: int
    tax: tuple[str, int]
    account: int
    spread: Sequence[date] = ()
    more: Mapping[str, Cell] = field(default_factory=dict)
    charged: int | None = None


@dataclass(frozen=True)
class Bill:
    """``vendor`` is a name, an identifier, a VAT id or an id of Light."""

    vendor: str
    entity: str
    number: str
    issued: date
    due: date
    currency: str
    description: str
    lines: Sequence[Line]
    include_tax: bool = False
    more: Mapping[str, Cell] = field(default_factory=dict)


def _bills() -> Iterator[Bill]:
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    for each in yaml.safe_load(text):
        lines = [Line(**line | {"tax": _TAXES[line["tax"]]}) for line in each["lines"]]
        yield Bill(**each["bill"], lines=lines)


def half_up(numerator: int, denominator: int) -> int:
    """To the nearest whole cent, half away from zero."""
    quotient = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -quotient if numerator < 0 else quotient


def tax_of(base: int, percent: int, *, included: bool) -> int:
    """The tax on a net amount, or the tax within a gross one, in cents."""
    if included:
        return base - half_up(base * 100, 100 + percent)
    return half_up(base * percent, 100)


def _is_id(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4


def rows() -> tuple[list[dict[str, Cell]], list[dict[str, Cell]]]:
    """The rows of the sheets Bills and Line items, by header."""
    bills: list[dict[str, Cell]] = []
    lines: list[dict[str, Cell]] = []
    for place, bill in enumerate(_bills(), start=1):
        ref, total = f"B-{place:03d}", 0
        for number, line in enumerate(bill.lines, start=1):
            code, percent = line.tax
            tax = tax_of(line.base, percent, included=bill.include_tax) if code else 0
            tax = tax if line.charged is None else line.charged
            net = line.base - tax if bill.include_tax else line.base
            total += net + tax
            lines.append(
                {
                    "billRef": ref,
                    "lineNumber": number,
                    "description": line.description,
                    "amount": net + tax,
                    "netAmount": net,
                    "taxAmount": tax if code else None,
                    "taxCodeId": code,
                    "accountId": BY_ID.get(line.account, ""),
                    "account": "" if line.account in BY_ID else str(line.account),
                    "shouldAmortize": True if line.spread else None,
                    "amortizationStartDate": line.spread[0] if line.spread else None,
                    "amortizationEndDate": line.spread[1] if line.spread else None,
                    **line.more,
                }
            )
        bills.append(
            {
                "billRef": ref,
                "vendorId" if _is_id(bill.vendor) else "vendor": bill.vendor,
                "companyEntity": bill.entity,
                "invoiceNumber": bill.number,
                "issuedDate": bill.issued,
                "dueDate": bill.due,
                "currency": bill.currency,
                "amount": total,
                "lineItemsIncludeTax": bill.include_tax,
                "description": bill.description,
                **bill.more,
            }
        )
    return bills, lines
