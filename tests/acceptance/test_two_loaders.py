"""Several people load into one company: no bill is in Light twice, or every double is named with
both ids, by the load that ends last and by every later command, until a person settles it."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    ACCOUNTS,
    COMPANY,
    ENTITIES,
    KEEP,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    asked,
    bill_row,
    document,
    ended,
    http,
    numbers,
    proxied,
    start,
    write_bills,
)

from importer.app import CheckRequest, LoadOptions, PaceOptions
from importer.app import load as load_bills
from importer.app.consent import LoadForecast
from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
FAST = ("--json", "--quiet", "--requests-per-minute", "6000")
ENDED_LOAD = (0, 1, 3)


ON_BOTH_ENGINES = pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the journals of the test are in."""
    name = str(getattr(request, "param", "sqlite"))
    if name == "postgresql":
        monkeypatch.setenv("LIGHT_IMPORT_JOURNAL", request.getfixturevalue("database"))
    return name


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """From now on at the computer of that name."""

    def at(name: str) -> Path:
        home = tmp_path / f"home-{name}"
        monkeypatch.setenv("LIGHT_IMPORT_HOME", str(home))
        return home

    return at


def typed(sandbox: Sandbox, row: dict[str, Any]) -> str:
    """The id of a bill that a colleague types into Light."""
    amount = row["amount"]
    bill = {
        "vendorId": row["vendorId"],
        "companyEntityId": row["companyEntityId"] or None,
        "invoiceNumber": row["invoiceNumber"] or None,
        "issuedDate": row["issuedDate"],
        "dueDate": row["dueDate"],
        "currency": row["currency"],
        "amount": amount,
        "lineItemsIncludeTax": False,
        "lineItems": [
            {
                "description": f"Line of {row['billRef']}",
                "netAmount": amount,
                "accountId": ACCOUNTS[0],
            }
        ],
        "description": row["description"],
    }
    return str(asked(sandbox, "POST", "invoice-payables", bill)["id"])


def codes(result: Ended) -> Counter[str]:
    return Counter(each["code"] for each in result.json["findings"])


def live(sandbox: Sandbox) -> Counter[str]:
    bills = [bill for bill in sandbox.bills() if bill["state"] != "CANCELLED"]
    return Counter(str(bill["invoiceNumber"]) for bill in bills)


# --- two loads of one file ----------------------------------------------------------------------


@pytest.mark.parametrize("kill", [False, True], ids=["both end", "one is killed"])
def test_every_double_of_two_loads_at_once_is_named_by_the_last(
    load: Load, command: Load, at_home: Callable[[str], Path], tmp_path: Path, kill: bool
) -> None:
    rows = [bill_row(i) for i in range(40)]
    files = write_bills(tmp_path, rows)
    settings = SandboxSettings(
        reference=COMPANY, requests_per_minute=100_000, latency=0.02, list_lag=0.3
    )
    with running(settings) as light:
        args = ["load", *files, "--yes", *FAST, "--settle", "1", "--base-url", light.base_url]
        at_home("a")
        first = start(*args, "--result", str(tmp_path / "a.xlsx"))
        at_home("b")
        second = start(*args, "--result", str(tmp_path / "b.xlsx"))
        if kill:
            while not light.bills():
                assert first.poll() is None
                time.sleep(0.01)
            first.send_signal(signal.SIGKILL)
            first.communicate()
            results = [ended(second)]
        else:
            results = [ended(first), ended(second)]
        assert all(result.code in ENDED_LOAD for result in results), [r.err for r in results]
        last = load(light.base_url, *files, "--settle", "1")
        doubles = {number for number, n in live(light).items() if n > 1}
        assert set(live(light)) == {row["invoiceNumber"] for row in rows}
        _named(last, doubles, light)
        if doubles:
            assert any(result.code == 3 for result in results)
            report = command("report", last.json["run"], "--json", "--quiet")
            verify = command("verify", last.json["run"], *FAST)
            _named(report, doubles, light)
            _named(verify, doubles, light)
            assert verify.code == 3


