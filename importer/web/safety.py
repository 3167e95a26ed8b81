"""Who may talk to the page: the person who started it, from its own pages, on its own address.

Another site must not reach it (Host and Origin are checked, which stops rebinding; a cookie that is
never sent across sites; a token in each request that changes something), and another user of this
computer must not (the address that is opened has a random token, which works once).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
MOST_FORM_BYTES = 8_000_000  # a paste of a column of 100,000 cells
_COOKIE_DAYS = 30
_CHANGES = frozenset(("POST", "PUT", "PATCH", "DELETE"))


@dataclass
class Access:
    """The secrets of one server. ``origins`` are the addresses under which it is opened.

    ``user_header``: behind a reverse proxy, the header with the name of the person who logged in
    there, whom the token lets in as often as it takes; "" where only the person at this computer
    uses it, once.
    """

    origins: tuple[str, ...]
    user_header: str = ""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    used: bool = False  # the token, by the browser that was opened

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(origin).netloc for origin in self.origins}

    @property
    def cookie_name(self) -> str:
        return f"light_import_{urlsplit(self.origins[0]).port or 443}"

    @property
    def address(self) -> str:
        """The address to open; its token works once."""
        return f"{self.origins[0]}/?token={self.token}"


class Gate:
    """Lets a request through, or answers it with a refusal in one sentence."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [
                    (name.encode(), value.encode())
                    for name, value in HEADERS.items()
                    if name.encode() not in present
                ]
            await send(message)

        refusal, receive = await self._check(request, receive)
        await (refusal or self.app)(scope, receive, with_headers)

    async def _check(self, request: Request, receive: Receive) -> tuple[Response | None, Receive]:
        access = self.access
        if request.headers.get("host", "") not in access.hosts:
            return _refuse(421, "This is not an address of light-import."), receive
        if request.url.path == "/healthz":
            return None, receive
        if access.user_header and not request.headers.get(access.user_header):
            return _refuse(
                403, f"The reverse proxy did not say who you are: {access.user_header} is missing."
            ), receive
        cookie = request.cookies.get(access.cookie_name, "")
        if not hmac.compare_digest(cookie.encode(), access.cookie.encode()):
            return self._exchange(request), receive
        if request.query_params.get("token"):
            return RedirectResponse("/", 303), receive
        if request.method not in _CHANGES:
            return None, receive
        if request.headers.get("origin") not in access.origins:
            return _refuse(403, "This request comes from another site."), receive
        sent = request.headers.get("x-csrf-token", "")
        if not sent and request.headers.get("content-type", "").startswith(_FORM):
            try:
                body = await read_body(request)
            except BodyTooLarge:
                return _refuse(413, "That is too much at once."), receive
            sent = (parse_qs(body.decode("utf-8", "replace")).get("csrf") or [""])[0]
            receive = _again(body)
        if not hmac.compare_digest(sent.encode(), access.csrf.encode()):
            return _refuse(403, "This page is from before a restart: load it again."), receive
        return None, receive

    def _exchange(self, request: Request) -> Response:
        """The cookie for the token of the address, which works once."""
        access, token = self.access, request.query_params.get("token", "")
        if not hmac.compare_digest(token.encode(), access.token.encode()):
            return _refuse(
                403,
                "Open the address that light-import web printed: it has a token that lets you in.",
            )
        if access.used and not access.user_header:
            return _refuse(
                403,
                "This address was opened already, in the browser that is let in. For another"
                " browser, stop light-import web with Ctrl-C and start it again: nothing is lost.",
            )
        access.used = True
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            access.cookie_name,
            access.cookie,
            max_age=_COOKIE_DAYS * 86_400,
            httponly=True,
            samesite="strict",
            secure=access.origins[0].startswith("https:"),
        )
        return answer


_FORM = "application/x-www-form-urlencoded"


class BodyTooLarge(Exception):
    """The body of a request is larger than any of the page's."""


async def read_body(request: Request, most: int = MOST_FORM_BYTES) -> bytes:
    """The whole body; BodyTooLarge past ``most`` bytes."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise BodyTooLarge
        pieces.append(piece)
    return b"".join(pieces)


def _again(body: bytes) -> Callable[[], Awaitable[Message]]:
    """The body once more, for whom comes next."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _refuse(status: int, sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n", status)
