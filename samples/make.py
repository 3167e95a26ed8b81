"""Makes the sample inputs and, beside each, what the commands say of it today.

    python samples/make.py            write what has changed
    python samples/make.py --check    write nothing; exit 1 with a list of what differs

A case is one command line. Beside its files stand ``<case>.findings.json``, what ``validate``
finds, and ``<case>.result.json``, what ``load --sandbox --yes --only-valid`` comes to, without
what differs from run to run. A workbook is written again only where its cells have changed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

SAMPLES = Path(__file__).parent
sys.path.insert(0, str(SAMPLES))

import ageing_reports  # noqa: E402
import broken_bills  # noqa: E402
import clean_bills  # noqa: E402
import exports  # noqa: E402
import ledger_rows  # noqa: E402
import odd_exports  # noqa: E402
import typed_exports  # noqa: E402
from workbooks import Sheet, csv_file, workbook  # noqa: E402

_VARIES = ("run", "started", "who", "checked_by", "seconds", "result", "next")


@dataclass(frozen=True)
class Case:
    """``files`` and ``template`` are relative to the folder of the samples."""

    name: str
    files: tuple[str, ...]
    template: str | None = None
    sets: tuple[str, ...] = ()  # parameters
    ageing: str | None = None  # an ageing report of the old system

    @property
    def arguments(self) -> list[str]:
        sets = [word for setting in self.sets for word in ("--set", setting)]
        template = ["--template", self.template] if self.template else []
        day = ageing_reports.AS_OF.isoformat()
        ageing = ["--as-of", day, "--ageing", self.ageing] if self.ageing else []
        return [*self.files, *template, *sets, *ageing]

    @property
    def goldens(self) -> tuple[str, str]:
        return f"{self.name}.findings.json", f"{self.name}.result.json"


def _broken(name: str, *files: str, template: str | None = None) -> Case:
    folder = "light-broken"
    return Case(
        f"{folder}/{name}",
        tuple(f"{folder}/{file}" for file in files or (name,)),
        None if template is None else f"{folder}/{template}",
    )


def _pair(name: str, template: str | None = None) -> Case:
    return _broken(name, f"{name}-bills.csv", f"{name}-lines.csv", template=template)


# The exports of other systems: what loads as it is, and what must be told. Their templates are
# recognised, but where one is a changed copy of its own.
EXPORTS = (
    Case("light-csv/bills.csv", ("light-csv/bills.csv",)),
    Case("xero-bills/bills.csv", ("xero-bills/bills.csv",)),
    Case("xero-bills/older-bills.csv", ("xero-bills/older-bills.csv",), sets=("currency=EUR",)),
    Case("quickbooks-bills/bills.csv", ("quickbooks-bills/bills.csv",)),
    Case("quickbooks-bills/vendor-bills.csv", ("quickbooks-bills/vendor-bills.csv",)),
    Case("zoho-bills/bills.csv", ("zoho-bills/bills.csv",)),
    Case("sage50-purchase-invoices/purchases.csv", ("sage50-purchase-invoices/purchases.csv",)),
    Case(
        "erpnext-purchase-invoices/purchase-invoices.csv",
        ("erpnext-purchase-invoices/purchase-invoices.csv",),
    ),
    Case("odoo-bills/bills.csv", ("odoo-bills/bills.csv",)),
    Case("odoo-bills/import-file.csv", ("odoo-bills/import-file.csv",), sets=("currency=EUR",)),
    Case(
        "datev-buchungsstapel/EXTF_Buchungsstapel.csv",
        ("datev-buchungsstapel/EXTF_Buchungsstapel.csv",),
    ),
    Case("quickbooks-unpaid-bills/unpaid-bills.csv", ("quickbooks-unpaid-bills/unpaid-bills.csv",)),
    Case(
        "quickbooks-unpaid-bills/open-balances",
        ("quickbooks-unpaid-bills/unpaid-bills.csv",),
        sets=("amount=Open balance",),
    ),
    Case(
        "quickbooks-transactions/transactions.csv",
        ("quickbooks-transactions/transactions.csv",),
        sets=("currency=GBP",),
    ),
    Case("myob-bills/bills.txt", ("myob-bills/bills.txt",)),
    Case(
        "business-central-vendor-ledger/vendor-ledger-entries.xlsx",
        ("business-central-vendor-ledger/vendor-ledger-entries.xlsx",),
        sets=("currency=GBP",),
    ),
)
REFUSED = (
    Case("zoho-bills/adjusted-bills.csv", ("zoho-bills/adjusted-bills.csv",)),
    Case(
        "sage50-purchase-invoices/with-credits.csv", ("sage50-purchase-invoices/with-credits.csv",)
    ),
    Case(
        "erpnext-purchase-invoices/taxed-invoices.csv",
        ("erpnext-purchase-invoices/taxed-invoices.csv",),
    ),
    Case("datev-buchungsstapel/mixed-postings.csv", ("datev-buchungsstapel/mixed-postings.csv",)),
)

AGEING = tuple(
    Case(
        f"ageing-reports/{name}",
        ("quickbooks-unpaid-bills/unpaid-bills.csv",),
        sets=("amount=Open balance",),
        ageing=f"ageing-reports/{name}",
    )
    for name in ("quickbooks.csv", "xero.xlsx", "sage.csv", "datev.csv", "other.csv", "damaged.csv")
)

# Documents of every type and state: bills are loaded, all else is counted, summed and left out.
TYPED = tuple(
    Case(name, (name,))
    for name in (
        "xero-bills/all-documents.csv",
        "zoho-bills/all-states.csv",
        "erpnext-purchase-invoices/all-documents.csv",
        "odoo-bills/all-documents.csv",
        "uk-spend/with-credits.csv",
    )
)

CASES = (
    *EXPORTS,
    *TYPED,
    *REFUSED,
    *AGEING,
    Case("light/bills.xlsx", ("light/bills.xlsx",)),
    Case("light/bills.csv", ("light/bills.csv", "light/line-items.csv")),
    Case("light-money/bills.xlsx", ("light-money/bills.xlsx",)),
    Case("uk-spend/dh-spend-march.csv", ("uk-spend/dh-spend-march.csv",)),
    _broken("bills.xlsx"),
    _broken("lost-links.xlsx"),
    _broken("not-calculated.xlsx"),
    _broken("pasted-text.xlsx"),
    _pair("dates-either-way"),
    _pair("dates-both-ways"),
    _pair("amounts-either-way", "pounds.yaml"),
    _pair("amounts-both-ways", "pounds.yaml"),
    _pair("dates-contradict"),
    _pair("amounts-contradict", "pounds.yaml"),
    _broken("misread-amounts.xlsx", template="pounds.yaml"),
    _broken("hours-contradict.csv", template="timesheets.yaml"),
    _broken("misread-hours.xlsx", template="timesheets.yaml"),
    _broken("hours-shifted.csv", template="timesheets.yaml"),
    _broken("shown-as-credit.xlsx"),
    _broken("shown-in-thousands.xlsx", template="timesheets.yaml"),
    _pair("amounts-unreadable", "pounds.yaml"),
    _pair("house-rules", "house-rules.yaml"),
    _pair("after-creation"),
    _broken("supplier-ledger.csv", template="supplier-ledger.yaml"),
    _broken("timesheets.xlsx", template="timesheets.yaml"),
    _broken("journal.csv", template="journal.yaml"),
    _broken("turned-dates.xlsx"),
    _broken("hours-rounded.csv", template="timesheets.yaml"),
    _broken("hours-either-way.csv", template="timesheets.yaml"),
    _broken("hours-both-ways.csv", template="timesheets.yaml"),
    _broken("hours-total.csv", template="timesheets.yaml"),
    _broken("report-by-vendor.csv", template="report-by-vendor.yaml"),
    _broken("report-by-code.csv", template="report-by-code.yaml"),
    _broken("printed-list.csv", template="printed-list.yaml"),
    _broken("ledger-keys.csv", template="ledger-keys.yaml"),
    _broken("ledger-overlap.csv", template="ledger-keys.yaml"),
    _broken("ledger-merged.html", template="ledger-report.yaml"),
    _broken("ledger-prices.csv", template="ledger-prices.yaml"),
    _broken("ledger-report.csv", template="ledger-report.yaml"),
    _broken("both-columns.csv", template="both-columns.yaml"),
    _broken("shown-as-percent.xlsx", template="pounds.yaml"),
    _broken("shown-as-money.xlsx"),
    _broken("shown-as-euros.xlsx", template="pounds.yaml"),
    _broken("no-year.csv", template="no-year.yaml"),
    _broken("no-dates.csv", template="no-dates.yaml"),
    _broken("split-header.csv", template="split-header.yaml"),
    _broken("types-and-states.csv", template="types-and-states.yaml"),
    _broken("unread-columns.csv", template="unread-columns.yaml"),
    _broken("contrary-headers.csv", template="contrary-headers.yaml"),
    _pair("shared-reference", template="shared-reference.yaml"),
    _pair("credit-notes"),
    _broken("credit-ledger.csv", template="credit-ledger.yaml"),
    _broken("only-bills.csv"),
    _broken("only-lines.csv"),
    _broken("empty-bills", "empty-bills.csv", "only-lines.csv"),
)


def write_inputs(folder: Path) -> None:
    """All generated input files, into the folders of ``folder``."""
    for name in ("light", "light-broken", "light-money"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    bills, lines = clean_bills.rows()
    sheets = (
        Sheet("Bills", clean_bills.BILL_COLUMNS, bills),
        Sheet("Line items", clean_bills.LINE_COLUMNS, lines),
    )
    workbook(folder / "light/bills.xlsx", sheets)
    csv_file(folder / "light/bills.csv", sheets[0])
    csv_file(folder / "light/line-items.csv", sheets[1])
    fill_in(folder / "light-money/bills.xlsx", sheets)
    broken_bills.write(folder / "light-broken")
    odd_exports.write(folder / "light-broken")
    ledger_rows.write(folder / "light-broken")
    exports.write(folder)
    typed_exports.write(folder)
    ageing_reports.write(folder)


def fill_in(path: Path, sheets: tuple[Sheet, ...]) -> None:
    """The workbook to fill in, filled in with the rows of ``sheets``: cents become money."""
    import openpyxl

    from importer.scaffold.fill_in_workbook import HEADER_ROW, MONEY_MARK, write_fill_in

    write_fill_in(path, None)
    book = openpyxl.load_workbook(path)
    for sheet in sheets:
        page = book[sheet.name]
        columns = {str(cell.value): cell.column for cell in page[HEADER_ROW] if cell.value}
        for header in sheet.headers:
            if header.startswith("property:"):
                columns[header] = max(columns.values()) + 1
                page.cell(HEADER_ROW, columns[header], header)
        for number, row in enumerate(sheet.rows, start=HEADER_ROW + 1):
            assert isinstance(row, Mapping)
            for header, value in row.items():
                money = columns.get(header + MONEY_MARK)
                amount = value / 100 if money and isinstance(value, int) else value
                page.cell(number, money or columns[header], None if amount == "" else amount)
    book.save(path)
    book.close()
    _without_times(path)


def _without_times(path: Path) -> None:
    """The workbook again, without when it was written: the same bytes each time."""
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            text = re.sub(rb"<dcterms:.*?</dcterms:\w+>", b"", part) if "core" in name else part
            book.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)


def same(one: Path, other: Path) -> bool:
    """Whether two inputs hold the same: CSV files byte for byte, workbooks as they are read."""
    if not (one.is_file() and other.is_file()):
        return False
    if one.suffix != ".xlsx":
        return one.read_bytes() == other.read_bytes()
    from dataclasses import replace

    from importer.readers import read_file

    return [
        [replace(table, file="", rows=list(table.rows)) for table in read_file(path)]
        for path in (one,)
    ] == [[replace(table, file="", rows=list(table.rows)) for table in read_file(other)]]


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """In a copy of the samples, with a data folder of its own, so that nothing else is touched."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as home:
        with mock.patch.dict(os.environ, {"LIGHT_IMPORT_HOME": home}):
            os.chdir(folder)
            try:
                yield
            finally:
                os.chdir(before)


