"""The addresses of the page: a request becomes one call, its result a page or some JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from importer.app.page_words import report_style
from importer.core.errors import ImporterError
from importer.web.file_routes import FileRoutes
from importer.web.request_parts import Desks
from importer.web.run_routes import RunRoutes
from importer.web.safety import BodyTooLarge, Gate

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
