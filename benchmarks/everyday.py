"""Parts of ``speed.py``: what a person feels, and peers that do a part of the same work.

A small file, flat and ERP-like layouts beside two sheets, rows each wrong in its own way, unknown
names, a workbook from end to end, and loading without limits beside a plain loop of httpx.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import files
import growth
import layouts
from measure import Measurement, median, part, run_measured
from target_line import Line, Lines

SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "light" / "bills.xlsx"
ROWS = 300_000  # of the layouts
BILLS = 20_000  # that are loaded without limits
NO_LIMITS = ("--requests-per-minute", "10000000", "--requests-per-day", "1000000000")


def in_turns(folder: Path, count: int, *commands: Sequence[str]) -> list[Measurement]:
    """The median of each command; they take turns, in an empty home."""
    runs: list[list[Measurement]] = [[] for _ in commands]
    home = folder / "home"
    environment = os.environ | {"HOME": str(home), "LIGHT_IMPORT_HOME": str(home)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # which would compile in every run
    for turn in range(count + (count > 1)):
        for each, command in zip(runs, commands, strict=True):
            for result in folder.glob("result.*"):
                result.unlink()
            run = run_measured(
                [sys.executable, *command], folder, environment=environment, exit_codes=(0, 1)
            )
            if turn or count == 1:  # the first compiles, and reads cold files
                each.append(run)
    return [median(each) for each in runs]


def command(name: str, *words: str, result: str = "result.csv") -> list[str]:
    return ["-m", "importer", name, *words, "--quiet", "--result", result]


def small_lines(folder: Path) -> Lines:
    imports, checked, loaded = in_turns(
        folder,
        9,
        ["-c", "import pandera.pandas"],
        command("validate", str(SAMPLE), result="result.xlsx"),
        command("load", str(SAMPLE), "--sandbox", "--yes", result="result.xlsx"),
    )
    yield Line("python -c 'import pandera.pandas'", imports)
    for what, ours, most in (
        ("validate samples/light/bills.xlsx", checked, 1.3),
        ("load --sandbox of the same", loaded, 2.0),
    ):
        yield Line(what, ours, ours.cpu / imports.cpu, "its CPU seconds", maximum=most)


def layout_lines(folder: Path) -> Lines:
    files.two_sheets(folder, ROWS, 0.005)
    files.one_sheet(folder, ROWS, 0.005)
    two, one = in_turns(
        folder, 3, command("validate", *growth.TWO), command("validate", *growth.FLAT)
    )
    yield Line("60k bills + 300k lines in two sheets", two)
    yield Line("the same in one sheet", one, one.seconds / two.seconds, "two sheets", maximum=1.2)
    names = ("numbered bills", "filled down", "groups", "products of factors")
    commands = []
    for name in names:
        sub_folder = folder / name.replace(" ", "-")
        sub_folder.mkdir()
        words = layouts.FLAT[name](sub_folder, ROWS)
        at = [str(sub_folder / w) if w.startswith("layout.") else w for w in words]
        commands.append(["-m", "importer", *at, "--quiet"])
    plain, *others = in_turns(folder, 3, *commands)
    yield Line("300k rows of an ERP, numbered bills", plain)
    for name, ours in zip(names[1:], others, strict=True):
        yield Line(
            f"the same, {name}", ours, ours.seconds / plain.seconds, "numbered bills", maximum=1.5
        )


def error_lines(folder: Path) -> Lines:
    files.unlike_rows(folder, 40_000)
    clean, wrong = in_turns(
        folder,
        3,
        *(
            command("validate", name, "--template", "flat.yaml", result="result.xlsx")
            for name in ("clean.csv", "wrong.csv")
        ),
    )
    yield Line("40k rows, result as a workbook", clean)
    ratio = wrong.seconds / clean.seconds
    yield Line("the same, each wrong in its own way", wrong, ratio, "clean", maximum=2)
    files.unknown_vendors(folder, 80_000)
    words = ("names.csv", "--template", "names.yaml", "--sandbox", "--dry-run")
    (names,) = in_turns(folder, 1, command("load", *words, result="result.xlsx"))
    what = "load --dry-run of 80k unknown vendors, result as a workbook"
    yield Line(what, names, maximum=20, max_megabytes=500)


def end_to_end_lines(folder: Path) -> Lines:
    book = folder / "book.xlsx"
    part("make_workbook", book, 100_000)
    read = part("calamine", book, times=3)
    files.one_sheet(folder, 100_000, 0.005)
    write = part("xlsxwriter", folder)
    yield Line("python-calamine reads 20k bills + 100k lines", read)
    yield Line("XlsxWriter writes 100k rows × 21", write)
    (ours,) = in_turns(folder, 1, command("validate", str(book), result="result.xlsx"))
    most = round(read.seconds + 0.3 * write.seconds + 2, 1)
    yield Line("the XLSX checked, result as a workbook", ours, maximum=most)


def peer_lines(folder: Path) -> Lines:
    files.two_sheets(folder, 100_000, 0.005)
    theirs, ours = part("pandera", folder, times=3), part("stage", folder, times=3)
    yield Line("pandas + pandera's built-in checks, types of 100k lines", theirs)
    ratio = theirs.seconds / ours.seconds
    yield Line("our stage, all rules and 20k bills", ours, ratio, "faster than pandera")


@contextmanager
def local_light() -> Iterator[str]:
    """The address of a server that costs less than the sandbox, in a process of its own."""
    command = [sys.executable, str(Path(__file__).with_name("local_light.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def unlimited_lines(folder: Path) -> Lines:
    from importer.sandbox import SandboxSettings
    from importer.sandbox.company_file import load_reference

    reference = load_reference()
    vendor, account = next(iter(reference.vendors)), next(iter(reference.accounts))
    day, entity = "2025-03-31", next(iter(reference.entities))
    sent = {"vendorId": vendor, "companyEntityId": entity, "currency": "GBP", "issuedDate": day}
    numbers = [f"B{n:06}" for n in range(BILLS)]
    bodies = [
        {
            **sent,
            "invoiceNumber": f"LOOP-{number}",
            "amount": 1_000,
            "lineItems": [{"netAmount": 1_000, "accountId": account}],
        }
        for number in numbers
    ]
    (folder / "bodies.json").write_text(json.dumps(bodies))
    headers = "billRef,vendorId,companyEntityId,currency,issuedDate,invoiceNumber,amount"
    bills = [[n, vendor, entity, "GBP", day, f"LOAD-{n}", 1_000] for n in numbers]
    layouts.write_csv(folder / "bills.csv", [headers.split(","), *bills])
    lines = [[n, 1_000, account] for n in numbers]
    layouts.write_csv(folder / "lines.csv", [["billRef", "netAmount", "accountId"], *lines])
    os.environ["LIGHT_API_KEY"] = SandboxSettings.key
    with local_light() as base_url:
        loop = part("httpx_loop", base_url, SandboxSettings.key, folder / "bodies.json")
    yield Line(f"a plain loop of httpx, {BILLS:,} bills", loop)
    with local_light() as base_url:
        at = ("--base-url", base_url, "--settle", "0.1", *NO_LIMITS)
        words = [*growth.TWO, "--amounts", "cents", "--yes", *at]
        (load,) = in_turns(folder, 1, command("load", *words))
        (read,) = in_turns(folder, 1, command("verify", "latest", "--lines", *NO_LIMITS))
        (undo,) = in_turns(folder, 1, command("undo", "latest", "--yes", *NO_LIMITS))
    yield Line(f"load of {BILLS:,} bills, no limits, start included", load, maximum=BILLS / 1_000)
    for what, ours in ("verify --lines of them, two", read), ("undo of them, three", undo):
        # The load has one.
        ratio = ours.seconds / load.seconds
        yield Line(f"{what} requests a bill", ours, ratio, "the load", maximum=2.0)


EVERYDAY: dict[str, Callable[[Path], Lines]] = {
    "small": small_lines,
    "layouts": layout_lines,
    "errors": error_lines,
    "end_to_end": end_to_end_lines,
    "peers": peer_lines,
    "unlimited": unlimited_lines,
}
