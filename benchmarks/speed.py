"""How fast checking, reading, writing and loading are, and in how much memory.

    pip install -e '.[bench]'
    python benchmarks/speed.py [--only csv stage xlsx workbook load pacing growth] [--write FOLDER]

Everything is measured beside its reference, a library that does a part of it, in the same run, each
in a process of its own: machines differ, and ratios much less. Ratios are of seconds on the clock,
so that nothing else should be running. ``--write`` puts the tables in RESULTS.md and the plot of
``growth`` beside it. The exit code is 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import growth
from files import one_sheet, two_sheets
from measure import Took, measured, middle, part

HERE = Path(__file__).resolve().parent
GIGABYTE = 1024.0  # in megabytes


@dataclass(frozen=True)
class Line:
    """A figure of the table; ``times`` is the ratio to its reference, ``most`` its target."""

    what: str
    took: Took
    times: float | None = None
    reference: str = ""
    most: float | None = None
    least: float | None = None
    megabytes: float | None = None  # the most it may take

    @property
    def target(self) -> str:
        words = []
        if self.most is not None:
            words.append(f"≤ {self.most:g}" + (" ×" if self.reference else " s"))
        if self.least is not None:
            words.append(f"≥ {self.least:g} ×")
        if self.megabytes is not None:
            words.append(f"≤ {self.megabytes:,.0f} MB")
        return ", ".join(words)

    @property
    def missed(self) -> bool:
        figure = self.took.seconds if self.times is None else self.times
        return (
            (self.most is not None and figure > self.most)
            or (self.least is not None and figure < self.least)
            or (self.megabytes is not None and self.took.megabytes > self.megabytes)
        )

    def row(self) -> str:
        took = self.took
        ratio = "" if self.times is None else f"{self.times:.2f} × {self.reference}"
        verdict = "" if not self.target else "**missed**" if self.missed else "met"
        return (
            f"| {self.what} | {took.seconds:.2f} | {took.cpu:.2f} | {took.megabytes:,.0f} |"
            f" {ratio} | {self.target} | {verdict} |"
        )


HEAD = """\
| what | seconds | CPU s | peak MB | ratio | target | |
|---|---:|---:|---:|---:|---|---|"""

Lines = Iterator[Line]


def validate(folder: Path, *files: str, times: int = 1) -> Took:
    """The whole command, with a CSV as its result."""
    command = [sys.executable, "-m", "importer", "validate", "--quiet", *files]
    command += ["--result", "out.csv"]
    runs = []
    for _ in range(times):
        (folder / "out.csv").unlink(missing_ok=True)
        runs.append(measured(command, folder, may_end=(0, 1)))
    return middle(runs)


TWO = ("--bills", "bills.csv", "--lines", "lines.csv")


def made(folder: Path, lines: int, bad: float) -> Path:
    """A folder with the two sheets, made once."""
    own = folder / f"{lines}-{bad}"
    if not own.exists():
        two_sheets(own, lines, bad)
    return own


def of_csv(folder: Path) -> Lines:
    good, bad = made(folder, 1_000_000, 0.005), made(folder, 1_000_000, 0.2)
    read = part("polars", good, times=5)
    yield Line("polars reads 200k bills + 1M lines", read)
    first = validate(good, *TWO, times=3)
    yield Line("validate --result out.csv, 0.5 % bad", first, first.seconds / read.seconds,
               "polars", most=20, megabytes=1.5 * GIGABYTE)  # fmt: skip
    second = validate(bad, *TWO, times=3)
    yield Line("validate --result out.csv, 20 % bad", second, second.seconds / first.seconds,
               "0.5 % bad", most=2, megabytes=1.5 * GIGABYTE)  # fmt: skip


def of_stage(folder: Path) -> Lines:
    good, bad = made(folder, 1_000_000, 0.005), made(folder, 1_000_000, 0.2)
    read = part("polars", good, times=5)
    yield Line("polars reads 200k bills + 1M lines", read)
    first = part("stage", good)
    yield Line("the validation stage alone, 0.5 % bad", first, first.seconds / read.seconds,
               "polars", most=5, megabytes=GIGABYTE)  # fmt: skip
    second = part("stage", bad)
    yield Line("the validation stage alone, 20 % bad", second, second.seconds / first.seconds,
               "0.5 % bad", most=1.5, megabytes=GIGABYTE)  # fmt: skip
    small = made(folder, 100_000, 0.005)
    ours = part("stage", small, times=3)
    theirs, types = part("frictionless", small), part("frictionless_types", small)
    yield Line("frictionless, types of 100k lines only", types, types.seconds / ours.seconds,
               "the stage below")  # fmt: skip
    yield Line("frictionless, our rules on one cell and the reference of a line", theirs)
    yield Line("the validation stage alone, 20k bills + 100k lines", ours,
               theirs.seconds / ours.seconds, "faster than frictionless", least=30)  # fmt: skip


def of_xlsx(folder: Path) -> Lines:
    path = folder / "book.xlsx"
    part("make_workbook", path, 100_000)
    theirs = part("calamine", path, times=3)
    yield Line("python-calamine reads 20k bills + 100k lines", theirs)
    ours = part("xlsx", path, times=3)
    yield Line("the same read, guard included", ours, ours.seconds / theirs.seconds,
               "python-calamine", most=1.5)  # fmt: skip


def of_workbook(folder: Path) -> Lines:
    own = folder / "flat"
    one_sheet(own, 100_000, 0.005)
    theirs = part("xlsxwriter", own)
    yield Line("XlsxWriter writes 100k rows × 21", theirs)
    ours = part("workbook", own)
    yield Line("result workbook, 100k rows × 20 and our own", ours, ours.seconds / theirs.seconds,
               "XlsxWriter (goal 0.3)", most=1, megabytes=300)  # fmt: skip


def of_load(folder: Path) -> Lines:
    from reload import resumed

    yield Line("100k bills + 500k lines planned and resumed, all in the journal",
               resumed(100_000), most=60, megabytes=GIGABYTE)  # fmt: skip
    yield Line("the same with a new journal, all in the sandbox's list",
               resumed(100_000, found=True), megabytes=GIGABYTE)  # fmt: skip
    yield Line("journal alone: 100k bills planned, sent, created, planned again",
               part("journal", folder, 100_000))  # fmt: skip


def of_pacing(folder: Path) -> Lines:
    command = [sys.executable, str(HERE / "pacing.py"), "--latency", "300", "--minutes", "1"]
    for way in ("serial", "inline", "separate"):
        took = measured([*command, "--only", way], may_end=(0, 1))
        reached, throttled = took.said.split()[-2:]
        name = f"load at 300 ms, {way}, {throttled} × 429"
        goal = 0.98 if way == "inline" else None
        yield Line(name, took, float(reached), "permitted rate", least=goal)


PARTS = {
    "csv": of_csv,
    "stage": of_stage,
    "xlsx": of_xlsx,
    "workbook": of_workbook,
    "load": of_load,
    "pacing": of_pacing,
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
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000],
                        help="line items of 'growth'")  # fmt: skip
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="for RESULTS.md and the plot")
    options = parser.parse_args()
    said = ["# Results of benchmarks/speed.py", "", machine(), "", *HEAD.splitlines()]
    missed = False

    def say(text: str) -> None:
        said.append(text)
        print(text, flush=True)

    print("\n".join(said))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part_name in PARTS:
            if part_name in options.only:
                for line in PARTS[part_name](folder):
                    missed = missed or line.missed
                    say(line.row())
        if "growth" in options.only:
            curves = growth.measure(folder, options.rows, validate)
            for text in growth.table(curves):
                say(text)
            missed = missed or not all(curve.linear for curve in curves)
            if options.write:
                (options.write / "growth.svg").write_text(growth.plot(curves))
    if options.write:
        (options.write / "RESULTS.md").write_text("\n".join(said) + "\n")
    sys.exit(missed)


if __name__ == "__main__":
    main()
