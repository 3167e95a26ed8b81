"""The samples: what the commands say of them, and what arrives in the sandbox."""

from __future__ import annotations

import contextlib
import csv
import importlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import openpyxl
import pytest

from importer.model.finding_catalogue import CATALOGUE
from importer.sandbox import SandboxSettings, running

SAMPLES = Path(__file__).parents[2] / "samples"
LEDGER = "uk-spend/dh-spend-march.csv"
FAST = 1_000_000  # requests a minute


def _make() -> ModuleType:
    sys.path.insert(0, str(SAMPLES))
    try:
        return importlib.import_module("make")
    finally:
        sys.path.remove(str(SAMPLES))


make = _make()

# Codes that no file can bring about by itself: they need a Light that answers badly, or two loads
# with a change in between. Bills that end as unknown are in tests/acceptance/test_load_faults.py;
# the two loads are below.
# Answers that the sandbox gives only when asked to: tests/acceptance/test_load_answers.py.
NEEDS_A_FAULT = {"light.unknown", "light.partial", "light.twice", "light.step_unknown"}
NEEDS_A_FAULT |= {"light.altered", "light.forbidden", "light.step_forbidden"}
# A chain of approvers: tests/acceptance/test_approve_bills.py.
NEEDS_A_FAULT |= {"light.awaits_approval"}
# A credit note that is not cleared: tests/acceptance/test_note_faults.py.
NEEDS_A_FAULT |= {"light.payment_waits"}
# A bill of which less is open in Light: tests/acceptance/test_credit_notes.py.
NEEDS_A_FAULT |= {"light.cleared_in_part"}
NEEDS_TWO_LOADS = {
    "light.differs",
    "light.not_ours",
    "bills.content.changed",
    "bills.document.changed",
    "bills.identity.changed",
    "bills.identity.unsettled",
    "light.left",
    # What Light has by another load: tests/acceptance/test_two_loaders.py.
    "bills.invoiceNumber.near_in_light",
    "bills.invoiceNumber.other_entity",
    "light.number_in_use",
}
# A bill that is read back or undone: tests/acceptance/test_verify.py, test_undo.py.
NEEDS_A_PAST_RUN = {"light.changed", "light.missing", "light.not_cancelled", "light.cancel_unknown"}
# tests/acceptance/test_verify_ledger.py
NEEDS_A_PAST_RUN |= {code for code in CATALOGUE if code.startswith("light.ledger_")}
# A run whose kept files are read otherwise now: tests/acceptance/test_rows_by_identity.py.
NEEDS_A_PAST_RUN |= {"run.row.changed", "run.line.changed", "run.row.added"}
# Files that cannot be kept among the samples, a result that was edited among them:
# tests/acceptance/test_load_documents.py, test_references.py.
NEEDS_OTHER_FILES = {
    "bills.amount.small",  # tests/acceptance/test_amounts_option.py
    "sheet.cells.under_merged",
    "bills.invoiceNumber.sister_entity",
    "bills.document.too_large",
    "bills.document.unreadable",
    "lookup.pick.unused",
    "bills.document.beside",
    "bills.document.not_proven",
    "bills.invoiceNumber.two_vendors",
    "bills.invoiceNumber.torn",  # tests/integration/test_torn_numbers.py
    "bills.invoiceNumber.date_like",  # tests/integration/test_date_like_numbers.py
    "bills.amount.says_no_bill",  # tests/integration/test_says_no_bill.py
    "sheet.column.differing_amount",  # tests/integration/test_unread_columns.py
    "sheet.column.unread_quantity",
    "bills.issuedDate.in_future",  # tests/integration/test_validation_schema.py
    "sheet.column.billed_amount",  # tests/integration/test_open_amounts.py
    "control.ageing.differs",  # tests/acceptance/test_as_of.py
    "control.old_ageing.ambiguous",  # tests/acceptance/test_ageing_option.py
    "control.old_ageing.nameless",
    "sheet.column.dollars",  # tests/integration/test_header_rules.py
    "bills.invoiceNumber.line_gap",  # tests/integration/test_line_counters.py
    "bills.invoiceNumber.swapped",  # tests/integration/test_swapped_cells.py
    "line_items.taxAmount.above_amount",
    "sheet.column.foreign_amount",  # tests/integration/test_stated_amounts.py
    "sheet.column.unread_paid",  # tests/integration/test_unread_columns.py
    "sheet.row.struck",  # tests/integration/test_cell_looks.py
    "sheet.cells.invisible",
    "sheet.cells.struck_by_rules",
    "sheet.cells.comments",
    "sheet.columns.hidden",
    "sheet.column.without_decimals",
}
# Dates that a time zone has moved: tests/integration/test_validation_column_formats.py.
NEEDS_OTHER_FILES |= {code for code in CATALOGUE if code.endswith("Date.shifted")}
NEEDS_OTHER_FILES |= {code for code in CATALOGUE if code.endswith(".lost_mark")}
# Dates in another order, or years off: tests/integration/test_validation_column_formats.py.
NEEDS_OTHER_FILES |= {
    code for code in CATALOGUE if code.endswith(("Date.other_order", "Date.years_apart"))
} | {"bills.issuedDate.other_years", "bills.dueDate.years_ahead"}
# tests/integration/test_swapped_cells.py
NEEDS_OTHER_FILES |= {"line_items.taxAmount.other_rate", "sheet.columns.slipped"}
# tests/integration/test_validation_cross_row_rules.py
NEEDS_OTHER_FILES |= {"bills.amount.doubtful_tax"}
# tests/integration/test_stated_amounts.py
NEEDS_OTHER_FILES |= {"bills.amount.line_totals_differ"}
# tests/integration/test_misfit_columns.py
NEEDS_OTHER_FILES |= {"sheet.columns.misfit"}
# tests/integration/test_moved_columns.py
NEEDS_OTHER_FILES |= {
    "bills.issuedDate.weekdays",
    "bills.currency.same_amount_local",
    "line_items.taxAmount.doubtful_rate",
    "sheet.column.contrary_amount",
    "sheet.column.contrary_state",
    "sheet.columns.filled",
    "sheet.columns.sorted",
    "sheet.columns.unpaired",
}
# Bills in Light that are to be changed: tests/acceptance/test_updates.py, test_update_faults.py.
NEEDS_OTHER_FILES |= {
    "cells.not_clearable",
    "cells.clear_without_update",
    "bills.update.twice",
    "bills.content.note_changed",
}
NEEDS_A_PAST_RUN |= {
    code
    for code in CATALOGUE
    if code.startswith(("light.update_", "light.not_updated", "light.changed_since"))
} | {"light.not_restored", "light.would_update"}
# Names of bank accounts and orders, VAT ids: tests/acceptance/test_load_references.py.
NEEDS_OTHER_FILES |= {
    code
    for code in CATALOGUE
    if code.startswith(("bills.senderBankAccount.", "bills.purchaseOrder."))
    or code in ("bills.vendor.wrong_vat_id", "bills.purchaseOrderId.other_vendor")
}
# The id of a bill that Light has: tests/acceptance/test_updates.py, test_export.py.
NEEDS_OTHER_FILES |= {code for code in CATALOGUE if code.startswith("bills.lightBillId.")}
# Incomplete bills and documents to read: tests/acceptance/test_incomplete_drafts.py.
NEEDS_OTHER_FILES |= {
    code for code in CATALOGUE if code.startswith(("bills.processingMode.", "bills.draft."))
}
# A person's word that a vendor is to be created: tests/acceptance/test_create_vendors.py.
NEEDS_OTHER_FILES |= {
    code
    for code in CATALOGUE
    if code.startswith(("vendors.", "bills.vendor.create_")) or code == "bills.vendor.not_created"
}
# Names that stand for two things in Light; those of the sandbox's own company are one each.
NEEDS_NAMESAKES = {
    "bills.companyEntity.several",
    "bills.creditsBill.several",
    "line_items.account.several",
}
# They need a company of another kind than the sandbox's, a template with tables and ids side by
# side, or lists fetched before: tests/integration/test_references_*.py, test_references.py.
NEEDS_OTHER_LISTS = {
    code
    for code in CATALOGUE
    if code.rpartition(".")[2]
    in (
        "inactive",
        "doubtful_status",
        "unknown_status",
        "unknown_type",
        "contradicts_id",
        "other_than_id",
        "table_id_unknown",
        "not_in_cache",
        "several_properties",
        "twice",
    )
    and code not in ("light.twice", "sheet.column.twice", "bills.document.unknown_type")
} | {"bills.property.required", "line_items.property.required"}


