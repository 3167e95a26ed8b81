"""The page's server: on loopback unless told otherwise, for one data folder at a time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from importer.app.page_lock import page_lock
from importer.app.page_settings import PageSettings
from importer.app.page_words import report_style
from importer.core.errors import ImporterError, UsageProblem
from importer.web.file_routes import FileRoutes
from importer.web.request_parts import Desks
from importer.web.run_routes import RunRoutes
from importer.web.safety import Access, BodyTooLarge, Gate

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


# --- addresses --------------------------------------------------------------------------------

Handler = Callable[[Request], Awaitable[Response]]


def build_page(desks: Desks) -> Gate:
    """The application."""
    files, runs = FileRoutes(desks), RunRoutes(desks)
    static = Path(__file__).with_name("static")
    addresses: list[tuple[str, str, Handler]] = [
        ("GET", "/healthz", _health),
        ("GET", "/", files.start),
        ("GET", "/report.css", _style),
        ("POST", "/files", files.create),
        ("POST", "/released/{id}", files.take_released),
        ("GET", "/files/{id}", files.files),
        ("PUT", "/files/{id}/upload", files.upload),
        ("POST", "/files/{id}/remove", files.remove),
        ("POST", "/files/{id}/ageing", files.ageing),
        ("POST", "/files/{id}/delete", files.delete),
        ("POST", "/files/{id}/options", files.options),
        ("POST", "/files/{id}/check", files.check),
        ("GET", "/files/{id}/rows", files.rows),
        ("POST", "/files/{id}/edit", files.edit),
        ("POST", "/files/{id}/undo-edit", files.undo_edit),
        ("POST", "/files/{id}/fix", files.fix),
        ("GET", "/files/{id}/names", files.names),
        ("POST", "/files/{id}/picks", files.picks),
        ("GET", "/files/{id}/template", files.template),
        ("POST", "/files/{id}/template", files.save_template),
        ("POST", "/files/{id}/template/form", files.complete_template),
        ("POST", "/files/{id}/release", files.release),
        ("POST", "/files/{id}/send", files.send),
        ("GET", "/files/{id}/corrected/{n:int}", files.corrected),
        ("GET", "/files/{id}/result.{kind}", files.result_of_files),
        ("GET", "/runs", runs.history),
        ("GET", "/runs/{run}", runs.run),
        ("POST", "/runs/{run}/verify", runs.verify),
        ("POST", "/runs/{run}/undo", runs.undo),
        ("GET", "/runs/{run}/result.{kind}", runs.result_of_run),
        ("GET", "/jobs/{key}/events", runs.events),
        ("POST", "/jobs/{key}/answer", runs.answer),
        ("POST", "/jobs/{key}/stop", runs.stop),
    ]
    app = Starlette(
        routes=[
            *(Route(path, handler, methods=[method]) for method, path, handler in addresses),
            Mount("/static", StaticFiles(directory=static)),
        ],
        exception_handlers={
            ImporterError: files.problem,
            HTTPException: files.problem,
            BodyTooLarge: files.problem,
            Exception: files.problem,
        },
    )
    return Gate(app, desks.access)


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok\n")


async def _style(request: Request) -> Response:
    return Response(report_style(), media_type="text/css")
