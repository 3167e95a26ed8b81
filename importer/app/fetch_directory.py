"""Fetch a company's lists from Light."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from decimal import Decimal
from typing import TypeVar

from importer.core.errors import AccessRefused, LightRefused
from importer.core.fetch import fetch_all
from importer.core.progress import expect, step
from importer.light.client import LightClient
from importer.model.light_objects import (
    BILL_OBJECTS,
    VENDOR_OBJECTS,
    LightBill,
    LightLine,
    TaxCode,
    Vendor,
)
from importer.references.directory import Directory

T = TypeVar("T")
EVERYTHING = frozenset(field.name for field in dataclasses.fields(Directory)) - {"vendor_groups"}
MAX_BILLS = 50  # read one by one for their tax codes


async def fetch_directory(
    client: LightClient, wanted: Collection[str], refused: Callable[[str], None] | None = None
) -> Directory:
    """The lists that are wanted, 200 records a request; see ``fetch_tax_codes`` for "tax_codes".

    With ``refused`` a list of bank accounts or purchase orders that Light refuses is empty, and it
    gets a sentence: few roles may read them, and few sheets need them.
    """
    expect(len(wanted))

    async def optional(name: str, rows: Callable[[], Awaitable[list[T]]]) -> list[T]:
        if name not in wanted:
            return []
        try:
            return await _counted(rows())
        except (AccessRefused, LightRefused) as error:
            if refused is None:
                raise
            refused(f"The {name.replace('_', ' ')} were not fetched: {error}")
            return []

    vendors = await client.vendors() if {"vendors", "tax_codes"} & set(wanted) else []
    step(len({"vendors"} & set(wanted)))
    groups = await _counted(client.property_groups()) if "groups" in wanted else []
    return Directory(
        vendors=vendors,
        accounts=await _counted(client.accounts()) if "accounts" in wanted else [],
        entities=await _counted(client.entities()) if "entities" in wanted else [],
        bank_accounts=await optional("bank_accounts", client.bank_accounts),
        purchase_orders=await optional("purchase_orders", client.purchase_orders),
        groups=[group for group in groups if BILL_OBJECTS in group.object_types],
        vendor_groups=[
            group
            for group in groups
            if VENDOR_OBJECTS in (*group.object_types, *group.inactive_types)
        ],
        tax_codes=(
            await _counted(fetch_tax_codes(client, vendors)) if "tax_codes" in wanted else []
        ),
    )


async def _counted(rows: Awaitable[T]) -> T:
    fetched = await rows
    step()
    return fetched


async def fetch_tax_codes(client: LightClient, vendors: Sequence[Vendor]) -> list[TaxCode]:
    """The tax codes that can be seen: Light has no list of them.

    They are in the defaults of vendors and on lines of bills. The list of bills leaves lines out,
    so bills are read one by one: of the newest 200 (one request) at most 50, one of each vendor
    first. That is at most 51 requests; a code that none of these has is missing.
    """
    defaults: dict[str, list[Vendor]] = defaultdict(list)
    for vendor in vendors:
        if vendor.tax_code_id:
            defaults[vendor.tax_code_id].append(vendor)
    lines: dict[str, list[LightLine]] = defaultdict(list)
    examples: dict[str, str] = {}
    names = {vendor.id: vendor.name for vendor in vendors}
    bills = _varied(await client.recent_bills())[:MAX_BILLS]
    expect(len(bills))
    for bill in filter(None, await fetch_all(_read(client, each) for each in bills)):
        number = f"bill {bill.invoice_number}" if bill.invoice_number else "a bill"
        vendor_name = names.get(bill.vendor_id or "", "")
        for line in bill.lines or ():
            if line.tax_code_id:
                lines[line.tax_code_id].append(line)
                example = f"as on {number}" + (f" of {vendor_name}" if vendor_name else "")
                examples.setdefault(line.tax_code_id, example)
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
    counts: Counter[str | None] = Counter()
    ranks = []
    for bill in bills:
        ranks.append(counts[bill.vendor_id])
        counts[bill.vendor_id] += 1
    return [bill for _, bill in sorted(zip(ranks, bills, strict=True), key=lambda pair: pair[0])]


async def _read(client: LightClient, bill: LightBill) -> LightBill | None:
    try:
        return await client.bill(bill.id)
    except LightRefused:  # deleted since it was listed
        return None
    finally:
        step()


def _percent(lines: Sequence[LightLine]) -> str | None:
    """The rate of the lines' amounts, to a tenth; None without amounts."""
    amounts = [
        (line.net_amount, line.tax_amount)
        for line in lines
        if line.net_amount and line.tax_amount is not None
    ]
    net = sum(net for net, _ in amounts)
    if not net:
        return None
    rate = Decimal(sum(tax for _, tax in amounts)) * 100 / net
    return f"{rate.quantize(Decimal('0.1')):f}".removesuffix(".0")
