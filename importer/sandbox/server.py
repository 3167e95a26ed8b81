"""The sandbox as a server: in a thread of the caller, or in the foreground until interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from importer.core.errors import UsageProblem
from importer.sandbox.fault_injection import CONNECTION
from importer.sandbox.faults import FaultPlan
from importer.sandbox.note_store import all_notes
from importer.sandbox.request_limits import WINDOWS
from importer.sandbox.route_context import Context, open_context
from importer.sandbox.routes import build_app
from importer.sandbox.settings import Counters, SandboxSettings
from importer.sandbox.wire_types import JsonObject

HOST = "127.0.0.1"
STARTUP_SECONDS = 30.0
MAX_CLOCK_OFFSET = 366 * 86_400.0


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    base_url: str
    key: str
    counters: Counters
    context: Context

    def bills(self) -> list[JsonObject]:
        """All bills straight from the database, in order of creation, each with ``lineItems``.

        The fields are those of the API's bill; amounts in cents.
        """
        return self.context.store.bills()

    def credit_notes(self) -> list[JsonObject]:
        """All credit notes likewise, each with its ``documentNumber`` and ``lines``."""
        return all_notes(self.context.store)


class _Protocol(H11Protocol):
    """Hands each request its connection, which a fault may cut."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        app = self.app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, CONNECTION: transport}, receive, send)

        self.app = with_connection


class _Server(uvicorn.Server):
    """Uvicorn that reports when it listens, stops at once, and leaves signals to the caller."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_listening = on_listening
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopped, self._loop = asyncio.Event(), asyncio.get_running_loop()
        await super().startup(sockets)
        self.on_listening()

    def stop(self) -> None:
        """End at once; from any thread, or a signal handler."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # of a loop that has ended already
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def main_loop(self) -> None:
        # Uvicorn's wakes ten times a second, for headers that are not sent, and ends that late.
        await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn would wait for a tenth of a second.
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for task in list(self.server_state.tasks):
            task.cancel()
        await asyncio.sleep(0.01)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Uvicorn raises the signal again at the end; here the end is a normal return.
        yield


@contextlib.contextmanager
def running(settings: SandboxSettings, port: int = 0) -> Iterator[Sandbox]:
    """A sandbox on this computer, in a thread, until the block ends; 0 takes a free port."""
    check_settings(settings)
    with _context_and_listener(settings, port) as (context, listener):
        done = threading.Event()
        server = _Server(_config(context), done.set)

        def work() -> None:
            try:
                server.run([listener])
            finally:
                done.set()

        thread = threading.Thread(target=work, name="sandbox", daemon=True)
        thread.start()
        try:
            done.wait(STARTUP_SECONDS)
            if not server.started:
                raise RuntimeError("the sandbox did not start")
            yield Sandbox(_base_url(listener), settings.key, context.counters, context)
        finally:
            server.stop()
            thread.join()


def serve(settings: SandboxSettings, port: int, ready: Callable[[str], None]) -> None:
    """Serve in the foreground until SIGINT or SIGTERM, then return.

    ``port`` 0 takes a free one. ``ready`` gets the base URL as soon as requests are answered.
    ``UsageProblem`` for a port in use and for invalid settings.
    """
    check_settings(settings)
    with _context_and_listener(settings, port) as (context, listener):
        base_url = _base_url(listener)
        server = _Server(_config(context), lambda: ready(base_url))
        with _stopped_by_signals(server):
            server.run([listener])


@contextlib.contextmanager
def _context_and_listener(
    settings: SandboxSettings, port: int
) -> Iterator[tuple[Context, socket.socket]]:
    """The database and the listening socket, closed at the end of the block."""
    with _listener(port) as listener, contextlib.closing(open_context(settings)) as context:
        yield context, listener


def check_settings(settings: SandboxSettings) -> None:
    """``UsageProblem`` for invalid settings."""
    keys = [*settings.keys, *([] if settings.foreign_key is None else [settings.foreign_key])]
    if any(not key.strip() or not key.isascii() or " " in key or "," in key for key in keys):
        raise UsageProblem("The sandbox's keys must be plain text without spaces and commas.")
    if settings.foreign_key in settings.keys:
        raise UsageProblem("The key of another company must be another key.")
    if settings.requests_per_minute < 1 or settings.requests_per_day < 1:
        raise UsageProblem("The sandbox must permit at least one request a minute and a day.")
    if settings.latency < 0 or settings.list_lag < 0:
        raise UsageProblem("Latency and list lag are seconds, 0 or more.")
    if settings.late < 0 or settings.requests_today < 0:
        raise UsageProblem("The time of late answers and the requests of today are 0 or more.")
    if not abs(settings.clock_offset) <= MAX_CLOCK_OFFSET:
        raise UsageProblem("The clock may be off by a year at most.")
    if settings.window not in WINDOWS:
        raise UsageProblem(f"The window '{settings.window}' is not one of {', '.join(WINDOWS)}.")
    FaultPlan(settings.faults, settings.script, settings.fault_seed)


def _listener(port: int) -> socket.socket:
    """A listening socket, so that no other program can take the port."""
    if not 0 <= port <= 65535:
        raise UsageProblem(f"{port} is not a port; ports are 1 to 65535.")
    # Declared as TCP: only then asyncio turns off Nagle's delay of 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # A port that an older sandbox has just closed can be reused at once.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise UsageProblem(
            f"Port {port} cannot be used ({error.strerror}); choose another, or 0 for a free one."
        ) from error
    return listener


def _base_url(listener: socket.socket) -> str:
    return f"http://{HOST}:{listener.getsockname()[1]}"


def _config(context: Context) -> uvicorn.Config:
    return uvicorn.Config(
        build_app(context),
        loop="asyncio",
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        # Requests under way are dropped at the end: a slow one must not delay it.
        timeout_graceful_shutdown=0,
        backlog=1024,
    )


@contextlib.contextmanager
def _stopped_by_signals(server: _Server) -> Iterator[None]:
    """SIGINT and SIGTERM end the server; a second one at once. Only possible in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        server.force_exit = server.should_exit
        server.stop()

    handlers = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