def command_json(folder: Path, *arguments: str) -> dict[str, object]:
    """The JSON of one command, run in ``folder``; its workbook is thrown away."""
    from importer.cli.main import run

    out, err = io.StringIO(), io.StringIO()
    with _inside(folder), tempfile.TemporaryDirectory() as scratch:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            result = str(Path(scratch) / "result.xlsx")
            run([*arguments, "--json", "--quiet", "--result", result])
    if not out.getvalue():
        raise RuntimeError(f"light-import {' '.join(arguments)}: {err.getvalue()}")
    text = out.getvalue()
    for name in {str(folder), str(folder.resolve())}:
        text = text.replace(name, "samples")
    found: dict[str, object] = json.loads(text)
    return found


def golden(case: Case, folder: Path) -> tuple[str, str]:
    """The texts of the two golden files of a case, for the samples in ``folder``."""
    result = command_json(folder, "load", *case.arguments, "--sandbox", "--yes", "--only-valid")
    return findings(case, folder), _json(without_varying(result))


def findings(case: Case, folder: Path) -> str:
    """The text of the golden file of a case's findings."""
    return _json(command_json(folder, "validate", *case.arguments)["findings"])


def without_varying(result: Mapping[str, object]) -> dict[str, object]:
    """What is the same whenever a case is loaded."""
    return {key: value for key, value in result.items() if key not in _VARIES}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def copy_of_samples(folder: Path) -> Path:
    """The samples in ``folder``, the generated inputs made anew."""
    copy = folder / "samples"
    shutil.copytree(SAMPLES, copy, ignore=shutil.ignore_patterns("__pycache__", "*.json"))
    write_inputs(copy)
    return copy


def differences(copy: Path, *, write: bool) -> list[str]:
    """Which files of the samples are not as they would be made now; they are, if ``write``."""
    out = []
    for path in sorted(copy.rglob("*")):
        name = path.relative_to(copy)
        if path.is_file() and not same(path, SAMPLES / name):
            out.append(str(name))
            if write:
                (SAMPLES / name).parent.mkdir(exist_ok=True)
                shutil.copyfile(path, SAMPLES / name)
    for case in CASES:
        for name, text in zip(case.goldens, golden(case, copy), strict=True):
            path = SAMPLES / name
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                out.append(name)
                if write:
                    path.write_text(text, encoding="utf-8")
    wanted = {SAMPLES / name for case in CASES for name in case.goldens}
    for path in sorted(set(SAMPLES.rglob("*.json")) - wanted):
        out.append(f"{path.relative_to(SAMPLES)} (of no case)")
        if write:
            path.unlink()
    return out


def main() -> int:
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        print(__doc__)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        found = differences(copy_of_samples(Path(folder).resolve()), write=not check)
    for name in found:
        print(f"{name} differs" if check else f"{name} written")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