def _named(result: Ended, doubles: set[str], light: Sandbox) -> None:
    """Each double is told with both ids, and nothing else is."""
    assert codes(result)["light.twice"] == result.json["bills"].get("unknown", 0) == len(doubles)
    texts = " ".join(f["message"] for f in result.json["findings"] if f["code"] == "light.twice")
    twice = [bill for bill in light.bills() if bill["invoiceNumber"] in doubles]
    assert all(bill["id"] in texts for bill in twice)
    if result.json["command"] == "load":
        assert result.code == (3 if doubles else 0), result.err


def test_load_sends_nothing_of_what_another_computer_loaded(
    load: Load, sandbox: Sandbox, at_home: Callable[[str], Path], tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(12)])
    at_home("a")
    assert load(sandbox.base_url, *files).code == 0
    at_home("b")
    second = load(sandbox.base_url, *files)
    assert second.json["bills"] == {"total": 12, "already_in_light": 12}
    assert (second.code, len(numbers(sandbox))) == (0, 12)


@ON_BOTH_ENGINES
def test_what_others_load_while_the_question_waits_is_not_sent(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)
    rows = [bill_row(i, status="posted") for i in range(6)]
    files = write_bills(tmp_path, rows)

    def agree(forecast: LoadForecast) -> bool:
        assert forecast.bills == 6
        for row in rows[:4]:
            typed(sandbox, row)
        return True

    options = LoadOptions(
        base_url=sandbox.base_url, settle=0.3, pace=PaceOptions(requests_per_minute=6000)
    )
    loaded = load_bills(CheckRequest(tuple(files)), options, consent=agree)
    assert loaded.summary.bills == {"total": 6, "created": 2, "already_in_light": 4}
    unchanged = [f for f in loaded.findings if f.code == "light.not_ours"]
    assert len(unchanged) == 4
    assert set(Counter(numbers(sandbox)).values()) == {1}


@ON_BOTH_ENGINES
def test_what_others_load_meanwhile_is_not_sent(
    load: Load, sandbox: Sandbox, tmp_path: Path, engine: str
) -> None:
    rows = [bill_row(i, status="posted" if i == 259 else "") for i in range(260)]
    files = write_bills(tmp_path, rows)
    late = rows[-3:]

    def fault(request: Request) -> Fault:
        if request.creates and request.number == 5:
            for row in late:
                typed(sandbox, row)
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        result = load(proxy.url, *files)
    assert result.json["bills"] == {"total": 260, "created": 257, "already_in_light": 3}
    assert (result.code, len(numbers(sandbox))) == (0, 260)
    (unchanged,) = [f for f in result.json["findings"] if f["code"] == "light.not_ours"]
    assert (unchanged["row"], unchanged["value"]) == (261, late[-1]["invoiceNumber"])


# --- a double -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Double:
    """A load of three bills, one of which a colleague had typed when Light's list did not show it
    yet. ``theirs`` and ``ours`` are the ids."""

    result: Ended
    files: list[str]
    light: Sandbox
    url: str
    theirs: str
    ours: str


@pytest.fixture
def double(load: Load, sandbox: Sandbox, tmp_path: Path, engine: str) -> Iterator[Double]:
    rows = [bill_row(i, companyEntityId=ENTITIES[0]) for i in range(3)]
    files = write_bills(tmp_path, rows)
    theirs = typed(sandbox, rows[1])
    nothing = http(200, {"records": [], "hasMore": False, "nextCursor": None})

    def fault(request: Request) -> Fault:
        lags = len(sandbox.bills()) == 1 and request.path.endswith("/bff/invoice-payables")
        return Fault(False, nothing) if lags else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        result = load(proxy.url, *files)
        bills = [b for b in sandbox.bills() if b["invoiceNumber"] == rows[1]["invoiceNumber"]]
        [ours] = [bill["id"] for bill in bills if bill["id"] != theirs]
        yield Double(result, files, sandbox, proxy.url, theirs, ours)


