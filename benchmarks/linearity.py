"""Which files cost more than their rows: samples and hostile layouts, few rows and many.

    python benchmarks/linearity.py [--rows 5000] [--only WORD] [--seconds 60]
    python benchmarks/linearity.py --samples    # the samples too

Every layout of ``layouts.py`` and ``file_layouts.py``, and with ``--samples`` every sample of
``samples/make.py``, is checked as it stands, with so many rows and with four times as many, each by
a process of its own, two of them at a time. On two idle cores that takes about four minutes, with
the samples about eight. Printed are the CPU seconds of each, the microseconds that a row takes
beyond the fixed cost, and how many times as much it takes in the larger file. What runs for longer
than ``--seconds`` is stopped.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from file_layouts import FILES
from layouts import FLAT, TWO_SHEETS, Write

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
sys.path.insert(0, str(SAMPLES))

import make  # noqa: E402

TIMES = 4
AT_ONCE = 2  # commands
MOST = 1.4  # times as long a row may take in the larger file
SLOW = 50  # microseconds a row
FELT = 0.5  # seconds beyond that; less is chance
LIGHT_IMPORT = (sys.executable, "-m", "importer")
HEADER_ROWS = {"EXTF_Buchungsstapel.csv": 2, "mixed-postings.csv": 2, "report-by-vendor.csv": 2,
               "split-header.csv": 2}  # fmt: skip
IDENTIFYING = re.compile(
    r"\*?(bill ?ref|(invoice|bill|supplier invoice|transaction)? ?(number|no|id)|reference|voucher"
    r"|document|invoice|belegfeld 1)",
    re.IGNORECASE,
)
END = re.compile(r"\**\s*end of|\*+ end", re.IGNORECASE)  # what a template may stop at


@dataclass(frozen=True)
class Grown:
    """CPU seconds of a command with few rows and with many; None where it was stopped."""

    name: str
    rows: int
    seconds: tuple[float | None, ...]

    def _a_row(self, k: int) -> float:
        fixed, took = self.seconds[0], self.seconds[k]
        if fixed is None or took is None:
            return float("inf")
        return max(took - fixed, 1e-3) / (self.rows * TIMES ** (k - 1)) * 1e6

    @property
    def verdict(self) -> str:
        if None in self.seconds:
            return "**stopped**"
        fixed, few, many = self.seconds
        if many - fixed > MOST * TIMES * max(few - fixed, 0) + FELT:
            return "**not linear**"
        return "slow" if self._a_row(2) > SLOW else ""

    @property
    def line(self) -> str:
        took = " | ".join("–" if s is None else f"{s:.2f}" for s in self.seconds)
        times = self._a_row(2) / self._a_row(1) if None not in self.seconds else float("inf")
        return f"| {self.name} | {took} | {self._a_row(2):.0f} | {times:.2f} | {self.verdict} |"


def cpu_seconds(arguments: list[str], folder: Path, most: int) -> float | None:
    """Of one command, as it is typed in ``folder``; None if it took more than ``most``."""
    environment = {**os.environ, "LIGHT_IMPORT_HOME": str(folder / "home")}
    with subprocess.Popen(
        [*LIGHT_IMPORT, *arguments],
        cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (most, most)),
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode in (-9, -24):
        return None
    if process.returncode not in (0, 1) or "unexpected" in said:
        print(f"  {' '.join(arguments)}: ended with {process.returncode}: {said[-300:]}")
    return usage.ru_utime + usage.ru_stime


# --- samples ----------------------------------------------------------------------------------


def grow(path: Path, times: int, *, differ: bool) -> None:
    """The rows of a file again and again; ``differ``: with identifying cells of their own."""
    if path.suffix == ".xlsx":
        _grow_workbook(path, times, differ=differ)
        return
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    ends = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    lines = text.split(ends)
    header = HEADER_ROWS.get(path.name, 1)
    first, body = lines[:header], [line for line in lines[header:] if line]
    last = [line for line in body if END.match(line.lstrip('"'))]
    body = [line for line in body if line not in last]
    delimiter = max(",;\t", key=first[-1].count)
    grown = [ends.join(body)] * times
    if differ:
        rows = list(csv.reader(io.StringIO("\n".join(body)), delimiter=delimiter))
        headers = next(csv.reader([first[-1]], delimiter=delimiter))
        at = [k for k, name in enumerate(headers) if IDENTIFYING.fullmatch(name.strip())]
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator=ends)
        for again in range(times):
            writer.writerows(_differing(row, at, again) for row in rows)
        grown = [out.getvalue().removesuffix(ends)]
    path.write_bytes((ends.join([*first, *grown, *last]) + ends).encode(encoding))


def _differing(row: list[str], at: list[int], again: int) -> list[str]:
    return [f"{text}-{again}" if text and k in at else text for k, text in enumerate(row)]


def _grow_workbook(path: Path, times: int, *, differ: bool) -> None:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    before, after = openpyxl.load_workbook(path), openpyxl.Workbook(write_only=True)
    for sheet in before:
        out = after.create_sheet(sheet.title)
        rows = [[(c.value, c.number_format) for c in row] for row in sheet.iter_rows()]
        at = [k for k, (name, _) in enumerate(rows[0]) if IDENTIFYING.fullmatch(str(name).strip())]
        last = [row for row in rows[1:] if END.match(str(row[0][0]))]
        body = [row for row in rows[1:] if row not in last]
        out.append([value for value, _ in rows[0]])
        for again in range(times):
            for row in body:
                cells = []
                for k, (value, shown) in enumerate(row):
                    own = differ and k in at and value is not None
                    cells.append(WriteOnlyCell(out, f"{value}-{again}" if own else value))
                    cells[-1].number_format = shown
                out.append(cells)
        for row in last:
            out.append([value for value, _ in row])
    after.save(path)


def rows_of(path: Path) -> int:
    if path.suffix != ".xlsx":
        return len(path.read_bytes().splitlines())
    import openpyxl

    return max(sheet.max_row for sheet in openpyxl.load_workbook(path))


def samples(folder: Path) -> Iterator[tuple[str, Write]]:
    copy = make.copy_of_samples(folder)
    for case in make.CASES:
        for differ in (False, True):

            def write(own: Path, rows: int, case=case, differ=differ) -> list[str]:  # type: ignore[no-untyped-def]
                for name in {Path(file).parent for file in case.files}:
                    shutil.copytree(copy / name, own / name, dirs_exist_ok=True)
                most = max(rows_of(own / file) for file in case.files)
                for file in case.files if rows else ():
                    grow(own / file, -(-rows // most), differ=differ)
                return ["validate", *case.arguments, "--result", "result.csv"]

            yield f"{case.name}, {'differing' if differ else 'repeated'}", write


def measured(named: tuple[str, Write], rows: int, most: int) -> Grown:
    name, write = named
    took: list[float | None] = []
    for count in (0, rows, rows * TIMES):
        with tempfile.TemporaryDirectory() as own:
            folder = Path(own).resolve()
            took.append(cpu_seconds(write(folder, count), folder, most))
    return Grown(name, rows, tuple(took))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--only", default="", metavar="WORD", help="those whose name has it")
    parser.add_argument("--seconds", type=int, default=60, help="at most so many a command")
    parser.add_argument("--samples", action="store_true", help="the samples, too")
    options = parser.parse_args()
    print(f"| | as it is | {options.rows:,} rows | {options.rows * TIMES:,} rows | µs a row | times"
          " |  |\n|---|---:|---:|---:|---:|---:|---|")  # fmt: skip
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(AT_ONCE) as pool:
        every = [*(FLAT | TWO_SHEETS | FILES).items()]
        if options.samples:
            every += samples(Path(temporary).resolve())
        every = [(name, write) for name, write in every if options.only in name]
        of_one = partial(measured, rows=options.rows, most=options.seconds)
        for grown in pool.map(of_one, every):
            print(grown.line, flush=True)


if __name__ == "__main__":
    main()
