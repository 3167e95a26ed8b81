"""What each answer to the creation of a bill means."""

from __future__ import annotations

import pytest

from importer.light import Credentials, Key, LightClient, RateLimiter
from importer.loading.classify import classify
from importer.model.journal_states import Verdict
from importer.model.light_objects import Answer

BILL = {"id": "b-1", "state": "IN_DRAFT", "amount": 100, "currency": "GBP"}
ERRORS = {"errors": [{"type": "t", "message": "Closed period.", "path": ["issuedDate"]}]}
REFUSALS = (400, 403, 404, 405, 406, 409, 410, 411, 413, 414, 415, 422, 431)
DOUBTFUL = (402, 408, 418, 421, 423, 424, 425, 426, 428, 451, 499, 500, 501, 502, 503, 504, 520)

TABLE = [
    (Answer(None, sent=False, reason="no connection"), Verdict.RETRY),
    (Answer(None, sent=True, reason="it broke"), Verdict.UNKNOWN),
    (Answer(200, BILL), Verdict.CREATED),
    (Answer(201, BILL), Verdict.CREATED),
    (Answer(200, None, reason="not JSON"), Verdict.UNKNOWN),
    (Answer(200, {}), Verdict.UNKNOWN),
    (Answer(200, {"id": None}), Verdict.UNKNOWN),
    (Answer(200, [BILL]), Verdict.UNKNOWN),
    (Answer(202, {"ok": True}), Verdict.UNKNOWN),
    (Answer(204), Verdict.UNKNOWN),
    *((Answer(status, reason="elsewhere"), Verdict.STOP) for status in (301, 302, 303, 307, 308)),
    (Answer(401, ERRORS), Verdict.STOP),
    (Answer(429, ERRORS, retry_after=3), Verdict.WAIT),
    (Answer(429), Verdict.WAIT),
    *((Answer(status, ERRORS), Verdict.REJECTED) for status in REFUSALS),
    *((Answer(status, None), Verdict.REJECTED) for status in REFUSALS),
    *((Answer(status, ERRORS), Verdict.UNKNOWN) for status in DOUBTFUL),
    (Answer(100), Verdict.UNKNOWN),
    (Answer(999), Verdict.UNKNOWN),
]


@pytest.fixture(scope="module")
def light() -> LightClient:
    """Only to read answers; it sends nothing."""
    with RateLimiter(":memory:") as pacer:
        return LightClient("http://127.0.0.1:9", Credentials((Key("Basic", "secret"),)), pacer)


@pytest.mark.parametrize(("answer", "verdict"), TABLE, ids=[str(a.status) for a, _ in TABLE])
def test_an_answer_means(answer: Answer, verdict: Verdict, light: LightClient) -> None:
    outcome = classify(answer, light)
    assert outcome.verdict is verdict
    assert (outcome.bill is not None) == (verdict is Verdict.CREATED)
    assert outcome.reason or verdict is Verdict.CREATED


def test_a_refusal_brings_lights_reason_and_the_field_it_names(light: LightClient) -> None:
    outcome = classify(Answer(422, ERRORS), light)
    assert outcome.reason == "Closed period."
    assert outcome.errors[0].path == ("issuedDate",)


def test_only_403_and_401_are_for_lack_of_rights(light: LightClient) -> None:
    lacking = {s for s in range(100, 600) if classify(Answer(s, ERRORS), light).forbidden}
    assert lacking == {401, 403}


def test_nothing_that_may_have_created_the_bill_is_held_to_be_a_refusal(
    light: LightClient,
) -> None:
    for status in range(100, 1000):
        verdict = classify(Answer(status), light).verdict
        if status not in REFUSALS:
            assert verdict is not Verdict.REJECTED
        assert verdict is not Verdict.RETRY
