"""Faults of the sandbox: what each does on the wire and in the database, and when it comes."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from importer.cli import main
from importer.core.errors import UsageProblem
from importer.sandbox import (
    FAULTS,
    Fault,
    Sandbox,
    SandboxSettings,
    Scripted,
    parse_fault,
    parse_script,
    running,
)
from importer.sandbox.faults import FaultPlan, lies_about
from importer.sandbox.lies import (
    ANOTHER,
    BILL_LIES,
    DOUBLED,
    LEDGER_LIES,
    LIES,
    LIST_LIES,
    NEW_STATE,
    NIL,
)

PATH = "/v1/invoice-payables"
LIST = "/v1/bff/invoice-payables"
KEY = {"Authorization": "Basic sandbox"}
FAST = 100_000
LATE = 0.1
BILL = {"invoiceNumber": "A-1", "amount": 7, "lineItems": [{"netAmount": 7}]}
# The status that a client gets if the bill is not stored, and if it is.
BEFORE = {
    "500-before": 500,
    "502-html-before": 502,
    "503-before": 503,
    "late-before": 504,
    "429": 429,
    "429-bare": 429,
    "redirect-307": 307,
    "redirect-308": 308,
    "redirect-outside": 307,
    "401": 401,
    "202-before": 202,
    "errors-200-before": 200,
    "foreign-200-before": 200,
}
AFTER = {
    "500-after": 500,
    "502-html-after": 502,
    "503-after": 503,
    "not-json-200": 200,
    "late-after": 200,
    "late-commit": 200,
    "duplicated": 200,
    "202-after": 202,
    "207-after": 207,
    "errors-200-after": 200,
    "409-after": 409,
    "400-after": 400,
    "422-after": 422,
    "403-html-after": 403,
    "404-html-after": 404,
    "404-foreign-after": 404,
    "404-after": 404,
    **dict.fromkeys([*BILL_LIES, *LIST_LIES, *LEDGER_LIES, ANOTHER, DOUBLED], 200),
}
BROKEN = {"drop-before": 0, "drop-after": 1, "truncated-200": 1}


@contextmanager
def started(
    script: str = "",
    *faults: str,
    limit: int = FAST,
    headers_on_success: bool = True,
    late: float = LATE,
    seed: int = 0,
) -> Iterator[tuple[Sandbox, httpx.Client]]:
    settings = SandboxSettings(
        requests_per_minute=limit,
        headers_on_success=headers_on_success,
        late=late,
        script=parse_script(script),
        faults=tuple(map(parse_fault, faults)),
        fault_seed=seed,
    )
    with (
        running(settings) as box,
        httpx.Client(base_url=box.base_url, headers=KEY, timeout=60, verify=False) as client,
    ):
        yield box, client


def fate(client: httpx.Client, method: str = "POST", path: str = PATH) -> int | str:
    """The status of an answer, or the kind of trouble."""
    try:
        return client.request(method, path, json=BILL if method == "POST" else None).status_code
    except httpx.HTTPError as error:
        return type(error).__name__


def wait_for(condition: Callable[[], bool]) -> None:
    """Until what is under way in the sandbox has come to that."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.005)


def comparable(answer: httpx.Response) -> object:
    """The client's end of the connection that an answer came over."""
    return answer.extensions["network_stream"].get_extra_info("client_addr")


# --- what each fault does ---------------------------------------------------------------------


def test_every_fault_is_tested() -> None:
    assert set(BEFORE) | set(AFTER) | set(BROKEN) == set(FAULTS)
    after = {name for name, kind in FAULTS.items() if kind.after}
    assert after == set(AFTER) - {"late-commit"} | {"drop-after", "truncated-200"}


@pytest.mark.parametrize(("name", "status"), BEFORE.items())
def test_before_fault_stores_nothing_and_keeps_the_connection(name: str, status: int) -> None:
    with started(f"1 {name}") as (box, client):
        faulty = client.post(PATH, json=BILL)
        assert faulty.status_code == status
        assert box.bills() == []
        good = client.post(PATH, json=BILL)
        assert good.status_code == 200
        assert comparable(faulty) == comparable(good)
        assert len(box.bills()) == 1
        counters = box.counters
        assert counters.faults == {name: 1}
        assert (counters.bill_posts, counters.bills_created) == (2, 1)


