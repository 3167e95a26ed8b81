"""``verify --ledger``: Light's ledger ties out with the sheet, and what does not is found."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import (
    ACCOUNTS,
    COMPANY,
    ENTITIES,
    KEEP,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    bill_row,
    document,
    proxied,
    write_bills,
)

from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.faults import parse_script
from importer.sandbox.ledger_store import alter_line, ledger_lines

ROOT = Path(__file__).parents[2]
Load = Callable[..., Ended]
FAST = ("--json", "--quiet", "--requests-per-minute", "100000")
LEDGER = "GET /v1/ledger-transaction-lines"
UK20 = "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f"
UK0 = "d7a3a368-7387-5d09-b1a0-b2769b1c1b06"


def ledger_of(ended: Ended) -> dict[str, Any]:
    ledger: dict[str, Any] = document(ended)["ledger"]
    return ledger


def codes(ended: Ended) -> list[str]:
    return [f["code"] for f in ended.json["findings"] if f["code"].startswith("light.ledger")]


def sheet_rows(ended: Ended) -> list[tuple[Any, ...]]:
    workbook = openpyxl.load_workbook(ended.json["result"], read_only=True)
    rows = list(workbook["Tie-out by account"].values)
    workbook.close()
    return rows


def altered(sandbox: Sandbox, line: dict[str, Any], cents: int) -> None:
    """A line of the ledger with so many cents more, in every currency."""
    for name in ("Transaction", "Local", "Group"):
        line["amounts"][f"signed{name}Amount"] += cents
    alter_line(sandbox.context.store, line)


def write_lines(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def dh_ledger(tmp_path: Path) -> tuple[str, ...]:
    """The first rows of a real ledger, with what it takes to post them: entity and accounts."""
    folder = ROOT / "samples" / "uk-spend"
    rows = (folder / "dh-spend-march.csv").read_bytes().splitlines(keepends=True)[:120]
    (tmp_path / "ledger.csv").write_bytes(b"".join(rows))
    (tmp_path / "vendors.csv").write_bytes((folder / "vendors.csv").read_bytes())
    types = {row[3] for row in csv.reader(b"".join(rows[1:]).decode("cp1252").splitlines())}
    accounts = [
        {"value": name, "id": ACCOUNTS[i % len(ACCOUNTS)]} for i, name in enumerate(sorted(types))
    ]
    write_lines(tmp_path / "accounts.csv", accounts)
    text = (ROOT / "templates" / "uk-spend.yaml").read_text("utf-8")
    head, _, rest = text.partition("recognised_by:")
    text = head.replace("uk-spend", "spend-to-post") + rest[rest.index("source:") :]
    text = text.replace("bills:\n", f"bills:\n  companyEntityId: {{value: {ENTITIES[0]}}}\n", 1)
    text = text.replace("line_items:\n", "line_items:\n  account: {column: Expense Type}\n", 1)
    text = text.replace("lookups:\n", "lookups:\n  account: {table: accounts.csv}\n", 1)
    (tmp_path / "spend.yaml").write_text(text, "utf-8")
    return str(tmp_path / "ledger.csv"), "--template", str(tmp_path / "spend.yaml")


def test_real_ledger_ties_out_to_the_penny_and_an_altered_line_is_found(
    load: Load, command: Load, shipped_sandbox: Sandbox, dh_ledger: tuple[str, ...]
) -> None:
    loaded = load(shipped_sandbox.base_url, *dh_ledger, "--only-valid", "--then", "posted")
    bills = loaded.json["steps"]["posted"]
    assert bills > 40
    run = loaded.json["run"]
    tied = command("verify", run, "--ledger", *FAST)
    ledger = ledger_of(tied)
    assert (tied.code, codes(tied), ledger["agrees"]) == (0, [], True)
    assert (ledger["documents"], ledger["lines"]) == (
        bills,
        len(ledger_lines(shipped_sandbox.context.store)),
    )
    assert {total["difference"] for total in ledger["accounts"]} == {0}
    gross = sum(bill["amount"] for bill in shipped_sandbox.bills())
    [payables] = [total for total in ledger["accounts"] if total["side"] == "payables"]
    assert (payables["sheet"], payables["ledger"]) == (-gross, -gross)
    assert sum(total["ledger"] for total in ledger["accounts"]) == 0
    assert len(sheet_rows(tied)) > len(ledger["accounts"])
    assert shipped_sandbox.counters.by_route[LEDGER] <= bills // 50 + 2

    line = next(
        each
        for each in ledger_lines(shipped_sandbox.context.store)
        if each["accountType"] != "ACCOUNTS_PAYABLE"
    )
    altered(shipped_sandbox, line, 1)
    found = command("verify", run, "--ledger", *FAST)
    assert (found.code, set(codes(found))) == (
        1,
        {"light.ledger_unbalanced", "light.ledger_differs"},
    )
    differing = [t for t in ledger_of(found)["accounts"] if t["difference"]]
    assert [(t["code"], t["difference"]) for t in differing] == [(str(line["accountCode"]), -1)]
    rows = [row for row in sheet_rows(found) if row[8] == -0.01]
    assert [(row[3], row[9]) for row in rows] == [
        (str(line["accountCode"]), "The ledger and the sheet differ")
    ]
    [problem] = [f for f in found.json["findings"] if f["code"] == "light.ledger_differs"]
    assert f"account {line['accountCode']}:" in problem["message"]
    assert problem["value"] == line["accountingDocumentNumber"]


@pytest.fixture
def mixed_files(tmp_path: Path) -> list[str]:
    """Bills and credit notes of two entities and currencies, with tax stated, derived and none."""
    rows = [
        bill_row(
            i,
            type="credit note" if i % 3 == 2 else "bill",
            companyEntityId=ENTITIES[i % 2],
            currency="EUR" if i % 4 == 3 else "GBP",
            vendorId=VENDORS[0],
            amount=12_000 + i,
        )
        for i in range(8)
    ]
    paths = write_bills(tmp_path, rows)
    lines: list[dict[str, object]] = []
    for i, row in enumerate(rows):
        taxed = {"billRef": row["billRef"], "netAmount": 10_000, "accountId": ACCOUNTS[i % 3]}
        taxed |= {"taxCodeId": UK20, "taxAmount": "" if i % 2 else 2_000}
        plain = {"billRef": row["billRef"], "netAmount": i, "accountId": ACCOUNTS[i % 5 + 10]}
        plain |= (
            {"taxCodeId": UK0, "taxAmount": 0} if i == 4 else {"taxCodeId": "", "taxAmount": ""}
        )
        lines += [taxed, plain][: 1 if i == 0 else 2]
    write_lines(Path(paths[1]), lines)
    return paths


def test_credit_notes_taxes_entities_and_currencies_are_kept_apart(
    load: Load, command: Load, sandbox: Sandbox, mixed_files: list[str]
) -> None:
    loaded = load(sandbox.base_url, *mixed_files, "--then", "posted")
    assert loaded.json["steps"] == {"posted": 8}, loaded.out
    before = command("report", loaded.json["run"])
    assert "The ledger was not compared with this run." in " ".join(before.out.split())
    tied = command("verify", loaded.json["run"], "--ledger", *FAST)
    assert (tied.code, codes(tied)) == (0, []), tied.out
    ledger = ledger_of(tied)
    places = {(total["entity"], total["currency"]) for total in ledger["accounts"]}
    assert len(places) == 3
    # None would be one that the sheet leaves to Light; the taxes left out follow from the totals.
    assert {total["difference"] for total in ledger["accounts"]} == {0}
    for place in places:
        totals = [t for t in ledger["accounts"] if (t["entity"], t["currency"]) == place]
        assert sum(total["ledger"] for total in totals) == 0
    uk = ("Kestrel Trading Ltd", "GBP")
    totals = [t for t in ledger["accounts"] if (t["entity"], t["currency"]) == uk]
    tax = {t["code"]: (t["sheet"], t["ledger_local"]) for t in totals if t["side"] == "tax"}
    # Of bills 0, 4 and 6, less credit note 2; the other code has 0 %.
    assert tax == {"UK20": (4_000, {"GBP": 4_000}), "UK0": (0, {})}


def test_report_has_what_the_last_comparison_found_and_when(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i, companyEntityId=ENTITIES[0]) for i in range(2)])
    run = load(sandbox.base_url, *files, "--then", "posted").json["run"]
    line = ledger_lines(sandbox.context.store)[0]
    altered(sandbox, line, 5)
    found = command("verify", run, "--ledger", *FAST)
    assert set(codes(found)) == {"light.ledger_differs", "light.ledger_unbalanced"}
    altered(sandbox, line, -5)
    command("verify", run, *FAST)  # does not look at the ledger, and forgets nothing
    received = sandbox.counters.received
    reported = command("report", run, *FAST[:2])
    assert (reported.code, sandbox.counters.received) == (0, received)
    ledger = ledger_of(reported)
    assert ledger.pop("read_at").startswith("20")
    assert ledger == {k: v for k, v in ledger_of(found).items() if k != "read_at"}
    assert [f for f in reported.json["findings"] if f["code"].startswith("light.ledger")] == [
        f for f in found.json["findings"] if f["code"].startswith("light.ledger")
    ]
    rows = sheet_rows(reported)
    assert rows[: len(ledger["accounts"]) + 1] == sheet_rows(found)[: len(ledger["accounts"]) + 1]
    assert any("when verify --ledger last read it" in str(row[0]) for row in rows)
    right = command("verify", run, "--ledger", *FAST)
    assert codes(right) == []
    shown = command("report", run, "--result", str(tmp_path / "page.html"))
    assert "the ledger tied out by account at" in " ".join(shown.out.split())


def test_key_that_may_not_read_the_ledger_is_reported_and_nothing_is_equal(
    load: Load, command: Load, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(1, companyEntityId=ENTITIES[0])])
    with running(
        SandboxSettings(reference=COMPANY, requests_per_minute=100_000, no_ledger=True)
    ) as sandbox:
        run = load(sandbox.base_url, *files, "--then", "posted").json["run"]
        refused = command("verify", run, "--ledger", *FAST)
    assert refused.code == 2
    ledger = ledger_of(refused)
    assert (ledger["compared"], ledger["agrees"], ledger["accounts"]) == (False, False, [])
    assert "Settings > API Keys" in ledger["reason"]
    assert refused.json["error"]["kind"] == "access"
    assert refused.json["read_back"] == {"same": 1}
    assert "The ledger was not compared: The key may not" in str(sheet_rows(refused)[-1][0])


def test_drafts_are_counted_and_not_taken_for_equal(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    run = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(1), bill_row(2)])).json["run"]
    drafts = command("verify", run, "--ledger", "--requests-per-minute", "100000")
    assert drafts.code == 0
    assert "Not compared with the ledger: 2 documents that are not posted." in drafts.out
    assert "nothing is posted to the ledger" in " ".join(drafts.out.split())
    assert LEDGER not in sandbox.counters.by_route


@pytest.mark.parametrize(
    ("script", "code", "found"),
    [
        ("ledger:1 404-after", 0, set()),  # the other spelling
        ("ledger:1 400-after", 0, set()),  # no filter by document
        ("ledger:1-2 500", 0, set()),
        ("ledger:1 line-altered", 0, set()),  # read a second time
        ("ledger:1- line-altered", 1, {"light.ledger_differs", "light.ledger_unbalanced"}),
        ("ledger:1- line-amount-null", 1, {"light.ledger_unreadable"}),
        ("ledger:1- empty-list", 1, {"light.ledger_missing"}),
    ],
)
def test_what_the_ledger_answers(
    load: Load, command: Load, tmp_path: Path, script: str, code: int, found: set[str]
) -> None:
    settings = SandboxSettings(
        reference=COMPANY, requests_per_minute=100_000, script=parse_script(script)
    )
    files = write_bills(tmp_path, [bill_row(1, companyEntityId=ENTITIES[0])])
    with running(settings) as sandbox:
        run = load(sandbox.base_url, *files, "--then", "posted").json["run"]
        ended = command("verify", run, "--ledger", *FAST)
    assert (ended.code, set(codes(ended))) == (code, found), ended.out
    assert ledger_of(ended)["agrees"] is not bool(found)
    if "null" in script:
        assert None in [total["ledger"] for total in ledger_of(ended)["accounts"]]
        assert None in [total["difference"] for total in ledger_of(ended)["accounts"]]


def other_id(light_id: str) -> str:
    """The id of the accounting document, where it is not that of its bill; and back."""
    return light_id[:8][::-1] + light_id[8:]


def test_documents_may_have_other_ids_than_their_bills(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    listed_otherwise = False

    def with_other_ids(page: Any) -> Any:
        for record in page["records"]:
            if listed_otherwise and record["documentType"] == "AP":
                record["id"] = other_id(record["id"])
        return page

    def fault(request: Request) -> Fault:
        documents = request.path.endswith("/accounting-documents")
        return Fault(True, KEEP, alter=with_other_ids) if documents else PASS

    kinds = ("bill", "bill", "credit note")
    rows = [bill_row(i, type=kind, companyEntityId=ENTITIES[0]) for i, kind in enumerate(kinds)]
    files = write_bills(tmp_path, rows)
    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files, "--then", "posted").json["run"]
        for line in ledger_lines(sandbox.context.store):
            if line["documentType"] == "AP":
                line["accountingDocumentId"] = other_id(line["accountingDocumentId"])
                alter_line(sandbox.context.store, line)
        lost = command("verify", run, "--ledger", *FAST)
        assert (lost.code, codes(lost)) == (1, ["light.ledger_missing"] * 2)
        listed_otherwise = True
        found = command("verify", run, "--ledger", *FAST)
    assert (found.code, codes(found), ledger_of(found)["documents"]) == (0, [], 3)
