"""Updates under lost and untrue answers, refusals and kills: as the sheet, or as before."""

from __future__ import annotations

import itertools
import re
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import LOAD, PASS, Ended, Fault, Request, ended, http, proxied, refusal, start
from test_updates import (
    BILL,
    CHANGED,
    FEE,
    FREIGHT,
    LINES,
    NOTE,
    NOTE_LINES,
    Cells,
    expected,
    in_light,
    sheet,
    shown,
)

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
FAST = ("--settle", "0.1")
# A header, a line that is replaced, one that is added, and one that is deleted.
FEWER = [LINES[0] | {"netAmount": 1_100}, LINES[1]]
CASES = {"more": [FREIGHT | {"netAmount": 900}, *LINES, FEE], "fewer": FEWER}
CHANGE = re.compile(r"/v1/invoice-payables/[^/]+(/line-items(/[^/]+)?)?")
NAMES = {"PATCH": "header", "PUT": "replace", "POST": "add", "DELETE": "delete"}


def act(request: Request) -> str:
    """What a request changes of a bill; "" for any other."""
    match = CHANGE.fullmatch(request.path)
    return NAMES.get(request.method, "") if match else ""


def ordered(bill: tuple[Cells, list[Cells]]) -> tuple[Cells, list[Cells]]:
    cells, lines = bill
    return cells, sorted(lines, key=str)


FAULTS = {
    "lost before": Fault(False, None),
    "lost after": Fault(True, None),
    "500 after": Fault(True, http(500, {"message": "sorry"})),
    "409 after": Fault(True, refusal(409, "A conflict.")),
    "422 after": Fault(True, refusal(422, "It cannot be.")),
    "empty": Fault(True, http(200, {})),
    "another's answer": Fault(
        True,
        http(200, {"id": "00000000-0000-4000-8000-000000000001", "state": "IN_DRAFT",
                   "invoicePayableId": "00000000-0000-4000-8000-000000000002"}),
    ),
}  # fmt: skip


# What is spoiled, of a bill that gets more lines or fewer: each of another number.
SPOILED = [("header", "more"), ("add", "more"), ("replace", "fewer"), ("delete", "fewer")]


def spoil(bills: Sequence[str], fault: Fault) -> Callable[[Request], Fault]:
    """``fault`` at the first request of each bill that changes what is to be spoiled of it."""
    left = dict(zip(bills, (name for name, _ in SPOILED), strict=True))

    def choose(request: Request) -> Fault:
        bill = request.path.split("/")[3] if act(request) else ""
        if left.get(bill) != act(request) or not bill:
            return PASS
        del left[bill]
        return fault

    return choose


def numbered(cells: Cells, k: int) -> Cells:
    return cells | {"invoiceNumber": f"INV-{k}"}


def loaded(load: Load, sandbox: Sandbox, folder: Path) -> tuple[list[str], list[str]]:
    """A bill in Light for each of ``SPOILED``: their ids, and the files that change them."""
    before = [(numbered(BILL, k), LINES) for k in range(len(SPOILED))]
    assert load(sandbox.base_url, *sheet(folder, *before)).code == 0
    ids = {bill["invoiceNumber"]: bill["id"] for bill in sandbox.bills()}
    after = [(numbered(CHANGED, k), CASES[case]) for k, (_, case) in enumerate(SPOILED)]
    return [ids[f"INV-{k}"] for k in range(len(SPOILED))], sheet(folder, *after)


def all_shown(sandbox: Sandbox) -> list[tuple[Cells, list[Cells]]]:
    bills = sorted(sandbox.bills(), key=lambda bill: str(bill["invoiceNumber"]))
    return [ordered(shown(bill)) for bill in bills]