@pytest.mark.parametrize(("name", "status"), AFTER.items())
def test_after_fault_stores_the_bill_exactly_once(name: str, status: int) -> None:
    with started(f"1 {name}") as (box, client):
        assert client.post(PATH, json=BILL).status_code == status
        (bill,) = box.bills()
        assert bill["invoiceNumber"] == "A-1"
        assert [line["netAmount"] for line in lines(bill)] == [7]
        assert client.get(f"{PATH}/{bill['id']}").json()["id"] == bill["id"]
        assert box.counters.faults == {name: 1}
        assert (box.counters.bill_posts, box.counters.bills_created) == (1, 1)


@pytest.mark.parametrize(("name", "stored"), BROKEN.items())
def test_broken_connection_is_a_protocol_error(name: str, stored: int) -> None:
    with started(f"1 {name}") as (box, client):
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(PATH, json=BILL)
        assert len(box.bills()) == stored
        assert client.post(PATH, json=BILL).status_code == 200
        assert len(box.bills()) == stored + 1
        assert box.counters.faults == {name: 1}


def lines(bill: dict[str, object]) -> list[dict[str, object]]:
    lines = bill["lineItems"]
    assert isinstance(lines, list)
    return lines


def raw_answer(box: Sandbox) -> bytes:
    """All bytes that the server sends for the POST of a bill until it closes the connection."""
    body = json.dumps(BILL).encode()
    port = int(box.base_url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
        wire.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic sandbox\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        )
        # In two pieces: the fault must not come while the request is still under way.
        wire.sendall(body[:9])
        time.sleep(0.05)
        wire.sendall(body[9:])
        return b"".join(iter(lambda: wire.recv(65_536), b""))


@pytest.mark.parametrize("name", ["drop-before", "drop-after"])
def test_dropped_connection_sends_no_byte(name: str) -> None:
    with started(f"1 {name}") as (box, _):
        assert raw_answer(box) == b""


def test_truncated_answer_has_half_of_its_stated_length() -> None:
    with started("1 truncated-200") as (box, _):
        head, _, body = raw_answer(box).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        promised = re.search(rb"(?i)content-length: (\d+)", head)
        assert promised is not None
        assert len(body) == int(promised[1]) // 2
        assert body.startswith(b'{"id":"' + str(box.bills()[0]["id"]).encode())


def test_fault_bodies_are_json_or_html_as_named() -> None:
    names = ["500-after", "502-html-before", "503-before", "not-json-200", "429-bare"]
    with started("".join(f"{i} {name}\n" for i, name in enumerate(names, 1))) as (_, client):
        answers = [client.post(PATH, json=BILL) for _ in names]
    assert [set(answers[i].json()) for i in (0, 2, 4)] == [{"type", "message"}] * 3
    for i in (1, 3):
        assert answers[i].headers["content-type"].startswith("text/html")
        assert "<title>" in answers[i].text


def test_429_has_retry_after_and_bare_429_has_not() -> None:
    begun = time.time()
    with started("1 429\n2 429-bare", limit=50) as (box, client):
        full, bare = client.post(PATH, json=BILL), client.post(PATH, json=BILL)
        assert full.headers["retry-after"] == "1"
        assert full.headers.get_list("x-ratelimit-remaining") == ["0"]
        assert full.headers["x-ratelimit-limit"] == "50"
        assert begun <= int(full.headers["x-ratelimit-reset"]) <= time.time() + 2
        named = [name for name in bare.headers if name.startswith("x-rate")]
        assert [*named, "retry-after" in bare.headers] == [False]
        assert client.get(LIST).headers["x-ratelimit-remaining"] == "47"
        assert (box.counters.throttled, box.counters.refused) == (0, 2)


