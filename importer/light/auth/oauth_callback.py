"""Callback server of a login: a browser on this computer brings Light's answer to it.

It serves requests to its own host name only, and accepts only the answer that carries the login's
``state``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from importer.core.errors import AccessRefused, UsageProblem
from importer.light.auth.oauth import ForeignAnswer, authorize_url, code_in

HOST = "127.0.0.1"
CALLBACK = "/callback"
LONGEST_HEAD = 64 * 1024  # bytes of a request
SECONDS_FOR_HEAD = 10.0
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'"
)


@dataclass
class PendingLogin:
    """A login that waits for its answer. ``code`` is done with the code, or with AccessRefused."""

    base_url: str
    client_id: str
    redirect_uri: str
    notify: Callable[[str], object]  # gets messages for the person while it waits
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    start: str = field(default_factory=lambda: f"/start/{secrets.token_urlsafe(16)}", repr=False)
    code: asyncio.Future[str] = field(default_factory=asyncio.Future, repr=False)
    started: bool = False

    @property
    def address(self) -> str:
        """Where a person lets light-import in."""
        return authorize_url(self.base_url, self.client_id, self.redirect_uri, self.state)

    @property
    def start_address(self) -> str:
        """Leads a browser there, once. A command that opens it shows no state to other users."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}{self.start}"

    def take(self, address: str) -> None:
        """Take the answer in an address. Raises ForeignAnswer where it is none to this login."""
        try:
            code = code_in(address, self.state)
        except AccessRefused as refused:
            if not self.code.done():
                self.code.set_exception(refused)
            return
        if not self.code.done():
            self.code.set_result(code)


@contextlib.asynccontextmanager
async def pending_login(
    base_url: str, client_id: str, port: int, notify: Callable[[str], object]
) -> AsyncIterator[PendingLogin]:
    """Listen on ``port`` (0: a free one) as long as the block lasts. UsageProblem where taken."""
    listener = _listener(port)
    redirect_uri = f"http://{HOST}:{listener.getsockname()[1]}{CALLBACK}"
    login = PendingLogin(base_url, client_id, redirect_uri, notify)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(SECONDS_FOR_HEAD):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(login, head.decode("latin-1")))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, sock=listener, limit=LONGEST_HEAD)
    try:
        yield login
    finally:
        server.close()
        if login.code.done() and not login.code.cancelled():
            login.code.exception()  # mark it as retrieved, else asyncio logs it


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two listen
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(16)
    except OSError as error:
        listener.close()
        raise UsageProblem(
            f"Port {port} of this computer cannot be used ({error.strerror}); another program has"
            " it. End that, or choose another with --port that Light knows too."
        ) from None
    return listener


def _answer(login: PendingLogin, head: str) -> bytes:
    first, *lines = head.split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")
    hosts = [
        line.partition(":")[2].strip().lower() for line in lines if line[:5].lower() == "host:"
    ]
    port = urlsplit(login.redirect_uri).port
    # Guards against DNS rebinding: another host name may resolve to this computer.
    if not version.startswith("HTTP/1.") or hosts not in (
        [f"{HOST}:{port}"],
        [f"localhost:{port}"],
    ):
        return _page(400, "This is not the address of light-import.")
    path = target.partition("?")[0]
    if method != "GET":
        return _page(405, "This is not possible here.")
    if path == login.start:
        if login.started:
            return _page(
                410, "This address works once. Open the one that is printed in the terminal."
            )
        login.started = True
        return _http(302, "", f"Location: {login.address}\r\n")
    if path != CALLBACK:
        return _page(404, "There is nothing here.")
    if login.code.done():
        return _page(409, "Light's answer has already come. You can close this page.")
    try:
        login.take(target)
    except ForeignAnswer as error:
        login.notify(f"An answer was ignored: {error} Still waiting.")
        return _page(400, f"{error} light-import still waits for the right one.")
    if login.code.exception() is not None:
        return _page(200, "Light did not allow light-import. You can close this page.")
    return _page(
        200, "Light's answer has arrived. Continue in the terminal; you can close this page."
    )


def _page(status: int, text: str) -> bytes:
    return _http(
        status,
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>light-import</title>'
        "<style>body{font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:32rem;"
        f"padding:0 1rem}}</style><h1>light-import</h1><p>{escape(text)}</p></html>\n",
        f"Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: {_POLICY}\r\n",
    )


def _http(status: int, text: str, headers: str) -> bytes:
    body = text.encode()
    return (
        f"HTTP/1.1 {status} light-import\r\n{headers}Content-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    ).encode("latin-1", "replace") + body
