"""Measured parts, each run in a separate process: ``python benchmarks/parts.py NAME …``.

Each function prints the seconds of its work without those of its preparation. To add one, write
``part_<name>``; its arguments are strings.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from files import BILLS, FLAT, LINES, workbook
from measure import print_time


def part_polars(folder: str) -> None:
    """Polars reads both files as text."""
    import polars

    def read() -> None:
        for name in ("bills.csv", "lines.csv"):
            polars.read_csv(Path(folder) / name, infer_schema=False)

    print_time(read)


def part_polars_flat(folder: str) -> None:
    import polars

    print_time(lambda: polars.read_csv(Path(folder) / "flat.csv", infer_schema=False))


def part_stage(folder: str) -> None:
    """Parse cells and check rules; the files are read and mapped before."""
    from importer.mapping.map_tables import map_tables
    from importer.mapping.template_loader import find_template
    from importer.readers import read_file
    from importer.validation.validate import check

    tables = [t for name in ("bills", "lines") for t in read_file(Path(folder) / f"{name}.csv")]
    mapped = map_tables(tables, find_template("light").template, {})
    print_time(lambda: check(mapped))


def part_frictionless_types(folder: str) -> None:
    """Frictionless checks the types of the lines, and nothing else."""
    from frictionless import Schema, validate

    kinds = {"netAmount": "integer", "taxAmount": "integer", "amount": "integer"}
    fields = [{"name": n, "type": kinds.get(n, "string")} for n in LINES.split(",")]
    schema = Schema.from_descriptor({"fields": fields})
    os.chdir(folder)
    print_time(lambda: validate("lines.csv", schema=schema, limit_errors=1_000_000))


def part_frictionless(folder: str) -> None:
    """Frictionless checks both files by our rules on single cells, and that lines have a bill."""
    from frictionless import Package

    required, int64 = {"required": True}, {"minimum": -(2**63), "maximum": 2**63 - 1}
    ids, cents = {"type": "string", "format": "uuid"}, {"type": "integer", "constraints": int64}
    bill_fields = {
        "billRef": {"type": "string", "constraints": {**required, "unique": True}},
        "vendorId": {**ids, "constraints": required},
        "invoiceNumber": {"type": "string", "constraints": {**required, "maxLength": 255}},
        "issuedDate": {"type": "date", "constraints": required},
        "dueDate": {"type": "date"},
        "currency": {"type": "string", "constraints": {**required, "pattern": "[A-Z]{3}"}},
        "amount": {"type": "integer", "constraints": {**required, **int64, "minimum": 1}},
        "lineItemsIncludeTax": {"type": "boolean"},
    }
    line_fields = {
        "billRef": {"type": "string", "constraints": required},
        "lineNumber": {"type": "integer"},
        "description": {"type": "string", "constraints": {"maxLength": 2000}},
        **dict.fromkeys(("netAmount", "taxAmount", "amount"), cents),
        **dict.fromkeys(("taxCodeId", "accountId"), ids),
    }
    assert [*bill_fields] == BILLS.split(",")
    assert [*line_fields] == LINES.split(",")
    line_to_bill = {
        "fields": ["billRef"],
        "reference": {"resource": "bills", "fields": ["billRef"]},
    }
    resources = [
        {
            "name": name,
            "path": f"{name}.csv",
            "schema": {"fields": [{"name": n, **f} for n, f in fields.items()], **keys},
        }
        for name, fields, keys in (
            ("bills", bill_fields, {"primaryKey": ["billRef"]}),
            ("lines", line_fields, {"foreignKeys": [line_to_bill]}),
        )
    ]
    os.chdir(folder)
    package = Package.from_descriptor({"name": "bills", "resources": resources})

    def validate() -> None:
        problem_types = package.validate(limit_errors=1_000_000).flatten(["type"])
        # files.py writes no other faults than unreadable amounts
        assert {kind for (kind,) in problem_types} <= {"type-error"}, problem_types[0]

    print_time(validate)


def part_make_workbook(path: str, lines: str) -> None:
    print_time(lambda: workbook(Path(path), int(lines)))


def part_calamine(path: str) -> None:
    """Python-calamine reads all sheets of a workbook, without any guard."""
    from python_calamine import CalamineWorkbook

    def read() -> None:
        with CalamineWorkbook.from_path(path) as book:
            for name in book.sheet_names:
                book.get_sheet_by_name(name).to_python(skip_empty_area=False)

    print_time(read)


def part_xlsx(path: str) -> None:
    """Read a workbook, guard included."""
    # As calamine's own import does not count; pyarrow loads pandas with its first array.
    import pandas  # noqa: F401

    import importer.readers.xlsx.xlsx_reader  # noqa: F401
    from importer.readers import read_file

    print_time(lambda: read_file(Path(path)))


def part_xlsxwriter(folder: str) -> None:
    """XlsxWriter writes the rows of ``flat.csv`` and a status, as its documentation shows it."""
    import csv

    import xlsxwriter

    with (Path(folder) / "flat.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == FLAT.split(",")

    def write() -> None:
        book = xlsxwriter.Workbook(str(Path(folder) / "theirs.xlsx"))
        sheet = book.add_worksheet("Line items")
        good = book.add_format({"bg_color": "#C6EFCE"})
        for i, row in enumerate(rows):
            for k, text in enumerate(row):
                sheet.write(i, k, text)
            sheet.write(i, len(row), "valid", good)
        book.close()

    print_time(write)


def part_rustpy_xlsxwriter(folder: str) -> None:
    """The same rows by rustpy-xlsxwriter, which takes records."""
    import csv

    from rustpy_xlsxwriter import write_worksheet

    with (Path(folder) / "flat.csv").open(newline="") as file:
        records = [{**row, "status": "valid"} for row in csv.DictReader(file)]
    path = str(Path(folder) / "theirs-rust.xlsx")
    print_time(lambda: write_worksheet(records, path, sheet_name="Lines"))


def part_pandera(folder: str) -> None:
    """Pandas reads the line items, and pandera's built-in checks look at them."""
    import pandas
    import pandera.pandas as pandera

    cents = pandera.Column(str, pandera.Check.str_matches(r"^-?[0-9]{1,18}$"))
    ids = pandera.Column(str, pandera.Check.str_matches("^[0-9a-f-]{36}$"))
    columns = {
        "billRef": pandera.Column(str, pandera.Check.str_length(min_value=1)),
        "lineNumber": cents,
        "description": pandera.Column(str, pandera.Check.str_length(max_value=2000)),
        **dict.fromkeys(("netAmount", "taxAmount", "amount"), cents),
        **dict.fromkeys(("taxCodeId", "accountId"), ids),
    }
    assert [*columns] == LINES.split(",")

    def validate() -> None:
        frame = pandas.read_csv(Path(folder) / "lines.csv", dtype=str, keep_default_na=False)
        with contextlib.suppress(pandera.errors.SchemaErrors):  # the unreadable amounts
            pandera.DataFrameSchema(columns).validate(frame, lazy=True)

    print_time(validate)


