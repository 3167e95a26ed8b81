"""Check that ``load``, ``verify`` and ``undo`` grow linearly with the bills.

    python benchmarks/afterwards.py [--bills 2500] [--doublings 3]

Each command runs in a process of its own against a sandbox without latency whose limits are far
away. The table has the CPU seconds of the command, and the ratio of what a bill costs to what it
cost with the fewest bills. On two idle cores the default takes about ten minutes.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from conftest import bill_row, write_bills

from importer.sandbox import SandboxSettings, running

LIMITS = ("--requests-per-minute", "10000000", "--requests-per-day", "1000000000")
MAX_RATIO = 1.3  # cost of a bill among the most to that among the fewest
COMMANDS = ("load", "verify", "undo")


def seconds_of(folder: Path, words: list[str]) -> float:
    """CPU seconds of a command, which must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "importer", *words, *LIMITS, "--quiet"]
    environment = os.environ | {
        "LIGHT_IMPORT_HOME": str(folder / "home"),
        "LIGHT_API_KEY": SandboxSettings.key,
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(bills: int) -> dict[str, float]:
    """CPU seconds of each command with so many bills."""
    settings = SandboxSettings(requests_per_minute=10_000_000, requests_per_day=10**9)
    with tempfile.TemporaryDirectory() as name, running(settings) as light:
        folder = Path(name)
        files = write_bills(folder, [bill_row(i) for i in range(bills)])
        at = ["--yes", "--amounts", "cents", "--settle", "0.1", "--base-url", light.base_url]
        found = {
            "load": seconds_of(folder, ["load", *at, *files]),
            "verify": seconds_of(folder, ["verify", "latest"]),
            "undo": seconds_of(folder, ["undo", "latest", "--yes"]),
        }
    print(f"{bills:,}: {found}", file=sys.stderr, flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bills", type=int, default=2_500, help="the fewest")
    parser.add_argument("--doublings", type=int, default=3)
    options = parser.parse_args()
    counts = [options.bills << k for k in range(options.doublings + 1)]
    fixed = measure(1)
    found = [measure(count) for count in counts]
    print("| command |" + "".join(f" {count:,} bills |" for count in counts) + " cost of a bill |")
    print("|---|" + "---|" * (len(counts) + 1))
    ratios = []
    for name in COMMANDS:
        each = [(m[name] - fixed[name]) / count for m, count in zip(found, counts, strict=True)]
        ratios.append(each[-1] / each[0])
        cells = "".join(f" {m[name]:.1f} s |" for m in found)
        print(f"| {name} |{cells} × {ratios[-1]:.2f} |")
    sys.exit(max(ratios) > MAX_RATIO)


if __name__ == "__main__":
    main()
