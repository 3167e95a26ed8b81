"""Logging in to the sandbox: ``/oauth/authorize`` and ``/oauth/token``.

Source: the published description of Light's API. Where it is silent the sandbox is strict: codes
and refresh tokens work once, and a second use ends the login; both requests must name the same
redirect address; a new token has no new limits.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from importer.sandbox.settings import SandboxSettings

AUTHORIZE = "/oauth/authorize"
TOKEN = "/oauth/token"
CODE_SECONDS = 60.0
LARGEST_FORM = 64 * 1024
_PARAMETERS = ("client_id", "redirect_uri", "state")
_NO_STORE = {"Cache-Control": "no-store"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass
class LoginGrant:
    """The current tokens of one consent. ``name`` is its key in the rate limits."""

    name: str
    access: str = ""
    refresh: str = ""
    expires_at: float = 0.0


@dataclass
class Grants:
    """The codes and tokens that a sandbox has issued. ``clock`` gives seconds since 1970."""

    settings: SandboxSettings
    clock: Callable[[], float]
    codes: dict[str, tuple[str, float]] = field(default_factory=dict)  # redirect address, until
    logins: list[LoginGrant] = field(default_factory=list)
    used: dict[str, LoginGrant] = field(default_factory=dict)  # by code or refresh token

    def login_of(self, header: str | None) -> str | None:
        """The name of the login whose access token an ``Authorization`` header carries."""
        scheme, _, text = (header or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        now = self.clock()
        for login in self.logins:
            if _same(text.strip(), login.access) and now < login.expires_at:
                return login.name
        return None

    # --- the pages ----------------------------------------------------------------------------

    async def answer(self, request: Request) -> Response | None:
        """The answer to a request of the login; None for any other."""
        match request.method, request.url.path:
            case "GET", "/oauth/authorize":
                return self._authorize(request)
            case "POST", "/oauth/authorize":
                return await self._decision(request)
            case "POST", "/oauth/token":
                return await self._token(request)
            case _, "/oauth/authorize" | "/oauth/token":
                return Response("This is not possible here.", 405)
        return None

    def _authorize(self, request: Request) -> Response:
        values = {name: request.query_params.get(name, "") for name in _PARAMETERS}
        problem = self._problem(values)
        if problem:
            return _page(f"<p>{escape(problem)}</p>", 400)
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in values.items()
        )
        return _page(
            "<p>light-import wants to read the company's lists and to create bills.</p>"
            f'<form method="post" action="{AUTHORIZE}">{hidden}'
            '<button name="decision" value="allow">Allow</button> '
            '<button name="decision" value="deny">Refuse</button></form>'
        )

    async def _decision(self, request: Request) -> Response:
        form = await _form(request)
        problem = self._problem(form)
        if problem:
            return _page(f"<p>{escape(problem)}</p>", 400)
        address = form["redirect_uri"]
        if form.get("decision") == "allow":
            code = secrets.token_urlsafe(24)
            self.codes[code] = address, self.clock() + CODE_SECONDS
            result = {"code": code}
        else:
            result = {"error": "access_denied", "error_description": "The person said no."}
        if form.get("state"):
            result["state"] = form["state"]
        separator = "&" if urlsplit(address).query else "?"
        return RedirectResponse(f"{address}{separator}{urlencode(result)}", 302, _NO_STORE)

    def _problem(self, values: dict[str, str]) -> str | None:
        """Why the request for a consent is refused; None where it is not."""
        if not _same(values.get("client_id", ""), self.settings.client_id):
            return "There is no such client_id."
        address = urlsplit(values.get("redirect_uri", ""))
        if address.scheme == "http" and address.hostname in _LOOPBACK and not address.fragment:
            return None
        return "The redirect_uri must be an address of this computer."

    # --- the tokens ---------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        form = await _form(request)
        matches = [
            _same(form.get("client_id", ""), self.settings.client_id),
            _same(form.get("client_secret", ""), self.settings.client_secret),
        ]
        if not all(matches):
            return _error("invalid_client", "The client_id or client_secret is wrong.", 401)
        match form.get("grant_type"):
            case "authorization_code":
                return self._by_code(form.get("code", ""), form.get("redirect_uri", ""))
            case "refresh_token":
                return self._by_refresh(form.get("refresh_token", ""))
        return _error("unsupported_grant_type", "Use authorization_code or refresh_token.")

    def _by_code(self, code: str, redirect_uri: str) -> Response:
        self._end_if_used(code)
        address, until = self.codes.pop(code, ("", 0.0))
        if not address or self.clock() >= until or address != redirect_uri:
            return _error("invalid_grant", "The code is wrong, used or too old.")
        login = LoginGrant(f"login {len(self.used) + 1}")
        self.logins.append(login)
        self.used[code] = login
        return self._tokens(login)

    def _by_refresh(self, token: str) -> Response:
        self._end_if_used(token)
        for login in self.logins:
            if _same(token, login.refresh):
                self.used[token] = login
                return self._tokens(login)
        return _error("invalid_grant", "The refresh token is wrong or used.")

    def _end_if_used(self, secret: str) -> None:
        self.logins = [login for login in self.logins if login is not self.used.get(secret)]

    def _tokens(self, login: LoginGrant) -> Response:
        login.access = f"access-{secrets.token_urlsafe(32)}"
        login.refresh = f"refresh-{secrets.token_urlsafe(32)}"
        login.expires_at = self.clock() + self.settings.token_seconds
        return JSONResponse(
            {
                "access_token": login.access,
                "expires_in": int(self.settings.token_seconds),
                "token_type": "Bearer",
                "refresh_token": login.refresh,
            },
            headers=_NO_STORE,
        )


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; none if it is too large or no form. A repeated field is left out."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    data = bytearray()
    async for chunk in request.stream():
        if len(data) <= LARGEST_FORM:
            data += chunk
    if kind != "application/x-www-form-urlencoded" or len(data) > LARGEST_FORM:
        return {}
    fields = parse_qs(data.decode(errors="replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items() if len(values) == 1}


def _error(error: str, description: str, status: int = 400) -> Response:
    return JSONResponse({"error": error, "error_description": description}, status, _NO_STORE)


def _page(content: str, status: int = 200) -> Response:
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sandbox: log in</title>'
        "<style>body{font:15px system-ui,sans-serif;margin:3rem auto;max-width:32rem}</style>"
        f"<h1>Sandbox</h1><p>This is not Light.</p>{content}"
    )
    return HTMLResponse(text, status, _NO_STORE | {"Content-Security-Policy": _POLICY})