def part_httpx_loop(base_url: str, key: str, file: str) -> None:
    """A loop that sends each bill of a JSON file, with one connection and nothing written down."""
    import json

    import httpx

    bills = json.loads(Path(file).read_text())

    def send() -> None:
        with httpx.Client(base_url=base_url, headers={"Authorization": f"Basic {key}"}) as client:
            for bill in bills:
                client.post("/v1/invoice-payables", json=bill).raise_for_status()

    print_time(send)


def part_workbook(folder: str) -> None:
    """Write the result workbook of ``flat.csv``, which is checked before."""
    from datetime import UTC, datetime

    from importer.app.check_files import check_files
    from importer.app.check_request import CheckRequest
    from importer.model.report_model import RunSummary
    from importer.report.build_report import build_report
    from importer.report.xlsx.workbook import write_workbook

    os.chdir(folder)
    prepared = check_files(CheckRequest(sources=("flat.csv",), template="flat.yaml"))
    summary = RunSummary(
        command="validate",
        run=None,
        company=None,
        base_url=None,
        template="one-sheet",
        sources=("flat.csv",),
        started_at=datetime.now(UTC),
        bills={},
        line_items={},
        rows={},
        totals=(),
        notes=(),
        template_file="flat.yaml",
    )
    report = build_report(prepared.checked, {}, summary)
    print_time(lambda: write_workbook(report, Path("ours.xlsx")))


def part_journal(folder: str, bills: str) -> None:
    """Plan, claim and create bills, then plan them again in another run."""
    from importer.loading.journal.journal import Journal
    from importer.loading.journal.journal_records import Change, Intent
    from importer.model.journal_states import BillOutcome, State, Status
    from importer.model.run_rows import BillRows

    identities = [(f"identity {i}", f'{{"n": {i}}}') for i in range(int(bills))]

    def work() -> None:
        with Journal(Path(folder) / "journal.sqlite") as journal:
            run = journal.start_run({})
            planned = list(journal.plan(identities).values())
            journal.assign(run, ((e.id, BillRows(), None) for e in planned))
            for k in range(0, len(planned), 50):
                batch = planned[k : k + 50]
                journal.step(run, [], [Intent(e.id, e.content) for e in batch])
                changes = [
                    Change(e.id, State.CREATED, Status.CREATED, light_id=f"id {e.id}")
                    for e in batch
                ]
                journal.step(run, changes, [])
            again = journal.start_run({})
            entries = journal.plan(identities)
            journal.owned([e.light_id or "" for e in entries.values()])
            journal.assign(
                again,
                (
                    (entries[n].id, BillRows(), BillOutcome(Status.ALREADY_LOADED, entries[n]))
                    for n, _ in identities
                ),
            )
            journal.outcomes(again)

    print_time(work)


if __name__ == "__main__":
    globals()[f"part_{sys.argv[1]}"](*sys.argv[2:])
