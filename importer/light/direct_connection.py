"""One request over a connection of its own: HTTP by h11, on the sockets of asyncio.

httpx serves many requests a connection, on any event loop. Where each has its own connection that
takes more than twice the processor time. Failures are raised as httpx raises them.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache

import h11
import httpx

_LARGEST_HEAD = 100 * 1024  # bytes
_NEXT_ADDRESS = 0.25  # seconds after which the next address of a name is tried, too
Headers = list[tuple[bytes, bytes]]


class DirectConnection(asyncio.Protocol):
    """``timeout`` is seconds: for the request to be taken, and for each silence of the server."""

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LARGEST_HEAD)
        self._received: deque[bytes] = deque()
        self._ended = False  # nothing more will be received
        self._error: Exception | None = None
        self._is_full = False  # the system takes no more of the request for now
        self._waiter: asyncio.Future[None] | None = None

    # --- called by the event loop -------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received.append(data)
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._error, self._is_full = True, error, False
        self._wake()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._wake()

    def _wake(self, error: Exception | None = None) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if error is None:
            self._waiter.set_result(None)
        else:
            self._waiter.set_exception(error)

    # --- a request and its answer -------------------------------------------------------------

    async def send(
        self, method: str, target: bytes, headers: Headers, content: bytes | None
    ) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer, their names in lower case. Raises httpx.HTTPError."""
        if content is not None or method in ("POST", "PUT", "PATCH"):
            headers = [*headers, (b"Content-Length", str(len(content or b"")).encode())]
        http = self._http
        try:
            events = [
                h11.Request(method=method, target=target, headers=headers),
                *([h11.Data(data=content)] if content else []),
                h11.EndOfMessage(),
            ]
            self._transport.write(b"".join(http.send(event) or b"" for event in events))
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        while self._is_full:
            await self._wait(httpx.WriteTimeout(""))
        # What was not taken may have been answered all the same.
        while not isinstance(event := await self._event(), h11.Response):
            pass
        return event.status_code, _as_text(event.headers)

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of the answer's content as they come. Raises httpx.HTTPError."""
        while isinstance(event := await self._event(), h11.Data):
            yield bytes(event.data)

    def close(self) -> None:
        self._transport.abort()

    async def _event(self) -> object:
        http = self._http
        while True:
            try:
                event = http.next_event()
                if event is not h11.NEED_DATA:
                    return event
                while not (self._received or self._ended):
                    await self._wait(httpx.ReadTimeout(""))
                if not self._received:
                    if self._error is not None:
                        raise httpx.ReadError("") from self._error
                    if http.their_state is h11.SEND_RESPONSE:
                        raise httpx.RemoteProtocolError(
                            "Server disconnected without sending a response."
                        )
                http.receive_data(self._received.popleft() if self._received else b"")
            except h11.RemoteProtocolError as error:
                raise httpx.RemoteProtocolError(str(error)) from error

    async def _wait(self, late: httpx.TimeoutException) -> None:
        """Until something happens; raises ``late`` where that takes too long."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(self._timeout, self._wake, late)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None


async def connect(url: httpx.URL, trusted: ssl.SSLContext, timeout: float) -> DirectConnection:
    """Raises httpx.ConnectError or httpx.ConnectTimeout: then nothing was sent."""
    encrypted = url.scheme == "https"
    host = url.raw_host.decode("ascii")
    try:
        async with asyncio.timeout(timeout):
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: DirectConnection(timeout),
                host,
                url.port or (443 if encrypted else 80),
                ssl=trusted if encrypted else None,
                server_hostname=host if encrypted else None,
                happy_eyeballs_delay=_NEXT_ADDRESS if _is_name(host) else None,
            )
    except TimeoutError as error:
        raise httpx.ConnectTimeout("") from error
    except (ssl.SSLError, socket.gaierror, ValueError) as error:
        raise httpx.ConnectError(str(error)) from error
    except OSError as error:
        raise httpx.ConnectError("All connection attempts failed") from error
    return connection


@lru_cache(maxsize=64)
def _is_name(host: str) -> bool:
    """Whether it is not an address itself."""
    try:
        socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return True
    return False


def _as_text(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in headers:
        key = name.decode("ascii")
        try:
            text = value.decode("utf-8")
        except UnicodeDecodeError:
            text = value.decode("latin-1")
        values[key] = f"{values[key]}, {text}" if key in values else text
    return values
