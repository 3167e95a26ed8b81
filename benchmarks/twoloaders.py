"""Two loaders with separate homes on one file: is every bill in Light, and every double named?

    python benchmarks/twoloaders.py [--rounds 5] [--bills 60] [--per-minute 1200] [--seed 0]

Each round has its own sandbox, whose list lags behind, and two ``light-import load`` processes that
start at once, half-way, while the question of one waits, or of which one is killed and run again.
Then the load that ended last must name every bill that is in Light twice, with both ids, and end
with exit code 3 (0 without doubles); so must a later load and ``verify``. The exit code is 1 where
a bill is missing, a double is not named, or something is called a double that is none.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from importer.sandbox import Sandbox, SandboxSettings, running

REFERENCE = Path(__file__).parent.parent / "importer" / "sandbox" / "reference"
MODES = ("at once", "half-way", "question", "killed")
SETTLE = 2.0
# Loads with a question that waits for the file "agreed".
WAITING = """
import sys, time, pathlib, json
from importer.app import CheckRequest, LoadOptions, PaceOptions, load
url, settle, pace, answer, *files = sys.argv[1:]
def consent(forecast):
    pathlib.Path(answer + ".asked").touch()
    while not pathlib.Path(answer).exists():
        time.sleep(0.05)
    return True
options = LoadOptions(base_url=url, settle=float(settle),
                      pace=PaceOptions(requests_per_minute=int(pace)))
