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
    result = parse_qs(urlsplit(to).query)
    assert result["state"] == ["the state"]
    return result["code"][0]


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


def test_refresh_replaces_both_tokens_and_reuse_ends_the_login(light: Sandbox) -> None:
    _, first = by_code(light, allowed(light))
    assert first["token_type"] == "Bearer"
    assert first["expires_in"] == 3600
    status, second = by_refresh(light, first["refresh_token"])
    assert status == 200
    assert (company(light, first["access_token"]), company(light, second["access_token"])) == (
        401,
        200,
    )
    status, error = by_refresh(light, first["refresh_token"])
    assert (status, error["error"]) == (400, "invalid_grant")
    assert company(light, second["access_token"]) == 401
    assert by_refresh(light, second["refresh_token"])[0] == 400


def test_refreshed_token_keeps_its_limit(light: Sandbox) -> None:
    _, tokens = by_code(light, allowed(light))
    statuses = [company(light, tokens["access_token"]) for _ in range(15)]
    _, tokens = by_refresh(light, tokens["refresh_token"])
    statuses += [company(light, tokens["access_token"]) for _ in range(6)]
    assert statuses == [200] * 20 + [429]
    assert list(light.counters.by_key.values()) == [21]


def test_code_works_once_for_its_redirect_address(light: Sandbox) -> None:
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
def test_wrong_client_or_grant_is_refused(
    light: Sandbox, change: dict[str, str], status: int, error: str
) -> None:
    code = allowed(light)
    got = by_code(light, code, **change)
    assert (got[0], got[1]["error"]) == (status, error)
    assert light.counters.logins == 0
    assert by_code(light, code)[0] == 200


def test_repeated_form_field_is_ignored(light: Sandbox) -> None:
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
def test_redirect_address_must_be_local(light: Sandbox, change: dict[str, str]) -> None:
    parameters = ASKED | change
    for form in (None, parameters | {"decision": "allow"}):
        path = "/oauth/authorize" + ("" if form else f"?{urlencode(parameters)}")
        status, _, to = ask(light, path, form)
        assert (status, to) == (400, "")


def test_consent_page_escapes_its_parameters(light: Sandbox) -> None:
    parameters = ASKED | {"state": '"><script>alert(1)</script>'}
    status, page, _ = ask(light, f"/oauth/authorize?{urlencode(parameters)}")
    assert status == 200
    assert "<script>" not in page
