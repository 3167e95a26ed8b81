"""Logging in to the sandbox: as strict as OAuth may be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import pytest

from importer.sandbox import Sandbox, SandboxSettings, running

TO = "http://127.0.0.1:8766/callback"
ASKED = {"client_id": "sandbox", "redirect_uri": TO, "state": "the state"}
CLIENT = {"client_id": "sandbox", "client_secret": "sandbox-secret"}


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


OPENER = build_opener(_Stay, ProxyHandler({}))


@pytest.fixture
def light() -> Iterator[Sandbox]:
    with running(SandboxSettings(requests_per_minute=20)) as started:
        yield started


def ask(
    light: Sandbox, path: str, form: dict[str, str] | str | None = None, token: str = ""
) -> tuple[int, str, str]:
    """Status, text, and where it leads."""
    data = form if isinstance(form, str) or form is None else urlencode(form)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = Request(light.base_url + path, data.encode() if data is not None else None, headers)
    try:
        with OPENER.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), ""
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Location", "")


def allowed(light: Sandbox) -> str:
    """The code that a person's consent gives."""
    status, _, to = ask(light, "/oauth/authorize", ASKED | {"decision": "allow"})
    assert (status, to.partition("?")[0]) == (302, TO)
    told = parse_qs(urlsplit(to).query)
    assert told["state"] == ["the state"]
    return told["code"][0]


def exchange(light: Sandbox, **form: str) -> tuple[int, dict[str, str]]:
    status, text, _ = ask(light, "/oauth/token", CLIENT | form)
    return status, json.loads(text)


def by_code(light: Sandbox, code: str, **form: str) -> tuple[int, dict[str, str]]:
    return exchange(
        light, **{"grant_type": "authorization_code", "code": code, "redirect_uri": TO} | form
    )


def by_refresh(light: Sandbox, token: str) -> tuple[int, dict[str, str]]:
    return exchange(light, grant_type="refresh_token", refresh_token=token)


def company(light: Sandbox, token: str) -> int:
    return ask(light, "/v1/companies/current", token=token)[0]


def test_a_refresh_replaces_both_tokens_and_a_used_one_ends_the_login(light: Sandbox) -> None:
    _, first = by_code(light, allowed(light))
    assert first["token_type"] == "Bearer"
    assert first["expires_in"] == 3600
    status, second = by_refresh(light, first["refresh_token"])
    assert status == 200
    assert (company(light, first["access_token"]), company(light, second["access_token"])) == (
        401,
        200,
    )
    status, told = by_refresh(light, first["refresh_token"])
    assert (status, told["error"]) == (400, "invalid_grant")
    assert company(light, second["access_token"]) == 401
    assert by_refresh(light, second["refresh_token"])[0] == 400


def test_a_new_token_has_no_new_limit(light: Sandbox) -> None:
    _, tokens = by_code(light, allowed(light))
    seen = [company(light, tokens["access_token"]) for _ in range(15)]
    _, tokens = by_refresh(light, tokens["refresh_token"])
    seen += [company(light, tokens["access_token"]) for _ in range(6)]
    assert seen == [200] * 20 + [429]
    assert list(light.counters.by_key.values()) == [21]


def test_a_code_works_once_for_its_own_redirect_address(light: Sandbox) -> None:
    assert by_code(light, allowed(light), redirect_uri=TO + "/x")[1]["error"] == "invalid_grant"
    assert by_code(light, "guessed")[0] == 400
    code = allowed(light)
    _, tokens = by_code(light, code)
    assert by_code(light, code)[0] == 400
    assert company(light, tokens["access_token"]) == 401, "a code that is used twice was stolen"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_client_or_grant_gets_nothing(
    light: Sandbox, change: dict[str, str], status: int, error: str
) -> None:
    code = allowed(light)
    got = by_code(light, code, **change)
    assert (got[0], got[1]["error"]) == (status, error)
    assert light.counters.logins == 0
    assert by_code(light, code)[0] == 200


def test_a_form_that_says_something_twice_says_nothing(light: Sandbox) -> None:
    form = urlencode(CLIENT | {"grant_type": "refresh_token"}) + "&client_secret=sandbox-secret"
    assert ask(light, "/oauth/token", form)[0] == 401
    assert ask(light, "/oauth/token")[0] == 405


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1:1/#x"},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_of_this_computer(
    light: Sandbox, change: dict[str, str]
) -> None:
    asked = ASKED | change
    for form in (None, asked | {"decision": "allow"}):
        path = "/oauth/authorize" + ("" if form else f"?{urlencode(asked)}")
        status, _, to = ask(light, path, form)
        assert (status, to) == (400, "")


def test_the_page_shows_what_it_was_asked_as_text(light: Sandbox) -> None:
    asked = ASKED | {"state": '"><script>alert(1)</script>'}
    status, page, _ = ask(light, f"/oauth/authorize?{urlencode(asked)}")
    assert status == 200
    assert "<script>" not in page
