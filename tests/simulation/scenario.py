"""What happens in one simulated schedule, drawn from its seed. Plain data, so that it can shrink.

The faults of a computer are by kind of request and number: ``("create", 3)`` is its third POST of
a bill, over all its sessions.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sheet import APPROVED_BY_TWO, EDITED, NEW_ROWS, OTHER_ROWS, ROWS, WITH_VENDORS

from importer.sandbox.faults import lies_about

SETTLE = 30.0  # seconds, as the command's default
TIMEOUT = 30.0
REQUESTS = ("create", "line", "act", "get", "list", "vendor", "upload")  # kinds

# --- faults -----------------------------------------------------------------------------------
# A "before" fault keeps the request from Light; any other lets it take effect.

CHANGING = ("create", "line", "act", "vendor")
LOSSES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (*CHANGING, "upload"),
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
THEN_REFUSED = "lost and refused when sent again, before"
REFUSALS: Mapping[str, tuple[str, ...]] = {
    "upload": ("422 before", "401 before"),
    **dict.fromkeys(CHANGING, ("422 before", "401 before", THEN_REFUSED, THEN_REFUSED)),
}
LIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(CHANGING, lies_about("bill")),
    "get": lies_about("read"),
    "list": (*lies_about("list"), *("short-list", "empty-list") * 2),
}
LATE = dict.fromkeys(CHANGING, ("arrives late", "arrives very late"))
# As if it were done: of another, or of nothing.
UNTRUE: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(CHANGING, ("another bill before", "nil id before")),
    "upload": ("page with 200 before", "empty 200 before"),
}
FAULTS = {
    "losses": LOSSES,
    "refusals": REFUSALS,
    "lies": LIES,
    "late": LATE,
    "untrue": UNTRUE,
}

SISTERS = (0, 7)  # of one number under two entities: one waits while the other is in doubt
BY_TWO = next(i for i, row in enumerate(ROWS) if sum(row.lines) >= APPROVED_BY_TWO)


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

    command: str = "load"  # update, with the edited sheet; undo, of the last of these; or settle
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
    """What a person does in Light by hand, to the bill of a row or with its number. ``at`` is
    seconds from the start, or from when Light has a bill of the row: ``made``."""

    at: float
    row: int
    what: str  # one of HAND_WORK, approves, creates its vendor
    made: bool = False

    def __str__(self) -> str:
        after = "after it is made" if self.made else "after the start"
        return f"{self.at:g} s {after}: {self.what} row {self.row}"


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
    strict: bool = False  # Light holds the second bill of a vendor and number for a duplicate

    @property
    def vendors(self) -> bool:
        """Whether the sheet has a vendor that Light lacks."""
        return self.rows in WITH_VENDORS

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
        lines += [f"  person, {each}" for each in self.people]
        return "\n".join(lines)


# --- drawing one from a seed ------------------------------------------------------------------
# Each schedule has a few of all the things that can happen, and those often: a mixture of all would
# have each so seldom that the pairs of them that matter do not meet.

CHANCES: Mapping[str, float] = {
    "losses": 0.5,
    "refusals": 0.15,
    "lies": 0.35,
    "late": 0.2,  # requests that come in after they were given up
    "untrue": 0.2,
    "crashes": 0.3,
    "stops": 0.1,
    "updates": 0.3,
    "undo": 0.2,
    "settling": 0.15,  # by a person's word
    "people": 0.3,
    "others": 0.15,  # more than one computer
    "vendors": 0.15,
    "separate": 0.25,
    "lag": 0.35,
    "pages": 0.2,
    "strict": 0.15,
    "clocks": 0.15,
    "waits": 0.25,  # of the question for consent
    "many": 0.3,  # rows
}
HAND_WORK = (
    *("types", "types another amount", "types anew", "types anew"),
    *("cancels", "cancels", "changes", "changes"),
)


def scenario(seed: int) -> Scenario:
    """The scenario of a seed."""
    rng = random.Random(seed)
    on = frozenset(name for name, chance in CHANCES.items() if rng.random() < chance)
    rows = _rows(rng, on)
    names = "ABC"[: rng.choice((2, 2, 3))] if "others" in on else "A"
    computers = tuple(
        Computer(name, _sessions(rng, on, len(names)), _ahead(rng, on), _faults(rng, on, rows))
        for name in names
    )
    if {"settling", "late"} <= on and rng.random() < 0.5:
        computers = (_settled_at_once(rng, computers[0]), *computers[1:])
    if {"late", "lies"} <= on:
        computers = (_copy_hidden(random.Random(f"{seed} copy"), computers[0]), *computers[1:])
    return Scenario(
        seed,
        rows,
        computers,
        _people(rng, on, rows),
        rng.choice((3.0, 20.0)) if "lag" in on else 0.0,
        "separate" in on,
        2 if "pages" in on else 200,
        "strict" in on,
    )


def _rows(rng: random.Random, on: Collection[str]) -> tuple[int, ...]:
    if "vendors" in on:
        return rng.choice(WITH_VENDORS)
    if "late" in on and rng.random() < 0.3:
        return SISTERS
    others = list(OTHER_ROWS)
    if "updates" in on and rng.random() < 0.7:
        others = [i for i in others if i in EDITED]
    elif "separate" in on and rng.random() < 0.7:
        others = [i for i in others if len(ROWS[i].lines) > 1]
    count = rng.choice((2, 3, 4)) if "many" in on else rng.choice((1, 1, 2))
    return _whole(rng.sample(others, min(count, len(others))))


def _whole(rows: Iterable[int]) -> tuple[int, ...]:
    """The rows with the bills that their credit notes clear."""
    rows = {*rows}
    return tuple(sorted(rows | {each for i in rows if (each := ROWS[i].credits) is not None}))


def _people(rng: random.Random, on: Collection[str], rows: Sequence[int]) -> tuple[HandWork, ...]:
    people = []
    for _ in range(rng.choice((1, 1, 2)) if "people" in on else 0):
        soon = rng.random() < 0.6
        at = rng.uniform(0, 20 if soon else 90)
        people.append(HandWork(round(at, 1), rng.choice(rows), rng.choice(HAND_WORK), soon))
    if BY_TWO in rows and rng.random() < 0.7:
        people.append(HandWork(round(rng.uniform(0, 120), 1), BY_TWO, "approves"))
    if "vendors" in on and rng.random() < 0.4:
        at = round(rng.uniform(0, 25), 1)
        people.append(HandWork(at, NEW_ROWS[0], "creates its vendor", rng.random() < 0.3))
    return tuple(people)


def _sessions(rng: random.Random, on: Collection[str], computers: int) -> tuple[Session, ...]:
    count = 1
    if on & {"crashes", "stops", "updates", "undo", "people", "settling"}:
        count = rng.choice((1, 2, 2, 3) if computers == 1 else (1, 1, 2))
    sessions = []
    for n in range(count):
        first = n == 0
        crash = _crash(rng) if "crashes" in on and rng.random() < 0.6 else None
        stop = round(rng.uniform(0, 60), 1) if "stops" in on and rng.random() < 0.5 else None
        command = "load"
        if "updates" in on and rng.random() < (0.2 if first else 0.7):
            command = "update"
        if "undo" in on and rng.random() < (0.1 if first else 0.5):
            command = "undo"
        if "settling" in on and not first and rng.random() < 0.5:
            command = "settle"
        late = rng.random() < (0.5 if computers > 1 else 0.2) if first else rng.random() < 0.8
        pause = round(rng.uniform(0, 40), 1) if late else 0.0
        asked = rng.choice((5.0, 60.0)) if "waits" in on else 0.0
        sessions.append(Session(command, pause, asked, crash, stop))
    return tuple(sessions)


def _settled_at_once(rng: random.Random, computer: Computer) -> Computer:
    """A person says what a bill is while the request that creates it is on its way."""
    crash = Crash(seconds=round(rng.uniform(TIMEOUT, TIMEOUT + SETTLE), 2))
    sessions = Session(crash=crash), Session("settle"), Session()
    faults = {**computer.faults, ("create", 1): "arrives late"}
    return replace(computer, sessions=sessions, faults=faults)


def _copy_hidden(rng: random.Random, computer: Computer) -> Computer:
    """A request comes in after it was sent again, and two lists in a row show neither bill."""
    if rng.random() < 0.5:
        return computer
    n = rng.choice((4, 5, 6))
    lists = dict.fromkeys((("list", n), ("list", n + 1)), "empty-list")
    return replace(computer, faults={**computer.faults, ("create", 1): "arrives very late"} | lists)


def _crash(rng: random.Random) -> Crash:
    if rng.random() < 0.7:
        return Crash(rng.randint(1, 12), durable=rng.random() < 0.5)
    return Crash(seconds=round(rng.uniform(0, 70), 2))


def _ahead(rng: random.Random, on: Collection[str]) -> float:
    return rng.choice((600.0, -600.0)) if "clocks" in on else 0.0


def _faults(
    rng: random.Random, on: Collection[str], rows: Iterable[int]
) -> dict[tuple[str, int], str]:
    """A few of the faults that are ``on``, at some kinds of request."""
    kinds = [kind for kind in REQUESTS if kind != "vendor" or "vendors" in on]
    if not on & {"separate", "updates"}:
        kinds.remove("line")
    if not any(ROWS[i].document for i in rows):
        kinds.remove("upload")
    kinds = rng.sample(kinds, min(len(kinds), rng.choice((1, 1, 2, 3, 6))))
    if on & {"separate", "updates"} and rng.random() < 0.5:
        kinds = list(dict.fromkeys((*kinds, "line")))
    rate = rng.choice((0.1, 0.25, 0.5))
    faults = {}
    for kind in kinds:
        groups = [group for name, group in FAULTS.items() if name in on and group.get(kind)]
        some = {
            name
            for group in groups
            for name in rng.sample(group[kind], min(len(group[kind]), rng.choice((1, 1, 2, 4))))
        }
        for number in range(1, 11) if some else ():
            if rng.random() < rate:
                faults[kind, number] = rng.choice(sorted(some))
    return faults


# --- smaller ones -----------------------------------------------------------------------------


def smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Scenarios with a little less in them, the largest steps first."""
    computers = scenario.computers
    for i in range(len(computers)) if len(computers) > 1 else ():
        yield replace(scenario, computers=_without(computers, i))
    if scenario.vendors:
        for fewer in WITH_VENDORS[:-1]:
            if set(fewer) < set(scenario.rows):
                yield replace(scenario, rows=fewer)
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
