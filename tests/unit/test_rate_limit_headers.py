from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.light.rate_limit_headers import (
    NOTHING,
    RateLimitInfo,
    backoff,
    pause_after,
    read_headers,
)

NOW = datetime(2025, 3, 31, 12, 0, tzinfo=UTC).timestamp()
DATE = "Mon, 31 Mar 2025 12:00:00 GMT"


def told(**headers: str) -> RateLimitInfo:
    return read_headers({name.replace("_", "-"): value for name, value in headers.items()}, NOW)


def test_headers_without_limits_give_nothing():
    assert told(Date=DATE, Content_Type="text/html") is NOTHING


def test_retry_after_in_seconds():
    assert told(Retry_After="17").retry_after == 17
    assert told(retry_after=" 1.5 ").retry_after == 1.5


def test_retry_after_date_uses_the_servers_clock():
    date = "Mon, 31 Mar 2025 11:07:30 GMT"
    server = "Mon, 31 Mar 2025 11:07:00 GMT"
    assert told(Retry_After=date, Date=server).retry_after == 30
    assert told(Retry_After="Mon, 31 Mar 2025 12:00:05 GMT").retry_after == 5
    assert told(Retry_After=date).retry_after == 0


def test_reset_uses_the_servers_clock():
    reset = str(int(NOW) + 600 + 20)  # their clock is ten minutes fast
    date = "Mon, 31 Mar 2025 12:10:00 GMT"
    assert told(X_RateLimit_Reset=reset, Date=date).reset_in == 20


def test_distant_reset_is_bounded_and_past_reset_is_none():
    assert told(X_RateLimit_Reset=str(int(NOW) + 3600)).reset_in == 120
    assert told(X_RateLimit_Reset=str(int(NOW) - 1)).reset_in is None


def test_reset_in_milliseconds_or_seconds_left():
    assert told(X_RateLimit_Reset=str(int(NOW + 9) * 1000)).reset_in == 9
    assert told(X_RateLimit_Reset="42").reset_in == 42


def test_limit_and_remaining():
    found = told(X_RateLimit_Limit="300, 300;w=60", X_RateLimit_Remaining="0")
    assert (found.limit, found.windows, found.remaining) == (300, (), 0)
    assert told(X_RateLimit_Limit="0").limit is None
    assert told(X_RateLimit_Limit="120").limit == 120


@pytest.mark.parametrize(
    ("text", "limit", "windows"),
    [
        ("10, 10;w=1, 300;w=60", 300, ((1, 10),)),
        ("10,10;w=1;burst=5,300 ; W = 60", 300, ((1, 10),)),
        ("300;w=60, 10;w=1", 300, ((1, 10),)),
        ('100, 100;comment="a";w=30', None, ((30, 100),)),
        ("10, 10;w=1, 8;w=1", None, ((1, 8),)),
        ("1000, 1000;w=3600, 100000;w=86400", None, ()),
        ("10, 0;w=1, 300;w=0", 10, ()),
        ("10, 10;w=, 300;w=x", 10, ()),
    ],
)
def test_limits_with_their_windows(text, limit, windows):
    found = told(X_RateLimit_Limit=text)
    assert (found.limit, found.windows) == (limit, windows)


def test_pause_after_429_is_retry_after_else_reset_else_backoff():
    assert pause_after(429, RateLimitInfo(retry_after=700.0, reset_in=5.0), 3) == 700
    assert pause_after(429, RateLimitInfo(retry_after=0.0, reset_in=5.0), 3) == 5
    assert pause_after(429, NOTHING, 3) == 4


@pytest.mark.parametrize("status", [402, 407, 425, 451, 503, 511])
def test_pause_after_others_is_retry_after_else_half_the_backoff(status):
    assert pause_after(status, RateLimitInfo(retry_after=700.0, reset_in=5.0), 3) == 700
    assert pause_after(status, RateLimitInfo(reset_in=5.0), 3) == 2
    assert [pause_after(status, NOTHING, n) for n in (1, 2, 3, 99)] == [0.5, 1, 2, 30]


def test_stated_pause_that_never_suffices_grows():
    info = RateLimitInfo(retry_after=0.1)
    assert [pause_after(429, info, n) for n in (1, 2, 3)] == [0.1, 0.1, 0.1]
    assert [pause_after(429, info, n) for n in (4, 5, 6, 99)] == [0.5, 1, 2, 30]
    assert [backoff(n) for n in (0, 1, 2, 3, 6, 7, 8, 10**9)] == [1, 1, 2, 4, 32, 60, 60, 60]


NAMES = st.sampled_from(
    ["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Date"]
)
VALUES = st.text(max_size=40) | st.integers().map(str) | st.just(DATE) | st.floats().map(str)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, VALUES))
def test_no_header_raises_or_gives_a_negative_time(headers):
    found = read_headers(headers, NOW)
    assert found.limit is None or found.limit >= 1
    assert (found.retry_after or 0) >= 0
    assert 0 <= (found.reset_in or 0) <= 120
    assert all(seconds >= 1 and limit >= 1 for seconds, limit in found.windows)
    assert pause_after(429, found, 1) > 0
    assert pause_after(503, found, 1) > 0


@pytest.mark.parametrize("text", ["Mon, 31 Mar 99999 12:00:00 GMT", "0", "Thu, 99 Foo", ""])
def test_invalid_date_is_ignored(text):
    assert told(Date=text, X_RateLimit_Reset=str(int(NOW) + 7)).reset_in == 7
