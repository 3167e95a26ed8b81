"""Each hostile file of tests/hostile.py through ``light-import validate``: time, memory, words.

    python benchmarks/hostile.py [--only WORD]

Seconds are of the processor. The references are ``light-import --version`` and an ordinary file;
nothing should take more than 2 s and 500 MB above the first. What takes longer is measured twice
more, and the least counts, as a busy machine adds to it. The exit code is 1 where that is too much.
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
LONGEST = 30  # seconds of the processor; then it is stopped
LONGEST_WAIT = 300  # seconds of the clock
AGAIN = 2  # times


def measured(args: list[str], folder: Path) -> tuple[float, float, int, str]:
    """Seconds of the processor, peak memory in MB, exit code (below 0: stopped), what was told."""
    env = os.environ | {"LIGHT_IMPORT_HOME": str(folder / "home")}

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))

    with (folder / "told").open("w+b") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "importer", *args],
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            env=env,
            cwd=folder,
            preexec_fn=limited,
        )
        began, ended = time.monotonic(), 0
        while not ended:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not ended and time.monotonic() - began > LONGEST_WAIT:
                process.kill()
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        words = told.read().decode(errors="replace")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, process.returncode, words


def _make(hostile: Hostile, folder: str, told: object) -> None:
    told.put(hostile.make(Path(folder)))  # type: ignore[attr-defined]


def made(hostile: Hostile, folder: str) -> list[str]:
    """The file, by a process of its own: what this one has held counts for those it starts."""
    told: multiprocessing.Queue[list[str]] = multiprocessing.Queue()
    process = multiprocessing.Process(target=_make, args=(hostile, folder, told))
    process.start()
    args = told.get()
    process.join()
    return args


def _as_said(hostile: Hostile, code: int, words: str) -> bool:
    fine = code in (0, 1, 2) and "Traceback" not in words and "fault of" not in words
    return fine and (hostile.message is None or (code == 2 and hostile.message in words))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="those with this word in their names")
    only = parser.parse_args().only
    usual = str(ROOT / "samples" / "light" / "bills.xlsx")
    with tempfile.TemporaryDirectory() as name:
        base, base_mb, _, _ = min(measured(["--version"], Path(name)) for _ in range(3))
        print(f"   {'--version':<52} {base:6.2f} s {base_mb:6.0f} MB")
        seconds, memory, _, _ = min(measured(["validate", usual], Path(name)) for _ in range(3))
        print(f"   {'an ordinary workbook':<52} {seconds:6.2f} s {memory:6.0f} MB", flush=True)
    over = 0
    for hostile in HOSTILE:
        if only not in hostile.name:
            continue
        with tempfile.TemporaryDirectory() as name:
            args = made(hostile, name)
            tries = []
            for _ in range(1 + AGAIN):
                tries.append(measured(["validate", *args], Path(name)))
                seconds, memory, code, words = min(tries)
                quick = seconds <= base + SECONDS and memory <= base_mb + MEGABYTES
                if quick:
                    break
        fine = quick and _as_said(hostile, code, words)
        over += not fine
        told = " ".join(words.replace(name + "/", "").split())[-150:]
        print(
            f"{'  ' if fine else '!!'} {hostile.name:<52} {seconds:6.2f} s {memory:6.0f} MB"
            f"  exit {code}  {told}",
            flush=True,
        )
    print(f"{over} of them over the limit")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