@pytest.mark.parametrize(
    ("name", "at_once", "later", "status"),
    [("late-before", 0, 0, 504), ("late-after", 1, 1, 200), ("late-commit", 0, 1, 200)],
)
def test_late_fault_stores_the_bill_as_it_promises(
    name: str, at_once: int, later: int, status: int
) -> None:
    with started(f"1 {name}", late=3600) as (box, client):
        client.get(LIST)  # the connection is there
        with pytest.raises(httpx.ReadTimeout):
            client.post(PATH, json=BILL, timeout=0.2)
        wait_for(lambda: box.counters.faults == {name: 1} and len(box.bills()) >= at_once)
        assert len(box.bills()) == at_once
    late = 0.6
    with started(f"1-2 {name}", late=late) as (box, client):
        client.get(LIST)
        with pytest.raises(httpx.ReadTimeout):
            client.post(PATH, json=BILL, timeout=late / 2)
        wait_for(lambda: box.counters.bill_posts == 1)
        begun = time.monotonic()
        assert client.post(PATH, json=BILL).status_code == status
        assert time.monotonic() - begun >= late
        assert len(box.bills()) == 2 * later
        assert box.counters.faults == {name: 2}


@pytest.mark.parametrize("name", ["redirect-307", "redirect-308"])
def test_followed_redirect_creates_the_bill_once(name: str) -> None:
    with started(f"1 {name}", f"{name}:1") as (box, client):
        answer = client.post(PATH, json=BILL, follow_redirects=True)
        assert answer.status_code == 200
        assert [hop.status_code for hop in answer.history] == [int(name[-3:])]
        assert answer.url.host == "127.0.0.1"
        assert [bill["id"] for bill in box.bills()] == [answer.json()["id"]]
        assert box.counters.faults == {name: 1}


def test_redirect_keeps_query_and_counts_against_the_limit() -> None:
    with started("list:1 redirect-307\nlist:2 redirect-308", limit=10) as (_, client):
        client.post(PATH, json=BILL)
        query = {"filter": "state:in:INIT|IN_DRAFT|CREATED", "limit": "1"}
        for remaining in ("7", "5"):
            answer = client.get(LIST, params=query, follow_redirects=True)
            assert answer.history[0].headers["location"].endswith(answer.url.raw_path.decode())
            assert len(answer.json()["records"]) == 1
            assert answer.headers["x-ratelimit-remaining"] == remaining
        moved = str(answer.url)
        assert httpx.get(moved).status_code == 401


def test_outside_redirect_leads_to_another_host() -> None:
    with started("1 redirect-outside") as (_, client):
        address = client.post(PATH, json=BILL).headers["location"]
    assert address == f"https://elsewhere.example{PATH}"


def test_duplicated_fault_stores_a_duplicate() -> None:
    with started("1 duplicated") as (box, client):
        answers = [client.post(PATH, json=BILL).json() for _ in range(2)]
        states = [bill["state"] for bill in box.bills()]
    assert answers[0]["state"] == "DUPLICATED"
    assert answers[0]["failureReason"] == "DUPLICATE_INVOICE"
    assert answers[1]["failureReason"] is None
    assert states[0] == "DUPLICATED" != states[1]
    plan = FaultPlan([parse_fault("duplicated:1")], (), 0)
    assert [plan.next("line"), plan.next("bill")] == [None, "duplicated"]


@pytest.mark.parametrize("name", [name for name, kind in FAULTS.items() if kind.after])
def test_refusals_are_not_spoiled(name: str) -> None:
    with started(f"1 {name}") as (box, client):
        assert client.post(PATH, json={"amount": "7"}).status_code == 400
        assert box.bills() == []
        assert box.counters.faults == {}


# --- lies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("nil-id", "id", NIL),
        ("new-state", "state", NEW_STATE),
        ("amount-null", "amount", None),
        ("number-null", "invoiceNumber", None),
        ("number-cut", "invoiceNumber", "A"),
        ("number-recased", "invoiceNumber", "a-1"),
    ],
)
def test_lie_about_a_bill_is_told_in_each_answer_with_bills(
    name: str, field: str, value: object
) -> None:
    with started(f"1 {name}\nread:1 {name}\nlist:1 {name}") as (box, client):
        told = [client.post(PATH, json=BILL).json()]
        (bill,) = box.bills()
        told.append(client.get(f"{PATH}/{bill['id']}").json())
        told += client.get(LIST).json()["records"]
    assert [answer[field] for answer in told] == [value] * 3
    assert bill[field] != value


