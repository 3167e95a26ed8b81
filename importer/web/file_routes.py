"""Files: dropped, checked, corrected, sent."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from importer.app.bulk_corrections import ACTIONS, bulk_correction
from importer.app.name_choices import find_choice, open_names, search_choices
from importer.app.page_words import shown_text
from importer.app.templates import check_template, draft_form, template_text
from importer.app.upload_limit import most_upload_bytes
from importer.app.workspace import (
    STALE,
    StaleVersion,
    Workspace,
    copy_released,
    new_workspace,
    released_workspaces,
    workspaces,
)
from importer.core.errors import ImporterError, UsageProblem
from importer.web.desk import Desk
from importer.web.file_options import answers_of_form, options_of_form
from importer.web.request_parts import (
    RouteContext,
    download,
    form_body,
    json_body,
    redirect,
)

if TYPE_CHECKING:
    from importer.app.templates import DraftForm


class FileRoutes(RouteContext):
    async def start(self, request: Request) -> Response:
        desk = self.desks.of(request)
        spaces = await asyncio.to_thread(workspaces, desk.owner)
        released = await asyncio.to_thread(released_workspaces, desk.owner)
        return self.pages.show(
            "start", spaces=spaces[:20], more=len(spaces) - 20, released=released[:20]
        )

    async def take_released(self, request: Request) -> Response:
        """A copy of what somebody else has checked and released."""
        desk = self.desks.of(request)
        workspace = await asyncio.to_thread(copy_released, desk.owner, request.path_params["id"])
        desk.add(workspace)
        return redirect(f"/files/{workspace.id}")

    async def create(self, request: Request) -> Response:
        desk = self.desks.of(request)
        workspace = new_workspace(desk.owner)
        desk.add(workspace)
        return JSONResponse({"id": workspace.id})

    async def upload(self, request: Request) -> Response:
        """A file as the body of the request; its name in the address."""
        desk, workspace = self.space(request)
        desk.changeable(workspace)
        most = most_upload_bytes()
        path = workspace.place_for(request.query_params.get("name", "file"))
        size = 0
        try:
            with path.open("wb") as file:
                async for piece in request.stream():
                    size += len(piece)
                    if size > most:
                        raise UsageProblem(
                            f"This file is larger than {most // 1_000_000:,} MB. Split it, or set"
                            " LIGHT_IMPORT_MAX_FILE_MB higher."
                        )
                    file.write(piece)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        with desk.lock:
            desk.changeable(workspace)  # a load may have begun meanwhile
            workspace.add_file(path)
        return JSONResponse({"version": workspace.version})

    async def remove(self, request: Request) -> Response:
        form = await form_body(request)
        with self.changing(request, form) as (_, workspace):
            if form.get("sheet") in workspace.sheets:
                workspace.remove_sheet(form["sheet"])
        return redirect(f"/files/{workspace.id}" if workspace.sheets else "/")

    async def ageing(self, request: Request) -> Response:
        """Read a file as an ageing report of the old system, or no longer."""
        form = await form_body(request)
        with self.changing(request, form) as (desk, workspace):
            if "back" in form:
                workspace.take_as_bills(form["back"])
            else:
                currency = form.get("currency", "").strip().upper()
                workspace.take_as_ageing(form.get("sheet", ""), currency)
            desk.check(workspace)
        return redirect(f"/files/{workspace.id}")

    async def delete(self, request: Request) -> Response:
        form = await form_body(request)
        with self.changing(request, form) as (desk, workspace):
            desk.delete(workspace)
        return redirect("/")

    # --- check --------------------------------------------------------------------------------

    async def files(self, request: Request) -> Response:
        """The files with what is wrong in them; while something runs, its progress."""
        desk, workspace = self.space(request)
        if not workspace.sheets:
            return redirect("/")
        view, job = desk.view(workspace), desk.jobs.get(workspace.id)
        if view is None and (job is None or job.version != workspace.version):
            job = desk.check(workspace)
        if job is not None and job.running:
            return self.pages.job(job, workspace.id, f"/files/{workspace.id}", workspace)
        problem = job.problem if job is not None else ""
        return self.pages.files(workspace, view, problem)

    async def options(self, request: Request) -> Response:
        form = await form_body(request)
        with self.changing(request, form) as (desk, workspace):
            defaults = self.desks.settings.defaults(workspace).options
            workspace.options = options_of_form(form, workspace.options, defaults)
            workspace.save()
            desk.check(workspace)
        return redirect(f"/files/{workspace.id}")

    async def check(self, request: Request) -> Response:
        desk, workspace = self.space(request)
        form = await form_body(request)
        desk.changeable(workspace)
        desk.check(workspace, fetch=bool(form.get("fetch")))
        return redirect(f"/files/{workspace.id}")

    async def rows(self, request: Request) -> Response:
        desk, workspace = self.space(request)
        view, asked = self.view_of(desk, workspace), request.query_params
        try:
            table, chosen = int(asked.get("table", 0)), asked.get("show", "all")
            start, count = int(asked.get("from", 0)), int(asked.get("count", 60))
            if "row" in asked:
                start = view.place_of(table, chosen, int(asked["row"]))
                return JSONResponse({"at": start})
            page = view.page(table, chosen, start, count)
        except (ValueError, IndexError):
            raise HTTPException(400) from None
        return JSONResponse({**page, "version": workspace.version})

    async def edit(self, request: Request) -> Response:
        """Cells that were typed or pasted, as [row, column, text]."""
        facts = await json_body(request)
        with self.changing(request, facts) as (desk, workspace):
            view = self.view_of(desk, workspace)
            try:
                table = int(facts["table"])
                edits = [
                    view.edit(table, int(row), int(column), str(text))
                    for row, column, text in facts["cells"]
                ]
            except (KeyError, IndexError, ValueError, TypeError):
                raise HTTPException(400) from None
            workspace.add_step("paste" if len(edits) > 1 else "edit", edits)
            view.refresh(workspace)
        return JSONResponse(self.pages.standing(workspace, view))

    async def undo_edit(self, request: Request) -> Response:
        facts = await json_body(request)
        with self.changing(request, facts) as (desk, workspace):
            view = self.view_of(desk, workspace)
            step = workspace.undo_step()
            view.refresh(workspace)
        cell = step.cells[0]
        words = f"Undone: {cell.header}, row {cell.row}"
        words += f", and {len(step.cells) - 1:,} more" if len(step.cells) > 1 else ""
        return JSONResponse({**self.pages.standing(workspace, view), "words": f"{words}."})

    async def fix(self, request: Request) -> Response:
        """One correction of all shown cells of a column."""
        form = await form_body(request)
        with self.changing(request, form) as (desk, workspace):
            view = self.view_of(desk, workspace)
            if form.get("check") != view.mark:  # "these rows" may be others by now
                raise StaleVersion(STALE)
            action = form.get("action", "")
            new = bulk_correction(action, form.get("value", ""), form.get("new", ""))
            try:
                table, column = int(form["table"]), int(form["column"])
                edits = view.edits_like(table, form.get("show", "all"), column, new)
            except (KeyError, IndexError, ValueError):
                raise HTTPException(400) from None
            workspace.add_step(ACTIONS[action], edits)
            desk.check(workspace)
        return redirect(f"/files/{workspace.id}")

    # --- names and templates ------------------------------------------------------------------

    async def names(self, request: Request) -> Response:
        desk, workspace = self.space(request)
        asked, view = request.query_params, self.view_of(desk, workspace)
        labels = search_choices(view.result, asked.get("field", ""), asked.get("q", ""))
        return JSONResponse({"labels": labels})

    async def picks(self, request: Request) -> Response:
        form = await form_body(request)
        with self.changing(request, form) as (desk, workspace):
            view = self.view_of(desk, workspace)
            chosen = []
            for n, name in enumerate(open_names(view.result)):
                text = form.get(f"pick-{n}", "").strip()
                shown = shown_text(f"{name.field} {name.value}")
                if text and form.get(f"name-{n}") == shown:
                    suggestion = find_choice(view.result, name.field, name.value, text)
                    chosen.append((name, suggestion))
            for name, suggestion in chosen:
                workspace.pick(name.field, name.value, suggestion.id, suggestion.label)
            for pick in [*workspace.picks]:
                if form.get("remove") == shown_text(f"{pick.field} {pick.value}"):
                    workspace.pick(pick.field, pick.value, "", "")
            desk.check(workspace)
        return redirect(f"/files/{workspace.id}")

    async def template(self, request: Request) -> Response:
        """The template of these files: its form where it is drafted from them, and its YAML."""
        _, workspace = self.space(request)
        return await self._template(request, workspace)

    async def _template(
        self, request: Request, workspace: Workspace, text: str = "", problem: str = ""
    ) -> Response:
        """``text`` was typed, ``problem`` is what is wrong with it."""
        mine = workspace.folder / "template.yaml"
        files = [str(path) for path in workspace.write_corrected()]
        encoding = workspace.options.get("encoding")
        draft, differs = None, False
        if files and ("draft" in request.query_params or workspace.answers):
            draft = await asyncio.to_thread(draft_form, files, encoding)
        if not text and mine.exists():
            text = template_text(str(mine))
            differs = draft is not None and text != _drafted(draft, workspace)
        elif not text and draft is not None:
            text = draft.text
        elif not text:
            named = workspace.options.get("template") or request.query_params.get("name", "light")
            text = template_text(str(named))
        problem = problem.replace(f"{workspace.folder}{os.sep}", "")  # a folder of the server
        fields = draft.fields if draft is not None else []
        return self.pages.template(workspace, fields, text, problem, differs=differs)

    async def save_template(self, request: Request) -> Response:
        """The YAML as it was typed."""
        form = await form_body(request)
        text = form.get("text", "").replace("\r\n", "\n")
        with self.changing(request, form) as (desk, workspace):
            problem = self._take_template(desk, workspace, text)
        if problem:
            return await self._template(request, workspace, text, problem)
        return redirect(f"/files/{workspace.id}")

    async def complete_template(self, request: Request) -> Response:
        """The YAML that the form makes."""
        form = await form_body(request)
        with self.changing(request, form) as (desk, workspace):
            files = [str(path) for path in workspace.write_corrected()]
            draft = draft_form(files, workspace.options.get("encoding"))
            workspace.answers = answers_of_form(form, draft.fields)
            try:
                text = draft.completed(workspace.answers)
                problem = self._take_template(desk, workspace, text)
            except ImporterError as error:
                workspace.save()
                text, problem = "", str(error)
        if problem:
            return await self._template(request, workspace, text, problem)
        return redirect(f"/files/{workspace.id}")

    def _take_template(self, desk: Desk, workspace: Workspace, text: str) -> str:
        """Save it and check the files with it; what is wrong with it, "" where it can be used."""
        path = workspace.write_template(text)
        try:
            check_template(str(path))
        except ImporterError as error:
            workspace.save()
            return str(error)
        workspace.options["template"] = str(path)
        workspace.save()
        desk.check(workspace)
        return ""

    # --- load ---------------------------------------------------------------------------------

    async def send(self, request: Request) -> Response:
        form = await form_body(request)
        with self.changing(request, form) as (desk, workspace):
            only_valid = bool(form.get("only_valid"))
            options = self.desks.settings.options(workspace)
            if bool(options.get("only_valid")) is not only_valid:
                workspace.options["only_valid"] = only_valid
                workspace.save(counted=False)
            desk.load(workspace)
        return redirect(f"/files/{workspace.id}")

    async def release(self, request: Request) -> Response:
        """Four eyes: the person has checked these files."""
        form = await form_body(request)
        with self.changing(request, form) as (desk, workspace):
            desk.release(workspace)
        return redirect(f"/files/{workspace.id}#send")

    async def corrected(self, request: Request) -> Response:
        """The corrected copy of a file, to keep."""
        _, workspace = self.space(request)
        paths = await asyncio.to_thread(workspace.write_corrected)
        n = request.path_params["n"]
        if not 0 <= n < len(paths):
            raise HTTPException(404)
        return download(paths[n])

    async def result_of_files(self, request: Request) -> Response:
        desk, workspace = self.space(request)
        view = self.view_of(desk, workspace)
        return await self.answer_result(request, view.result, workspace.results)


def _drafted(draft: DraftForm, workspace: Workspace) -> str:
    """The YAML that the form of a draft makes of what was answered; "" while it lacks an answer."""
    try:
        return draft.completed(workspace.answers)
    except UsageProblem:
        return ""
