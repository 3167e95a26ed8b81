"""``--line-mode separate``: a bill, then its lines one by one, each of them exactly once."""

from __future__ import annotations

import csv
import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from conftest import (
    ACCOUNTS,
    ENTITIES,
    KEEP,
    LOAD,
    PASS,
    Ended,
    Fault,
    Request,
    bill_row,
    ended,
    http,
    proxied,
    refusal,
    start,
    write_bills,
)
from test_load_faults import FAULTS, the_journal

from importer.sandbox import Sandbox, SandboxSettings

Load = Callable[..., Ended]
BILLS = 5
SEPARATE = ("--line-mode", "separate")
KEY = {"Authorization": f"Basic {SandboxSettings.key}"}


def lines_of(i: int) -> list[tuple[str, int]]:
    """The lines of bill ``i`` as (text, cents): one to four, and equal ones among them."""
    return [("Hours", 100 + i), ("Hours", 100 + i), ("Travel", 40), ("Hours", 100 + i)][: i % 4 + 1]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    amounts = [sum(cents for _, cents in lines_of(i)) for i in range(BILLS)]
    bills, lines = write_bills(tmp_path, [bill_row(i, amount=amounts[i]) for i in range(BILLS)])
    with Path(lines).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["billRef", "description", "netAmount", "accountId"])
        for i in range(BILLS):
            writer.writerows([f"B{i}", text, cents, ACCOUNTS[0]] for text, cents in lines_of(i))
    return [bills, lines]


def in_light(sandbox: Sandbox) -> dict[str, list[list[tuple[str, int]]]]:
    """By invoice number the lines of each bill with it, in Light's order; cancelled ones aside."""
    out: dict[str, list[list[tuple[str, int]]]] = {}
    for bill in sandbox.bills():
        if bill["state"] != "CANCELLED":
            lines = [(line["description"], line["netAmount"]) for line in bill["lineItems"]]
            out.setdefault(str(bill["invoiceNumber"]), []).append(lines)
    return out


ALL = {f"INV-{i:05}": [lines_of(i)] for i in range(BILLS)}
LINES = sum(len(lines_of(i)) for i in range(BILLS))


