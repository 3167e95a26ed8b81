"""The pages, from templates: every text is escaped, and control characters are written out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.responses import HTMLResponse

from importer.app.bulk_corrections import ACTIONS
from importer.app.name_choices import CREATE, open_names
from importer.app.page_settings import PageSettings
from importer.app.page_words import (
    History,
    history_cells,
    history_marks,
    html_environment,
    moment,
    report_body,
    verdict_of,
)
from importer.app.result import Result
from importer.app.templates import list_templates
from importer.app.workspace import Workspace
from importer.core.errors import ImporterError
from importer.web.file_options import FIELDS, shown_value
from importer.web.page_job import STOP_NOTES, PageJob
from importer.web.safety import Access
from importer.web.sheet_view import SheetView

if TYPE_CHECKING:
    from importer.app.templates import DraftField

TITLES = {
    "check": "Checking",
    "load": "Loading",
    "report": "Reading the run",
    "verify": "Verifying",
    "undo": "Undoing",
}


class Pages:
    def __init__(self, settings: PageSettings, access: Access) -> None:
        self.settings, self.access = settings, access
        self._environment = html_environment("importer.web")
        self._environment.filters |= {"moment": moment, "file_name": lambda path: Path(path).name}

    def show(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        template = self._environment.get_template(f"{name}.html.jinja")
        page = template.render(csrf=self.access.csrf, settings=self.settings, **values)
        return HTMLResponse(page, status)

    def job(
        self, job: PageJob, key: str, back: str, workspace: Workspace | None = None
    ) -> HTMLResponse:
        """The progress of a job, or its question."""
        names = [Path(name).name for name in workspace.sheets] if workspace is not None else []
        return self.show(
            "job",
            job=job,
            state=job.state(),
            question=job.question,
            key=key,
            back=back,
            title=TITLES[job.kind],
            stop_note=STOP_NOTES.get(job.kind, ""),
            names=names,
        )

    def files(self, workspace: Workspace, view: SheetView | None, problem: str) -> HTMLResponse:
        """What the check of files came to; ``view`` is None where it could not be made."""
        result = view.result if view is not None else None
        names = open_names(result) if result is not None else []
        stale = view is not None and view.version != workspace.version
        tables = [view.describe(t) for t in range(len(view.tables))] if view is not None else []
        options, edited = self.settings.options(workspace), workspace.edited()
        return self.show(
            "files",
            workspace=workspace,
            view=view,
            result=result,
            problem=problem,
            stale=stale,
            verdict=verdict_of(result) if result is not None else ("", ""),
            body=Markup(report_body(result, figures_only=True)) if result is not None else "",
            tables=tables,
            names=names,
            open_values={each.value for each in names},
            create=CREATE,
            options=options,
            fields=[(field, shown_value(field, options)) for field in FIELDS],
            templates=list_templates(),
            profiles=self.settings.profiles(),
            only_valid=bool(options.get("only_valid")),
            actions=ACTIONS,
            corrected=[
                (n, workspace.corrected_path(name).name)
                for n, name in enumerate(workspace.sheets)
                if name in edited
            ],
            standing=self.standing(workspace, view) if view is not None else {},
            four_eyes=result is not None and self.settings.four_eyes(workspace),
            **self._released(workspace, result),
        )

    def _released(self, workspace: Workspace, result: Result | None) -> dict[str, Any]:
        """Who has checked what the files would send, or why that cannot be said."""
        mark = result.summary.content_mark if result is not None else ""
        try:
            checks = self.settings.released_by(workspace, mark) if mark else []
        except ImporterError as error:
            return {"checks": [], "unreleasable": str(error)}
        return {"checks": checks, "unreleasable": ""}

    def template(
        self,
        workspace: Workspace,
        fields: Sequence[DraftField],
        text: str,
        problem: str,
        *,
        differs: bool,
    ) -> HTMLResponse:
        """The form of a drafted template, with what was answered before, above its YAML."""
        answers = workspace.answers
        chosen = [answers.get(field.key, field.chosen) for field in fields]
        return self.show(
            "template",
            400 if problem else 200,
            workspace=workspace,
            fields=list(zip(fields, chosen, strict=True)),
            text=text,
            problem=problem,
            differs=differs,
        )

    def standing(self, workspace: Workspace, view: SheetView) -> dict[str, Any]:
        """What the grid's script knows of the corrections."""
        steps = workspace.steps()
        cells = sum(len(step.cells) for step in steps)
        return {
            "version": workspace.version,
            "checked": view.version == workspace.version,
            "steps": len(steps),
            "cells": cells,
        }

    def history(self, histories: Sequence[History], problems: list[str]) -> HTMLResponse:
        rows = [(run, history_cells(run), [*history_marks(run)]) for run in histories]
        return self.show("history", rows=rows, problems=problems)

    def run(self, run: str, result: Result | None, job: PageJob | None, files: str) -> HTMLResponse:
        """What a run came to, as its last report, verification or undo says."""
        return self.show(
            "run",
            run=run,
            files=files,
            problem=job.problem if job is not None else "",
            body=Markup(report_body(result)) if result is not None else "",
            result=result,
        )