def test_id_in_capitals_is_the_same_id() -> None:
    with started("1 id-in-capitals") as (box, client):
        told = client.post(PATH, json=BILL).json()["id"]
        assert told == str(box.bills()[0]["id"]).upper() != box.bills()[0]["id"]


def test_another_answer_is_that_of_the_request_before() -> None:
    with started(f"2 {ANOTHER}\nread:1 {ANOTHER}") as (box, client):
        told = [client.post(PATH, json=BILL | {"amount": n}).json()["id"] for n in (7, 7)]
        ids = [bill["id"] for bill in box.bills()]
        assert told == [ids[0]] * 2
        assert client.get(f"{PATH}/{ids[0]}").json()["id"] == ids[1]


def test_doubled_answer_is_on_the_wire_twice() -> None:
    with started(f"1 {DOUBLED}") as (box, _):
        port = int(box.base_url.rsplit(":", 1)[1])
        body = json.dumps(BILL)
        with socket.create_connection(("127.0.0.1", port), timeout=60) as wire:
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic sandbox\r\n"
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            wire.sendall((head + body).encode())
            received = b""
            while received.count(b'"invoiceNumber":"A-1"') < 2:
                received += wire.recv(65_536)
        assert received.count(b"HTTP/1.1 200") == 2
        assert len(box.bills()) == 1


def test_lists_are_short_or_empty() -> None:
    with started("list:2 short-list\nlist:3 empty-list") as (_, client):
        for _ in range(4):
            client.post(PATH, json=BILL)
        assert [len(client.get(LIST).json()["records"]) for _ in range(4)] == [4, 2, 0, 4]


def test_lies_stands_for_each_lie_about_the_request() -> None:
    for target, kind in (("bill", "bill"), ("list", "list"), ("read", "read")):
        names = lies_about(kind)  # type: ignore[arg-type]
        plan = FaultPlan([parse_fault(f"{target}:lies:{1 / len(names)}")], (), 0)
        drawn = {plan.next(kind) for _ in range(2000)}  # type: ignore[arg-type]
        assert drawn == set(names) <= set(LIES)


def test_line_items_have_the_same_faults() -> None:
    script = "line:1 drop-before\nline:2 drop-after\nline:3 500-after\nline:4 503-before"
    with started(script) as (box, client):
        address = f"{PATH}/{client.post(PATH, json={}).json()['id']}/line-items"
        fates: list[int | str] = []
        for i in range(5):
            try:
                fates.append(client.post(address, json={"netAmount": i}).status_code)
            except httpx.RemoteProtocolError:
                fates.append("broke")
        assert fates == ["broke", "broke", 500, 503, 200]
        assert [line["netAmount"] for line in lines(box.bills()[0])] == [1, 2, 4]
        assert box.counters.line_posts == 5


def test_reads_and_actions_have_faults_too() -> None:
    script = (
        "list:1 drop\nlist:2 500\nlist:3 truncated-200\nget:5 not-json-200\nchange:1 drop-after"
    )
    with started(script) as (box, client):
        broke = "RemoteProtocolError"
        fates = [fate(client, "GET", LIST) for _ in range(4)]
        assert fates == [broke, 500, broke, 200]
        assert "<title>" in client.get("/v1/vendors").text
        bill_id = client.post(PATH, json=BILL).json()["id"]
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(f"{PATH}/{bill_id}/cancel", json={"reason": "twice"})
        assert box.bills()[0]["state"] == "CANCELLED"


def test_no_faults_without_key_or_past_the_limit() -> None:
    with started("1 drop-before", limit=2) as (box, client):
        assert httpx.post(box.base_url + PATH, json=BILL).status_code == 401
        for _ in range(2):
            client.get(LIST)
        assert client.post(PATH, json=BILL).status_code == 429
        assert box.counters.faults == {}


