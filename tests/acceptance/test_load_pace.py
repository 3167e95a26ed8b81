"""A load is as fast as Light permits, and no faster, and looks things up with few requests."""

from __future__ import annotations

import csv
import shutil
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import KEEP, PASS, Ended, Fault, bill_row, proxied, write_bills

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.company_file import SHIPPED

Load = Callable[..., Ended]


def test_no_429_with_concurrent_bills(load: Load, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(200)])
    with running(SandboxSettings(requests_per_minute=6_000, latency=0.3)) as light:
        told = load(light.base_url, *files)
        assert light.counters.throttled == 0
        assert light.counters.bill_posts == len(light.bills()) == 200
    assert told.code == 0


def test_250_bills_do_not_wait_at_the_published_limit(load: Load, tmp_path: Path) -> None:
    """A slot is waited for where 300 are taken; here so many are never asked for."""
    files = write_bills(tmp_path, [bill_row(i) for i in range(250)])
    with running(SandboxSettings()) as light:
        told = load(light.base_url, *files, "--requests-per-minute", "300")
        assert len(light.bills()) == 250
        assert light.counters.throttled == 0
        assert light.counters.received == told.json["requests"] <= 300
    assert told.code == 0


def test_wait_above_five_seconds_is_announced(
    command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)
    files = write_bills(tmp_path, [bill_row(0)])
    late = Fault(True, KEEP, after=5.5)
    with proxied(sandbox.base_url, lambda r: late if "companies" in r.path else PASS) as proxy:
        told = command("load", *files, "--dry-run", "--base-url", proxy.url)
    assert told.code == 0
    assert "127.0.0.1 has not answered yet. Waiting 28 seconds at most." in told.err


# --- looking for what is there already --------------------------------------------------------

VENDORS = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"vendor-{i}")) for i in range(400)]
BILLS = 2_000  # ten thousand themselves take long to read, and cost what is said below


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """The sandbox's company with 400 vendors."""
    folder = tmp_path / "company"
    shutil.copytree(SHIPPED, folder)
    with (folder / "vendors.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow("id name identifier vatId currency country status".split())
        for i, vendor in enumerate(VENDORS):
            writer.writerow([vendor, f"Vendor {i}", f"V-{i}", "", "GBP", "GB", "ACTIVE"])
    return folder


def keep_all(light: Sandbox, rows: list[dict[str, object]]) -> None:
    """The bills as if they had been created, straight in the sandbox's database."""
    store = light.context.store
    (like,) = light.bills()
    for row in rows:
        store.add_bill(
            like
            | {"id": str(uuid.uuid4()), "vendorId": row["vendorId"], "lineItems": []}
            | {"invoiceNumber": row["invoiceNumber"], "amount": row["amount"]}
            | {"invoiceCreatedAt": store.now()},
            [],
        )


@pytest.mark.parametrize("there", [False, True], ids=["none of them there", "all there"])
def test_lookup_of_10000_bills_takes_under_150_requests(
    there: bool, load: Load, company: Path, tmp_path: Path
) -> None:
    """Fewer bills are asked for, as pages are counted: fifty vendors a list, 200 bills a page."""
    rows = [bill_row(i, vendorId=VENDORS[i % 400]) for i in range(BILLS)]
    with running(SandboxSettings(requests_per_minute=100_000, reference=company)) as light:
        if there:
            assert load(light.base_url, *write_bills(tmp_path, rows[:1])).code == 0
            keep_all(light, rows[1:])
        before = Counter(light.counters.by_route)
        told = load(light.base_url, *write_bills(tmp_path, rows), "--dry-run", "--journal", "new")
        asked = Counter(light.counters.by_route) - before
    assert told.code == 0
    status = "already_in_light" if there else "valid"
    assert told.json["bills"] == {"total": BILLS, status: BILLS}
    lists = asked.pop("GET /v1/bff/invoice-payables")
    assert lists == most_lists(BILLS if there else 0)
    others = sum(asked.values())
    assert others + lists == told.json["requests"]
    assert others + most_lists(10_000) < 150


def most_lists(bills: int) -> int:
    """Requests for the bills of 400 vendors, with as many bills each."""
    batches = 400 // 50
    return batches * max(1, -(-bills // batches // 200))
