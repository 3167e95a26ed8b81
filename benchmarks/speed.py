"""How long checking takes and how much memory, against libraries that do a part of it.

    pip install -e '.[bench]'
    python benchmarks/speed.py [--rows 10000 100000 1000000] [--write benchmarks/RESULTS.md]

Every figure is of a process of its own, beside its reference in the same run: machines differ, and
ratios much less. ``rows`` are line items; there are five to a bill.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

LINES_OF_A_BILL = 5
HERE = Path(__file__).resolve()


@dataclass(frozen=True)
class Took:
    seconds: float
    cpu: float
    megabytes: float
    said: str = ""


def measured(command: list[str]) -> Took:
    """One run of a command: seconds on the clock and of the processors, peak memory."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    return Took(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def part(name: str, *args: object) -> Took:
    """A part of this script in a process of its own; it prints the seconds that count."""
    took = measured([sys.executable, str(HERE), "--part", name, *map(str, args)])
    seconds, cpu = map(float, took.said.split()[-2:])
    return Took(seconds, cpu, took.megabytes)


# --- the files --------------------------------------------------------------------------------

BILLS = "billRef,vendorId,invoiceNumber,issuedDate,dueDate,currency,amount,lineItemsIncludeTax"
LINES = "billRef,lineNumber,description,netAmount,taxAmount,amount,taxCodeId,accountId"