def test_concurrent_faults_are_independent_and_do_not_delay_shutdown() -> None:
    with started("1-10 late-commit\n11-20 late-after\n21-30 drop-after", late=0.2) as (box, client):
        fates: Counter[int | str] = Counter()

        def work() -> None:
            fates[fate(client)] += 1

        threads = [threading.Thread(target=work) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert fates == {200: 30, "RemoteProtocolError": 10}
        assert len(box.bills()) == 40
    with started("1- late-commit", late=600) as (box, client):
        with pytest.raises(httpx.TimeoutException):
            client.post(PATH, json=BILL, timeout=0.2)
        wait_for(lambda: box.counters.faults == {"late-commit": 1})
        begun = time.monotonic()
    assert time.monotonic() - begun < 30


def test_page_lists_injected_faults() -> None:
    with started("1-2 500-before\n3 drop-after") as (_, client):
        assert "Faults injected" not in client.get("/").text
        for _ in range(3):
            fate(client)
        assert "Faults injected: 500-before 2, drop-after 1." in client.get("/").text


# --- when it comes ----------------------------------------------------------------------------


def test_fault_rates_hold_and_seeds_repeat() -> None:
    outcomes = []
    for seed in (1, 1, 2):
        with started("", "drop-after:0.2", "503-before:0.1", seed=seed) as (box, client):
            outcomes.append([fate(client) for _ in range(200)])
            counts = box.counters.faults
            assert 25 <= counts["drop-after"] <= 55
            assert 10 <= counts["503-before"] <= 32
            assert outcomes[-1].count("RemoteProtocolError") == counts["drop-after"]
            assert outcomes[-1].count(503) == counts["503-before"]
            assert len(box.bills()) == 200 - counts["503-before"]
    assert outcomes[0] == outcomes[1] != outcomes[2]


def test_post_rate_covers_bills_and_lines_not_reads() -> None:
    with started("", "500-before:1") as (_, client):
        assert fate(client) == 500
        assert fate(client, "POST", f"{PATH}/x/line-items") == 500
        assert fate(client, "GET", LIST) == 200
    with started("", "get:503:1") as (_, client):
        assert fate(client) == 200
        assert fate(client, "GET", LIST) == 503
        assert fate(client, "GET", "/v1/entities") == 503


def test_fault_of_a_bill_is_independent_of_reads() -> None:
    def plan() -> FaultPlan:
        return FaultPlan([Fault("500-before", 0.5), Fault("503-before", 0.5, "get")], (), 3)

    quiet, busy = plan(), plan()
    for i in range(100):
        for _ in range(i % 3):
            busy.next("list")
        assert quiet.next("bill") == busy.next("bill")
    assert [plan().next("bill") for _ in range(3)] == [plan().next("bill")] * 3
    both = plan()
    pairs = {(both.next("bill") is None, both.next("list") is None) for _ in range(100)}
    assert len(pairs) == 4


def test_all_injects_each_common_fault_at_the_rate() -> None:
    plan = FaultPlan([parse_fault("all:0.05")], (), 0)
    drawn = Counter(plan.next("bill") for _ in range(20_000))
    common = {name for name, kind in FAULTS.items() if kind.common}
    assert set(drawn) == common | {None}
    assert set(FAULTS) - common - set(LIES) == {"401", "duplicated", "redirect-outside"}
    assert all(800 <= drawn[name] <= 1200 for name in common)


def test_401_by_rate_comes_once_by_script_as_written() -> None:
    with started("", "401:0.3") as (_, client):
        assert Counter(fate(client) for _ in range(40)) == {200: 39, 401: 1}
    with started("2-3 401") as (_, client):
        assert [fate(client) for _ in range(4)] == [200, 401, 401, 200]


def test_script_precedes_rates() -> None:
    script = "# a bad day\n3 drop-after\n5-7 503-before  # three times\n\n6 500-before\n10- 429\n"
    with started(script) as (_, client):
        fates = [fate(client) for _ in range(11)]
    expected = [200, 200, "RemoteProtocolError", 200, 503, 503, 503, 200, 200, 429, 429]
    assert fates == expected
    with started("2 503-before", "500-before:1") as (_, client):
        assert [fate(client) for _ in range(3)] == [500, 503, 500]


def test_script_targets_are_counted_separately() -> None:
    plan = FaultPlan((), parse_script("2 429\nline:2 500-after\npost:5 503-after\nlist:2 500"), 0)
    kinds = ["bill", "line", "list", "bill", "get", "line", "list", "line"]
    faults = [plan.next(kind) for kind in kinds]  # type: ignore[arg-type]
    expected = [None, None, None, "429", None, "500-after", "500-before", "503-after"]
    assert faults == expected


# --- how it is written ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drop-after:0.05", Fault("drop-after", 0.05, "post")),
        ("line:429:1", Fault("429", 1, "line")),
        ("get:503:0.1", Fault("503-before", 0.1, "get")),
        ("list:late:0", Fault("late-after", 0, "list")),
        ("get:all:0.01", Fault("all", 0.01, "get")),
        ("bill:duplicated:.5", Fault("duplicated", 0.5, "bill")),
    ],
)
def test_parse_fault_reads_target_name_and_rate(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drop-aftr:0.05", "'drop-aftr' is not a fault. The faults are drop-before, drop-after, "),
        ("drop-after", "like drop-after:0.05. The faults are"),
        ("", "is not a fault and its rate"),
        ("a:b:c:0.1", "is not a fault and its rate"),
        ("drop-after:", "'' in 'drop-after:' is not a rate"),
        ("drop-after:often", "'often' in 'drop-after:often' is not a rate"),
        ("drop-after:5", "The rate of drop-after is 5; it must be 0 to 1"),
        ("drop-after:-0.1", "must be 0 to 1"),
        ("drop-after:nan", "must be 0 to 1"),
        ("503:0.1", "Say 503-before or 503-after"),
        ("put:503:0.1", "'put' is no kind of request. The kinds are bill"),
        ("get:duplicated:0.1", "Only a bill can be duplicated"),
    ],
)
def test_unknown_fault_is_refused_with_the_list_of_faults(text: str, message: str) -> None:
    with pytest.raises(UsageProblem, match=re.escape(message)):
        parse_fault(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3 drop-after\nx", "Line 2 of the script, 'x', is not like '3 drop-after'"),
        ("0 drop-after", "Line 1 of the script: drop-after at 0-0"),
        ("9-5 drop-after", "Line 1 of the script: drop-after at 9-5"),
        ("\n\n3 dropped", "Line 3 of the script: 'dropped' is not a fault"),
        ("lists:3 500", "Line 1 of the script: 'lists' is no kind of request"),
        ("3 all", "'all' is not a fault"),
        ("3 500", "Say 500-before or 500-after"),
    ],
)
def test_invalid_script_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageProblem, match=re.escape(message)):
        parse_script(text)


