"""Each field of the table on its way: sheet, record, JSON, journal and comparison."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bill_sheets import two_csv_files
from conftest import ACCOUNTS, COMPANY, ENTITIES, VENDORS

from importer.light.client import LightClient
from importer.light.credentials import Credentials, Key
from importer.light.rate_limiter import RateLimiter
from importer.loading.bill_diff import bill_differences, line_differences, loaded_bill
from importer.loading.identity import content
from importer.model.bills import Bill
from importer.model.fields import SENT_BILL_FIELDS, SENT_LINE_FIELDS, Field, FieldKind
from importer.model.journal_states import JournalEntry, State
from importer.model.light_objects import LightBill
from importer.sandbox import Sandbox, SandboxSettings, running

CELLS = {
    FieldKind.UUID: "aaaaaaaa-0000-4000-8000-000000000001",
    FieldKind.CURRENCY: "GBP",
    FieldKind.DATE: "2026-01-05",
    FieldKind.DATE_TIME: "2026-02-01T09:30:00Z",
    FieldKind.RATE: "1.25",
    FieldKind.CODE: "R-1",
    FieldKind.TEXT: "Paper",
}
# Ids that the sandbox has, and amounts that add up.
PARTICULAR = {
    "vendorId": VENDORS[0],
    "companyEntityId": ENTITIES[0],
    "accountId": ACCOUNTS[0],
    "taxCodeId": "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f",  # 20 %
    "amount": "3600",
    "netAmount": "3000",
    "taxAmount": "600",
}


@pytest.fixture(scope="module")
def light() -> Iterator[Sandbox]:
    with running(SandboxSettings(reference=COMPANY, requests_per_minute=1_000_000)) as started:
        yield started


@pytest.fixture(params=[False, True], ids=["net", "gross"])
def bill(request: pytest.FixtureRequest, tmp_path: Path) -> Bill:
    """A bill of a sheet that has every field that is sent."""

    def row(fields: tuple[Field, ...]) -> dict[str, str]:
        cells = {f.name: PARTICULAR.get(f.name) or CELLS.get(f.kind, "") for f in fields}
        return {"billRef": "B1"} | cells

    header = row(SENT_BILL_FIELDS) | {"lineItemsIncludeTax": str(request.param)}
    [found] = two_csv_files(tmp_path, [header], [row(SENT_LINE_FIELDS)]).valid_bills()
    return found


def created(light: Sandbox, bill: Bill) -> LightBill:
    async def create() -> LightBill:
        key = Credentials((Key("Basic", SandboxSettings.key),))
        with RateLimiter(":memory:", per_minute=100_000) as limiter:
            async with LightClient(light.base_url, key, limiter) as client:
                answer = await client.create_bill(bill)
                remote = client.read_bill(answer.body)
                assert remote is not None, answer
                return remote

    return asyncio.run(create())


def other(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int() | Decimal():
            return value + 1
        case str():
            return f"{value}x"
        case _:
            return value + timedelta(days=1)


def test_every_sent_field_round_trips(light: Sandbox, bill: Bill) -> None:
    remote = created(light, bill)
    for field in SENT_BILL_FIELDS:
        value = getattr(bill, field.attribute)
        assert value is not None, field.name
        assert getattr(remote, field.attribute) == value, field.name
    [line], [remote_line] = bill.lines, remote.lines or ()
    for field in SENT_LINE_FIELDS:
        value = getattr(line, field.attribute)
        assert value is not None, field.name
        assert getattr(remote_line, field.attribute) == value, field.name


def test_every_sent_field_is_compared(light: Sandbox, bill: Bill) -> None:
    remote = created(light, bill)
    loaded = loaded_bill(JournalEntry(1, "i", content(bill), State.CREATED))
    assert content(loaded) == content(bill)
    assert bill_differences(loaded, remote) == []
    for field in SENT_BILL_FIELDS:
        changed: Any = {field.attribute: other(getattr(remote, field.attribute))}
        found = bill_differences(loaded, replace(remote, **changed))
        assert [d.field for d in found] == [field.name]
    [line] = remote.lines or ()
    assert line_differences(loaded, 0, line) == []
    not_sent = "netAmount" if bill.include_tax else "amount"  # Light works it out
    for field in SENT_LINE_FIELDS:
        changed = {field.attribute: other(getattr(line, field.attribute))}
        found = line_differences(loaded, 0, replace(line, **changed))
        assert [d.field for d in found] == ([] if field.name == not_sent else [field.name])
