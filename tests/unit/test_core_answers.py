"""What each answer of Light means, to a change and to a reading."""

from __future__ import annotations

import pytest

from importer.core.answers import Answer, ApiError, Mismatch, Outcome, Verdict, classify
from importer.light.client import LightClient
from importer.light.credentials import Credentials, Key
from importer.light.rate_limiter import RateLimiter
from importer.model.light_objects import LightBill

BILL = {"id": "b-1", "state": "IN_DRAFT", "amount": 100, "currency": "GBP"}
ERRORS = {"errors": (ApiError("Closed period.", ("issuedDate",), "t"),)}
REFUSALS = (400, 403, 404, 409, 422)
UNTOUCHED = (402, 407, 425, 429, 451, 511)
DOUBTFUL = frozenset(range(405, 600)) - {409, 422, *UNTOUCHED}

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
    *((Answer(status, BILL), Verdict.UNKNOWN) for status in (202, 203, 206, 207, 226)),
    (Answer(204), Verdict.UNKNOWN),
    (Answer(200, BILL, **ERRORS), Verdict.UNKNOWN),
    *((Answer(status, reason="elsewhere"), Verdict.STOP) for status in (301, 302, 303, 307, 308)),
    (Answer(401, **ERRORS), Verdict.STOP),
    (Answer(429, retry_after=3, **ERRORS), Verdict.WAIT),
    *((Answer(status), Verdict.WAIT) for status in UNTOUCHED),
    *((Answer(status, **ERRORS), Verdict.REJECTED) for status in REFUSALS),
    *((Answer(status, reason="Blocked by the firewall"), Verdict.UNKNOWN) for status in REFUSALS),
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


def test_value_that_cannot_be_understood_is_named(light: LightClient) -> None:
    outcome = meaning(Answer(200, BILL | {"amount": "1000"}), light)
    assert outcome.verdict is Verdict.UNKNOWN
    words = 'but not with a bill that can be understood: amount is "1000"'
    assert outcome.reason == f"Light answered 200, {words}"


def test_words_of_a_doubtful_answer_are_kept(light: LightClient) -> None:
    for answer in (
        Answer(207, BILL, reason="One of two failed."),
        Answer(200, {}, reason="One of two failed."),
        Answer(200, BILL, reason="x", errors=(ApiError("One of two failed."),)),
        Answer(403, reason="One of two failed."),
    ):
        words = meaning(answer, light).reason
        assert words.startswith(f"Light answered {answer.status}")
        assert ("One of two failed." in words) != bool(answer.errors)


def test_answer_of_another_request_is_no_content() -> None:
    outcome = classify(Answer(200, BILL), lambda _: Mismatch("with another bill"), noun="bill")
    assert (outcome.verdict, outcome.content) == (Verdict.UNKNOWN, None)
    assert outcome.reason == "Light answered 200, with another bill"


@pytest.mark.parametrize(
    ("answer", "duplicate"),
    [
        (Answer(409, errors=(ApiError("Closed period."),)), True),
        (Answer(422, errors=(ApiError("A bill with this number already exists."),)), True),
        (Answer(400, errors=(ApiError("No.", (), "DUPLICATE_INVOICE"),)), True),
        (Answer(422, errors=(ApiError("The invoice number is not unique."),)), True),
        (Answer(422, errors=(ApiError("The account does not exist."),)), False),
        (Answer(400, errors=(ApiError("The period is already closed."),)), False),
    ],
)
def test_refusal_worded_as_a_duplicate_is_told_apart(
    answer: Answer, duplicate: bool, light: LightClient
) -> None:
    outcome = meaning(answer, light)
    assert outcome.verdict is Verdict.REJECTED
    assert outcome.duplicate is duplicate


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
        assert verdict is not Verdict.REJECTED
        assert verdict is not Verdict.RETRY


BY_LIGHT = {
    **dict.fromkeys((301, 302, 303, 307, 308, 401, 403), Verdict.STOP),
    **dict.fromkeys((404, 410), Verdict.ABSENT),
    **dict.fromkeys((400, 405, 409, 413, 418, 422), Verdict.REJECTED),
    **dict.fromkeys((100, 408, 500, 501, 502, 503, 504, 520, 999), Verdict.RETRY),
    **dict.fromkeys(UNTOUCHED, Verdict.WAIT),
    200: Verdict.UNKNOWN,  # without a bill
}
BY_A_GATEWAY = BY_LIGHT | {
    403: Verdict.RETRY,
    **dict.fromkeys((400, 404, 405, 409, 410, 413, 418, 422), Verdict.UNKNOWN),
}


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        *((Answer(status, **ERRORS), verdict) for status, verdict in BY_LIGHT.items()),
        *((Answer(status, reason="x"), verdict) for status, verdict in BY_A_GATEWAY.items()),
    ],
    ids=str,
)
def test_verdict_on_a_reading(answer: Answer, verdict: Verdict, light: LightClient) -> None:
    assert meaning(answer, light, reading=True).verdict is verdict


def test_read_without_an_answer_is_retried(light: LightClient) -> None:
    for sent in (True, False):
        assert meaning(Answer(None, sent=sent), light, reading=True).verdict is Verdict.RETRY
    assert meaning(Answer(200, BILL), light, reading=True).verdict is Verdict.ACCEPTED
    for status in (201, 202, 203, 206, 207):
        assert meaning(Answer(status, BILL), light, reading=True).verdict is Verdict.UNKNOWN
