"""A simulated computer: the importer's own load and undo over the simulated Light, on a disk whose
commits are numbered.

What runs is ``create`` of the app with the real plan, engine, operations, reconciliation, client
and SQLite journal. A crash is an exception out of a commit, or at a moment in between; from then on
nothing is written or sent, and the next session begins with what is in the file.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import cast

from light_record import matches, moment
from light_world import STORED, SimulatedLight
from numbered_journal import Disk, NumberedJournal, PowerCut
from open_pace import OpenPace
from scenario import SETTLE, Computer, Scenario, Session
from sheet import ACCOUNT, BANK, ENTITIES, ROWS, Sheets
from wire import Trace, Wire

from importer.app.create_bills import create
from importer.app.create_vendors import forget_placeholders, prepare_vendors
from importer.app.destination import Destination, LoadOptions
from importer.app.events import Listener
from importer.app.load_context import LoadContext, LoadProgress
from importer.app.settle_bill import SettleOptions, settle_in
from importer.app.stop import StopControl
from importer.app.undo_updates import restorations, restore
from importer.core.answers import Answer
from importer.core.clock import clock_in_use
from importer.core.errors import ImporterError
from importer.light.client import LightClient
from importer.light.credentials import credentials
from importer.light.rate_limiter import RateLimiter
from importer.light.transport import Failure, HttpRequest
from importer.loading.engine import Engine
from importer.loading.journal.journal import Journal
from importer.loading.loaded_bills import bills_created
from importer.loading.operations.cancel_bill import SETTINGS, CancelOptions, cancel_bills
from importer.model.bills import Bill
from importer.model.finding import Finding
from importer.model.journal_states import BillOutcome, Status, Step
from importer.model.light_objects import Account, BankAccount, Company, Entity, UploadTarget
from importer.references.directory import Directory
from importer.references.resolve_online import resolve_in_light
from importer.validation.finding_batch import Findings

BASE_URL = "https://api.light.inc"
COMPANY = Company("c0000000-0000-4000-8000-000000000000", "Simulated", "GBP")
_KEY = credentials({"LIGHT_API_KEY": "simulated-key"})
_DESTINATION = Destination(BASE_URL, _KEY, 6000, 10**6, ":memory:")


@dataclass
class Claims:
    """What a session said at its end, or the journal says of it after a crash.

    ``outcomes`` and ``steps`` are by row of the sheet. ``error``: what it ended with, in words.
    """

    command: str
    outcomes: Mapping[int, BillOutcome]
    steps: Mapping[int, tuple[Step, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    error: str = ""
    crashed: bool = False
    stopped: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether a bill is unknown."""
        return any(each.status is Status.UNKNOWN for each in self.outcomes.values())


async def _with_vendors(context: LoadContext, journal: Journal) -> list[Bill]:
    """The bills, once it is known which of their vendors Light lacks; none where a person has to
    resolve one. As ``load`` does it, but that it reads no other list."""
    files, checked = context.files, context.files.checked
    assert files.new_vendors is not None
    directory = Directory(
        vendors=await context.client.vendors(),
        accounts=[Account(ACCOUNT, "4000", "Services", "ACTIVE")],
        entities=[Entity(id, id[:8], id[:8], "GBP") for id in ENTITIES],
        bank_accounts=[BankAccount(BANK, "Bank")],
    )
    context.vendors, directory = prepare_vendors(
        checked, files.new_vendors, directory, journal, permitted=True
    )
    resolve_in_light(checked, directory, files.loaded.template)
    forget_placeholders(checked, files.new_vendors, context.vendors)
    return list(checked.valid_bills()) if checked.clean else []


class SimulatedClient(LightClient):
    """As the real one, but that documents go over the simulated way, too."""

    async def put_document(self, target: UploadTarget, path: Path, size: int) -> Answer:
        request = HttpRequest("PUT", target.url, path.read_bytes())
        reply = await self._transport.exchange(request, _KEY.keys[0])
        if isinstance(reply, Failure):
            return Answer(None, sent=reply.sent, reason=reply.reason)
        return Answer(reply.status, reason="" if reply.content == STORED else f"({reply.status})")


