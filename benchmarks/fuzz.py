# ruff: noqa: E501  tables of one line each
"""Random damage to files, templates, amounts, dates and answers: what breaks is kept.

    python benchmarks/fuzz.py [TARGET …] --minutes 30 [--jobs N] [--seed N] [--keep FOLDER]

Each target runs in a process of its own, for so many minutes of the clock, ``--jobs N`` of them at a
time. What is told at the end has the minutes of the processor too, since a busy machine gives fewer.
A finding is an exception that is not one of ours, an end of the process, more than ten seconds of the
processor for one input, or a minute in which the process only waits. The input is kept in FOLDER;
``--again FILE`` runs it once more, with its traceback. The exit code is 1 where there was a finding.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import hostile  # noqa: E402

from importer import amounts, cells, dates  # noqa: E402
from importer.errors import ImporterError  # noqa: E402
from importer.light import wire  # noqa: E402
from importer.sheets import read_file  # noqa: E402
from importer.template.loader import load_template  # noqa: E402

SLOWEST = 10  # seconds of the processor for one input
STANDSTILL = 60  # seconds of the clock without any of the processor
MEMORY = 2 << 30

INTERESTING = (
    b"", b"\0", b"\xff", b'"', b"'", b"<", b">", b"&", b"=", b"/", b"-1", b"0", b"9" * 20, b"1e308",
    b"NaN", b"\r", b"\n", b"\r\n", b",", b";", b"\t", b"\xef\xbb\xbf", b"\xff\xfe", b"1048577",
    b"A0", b"XFE1", b"ZZZZ1", b"a" * 300, b"<!--", b"]]>", b"<c>", b"</row>", b"&#x0;", b"&amp;",
    b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"{", b"}", b"[", b"]", b"*a", b"&a ", b"!!", b": ", b"- ",
    b"%", b"@", b"|", b"?", b"matches", b"(a+)+$", b"\x80\x00", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80",
)  # fmt: skip


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The bytes with a few changes: flips, cuts, copies, words of trouble."""
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 8, 30))):
        at = chance.randrange(len(out) + 1)
        kind = chance.randrange(6)
        if kind == 0 and at < len(out):
            out[at] = chance.randrange(256)
        elif kind == 1:
            out[at:at] = chance.choice(INTERESTING)
        elif kind == 2:
            del out[at : at + chance.choice((1, 2, 5, 50, 1000))]
        elif kind == 3:
            size = chance.choice((1, 4, 20, 200, 2000))
            out[at:at] = out[max(0, at - size) : at] * chance.choice((1, 2, 20))
        elif kind == 4 and at < len(out):
            word = chance.choice(INTERESTING)
            out[at : at + len(word)] = word
        elif len(out) > 8:
            a, b = sorted(chance.sample(range(len(out)), 2))
            part = out[a : min(b, a + 500)]
            del out[a : min(b, a + 500)]
            at = min(at, len(out))
            out[at:at] = part
        if len(out) > 300_000:
            del out[300_000:]
    return bytes(out)


def mutated_zip(data: bytes, chance: random.Random) -> bytes:
    """A workbook with a part or two changed, and its checksums right; or the zip itself changed."""
    if chance.random() < 0.15:
        return mutated(data, chance)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [[name, archive.read(name)] for name in archive.namelist()]
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, EOFError):
        return mutated(data, chance)
    for _ in range(chance.choice((1, 1, 2))):
        part = chance.choice(parts)
        part[1] = mutated(part[1], chance)
    if chance.random() < 0.05:
        chance.choice(parts)[0] = chance.choice(parts)[0]
    return hostile.zip_of([(name, hostile.packed(content)) for name, content in parts])


def _seeds(*patterns: str) -> list[bytes]:
    found = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    return [path.read_bytes()[:100_000] for path in found]


