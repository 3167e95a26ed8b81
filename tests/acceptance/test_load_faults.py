"""Whatever goes wrong on the way, each bill is in Light once, or its row says that it is not."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import (
    COMPANY,
    KEEP,
    PASS,
    Ended,
    Fault,
    Request,
    bill_row,
    http,
    numbers,
    proxied,
    refusal,
    write_bills,
)

from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
BILLS = 8
ALL = [f"INV-{i:05}" for i in range(BILLS)]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    return write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])


def third_post(fault: Fault) -> Callable[[Request], Fault]:
    """``fault`` for the third bill sent, at its first attempt."""
    return lambda request: fault if request.creates and request.number == 2 else PASS


def the_journal() -> str:
    """The one journal; a load past the proxy would otherwise have one of its own."""
    (path,) = Path(os.environ["LIGHT_IMPORT_HOME"]).glob("journals/*.sqlite")
    return str(path)


def sums_up(told: Ended) -> bool:
    """Whether the statuses make up all bills, and the lines follow them."""
    for name in ("bills", "line_items"):
        counts = dict(told.json[name])
        if counts.pop("total") != sum(counts.values()) or told.json[name]["total"] != BILLS:
            return False
    return bool(told.json["exit_code"] == told.code)


FAULTS = {
    "the connection breaks before Light has the bill": Fault(False, None),
    "the connection breaks after Light has the bill": Fault(True, None),
    "the gateway says 502 in HTML after the bill was created": Fault(
        True, http(502, b"<html>Bad Gateway</html>", Content_Type="text/html")
    ),
    "Light says 500 and has not created the bill": Fault(False, http(500, {"message": "sorry"})),
    "Light says 503 after the bill was created": Fault(True, http(503)),
    "the answer is half a JSON": Fault(True, http(200, b'{"id": "aa')),
    "the answer breaks off": Fault(
        True, b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"id": "aa'
    ),
    "the answer is empty": Fault(True, http(200)),
    "the answer is JSON, but no bill": Fault(True, http(200, {"ok": True})),
    "the answer is not HTTP": Fault(True, b"SSH-2.0-OpenSSH\r\n\r\n"),
    "Light says 408": Fault(True, http(408)),
    "Light says 429 once, with a time": Fault(False, http(429, {"message": "x"}, Retry_After=1)),
    "Light says 429 once, without a time": Fault(False, http(429, {"message": "slow down"})),
    "Light accepts without a bill in the answer": Fault(True, http(202, {})),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_bill_is_created_once_despite(
    fault: Fault, load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    with proxied(sandbox.base_url, third_post(fault)) as proxy:
        told = load(proxy.url, *files)
    assert numbers(sandbox) == ALL
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert told.code == 0
    assert sums_up(told)


def test_answer_after_the_timeout_creates_no_duplicate(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    with proxied(sandbox.base_url, third_post(Fault(True, KEEP, after=600))) as proxy:
        told = load(proxy.url, *files, "--timeout", "2")
    assert numbers(sandbox) == ALL
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}


def test_all_answers_lost_create_no_duplicate(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    with proxied(sandbox.base_url, lambda r: Fault(True, None) if r.creates else PASS) as proxy:
        told = load(proxy.url, *files)
        looked = [r for r in proxy.requests if r.path == "/v1/bff/invoice-payables"]
    assert numbers(sandbox) == ALL
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert len(looked) < BILLS  # together, not one by one


def test_lagging_list_creates_no_duplicate(load: Load, tmp_path: Path, files: list[str]) -> None:
    settings = SandboxSettings(reference=COMPANY, requests_per_minute=100_000, list_lag=0.8)
    with running(settings) as slow:
        with proxied(slow.base_url, third_post(Fault(True, None))) as proxy:
            told = load(proxy.url, *files, "--settle", "1.5")
        assert numbers(slow) == ALL
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}


def test_bill_with_every_answer_lost_is_unknown(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    def fault(request: Request) -> Fault:
        lost = request.creates and b"INV-00003" in request.body
        return Fault(False, http(500)) if lost else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files, "--settle", "0.1")
        assert told.json["bills"] == {"total": BILLS, "created": BILLS - 1, "unknown": 1}
        assert told.code == 3
        assert sums_up(told)
    # The way is free again: the same command settles it.
    again = load(sandbox.base_url, *files, "--journal", the_journal())
    assert numbers(sandbox) == ALL
    assert again.code == 0


def test_refusal_is_reported_on_its_row(load: Load, sandbox: Sandbox, files: list[str]) -> None:
    body = {
        "name": "Bad",
        "type": "validation",
        "errors": [{"type": "x", "message": "The period is closed.", "path": ["issuedDate"]}],
    }
    with proxied(sandbox.base_url, third_post(Fault(False, http(422, body)))) as proxy:
        told = load(proxy.url, *files)
    assert told.json["bills"] == {"total": BILLS, "created": BILLS - 1, "rejected": 1}
    assert told.code == 1
    assert sums_up(told)
    (finding,) = told.json["findings"]
    assert "The period is closed." in finding["message"]
    assert finding["column"] == "issuedDate"
    assert len(sandbox.bills()) == BILLS - 1


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_refused_bill_is_sent_by_the_next_load_only(
    status: int, load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    with proxied(sandbox.base_url, third_post(Fault(False, refusal(status, "No.")))) as proxy:
        told = load(proxy.url, *files)
        posts = sum(r.creates for r in proxy.requests)
        assert told.json["bills"] == {"total": BILLS, "created": BILLS - 1, "rejected": 1}
        assert posts == BILLS
        again = load(proxy.url, *files)
    assert again.json["bills"] == {"total": BILLS, "already_loaded": BILLS - 1, "created": 1}
    assert again.code == 0
    assert numbers(sandbox) == ALL


def test_403_for_a_single_bill_is_a_refusal(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    """Of a single bill nobody can tell whether the key or the bill is meant."""
    files = write_bills(tmp_path, [bill_row(0)])
    refused = http(403, {"type": "T", "message": "This entity is closed to you."})
    with proxied(sandbox.base_url, lambda r: Fault(False, refused) if r.creates else PASS) as proxy:
        told = load(proxy.url, *files)
        assert sum(r.creates for r in proxy.requests) == 1
        assert told.json["bills"] == {"total": 1, "rejected": 1}
        assert told.code == 2
        assert [f["code"] for f in told.json["findings"]] == ["light.forbidden"]
        assert "This entity is closed to you." in told.json["findings"][0]["message"]
        proxy.fault = lambda request: PASS
        assert load(proxy.url, *files).json["bills"] == {"total": 1, "created": 1}


def test_key_without_permission_stops_the_load(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    refused = http(403, {"type": "T", "message": "Your role may only read."})
    with proxied(sandbox.base_url, lambda r: Fault(False, refused) if r.creates else PASS) as proxy:
        told = load(proxy.url, *files)
    assert told.json["bills"] == {"total": BILLS, "not_sent": BILLS}
    assert told.code == 2
    assert "The key may not create bills: Your role may only read." in told.err
    assert load(sandbox.base_url, *files, "--journal", the_journal()).code == 0
    assert numbers(sandbox) == ALL


def test_key_revoked_midway_stops_the_load(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(150)])
    refused = http(401, {"type": "T", "message": "The key was revoked."})

    def fault(request: Request) -> Fault:
        return Fault(False, refused) if request.creates and request.number >= 20 else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files)
        posts = sum(r.creates for r in proxy.requests)
    assert told.json["bills"] == {"total": 150, "created": 20, "not_sent": 130}
    assert len(sandbox.bills()) == 20
    assert told.code == 2
    assert "The key was revoked." in told.err
    assert posts <= 20 + 2 * 64
    told = load(sandbox.base_url, *files)
    assert told.code == 0
    numbers_there = sorted(b["invoiceNumber"] for b in sandbox.bills())
    assert numbers_there == [f"INV-{i:05}" for i in range(150)]


def test_unknown_key_is_reported_before_sending(
    load: Load, sandbox: Sandbox, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sk-something-else")
    told = load(sandbox.base_url, *files)
    assert told.code == 2
    assert "Light does not accept the key" in told.err
    assert told.json["bills"] == {"total": BILLS, "valid": BILLS}
    assert sandbox.counters.bill_posts == 0
    assert "sk-something-else" not in told.out + told.err


def test_redirect_to_another_host_stops_the_load(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    elsewhere = http(307, b"", Location="http://example.com/v1/invoice-payables")
    with proxied(sandbox.base_url, third_post(Fault(False, elsewhere))) as proxy:
        told = load(proxy.url, *files)
    assert told.code == 4
    assert "example.com" in told.err
    counts = told.json["bills"]
    assert counts["unknown"] == 1
    assert counts["created"] + counts.get("not_sent", 0) == BILLS - 1
    assert load(sandbox.base_url, *files, "--journal", the_journal()).code == 0
    assert numbers(sandbox) == ALL


def test_redirect_to_the_same_port_is_followed(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    redirected: set[bytes] = set()

    def once(request: Request) -> Fault:
        if not request.creates or request.body in redirected:
            return PASS
        redirected.add(request.body)
        return Fault(False, http(308, b"", Location="/v1/invoice-payables"))

    with proxied(sandbox.base_url, once) as proxy:
        told = load(proxy.url, *files)
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert numbers(sandbox) == ALL


def test_no_server_gives_one_sentence(load: Load, files: list[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        told = load(f"http://127.0.0.1:{taken.getsockname()[1]}", *files)
    assert told.code == 4
    assert told.json["bills"] == {"total": BILLS, "valid": BILLS}
    assert "Light cannot be reached" in told.err
    assert "Traceback" not in told.err


def test_load_waits_for_a_server_that_returns(
    load: Load, sandbox: Sandbox, files: list[str]
) -> None:
    """The proxy stops listening for a second when the bills are about to come."""
    gone, done = threading.Event(), threading.Event()

    def fault(request: Request) -> Fault:
        if request.path != "/v1/bff/invoice-payables":
            return PASS
        assert proxy.listener is not None
        proxy.listener.close()
        gone.set()
        return Fault(True, KEEP, close=True)

    def serve_again() -> None:
        gone.wait(120)
        time.sleep(1.0)
        with contextlib.ExitStack() as again:
            while not done.is_set():
                try:  # somebody else may have the port for a moment
                    port = int(proxy.url.rpartition(":")[2])
                    again.enter_context(proxied(sandbox.base_url, port=port))
                    done.wait(120)
                except OSError:
                    time.sleep(0.05)

    with proxied(sandbox.base_url, fault) as proxy:
        thread = threading.Thread(target=serve_again)
        thread.start()
        try:
            told = load(proxy.url, *files)
        finally:
            gone_in_time = gone.is_set()
            gone.set()
            done.set()
            thread.join()
    assert gone_in_time
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert numbers(sandbox) == ALL