def make(folder: Path, rows: int, bad: float) -> None:
    """Bills and line items in cents; of the lines this share has an amount that is none."""
    chance = random.Random(rows)
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(400)]
    folder.mkdir(exist_ok=True)
    with (
        (folder / "bills.csv").open("w", newline="") as of_bills,
        (folder / "lines.csv").open("w", newline="") as of_lines,
    ):
        bills, lines = csv.writer(of_bills), csv.writer(of_lines)
        bills.writerow(BILLS.split(","))
        lines.writerow(LINES.split(","))
        for i in range(rows // LINES_OF_A_BILL):
            total = 0
            for k in range(LINES_OF_A_BILL):
                net = chance.randrange(100, 1_000_000)
                tax = net // 5
                total += net + tax
                amount = "12,x" if chance.random() < bad else net + tax
                lines.writerow(
                    [f"B{i}", k + 1, f"item {i} {k}", net, tax, amount, ids[k], ids[50 + i % 50]]
                )
            day = f"{1 + i % 28:02d}"
            bills.writerow(
                [f"B{i}", ids[i % 400], f"INV-{i:07d}", f"2025-03-{day}", f"2025-04-{day}", "EUR",
                 total, "false"]
            )  # fmt: skip


# --- the parts, each in a process of its own --------------------------------------------------


def timed(work: Callable[[], object]) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    print(time.perf_counter() - began, time.process_time() - cpu)


def part_polars(folder: str) -> None:
    import polars

    def read() -> None:
        for name in ("bills.csv", "lines.csv"):
            polars.read_csv(Path(folder) / name, infer_schema=False)

    timed(read)


def part_stage(folder: str) -> None:
    """Reading cells and checking rules, once the files are read and mapped."""
    from importer.sheets import read_file
    from importer.template.loader import find_template
    from importer.template.mapping import map_tables
    from importer.validation.check import check

    tables = [t for name in ("bills", "lines") for t in read_file(Path(folder) / f"{name}.csv")]
    mapped = map_tables(tables, find_template("light").template, {})
    timed(lambda: check(mapped))


def part_frictionless(folder: str) -> None:
    from frictionless import Schema, validate

    kinds = {"netAmount": "integer", "taxAmount": "integer", "amount": "integer"}
    fields = [{"name": n, "type": kinds.get(n, "string")} for n in LINES.split(",")]
    schema = Schema.from_descriptor({"fields": fields})
    os.chdir(folder)
    timed(lambda: validate("lines.csv", schema=schema, limit_errors=1_000_000))


def part_journal(folder: str, bills: str) -> None:
    """Bills planned, claimed and created, then planned again by another run."""
    from importer.loading.journal import Change, Intent, Journal
    from importer.records import State, Status

    named = [(f"identity {i}", f'{{"n": {i}}}') for i in range(int(bills))]

    def work() -> None:
        with Journal(Path(folder) / "journal.sqlite") as journal:
            run = journal.start_run({})
            entries = list(journal.plan(named).values())
            journal.assign(run, ((i, e.id, None, "") for i, e in enumerate(entries)))
            for k in range(0, len(entries), 50):
                some = entries[k : k + 50]
                journal.step(run, [], [Intent(e.id, e.content) for e in some])
                changes = [
                    Change(e.id, State.CREATED, Status.CREATED, light_id=f"id {e.id}") for e in some
                ]
                journal.step(run, changes, [])
            again = journal.start_run({})
            known = journal.plan(named)
            journal.owned()
            journal.assign(
                again,
                ((i, known[n].id, Status.ALREADY_LOADED, "") for i, (n, _) in enumerate(named)),
            )
            journal.results(again)

    timed(work)


def part_workbook(folder: str, bad: str = "0.005") -> None:
    """A result workbook of 20,000 bills and 100,000 line items, with 8 columns and ours."""
    from importer.records import RunSummary
    from importer.results.build import build_report
    from importer.results.workbook import write_workbook
    from importer.sheets import read_file
    from importer.template.loader import find_template
    from importer.template.mapping import map_tables
    from importer.validation.check import check

    make(Path(folder), 100_000, float(bad))
    tables = [t for name in ("bills", "lines") for t in read_file(Path(folder) / f"{name}.csv")]
    checked = check(map_tables(tables, find_template("light").template, {}))
    summary = RunSummary(
        "validate", None, None, None, "light", ("lines.csv",), datetime.now(UTC), {}, {}, {}, ()
    )
    report_ = build_report(checked, {}, summary)
    timed(lambda: write_workbook(report_, Path(folder) / "result.xlsx"))


def part_xlsxwriter(folder: str) -> None:
    """The same cells of the same sheets by XlsxWriter alone, which holds no sheet in memory."""
    import xlsxwriter
    from python_calamine import CalamineWorkbook

    read = CalamineWorkbook.from_path(Path(folder) / "result.xlsx")
    sheets = [read.get_sheet_by_name(name).to_python() for name in read.sheet_names]

    def work() -> None:
        options = {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
        book = xlsxwriter.Workbook(str(Path(folder) / "plain.xlsx"), options)
        look = book.add_format({"num_format": "@"})
        for rows in sheets:
            sheet = book.add_worksheet()
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if value != "":
                        sheet.write(r, c, value, look)
        book.close()

    timed(work)


def part_read_xlsx(folder: str) -> None:
    """The workbook as our reader gives it, with all that it looks out for."""
    import pyarrow.compute  # noqa: F401  the command has it loaded before

    import importer.sheets.xlsx_guard  # noqa: F401
    from importer.sheets import read_file

    timed(lambda: read_file(Path(folder) / "result.xlsx"))


def part_calamine(folder: str) -> None:
    from python_calamine import CalamineWorkbook

    def work() -> None:
        book = CalamineWorkbook.from_path(Path(folder) / "result.xlsx")
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python()

    timed(work)


def workbooks(folder: Path) -> list[str]:
    """A table of its own: writing and reading a workbook of 100,000 line items."""
    out = ["", "| workbook, 100,000 line items | CPU s | peak MB | ratio |", "|---|---:|---:|---:|"]
    pairs = (
        ("XlsxWriter alone, the same cells", "xlsxwriter", "the result workbook", "workbook"),
        ("calamine alone", "calamine", "read with its guards", "read_xlsx"),
    )
    took = {"workbook": part("workbook", folder)}
    for reference, by, what, ours in pairs:
        took[by] = part(by, folder)
        if ours not in took:
            took[ours] = part(ours, folder)
        ratio = took[ours].cpu / took[by].cpu
        out.append(f"| {reference} | {took[by].cpu:.2f} | {took[by].megabytes:,.0f} | 1 |")
        out.append(f"| {what} | {took[ours].cpu:.2f} | {took[ours].megabytes:,.0f} | {ratio:.2f} |")
    return out


PARTS = {
    "polars": part_polars,
    "stage": part_stage,
    "frictionless": part_frictionless,
    "journal": part_journal,
    "workbook": part_workbook,
    "xlsxwriter": part_xlsxwriter,
    "read_xlsx": part_read_xlsx,
    "calamine": part_calamine,
}


# --- the table --------------------------------------------------------------------------------


def report(sizes: list[int]) -> list[str]:
    out = [
        "| line items | what | seconds | CPU s | peak MB | × polars' read |",
        "|---:|---|---:|---:|---:|---:|",
    ]

    def row(rows: int, what: str, took: Took, unit: Took | None) -> None:
        ratio = "" if unit is None else f"{took.seconds / unit.seconds:.1f}"
        out.append(
            f"| {rows:,} | {what} | {took.seconds:.2f} | {took.cpu:.2f} | {took.megabytes:,.0f} |"
            f" {ratio} |"
        )
        print(out[-1], file=sys.stderr)

    with tempfile.TemporaryDirectory() as temporary:
        for rows in sizes:
            for share in (0.005, 0.2):
                folder = Path(temporary) / f"{rows}-{share}"
                make(folder, rows, share)
                # the middle of three: the reference is so short that chance shows
                reads = sorted((part("polars", folder) for _ in range(3)), key=lambda t: t.seconds)
                of = f"{share:.1%} bad"
                row(rows, f"polars reads both files ({of})", reads[1], None)
                command = [sys.executable, "-m", "importer", "validate", "--quiet",
                           "--bills", str(folder / "bills.csv"),
                           "--lines", str(folder / "lines.csv"),
                           "--result", str(folder / "out.csv")]  # fmt: skip
                row(
                    rows,
                    f"validate --result out.csv, the process ({of})",
                    measured(command),
                    reads[1],
                )
                row(rows, f"the validation stage alone ({of})", part("stage", folder), reads[1])
            if rows == 100_000:
                try:
                    took = part("frictionless", Path(temporary) / f"{rows}-0.005")
                    row(rows, "frictionless, types of the lines only", took, None)
                except SystemExit:
                    out.append(f"| {rows:,} | frictionless is not installed | | | | |")
        took = part("journal", temporary, 100_000)
        out += ["", f"Journal, 100,000 bills planned, sent, created and planned again:"
                f" {took.seconds:.1f} s, {took.megabytes:,.0f} MB."]  # fmt: skip
        out += workbooks(Path(temporary) / "workbook")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--write", type=Path, help="the file for the table")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        PARTS[options.part[0]](*options.part[1:])
        return
    lines = [f"Of {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors, load average at the"
             f" beginning {os.getloadavg()[0]:.1f}.", "", *report(options.rows)]  # fmt: skip
    print("\n".join(lines))
    if options.write:
        options.write.write_text("# Results of benchmarks/speed.py\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
