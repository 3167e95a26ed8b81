"""What each answer of Light means, to a change and to a reading."""

from __future__ import annotations

import pytest

from importer.core.answers import Answer, ApiError, Outcome, Verdict, classify
from importer.light.client import LightClient
from importer.light.credentials import Credentials, Key
from importer.light.rate_limiter import RateLimiter
from importer.model.light_objects import LightBill

BILL = {"id": "b-1", "state": "IN_DRAFT", "amount": 100, "currency": "GBP"}
ERRORS = {"errors": (ApiError("Closed period.", ("issuedDate",), "t"),)}
REFUSALS = (400, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 431)
DOUBTFUL = (408, 418, 421, 423, 424, 426, 428, 499, 500, 501, 502, 503, 504, 520)
UNTOUCHED = (402, 407, 425, 429, 451, 511)

TABLE = [
    (Answer(None, sent=False, reason="no connection"), Verdict.RETRY),
    (Answer(None, sent=True, reason="it broke"), Verdict.UNKNOWN),
    (Answer(200, BILL), Verdict.ACCEPTED),
    (Answer(201, BILL), Verdict.ACCEPTED),
    (Answer(200, None, reason="not JSON"), Verdict.UNKNOWN),
    (Answer(200, {}), Verdict.UNKNOWN),
    (Answer(200, {"id": None}), Verdict.UNKNOWN),
    (Answer(200, [BILL]), Verdict.UNKNOWN),
    (Answer(202, {"ok": True}), Verdict.UNKNOWN),
    (Answer(204), Verdict.UNKNOWN),
    *((Answer(status, reason="elsewhere"), Verdict.STOP) for status in (301, 302, 303, 307, 308)),
    (Answer(401, **ERRORS), Verdict.STOP),
    (Answer(429, retry_after=3, **ERRORS), Verdict.WAIT),
    *((Answer(status), Verdict.WAIT) for status in UNTOUCHED),
    *((Answer(status, **ERRORS), Verdict.REJECTED) for status in REFUSALS),
    *((Answer(status, None), Verdict.REJECTED) for status in REFUSALS),
    *((Answer(status, **ERRORS), Verdict.UNKNOWN) for status in DOUBTFUL),
    (Answer(100), Verdict.UNKNOWN),
    (Answer(999), Verdict.UNKNOWN),
]


@pytest.fixture(scope="module")
def light() -> LightClient:
    """Only to read answers; it sends nothing."""
    with RateLimiter(":memory:") as limiter:
        return LightClient("http://127.0.0.1:9", Credentials((Key("Basic", "secret"),)), limiter)


def meaning(answer: Answer, light: LightClient, *, reading: bool = False) -> Outcome[LightBill]:
    return classify(answer, light.read_bill, noun="bill", reading=reading)


@pytest.mark.parametrize(("answer", "verdict"), TABLE, ids=[str(a.status) for a, _ in TABLE])
def test_verdict_on_a_change(answer: Answer, verdict: Verdict, light: LightClient) -> None:
    outcome = meaning(answer, light)
    assert outcome.verdict is verdict
    assert (outcome.content is not None) == (verdict is Verdict.ACCEPTED)
    assert outcome.reason or verdict is Verdict.ACCEPTED


def test_refusal_has_reason_and_field(light: LightClient) -> None:
    outcome = meaning(Answer(422, **ERRORS), light)
    assert outcome.reason == "Closed period."
    assert outcome.errors[0].path == ("issuedDate",)


def test_only_401_and_403_are_forbidden(light: LightClient) -> None:
    lacking = {s for s in range(100, 600) if meaning(Answer(s, **ERRORS), light).forbidden}
    assert lacking == {401, 403}


def test_only_answers_that_stop_everybody_hold_back(light: LightClient) -> None:
    holding = {s for s in range(100, 600) if meaning(Answer(s, **ERRORS), light).holds_back}
    assert holding == {*UNTOUCHED, 503}


def test_ambiguous_answer_is_no_refusal(
    light: LightClient,
) -> None:
    for status in range(100, 1000):
        verdict = meaning(Answer(status), light).verdict
        if status not in REFUSALS:
            assert verdict is not Verdict.REJECTED
        assert verdict is not Verdict.RETRY


READINGS = {
    **dict.fromkeys((301, 302, 303, 307, 308, 401, 403), Verdict.STOP),
    **dict.fromkeys((404, 410), Verdict.ABSENT),
    **dict.fromkeys((400, 405, 409, 413, 418, 422), Verdict.REJECTED),
    **dict.fromkeys((100, 408, 500, 501, 502, 503, 504, 520, 999), Verdict.RETRY),
    **dict.fromkeys(UNTOUCHED, Verdict.WAIT),
    200: Verdict.UNKNOWN,  # without a bill
}


@pytest.mark.parametrize(("status", "verdict"), READINGS.items())
def test_verdict_on_a_reading(status: int, verdict: Verdict, light: LightClient) -> None:
    assert meaning(Answer(status), light, reading=True).verdict is verdict


def test_read_without_an_answer_is_retried(light: LightClient) -> None:
    for sent in (True, False):
        assert meaning(Answer(None, sent=sent), light, reading=True).verdict is Verdict.RETRY
    assert meaning(Answer(200, BILL), light, reading=True).verdict is Verdict.ACCEPTED


def test_read_and_change_differ_only_where_a_change_is_in_doubt(
    light: LightClient,
) -> None:
    differ = {
        status
        for status in range(100, 1000)
        if meaning(Answer(status), light).verdict
        is not meaning(Answer(status), light, reading=True).verdict
    }
    refusals = {403, 404, 410}
    assert differ - refusals == {
        status
        for status in range(100, 1000)
        if meaning(Answer(status), light).verdict is Verdict.UNKNOWN and not 200 <= status < 300
    }