@ON_BOTH_ENGINES
def test_double_is_unknown_in_every_command_until_the_later_copy_is_cancelled(
    load: Load, command: Load, double: Double
) -> None:
    result, files, ids = double.result, double.files, [double.theirs, double.ours]
    assert result.code == 3
    assert result.json["bills"] == {"total": 3, "created": 2, "unknown": 1}
    run = result.json["run"]
    for again, code in (
        (load(double.url, *files), 3),
        (command("verify", run, *FAST), 3),
        (command("report", run, "--json", "--quiet"), 0),
        (command("undo", run, "--dry-run", *FAST), 3),
    ):
        assert again.code == code, again.err
        [twice] = [f for f in again.json["findings"] if f["code"] == "light.twice"]
        assert all(light_id in twice["message"] for light_id in ids)
        assert again.json["totals"][0]["difference"] != 0
    assert command("journal", "check").code == 3
    summary = command("report", run)
    assert "Ties out" not in summary.out

    undone = command("undo", run, "--twins", "--yes", *FAST)
    assert undone.code == 0, undone.out
    assert undone.json["bills"] == {"total": 3, "created": 2, "already_in_light": 1}
    states = {bill["id"]: bill["state"] for bill in double.light.bills()}
    assert [states[light_id] for light_id in ids] == ["IN_DRAFT", "CANCELLED"]
    last = load(double.url, *files)
    assert (last.code, set(live(double.light).values())) == (0, {1})
    assert command("journal", "check").code == 0


@ON_BOTH_ENGINES
def test_plain_undo_leaves_a_double_alone(command: Load, double: Double) -> None:
    result, ids = double.result, [double.theirs, double.ours]
    undone = command("undo", result.json["run"], "--yes", *FAST)
    assert undone.code == 3
    assert undone.json["bills"] == {"total": 3, "undone": 2, "unknown": 1}
    assert "undo" in undone.json["next"]
    assert "--twins" in undone.json["next"]
    states = {bill["id"]: bill["state"] for bill in double.light.bills()}
    assert [states[light_id] for light_id in ids] == ["IN_DRAFT", "IN_DRAFT"]


@ON_BOTH_ENGINES
def test_earlier_copy_is_not_cancelled(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, engine: str
) -> None:
    rows = [bill_row(i) for i in range(2)]
    result = load(sandbox.base_url, *write_bills(tmp_path, rows))
    theirs = typed(sandbox, rows[0])
    verify = command("verify", result.json["run"], *FAST)
    assert (verify.code, codes(verify)) == (3, {"light.twice": 1})
    undone = command("undo", result.json["run"], "--twins", "--yes", *FAST)
    assert undone.code == 3
    [left] = [f for f in undone.json["findings"] if f["code"] == "light.not_cancelled"]
    assert "the earlier one" in left["message"]
    assert theirs in left["message"]
    assert "CANCELLED" not in {bill["state"] for bill in sandbox.bills()}


@ON_BOTH_ENGINES
@pytest.mark.parametrize("which", ["theirs", "ours"])
def test_copy_that_is_cancelled_in_light_settles_the_doubt(
    load: Load, double: Double, which: str
) -> None:
    light_id = getattr(double, which)
    asked(double.light, "POST", f"invoice-payables/{light_id}/cancel", {"reason": "It is twice."})
    again = load(double.url, *double.files)
    assert again.code == 0, again.out
    assert again.json["bills"]["total"] == 3
    assert "unknown" not in again.json["bills"]
    assert set(live(double.light).values()) == {1}


@ON_BOTH_ENGINES
def test_persons_word_settles_a_double(load: Load, command: Load, double: Double) -> None:
    result, files, ids = double.result, double.files, [double.theirs, double.ours]
    run, number = result.json["run"], "INV-00001"
    absent = command("journal", "settle", run, number, "--absent", "--requests-per-minute", "6000")
    assert absent.code == 2
    assert ids[0] in absent.err
    wrong = command("journal", "settle", run, "INV-00000", "--light-id", ids[0])
    assert (wrong.code, "not in doubt" in wrong.err) == (2, True)
    settled = command("journal", "settle", run, number, "--light-id", ids[0], "--json")
    assert settled.code == 0, settled.err
    assert document(settled)["command"] == "journal settle"
    assert (settled.json["light_id"], settled.json["others"]) == (ids[0], [ids[1]])
    assert settled.json["who"]
    again = load(double.url, *files)
    assert again.code == 0, again.out
    assert "light.twice" not in codes(again)
    [checked] = command("journal", "check", "--json").json["journals"]
    assert [each["light_id"] for each in checked["settlements"]] == [ids[0]]
    assert (checked["problems"], checked["doubts"]) == ([], [])


