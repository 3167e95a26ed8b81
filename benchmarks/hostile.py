"""Time, memory and output of ``light-import validate`` for each hostile file of tests/hostile.py.

    python benchmarks/hostile.py [--only WORD]

Seconds are CPU seconds. The references are ``light-import --version`` and an ordinary workbook; the
limit is 2 s and 500 MB above the former. A file above it is run_measured twice more, since a busy
machine adds to it, and the minimum counts. The exit code is 1 if a file is over the limit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from hostile import HOSTILE, Hostile  # noqa: E402

SECONDS, MEGABYTES = 2.0, 500
MAX_CPU_SECONDS = 30  # then it is stopped
MAX_SECONDS = 300
RETRIES = 2


def run_measured(args: list[str], folder: Path) -> tuple[float, float, int, str]:
    """CPU seconds, peak memory in MB, exit code (below 0: stopped by a signal), output."""
    env = os.environ | {"LIGHT_IMPORT_HOME": str(folder / "home")}

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))

    with (folder / "output").open("w+b") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "importer", *args],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=env,
            cwd=folder,
            preexec_fn=limited,
        )
        began, ended = time.monotonic(), 0
        while not ended:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not ended and time.monotonic() - began > MAX_SECONDS:
                process.kill()
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode, text


def _write(hostile: Hostile, folder: str, queue: object) -> None:
    queue.put(hostile.make(Path(folder)))  # type: ignore[attr-defined]


def write_separately(hostile: Hostile, folder: str) -> list[str]:
    """Write the file in a separate process; the peak of a child starts at that of its parent."""
    queue: multiprocessing.Queue[list[str]] = multiprocessing.Queue()
    process = multiprocessing.Process(target=_write, args=(hostile, folder, queue))
    process.start()
    args = queue.get()
    process.join()
    return args


def _is_expected(hostile: Hostile, code: int, output: str) -> bool:
    fine = code in (0, 1, 2) and "Traceback" not in output and "fault of" not in output
    return fine and (hostile.message is None or (code == 2 and hostile.message in output))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="those with this word in their names")
    only = parser.parse_args().only
    usual = str(ROOT / "samples" / "light" / "bills.xlsx")
    with tempfile.TemporaryDirectory() as name:
        base, base_mb, _, _ = min(run_measured(["--version"], Path(name)) for _ in range(3))
        print(f"   {'--version':<52} {base:6.2f} s {base_mb:6.0f} MB")
        seconds, memory, _, _ = min(run_measured(["validate", usual], Path(name)) for _ in range(3))
        print(f"   {'an ordinary workbook':<52} {seconds:6.2f} s {memory:6.0f} MB", flush=True)
    over = 0
    for hostile in HOSTILE:
        if only not in hostile.name:
            continue
        with tempfile.TemporaryDirectory() as name:
            args = write_separately(hostile, name)
            runs = []
            for _ in range(1 + RETRIES):
                runs.append(run_measured(["validate", *args], Path(name)))
                seconds, memory, code, output = min(runs)
                within_limits = seconds <= base + SECONDS and memory <= base_mb + MEGABYTES
                if within_limits:
                    break
        fine = within_limits and _is_expected(hostile, code, output)
        over += not fine
        message = " ".join(output.replace(name + "/", "").split())[-150:]
        print(
            f"{'  ' if fine else '!!'} {hostile.name:<52} {seconds:6.2f} s {memory:6.0f} MB"
            f"  exit {code}  {message}",
            flush=True,
        )
    print(f"{over} of them over the limit")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
