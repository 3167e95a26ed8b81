"""What the routes share: the person's desk, forms, answers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from importer.app.page_settings import PageSettings
from importer.app.page_words import for_download
from importer.app.result import Result, ResultFile, save_result
from importer.app.user_name import acting_for
from importer.app.workspace import StaleVersion, Workspace
from importer.core.errors import ImporterError, UsageProblem
from importer.web.desk import Desk
from importer.web.page_job import FAULT, PageJob
from importer.web.pages import Pages
from importer.web.safety import Access, BodyTooLarge, read_body
from importer.web.sheet_view import SheetView

_FORMATS = ("xlsx", "csv", "html", "json")
_OWN_PAGE = re.compile(r"/(?:files|runs)/[\w.%?=-]+")


class Desks:
    """The desk of each person; without a reverse proxy there is one."""

    def __init__(self, settings: PageSettings, access: Access) -> None:
        self.settings, self.access = settings, access
        self.desks: dict[str, Desk] = {}

    def of(self, request: Request) -> Desk:
        name = self.access.user_header
        owner = request.headers.get(name, "") if name else ""
        return self.desks.setdefault(owner, Desk(self.settings, owner))

    def running(self) -> list[PageJob]:
        return [job for desk in self.desks.values() for job in desk.running()]


async def form_body(request: Request) -> dict[str, str]:
    body = await read_body(request)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


async def json_body(request: Request) -> dict[str, Any]:
    try:
        facts = json.loads(await read_body(request))
    except ValueError:
        raise HTTPException(400) from None
    if not isinstance(facts, dict):
        raise HTTPException(400)
    return facts


def version_of(facts: Mapping[str, Any]) -> int:
    try:
        return int(facts.get("version", ""))
    except (TypeError, ValueError):
        raise HTTPException(400) from None


def redirect(address: str) -> RedirectResponse:
    return RedirectResponse(address, 303)


def redirect_back(form: dict[str, str]) -> RedirectResponse:
    """To the page that the form was on, never to another site."""
    address = form.get("back", "")
    return redirect(address if _OWN_PAGE.fullmatch(address) else "/")


def download(path: Path, *, once: bool = False) -> FileResponse:
    """A file to save; ``once``: it is removed when it was sent."""
    after = BackgroundTask(path.unlink, missing_ok=True) if once else None
    return FileResponse(
        path, filename=path.name, content_disposition_type="attachment", background=after
    )


class RouteContext:
    """What every group of routes works with."""

    def __init__(self, desks: Desks) -> None:
        self.desks = desks
        self.pages = Pages(desks.settings, desks.access)

    def space(self, request: Request) -> tuple[Desk, Workspace]:
        desk = self.desks.of(request)
        return desk, desk.space(request.path_params["id"])

    @contextlib.contextmanager
    def changing(
        self, request: Request, facts: Mapping[str, Any]
    ) -> Iterator[tuple[Desk, Workspace]]:
        """For a change of the files that the version in ``facts`` has; nobody else changes them
        meanwhile. StaleVersion where they are others by now, UsageProblem while they are loaded."""
        desk, workspace = self.space(request)
        version = version_of(facts)
        with desk.lock, acting_for(desk.owner):
            workspace.expect_version(version)
            desk.changeable(workspace)
            yield desk, workspace

    def view_of(self, desk: Desk, workspace: Workspace) -> SheetView:
        view = desk.view(workspace)
        if view is None:
            raise UsageProblem("The files have to be checked again: load the page again.")
        return view

    async def answer_result(self, request: Request, result: Result, folder: Path) -> Response:
        kind = request.path_params["kind"]
        if kind not in _FORMATS:
            raise HTTPException(404)
        wanted = ResultFile(str(folder), format=kind)
        saved = await asyncio.to_thread(save_result, for_download(result), wanted)
        if saved.path is None:
            raise UsageProblem(saved.summary.error.message if saved.summary.error else "")
        return download(saved.path, once=True)

    async def problem(self, request: Request, error: Exception) -> Response:
        """A refusal in a sentence: as JSON to the page's script, else as a page."""
        status, text = 400, str(error)
        if isinstance(error, StaleVersion):
            status = 409
        elif isinstance(error, BodyTooLarge):
            status, text = 413, "That is too much at once. Correct fewer cells in one go."
        elif isinstance(error, HTTPException):
            status = error.status_code
            text = {404: "There is no such page.", 405: "There is no such page."}.get(
                status, "This request cannot be understood: load the page again."
            )
        elif not isinstance(error, ImporterError):
            status, text = 500, FAULT.format(type(error).__name__, error)
        if request.headers.get("x-csrf-token") or "json" in request.headers.get("accept", ""):
            return JSONResponse({"problem": text}, status)
        return self.pages.show("problem", status, problem=text)
