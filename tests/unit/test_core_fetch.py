"""Read from Light with retries."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from simulated import simulate

from importer.core.answers import Answer, ApiError, Outcome, Verdict
from importer.core.errors import AccessRefused, HeldBack, LightUnreachable
from importer.core.fetch import Waits, fetch, fetch_all
from importer.core.hold_back import HOLDING, MOST_REFUSALS

GOOD = Answer(200, {"id": "1"})
LOST = Answer(None, reason="time-out")
NO = (ApiError("No"),)
Result = Outcome[Any] | Exception


def ask(answers: list[Answer], waits: Waits | None = None) -> tuple[Result, list[float]]:
    """What is made of these answers, the last for ever; and the seconds at which it was asked."""
    times: list[float] = []

    async def one() -> Answer:
        times.append(asyncio.get_running_loop().time())
        return answers[min(len(times), len(answers)) - 1]

    async def all_of_it() -> Result:
        try:
            return await fetch(
                one, lambda body: body, what="read bills", noun="bill", waits=waits or Waits()
            )
        except (AccessRefused, HeldBack, LightUnreachable) as error:
            return error

    return simulate(lambda clock: all_of_it()), times


def test_retries_until_light_answers() -> None:
    result, times = ask([LOST, Answer(500), Answer(429), Answer(408), GOOD])
    assert isinstance(result, Outcome)
    assert (result.verdict, result.content, len(times)) == (Verdict.ACCEPTED, {"id": "1"}, 5)


def test_gives_up_after_five_tries_with_doubled_waits() -> None:
    error, times = ask([LOST])
    assert isinstance(error, LightUnreachable)
    assert "time-out" in str(error)
    assert times == [0.0, 0.5, 1.5, 3.5, 7.5]


@pytest.mark.parametrize("status", [500, 502, 504])
def test_wait_that_light_states_is_left_to_the_rate_limiter(status: int) -> None:
    error, times = ask([Answer(status, reason="away", retry_after=900)])
    assert isinstance(error, LightUnreachable)
    assert times == [0.0, 0.5, 1.5, 3.5, 7.5]


def test_waits_are_configurable() -> None:
    assert ask([LOST], Waits(tries=3, first=2.0, longest=3.0))[1] == [0.0, 2.0, 5.0]


@pytest.mark.parametrize("status", sorted(HOLDING))
def test_wait_of_everybody_is_left_to_the_rate_limiter_and_ends(status: int) -> None:
    result, times = ask([Answer(status, retry_after=9)] * 7 + [GOOD])
    assert isinstance(result, Outcome)
    assert (result.verdict, times) == (Verdict.ACCEPTED, [0.0] * 8)
    error, times = ask([Answer(status, reason="Not now.")])
    assert isinstance(error, HeldBack)
    assert str(error) == f"Light answered {status} (Not now.), again and again."
    assert len(times) == MOST_REFUSALS


def test_unreadable_answer_is_unknown_after_all_tries() -> None:
    result, times = ask([Answer(200, None, reason="not JSON")])
    assert isinstance(result, Outcome)
    assert (result.verdict, len(times)) == (Verdict.UNKNOWN, 5)
    assert result.reason == "Light answered 200, but not with a bill: not JSON"


@pytest.mark.parametrize("status", [404, 410])
def test_404_and_410_are_absent(status: int) -> None:
    result, times = ask([Answer(status, errors=NO)])
    assert isinstance(result, Outcome)
    assert (result.verdict, len(times)) == (Verdict.ABSENT, 1)


@pytest.mark.parametrize("status", [400, 409, 422, 418])
def test_other_refusals_are_rejected(status: int) -> None:
    result, times = ask([Answer(status, errors=NO)])
    assert isinstance(result, Outcome)
    assert (result.verdict, len(times)) == (Verdict.REJECTED, 1)


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_refusal_of_a_gateway_is_asked_again(status: int) -> None:
    result, times = ask([Answer(status, reason="Blocked"), GOOD])
    assert isinstance(result, Outcome)
    assert (result.verdict, len(times)) == (Verdict.ACCEPTED, 2)
    result, times = ask([Answer(status, reason="Blocked")])
    assert isinstance(result, Outcome)
    assert (result.verdict, len(times)) == (Verdict.UNKNOWN, 5)


def test_403_of_a_gateway_is_not_the_role_of_the_key() -> None:
    error, _ = ask([Answer(403, reason="Blocked by the firewall")])
    assert isinstance(error, LightUnreachable)
    assert "Blocked by the firewall" in str(error)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "Light does not accept the key: No"),
        (403, "The key may not read bills: No. Its role decides that: in Light, see Settings >"),
        (304, "The answer was No, which has nothing in it: not Light gives it, but a proxy or"),
        (307, "Light answered with a redirect that is not followed: No"),
    ],
)
def test_refused_key_or_role_raises(status: int, words: str) -> None:
    error, times = ask([Answer(status, reason="No", errors=NO)])
    assert isinstance(error, AccessRefused)
    assert str(error).startswith(words)
    assert len(times) == 1


def test_first_failure_cancels_the_other_reads() -> None:
    ended: list[str] = []

    async def forever() -> int:
        try:
            await asyncio.sleep(1e6)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return 1

    async def fails() -> int:
        await asyncio.sleep(0.1)
        raise AccessRefused("no")

    async def both() -> None:
        with pytest.raises(AccessRefused):
            await fetch_all([forever(), fails()])

    simulate(lambda clock: both())
    assert ended == ["cancelled"]
