"""Run a schedule, replay it, and make a failing one smaller."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from computer import Claims, Running
from light_record import Json, LightRecord, matches, wire_time
from light_world import SimulatedLight
from numbered_journal import Stores
from promise import Violation, acts, after_session
from scenario import SETTLE, TIMEOUT, HandWork, Scenario, Session, scenario, smaller
from sheet import ENTITIES, NEW_NAME, NEW_VENDOR, ROWS, VENDORS, Row, Sheets
from simulated import SimulatedLoop

MOST_LOADS = 3  # after which nothing is in doubt any more that a load can settle
MOST_TRIES = 400  # to make a failing schedule smaller
LATEST = TIMEOUT + 5 * SETTLE  # seconds after which no request is on its way any more


class WorkingLoop(SimulatedLoop):
    """Work takes time, too: what waits until the last bit of a moment gets there. The tick is more
    than the resolution of the loop's clock."""

    tick = 2e-9


@dataclass
class Simulation:
    """One schedule while it runs, and what came of it."""

    scenario: Scenario
    violations: list[Violation] = field(default_factory=list)
    events: list[tuple[object, ...]] = field(default_factory=list)
    light: SimulatedLight | None = None

    @property
    def trace(self) -> str:
        """What happened, a line each."""
        lines = [str(self.scenario)]
        for at, who, what, *details in self.events:
            text = " ".join(str(each) for each in details if each != "")
            lines.append(f"{at:9.3f} {who:6} {what} {text}".rstrip())
        lines += [f"VIOLATED {violation}" for violation in self.violations]
        return "\n".join(lines)

    def note(self, who: str, *what: object) -> None:
        self.events.append((asyncio.get_running_loop().time(), who, *what))


@dataclass(frozen=True)
class Place:
    """Where simulations keep their files: in memory where the system has such a folder."""

    sheets: Sheets
    stores: Stores


