"""How long the page in the browser takes: its first page, and a check of 100,000 rows.

    python benchmarks/page.py [--pairs 5] [--lines 80000]

Processor seconds, user and system, of the server from what is asked until what is answered: the
first page after the address was printed; a check from the upload of the files to the page with its
problems and the first rows of the grid. The check takes turns with ``light-import validate`` of the
same files, which ends with its result as CSV, or as the workbook. The ratio is that of the middle
ones. The exit code is 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from files import two_sheets
from measure import run_measured

_TICKS = os.sysconf("SC_CLK_TCK")
MOST_FIRST, MOST_RATIO = 1.0, 1.3
LIGHT_IMPORT = [sys.executable, "-m", "importer"]


@contextlib.contextmanager
def page_server(home: Path) -> Iterator[tuple[int, str]]:
    """The id of its process, and the address that it printed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("LIGHT_")}
    env |= {"LIGHT_IMPORT_HOME": str(home), "LIGHT_IMPORT_AMOUNTS": "cents"}
    command = [*LIGHT_IMPORT, "web", "--no-browser"]
    with subprocess.Popen(
        command, env=env, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.terminate()


def cpu_of(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def of_page(files: tuple[Path, ...], home: Path) -> tuple[float, float, float]:
    """Processor seconds of the first page, of the check, and of all with the server's start."""
    with page_server(home) as (process, address), httpx.Client(timeout=600) as client:
        began = cpu_of(process)
        client.base_url = address.partition("/?")[0]
        page = client.get(address, follow_redirects=True).text
        first = cpu_of(process) - began
        csrf = re.findall('name="csrf" content="([^"]+)"', page)[0]
        headers = {"x-csrf-token": csrf, "origin": str(client.base_url).rstrip("/")}
        began = cpu_of(process)
        id = client.post("/files", headers=headers).json()["id"]
        for file in files:
            data = file.read_bytes()
            client.put(
                f"/files/{id}/upload", params={"name": file.name}, content=data, headers=headers
            ).raise_for_status()
        while "data-job" in (page := client.get(f"/files/{id}").text):
            time.sleep(0.5)
        assert "data-grid" in page
        asked = {"table": 1, "show": "problems", "count": 100}
        assert client.get(f"/files/{id}/rows", params=asked).json()["total"]
        return first, cpu_of(process) - began, cpu_of(process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--lines", type=int, default=80_000, help="and a fifth of it bills")
    options = parser.parse_args()
    firsts, checks, started, tables, workbooks = [], [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        two_sheets(folder, options.lines, 0.005)
        files = (folder / "bills.csv", folder / "lines.csv")
        for turn in range(options.pairs + 1):
            home = folder / f"home-{turn}"
            home.mkdir()
            first, check, every = of_page(files, home)
            taken = []
            for ending in ("csv", "xlsx"):
                words = ["validate", *map(str, files), "--quiet", "--amounts", "cents"]
                words += ["--result", str(home / f"result.{ending}")]
                taken.append(run_measured([*LIGHT_IMPORT, *words], home, exit_codes=(1,)).cpu)
            if turn:  # the first may compile
                firsts.append(first)
                checks.append(check)
                started.append(every)
                tables.append(taken[0])
                workbooks.append(taken[1])
    first, check = statistics.median(firsts), statistics.median(checks)
    missed = first > MOST_FIRST
    print(f"first page: {first:.2f} s, at most {MOST_FIRST}{' MISSED' if missed else ''}")
    everything = statistics.median(started)
    for title, seconds in (("result.csv", tables), ("result.xlsx", workbooks)):
        took = statistics.median(seconds)
        over = check / took > MOST_RATIO
        missed |= over
        print(
            f"check of {options.lines * 6 // 5:,} rows: {check:.2f} s, validate --result {title}:"
            f" {took:.2f} s; ratio {check / took:.2f}, at most {MOST_RATIO}"
            f"{' MISSED' if over else ''}; with the server's start {everything:.2f} s, ratio"
            f" {everything / took:.2f}"
        )
    sys.exit(missed)


if __name__ == "__main__":
    main()
