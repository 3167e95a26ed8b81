"""Check that the time of ``validate`` grows linearly with the rows, for many layouts.

    python benchmarks/linearity.py [--rows 5000] [--only WORD] [--seconds 60]
    python benchmarks/linearity.py --samples    # the samples too

Every layout of ``layouts.py`` and ``file_layouts.py``, and with ``--samples`` every case of
``samples/make.py``, is validated with a minimum of rows, with ``--rows`` and with four times as
many, each in a separate process, two at a time. On two idle cores that takes about four minutes,
with the samples about eight. The table has the CPU seconds of each, the microseconds per row beyond
the fixed cost, and the ratio of that in the larger file to that in the smaller. A command that uses
more than ``--seconds`` is stopped.
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

FACTOR = 4
JOBS = 2  # commands at a time
MAX_RATIO = 1.4  # cost of a row in the larger file to that in the smaller
SLOW = 50  # microseconds a row
NOISE = 0.5  # CPU seconds beyond that ratio which count as noise
LIGHT_IMPORT = (sys.executable, "-m", "importer")
HEADER_ROWS = {
    "EXTF_Buchungsstapel.csv": 2,
    "mixed-postings.csv": 2,
    "report-by-vendor.csv": 2,
    "split-header.csv": 2,
}
IDENTIFYING = re.compile(
    r"\*?(bill ?ref|(invoice|bill|supplier invoice|transaction)? ?(number|no|id)|reference|voucher"
    r"|document|invoice|belegfeld 1)",
    re.IGNORECASE,
)
END = re.compile(r"\**\s*end of|\*+ end", re.IGNORECASE)  # what a template may stop at


@dataclass(frozen=True)
class Growth:
    """CPU seconds of a command with no, few and many rows; None where it was stopped."""

    name: str
    rows: int
    seconds: tuple[float | None, ...]

    def _microseconds_per_row(self, k: int) -> float:
        fixed, total = self.seconds[0], self.seconds[k]
        if fixed is None or total is None:
            return float("inf")
        return max(total - fixed, 1e-3) / (self.rows * FACTOR ** (k - 1)) * 1e6

    @property
    def verdict(self) -> str:
        if None in self.seconds:
            return "**stopped**"
        fixed, few, many = self.seconds
        if many - fixed > MAX_RATIO * FACTOR * max(few - fixed, 0) + NOISE:
            return "**not linear**"
        return "slow" if self._microseconds_per_row(2) > SLOW else ""

    @property
    def line(self) -> str:
        cells = " | ".join("–" if s is None else f"{s:.2f}" for s in self.seconds)
        few, many = self._microseconds_per_row(1), self._microseconds_per_row(2)
        ratio = float("inf") if None in self.seconds else many / few
        return f"| {self.name} | {cells} | {many:.0f} | {ratio:.2f} | {self.verdict} |"


def cpu_seconds(arguments: list[str], folder: Path, limit: int) -> float | None:
    """CPU seconds of one command in ``folder``; None if it used more than ``limit``."""
    environment = {**os.environ, "LIGHT_IMPORT_HOME": str(folder / "home")}
    with subprocess.Popen(
        [*LIGHT_IMPORT, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)),
    ) as process:
        assert process.stderr is not None
        errors = process.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode in (-9, -24):
        return None
    if process.returncode not in (0, 1) or "unexpected" in errors:
        print(f"  {' '.join(arguments)}: ended with {process.returncode}: {errors[-300:]}")
    return usage.ru_utime + usage.ru_stime


# --- samples ----------------------------------------------------------------------------------


def grow(path: Path, times: int, *, differ: bool) -> None:
    """Repeat the rows of a file; with ``differ`` the identifying cells of each copy differ."""
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
        columns = [k for k, name in enumerate(headers) if IDENTIFYING.fullmatch(name.strip())]
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator=ends)
        for copy_number in range(times):
            writer.writerows(_differing(row, columns, copy_number) for row in rows)
        grown = [out.getvalue().removesuffix(ends)]
    path.write_bytes((ends.join([*first, *grown, *last]) + ends).encode(encoding))


def _differing(row: list[str], columns: list[int], copy_number: int) -> list[str]:
    return [
        f"{text}-{copy_number}" if text and k in columns else text for k, text in enumerate(row)
    ]


def _grow_workbook(path: Path, times: int, *, differ: bool) -> None:
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    before, after = openpyxl.load_workbook(path), openpyxl.Workbook(write_only=True)
    for sheet in before:
        out = after.create_sheet(sheet.title)
        rows = [[(c.value, c.number_format) for c in row] for row in sheet.iter_rows()]
        columns = [
            k for k, (name, _) in enumerate(rows[0]) if IDENTIFYING.fullmatch(str(name).strip())
        ]
        last = [row for row in rows[1:] if END.match(str(row[0][0]))]
        body = [row for row in rows[1:] if row not in last]
        out.append([value for value, _ in rows[0]])
        for copy_number in range(times):
            for row in body:
                cells = []
                for k, (value, shown) in enumerate(row):
                    is_changed = differ and k in columns and value is not None
                    cells.append(
                        WriteOnlyCell(out, f"{value}-{copy_number}" if is_changed else value)
                    )
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

            def write(target: Path, rows: int, case=case, differ=differ) -> list[str]:  # type: ignore[no-untyped-def]
                for name in {Path(file).parent for file in case.files}:
                    shutil.copytree(copy / name, target / name, dirs_exist_ok=True)
                rows_in_sample = max(rows_of(target / file) for file in case.files)
                for file in case.files if rows else ():
                    grow(target / file, -(-rows // rows_in_sample), differ=differ)
                return ["validate", *case.arguments, "--result", "result.csv"]

            yield f"{case.name}, {'differing' if differ else 'repeated'}", write


def measure(named: tuple[str, Write], rows: int, limit: int) -> Growth:
    name, write = named
    seconds: list[float | None] = []
    for count in (0, rows, rows * FACTOR):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary).resolve()
            seconds.append(cpu_seconds(write(folder, count), folder, limit))
    return Growth(name, rows, tuple(seconds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument(
        "--only", default="", metavar="WORD", help="only layouts with it in the name"
    )
    parser.add_argument("--seconds", type=int, default=60, help="maximum of a command")
    parser.add_argument("--samples", action="store_true", help="the samples too")
    options = parser.parse_args()
    print(
        f"| | fixed | {options.rows:,} rows | {options.rows * FACTOR:,} rows | µs a row | ratio"
        " |  |\n|---|---:|---:|---:|---:|---:|---|"
    )
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(JOBS) as pool:
        layouts = [*(FLAT | TWO_SHEETS | FILES).items()]
        if options.samples:
            layouts += samples(Path(temporary).resolve())
        layouts = [(name, write) for name, write in layouts if options.only in name]
        measure_one = partial(measure, rows=options.rows, limit=options.seconds)
        for growth in pool.map(measure_one, layouts):
            print(growth.line, flush=True)


if __name__ == "__main__":
    main()
