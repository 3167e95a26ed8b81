# ruff: noqa: E501  tables of one line each
"""Each hostile file of tests/hostile.py through ``light-import validate``: time, memory, words.

    python benchmarks/hostile.py [--only WORD]

The reference is ``light-import --version``. Nothing should take more than 2 s and 500 MB above it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from hostile import HOSTILE

LONGEST = 20  # seconds; then it is stopped


def measured(args: list[str], folder: Path) -> tuple[float, float, int, str]:
    """Seconds of CPU, peak memory in MB, exit code (-1: stopped), the last line told."""
    env = os.environ | {"LIGHT_IMPORT_HOME": str(folder / "home")}
    with (folder / "told").open("w+b") as told:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "importer", *args], stdout=told, stderr=told, env=env, cwd=folder
        )
        ended = 0
        while not ended and time.monotonic() - began < LONGEST:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            time.sleep(0.01)
            if os.path.exists(f"/proc/{process.pid}/statm") and not ended:
                pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
                if pages * 4096 > 2 << 30:
                    break
        if not ended:
            process.kill()
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        words = told.read().decode(errors="replace")
    seconds = usage.ru_utime + usage.ru_stime
    return seconds, usage.ru_maxrss / 1024, process.returncode, words


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory() as name:
        base, memory, _, _ = measured(["--version"], Path(name))
        print(f"{'reference':<48} {base:6.2f} s {memory:6.0f} MB")
    for hostile in HOSTILE:
        if only not in hostile.name:
            continue
        with tempfile.TemporaryDirectory() as name:
            args = hostile.make(Path(name))
            seconds, memory, code, words = measured(["validate", *args], Path(name))
        good = seconds < 2 and memory < 500 and "Traceback" not in words and "fault of" not in words
        good = good and (
            code == 2 and hostile.says in words if hostile.says is not None else code >= 0
        )
        told = " ".join(words.replace(name + "/", "").split())[-170:]
        print(
            f"{'' if good else '!! '}{hostile.name:<48} {seconds:6.2f} s {memory:6.0f} MB  exit {code}  {told}",
            flush=True,
        )


if __name__ == "__main__":
    main()
