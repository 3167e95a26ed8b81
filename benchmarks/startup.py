"""How long a small file takes, and the help, beside the imports that cannot be spared.

    python benchmarks/startup.py [--pairs 9]

Processor seconds of whole processes, user and system: ``light-import validate`` of a sample against
an import of pandera and openpyxl, ``light-import --help`` against an import of click. The two take
turns, as the machine may be busy, and the ratio is that of the middle ones. The exit code is 1
where a ratio misses its goal.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from measure import run_measured

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "light" / "bills.xlsx"
LIGHT_IMPORT = [sys.executable, "-m", "importer"]


def pairs(command: list[str], imports: str, count: int, folder: Path) -> tuple[float, float]:
    """Processor seconds of a command and of an import, the middle ones of ``count`` pairs."""
    commands = (command, [sys.executable, "-c", f"import {imports}"])
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(count + 1):
        for each, taken in zip(commands, seconds, strict=True):
            cpu = run_measured(each, folder).cpu
            if turn:  # the first may compile
                taken.append(cpu)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    count = parser.parse_args().pairs
    missed = False
    with tempfile.TemporaryDirectory() as name:
        validate = ["validate", str(SAMPLE), "--quiet"]
        for title, command, imports, goal in (
            ("validate", validate, "pandera.pandas, openpyxl", 1.4),
            ("--help", ["--help"], "click", 1.3),
        ):
            took, bare = pairs([*LIGHT_IMPORT, *command], imports, count, Path(name))
            ratio = took / bare
            missed |= ratio > goal
            print(
                f"{title}: {took:.2f} s, import {imports}: {bare:.2f} s; ratio {ratio:.2f}, at most"
                f" {goal}{' MISSED' if ratio > goal else ''}"
            )
    sys.exit(missed)


if __name__ == "__main__":
    main()