AFTER = [
    ordered(expected(numbered(CHANGED, k), CASES[case])) for k, (_, case) in enumerate(SPOILED)
]
BEFORE = [ordered(expected(numbered(BILL, k), LINES)) for k in range(len(SPOILED))]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_change_is_made_once(
    fault: Fault, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    ids, files = loaded(load, sandbox, tmp_path)
    with proxied(sandbox.base_url, spoil(ids, fault)) as proxy:
        done = load(proxy.url, *files, "--update", *FAST)
        sent = Counter(filter(None, map(act, proxy.requests)))
    assert (done.code, done.json["bills"]) == (0, {"total": 4, "updated": 4}), done.out
    assert all_shown(sandbox) == AFTER
    again = int(not fault.forward)  # of each kind one was lost
    assert sent == {
        "header": 4 + again,
        "add": 4 + again,
        "replace": 2 + again,
        "delete": 2 + again,
    }


def test_what_light_refuses_leaves_the_bill_as_it_was(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    ids, files = loaded(load, sandbox, tmp_path)
    no = Fault(False, refusal(422, "That is wrong.", "description"))
    with proxied(sandbox.base_url, spoil(ids, no)) as proxy:
        done = load(proxy.url, *files, "--update", *FAST)
    assert (done.code, done.json["bills"]) == (1, {"total": 4, "rejected": 4}), done.out
    assert all_shown(sandbox) == BEFORE
    found = [f for f in done.json["findings"] if f["code"] == "light.update_refused"]
    cells = sorted((f["value"], Path(f["file"]).stem) for f in found)
    header = (CHANGED["description"], "bills")
    assert cells == sorted([header, ("Freight", "lines"), ("Paper", "lines"), ("INV-3", "bills")])
    [total] = done.json["totals"]
    assert (total["sheet"], total["created"]) == (2 * 7_600 + 2 * 3_100, 4 * 6_000)
    done = load(sandbox.base_url, *files, "--update", *FAST)
    assert (done.code, done.json["bills"]) == (0, {"total": 4, "updated": 4}), done.out
    assert all_shown(sandbox) == AFTER


# The n-th request that changes something: a header, two lines; or a header, a line, a deletion.
@pytest.mark.parametrize(
    ("at", "arrives", "case"),
    [
        (1, True, "fewer"),
        (2, False, "fewer"),
        (3, True, "fewer"),
        (2, True, "more"),
        (3, False, "more"),
        (3, True, "more"),
    ],
)
def test_an_update_that_is_killed_is_completed_once_or_undone(
    at: int,
    arrives: bool,
    case: str,
    load: Load,
    command: Load,
    sandbox: Sandbox,
    tmp_path: Path,
) -> None:
    assert load(sandbox.base_url, *sheet(tmp_path, (BILL, LINES))).code == 0
    files = sheet(tmp_path, (CHANGED, CASES[case]))
    counted = itertools.count(1)

    def fault(request: Request) -> Fault:
        if not act(request) or next(counted) != at:
            return PASS
        process.kill()
        return Fault(arrives, None)

    with proxied(sandbox.base_url, fault) as proxy:
        process = start(*LOAD, *FAST, "--update", "--base-url", proxy.url, *files, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        plain = load(proxy.url, *files, *FAST)
        assert (plain.code, plain.json["bills"]) == (3, {"total": 1, "unknown": 1}), plain.out
        if at == 2:
            run = command("runs", "--json").json["runs"][1]["run"]
            undone = command("undo", run, "--yes", "--json", *FAST)
            assert undone.code == 0, undone.out
            assert ordered(in_light(sandbox)) == ordered(expected(BILL, LINES))
        done = load(proxy.url, *files, "--update", *FAST)
        assert (done.code, done.json["bills"]) == (0, {"total": 1, "updated": 1}), done.out
        assert ordered(in_light(sandbox)) == ordered(expected(CHANGED, CASES[case]))
        acts = Counter(filter(None, map(act, proxy.requests)))
    if at != 2:
        assert sum(acts.values()) == 3 + (not arrives)


# --- credit notes -------------------------------------------------------------------------------

NOTE_CHANGE = re.compile(r"/v1/credit-notes/([^/]+)(/lines(/[^/]+)?)?")
KINDS = ("header", "add", "delete")  # what is spoiled, each of another credit note
NOTE_AFTER = NOTE | {"description": "Returned"}
LINES_AFTER = [NOTE_LINES[0] | {"netAmount": -1_100}, *NOTE_LINES[1:]]


def notes(sandbox: Sandbox) -> dict[str, tuple[str | None, list[tuple[int, str | None]]]]:
    """By number: the description, and the amount and description of each line, in cents."""
    return {
        note["documentNumber"]: (
            note["description"],
            sorted(
                (line["netTransactionAmount"]["amount"], line["description"])
                for line in note["lines"]
            ),
        )
        for note in sandbox.credit_notes()
    }


def all_as(cells: Cells, lines: Sequence[Cells]) -> dict[str, object]:
    of_lines = sorted((-line["netAmount"], line["description"]) for line in lines)
    return {f"CN-{k}": (cells["description"], of_lines) for k in range(len(KINDS))}


def note_files(folder: Path, cells: Cells, lines: Sequence[Cells]) -> list[str]:
    numbers = (cells | {"invoiceNumber": f"CN-{k}"} for k in range(len(KINDS)))
    return sheet(folder, *((each, lines) for each in numbers))


@pytest.mark.parametrize("fault", [*FAULTS.values(), None], ids=[*FAULTS, "refused"])
def test_each_change_of_a_credit_note_is_made_once_or_taken_back(
    fault: Fault | None, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert load(sandbox.base_url, *note_files(tmp_path, NOTE, NOTE_LINES)).code == 0
    assert notes(sandbox) == all_as(NOTE, NOTE_LINES)
    files = note_files(tmp_path, NOTE_AFTER, LINES_AFTER)
    left = {note["id"]: kind for note, kind in zip(sandbox.credit_notes(), KINDS, strict=True)}

    def spoiled(request: Request) -> Fault:
        match = NOTE_CHANGE.fullmatch(request.path)
        kind = NAMES.get(request.method, "")
        if match is None or not kind or left.get(match[1]) != kind:
            return PASS
        del left[match[1]]
        return fault or Fault(False, refusal(422, "That is wrong.", "description"))

    with proxied(sandbox.base_url, spoiled) as proxy:
        done = load(proxy.url, *files, "--update", *FAST)
    assert left == {}
    if fault is None:
        assert (done.code, done.json["credit_notes"]) == (1, {"total": 3, "rejected": 3}), done.out
        assert notes(sandbox) == all_as(NOTE, NOTE_LINES)
        done = load(sandbox.base_url, *files, "--update", *FAST)
    assert (done.code, done.json["credit_notes"]) == (0, {"total": 3, "updated": 3}), done.out
    assert notes(sandbox) == all_as(NOTE_AFTER, LINES_AFTER)


@pytest.mark.parametrize("arrives", [True, False])
def test_an_update_of_a_credit_note_that_is_killed_is_completed_once(
    arrives: bool, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert load(sandbox.base_url, *note_files(tmp_path, NOTE, NOTE_LINES)).code == 0
    files = note_files(tmp_path, NOTE_AFTER, LINES_AFTER)

    def fault(request: Request) -> Fault:
        if not request.path.endswith("/lines") or process.poll() is not None:
            return PASS
        process.kill()
        return Fault(arrives, None)

    with proxied(sandbox.base_url, fault) as proxy:
        process = start(*LOAD, *FAST, "--update", "--base-url", proxy.url, *files, cwd=tmp_path)
        assert ended(process).code == -signal.SIGKILL
        proxy.idle()
        done = load(proxy.url, *files, "--update", *FAST)
    assert (done.code, done.json["credit_notes"]) == (0, {"total": 3, "updated": 3}), done.out
    assert notes(sandbox) == all_as(NOTE_AFTER, LINES_AFTER)