def golden(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the samples as they are, without what is expected of them."""
    folder = tmp_path_factory.mktemp("of") / "samples"
    shutil.copytree(SAMPLES, folder, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    return folder.resolve()


(LARGE,) = (case for case in make.CASES if case.name == LEDGER)  # loaded once, further below


@pytest.mark.parametrize("case", [c for c in make.CASES if c != LARGE], ids=lambda case: case.name)
def test_each_sample_matches_its_golden_files(case: Any, samples: Path) -> None:
    texts = make.golden(case, samples)
    for name, text in zip(case.goldens, texts, strict=True):
        assert json.loads(text) == golden(name), f"{name}: if it should be so, run make golden"


def test_every_golden_file_belongs_to_a_case() -> None:
    names = {name for case in make.CASES for name in case.goldens}
    assert {str(p.relative_to(SAMPLES).as_posix()) for p in SAMPLES.rglob("*.json")} == names


def test_inputs_match_their_generator(tmp_path: Path) -> None:
    make.write_inputs(tmp_path)
    made = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert len(made) > 20
    assert [name for name in made if not make.same(tmp_path / name, SAMPLES / name)] == []


def test_generated_inputs_are_reproducible(tmp_path: Path) -> None:
    for name in ("one", "other"):
        make.write_inputs(tmp_path / name)
    for path in (tmp_path / "one").rglob("*.*"):
        other = tmp_path / "other" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes(), path.name


def test_command_matches_the_golden_file(samples: Path, home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "importer", "validate", "light-broken/bills.xlsx", "--json",
         "--quiet", "--result", str(home / "result.xlsx")],
        cwd=samples, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout.replace(str(samples), "samples"))["findings"]
    assert told == golden("light-broken/bills.xlsx.findings.json")


# --- every kind of finding --------------------------------------------------------------------


def _codes(of: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for path in SAMPLES.rglob(f"*.{of}.json"):
        told = golden(str(path.relative_to(SAMPLES)))
        found.update(f["code"] for f in (told if of == "findings" else told["findings"]))
    return found


def test_samples_contain_every_finding() -> None:
    elsewhere = NEEDS_A_FAULT | NEEDS_TWO_LOADS | NEEDS_NAMESAKES | NEEDS_OTHER_LISTS
    elsewhere |= NEEDS_OTHER_FILES | NEEDS_A_PAST_RUN
    found = set(_codes("findings")) | set(_codes("result"))
    assert set(CATALOGUE) - found == elsewhere


def test_offline_findings_need_no_light() -> None:
    asks_light = NEEDS_OTHER_LISTS | NEEDS_A_PAST_RUN
    asks_light |= {code for code in CATALOGUE if code.startswith("light.")}
    asks_light |= {
        code
        for code in CATALOGUE
        if code.rpartition(".")[2]
        in (
            "not_found",
            "several",
            "disabled",
            "changed",
            "near_in_light",
            "other_entity",
            "unsettled",
            "unknown_property",
            "not_a_value",
            "several_values",
        )
        or code.endswith(("Id.unknown", "creditsBill.unknown"))
    } - {"bills.document.not_found", "bills.creditsBill.other_entity"}
    assert set(_codes("findings")) == set(CATALOGUE) - asks_light - NEEDS_OTHER_FILES


def test_every_message_is_a_complete_sentence() -> None:
    for path in SAMPLES.rglob("*.findings.json"):
        for f in golden(str(path.relative_to(SAMPLES))):
            for text in (f["message"], f["hint"]):
                assert text == text.strip(), f
                command_to_copy = ": light-import " in text
                assert text[-1] in ".…" or command_to_copy, f
                text = text.replace("{column: ", "")  # the syntax of templates
                assert not any(
                    bad in text for bad in ("..", "?.", "?,", "{", "None", "  ", "''")
                ) or (f["value"] and f["value"] in text), f


def test_clean_sheets_have_no_finding() -> None:
    for name in ("light/bills.xlsx", "light/bills.csv"):
        assert golden(f"{name}.findings.json") == []
        result = golden(f"{name}.result.json")
        assert result["exit_code"] == 0
        assert result["bills"] == {"total": 26, "created": 26}
        assert [t["difference"] for t in result["totals"]] == [0, 0, 0]
        assert [t["currency"] for t in result["totals"]] == ["GBP", "EUR", "DKK"]


# --- what arrives -----------------------------------------------------------------------------

_OWN = ("id", "createdAt", "updatedAt", "invoiceCreatedAt", "companyId")


def _content(value: Any) -> Any:
    """A bill without the ids and times that each creation makes anew."""
    if isinstance(value, dict):
        keys = ("vendorId", "companyEntityId", "taxCodeId", "accountId", "groupId")
        return {
            key: _content(item)
            for key, item in value.items()
            if key in keys or not (key in _OWN or key.endswith(("Id", "At")))
        }
    return [_content(item) for item in value] if isinstance(value, list) else value


def _loaded(
    command: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    *args: str,
    settings: SandboxSettings | None = None,
) -> tuple[Any, list[dict[str, Any]]]:
    """How the load ended, and all bills that the sandbox has then."""
    with running(settings or SandboxSettings(requests_per_minute=FAST)) as sandbox:
        monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
        done = command(
            "load", *args, "--base-url", sandbox.base_url, "--yes", "--json",
            "--requests-per-minute", str(FAST),
        )  # fmt: skip
        return done, sandbox.bills()


def test_workbook_and_csv_files_give_the_same_bills(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, samples: Path
) -> None:
    folder = samples / "light"
    book, of_book = _loaded(command, monkeypatch, str(folder / "bills.xlsx"))
    pair, of_pair = _loaded(
        command, monkeypatch, str(folder / "bills.csv"), str(folder / "line-items.csv")
    )
    assert (book.code, pair.code) == (0, 0), book.err + pair.err
    printed = openpyxl.load_workbook(book.json["result"])
    sheets = [sheet for sheet in printed if sheet.sheet_state == "visible"]
    assert len(sheets) <= 6
    long = {"Line items": 0}  # as many pages as readable print needs; a width or height of 1 page
    for sheet in sheets:  # is not written
        pages = (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.title
        assert pages == (None, long.get(sheet.title)), sheet.title
    contents = [
        sorted((_content(bill) for bill in bills), key=lambda b: str(b["invoiceNumber"]))
        for bills in (of_book, of_pair)
    ]
    assert len(contents[0]) == 26
    assert contents[0] == contents[1]


def test_clean_sheet_arrives_unchanged(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, samples: Path
) -> None:
    done, bills = _loaded(command, monkeypatch, str(samples / "light/bills.xlsx"))
    assert done.code == 0, done.err
    by_number = {bill["invoiceNumber"]: bill for bill in bills}
    rent = by_number["0004417"]  # leading zeros, and a vendor by identifier
    assert rent["vendorId"] == "2fa12ea7-f4d8-5f1a-b08e-7f1af8aedc17"
    assert rent["issuedDate"] == "2025-01-02"
    assert [line["amortizationEndDate"] for line in rent["lineItems"]] == [
        "2025-03-31", "2025-03-31", None,
    ]  # fmt: skip
    glass = by_number["FA-000912"]
    assert glass["description"] == "Échantillons de verrerie — collection d’été"
    assert [line["netAmount"] for line in glass["lineItems"]] == [391200, 27650, -11736]
    travel = by_number["KT-77120"]
    assert travel["lineItemsIncludeTax"] is True
    assert [line["amount"] for line in travel["lineItems"]] == [71400, 98280, 12930]
    power = by_number["0000881273"]  # its vendor rounds tax down; Light's own tax is a cent more
    assert [line["taxAmount"] for line in power["lineItems"]] == [92100, 13034, 2850]
    assert by_number["GCE1882"]["description"] in (None, "")
    hosting = by_number["CCH-25-00091"]["lineItems"][0]["customProperties"]
    labels = {p["groupInternalName"]: [v["label"] for v in p["values"]] for p in hosting}
    assert labels == {"project": ["Apollo"], "tags": ["Capital", "Urgent"]}
    assert by_number["10023"]["lineItems"][0]["customProperties"][0]["values"][0]["label"] == (
        "Smørrebrød"
    )


def test_real_ledger_arrives_whole_and_line_by_line(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, samples: Path, tmp_path: Path
) -> None:
    path = tmp_path / "result.xlsx"
    monkeypatch.chdir(samples)
    done, bills = _loaded(command, monkeypatch, LEDGER, "--only-valid", "--result", str(path))
    told = done.json
    assert done.code == 1
    kept, wanted = make.without_varying(told), golden(f"{LEDGER}.result.json")
    assert kept.pop("requests") >= wanted.pop("requests")  # a throw-away sandbox is asked less
    assert kept == wanted
    assert json.loads(make.findings(LARGE, samples)) == golden(f"{LEDGER}.findings.json")
    assert told["bills"] == {"total": 1088, "created": 1088}
    assert told["line_items"] == {"total": 2205, "created": 2205}
    assert len(bills) == 1088
    (total,) = [f for f in told["findings"] if f["code"] == "control.gross.differs"]
    assert "a difference of 730,707.81" in total["message"]
    (sums,) = told["totals"]
    assert sums["created"] == sums["sheet"] == sum(bill["amount"] for bill in bills)
    assert sums["difference"] == 0

    numbers = Counter(bill["invoiceNumber"] for bill in bills)
    transfers = [bill for bill in bills if bill["invoiceNumber"] == "BOOK TRANSFER"]
    assert len({bill["vendorId"] for bill in transfers}) == len(transfers) == 4
    assert numbers["0000178619"] == 1
    _the_lines_are_those_of_the_ledger(samples / LEDGER, bills)

    with contextlib.closing(openpyxl.load_workbook(path, read_only=True)) as book:
        rows = list(book["Line items"].iter_rows(values_only=True))
    amount, status = rows[0].index("Amount"), rows[0].index("import_status")
    (reversal,) = [row for row in rows if row[amount] == "-1,101,643.43"]
    assert reversal[status] == "created"
    (card,) = [bill for bill in bills if bill["invoiceNumber"] == "5103002-06-MAR-15"]
    assert (card["amount"], card["issuedDate"], len(card["lineItems"])) == (
        3409171,
        "2015-03-01",
        4,
    )


def _the_lines_are_those_of_the_ledger(path: Path, bills: list[dict[str, Any]]) -> None:
    """Each created bill has the rows of its transaction, in order, repeated ones included."""
    rows: dict[tuple[str, str], list[int]] = {}
    with (path.parent / "vendors.csv").open(encoding="utf-8", newline="") as file:
        vendors = {row["value"]: row["id"] for row in csv.DictReader(file)}
    with path.open(encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file):
            if row["Supplier"]:
                cents = int(row["Amount"].replace(",", "").replace(".", ""))
                key = vendors[row["Supplier"]], row["Transaction Number"].strip()
                rows.setdefault(key, []).append(cents)
    assert len(rows) == len({(bill["vendorId"], bill["invoiceNumber"]) for bill in bills})
    for bill in bills:
        of_sheet = rows[bill["vendorId"], bill["invoiceNumber"]]
        assert [line["amount"] for line in bill["lineItems"]] == of_sheet
    assert any(len(cents) != len(set(cents)) for cents in rows.values())


# --- what needs more than one file --------------------------------------------------------------


def _edited(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8", newline="")


def test_change_between_two_loads_is_reported(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, samples: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(samples / "light", tmp_path / "light"))
    files = [str(folder / name) for name in ("bills.csv", "line-items.csv")]
    with running(SandboxSettings(requests_per_minute=FAST)) as sandbox:
        monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
        load = ["load", *files, "--base-url", sandbox.base_url, "--yes", "--json"]
        first = command(*load, "--result", "1.xlsx")
        assert first.code == 0, first.err
        _edited(folder / "bills.csv", "2025-02-05,,GBP", "2025-02-06,,GBP")

        again = command(*load, "--result", "2.xlsx").json
        (changed,) = again["findings"]
        assert changed["code"] == "bills.content.changed"
        assert (changed["row"], changed["value"]) == (2, "INV-20418")
        assert "2025-02-06" in changed["message"]

        stranger = command(*load, "--result", "3.xlsx", "--journal", "other.sqlite").json
        (differs,) = stranger["findings"]
        assert differs["code"] == "light.differs"
        assert differs["severity"] == "warning"
        assert len(sandbox.bills()) == 26


def test_ambiguous_name_is_reported(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, samples: Path, tmp_path: Path
) -> None:
    import importer.sandbox.company_file as reference

    company = Path(shutil.copytree(reference.SHIPPED, tmp_path / "company"))
    _edited(company / "entities.csv", "DE01,", "UK01,")
    _edited(company / "accounts.csv", ",7230,", ",7220,")
    done, bills = _loaded(
        command,
        monkeypatch,
        str(samples / "light/bills.xlsx"),
        settings=SandboxSettings(requests_per_minute=FAST, reference=company),
    )
    assert done.code == 1
    codes = Counter(f["code"] for f in done.json["findings"])
    assert codes["bills.companyEntity.several"] == 19
    assert codes["line_items.account.several"] == 3
    assert bills == []
