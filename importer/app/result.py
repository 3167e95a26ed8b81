"""The result of a use case: its report, written to a file, with its exit code."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from importer.app.events import Listener, Work
from importer.app.seal import seal
from importer.core.errors import ImporterError, KeyRefused, unwritable
from importer.core.safe_text import visible
from importer.model.finding import Severity
from importer.model.journal_states import Status
from importer.model.report_model import RunError, RunSummary

if TYPE_CHECKING:
    from importer.report.build_report import Report
    from importer.report.terminal import ScreenLine
    from importer.validation.finding_batch import Findings

IN_DOUBT = frozenset(("light.step_unknown", "bills.vendor.create_unknown", "vendors.twice"))
WOULD_UPDATE = "light.would_update"
FORBIDDEN = frozenset(("light.forbidden", "light.step_forbidden", "light.update_forbidden"))
SHOWN = 8  # findings in a text: with the figures they fit one screen


@dataclass(frozen=True)
class ResultFile:
    """Where the result is written.

    ``path``: a file or folder; None: ``<source>-result.xlsx`` in the current folder, which gets the
    run's id or the time appended where it is taken. A ``path`` that is a file is replaced only with
    ``overwrite``. ``format`` is xlsx, csv, json or html; None: as the path ends, else xlsx.
    ``most_problems`` is how many problems a workbook lists, None for 50,000.
    """

    path: str | None = None
    format: str | None = None
    most_problems: int | None = None
    overwrite: bool = False

    def free_path(self, sources: Sequence[str], run: str | None = None) -> Path:
        """UsageProblem where nothing can be written there. ``run``: the id of what is written."""
        from importer.report.result_path import result_path

        mark = run or f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
        return result_path(
            list(sources),
            self.path,
            Path.cwd(),
            self.format,
            mark=mark,
            overwrite=self.overwrite,
        )


@dataclass(frozen=True)
class Result:
    """What a use case came to. ``exit_code`` is that of the command: see the README."""

    report: Report

    @property
    def summary(self) -> RunSummary:
        return self.report.summary

    @property
    def findings(self) -> Findings:
        return self.report.findings

    @property
    def exit_code(self) -> int:
        return self.summary.exit_code

    @property
    def path(self) -> Path | None:
        """The file that was written."""
        return Path(self.summary.result) if self.summary.result else None

    def text(self, width: int = 80, findings: int = SHOWN) -> str:
        """The summary as the terminal shows it, with so many causes of problems at most."""
        return "\n".join(line.text for line in self.lines(width, findings))

    def lines(self, width: int = 80, findings: int = SHOWN) -> list[ScreenLine]:
        """The text in lines, with what may be painted in them."""
        from importer.report.terminal import summary_lines

        return summary_lines(self.summary, self.findings, width=width, limit=findings)

    def json(self) -> Iterator[str]:
        """The summary with all findings, as pieces of one JSON text."""
        from importer.report.json_summary import json_text, summary_json

        return json_text(summary_json(self.summary, (), self.report.lines_in_light), self.findings)


def exit_code(
    summary: RunSummary,
    findings: Findings,
    *,
    stopped: ImporterError | None,
    updates: bool = False,
) -> int:
    """0 all done; 1 errors in the data or rejected; 2 the key or role is refused; 3 unknown, or
    totals that do not tie though Light has the bills; 4 stopped early. With ``updates`` the sheet
    is to change what Light has, and was not sent."""
    if stopped is not None:
        return stopped.exit_code
    if summary.documents.get(Status.UNKNOWN, 0) or IN_DOUBT & findings.codes():
        return 3
    if FORBIDDEN & findings.codes():
        return KeyRefused.exit_code
    bad = (Status.INVALID, Status.REJECTED, Status.NOT_SENT)
    errors = findings.count_of(Severity.ERROR)
    if errors or any(summary.documents.get(s, 0) for s in bad):
        return 1
    if updates or (summary.dry_run and WOULD_UPDATE in findings.codes()):
        return 0  # what differs is what would be changed
    return 3 if any(total.altered or total.unmatched for total in summary.totals) else 0


def json_document(
    command: str,
    exit_code: int,
    error: RunError | None = None,
    facts: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """What ``--json`` prints of a command without a report: all keys of one, and its ``facts``."""
    import json

    from importer.report.json_summary import summary_json

    summary = RunSummary(command, None, None, None, "", (), datetime.now(UTC), error=error)
    document = {**summary_json(replace(summary, exit_code=exit_code), ()), **facts}
    return json.dumps(document, ensure_ascii=False, indent=2)


def save_result(result: Result, file: ResultFile) -> Result:
    """Write a result that is there already. UsageProblem where it cannot be written."""
    path = file.free_path(result.summary.sources, result.summary.run)
    return write_file(result.report, file, path, Listener())


def write_file(
    report: Report, file: ResultFile | None, path: Path | None, listener: Listener
) -> Result:
    """The result, written to ``path`` where there is one.

    A result that cannot be written does not hide what happened: that is reported, and the exit code
    says so where it would be 0.
    """
    if file is None or path is None:
        return Result(report)
    from importer.report.write_report import write_report

    summary = report.summary
    try:
        with _claimed(path, overwrite=file.overwrite) as path:
            summary = replace(summary, result=str(path.absolute()))
            sealed = replace(report, summary=summary, seal=seal)
            with listener.work(Work.WRITING):
                write_report(sealed, path, file.most_problems)
    except (ImporterError, OSError) as error:
        again = f" Make it later with: light-import report {summary.run}" if summary.run else ""
        why = unwritable(error) if isinstance(error, OSError) else str(error)
        unwritten = f"{visible(str(path))} could not be written: "
        why = why.removeprefix(unwritten).rstrip(".")
        message = f"The result {unwritten}{why}.{again}"
        listener.message(message, essential=True)
        summary = replace(
            summary,
            result=None,
            exit_code=summary.exit_code or ImporterError.exit_code,
            error=summary.error or RunError("result", message, "Name another place: --result."),
        )
    return Result(replace(report, summary=summary))


@contextlib.contextmanager
def _claimed(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """``path``, or the next free name: two commands at once never write one file, unless with
    ``overwrite``.

    The name is taken by an empty file, which does not stay where the block fails.
    """
    from importer.report.result_path import free_path

    if overwrite and path.exists():
        yield path
        return
    while True:
        try:
            path.open("xb").close()
            break
        except FileExistsError:
            path = free_path(path, "")
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise
