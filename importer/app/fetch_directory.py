"""Asking Light for what a company lists."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from decimal import Decimal

from importer.light import LightClient, LightRefused
from importer.model.light_objects import LightBill, LightLine, TaxCode, Vendor
from importer.references.directory import Directory

EVERYTHING = frozenset(("vendors", "accounts", "entities", "groups", "tax_codes"))
MOST_BILLS = 50  # read one by one for their tax codes
_AT_ONCE = 8


async def fetch_directory(client: LightClient, wanted: Collection[str]) -> Directory:
    """The lists that are wanted, 200 records a request; see ``fetch_tax_codes`` for "tax_codes"."""
    vendors = await client.vendors() if {"vendors", "tax_codes"} & set(wanted) else []
    return Directory(
        vendors=vendors,
        accounts=await client.accounts() if "accounts" in wanted else [],
        entities=await client.entities() if "entities" in wanted else [],
        groups=await client.property_groups() if "groups" in wanted else [],
        tax_codes=await fetch_tax_codes(client, vendors) if "tax_codes" in wanted else [],
    )


async def fetch_tax_codes(client: LightClient, vendors: Sequence[Vendor]) -> list[TaxCode]:
    """The tax codes that can be seen: Light has no list of them.

    They stand in the defaults of vendors and on lines of bills. The list of bills leaves lines
    out, so bills are read one by one: of the newest 200 (one request) at most 50, those of vendors
    not yet seen first. That is at most 51 requests; a code that none of these has is not found.
    """
    defaults: dict[str, list[Vendor]] = defaultdict(list)
    for vendor in vendors:
        if vendor.tax_code_id:
            defaults[vendor.tax_code_id].append(vendor)
    lines: dict[str, list[LightLine]] = defaultdict(list)
    examples: dict[str, str] = {}
    names = {vendor.id: vendor.name for vendor in vendors}
    bills = _varied(await client.recent_bills())[:MOST_BILLS]
    for at in range(0, len(bills), _AT_ONCE):
        for bill in await asyncio.gather(*(_read(client, b) for b in bills[at : at + _AT_ONCE])):
            for line in (bill.lines or ()) if bill else ():
                if bill and line.tax_code_id:
                    lines[line.tax_code_id].append(line)
                    number = f"bill {bill.invoice_number}" if bill.invoice_number else "a bill"
                    vendor_name = names.get(bill.vendor_id or "", "")
                    seen = f"as on {number}" + (f" of {vendor_name}" if vendor_name else "")
                    examples.setdefault(line.tax_code_id, seen)
    return [
        TaxCode(
            code,
            vendors=len(defaults[code]),
            lines=len(lines[code]),
            percent=_percent(lines[code]),
            example=examples.get(code) or f"as proposed for {defaults[code][0].name}",
        )
        for code in sorted({*defaults, *lines})
    ]


def _varied(bills: Sequence[LightBill]) -> list[LightBill]:
    """The first bill of each vendor, then the second of each, and so on."""
    seen: Counter[str | None] = Counter()
    turns = []
    for at, bill in enumerate(bills):
        turns.append((seen[bill.vendor_id], at, bill))
        seen[bill.vendor_id] += 1
    return [bill for _, _, bill in sorted(turns, key=lambda turn: turn[:2])]


async def _read(client: LightClient, bill: LightBill) -> LightBill | None:
    try:
        return await client.bill(bill.id)
    except LightRefused:  # deleted since it was listed
        return None


def _percent(lines: Sequence[LightLine]) -> str | None:
    """The rate that the lines' amounts come to, to a tenth; None where they do not say."""
    said = [(line.net_amount, line.tax_amount) for line in lines]
    net = sum(n for n, tax in said if n and tax is not None)
    if not net:
        return None
    rate = Decimal(sum(tax for n, tax in said if n and tax is not None)) * 100 / net
    return f"{rate.quantize(Decimal('0.1')):f}".removesuffix(".0")