result = load(CheckRequest(tuple(files)), options, consent=consent)
print("".join(result.json()))
sys.exit(result.exit_code)
"""


@dataclass
class Loader:
    """One computer: its home, its load and what that printed."""

    home: Path
    process: subprocess.Popen[str]
    ended: float = 0.0

    def wait(self) -> dict[str, object]:
        out, err = self.process.communicate(timeout=600)
        self.ended = time.monotonic()
        if not out:
            sys.exit(f"A load failed ({self.process.returncode}): {err}")
        result: dict[str, object] = json.loads(out)
        return result


def active_ids(name: str) -> list[str]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return [row["id"] for row in csv.DictReader(file) if row["status"] == "ACTIVE"]


def write_sheets(folder: Path, bills: int) -> list[str]:
    vendors, accounts = active_ids("vendors.csv"), active_ids("accounts.csv")
    paths = folder / "bills.csv", folder / "lines.csv"
    with paths[0].open("w", newline="") as b, paths[1].open("w", newline="") as n:
        bill, line = csv.writer(b), csv.writer(n)
        bill.writerow(
            "billRef vendorId invoiceNumber issuedDate currency amount lineItemsIncludeTax".split()
        )
        line.writerow("billRef description netAmount accountId".split())
        for i in range(bills):
            vendor = vendors[i % len(vendors)]
            bill.writerow([i, vendor, f"INV-{i:06}", "2026-01-05", "GBP", 10_000 + i, "false"])
            line.writerow([i, "Line", 10_000 + i, accounts[0]])
    return [str(path) for path in paths]


class Round:
    """The computers of one round."""

    def __init__(self, folder: Path, light: Sandbox, bills: int, per_minute: int) -> None:
        self.folder, self.light, self.per_minute = folder, light, per_minute
        self.files = write_sheets(folder, bills)

    def run(self, name: str, *words: str) -> Loader:
        home = self.folder / name
        home.mkdir(exist_ok=True)
        environment = os.environ | {
            "LIGHT_API_KEY": SandboxSettings.key,
            "LIGHT_IMPORT_HOME": str(home),
            "LIGHT_IMPORT_SETTLE": str(SETTLE),
        }
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=home,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Loader(home, process)

    def load(self, name: str) -> Loader:
        pace = ("--requests-per-minute", str(self.per_minute))
        words = ("--yes", "--json", "--quiet", "--base-url", self.light.base_url, *pace)
        return self.run(name, "-m", "importer", "load", *self.files, *words)

    def load_with_question(self, name: str, answer: Path) -> Loader:
        pace = str(self.per_minute)
        words = (self.light.base_url, str(SETTLE), pace, str(answer), *self.files)
        return self.run(name, "-c", WAITING, *words)

    def until(self, bills: int) -> None:
        while len(self.light.bills()) < bills:
            time.sleep(0.02)

    def play(self, mode: str, bills: int, chance: random.Random) -> tuple[str, dict[str, object]]:
        """Who ended last, and what that load said."""
        answer = self.folder / "agreed"
        first = self.load_with_question("a", answer) if mode == "question" else self.load("a")
        if mode == "half-way":
            self.until(bills // 2)
        if mode == "question":
            while not Path(f"{answer}.asked").exists():
                time.sleep(0.02)
        second = self.load("b")
        if mode == "question":
            self.until(chance.randrange(bills))
            answer.touch()
        if mode == "killed":
            self.until(1 + chance.randrange(bills - 1))
            first.process.send_signal(signal.SIGKILL)
            first.process.communicate()
            first = self.load("a")
        loaders = {"a": first, "b": second}
        with ThreadPoolExecutor() as pool:
            results = dict(zip(loaders, pool.map(Loader.wait, loaders.values()), strict=True))
        last = max(loaders, key=lambda name: loaders[name].ended)
        return last, results[last]

    def doubles(self) -> dict[str, list[str]]:
        ids: dict[str, list[str]] = {}
        for bill in self.light.bills():
            ids.setdefault(str(bill["invoiceNumber"]), []).append(str(bill["id"]))
        return {number: each for number, each in ids.items() if len(each) > 1}


def lies(result: dict[str, object], doubles: dict[str, list[str]], code: int | None) -> list[str]:
    """What a command did not tell, or told without cause."""
    findings = result["findings"]
    assert isinstance(findings, list)
    twice = {f["value"]: f["message"] for f in findings if f["code"] == "light.twice"}
    out = [f"{number} is not named" for number in doubles if number not in twice]
    out += [f"{number} is no double" for number in twice if number not in doubles]
    out += [
        f"{number} lacks an id"
        for number, ids in doubles.items()
        if number in twice and not all(each in twice[number] for each in ids)
    ]
    if code is not None and result["exit_code"] != code:
        out.append(f"exit code {result['exit_code']} where {code} was due")
    return out


def play(mode: str, args: argparse.Namespace, chance: random.Random) -> tuple[int, list[str]]:
    """How many doubles a round came to, and what was wrong."""
    settings = SandboxSettings(
        requests_per_minute=10**6,
        requests_per_day=10**9,
        latency=chance.uniform(0.0, 0.1),
        list_lag=chance.choice([0.0, 0.5, 1.0]),
    )
    with tempfile.TemporaryDirectory() as name, running(settings) as light:
        this = Round(Path(name), light, args.bills, args.per_minute)
        last, result = this.play(mode, args.bills, chance)
        doubles = this.doubles()
        numbers = Counter(str(bill["invoiceNumber"]) for bill in light.bills())
        wrong = [] if len(numbers) == args.bills else [f"{args.bills - len(numbers)} are missing"]
        code = 3 if doubles else 0
        wrong += [f"last load: {text}" for text in lies(result, doubles, code)]
        later = this.load(last).wait()
        wrong += [f"later load: {text}" for text in lies(later, doubles, code)]
        run = str(result["run"])
        verify = this.run(last, "-m", "importer", "verify", run, "--json", "--quiet").wait()
        wrong += [f"verify: {text}" for text in lies(verify, doubles, code)]
    return len(doubles), wrong


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bills", type=int, default=60)
    parser.add_argument("--per-minute", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(words)
    failed = False
    total = 0
    print("round  mode      doubles  wrong")
    for i in range(args.rounds):
        mode = MODES[i % len(MODES)]
        doubles, wrong = play(mode, args, random.Random(f"{args.seed} {i}"))
        total += doubles
        failed = failed or bool(wrong)
        print(f"{i:>5}  {mode:8} {doubles:>8}  {'; '.join(wrong) or '-'}", flush=True)
    print(f"\n{args.rounds} rounds of {args.bills} bills: {total} doubles, each named"
          if not failed else "\nFAILED")  # fmt: skip
    sys.exit(failed)


if __name__ == "__main__":
    main()
