"""What happens in one simulated schedule, drawn from its seed. Plain data, so that it can shrink.

The faults of a computer are by kind of request and number: ``("create", 3)`` is its third POST of
a bill, over all its sessions.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sheet import APPROVED_BY_TWO, NEW_ROWS, ROWS

from importer.sandbox.faults import lies_about

SETTLE = 30.0  # seconds, as the command's default
TIMEOUT = 30.0
REQUESTS = ("create", "line", "act", "get", "list", "vendor")  # kinds

# --- faults -----------------------------------------------------------------------------------
# A "before" fault keeps the request from Light; any other lets it take effect.

CHANGING = ("create", "line", "act", "vendor")
LOSSES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        CHANGING,
        (
            "not connected before",
            "lost before",
            "lost after",
            "500 before",
            "500 after",
            "502 page after",
            "503 before",
            "503 after",
            "429 before",
            "answered too late",
            "page with 200",
            "empty 200",
        ),
    ),
    **dict.fromkeys(("get", "list"), ("lost before", "500 before", "429 before", "502 page after")),
}
REFUSALS: Mapping[str, tuple[str, ...]] = dict.fromkeys(CHANGING, ("422 before", "401 before"))
LATE = ("arrives late", "arrives very late")
UNTRUE = ("another bill before", "nil id before")  # as if it were done: of another, or of nothing
LIES: Mapping[str, tuple[str, ...]] = {
    "create": (*lies_about("bill"), *LATE, *UNTRUE * 8),
    "line": (*lies_about("bill"), *LATE * 6, *UNTRUE * 12),
    "act": (*lies_about("bill"), *LATE, *UNTRUE * 24),
    "get": tuple(lies_about("read")),
    "vendor": (*lies_about("bill"), *LATE * 4, *UNTRUE * 8),
    "list": (*lies_about("list"), *("short-list", "empty-list") * 4),
}

BY_TWO = next(i for i, row in enumerate(ROWS) if sum(row.lines) >= APPROVED_BY_TWO)
RARE = 0.15  # the share of faults that end a load, or may


@dataclass(frozen=True)
class Crash:
    """The end of a session as by a power cut: at its n-th commit, before or after it is durable; or
    so many seconds after its start."""

    commit: int = 0
    durable: bool = False
    seconds: float = 0.0


@dataclass(frozen=True)
class Session:
    """One command. ``pause``: seconds after the one before; ``asked``: how long the question for
    consent waits; ``stop``: a Ctrl-C so many seconds after the start."""

    command: str = "load"  # or update, with the edited sheet; or undo, of the last of these
    pause: float = 0.0
    asked: float = 0.0
    crash: Crash | None = None
    stop: float | None = None


@dataclass(frozen=True)
class Computer:
    """One person's computer, with a journal of its own. ``ahead``: seconds of its clock."""

    name: str
    sessions: tuple[Session, ...]
    ahead: float = 0.0
    faults: Mapping[tuple[str, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class HandWork:
    """What a person does in Light by hand, to the bill of a row or with its number."""

    at: float
    row: int
    what: str  # types, types another amount, cancels, changes, approves, creates its vendor


@dataclass(frozen=True)
class Scenario:
    """``rows`` are places in the sheet; ``lag``: seconds until Light's list shows a new bill."""

    seed: int
    rows: tuple[int, ...]
    computers: tuple[Computer, ...]
    people: tuple[HandWork, ...] = ()
    lag: float = 0.0
    separate: bool = False
    page: int = 200  # records of a page of a list at most
    vendors: bool = False  # the sheet has a vendor that Light lacks
    strict: bool = False  # Light holds the second bill of a vendor and number for a duplicate

    @property
    def late(self) -> bool:
        """Whether a request that came in late may be shown too late for the second look."""
        return self.lag > 5

    @property
    def faults(self) -> int:
        return sum(len(computer.faults) for computer in self.computers)

    @property
    def honest(self) -> bool:
        """Whether nothing but losses and crashes happens, to one computer."""
        losses = {name for names in LOSSES.values() for name in names}
        losses |= {name for names in REFUSALS.values() for name in names}
        return (
            len(self.computers) == 1
            and self.lag < SETTLE
            and not self.people
            and all(name in losses for c in self.computers for name in c.faults.values())
        )

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: rows {list(self.rows)}, list lag {self.lag:g} s"]
        lines[0] += ", a new vendor" if self.vendors else ""
        lines[0] += ", line items separate" if self.separate else ""
        lines[0] += ", duplicates held back" if self.strict else ""
        for computer in self.computers:
            ahead = f" (clock {computer.ahead:+g} s)" if computer.ahead else ""
            lines.append(f"  computer {computer.name}{ahead}")
            lines += [f"    {session}" for session in computer.sessions]
            lines += [f"    {kind} {n}: {what}" for (kind, n), what in computer.faults.items()]
        lines += [f"  person, at {each.at:g} s: {each.what} row {each.row}" for each in self.people]
        return "\n".join(lines)


# --- drawing one from a seed ------------------------------------------------------------------


def scenario(seed: int) -> Scenario:
    """The scenario of a seed."""
    rng = random.Random(seed)
    vendors = rng.random() < 0.1
    others = [i for i in range(len(ROWS)) if i not in NEW_ROWS]
    rows = _whole(rng.sample(others, rng.choice((1, 1, 2, 2, 2, 3, 4))))
    rows = (0, *NEW_ROWS) if vendors else rows
    names = "ABC"[: rng.choice((1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3))]
    rate = rng.choice((0.0, 0.1, 0.2, 0.4))
    computers = tuple(
        Computer(name, _sessions(rng, len(names)), _ahead(rng), _faults(rng, rate))
        for name in names
    )
    if vendors:
        computers = tuple(map(_without_updates, computers))
    people = tuple(
        HandWork(
            round(rng.uniform(0, 90), 1),
            rng.choice(rows),
            rng.choice(("types", "types another amount", "cancels", "changes")),
        )
        for _ in range(rng.choice((0, 0, 0, 1, 2)))
    )
    if BY_TWO in rows and rng.random() < 0.7:
        people += (HandWork(round(rng.uniform(0, 120), 1), BY_TWO, "approves"),)
    lag = rng.choice((0.0, 0.0, 3.0, 20.0))
    if vendors and rng.random() < 0.2:
        people += (HandWork(round(rng.uniform(0, 20), 1), NEW_ROWS[0], "creates its vendor"),)
    separate, page, strict = rng.random() < 0.25, rng.choice((2, 200, 200)), rng.random() < 0.25
    return Scenario(seed, rows, computers, people, lag, separate, page, vendors, strict)


def _without_updates(computer: Computer) -> Computer:
    sessions = computer.sessions
    loads = (replace(s, command="load") if s.command == "update" else s for s in sessions)
    return replace(computer, sessions=tuple(loads))


def _whole(rows: Iterable[int]) -> tuple[int, ...]:
    """The rows with the bills that their credit notes clear."""
    rows = {*rows}
    return tuple(sorted(rows | {each for i in rows if (each := ROWS[i].credits) is not None}))


def _sessions(rng: random.Random, computers: int) -> tuple[Session, ...]:
    count = rng.choice((1, 1, 1, 1, 1, 2, 2, 3) if computers == 1 else (1, 1, 1, 1, 2))
    return tuple(_session(rng, first=n == 0) for n in range(count))


def _session(rng: random.Random, *, first: bool) -> Session:
    crash = None
    match rng.randrange(6):
        case 0 | 1:
            crash = Crash(rng.randint(1, 12), durable=rng.random() < 0.5)
        case 2:
            crash = Crash(seconds=round(rng.uniform(0, 70), 2))
    chance = rng.random()
    other = "update" if chance < 0.5 else "undo"
    return Session(
        other if chance < (0.2 if first else 0.75) else "load",
        0.0 if first and rng.random() < 0.5 else round(rng.uniform(0, 40), 1),
        rng.choice((0.0, 0.0, 20.0)),
        crash,
        round(rng.uniform(0, 60), 1) if rng.random() < 0.1 else None,
    )


def _ahead(rng: random.Random) -> float:
    return rng.choice((0.0, 0.0, 0.0, 600.0, -600.0))


def _faults(rng: random.Random, rate: float) -> dict[tuple[str, int], str]:
    faults = {}
    for kind in REQUESTS if rate else ():
        losses, rare = LOSSES[kind], REFUSALS.get(kind, ())
        lies = LIES[kind]
        for number in range(1, 11):
            if rng.random() < rate:
                chance = rng.random()
                if rare and chance < RARE:
                    faults[kind, number] = rng.choice(rare)
                elif lies and chance < 0.6:
                    faults[kind, number] = rng.choice(lies)
                else:
                    faults[kind, number] = rng.choice(losses)
    return faults


# --- smaller ones -----------------------------------------------------------------------------


def smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Scenarios with a little less in them, the largest steps first."""
    computers = scenario.computers
    for i in range(len(computers)) if len(computers) > 1 else ():
        yield replace(scenario, computers=_without(computers, i))
    fixed = len(scenario.rows) == 1 or scenario.vendors
    for i in () if fixed else range(len(scenario.rows)):
        fewer = _without(scenario.rows, i)
        if fewer == _whole(fewer):
            yield replace(scenario, rows=fewer)
    for i in range(len(scenario.people)):
        yield replace(scenario, people=_without(scenario.people, i))
    for i, computer in enumerate(computers):
        for changed in _smaller_computers(computer):
            yield replace(scenario, computers=(*computers[:i], changed, *computers[i + 1 :]))
    for change in ({"lag": 0.0}, {"separate": False}, {"page": 200}, {"strict": False}):
        if replace(scenario, **change) != scenario:
            yield replace(scenario, **change)


def _smaller_computers(computer: Computer) -> Iterator[Computer]:
    sessions, faults = computer.sessions, computer.faults
    if len(faults) > 3:
        items = list(faults.items())
        half = len(items) // 2
        yield replace(computer, faults=dict(items[:half]))
        yield replace(computer, faults=dict(items[half:]))
    for i in range(len(sessions)) if len(sessions) > 1 else ():
        yield replace(computer, sessions=_without(sessions, i))
    for fault in faults:
        yield replace(computer, faults={k: v for k, v in faults.items() if k != fault})
    for kind, number in faults:
        if number > 1 and (kind, number - 1) not in faults:
            earlier = {k: v for k, v in faults.items() if k != (kind, number)}
            earlier[kind, number - 1] = faults[kind, number]
            yield replace(computer, faults=earlier)
    for i, session in enumerate(sessions):
        for change in ({"crash": None}, {"stop": None}, {"asked": 0.0}, {"pause": 0.0}):
            changed = replace(session, **change)  # type: ignore[arg-type]
            if changed != session:
                yield replace(computer, sessions=(*sessions[:i], changed, *sessions[i + 1 :]))
    if computer.ahead:
        yield replace(computer, ahead=0.0)


def _without(items: tuple[object, ...], i: int) -> tuple:  # type: ignore[type-arg]
    return (*items[:i], *items[i + 1 :])
