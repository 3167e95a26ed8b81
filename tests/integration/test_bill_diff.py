"""A bill read back: the same as it was sent, and every change of it is found, with both values."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import ACCOUNTS, COMPANY, ENTITIES, VENDORS

from importer.core.clock import utc_now
from importer.light.client import LightClient
from importer.light.credentials import Credentials, Key
from importer.light.rate_limiter import RateLimiter
from importer.loading.bill_diff import field_words, lines_differences, loaded_bill
from importer.loading.identity import content
from importer.loading.journal.journal import Journal
from importer.loading.journal.verification_records import read_backs, save_read_backs
from importer.loading.loaded_bills import remote_differences
from importer.model.bills import Bill, LineItem, Property
from importer.model.journal_states import JournalEntry, State
from importer.model.light_objects import LightBill
from importer.model.read_back import Comparison, Difference, ReadBack
from importer.sandbox import Sandbox, SandboxSettings, running

KEY = Credentials((Key("Basic", SandboxSettings.key),))
NOTE, REGION, NORTH, SOUTH = (
    "3cbe54dc-0779-55dc-95db-c5c852dc0d02",
    "3fe683c3-beab-5657-a931-685630dfec58",
    "12a5af14-9207-527c-a7e2-43c6b6e94971",
    "c04a6e68-aa04-582c-b619-8d115f4a4b5e",
)
TAGS, URGENT, CAPITAL = (
    "7e07a44c-d966-59aa-87de-1a9c2100364a",
    "d644bd41-0b95-5021-95fc-1e819ac224f5",
    "842cb9f2-c0ea-505b-a53e-09fab0a1217b",
)
UK20, UK0 = "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f", "d7a3a368-7387-5d09-b1a0-b2769b1c1b06"
BANK, TEMPLATE = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


@pytest.fixture(scope="module")
def light() -> Iterator[Sandbox]:
    with running(SandboxSettings(reference=COMPANY, requests_per_minute=1_000_000)) as started:
        yield started


FULL = Bill(
    0,
    0,
    2,
    "GBP",
    3600,
    False,
    (
        LineItem(
            0,
            0,
            2,
            net_amount=1000,
            description="Paper",
            tax_code_id=UK20,
            account_id=ACCOUNTS[0],
            amortization_start_date=date(2026, 1, 1),
            amortization_end_date=date(2026, 12, 31),
            amortization_template_id=TEMPLATE,
            properties=(Property("Tags", "Urgent, Capital", TAGS, (URGENT, CAPITAL)),),
        ),
        # Alike but for the tax, which Light is told for one and works out for the other.
        LineItem(1, 0, 3, net_amount=1000, tax_amount=200, tax_code_id=UK20, description="Ink "),
        LineItem(2, 0, 4, net_amount=1000, tax_code_id=UK20, description="Ink"),
    ),
    vendor_id=VENDORS[0].upper(),
    company_entity_id=ENTITIES[0],
    invoice_number="R-1",
    issued_date=date(2026, 1, 5),
    due_date=date(2026, 2, 5),
    payment_at=datetime(2026, 2, 1, 9, 30, tzinfo=UTC),
    description="January",
    sender_bank_account_id=BANK,
    local_fx_rate=Decimal("1.10"),
    group_fx_rate=Decimal("0.123456789012345"),
    properties=(
        Property("Region", "North", REGION, (NORTH,)),
        Property("Approver note", "Ask Ada", NOTE, (), ("Ask Ada",)),
    ),
)


def entry(bill: Bill, there: LightBill) -> JournalEntry:
    ids = tuple(line.id for line in there.lines or ())
    return JournalEntry(1, "i", content(bill), State.CREATED, light_id=there.id, line_ids=ids)


def created(light: Sandbox, bill: Bill) -> LightBill:
    async def create() -> LightBill:
        with RateLimiter(":memory:", per_minute=100_000) as limiter:
            async with LightClient(light.base_url, KEY, limiter) as client:
                answer = await client.create_bill(bill)
                made = client.read_bill(answer.body)
                assert made is not None, answer
                return made

    return asyncio.run(create())


def request(light: Sandbox, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(
        method,
        f"{light.base_url}/v1/invoice-payables/{path}",
        json=body,
        headers={"Authorization": KEY.keys[0].header.decode()},
        verify=False,
    )
    answer.raise_for_status()
    return answer.json() if answer.content else None


def seen(light: Sandbox, bill: Bill, there: LightBill) -> list[Difference]:
    """What a verification of the bill would find now."""
    from importer.light.codec import bill_from_json

    fresh = bill_from_json(request(light, "GET", there.id), listed=False)
    known = entry(bill, there)
    return remote_differences(loaded_bill(known), fresh, fresh.lines, known.line_ids)


def test_bill_with_every_field_reads_back_the_same(light: Sandbox) -> None:
    there = created(light, FULL)
    assert seen(light, FULL, there) == []
    gross = replace(
        FULL,
        include_tax=True,
        lines=(LineItem(0, 0, 2, amount=3600, tax_amount=600, tax_code_id=UK20),),
    )
    assert seen(light, gross, created(light, gross)) == []
    blank = replace(
        FULL,
        amount=1000,
        lines=(LineItem(0, 0, 2, net_amount=1000, tax_amount=0, description=""),),
        **dict.fromkeys(
            (
                "company_entity_id",
                "invoice_number",
                "due_date",
                "payment_at",
                "description",
                "sender_bank_account_id",
                "local_fx_rate",
                "group_fx_rate",
            )
        ),
        properties=(),
    )
    there = created(light, blank)
    # What the sheet leaves blank Light, or somebody, may fill in.
    request(
        light,
        "PATCH",
        there.id,
        {"companyEntityId": ENTITIES[0], "description": "More", "dueDate": "2026-03-03"},
    )
    assert seen(light, blank, there) == []


CHANGES: list[tuple[dict[str, Any], str, str, str]] = [
    ({"vendorId": VENDORS[1]}, "vendor", VENDORS[0].upper(), VENDORS[1]),
    ({"companyEntityId": ENTITIES[1]}, "company entity", ENTITIES[0], ENTITIES[1]),
    ({"invoiceNumber": "R-2"}, "invoice number", "R-1", "R-2"),
    ({"issuedDate": None}, "issued date", "2026-01-05", "nothing"),
    ({"dueDate": "2026-02-06"}, "due date", "2026-02-05", "2026-02-06"),
    (
        {"paymentAt": "2026-02-01T09:30:01Z"},
        "payment at",
        "2026-02-01 09:30:00 UTC",
        "2026-02-01 09:30:01 UTC",
    ),
    ({"currency": "EUR"}, "currency", "GBP", "EUR"),
    ({"amount": 3601}, "amount", "36.00", "36.01"),
    ({"lineItemsIncludeTax": True}, "line items include tax", "false", "true"),
    ({"description": "january"}, "description", "January", "january"),
    ({"senderBankAccountId": TEMPLATE}, "sender bank account", BANK, TEMPLATE),
    ({"localCurrencyFxRateOverride": 1.11}, "local currency fx rate override", "1.10", "1.11"),
    (
        {"groupCurrencyFxRateOverride": 0.123456789012346},
        "group currency fx rate override",
        "0.123456789012345",
        "0.123456789012346",
    ),
    (
        {"customProperties": [{"groupId": REGION, "valueIds": [SOUTH]}]},
        "custom property region",
        NORTH,
        "South",
    ),
    (
        {"customProperties": [{"groupId": NOTE, "inlineValues": ["Ask Bob"]}]},
        "custom property cost_approver_note",
        "Ask Ada",
        "Ask Bob",
    ),
]


@pytest.mark.parametrize(
    ("change", "name", "sheet", "theirs"), CHANGES, ids=[c[1] for c in CHANGES]
)
def test_changed_bill_differs_with_both_values(
    light: Sandbox, change: dict[str, Any], name: str, sheet: str, theirs: str
) -> None:
    there = created(light, FULL)
    request(light, "PATCH", there.id, change)
    (found,) = seen(light, FULL, there)
    assert (field_words(found), found.line, found.sheet, found.light) == (
        name,
        None,
        sheet,
        theirs,
    )


LINE = {
    "netAmount": 1000,
    "description": "Paper",
    "taxCodeId": UK20,
    "accountId": ACCOUNTS[0],
    "amortizationStartDate": "2026-01-01",
    "amortizationEndDate": "2026-12-31",
    "amortizationTemplateId": TEMPLATE,
    "customProperties": [{"groupId": TAGS, "valueIds": [CAPITAL, URGENT]}],
}
LINE_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"netAmount": 1001}, "net amount"),
    ({"description": None}, "description"),
    ({"taxCodeId": UK0}, "tax code"),
    ({"accountId": ACCOUNTS[1]}, "account"),
    ({"amortizationStartDate": "2026-01-02"}, "amortization start date"),
    ({"amortizationEndDate": "2026-12-30"}, "amortization end date"),
    ({"amortizationTemplateId": BANK}, "amortization template"),
    ({"customProperties": [{"groupId": TAGS, "valueIds": [URGENT]}]}, "custom property tags"),
]


def test_changed_line_differs_until_it_is_restored(
    light: Sandbox,
) -> None:
    there = created(light, FULL)
    assert there.lines is not None
    at = f"{there.id}/line-items/{there.lines[0].id}"
    for change, name in LINE_CHANGES:
        request(light, "PUT", at, LINE | change)
        assert [(field_words(d), d.line) for d in seen(light, FULL, there)] == [(name, 0)]
    request(light, "PUT", at, LINE)
    assert seen(light, FULL, there) == []
    told = {"netAmount": 1000, "taxAmount": 201, "taxCodeId": UK20, "description": "Ink"}
    request(light, "PUT", f"{there.id}/line-items/{there.lines[1].id}", told)
    (found,) = seen(light, FULL, there)
    assert (found.field, found.line, found.sheet, found.light) == ("taxAmount", 1, "2.00", "2.01")
    request(light, "DELETE", at)
    request(light, "POST", f"{there.id}/line-items", {"netAmount": 5, "description": "New"})
    request(light, "POST", f"{there.id}/line-items", {"netAmount": 7, "description": "Newer"})
    found_now = [(d.field, d.line, d.light) for d in seen(light, FULL, there) if d.line != 1]
    assert ("netAmount", 0, "0.05") in found_now  # in place of the one that is gone
    assert ("line", None, "a line of 0.07: Newer") in found_now


def test_order_of_lines_in_light_does_not_matter(light: Sandbox) -> None:
    lines = tuple(
        LineItem(i, 0, 2 + i, net_amount=100 + i // 3, description=f"Line {i % 2}")
        for i in range(12)
    )
    bill = replace(FULL, lines=lines, amount=sum(line.net_amount or 0 for line in lines))
    there = created(light, bill)
    assert there.lines is not None
    for seed in range(20):
        mixed = random.Random(seed).sample(there.lines, len(there.lines))
        known = [line.id for line in there.lines] if seed % 2 else []
        assert lines_differences(bill, mixed, known) == []
        short = lines_differences(bill, mixed[1:], known)
        assert [d.light for d in short] == ["nothing"]


def test_read_back_round_trips_through_the_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite") as journal:
        found = (Difference("amount", None, "1.00", "nothing"), Difference("line", 3, "'ø'", "b"))
        backs = {
            0: ReadBack(Comparison.SAME, utc_now(), "IN_DRAFT", 3600, 3000, 600, True),
            7: ReadBack(Comparison.CHANGED, utc_now(), "PAID", None, None, None, False, found),
            9: ReadBack(Comparison.MISSING, utc_now(), message="gone"),
        }
        save_read_backs(journal, "r", backs)
        save_read_backs(journal, "other", {0: backs[9]})
        assert read_backs(journal, "r") == backs
        save_read_backs(journal, "r", {9: backs[0]})
        assert read_backs(journal, "r") == backs | {9: backs[0]}