@ON_BOTH_ENGINES
@pytest.mark.parametrize("ours", [0, 1], ids=["all theirs", "one of them ours"])
def test_copy_too_many_of_bills_without_a_number_is_named(
    load: Load, sandbox: Sandbox, tmp_path: Path, ours: int, engine: str
) -> None:
    rows = [bill_row(i, vendorId=VENDORS[0], invoiceNumber="", amount=500) for i in range(2)]
    rows[1] = {**rows[0], "billRef": rows[1]["billRef"]}
    if ours:
        assert load(sandbox.base_url, *write_bills(tmp_path, rows[:1])).code == 0
    theirs = {typed(sandbox, rows[0]) for _ in range(3 - ours)}
    files = write_bills(tmp_path, rows)
    for _ in range(2):
        result = load(sandbox.base_url, *files)
        assert (result.code, result.json["bills"].get("unknown")) == (3, 1), result.json["bills"]
        [twice] = [f for f in result.json["findings"] if f["code"] == "light.twice"]
        assert any(light_id in twice["message"] for light_id in theirs)
    assert len(sandbox.bills()) == 3


# --- what is in Light by another hand -----------------------------------------------------------


def test_number_that_light_has_with_another_date_and_amount_is_an_error(
    load: Load, command: Load, sandbox: Sandbox, at_home: Callable[[str], Path], tmp_path: Path
) -> None:
    at_home("a")
    may = write_bills(tmp_path, [bill_row(0, issuedDate="2026-01-05", amount=1000)])
    assert load(sandbox.base_url, *may).code == 0
    at_home("b")
    june = [bill_row(0, issuedDate="2026-01-25", amount=7700), bill_row(1)]
    second = load(sandbox.base_url, *write_bills(tmp_path, june))
    assert second.code == 1
    assert second.json["bills"] == {"total": 2, "created": 1, "not_sent": 1}
    assert codes(second)["light.number_in_use"] == 1
    report = command("report", second.json["run"], "--json", "--quiet")
    assert codes(report)["light.number_in_use"] == 1
    assert len(numbers(sandbox)) == 2


@pytest.mark.parametrize(
    "number", ["inv-00000", "INV 00000", "INV00000", "INV–00000", "INV-0", "0INV-00000"]
)
def test_number_that_light_has_typed_in_another_way_is_a_warning(
    load: Load, sandbox: Sandbox, at_home: Callable[[str], Path], tmp_path: Path, number: str
) -> None:
    at_home("a")
    assert load(sandbox.base_url, *write_bills(tmp_path, [bill_row(0)])).code == 0
    at_home("b")
    second = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(0, invoiceNumber=number)]))
    assert second.json["bills"] == {"total": 1, "created": 1}
    [warning] = [
        f for f in second.json["findings"] if f["code"] == "bills.invoiceNumber.near_in_light"
    ]
    assert "'INV-00000'" in warning["message"]
    assert (warning["row"], warning["value"]) == (2, number)


def test_number_that_light_has_under_another_entity_is_a_warning(
    load: Load, sandbox: Sandbox, at_home: Callable[[str], Path], tmp_path: Path
) -> None:
    at_home("a")
    row = bill_row(0, companyEntityId=ENTITIES[0])
    assert load(sandbox.base_url, *write_bills(tmp_path, [row])).code == 0
    at_home("b")
    row = bill_row(0, companyEntityId=ENTITIES[1])
    second = load(sandbox.base_url, *write_bills(tmp_path, [row]))
    assert second.json["bills"] == {"total": 1, "created": 1}
    assert codes(second) == {"bills.invoiceNumber.other_entity": 1}


def test_numbers_of_other_vendors_or_other_numbers_are_no_warning(
    load: Load, sandbox: Sandbox, at_home: Callable[[str], Path], tmp_path: Path
) -> None:
    at_home("a")
    assert load(sandbox.base_url, *write_bills(tmp_path, [bill_row(i) for i in range(9)])).code == 0
    at_home("b")
    rows = [bill_row(i, vendorId=VENDORS[(i + 1) % len(VENDORS)]) for i in range(9)]
    rows += [bill_row(i) for i in range(9, 20)]
    second = load(sandbox.base_url, *write_bills(tmp_path, rows))
    assert (second.code, second.json["findings"]) == (0, [])