def test_rates_above_one_in_total_are_refused(tmp_path: Path) -> None:
    for settings in (
        SandboxSettings(faults=(Fault("429", 0.6), Fault("drop-after", 0.6))),
        SandboxSettings(faults=(Fault("all", 0.1),), database=tmp_path / "bills.db"),
        SandboxSettings(late=-1),
        SandboxSettings(requests_today=-1),
        SandboxSettings(clock_offset=float("nan")),
    ):
        with pytest.raises(UsageProblem), running(settings):
            pass
    assert list(tmp_path.iterdir()) == []
    assert Scripted("429", 1, 2) == parse_script("1-2 429")[0]


# --- clock and day ----------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [-600, 600, 86_400])
def test_clock_offset_applies_to_bills_headers_and_limits(offset: int) -> None:
    settings = SandboxSettings(requests_per_minute=2, clock_offset=offset)
    with (
        running(settings) as box,
        httpx.Client(base_url=box.base_url, headers=KEY, timeout=60, verify=False) as client,
    ):
        answer = client.post(PATH, json=BILL)
        expected = datetime.now(UTC) + timedelta(seconds=offset)
        created = datetime.fromisoformat(answer.json()["invoiceCreatedAt"])
        assert abs(created - expected) < timedelta(seconds=60)
        dates = answer.headers.get_list("date")
        assert len(dates) == 1
        assert abs(parsedate_to_datetime(dates[0]) - expected) < timedelta(seconds=60)
        assert abs(int(answer.headers["x-ratelimit-reset"]) - expected.timestamp() - 60) < 60
        (record,) = client.get(LIST).json()["records"]
        assert abs(datetime.fromisoformat(record["createdAt"]) - expected) < timedelta(seconds=60)
        refused = client.get(LIST)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_every_answer_has_a_date_header() -> None:
    with started("1 500-before\n2 truncated-200") as (box, client):
        answers = [client.post(PATH, json=BILL), httpx.get(box.base_url + LIST), client.get("/")]
        for answer in answers:
            date = parsedate_to_datetime(answer.headers["date"])
            assert abs(date - datetime.now(UTC)) < timedelta(seconds=60)


