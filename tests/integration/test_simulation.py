"""Schedules of all that can happen between the importer and Light, each drawn from a seed: no bill
is doubled or lost, no step is taken that was not asked for, and what is said is true.

The simulation is in ``tests/simulation``; a million of its schedules are for
``benchmarks/simulation.py``.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import importer

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("tests/simulation", "tests/unit", "benchmarks")]

import breaks  # noqa: E402
from scenario import Computer, Crash, HandWork, Scenario, Session, scenario  # noqa: E402
from simulate import Place, Simulation, place, search, shrink, simulate  # noqa: E402

# Within so many each of the breaks in benchmarks/breaks.py is to be caught.
SCHEDULES, PART = 2000, 250


@pytest.fixture(scope="module")
def where() -> Iterator[Place]:
    with place() as folder:
        yield folder


@pytest.mark.parametrize("first", range(0, SCHEDULES, PART))
def test_each_bill_and_step_happens_once_in_every_schedule(first: int, where: Place) -> None:
    failed = search(range(first, first + PART), where)
    assert failed is None, failed.trace


LOAD = (Session(),)
MENDED = {
    "two rows that are alike are not found in Light as one bill": Scenario(
        53,
        (4, 5),
        (
            Computer("A", LOAD),
            Computer("B", (Session(pause=22.8),), faults={("get", 2): "amount-null"}),
        ),
    ),
    "a list whose ids are nil is not believed": Scenario(
        368,
        (7,),
        (
            Computer("A", LOAD),
            Computer("B", (Session(pause=2.9),), faults={("list", 1): "nil-id"}),
        ),
    ),
    "an open bill of a sister entity hides no twin": Scenario(
        242,
        (0, 7),
        (
            Computer("B", (Session(pause=32.7),)),
            Computer(
                "C",
                LOAD,
                faults={
                    ("create", 1): "foreign-200-before",
                    ("create", 3): "lost after",
                    ("get", 1): "number-cut",
                },
            ),
        ),
    ),
    "an answer by id without the number hides no second copy": Scenario(
        23,
        (1,),
        (
            Computer(
                "A",
                LOAD,
                faults={
                    ("create", 1): "503 after",
                    ("list", 3): "empty-list",
                    ("list", 4): "short-list",
                    ("get", 2): "number-null",
                },
            ),
        ),
    ),
    "a line item that came in late keeps its bill in doubt": Scenario(
        1,
        (1, 3),
        (Computer("A", LOAD, faults={("line", 4): "arrives very late"}),),
        separate=True,
    ),
    "two lists that lie after a foreign answer double no bill unnamed": Scenario(
        431,
        (0,),
        (
            Computer(
                "A",
                LOAD,
                faults={("create", 1): "page with 200"}
                | {("list", n): "empty-list" for n in (3, 4, 5)},
            ),
        ),
    ),
    "a bill that was sent twice is in doubt until it was looked for": Scenario(
        432,
        (0,),
        (
            Computer(
                "A",
                (Session(crash=Crash(seconds=80.0)),),
                faults={("create", 1): "page with 200"}
                | {("list", n): "empty-list" for n in (3, 4)},
            ),
        ),
    ),
    "one list that lacks a second copy does not prove that Light has one": Scenario(
        433,
        (0,),
        (
            Computer(
                "A",
                LOAD,
                faults={("create", 1): "page with 200", ("list", 5): "short-list"}
                | {("list", n): "empty-list" for n in (3, 4)},
            ),
        ),
    ),
    "a credit note that came in while Light held us back is not called created": Scenario(
        7,
        (2, 9),
        (
            Computer("A", LOAD, faults={("create", n): "429 before" for n in range(1, 7)}),
            Computer("B", (Session(pause=6.0),)),
        ),
        lag=20.0,
    ),
    "two computers give a credit note its line items once": Scenario(
        646, (2, 9), (Computer("B", LOAD), Computer("C", LOAD)), separate=True
    ),
    "a crash between the rows of a run and what it found leaves no id behind": Scenario(
        902,
        (7,),
        (
            Computer("B", (Session(pause=38.3, crash=Crash(3, durable=True)), Session("undo"))),
            Computer("C", LOAD),
        ),
    ),
    "a line item that another loader adds hides none of ours that comes in late": Scenario(
        84,
        (7, 8, 12),
        (
            Computer(
                "A",
                (Session(pause=29.6, asked=20.0),),
                faults={("line", 1): "arrives very late"},
            ),
            Computer(
                "B",
                (Session("update", asked=20.0),),
                faults={("create", 3): "nil id before"},
            ),
        ),
        lag=20.0,
        separate=True,
    ),
    "line items that two loaders add at one moment are told": Scenario(
        2036,
        (2, 9),
        (
            Computer("A", LOAD),
            Computer("B", LOAD, faults={("create", 1): "another bill before"}),
        ),
        separate=True,
    ),
    "a bill that was sent and not seen is not called not sent": Scenario(
        3328,
        (12,),
        (
            Computer(
                "A",
                LOAD,
                faults={
                    ("create", 1): "another bill before",
                    ("create", 2): "500 after",
                    ("create", 3): "401 before",
                    ("list", 1): "500 before",
                    ("list", 6): "short-list",
                    ("list", 7): "empty-list",
                },
            ),
        ),
    ),
    "what was seen once is looked for by its id when a list lacks it": Scenario(
        1754,
        (12,),
        (
            Computer(
                "A",
                LOAD,
                faults={
                    ("create", 1): "503 after",
                    ("create", 2): "401 before",
                    ("list", 1): "502 page after",
                    ("list", 5): "short-list",
                },
            ),
        ),
        (HandWork(31.9, 12, "changes"),),
    ),
    "what was made before a request that a crash cut short is not ours": Scenario(
        3924,
        (2, 9),
        (
            Computer("A", (Session(pause=22.4, asked=20.0, crash=Crash(6)),)),
            Computer("B", (Session("update", pause=31.7),)),
        ),
        lag=20.0,
    ),
    "a bill begun with another header is not what the sheet is now": Scenario(
        2911,
        (6,),
        (Computer("A", (Session(crash=Crash(6, durable=True)), Session("update"))),),
        separate=True,
    ),
    "a list without the vendor that was created does not give its bills to another": Scenario(
        217,
        (0, 13, 14, 15),
        (
            Computer(
                "A",
                (Session(crash=Crash(seconds=11.4)), Session(pause=26.6)),
                faults={("list", 9): "short-list"},
            ),
        ),
        (HandWork(14.2, 13, "creates its vendor"),),
        page=2,
    ),
    "a cancellation that Light refused and did is in doubt until it was looked at": Scenario(
        0,
        (13, 14),
        (
            Computer(
                "A",
                (Session(crash=Crash(14)), Session("undo", crash=Crash(4, durable=True))),
                faults={("act", 2): "400-after"},
            ),
        ),
    ),
    "a bill that lacks all its lines is not whole by a person's word": Scenario(
        1958,
        (13,),
        (Computer("A", (Session(crash=Crash(9, durable=True)), Session("settle"))),),
        separate=True,
    ),
    "a bill that lacks lines is not submitted by a person's word": Scenario(
        5595,
        (2, 3, 5),
        (Computer("A", (Session(crash=Crash(11, durable=True)), Session("settle"))),),
        separate=True,
    ),
    "a bill that was begun when a run stopped is not submitted by a person's word": Scenario(
        4365,
        (2, 12),
        (Computer("A", (*LOAD, Session("settle")), faults={("create", 1): "401 before"}),),
        separate=True,
    ),
    "all of what Light has too often is named of bills without a number": Scenario(
        6694,
        (4, 5),
        (
            Computer("A", LOAD, faults={("create", 1): "500 after"}),
            Computer("B", LOAD, faults={("list", 1): "500 before", ("create", 1): "lost after"}),
        ),
        separate=True,
    ),
    "a bill that was sent twice, and corrected since, is not in doubt for ever": Scenario(
        7250,
        (3,),
        (
            Computer(
                "A",
                (Session(crash=Crash(seconds=68.72)), Session("update")),
                faults={("create", 1): "lost before"},
            ),
        ),
    ),
    "a bill that was sent twice, and corrected since, is looked for": Scenario(
        13429,
        (0, 6, 12),
        (
            Computer(
                "A",
                (Session("update", crash=Crash(10, durable=True)), Session(pause=29.2)),
                faults={("create", 2): "arrives very late"},
            ),
        ),
    ),
    "a document that was refused after a lost answer may be in Light": Scenario(
        16043,
        (13,),
        (Computer("A", LOAD, faults={("upload", 2): "lost after", ("upload", 4): "422 before"}),),
    ),
    "a copy of another amount that is left in Light does not become ours": Scenario(
        13984,
        (2, 9),
        (
            Computer("A", (Session(pause=26.0), Session("update"))),
            Computer("B", LOAD),
        ),
        (
            HandWork(21.2, 9, "types another amount"),
            HandWork(4.0, 9, "cancels", made=True),
        ),
    ),
    "a copy that comes in while steps are taken is for the next load to tell": Scenario(
        7018,
        (2,),
        (
            Computer(
                "A",
                LOAD,
                faults=dict.fromkeys((("create", 1), ("act", 1)), "arrives very late"),
            ),
        ),
        lag=20.0,
    ),
    "what a person changed before a word makes it the bill is not overwritten": Scenario(
        15664,
        (0,),
        (
            Computer(
                "A", (Session("update"), Session("settle")), faults={("create", 1): "207-after"}
            ),
        ),
        (HandWork(6.9, 0, "changes", made=True),),
    ),
    "a line item that an update added again is told when it comes in twice": Scenario(
        17591,
        (13,),
        (
            Computer(
                "A",
                (Session(), Session("update")),
                faults=dict.fromkeys((("line", 1), ("act", 1)), "arrives very late"),
            ),
        ),
    ),
    "what others load while it takes long to look again is not sent": Scenario(
        17740,
        (10, 12),
        (
            Computer(
                "A",
                (Session(asked=20.0),),
                faults={("get", n): "500 before" for n in (1, 4, 6, 7, 8)}
                | {("get", n): "429 before" for n in (2, 3, 5)}
                | {("list", 1): "429 before", ("list", 2): "502 page after"},
            ),
            Computer("B", (Session(asked=20.0),)),
        ),
    ),
    "a bill beside one in doubt of a sister entity is looked for before it is sent": Scenario(
        17786,
        (0, 7),
        (
            Computer("A", (Session("update"),)),
            Computer("B", (Session(crash=Crash(5, durable=True)),)),
        ),
    ),
    "a second copy is not forgotten where a list cuts its number and its id shows none": Scenario(
        430,
        (0,),
        (
            Computer(
                "A",
                LOAD * 2,
                faults={("create", 1): "arrives late"}
                | {("get", n): "number-null" for n in (1, 2, 8)}
                | {("list", n): "number-cut" for n in (3, 4, 7)},
            ),
        ),
    ),
    "a bill found after a lost answer is settled beside one that is alike and refused": Scenario(
        40576,
        (4, 5),
        (
            Computer(
                "A",
                LOAD,
                faults={("create", 1): "502 page after", ("create", 2): "422 before"},
            ),
        ),
        separate=True,
    ),
    "a bill sent twice is settled beside one that is alike and refused": Scenario(
        40577,
        (4, 5),
        (
            Computer(
                "A",
                LOAD,
                faults={("create", 1): "lost before", ("create", 2): "422 before"},
            ),
        ),
    ),
    "a second copy is looked for twice of a bill that Light calls a duplicate, too": Scenario(
        50012,
        (7,),
        (
            Computer(
                "A",
                LOAD,
                faults={("create", 1): "403-html-after"}
                | dict.fromkeys((("list", 3), ("list", 4), ("list", 5)), "short-list"),
            ),
        ),
        strict=True,
    ),
    "a clearing in doubt is not called refused while its bill is settled": Scenario(
        50699,
        (2, 9, 11),
        (Computer("A", (Session("update", crash=Crash(seconds=51.92)),)),),
        (HandWork(60.7, 2, "types"),),
    ),
    "what others load while a bill of a sister entity is settled is not sent": Scenario(
        101351,
        (0, 7),
        (
            Computer("A", (Session(pause=17.8),), faults={("line", 1): "empty 200"}),
            Computer("B", (Session(pause=22.6),)),
        ),
        separate=True,
    ),
    "a bill said to be absent is not sent again while its request is on its way": Scenario(
        148,
        (3,),
        (
            Computer(
                "A",
                (Session(crash=Crash(seconds=36.0)), Session("settle"), Session()),
                faults={("create", 1): "arrives late"},
            ),
        ),
    ),
    "a second copy that a look showed is not forgotten where the last list hides it": Scenario(
        429,
        (0,),
        (
            Computer(
                "A",
                LOAD,
                faults={("create", n): "arrives late" for n in (1, 2)}
                | {("list", n): "number-cut" for n in (3, 4, 6, 7)},
            ),
        ),
        (HandWork(42.5, 0, "changes"),),
    ),
    "a half changed bill stays in doubt when a person has changed it since": Scenario(
        103856,
        (0,),
        (Computer("A", (Session(), Session("update")), faults={("line", 1): "lost before"}),),
        people=(HandWork(64.1, 0, "changes"),),
    ),
    "an answer by id with the number re-cased hides no second copy": Scenario(
        125386,
        (1,),
        (
            Computer(
                "A",
                LOAD,
                faults={("create", 1): "arrives very late", ("get", 2): "number-recased"},
            ),
        ),
        lag=20.0,
    ),
    "a credit note said to be absent is sent again with its key": Scenario(
        109889,
        (10,),
        (
            Computer(
                "A",
                (Session(crash=Crash(seconds=37.21)), Session("settle"), Session()),
                faults={("create", 1): "arrives late"},
            ),
        ),
        lag=20.0,
    ),
    "a refused bill that a person has changed since is in doubt": Scenario(
        123479,
        (0,),
        (Computer("B", LOAD, faults={("create", 1): "422-after"}),),
        people=(HandWork(12.6, 0, "changes"),),
    ),
    "a load soon after another one looks for copies after its wait, too": Scenario(
        117389,
        (5,),
        (
            Computer(
                "A",
                (Session("update"), Session("update")),
                faults={("create", 1): "arrives very late"},
            ),
        ),
        lag=20.0,
    ),
    "a vendor of which a crash left a request on its way is looked for at the end": Scenario(
        112111,
        (13,),
        (
            Computer(
                "A",
                (Session(crash=Crash(seconds=49.55)), Session()),
                faults={("vendor", 1): "arrives very late", ("create", 1): "arrives late"},
            ),
        ),
        people=(HandWork(9.5, 13, "creates its vendor"),),
    ),
    "a document that may have arrived stays in doubt when a stop follows": Scenario(
        135513,
        (1,),
        (
            Computer(
                "A",
                (Session(), Session("update")),
                faults={
                    ("upload", 2): "401 before",
                    ("upload", 4): "503 after",
                    ("upload", 5): "401 before",
                    ("upload", 6): "422 before",
                },
            ),
        ),
    ),
    "a bill in doubt whose id is known hides no copies of one that is alike": Scenario(
        102344,
        (2, 3, 4, 5),
        (
            Computer("A", LOAD, faults={("create", 3): "arrives late"}),
            Computer(
                "B",
                (Session(pause=19.5),),
                faults={("line", 3): "arrives very late", ("line", 5): "arrives late"},
            ),
        ),
        separate=True,
    ),
    "two lists that lack our bill, too, do not prove that a late copy is not there": Scenario(
        3,
        (0,),
        (
            Computer(
                "A",
                LOAD,
                faults={("create", 1): "arrives very late"}
                | dict.fromkeys((("list", 5), ("list", 6)), "empty-list"),
            ),
        ),
    ),
    "a cancellation that is said to be done, and is not, is not called undone": Scenario(
        1,
        (0,),
        (
            Computer(
                "A",
                (*LOAD, Session("undo")),
                faults={("act", 1): "said to be done before"},
            ),
        ),
    ),
    "a bill that lacks a line, and has one too many, is looked for twice as its like": Scenario(
        5897,
        (4, 5),
        (
            Computer(
                "A",
                LOAD,
                faults={
                    ("create", 1): "arrives very late",
                    ("line", 4): "arrives very late",
                    ("line", 6): "arrives late",
                    ("line", 1): "arrives very late",
                },
            ),
        ),
        separate=True,
    ),
    "a bill of which Light refuses a line item is looked for twice": Scenario(
        1,
        (3,),
        (
            Computer(
                "A",
                LOAD,
                faults={
                    ("create", 1): "arrives very late",
                    ("line", 1): "lost before",
                    ("line", 2): "422 before",
                },
            ),
        ),
        separate=True,
    ),
}


@pytest.mark.parametrize("name", MENDED)
def test_schedules_that_failed_once_keep_the_promise(name: str, where: Place) -> None:
    result = simulate(MENDED[name], where)
    assert not result.violations, result.trace


def test_refusal_that_came_after_the_act_is_looked_into(where: Place) -> None:
    refused = Computer("A", LOAD, faults={("create", 2): "400-after"})
    result = simulate(Scenario(10, (4, 6), (refused,)), where)
    assert not result.violations, result.trace
    said = [event[4] for event in result.events if event[2] == "says" and event[3] == 6]
    assert said == ["created", "already_loaded"]


def test_deliberate_breaks_fit_the_modules_of_now(tmp_path: Path) -> None:
    """``benchmarks/breaks.py`` shows that each is caught, which takes minutes."""
    package = Path(importer.__file__).parent
    for broken in breaks.BREAKS:
        for name in (broken.module, *(broken.also or ())[:1]):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(package / name, tmp_path / name)
        breaks.apply(broken, tmp_path)


def test_a_seed_gives_the_same_schedule_again(where: Place) -> None:
    for seed in range(12):
        once, again = (simulate(scenario(seed), where) for _ in range(2))
        assert once.trace == again.trace


def test_a_schedule_is_shrunk_to_what_it_takes(where: Place) -> None:
    """Here to what it takes that the answer to a creation is lost: one bill, and that fault."""

    def loses_an_answer(simulation: Simulation) -> bool:
        sent = [event for event in simulation.events if event[2] == "sends"]
        return any("create" in str(event[3]) and event[4] == "lost after" for event in sent)

    results = (simulate(scenario(seed), where) for seed in range(100, 400))
    large = next(each for each in results if loses_an_answer(each) and each.scenario.faults > 5)
    small = shrink(large, where, loses_an_answer).scenario
    assert len(small.rows) == len(small.computers) == small.faults == 1
    assert [len(computer.sessions) for computer in small.computers] == [1]
    assert not small.people
