"""Runs and jobs: history, verify and undo, progress, consent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from importer.app.run_index import runs
from importer.app.workspace import StaleVersion
from importer.core.errors import UsageProblem
from importer.web.desk import run_key
from importer.web.page_job import PageJob
from importer.web.request_parts import RouteContext, form_body, redirect, redirect_back

_TICK = 0.2  # seconds between two looks at a job


class RunRoutes(RouteContext):
    async def history(self, request: Request) -> Response:
        journal = self.desks.settings.journal()
        histories, problems = await asyncio.to_thread(runs, journal)
        return self.pages.history(histories, [str(problem) for problem in problems])

    async def run(self, request: Request) -> Response:
        desk, run = self.desks.of(request), request.path_params["run"]
        key = run_key(run)
        job, result = desk.jobs.get(key), desk.result(run)
        if result is None and (job is None or (not job.running and not job.problem)):
            job = desk.report(run)
        files = request.query_params.get("files", "")
        back = f"/runs/{quote(run)}" + (f"?files={quote(files)}" if files else "")
        if job is not None and job.running:
            return self.pages.job(job, key, back)
        return self.pages.run(run, result, job, files)

    async def verify(self, request: Request) -> Response:
        desk, run = self.desks.of(request), request.path_params["run"]
        form = await form_body(request)
        as_of = form.get("as_of", "").strip() or None
        desk.verify(
            run, lines=bool(form.get("lines")), ledger=bool(form.get("ledger")), as_of=as_of
        )
        return redirect(f"/runs/{quote(run)}")

    async def undo(self, request: Request) -> Response:
        desk, run = self.desks.of(request), request.path_params["run"]
        form = await form_body(request)
        numbers = form.get("bills", "").strip()
        desk.undo(run, (numbers,) if numbers else ())
        return redirect(f"/runs/{quote(run)}")

    async def result_of_run(self, request: Request) -> Response:
        desk, run = self.desks.of(request), request.path_params["run"]
        result = desk.result(run)
        if result is None:
            job = desk.report(run)
            await asyncio.to_thread(job.wait)
            result = desk.result(run)
        if result is None:
            raise UsageProblem(job.problem)
        return await self.answer_result(request, result, desk.results_folder())

    def _job(self, request: Request) -> PageJob:
        job = self.desks.of(request).jobs.get(request.path_params["key"])
        if job is None:
            raise HTTPException(404)
        return job

    async def events(self, request: Request) -> Response:
        """The states of a job as they change, until it ends: server-sent events."""
        job = self._job(request)

        async def states() -> AsyncIterator[str]:
            last, quiet = "", 0.0
            while True:
                text = json.dumps(job.state())
                if text != last or quiet > 10:
                    last, quiet = text, 0.0
                    yield f"data: {text}\n\n"
                if not job.running:
                    return
                await asyncio.sleep(_TICK)
                quiet += _TICK

        return StreamingResponse(states(), media_type="text/event-stream")

    async def answer(self, request: Request) -> Response:
        """Consent, or its refusal; StaleVersion where the question is another by now."""
        job, form = self._job(request), await form_body(request)
        question = job.question
        if question is None or question.id != form.get("question") or question.answer is not None:
            raise StaleVersion("This question was answered already, in another tab or window.")
        if form.get("answer") == "yes":
            if question.doubt and not form.get("sure"):
                raise UsageProblem(f"{question.doubt} Tick the box if so.")
            if not question.accepts(form.get("typed", "")):
                raise UsageProblem(
                    f"That is not the number of {question.counted}. {question.so_far}"
                )
        question.answer = form.get("answer") == "yes"
        return redirect_back(form)

    async def stop(self, request: Request) -> Response:
        job, form = self._job(request), await form_body(request)
        job.stop()
        return redirect_back(form)
