"""The page's server: on loopback unless told otherwise, for one data folder at a time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType

import uvicorn

from importer.app.page_lock import page_lock
from importer.app.page_settings import PageSettings
from importer.core.errors import UsageProblem
from importer.web.page_routes import build_page
from importer.web.request_parts import Desks
from importer.web.safety import Access

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Listening:
    """Where the page listens. ``origin`` is the address that people open, behind a reverse proxy
    that puts the person's name in the header ``user_header``."""

    port: int = 0
    host: str = LOOPBACK
    origin: str = ""
    user_header: str = ""


def serve_page(settings: PageSettings, listening: Listening, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM, which lets loads end cleanly; a second one ends at once.

    ``ready`` gets the address to open. UsageProblem where the port is taken, or where another
    server works with the same data folder.
    """
    with page_lock(), _bound(listening) as listener:
        port = listener.getsockname()[1]
        local = (f"http://{LOOPBACK}:{port}", f"http://localhost:{port}")
        access = Access((listening.origin,) if listening.origin else local, listening.user_header)
        desks = Desks(settings, access)
        config = uvicorn.Config(
            build_page(desks),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        server = _PageServer(config, desks, lambda: ready(access.address))
        asyncio.run(server.serve([listener]))


class _PageServer(uvicorn.Server):
    """Uvicorn that waits for the loads that run before it ends."""

    def __init__(self, config: uvicorn.Config, desks: Desks, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.desks, self.on_ready, self.asked = desks, on_ready, False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {n: signal.signal(n, self.handle_exit) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        for job in self.desks.running():
            job.stop()
        if self.asked or not self.desks.running():
            self.should_exit = True
        self.asked = True

    async def on_tick(self, counter: int) -> bool:
        if self.asked and not self.desks.running():
            self.should_exit = True
        return await super().on_tick(counter)


@contextlib.contextmanager
def _bound(listening: Listening) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((listening.host, listening.port))
        except OSError as error:
            raise UsageProblem(
                f"Port {listening.port} of {listening.host} cannot be used ({error.strerror}). Name"
                " another with --port, or leave --port out."
            ) from error
        yield listener