# --- what a run is in doubt of ------------------------------------------------------------------
@ON_BOTH_ENGINES
def test_undo_covers_what_the_run_does_not_know(
    command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)
    files = write_bills(tmp_path, [bill_row(i) for i in range(2)])
    with proxied(sandbox.base_url) as proxy:
        proxy.fault = lambda request: Fault(True, None) if request.creates else PASS
        process = start("load", *files, "--yes", "--settle", "60", "--base-url", proxy.url)
        while len(sandbox.bills()) < 2:
            assert process.poll() is None
            time.sleep(0.01)
        proxy.idle()
        process.kill()
        process.communicate()
        proxy.fault = lambda request: Fault(True, KEEP)
        [run] = [each["run"] for each in command("runs", "--json").json["runs"]]
        undone = command("undo", run, "--yes", *FAST)
    assert undone.code == 0, undone.out
    assert undone.json["bills"] == {"total": 2, "undone": 2}
    assert not live(sandbox)


def test_one_404_is_not_believed_by_verify(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    answers: list[str] = []

    def fault(request: Request) -> Fault:
        bill = request.method == "GET" and request.path.startswith("/v1/invoice-payables/")
        if bill and request.path not in answers:
            answers.append(request.path)
            return Fault(False, http(404, {"type": "NOT_FOUND", "message": "No such bill."}))
        return PASS

    with proxied(sandbox.base_url) as proxy:
        run = load(proxy.url, *files).json["run"]
        proxy.fault = fault
        verify = command("verify", run, *FAST)
        assert (verify.code, verify.json["read_back"]) == (0, {"same": 3})
        answers.clear()
        undone = command("undo", run, "--yes", *FAST)
    assert (undone.code, undone.json["bills"]) == (0, {"total": 3, "undone": 3})
    assert not live(sandbox)


@ON_BOTH_ENGINES
def test_bill_that_lives_is_not_sent_though_the_journal_calls_it_undone(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, engine: str
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])

    def fault(request: Request) -> Fault:
        """The cancellation is answered, and never carried out; then the bill is not shown."""
        if request.path.startswith("/v1/invoice-payables/"):
            bill = sandbox.bills()[0] | {"state": "CANCELLED"}
            return Fault(False, http(200, bill))
        return PASS

    with proxied(sandbox.base_url) as proxy:
        run = load(proxy.url, *files).json["run"]
        proxy.fault = fault
        assert command("undo", run, "--yes", *FAST).json["bills"] == {"total": 1, "undone": 1}
        proxy.fault = lambda request: PASS
        again = load(proxy.url, *files)
    assert again.json["bills"] == {"total": 1, "already_in_light": 1}
    assert len(numbers(sandbox)) == 1


@ON_BOTH_ENGINES
def test_id_that_light_has_nowhere_is_not_called_a_second_copy(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, engine: str
) -> None:
    """A bill was loaded, and Light has another one in its place: it shows no trace of ours."""
    rows = [bill_row(i) for i in range(2)]
    gone = ""

    def without(listed: dict[str, Any]) -> dict[str, Any]:
        return listed | {"records": [each for each in listed["records"] if each["id"] != gone]}

    def fault(request: Request) -> Fault:
        if gone and request.path.endswith(gone):
            return Fault(False, http(404, {"type": "NOT_FOUND", "message": "No such bill."}))
        return (
            Fault(True, None, alter=without)
            if request.path.endswith("/bff/invoice-payables")
            else PASS
        )

    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *(files := write_bills(tmp_path, rows))).json["run"]
        [gone] = [b["id"] for b in sandbox.bills() if b["invoiceNumber"] == "INV-00000"]
        theirs = typed(sandbox, rows[0])
        for again in (
            command("verify", run, *FAST),
            load(proxy.url, *files),
            command("report", run, "--json", "--quiet"),
        ):
            [twice] = [f for f in again.json["findings"] if f["code"] == "light.twice"]
            assert f"may have this bill more than once: {gone}" in twice["message"]
            assert theirs in twice["message"]
            assert f"it does not show {gone} now" in twice["message"]
            assert again.code == (0 if again.json["command"] == "report" else 3)
        summary = command("report", run).out
        assert "in Light more than once" not in summary
        word = ("journal", "settle", run, "INV-00000", "--light-id", theirs)
        assert command(*word).code == 0
        assert load(proxy.url, *files).code == 0