def _workbooks(kind: str) -> list[bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if kind == "xlsx":
            made = [
                hostile.xlsx(folder, "a.xlsx")[0],
                hostile.entities(folder, "sheet", "", "x")[0],
            ]
            return [
                p.read_bytes() for p in ROOT.glob("samples/*/*.xlsx") if p.stat().st_size < 2e5
            ] + [Path(made[0]).read_bytes()]
        if kind == "ods":
            rows = "".join(hostile.ods_rows(hostile.ods_cell(f"v{i}", 2)) for i in range(5))
            rows += hostile.ods_rows(
                '<table:table-cell office:value-type="float" office:value="12345678901234567">'
                "<text:p>00123</text:p></table:table-cell><table:table-cell"
                ' table:formula="of:=1/0" office:value-type="float" office:value="0"><text:p>#DIV/0!'
                '</text:p></table:table-cell><table:table-cell office:value-type="time"'
                ' office:time-value="PT30H00M00S"><text:p>30:00</text:p></table:table-cell>'
            )
            return [Path(hostile.ods_table(folder, rows)[0]).read_bytes()]
        text = b"\3\0\0\0" + "abc".encode("utf-16-le")
        parts = [(0, 0, 6, text), (0, 1, 5, b"\0" * 8), (1, 0, 3, b"\x2a"), (2, 5, 7, b"\0" * 4)]
        strings = hostile.xlsb_record(159, b"\1\0\0\0" * 2) + hostile.xlsb_record(19, b"\0" + text)
        made = hostile.xlsb(
            folder, hostile.xlsb_cells(parts), strings + hostile.xlsb_record(160, b"")
        )
        return [Path(made[0]).read_bytes()]


def _read(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.write_bytes(data)
    for table in read_file(path):
        assert all(len(column) == len(table.rows) for column in table.columns)
        assert list(table.rows) == sorted(set(table.rows))


def _template(folder: Path, data: bytes) -> None:
    path = folder / "mine.yaml"
    path.write_bytes(data)
    load_template(path)


def _money(folder: Path, data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert isinstance(amounts.read_cents(text), int | amounts.Unreadable)
    for numbers in amounts.Numbers:
        value = amounts.read_decimal(text, numbers)
        amounts.to_cents(value)
    amounts.numbers_of(text.split(";"))
    amounts.currencies_named(text)
    cells.read_uuid(text)


def _dates(folder: Path, data: bytes) -> None:
    text, _, form = data.decode("utf-8", "surrogateescape").partition("\0")
    order = dates.order_of(text.split(";"))
    for read in (dates.reader([], None), dates.reader([], order.order)):
        found = read(text)
        assert found is None or isinstance(found, date)
        dates.read_date_time(text, read)
    dates.serial_date(text)
    with contextlib.suppress(ValueError):
        read = dates.reader([form or "DD/MM/YYYY"], None)
        read(text)


def _wire(folder: Path, data: bytes) -> None:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return
    for read in (
        wire.vendor_from_json, wire.account_from_json, wire.entity_from_json, wire.company_from_json,
        wire.property_group_from_json, wire.page_from_json, wire.errors_from_json, wire.is_for_bills,
        lambda obj: wire.bill_from_json(obj, listed=True), lambda obj: wire.bill_from_json(obj, listed=False),
    ):  # fmt: skip
        with contextlib.suppress(ImporterError):
            read(answer)


_MONEY = [
    b"1,234.56;1.234,56",
    "€ 1 234,50-".encode(),
    b"(1,000.00)",
    b"1e5",
    b"$12",
    b"12 CR",
    "１２".encode(),
]
_DATES = [
    b"31/12/2025;01/02/2025\0DD/MM/YYYY",
    b"2025-03-31T10:00:00Z\0D-MMM-YY",
    "3. März 2025".encode(),
    b"45747",
]
_ANSWERS = [
    b'{"id": "a", "vendorId": "b", "invoiceNumber": "1", "amount": 1, "currency": "GBP", "issuedDate": "2025-01-01", "state": "DRAFT", "createdAt": "2025-01-01T00:00:00Z", "lineItems": [{"id": "x", "amount": 1, "customProperties": []}]}',
    b'{"records": [{"id": "a", "name": "b", "vatId": "c", "status": "ACTIVE"}], "hasMore": true, "nextCursor": "x", "total": 3}',
    b'{"errors": [{"message": "m", "path": ["a", 0], "code": "c"}], "message": "x"}',
]  # fmt: skip

Change = Callable[[bytes, random.Random], bytes]
TARGETS: dict[str, tuple[Callable[[], list[bytes]], Change, Callable[[Path, bytes], None]]] = {
    "csv": (lambda: _seeds("samples/*/*.csv"), mutated, lambda f, d: _read(f, "a.csv", d)),
    "html": (lambda: [b'<html><meta charset="utf-8"><table><tr><td rowspan=2 x:num="1.5">1,50<td>b</tr><tr style="display:none"><td>c&nbsp;d<br>e</table><table><tr><th>x</table></html>'] , mutated, lambda f, d: _read(f, "a.xls", d)),
    "xlsx": (lambda: _workbooks("xlsx"), mutated_zip, lambda f, d: _read(f, "a.xlsx", d)),
    "ods": (lambda: _workbooks("ods"), mutated_zip, lambda f, d: _read(f, "a.ods", d)),
    "xlsb": (lambda: _workbooks("xlsb"), mutated_zip, lambda f, d: _read(f, "a.xlsb", d)),
    "xls": (lambda: _seeds("tests/integration/data/*.xls"), mutated, lambda f, d: _read(f, "b.xls", d)),
    "template": (lambda: _seeds("templates/*.yaml"), mutated, _template),
    "money": (lambda: _MONEY, mutated, _money),
    "dates": (lambda: _DATES, mutated, _dates),
    "wire": (lambda: _ANSWERS, mutated, _wire),
}  # fmt: skip


class SlowError(BaseException):
    """One input took more than ``SLOWEST`` seconds of the processor."""


class StandstillError(BaseException):
    """One input made the process wait for something that does not come."""


def _slow(number: int, frame: object) -> None:
    raise SlowError


class _Standstill:
    """Raises where a whole minute of the clock has used no processor: a busy machine is no finding."""

    def __init__(self) -> None:
        self.used = -1.0

    def __call__(self, number: int, frame: object) -> None:
        before, self.used = self.used, time.process_time()
        if before >= 0 and self.used - before < 0.01:
            raise StandstillError


@contextlib.contextmanager
def _watched(standstill: _Standstill) -> Iterator[None]:
    """Ends an input that takes too much of the processor, or waits; in C too, by the system's limit."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(
        resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 3 * SLOWEST, hard)
    )
    standstill.used = -1.0
    signal.setitimer(signal.ITIMER_PROF, SLOWEST)
    signal.setitimer(signal.ITIMER_REAL, STANDSTILL, STANDSTILL)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


@dataclass
class Counts:
    """What one target has done so far, shared by its processes."""

    inputs: Any = field(default_factory=lambda: multiprocessing.Value("q", 0))
    taken: Any = field(default_factory=lambda: multiprocessing.Value("q", 0))  # not refused
    cpu: Any = field(default_factory=lambda: multiprocessing.Value("d", 0.0))  # seconds


def _keep(target: str, error: BaseException, data: bytes, keep: Path) -> None:
    """One input for each place that breaks."""
    where = error.__traceback__
    while where and where.tb_next:
        where = where.tb_next
    place = f"{Path(where.tb_frame.f_code.co_filename).stem}-{where.tb_lineno}" if where else ""
    name = f"{target}-{type(error).__name__}-{place}"
    if not list(keep.glob(f"{name}-*")):
        path = keep / f"{name}-{zlib.crc32(data):08x}"
        path.write_bytes(data)
        print(f"{target}: {type(error).__name__}: {str(error)[:200]}  ({path})", flush=True)


def child(target: str, seed: int, until: float, keep: Path, counts: Counts) -> None:
    """Runs inputs until the time is up; what breaks is kept."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    standstill = _Standstill()
    signal.signal(signal.SIGPROF, _slow)
    signal.signal(signal.SIGALRM, standstill)
    chance = random.Random(seed)
    seeds, change, run = TARGETS[target]
    inputs = seeds()
    last = keep / f"{target}.last"
    with tempfile.TemporaryDirectory() as name:
        while time.time() < until:
            began = time.process_time()
            data = change(chance.choice(inputs), chance)
            last.write_bytes(data)
            try:
                with _watched(standstill):
                    run(Path(name), data)
                counts.taken.value += 1
                if len(inputs) < 200 and chance.random() < 0.02:
                    inputs.append(data)  # what can be read is a good start for more damage
            except ImporterError:
                pass
            except BaseException as error:
                _keep(target, error, data, keep)
            counts.inputs.value += 1
            counts.cpu.value += time.process_time() - began


@dataclass
class Run:
    """A target on its way: a process after another until its time is up."""

    target: str
    minutes: float
    seed: int
    keep: Path
    counts: Counts = field(default_factory=Counts)
    began: float = field(default_factory=time.time)
    starts: int = 0

    def start(self) -> multiprocessing.Process:
        until = self.began + self.minutes * 60
        told = (self.target, self.seed + self.starts, until, self.keep, self.counts)
        process = multiprocessing.Process(target=child, args=told)
        process.start()
        self.starts += 1
        return process

    def ended(self, code: int | None) -> bool:
        """Keeps the input that ended the process; whether the target is done."""
        last = self.keep / f"{self.target}.last"
        if code:
            last.rename(last.with_name(f"{self.target}-ended{code}-{self.seed + self.starts}"))
            print(f"{self.target}: the process ended with {code}", flush=True)
        if time.time() < self.began + self.minutes * 60:
            return False
        last.unlink(missing_ok=True)
        return True

    def told(self) -> str:
        found = len(list(self.keep.glob(f"{self.target}-*")))
        clock, cpu = (time.time() - self.began) / 60, self.counts.cpu.value / 60
        return (
            f"{self.target}: {self.counts.inputs.value:,} inputs, {self.counts.taken.value:,} of them"
            f" read; {clock:.2f} minutes by the clock, {cpu:.2f} of the processor; {found} findings;"
            f" seed {self.seed}"
        )


def fuzz(targets: list[str], minutes: float, jobs: int, seed: int, keep: Path) -> None:
    waiting = list(targets)
    running: dict[int, tuple[Run, multiprocessing.Process]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            run = Run(waiting.pop(0), minutes, seed, keep)
            process = run.start()
            running[process.sentinel] = run, process
        for sentinel in connection.wait(list(running)):
            run, process = running.pop(sentinel)  # type: ignore[call-overload]
            process.join()
            if run.ended(process.exitcode):
                print(run.told(), flush=True)
            else:
                process = run.start()
                running[process.sentinel] = run, process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--minutes", type=float, default=30, help="by the clock, for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--again", metavar="FILE", type=Path)
    told = parser.parse_args()
    if told.again:
        target = told.again.name.partition("-")[0].partition(".")[0]
        with tempfile.TemporaryDirectory() as name:
            TARGETS[target][2](Path(name), told.again.read_bytes())
        return
    told.keep.mkdir(exist_ok=True)
    fuzz(told.targets or list(TARGETS), told.minutes, told.jobs, told.seed, told.keep)
    sys.exit(1 if list(told.keep.iterdir()) else 0)


if __name__ == "__main__":
    main()