@dataclass
class Running:
    """A computer with its journal, over all its sessions."""

    computer: Computer
    scenario: Scenario
    sheets: Sheets
    light: SimulatedLight
    trace: Trace
    journal: NumberedJournal
    check: Callable[[Running, Claims], None]
    wire: Wire = field(init=False)
    claims: Claims | None = None  # of the last session
    began: float = 0.0  # that session
    committed: float = 0.0  # what the journal says then
    runs: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)  # what was called created too early
    _disk: Disk = field(default_factory=Disk)
    _loads: int = 0
    _pace: OpenPace = field(default_factory=OpenPace)

    def __post_init__(self) -> None:
        name, seed = self.computer.name, self.scenario.seed
        rng = random.Random(f"{seed} {name}")
        self.wire = Wire(self.light, name, self.computer.faults, rng, self.trace)
        self.wire.alive = lambda: not self._disk.off

    @property
    def name(self) -> str:
        return self.computer.name

    async def run(self) -> None:
        """All its sessions, one after the other."""
        for session in self.computer.sessions:
            await asyncio.sleep(session.pause)
            await self.session(session)

    async def session(self, session: Session) -> Claims:
        """One command, to its end or its crash; what it says is checked."""
        crash = session.crash
        self._disk = disk = Disk(crash.commit if crash else 0, crash is not None and crash.durable)
        loop = asyncio.get_running_loop()

        def on_commit(number: int) -> None:
            self.trace(self.name, "commits", number)
            self.committed = loop.time()
            if self.wire.repeated:
                self.early += self._early()

        disk.on_commit = on_commit
        self.trace(self.name, "starts", session.command)
        self.began = loop.time()
        self.wire.begin()
        control = StopControl()

        def now() -> datetime:
            return moment(loop.time() + self.computer.ahead)

        with clock_in_use(now):
            match session.command:
                case "undo":
                    work = self._undo()
                case "settle":
                    work = self._settle()
                case _:
                    work = self._load(session, control)
            task = asyncio.create_task(work)
        timers = []
        if session.stop is not None:
            timers.append(loop.call_later(session.stop, control.stop))
        if crash is not None and not crash.commit:
            timers.append(loop.call_later(crash.seconds, self._cut, task))
        try:
            claims = await task
        except (PowerCut, asyncio.CancelledError):
            if not disk.off:
                claims = Claims(session.command, {}, stopped=True)  # by a Ctrl-C before it began
            else:
                claims = self._after_crash(session.command)
        for timer in timers:
            timer.cancel()
        # So that whatever it left behind can neither write nor send.
        disk.off = True
        self.trace(self.name, "crashed" if claims.crashed else "ended", claims.error)
        for row, outcome in claims.outcomes.items():
            if outcome.status is Status.UNKNOWN:
                self.wire.doubted.add(ROWS[row].number)
            self.trace(self.name, "says", row, outcome.status.value, outcome.entry.light_id or "")
        self.claims = claims
        self.check(self, claims)
        return claims

    def _cut(self, task: asyncio.Task[Claims]) -> None:
        self._disk.off = True
        task.cancel()

    def _client(self) -> LightClient:
        pace = cast(RateLimiter, self._pace)
        return SimulatedClient(BASE_URL, _KEY, pace, transport=self.wire)

    async def _load(self, session: Session, control: StopControl) -> Claims:
        rows = self.scenario.rows
        sheet = self.sheets.of(rows, edited=session.command == "update")
        bills = [bill for bill in sheet.bills if sheet.rows[bill.index] in rows]
        files = sheet.files
        checked = copy.copy(files.checked)
        if self.scenario.vendors:  # the names of vendors become ids in it
            same = {id(each): each for each in (checked.mapped, checked.lines)}
            checked = copy.deepcopy(checked, same)
        checked.findings = Findings()
        # Nothing is read again, so no files are copied.
        request = replace(files.request, sources=())
        files = replace(files, checked=checked, request=request)
        options = LoadOptions(
            settle=SETTLE,
            line_mode="separate" if self.scenario.separate else "inline",
            update=session.command == "update",
        )
        self._loads += 1
        run = f"{self.name}-{self._loads}"

        async def consent(_: object) -> bool:
            await asyncio.sleep(session.asked)
            return True

        progress = LoadProgress(company=COMPANY)
        listener = Listener()
        context = LoadContext(
            files, run, _DESTINATION, options, consent, listener, control, progress
        )
        error = ""
        async with self._client() as client:
            context.client, context.limiter = client, cast(RateLimiter, self._pace)
            with self.journal.of_session(self._disk) as context.journal:
                try:
                    if self.scenario.vendors:
                        bills = await _with_vendors(context, context.journal)
                    if bills:
                        await create(bills, context)
                except ImporterError as problem:
                    error = f"{type(problem).__name__}: {problem}"
                finally:
                    if progress.run is not None:
                        self.runs.append(progress.run)
        stopped = progress.stopped
        return Claims(
            session.command,
            {sheet.rows[i]: outcome for i, outcome in progress.outcomes.items()},
            {sheet.rows[i]: steps for i, steps in progress.steps.items()},
            [
                replace(each, bills=tuple(sheet.rows[i] for i in each.bills))
                for each in checked.findings
            ],
            error or (f"stopped: {stopped}" if stopped else ""),
            stopped=stopped is not None,
        )

    async def _undo(self) -> Claims:
        if not self.runs:
            return Claims("undo", {})
        run = self.runs[-1]
        async with self._client() as client:
            with self.journal.of_session(self._disk) as journal:
                engine = Engine(journal, client, run, SETTINGS, Listener())
                outcomes = journal.outcomes(run)
                bills = bills_created(outcomes, dict.fromkeys(outcomes, 100))
                error = ""
                try:
                    await cancel_bills(engine, bills, CancelOptions("Undone"))
                    restores = restorations(journal, run, outcomes)
                    if restores and engine.stopped is None:
                        await restore(engine, restores, frozenset(), dry=False)
                except ImporterError as problem:
                    error = f"{type(problem).__name__}: {problem}"
                claims = self._from_journal("undo", journal, run)
        claims.error = error or (f"stopped: {engine.stopped}" if engine.stopped else "")
        return claims

    async def _settle(self) -> Claims:
        """A person says of the first bill in doubt which one it is, as Light has it then."""
        if not self.runs:
            return Claims("settle", {})
        run = self.runs[-1]
        before = self._from_journal("settle", self.journal, run)
        doubtful = [i for i, of in before.outcomes.items() if of.status is Status.UNKNOWN]
        if not doubtful:
            return before
        row = ROWS[doubtful[0]]
        live = [each for each in self.light.bills.values() if each.live and matches(each, row)]
        mine = [each for each in live if each.maker == self.name] or live
        line = self._lines_of_sheet()[doubtful[0]]
        options = SettleOptions(
            run, f"row:{line}", mine[0].id if mine else None, not mine, settle=SETTLE
        )
        error = ""
        async with self._client() as client:
            with self.journal.of_session(self._disk) as journal:
                try:
                    await settle_in(journal, client, options)
                except ImporterError as problem:
                    error = f"{type(problem).__name__}: {problem}"
                claims = self._from_journal("settle", journal, run)
        claims.error = error
        return claims

    def _early(self) -> Iterator[str]:
        """Bills that were sent again and are called created, though Light was not asked since
        whether it has them twice."""
        with self.journal.reading() as db:
            ids = db.exec_driver_sql("SELECT light_id FROM entries WHERE state = 'created'")
        for light_id in ids.scalars():
            record = self.light.bills.get((light_id or "").lower())
            if record is not None and record.alike in self.wire.repeated:
                yield record.id

    def _after_crash(self, command: str) -> Claims:
        """What ``report`` says of the run."""
        if not self.runs:
            return Claims(command, {}, crashed=True)
        claims = self._from_journal(command, self.journal, self.runs[-1])
        claims.crashed = True
        return claims

    def _from_journal(self, command: str, journal: Journal, run: str) -> Claims:
        outcomes, rows = journal.outcomes(run), journal.rows(run)
        by_line = {line: row for row, line in self._lines_of_sheet().items()}
        index = {entry: by_line[of.bill.row] for entry, of in rows.items() if of.bill}
        return Claims(command, {index[entry]: outcome for entry, outcome in outcomes.items()})

    def _lines_of_sheet(self) -> dict[int, int]:
        """By row: a header, and then a bill a line in each of the sheets."""
        rows = self.sheets.of(self.scenario.rows, edited=False).rows
        return {row: line for line, row in enumerate(rows, 2)}