def adds_a_line(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/line-items")


def at_the_third_line(fault: Fault) -> Callable[[Request], Fault]:
    seen: list[Request] = []

    def choose(request: Request) -> Fault:
        if adds_a_line(request):
            seen.append(request)
            return fault if len(seen) == 3 else PASS
        return PASS

    return choose


def test_separate_mode_sends_lines_in_order(load: Load, sandbox: Sandbox, files: list[str]) -> None:
    told = load(sandbox.base_url, *files, *SEPARATE)
    assert told.code == 0
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert told.json["line_items"] == {"total": LINES, "created": LINES}
    assert told.json["findings"] == []
    assert in_light(sandbox) == ALL
    assert (sandbox.counters.bill_posts, sandbox.counters.line_posts) == (BILLS, LINES)
    again = load(sandbox.base_url, *files, *SEPARATE)
    assert again.json["bills"] == {"total": BILLS, "already_loaded": BILLS}
    assert sandbox.counters.line_posts == LINES


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_line_is_added_once_despite(
    fault: Fault, load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    with proxied(sandbox.base_url, at_the_third_line(fault)) as proxy:
        told = load(proxy.url, *files, *SEPARATE)
    assert in_light(sandbox) == ALL
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert told.code == 0


def test_bill_with_lost_answer_gets_its_lines(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    with proxied(sandbox.base_url, lambda r: Fault(True, None) if r.creates else PASS) as proxy:
        told = load(proxy.url, *files, *SEPARATE)
    assert in_light(sandbox) == ALL
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}


def test_bill_that_light_refused_and_shows_later_gets_its_lines(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    lies = [True]

    def refuse_and_hide(request: Request) -> Fault:
        if not lies:
            return PASS
        if request.creates:
            return Fault(True, refusal(400, "No."))
        if request.method == "GET" and request.path == "/v1/bff/invoice-payables":
            return Fault(True, KEEP, alter=lambda page: {**page, "records": []})
        return PASS

    with proxied(sandbox.base_url, refuse_and_hide) as proxy:
        told = load(proxy.url, *files, *SEPARATE)
        assert told.json["bills"] == {"total": BILLS, "rejected": BILLS}
        assert [lines for [lines] in in_light(sandbox).values()] == [[]] * BILLS
        lies.clear()
        told = load(proxy.url, *files)
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert in_light(sandbox) == ALL
    assert told.code == 0


def test_bill_that_light_refused_and_has_is_said_to_lack_its_lines(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(1)])
    no = Fault(True, refusal(400, "No."))
    with proxied(sandbox.base_url, lambda r: no if r.creates else PASS) as proxy:
        told = load(proxy.url, *files, *SEPARATE)
    [finding] = told.json["findings"]
    assert (told.code, finding["code"]) == (3, "light.partial")
    assert "with 0 of 1 line items" in finding["message"]
    assert "only the line items that are missing are sent" in finding["hint"]
    told = load(sandbox.base_url, *files, *SEPARATE, "--journal", the_journal())
    assert (told.code, told.json["bills"]) == (0, {"total": 1, "created": 1})
    assert len(in_light(sandbox)["INV-00001"]) == 1


def test_refused_line_is_reported_and_only_missing_lines_sent(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    error = {"message": "The account is closed.", "path": ["accountId"], "type": "t"}

    def refuse(request: Request) -> Fault:
        if adds_a_line(request) and b"Travel" in request.body:
            return Fault(False, http(422, {"name": "N", "type": "T", "errors": [error]}))
        return PASS

    with proxied(sandbox.base_url, refuse) as proxy:
        told = load(proxy.url, *files, *SEPARATE)
    assert told.code == 1
    assert told.json["bills"] == {"total": BILLS, "created": 3, "rejected": 2}
    refused = [f for f in told.json["findings"] if f["code"] == "light.refused"]
    assert [(f["row"], f["column"]) for f in refused] == [(7, "accountId"), (10, "accountId")]
    partial = [f["message"] for f in told.json["findings"] if f["code"] == "light.partial"]
    assert [text.split(" with ")[1] for text in partial] == [
        "2 of 3 line items.",
        "2 of 4 line items.",
    ]
    (total,) = told.json["totals"]
    assert total["difference"] != 0
    told = load(sandbox.base_url, *files, *SEPARATE, "--journal", the_journal())
    assert told.code == 0
    assert told.json["bills"] == {"total": BILLS, "already_loaded": 3, "created": 2}
    assert in_light(sandbox) == ALL


def test_corrected_line_is_sent_with_its_new_values(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    refused = refusal(422, "No.", "description")
    with proxied(
        sandbox.base_url,
        lambda r: Fault(False, refused) if adds_a_line(r) and b"Travel" in r.body else PASS,
    ) as proxy:
        load(proxy.url, *files, *SEPARATE)
    lines = Path(files[1])
    lines.write_text(lines.read_text().replace("Travel", "Train"))
    # Without the option too: what was begun line by line can only be ended so.
    told = load(sandbox.base_url, *files, "--journal", the_journal())
    assert told.json["bills"] == {"total": BILLS, "already_loaded": 3, "created": 2}
    trains = {
        number: [[(t.replace("Travel", "Train"), c) for t, c in lines] for lines in bills]
        for number, bills in ALL.items()
    }
    assert in_light(sandbox) == trains


def test_foreign_line_makes_the_bill_unknown(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    def end(request: Request) -> Fault:
        return Fault(False, http(401)) if adds_a_line(request) else PASS

    with proxied(sandbox.base_url, end) as proxy:
        stopped = load(proxy.url, *files, *SEPARATE)
    assert stopped.code == 2
    for bill in sandbox.bills():
        add_line(sandbox, bill["id"])
    posts = sandbox.counters.line_posts
    told = load(sandbox.base_url, *files, *SEPARATE, "--journal", the_journal())
    assert told.code == 3
    assert told.json["bills"] == {"total": BILLS, "unknown": BILLS}
    assert {f["code"] for f in told.json["findings"]} == {"light.partial"}
    assert sandbox.counters.line_posts == posts


def test_word_that_a_bill_is_the_one_makes_it_no_whole_one(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its missing lines are added before it is posted; one with a line of others is left alone."""
    whole = [("Hours", 700), ("Travel", 300)]
    asked_for = {"amount": 1000, "companyEntityId": ENTITIES[0], "status": "posted"}
    rows = [bill_row(i, **asked_for) for i in range(2)]
    files = write_bills(tmp_path, rows)
    head = "billRef,description,netAmount,accountId"
    lines = [f"B{i},{text},{cents},{ACCOUNTS[0]}" for i in range(2) for text, cents in whole]
    Path(files[1]).write_text("\n".join([head, *lines]))

    def fault(request: Request) -> Fault:
        travels = adds_a_line(request) and b"Travel" in request.body
        return Fault(False, None) if travels else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        lost = load(proxy.url, *files, *SEPARATE).json
        torn, altered = (bill["id"] for bill in sandbox.bills())
        add_line(sandbox, altered)
        of_run = ("journal", "settle", lost["run"])
        first = command(*of_run, f"row:{row_of(sandbox, torn)}", "--light-id", torn)
        assert first.code == 0, first.err
        assert (
            f"Light has the bill {torn} with 1 of 2 line items: load the sheet again" in first.out
        )
        second = command(*of_run, f"row:{row_of(sandbox, altered)}", "--light-id", altered)
        assert "amount of line 2 is 0.05 in Light, and 3.00 was sent" in second.out
        assert "It is left as it is in Light: no load submits, posts or pays it" in second.out
    told = load(sandbox.base_url, *files, "--journal", the_journal())
    assert told.json["bills"] == {"total": 2, "created": 1, "already_in_light": 1}
    light = {bill["id"]: bill for bill in sandbox.bills()}
    assert (light[torn]["state"], light[altered]["state"]) == ("UNPAID", "IN_DRAFT")
    assert in_light(sandbox)[str(light[torn]["invoiceNumber"])] == [whole]


def row_of(sandbox: Sandbox, light_id: str) -> int:
    [number] = [str(b["invoiceNumber"]) for b in sandbox.bills() if b["id"] == light_id]
    return int(number[-1]) + 2


def add_line(sandbox: Sandbox, bill: str) -> None:
    body = {"description": "Not ours", "netAmount": 5, "accountId": ACCOUNTS[0]}
    url = f"{sandbox.base_url}/v1/invoice-payables/{bill}/line-items"
    httpx.post(url, json=body, headers=KEY).raise_for_status()


def test_bill_cancelled_midway_is_created_again(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    refused = refusal(422, "No.", "amount")
    with proxied(
        sandbox.base_url, lambda r: Fault(False, refused) if adds_a_line(r) else PASS
    ) as proxy:
        load(proxy.url, *files, *SEPARATE)
    for bill in sandbox.bills():
        url = f"{sandbox.base_url}/v1/invoice-payables/{bill['id']}/cancel"
        httpx.post(url, json={"reason": "Begun anew."}, headers=KEY).raise_for_status()
    told = load(sandbox.base_url, *files, *SEPARATE, "--journal", the_journal())
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert in_light(sandbox) == ALL


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
@pytest.mark.parametrize("when", [2, 7, BILLS + LINES - 1])
def test_load_stopped_between_lines_resumes(
    when: int, how: signal.Signals, load: Load, sandbox: Sandbox, files: list[str], tmp_path: Path
) -> None:
    process = None

    def end(request: Request) -> Fault:
        posts = [r for r in proxy.requests if r.method == "POST"]
        if len(posts) == when:
            assert process is not None
            process.send_signal(how)
        return PASS

    with proxied(sandbox.base_url, end) as proxy:
        args = (*LOAD, *SEPARATE, "--base-url", proxy.url, *files)
        process = start(*args, cwd=tmp_path)
        stopped = ended(process)
        if how is signal.SIGINT:  # what Light has, it has with all its lines
            assert stopped.code == 4
            bills = json.loads(stopped.out)["bills"]
            there = in_light(sandbox)
            assert there == {number: ALL[number] for number in there}
            assert bills.get("created", 0) == len(there)
            assert set(bills) <= {"total", "created", "not_sent"}
        told = load(proxy.url, *files, *SEPARATE)
    assert in_light(sandbox) == ALL
    assert told.code == 0
    assert "unknown" not in told.json["bills"]


def test_day_budget_spent_between_lines_is_resumable(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    # company, vendors, accounts, the list of bills; then five bills and three lines
    stopped = load(sandbox.base_url, *files, *SEPARATE, "--requests-per-day", "12")
    assert stopped.code == 4
    bills = stopped.json["bills"]
    assert sum(bills.values()) == 2 * BILLS
    assert bills["unknown"] > 0
    assert "light.partial" in {f["code"] for f in stopped.json["findings"]}
    run = stopped.json["run"]
    assert run in os.listdir(Path(os.environ["LIGHT_IMPORT_HOME"]) / "runs")
    told = load(sandbox.base_url, *files, *SEPARATE)
    assert told.code == 0
    assert in_light(sandbox) == ALL


class Delayed:
    """The second of the requests chosen gets lost; Light has it after all, as it is sent again."""

    def __init__(self, sandbox: Sandbox, chosen: Callable[[Request], bool]) -> None:
        self.sandbox, self.chosen = sandbox, chosen
        self.seen = 0
        self.lost: Request | None = None

    def __call__(self, request: Request) -> Fault:
        if not self.chosen(request):
            return PASS
        self.seen += 1
        if self.seen == 2:
            self.lost = request
            return Fault(False, None)
        lost = self.lost
        if lost and (request.path, request.body) == (lost.path, lost.body):
            self.lost = None
            url = self.sandbox.base_url + lost.path
            headers = KEY | {"Content-Type": "application/json"}
            httpx.post(url, content=lost.body, headers=headers, timeout=60).raise_for_status()
        return PASS


def test_late_duplicate_bill_is_reported_with_both_ids(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(6)])
    with proxied(sandbox.base_url, Delayed(sandbox, lambda r: r.creates)) as proxy:
        told = load(proxy.url, *files)
    counts = Counter(str(bill["invoiceNumber"]) for bill in sandbox.bills())
    (number, count), *_ = counts.most_common()
    assert count == 2
    assert told.code == 3
    assert told.json["bills"] == {"total": 6, "created": 5, "unknown": 1}
    (finding,) = told.json["findings"]
    assert (finding["code"], finding["value"]) == ("light.twice", number)


def test_late_duplicate_line_is_reported(load: Load, sandbox: Sandbox, files: list[str]) -> None:
    with proxied(sandbox.base_url, Delayed(sandbox, adds_a_line)) as proxy:
        told = load(proxy.url, *files, *SEPARATE)
    assert told.code == 3
    assert told.json["bills"] == {"total": BILLS, "created": BILLS - 1, "unknown": 1}
    (finding,) = told.json["findings"]
    assert finding["code"] == "light.twice"
    assert "line items more than once" in finding["message"]
    again = load(sandbox.base_url, *files, *SEPARATE, "--journal", the_journal())
    assert again.code == 3
    assert again.json["bills"] == {"total": BILLS, "already_loaded": BILLS - 1, "unknown": 1}


def test_line_that_another_loader_adds_too_is_told(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    """No answer to us was lost."""
    added: list[Request] = []

    def twice(request: Request) -> Fault:
        if adds_a_line(request) and not added:
            added.append(request)
            headers = KEY | {"Content-Type": "application/json"}
            url = sandbox.base_url + request.path
            httpx.post(url, content=request.body, headers=headers).raise_for_status()
        return PASS

    with proxied(sandbox.base_url, twice) as proxy:
        told = load(proxy.url, *files, *SEPARATE)
    assert told.code == 3
    assert told.json["bills"] == {"total": BILLS, "created": BILLS - 1, "unknown": 1}
    (finding,) = told.json["findings"]
    assert finding["code"] == "light.twice"
    assert "line items more than once" in finding["message"]


def test_inline_mode_completes_a_bill_sent_alone(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    def lose(request: Request) -> Fault:
        if request.creates:
            return Fault(True, None)
        looks = request.path == "/v1/bff/invoice-payables" and sandbox.counters.bills_created
        return Fault(False, http(401)) if looks else PASS

    with proxied(sandbox.base_url, lose) as proxy:
        stopped = load(proxy.url, *files, *SEPARATE)
    assert stopped.json["bills"] == {"total": BILLS, "unknown": BILLS}
    told = load(sandbox.base_url, *files, "--journal", the_journal())
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert in_light(sandbox) == ALL


def test_moved_bills_without_number_match_by_lines(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    same = {"vendorId": bill_row(0)["vendorId"], "invoiceNumber": "", "amount": 100}
    rows = [bill_row(i, **same, description="Cleaning") for i in range(2)]
    files = write_bills(tmp_path, rows)
    lines = [["B0", "Stairs", 60], ["B0", "Roof", 40], ["B1", "Stairs", 50], ["B1", "Yard", 50]]
    with Path(files[1]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["billRef", "description", "netAmount", "accountId"])
        writer.writerows([*line, ACCOUNTS[0]] for line in lines)
    refused = refusal(422, "No.", "amount")
    with proxied(
        sandbox.base_url,
        lambda r: Fault(False, refused) if r.creates and b"Yard" in r.body else PASS,
    ) as proxy:
        told = load(proxy.url, *files)
    assert told.json["bills"] == {"total": 2, "created": 1, "rejected": 1}
    head, first, second = Path(files[0]).read_text().splitlines()
    Path(files[0]).write_text("\n".join([head, second, first]) + "\n")
    told = load(sandbox.base_url, *files, "--journal", the_journal())
    assert told.json["bills"] == {"total": 2, "already_loaded": 1, "created": 1}
    there = sorted(sorted(lines) for bills in in_light(sandbox).values() for lines in bills)
    assert there == [[("Roof", 40), ("Stairs", 60)], [("Stairs", 50), ("Yard", 50)]]
