"""Speed and memory of checking, reading, writing and loading, beside peers.

    pip install -e '.[bench]'
    python benchmarks/speed.py [--only PART…] [--write FOLDER]

Each figure is measured in a separate process and compared with a reference, a library that does a
part of the same work, since ratios differ less between machines than seconds do. Ratios are of
wall-clock seconds: run nothing else meanwhile. ``--write`` writes RESULTS.md and the plot of
``growth``, growth.svg. The exit code is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import growth
from everyday import EVERYDAY
from files import one_sheet, two_sheets
from measure import Measurement, median, part, run_measured
from target_line import HEAD, Line, Lines

HERE = Path(__file__).resolve().parent
GIGABYTE = 1024.0  # in megabytes


def validate(folder: Path, *files: str, times: int = 1, result: str = "out.csv") -> Measurement:
    """Run ``light-import validate`` with a CSV, or a workbook, as its result."""
    command = [sys.executable, "-m", "importer", "validate", "--quiet", *files]
    command += ["--result", result]
    runs = []
    for _ in range(times):
        (folder / result).unlink(missing_ok=True)
        runs.append(run_measured(command, folder, exit_codes=(0, 1)))
    return median(runs)


TWO = ("--bills", "bills.csv", "--lines", "lines.csv")


def two_sheet_folder(folder: Path, lines: int, bad: float) -> Path:
    """A folder with the two sheets, written once."""
    sub_folder = folder / f"{lines}-{bad}"
    if not sub_folder.exists():
        two_sheets(sub_folder, lines, bad)
    return sub_folder


def csv_lines(folder: Path) -> Lines:
    good, bad = two_sheet_folder(folder, 1_000_000, 0.005), two_sheet_folder(folder, 1_000_000, 0.2)
    read = part("polars", good, times=5)
    yield Line("polars reads 200k bills + 1M lines", read)
    first = validate(good, *TWO, times=3)
    yield Line(
        "validate --result out.csv, 0.5 % bad",
        first,
        first.seconds / read.seconds,
        "polars",
        maximum=20,
        max_megabytes=1.5 * GIGABYTE,
    )
    second = validate(bad, *TWO, times=3)
    yield Line(
        "validate --result out.csv, 20 % bad",
        second,
        second.seconds / first.seconds,
        "0.5 % bad",
        maximum=2,
        max_megabytes=1.5 * GIGABYTE,
    )


def stage_lines(folder: Path) -> Lines:
    good, bad = two_sheet_folder(folder, 1_000_000, 0.005), two_sheet_folder(folder, 1_000_000, 0.2)
    read = part("polars", good, times=5)
    yield Line("polars reads 200k bills + 1M lines", read)
    first = part("stage", good)
    yield Line(
        "the validation stage alone, 0.5 % bad",
        first,
        first.seconds / read.seconds,
        "polars",
        maximum=5,
        max_megabytes=GIGABYTE,
    )
    second = part("stage", bad)
    yield Line(
        "the validation stage alone, 20 % bad",
        second,
        second.seconds / first.seconds,
        "0.5 % bad",
        maximum=1.5,
        max_megabytes=GIGABYTE,
    )
    small = two_sheet_folder(folder, 100_000, 0.005)
    ours = part("stage", small, times=3)
    theirs, types = part("frictionless", small), part("frictionless_types", small)
    yield Line(
        "frictionless, types of 100k lines only",
        types,
        types.seconds / ours.seconds,
        "the stage below",
    )
    yield Line("frictionless, our rules on one cell and the reference of a line", theirs)
    yield Line(
        "the validation stage alone, 20k bills + 100k lines",
        ours,
        theirs.seconds / ours.seconds,
        "faster than frictionless",
        minimum=30,
    )


def xlsx_lines(folder: Path) -> Lines:
    path = folder / "book.xlsx"
    part("make_workbook", path, 100_000)
    theirs = part("calamine", path, times=3)
    yield Line("python-calamine reads 20k bills + 100k lines", theirs)
    ours = part("xlsx", path, times=3)
    yield Line(
        "the same read, guard included",
        ours,
        ours.seconds / theirs.seconds,
        "python-calamine",
        maximum=1.5,
    )


def workbook_lines(folder: Path) -> Lines:
    sub_folder = folder / "flat"
    one_sheet(sub_folder, 100_000, 0.005)
    theirs = part("xlsxwriter", sub_folder)
    yield Line("XlsxWriter writes 100k rows × 21", theirs)
    ours = part("workbook", sub_folder)
    yield Line(
        "result workbook, 100k rows × 20 and our columns",
        ours,
        ours.seconds / theirs.seconds,
        "XlsxWriter",
        maximum=0.3,
        max_megabytes=200,
    )
    if importlib.util.find_spec("rustpy_xlsxwriter"):
        rust = part("rustpy_xlsxwriter", sub_folder)
        ratio = ours.seconds / rust.seconds
        yield Line("rustpy-xlsxwriter, the same rows without colours and comments", rust)
        yield Line("result workbook beside it", ours, ratio, "rustpy-xlsxwriter")


def load_lines(folder: Path) -> Lines:
    from reload import reload

    yield Line(
        "100k bills + 500k lines planned and resumed, all in the journal",
        reload(100_000),
        maximum=60,
        max_megabytes=GIGABYTE,
    )
    yield Line(
        "the same with a new journal, all in the sandbox's list",
        reload(100_000, in_journal=False),
        max_megabytes=GIGABYTE,
    )
    yield Line(
        "journal alone: 100k bills planned, sent, created, planned again",
        part("journal", folder, 100_000),
    )


def pacing_lines(folder: Path) -> Lines:
    command = [sys.executable, str(HERE / "pacing.py"), "--latency", "300", "--minutes", "1"]
    for way in ("serial", "inline", "separate"):
        measurement = run_measured([*command, "--only", way], exit_codes=(0, 1))
        reached, throttled = measurement.stdout.split()[-2:]
        name = f"load at 300 ms, {way}, {throttled} × 429"
        goal = 0.98 if way == "inline" else None
        yield Line(name, measurement, float(reached), "permitted rate", minimum=goal)


PARTS = {
    "csv": csv_lines,
    "stage": stage_lines,
    "xlsx": xlsx_lines,
    "workbook": workbook_lines,
    "load": load_lines,
    "pacing": pacing_lines,
    **EVERYDAY,
}


def machine() -> str:
    names = ("polars", "frictionless", "python-calamine", "XlsxWriter")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return (
        f"Of {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors, load average at the"
        f" beginning {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}, {versions}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=[*PARTS, "growth"], default=[*PARTS, "growth"])
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[10_000, 100_000, 1_000_000],
        help="line items of 'growth'",
    )
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="for RESULTS.md and the plot")
    options = parser.parse_args()
    lines = ["# Results of benchmarks/speed.py", "", machine(), "", *HEAD.splitlines()]
    missed = False

    def print_line(text: str) -> None:
        lines.append(text)
        print(text, flush=True)

    print("\n".join(lines))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part_name in PARTS:
            if part_name in options.only:
                for line in PARTS[part_name](folder):
                    missed = missed or line.missed
                    print_line(line.row())
        if "growth" in options.only:
            curves = growth.measure(folder, options.rows, validate)
            for text in growth.table(curves):
                print_line(text)
            missed = missed or not all(curve.linear for curve in curves)
            if options.write:
                (options.write / "growth.svg").write_text(growth.plot(curves))
    if options.write:
        (options.write / "RESULTS.md").write_text("\n".join(lines) + "\n")
    sys.exit(missed)


if __name__ == "__main__":
    main()