@contextmanager
def place() -> Iterator[Place]:
    """A folder for simulations; the importer's own files go there too."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=memory))
    before = os.environ.get("LIGHT_IMPORT_HOME")
    os.environ["LIGHT_IMPORT_HOME"] = str(folder / "home")
    try:
        stores = Stores(folder)
        sheets = Sheets(folder)
        for edited in (False, True):
            sheets.of((), edited=edited)
        gc.collect()
        gc.freeze()  # else what was imported is looked through again and again
        yield Place(sheets, stores)
        gc.unfreeze()
        stores.close()
    finally:
        if before is None:
            del os.environ["LIGHT_IMPORT_HOME"]
        else:
            os.environ["LIGHT_IMPORT_HOME"] = before
        shutil.rmtree(folder, ignore_errors=True)


def simulate(what: Scenario, where: Place) -> Simulation:
    """Run a schedule to its end and check the promise."""
    simulation = Simulation(what)
    with asyncio.Runner(loop_factory=WorkingLoop) as runner:
        try:
            runner.run(_run(simulation, where))
        except Exception as error:
            simulation.violations.append(Violation("failed", repr(error)))
    return simulation


async def _run(simulation: Simulation, where: Place) -> None:
    loop, what = asyncio.get_running_loop(), simulation.scenario
    light = simulation.light = SimulatedLight(loop.time, what.lag, what.page, what.strict)

    def check(running: Running, claims: Claims, *, final: bool = False) -> None:
        simulation.violations += after_session(running, claims, light, final=final)

    computers = [
        Running(
            computer,
            what,
            where.sheets,
            light,
            simulation.note,
            where.stores.empty(computer.name),
            check,
        )
        for computer in what.computers
    ]
    people = [asyncio.create_task(_by_hand(each, simulation)) for each in what.people]
    await asyncio.gather(*(running.run() for running in computers))
    light.close()
    await asyncio.gather(*people)
    # In the end each of them loads again, and nothing goes wrong any more.
    for running in computers:
        await asyncio.sleep(LATEST + what.lag)
        running.wire.honest = True
        running.check = lambda running, claims: None
        updates = any(each.command == "update" for each in running.computer.sessions)
        last = Session("update" if updates else "load")
        for _ in range(MOST_LOADS):
            claims = await running.session(last)
            if "undo of run" in claims.error:
                await running.session(Session("undo"))
            elif not (what.honest and claims.doubtful):
                break
        check(running, claims, final=True)
    simulation.violations += acts(light, computers)


async def _by_hand(work: HandWork, simulation: Simulation) -> None:
    light = simulation.light
    assert light is not None
    row = ROWS[work.row]
    if work.made:
        await light.first_of(lambda record: matches(record, row))
    await asyncio.sleep(work.at)
    if work.what == "creates its vendor":
        light.add_vendor({"name": NEW_NAME}, "person")
    live = [bill for bill in light.bills.values() if bill.live and matches(bill, row)]
    if work.what == "types anew" and live:
        _cancel(live[0])
    if work.what.startswith("types") and row.vendor != NEW_VENDOR:
        if row.note and row.number and any(bill.live for bill in live):
            return  # Light keeps a number once
        more = 100 * (work.what == "types another amount")
        add = light.notes.add if row.note else light.add
        record = add(_typed(row, sum(row.lines) + more), "person")
        simulation.note("person", work.what, work.row, record.id)
    elif live:
        record = live[0]
        if work.what == "changes" and (row.number or not row.note):  # else it is another note
            record.body["documentDate" if row.note else "dueDate"] = wire_time(10**7)[:10]
            record.acts.append(("person", "change"))
        elif work.what == "approves":
            light.approve_by_hand(record)
        elif work.what == "cancels":
            _cancel(record)
        simulation.note("person", work.what, work.row, record.id)


def _cancel(record: LightRecord) -> None:
    if record.state in ("IN_DRAFT", "DRAFT"):
        record.body.update({"status": "ARCHIVED"} if record.note else {"state": "CANCELLED"})
        record.acts.append(("person", "cancel"))


def _typed(row: Row, amount: int) -> Json:
    """What a person types of a row."""
    same = {"companyEntityId": ENTITIES[row.entity], "amount": amount, "currency": "GBP"}
    if row.note:
        return same | {
            "businessPartnerId": VENDORS[row.vendor],
            "documentNumber": row.number or None,
            "documentDate": "2025-03-03",
            "description": "Typed by hand",
            "lines": [
                {"netTransactionAmount": {"amount": cents, "dcSign": "C"}, "description": "x"}
                for cents in row.lines
            ],
        }
    return same | {
        "vendorId": VENDORS[row.vendor],
        "invoiceNumber": row.number or None,
        "issuedDate": "2025-03-03",
        "dueDate": "2025-04-02",
        "description": "Typed by hand",
        "lineItems": [{"netAmount": cents, "description": "x"} for cents in row.lines],
    }


# --- failures ---------------------------------------------------------------------------------


Fails = Callable[[Simulation], bool]


def breaks(kind: str) -> Fails:
    """Whether a schedule breaks this part of the promise."""
    return lambda simulation: any(violation.kind == kind for violation in simulation.violations)


def shrink(failed: Simulation, where: Place, fails: Fails | None = None) -> Simulation:
    """The smallest schedule found that ``fails``; by default, that breaks what it broke first."""
    fails = fails or breaks(failed.violations[0].kind)
    tries = MOST_TRIES
    found = True
    while found:
        found = False
        for candidate in smaller(failed.scenario):
            if (tries := tries - 1) < 0:
                return failed
            result = simulate(candidate, where)
            if fails(result):
                failed, found = result, True
                break
    return failed


def search(seeds: Iterable[int], where: Place) -> Simulation | None:
    """The first failing schedule of these seeds, made small; None where all keep the promise."""
    for seed in seeds:
        result = simulate(scenario(seed), where)
        if result.violations:
            return shrink(result, where)
    return None
