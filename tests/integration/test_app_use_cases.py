"""The use cases called from Python, without a terminal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import bill_row, numbers, write_bills

from importer.app import (
    CheckRequest,
    Listener,
    LoadOptions,
    PaceOptions,
    Result,
    ResultFile,
    StopControl,
    UndoOptions,
    VerifyOptions,
    check,
    load,
    runs,
    undo,
    verify,
)
from importer.app.consent import LoadForecast, Total, UndoForecast
from importer.app.events import Phase, Work
from importer.core.errors import Declined, UsageProblem
from importer.sandbox import Sandbox, SandboxSettings

BILLS = 30


class Recorder(Listener):
    """Stops the use case after so many bills, where ``stop`` is given."""

    def __init__(self, stop: StopControl | None = None, after: int = 0) -> None:
        self.phases: list[tuple[Phase, int]] = []
        self.reasons: list[str] = []
        self.done = 0
        self._stop, self._after = stop, after

    def phase_started(self, phase: Phase, total: int, noun: str) -> None:
        self.phases.append((phase, total))

    def advance(self, failed: bool) -> None:
        self.done += 1
        if self._stop is not None and self.done == self._after:
            self._stop.stop()

    def stopped(self, reason: str) -> None:
        self.reasons.append(reason)


@pytest.fixture
def options(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> LoadOptions:
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)
    pace = PaceOptions(requests_per_minute=6000)
    return LoadOptions(base_url=sandbox.base_url, pace=pace, settle=0.3)


@pytest.fixture
def files(tmp_path: Path) -> CheckRequest:
    return CheckRequest(tuple(write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])))


def loaded(request: CheckRequest, options: LoadOptions) -> Result:
    return load(request, options, consent=lambda forecast: True)


def test_declined_load_sends_nothing(
    sandbox: Sandbox, options: LoadOptions, files: CheckRequest
) -> None:
    forecasts: list[LoadForecast] = []

    def decline(forecast: LoadForecast) -> bool:
        forecasts.append(forecast)
        return False

    with pytest.raises(Declined, match="Nothing was sent to Light") as declined:
        load(files, options, consent=decline)
    assert not numbers(sandbox)
    attempts, _ = runs()
    assert [(each.sent, each.error["kind"]) for each in attempts] == [(False, "declined")]
    assert declined.value.next_step.startswith("light-import load ")
    amount = sum(1000 + i for i in range(BILLS))
    assert forecasts[0].bills == BILLS
    assert forecasts[0].totals == (Total("GBP", amount, 100),)


def test_load_needs_consent_or_yes(
    sandbox: Sandbox, options: LoadOptions, files: CheckRequest
) -> None:
    with pytest.raises(UsageProblem):
        load(files, options)
    assert not numbers(sandbox)


def test_stopped_load_continues_and_sends_each_bill_once(
    sandbox: Sandbox, options: LoadOptions, files: CheckRequest
) -> None:
    stop = StopControl()
    recorder = Recorder(stop, after=1)
    first = load(files, options, consent=lambda f: True, listener=recorder, stop=stop)
    assert first.exit_code == 4
    assert recorder.phases == [(Phase.CREATION, BILLS)]
    assert recorder.reasons == ["It was interrupted."]
    assert loaded(files, options).exit_code == 0
    assert numbers(sandbox) == [f"INV-{i:05}" for i in range(BILLS)]


def test_verify_and_undo_without_a_terminal(
    sandbox: Sandbox, options: LoadOptions, files: CheckRequest, tmp_path: Path
) -> None:
    run = str(loaded(files, options).summary.run)
    verified = verify(
        VerifyOptions(run, pace=options.pace, settle=0.1), result=ResultFile(str(tmp_path))
    )
    assert verified.exit_code == 0
    assert verified.path is not None
    assert verified.path.parent == tmp_path
    forecasts: list[UndoForecast] = []

    async def agree(forecast: UndoForecast) -> bool:
        forecasts.append(forecast)
        return True

    undone = undo(UndoOptions(run, pace=options.pace, settle=0.1), consent=agree)
    assert undone.exit_code == 0
    assert undone.summary.bills["undone"] == BILLS
    assert undone.path is None
    assert forecasts[0].bills == BILLS


def test_summary_counts_warnings(tmp_path: Path) -> None:
    rows = [bill_row(1), bill_row(1, billRef="B2", invoiceNumber="INV00001")]
    result = check(CheckRequest(tuple(write_bills(tmp_path, rows))))
    assert result.exit_code == 0
    assert result.text().endswith(
        "All 2 bills are valid; a load would create 2; 1 warning to look at."
    )


class Hearer(Listener):
    """Notes the work, and the latest estimate."""

    def __init__(self) -> None:
        self.works: list[str] = []
        self.estimates: list[float] = []
        self.steps: list[tuple[int, int]] = []

    def work_started(self, work: Work) -> None:
        self.works.append(work.name)

    def work_advanced(self, done: int, total: int) -> None:
        self.steps.append((done, total))

    def time_left(self, seconds: float) -> None:
        self.estimates.append(seconds)


def test_listener_hears_of_work_and_the_time_left(
    options: LoadOptions, files: CheckRequest, tmp_path: Path
) -> None:
    listener = Hearer()
    slow = replace(options, pace=PaceOptions(requests_per_minute=BILLS // 3), yes=True)
    control = StopControl()
    listener.waiting = lambda wait: control.stop()  # type: ignore[method-assign]
    file = ResultFile(str(tmp_path / "r.xlsx"))
    load(files, slow, result=file, listener=listener, stop=control)
    order = ["READING", "CHECKING", "LISTS", "LOOKING", "WRITING"]
    assert list(dict.fromkeys(listener.works)) == order
    assert all(done <= total for done, total in listener.steps)
    assert listener.estimates[0] > 100  # of which only a third may go in a minute


def test_time_left_is_corrected_within_a_burst_of_answers() -> None:
    """All come at once, and the next a minute later: the estimate is not that from the first."""
    listener = Hearer()
    with listener.phase(Phase.READ_BACK, 100, "bills", lambda done: 100 - done) as counter:
        for _ in range(50):
            counter.advance(failed=False)
    assert listener.estimates[-1] <= 60  # of 50 seconds
    assert len(listener.estimates) < 25