def test_requests_today_count_against_the_days_limit() -> None:
    settings = SandboxSettings(requests_per_day=1_000, requests_today=997, clock_offset=43_200)
    with (
        running(settings) as box,
        httpx.Client(base_url=box.base_url, headers=KEY, timeout=60, verify=False) as client,
    ):
        fates = [fate(client) for _ in range(5)]
        refused = client.get(LIST)
        assert refused.headers["x-ratelimit-limit"] == "1000"
        # Midnight is the sandbox's, not this computer's.
        midnight = int(refused.headers["x-ratelimit-reset"])
        assert midnight % 86_400 == 0
        seconds = midnight - (time.time() + 43_200)
        assert abs(int(refused.headers["retry-after"]) - seconds) < 60
    assert fates == [200, 200, 200, 429, 429]
    assert box.counters.throttled == 3


# --- the command ------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_command_takes_faults_script_clock_and_requests_today(tmp_path: Path) -> None:
    script = tmp_path / "faults.txt"
    script.write_text("2 drop-after\nlist:1 500\n", encoding="utf-8")
    options = ["--port", "0", "--fault-script", str(script), "--fault", "line:503-before:1"]
    options += ["--fault", "change:429:1", "--fault-seed", "4", "--late", "200ms"]
    options += ["--clock-offset", "-600", "--requests-per-day", "100", "--requests-today", "93"]
    options += ["--duplicate-state", "--key", "sandbox", "--key", "two", "--foreign-key", "other"]
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "importer", "sandbox", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address is not None
            assert "LIGHT_API_KEYS=sandbox,two\n" in process.stdout.readline()
            with httpx.Client(base_url=address[0], headers=KEY, timeout=60, verify=False) as client:
                line = f"{PATH}/00000000-0000-0000-0000-000000000000/line-items"
                first = client.post(PATH, json={})
                assert [fate(client), fate(client, "POST", line)] == ["RemoteProtocolError", 503]
                assert [fate(client, "GET", LIST), fate(client, "PATCH", f"{PATH}/x")] == [500, 429]
                assert [bill["state"] for bill in client.get(LIST).json()["records"]]
                two = client.get(LIST, headers={"Authorization": "Basic two"})
                assert [two.status_code, fate(client, "GET", LIST)] == [200, 429]
                other = {"Authorization": "Basic other"}
                assert client.get("/v1/companies/current", headers=other).status_code == 200
                behind = datetime.now(UTC) - parsedate_to_datetime(first.headers["date"])
                assert timedelta(minutes=9) < behind < timedelta(minutes=11)
                process.send_signal(signal.SIGTERM)
                _, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")


def test_command_refuses_unknown_faults(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for options in (
        ["--fault", "drop:0.1"],
        ["--fault-script", str(tmp_path / "none.txt")],
        ["--fault", "all:0.5"],
    ):
        assert main.run(["sandbox", "--port", "0", *options]) == 2
        output = capsys.readouterr().err
        assert output.startswith("Error: ")
        assert output.count("\n") == 1


def test_help_explains_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["sandbox", "--help"]) == 0
    output = capsys.readouterr().out
    rows = re.findall(r"^  ([\w-]+)  ", output.partition("\nFaults:\n")[2], re.MULTILINE)
    failures = [name for name in FAULTS if name not in LIES]
    assert rows == [*failures, "all", *LIES, "lies"]
    assert all(
        a != b for a, b in itertools.combinations([k.description for k in FAULTS.values()], 2)
    )
