"""Light, or what stands before it, takes nothing for now: one pause for all, then an end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PASS, Ended, Fault, Request, bill_row, http, numbers, proxied, write_bills

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
BILLS = 12
WORDS = "We are closed for stock-taking."
BODY = {"type": "CLOSED", "message": WORDS}


def refuses(status: int, *, carried_out: bool = False, **headers: object) -> Fault:
    return Fault(carried_out, http(status, BODY, **headers))


@pytest.mark.parametrize("status", [407, 429, 503])
def test_wait_of_hours_stops_the_load_and_the_next_one_goes_on(
    status: int, load: Load, sandbox: Sandbox, tmp_path: Path, home: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
    away = True

    def fault(request: Request) -> Fault:
        return refuses(status, Retry_After=7200) if away and request.creates else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        stopped = load(proxy.url, *files)
        posts = sum(request.creates for request in proxy.requests)
        away = False
        early = load(proxy.url, *files)
        for pace in home.rglob("pace/*"):  # as if the hours had passed
            pace.unlink()
        done = load(proxy.url, *files)
    assert stopped.code == 4
    assert posts <= BILLS, "no bill is sent again while Light takes nothing"
    assert str(status) in stopped.err
    assert "Continue after" in stopped.err
    if status != 429:
        assert WORDS in stopped.err
    assert early.code == 4
    assert "noted by an earlier run with this key. Continue after" in early.err
    assert done.code == 0
    assert numbers(sandbox) == [f"INV-{i:05}" for i in range(BILLS)]


@pytest.mark.parametrize("status", [429, 511])
def test_reading_that_is_held_back_stops_with_lights_words(
    status: int, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    fault = refuses(status, Retry_After=7200)
    with proxied(sandbox.base_url, lambda request: fault) as proxy:
        stopped = load(proxy.url, *files)
        assert len(proxy.requests) == 1
    assert stopped.code == 4
    assert f"It answered {status}" in stopped.err or f"Light answered {status}" in stopped.err
    assert WORDS in stopped.err


def test_503_after_the_act_is_looked_up_and_never_sent_twice(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Every second bill is kept, and then answered 503 once."""
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])

    def fault(request: Request) -> Fault:
        if request.creates and request.number < BILLS:
            return refuses(503, carried_out=request.number % 2 == 0, Retry_After=1)
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files)
        posts = sum(request.creates for request in proxy.requests)
    assert told.code == 0
    assert told.json["bills"] == {"total": BILLS, "created": BILLS}
    assert numbers(sandbox) == [f"INV-{i:05}" for i in range(BILLS)]
    assert posts == BILLS + BILLS // 2


def test_wait_of_some_seconds_is_announced_with_lights_words(
    command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])

    def fault(request: Request) -> Fault:
        if request.creates and request.number == 0:
            return refuses(402, Retry_After=6)
        return PASS

    with proxied(sandbox.base_url, fault) as proxy:
        told = command("load", "--yes", "--base-url", proxy.url, *files)
    assert told.code == 0
    waits = [line for line in told.err.splitlines() if "Waiting" in line]
    assert waits == [
        f'Light answered 402 Payment Required ("{WORDS}"), and says when to come back.'
        " Waiting 6 seconds."
    ]
