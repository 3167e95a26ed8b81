"""The parts that are measured, each in a process of its own: ``python benchmarks/parts.py NAME …``.

Each function prints the seconds of what counts, without what has to be there first. To add one,
write ``part_<name>``; its arguments are texts.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from files import BILLS, FLAT, LINES, workbook
from measure import timed


def part_polars(folder: str) -> None:
    """Polars reads both files, as text."""
    import polars

    def read() -> None:
        for name in ("bills.csv", "lines.csv"):
            polars.read_csv(Path(folder) / name, infer_schema=False)

    timed(read)


def part_polars_flat(folder: str) -> None:
    import polars

    timed(lambda: polars.read_csv(Path(folder) / "flat.csv", infer_schema=False))


def part_stage(folder: str) -> None:
    """Reading cells and checking rules, once the files are read and mapped."""
    from importer.mapping.map_tables import map_tables
    from importer.mapping.template_loader import find_template
    from importer.readers import read_file
    from importer.validation.validate import check

    tables = [t for name in ("bills", "lines") for t in read_file(Path(folder) / f"{name}.csv")]
    mapped = map_tables(tables, find_template("light").template, {})
    timed(lambda: check(mapped))


def part_frictionless_types(folder: str) -> None:
    """Frictionless checks the types of the lines, and nothing else."""
    from frictionless import Schema, validate

    kinds = {"netAmount": "integer", "taxAmount": "integer", "amount": "integer"}
    fields = [{"name": n, "type": kinds.get(n, "string")} for n in LINES.split(",")]
    schema = Schema.from_descriptor({"fields": fields})
    os.chdir(folder)
    timed(lambda: validate("lines.csv", schema=schema, limit_errors=1_000_000))


def part_frictionless(folder: str) -> None:
    """Frictionless checks both files by our rules on single cells, and that lines have a bill."""
    from frictionless import Package

    needed, int64 = {"required": True}, {"minimum": -(2**63), "maximum": 2**63 - 1}
    ids, cents = {"type": "string", "format": "uuid"}, {"type": "integer", "constraints": int64}
    of_bills = {
        "billRef": {"type": "string", "constraints": {**needed, "unique": True}},
        "vendorId": {**ids, "constraints": needed},
        "invoiceNumber": {"type": "string", "constraints": {**needed, "maxLength": 255}},
        "issuedDate": {"type": "date", "constraints": needed},
        "dueDate": {"type": "date"},
        "currency": {"type": "string", "constraints": {**needed, "pattern": "[A-Z]{3}"}},
        "amount": {"type": "integer", "constraints": {**needed, **int64, "minimum": 1}},
        "lineItemsIncludeTax": {"type": "boolean"},
    }
    of_lines = {
        "billRef": {"type": "string", "constraints": needed},
        "lineNumber": {"type": "integer"},
        "description": {"type": "string", "constraints": {"maxLength": 2000}},
        **dict.fromkeys(("netAmount", "taxAmount", "amount"), cents),
        **dict.fromkeys(("taxCodeId", "accountId"), ids),
    }
    assert [*of_bills] == BILLS.split(",")
    assert [*of_lines] == LINES.split(",")
    belongs = {"fields": ["billRef"], "reference": {"resource": "bills", "fields": ["billRef"]}}
    resources = [
        {"name": name, "path": f"{name}.csv",
         "schema": {"fields": [{"name": n, **f} for n, f in fields.items()], **keys}}
        for name, fields, keys in (
            ("bills", of_bills, {"primaryKey": ["billRef"]}),
            ("lines", of_lines, {"foreignKeys": [belongs]}),
        )
    ]  # fmt: skip
    os.chdir(folder)
    package = Package.from_descriptor({"name": "bills", "resources": resources})

    def validate() -> None:
        found = package.validate(limit_errors=1_000_000).flatten(["type"])
        assert {kind for (kind,) in found} <= {"type-error"}, found[0]  # what files.py makes wrong

    timed(validate)


def part_make_workbook(path: str, lines: str) -> None:
    timed(lambda: workbook(Path(path), int(lines)))


def part_calamine(path: str) -> None:
    """Python-calamine reads all sheets of a workbook, without any guard."""
    from python_calamine import CalamineWorkbook

    def read() -> None:
        with CalamineWorkbook.from_path(path) as book:
            for name in book.sheet_names:
                book.get_sheet_by_name(name).to_python(skip_empty_area=False)

    timed(read)


def part_xlsx(path: str) -> None:
    """A workbook read, guard included."""
    # As calamine's own import does not count; pyarrow loads pandas with its first array.
    import pandas  # noqa: F401

    import importer.readers.xlsx.xlsx_reader  # noqa: F401
    from importer.readers import read_file

    timed(lambda: read_file(Path(path)))


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

    timed(write)


def part_workbook(folder: str) -> None:
    """The result workbook of ``flat.csv``, once it is checked."""
    from datetime import UTC, datetime

    from importer.app.pipeline import CheckRequest, check_files
    from importer.model.report_model import RunSummary
    from importer.report.build_report import build_report
    from importer.report.xlsx.workbook import write_workbook

    os.chdir(folder)
    prepared = check_files(CheckRequest(sources=("flat.csv",), template="flat.yaml"))
    summary = RunSummary(
        command="validate", run=None, company=None, base_url=None, template="one-sheet",
        sources=("flat.csv",), started_at=datetime.now(UTC), bills={}, line_items={}, rows={},
        totals=(), notes=(), template_file="flat.yaml",
    )  # fmt: skip
    report = build_report(prepared.checked, {}, summary)
    timed(lambda: write_workbook(report, Path("ours.xlsx")))


def part_journal(folder: str, bills: str) -> None:
    """Bills planned, claimed and created, then planned again by another run."""
    from importer.loading.journal.journal import Journal
    from importer.loading.journal.journal_records import Change, Intent
    from importer.model.journal_states import BillOutcome, State, Status
    from importer.model.run_rows import BillRows

    named = [(f"identity {i}", f'{{"n": {i}}}') for i in range(int(bills))]

    def work() -> None:
        with Journal(Path(folder) / "journal.sqlite") as journal:
            run = journal.start_run({})
            entries = list(journal.plan(named).values())
            journal.assign(run, ((e.id, BillRows(), None) for e in entries))
            for k in range(0, len(entries), 50):
                some = entries[k : k + 50]
                journal.step(run, [], [Intent(e.id, e.content) for e in some])
                changes = [
                    Change(e.id, State.CREATED, Status.CREATED, light_id=f"id {e.id}") for e in some
                ]
                journal.step(run, changes, [])
            again = journal.start_run({})
            known = journal.plan(named)
            journal.owned([e.light_id or "" for e in known.values()])
            journal.assign(
                again,
                (
                    (known[n].id, BillRows(), BillOutcome(Status.ALREADY_LOADED, known[n]))
                    for n, _ in named
                ),
            )
            journal.outcomes(again)

    timed(work)


if __name__ == "__main__":
    globals()[f"part_{sys.argv[1]}"](*sys.argv[2:])
