"""The work of one person on the page: their files, the jobs that run, the results shown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from importer.app.check_sheets import check
from importer.app.load_bills import load
from importer.app.page_settings import PageSettings, stated
from importer.app.report_run import ReportOptions, report
from importer.app.result import Result
from importer.app.undo_options import UndoOptions
from importer.app.undo_run import undo
from importer.app.verify_run import VerifyOptions, verify
from importer.app.workspace import Workspace, open_workspace, private_folder_of_results
from importer.core.errors import UsageProblem
from importer.web.page_job import PageJob
from importer.web.sheet_view import SheetView

T = TypeVar("T")
_WAIT = "Wait until the work that is under way has ended."
_MOST_HELD = 3  # results in memory; the others are made again when somebody looks at them


class Desk:
    """``owner`` is "" where one person uses the server. Jobs are by the files or the run they are
    about: one at a time."""

    def __init__(self, settings: PageSettings, owner: str = "") -> None:
        self.settings, self.owner = settings, owner
        self.lock = threading.RLock()
        self._spaces: dict[str, Workspace] = {}
        self.jobs: dict[str, PageJob] = {}
        self._views: dict[str, SheetView] = {}
        self._results: dict[str, Result] = {}  # of runs

    def space(self, id: str) -> Workspace:
        with self.lock:
            if id not in self._spaces:
                self._spaces[id] = open_workspace(self.owner, id)
            return self._spaces[id]

    def add(self, workspace: Workspace) -> None:
        with self.lock:
            self._spaces[workspace.id] = workspace

    def delete(self, workspace: Workspace) -> None:
        """Remove the files and their corrections; UsageProblem while something works with them."""
        with self.lock:
            job = self.jobs.get(workspace.id)
            if job is not None and job.running:
                raise UsageProblem(_WAIT)
            for held in (self._spaces, self._views, self.jobs):
                held.pop(workspace.id, None)
            workspace.delete()

    def running(self) -> list[PageJob]:
        return [job for job in self.jobs.values() if job.running]

    def _start(
        self, key: str, kind: str, work: Callable[[PageJob], Result], of: Workspace | None = None
    ) -> PageJob:
        with self.lock:
            job = self.jobs.get(key)
            if job is not None and job.running:
                if job.kind == kind:
                    return job
                raise UsageProblem(_WAIT)
            version, folder = (of.version, f"{of.files}/") if of is not None else (0, "")
            self.jobs[key] = job = PageJob(kind, self.owner, version, folder, work)
            return job

    # --- files --------------------------------------------------------------------------------

    def changeable(self, workspace: Workspace) -> None:
        """UsageProblem while the files are being loaded."""
        job = self.jobs.get(workspace.id)
        if job is not None and job.running and job.kind == "load":
            raise UsageProblem("These files are being loaded: wait until that has ended.")

    def view(self, workspace: Workspace) -> SheetView | None:
        """What the last check or load came to; None where nothing was checked since the start."""
        with self.lock:
            view = self._views.get(workspace.id)
            if view is not None:
                _keep_last(self._views, workspace.id, view)
            return view

    def check(self, workspace: Workspace, *, fetch: bool = False) -> PageJob:
        """Check the files; ``fetch`` the company's lists before, even where there are some."""

        def work(job: PageJob) -> Result:
            version = workspace.version
            options = self.settings.options(workspace)
            lists = self.settings.lists(options, job, fetch=fetch)
            done = check(
                self.settings.request(workspace),
                base_url=options.get("base_url"),
                journal=options.get("journal"),
                lists=lists,
                profile=True,
                mark=self.settings.four_eyes(workspace),
                listener=job,
            )
            self._keep(workspace, done, version)
            return done

        return self._start(workspace.id, "check", work, workspace)

    def _checked(self, workspace: Workspace) -> SheetView:
        """The last check; UsageProblem where the files are no longer what was checked."""
        view = self.view(workspace)
        if view is None or view.version != workspace.version:
            raise UsageProblem("Check the files again first: they were corrected since.")
        return view

    def release(self, workspace: Workspace) -> None:
        """Note that the person has checked the files, for somebody else to load them."""
        with self.lock:
            mark = self._checked(workspace).result.summary.content_mark
            if not mark:
                raise UsageProblem("Check the files again first: these are the result of a load.")
            self.settings.release(workspace, mark)
            workspace.release()

    def load(self, workspace: Workspace) -> PageJob:
        """Load the files; UsageProblem where they were not checked as they are now."""
        with self.lock:
            self._checked(workspace)
            version = workspace.version

            def work(job: PageJob) -> Result:
                workspace.loading = True
                workspace.save(counted=False)
                try:
                    done = load(
                        self.settings.request(workspace),
                        self.settings.load_options(workspace),
                        consent=job.consent,
                        listener=job,
                        stop=job.control,
                    )
                    if done.summary.run:
                        workspace.run = done.summary.run
                        self._of_run(workspace.run, done)
                        job.next_page = f"/runs/{workspace.run}?files={workspace.id}"
                    self._keep(workspace, done, version)
                    return done
                finally:
                    workspace.loading = False
                    workspace.save(counted=False)

            return self._start(workspace.id, "load", work, workspace)

    def _keep(self, workspace: Workspace, result: Result, version: int) -> None:
        view = SheetView(result, workspace, version)
        with self.lock:
            _keep_last(self._views, workspace.id, view)

    # --- runs ---------------------------------------------------------------------------------

    def results_folder(self) -> Path:
        """Where result files of runs are written, to be downloaded."""
        return private_folder_of_results(self.owner)

    def result(self, run: str) -> Result | None:
        """What the last report, verification or undo of a run came to, since the start."""
        return self._results.get(run)

    def report(self, run: str) -> PageJob:
        journal = self.settings.journal()
        return self._start(
            run_key(run),
            "report",
            lambda job: self._of_run(run, report(ReportOptions(run, journal), listener=job)),
        )

    def verify(self, run: str, *, lines: bool, ledger: bool, as_of: str | None) -> PageJob:
        options = self.settings.options(None)

        def work(job: PageJob) -> Result:
            wanted = VerifyOptions(
                run,
                options.get("journal"),
                lines=lines,
                ledger=ledger,
                as_of=as_of,
                pace=self.settings.pace(options),
                **stated(options, ["settle"]),
            )
            return self._of_run(run, verify(wanted, listener=job, stop=job.control))

        return self._start(run_key(run), "verify", work)

    def undo(self, run: str, bills: tuple[str, ...]) -> PageJob:
        options = self.settings.options(None)

        def work(job: PageJob) -> Result:
            wanted = UndoOptions(
                run,
                bills=bills,
                journal=options.get("journal"),
                pace=self.settings.pace(options),
                **stated(options, ["settle", "confirm_above"]),
            )
            done = undo(wanted, consent=job.consent, listener=job, stop=job.control)
            with self.lock:
                self._views.clear()  # what was in Light when they were checked may not be any more
            return self._of_run(run, done)

        return self._start(run_key(run), "undo", work)

    def _of_run(self, run: str, result: Result) -> Result:
        with self.lock:
            _keep_last(self._results, run, result)
        return result


def run_key(run: str) -> str:
    """The key of a run's job, beside those of files."""
    return f"run:{run}"


def _keep_last(items: dict[str, T], key: str, item: T) -> None:
    """The item as the last of those that are held; the first is dropped where they are too many."""
    items.pop(key, None)
    items[key] = item
    while len(items) > _MOST_HELD:
        del items[next(iter(items))]
