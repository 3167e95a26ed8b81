"""Schedules of all that can happen between the importer and Light, each drawn from a seed: no bill
is doubled or lost, no step is taken that was not asked for, and what is said is true.

The simulation is in ``tests/simulation``; a million of its schedules are for
``benchmarks/simulation.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parents[1] / name) for name in ("simulation", "unit")]

from scenario import scenario  # noqa: E402
from simulate import Place, Simulation, place, search, shrink, simulate  # noqa: E402

SCHEDULES, PART = 600, 150


@pytest.fixture(scope="module")
def where() -> Iterator[Place]:
    with place() as folder:
        yield folder


@pytest.mark.parametrize("first", range(0, SCHEDULES, PART))
def test_each_bill_and_step_happens_once_in_every_schedule(first: int, where: Place) -> None:
    failed = search(range(first, first + PART), where)
    assert failed is None, failed.trace


def test_a_seed_gives_the_same_schedule_again(where: Place) -> None:
    for seed in range(40):
        once, again = (simulate(scenario(seed), where) for _ in range(2))
        assert once.trace == again.trace


def test_a_schedule_is_shrunk_to_what_it_takes(where: Place) -> None:
    """Here to what it takes that a bill is sent again: one bill, and the loss of one answer."""

    def sent_again(simulation: Simulation) -> bool:
        sent = [str(event[3]).split() for event in simulation.events if event[2] == "sends"]
        numbers = [words[2] for words in sent if words[0] == "create" and words[2] != "without"]
        return len(set(numbers)) < len(numbers)

    results = (simulate(scenario(seed), where) for seed in range(100, 200))
    large = next(each for each in results if sent_again(each) and each.scenario.faults > 8)
    small = shrink(large, where, sent_again).scenario
    assert len(small.rows) == len(small.computers) == small.faults == 1
    assert not small.people
