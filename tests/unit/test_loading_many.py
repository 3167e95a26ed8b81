"""Questions to Light that may be asked again."""

from __future__ import annotations

import asyncio

from simulated import simulate

from importer.core.errors import AccessRefused, LightUnreachable
from importer.loading.concurrency import fetch
from importer.model.light_objects import Answer


def ask(answers: list[Answer]) -> tuple[Answer | Exception, int, float]:
    """What is made of these answers, the last for ever; how often was asked, in how long."""
    asked = 0
    loop_time = 0.0

    async def one() -> Answer:
        nonlocal asked
        asked += 1
        return answers[min(asked, len(answers)) - 1]

    async def all_of_it() -> Answer | Exception:
        nonlocal loop_time
        try:
            return await fetch(one, "read bills")
        except (AccessRefused, LightUnreachable) as error:
            return error
        finally:
            loop_time = asyncio.get_running_loop().time()

    return simulate(lambda clock: all_of_it()), asked, loop_time


def test_a_question_is_asked_again_until_light_answers_it_or_five_times() -> None:
    lost, good = Answer(None, reason="time-out"), Answer(200, {"id": "1"})
    assert ask([lost, Answer(500), Answer(429), Answer(408), good])[:2] == (good, 5)
    error, asked, seconds = ask([lost])
    assert isinstance(error, LightUnreachable)
    assert "time-out" in str(error)
    assert (asked, seconds) == (5, 7.5)
    assert ask([Answer(404, {})])[:2] == (Answer(404, {}), 1)
    unreadable = Answer(200, None, reason="not JSON")
    assert ask([unreadable])[:2] == (unreadable, 5)
    for status in (401, 403, 307):
        assert isinstance(ask([Answer(status)])[0], AccessRefused)
