"""The end of every command that has a result: workbook, summary, exit code."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from importer.app.seal import seal
from importer.cli.options import OutputOptions
from importer.cli.screen import tell
from importer.core.errors import ImporterError, unwritable
from importer.model.finding import Finding
from importer.model.journal_states import Status
from importer.model.report_model import Report, RunSummary

STEP_UNKNOWN = "light.step_unknown"
SHOWN = 8  # findings on the terminal: with the figures they fit one screen


def exit_code(summary: RunSummary, findings: Sequence[Finding], *, stopped: bool) -> int:
    """0 all done; 1 errors in the data or rejected; 3 unknown; 4 stopped early."""
    if stopped:
        return 4
    from importer.report.phrases import severities
    from importer.validation.finding_batch import Findings

    codes = findings.codes() if isinstance(findings, Findings) else {f.code for f in findings}
    if summary.bills.get(Status.UNKNOWN, 0) or STEP_UNKNOWN in codes:
        return 3
    bad = (Status.INVALID, Status.REJECTED, Status.NOT_SENT)
    return 1 if any(summary.bills.get(s, 0) for s in bad) or severities(findings)[0] else 0


def finish(report: Report, output: OutputOptions, wanted: Path) -> RunSummary:
    """Write the result, tell the person; the summary with its exit code and the result's path.

    What is written the ending of the path says. A result that cannot be written does not hide what
    happened: the summary is still told.
    """
    from importer.core.safe_text import visible
    from importer.report.json_summary import json_text, summary_json
    from importer.report.terminal import summary_text
    from importer.report.write_report import write_result

    summary, path = report.summary, wanted
    try:
        with _claimed(wanted) as path:
            summary = replace(summary, result=str(path.absolute()))
            sealed = replace(report, summary=summary, seal=seal)
            write_result(sealed, path, output.most_problems)
        told = Path(output.result) if output.result else path
        if not told.is_dir() and told.stem != path.stem:
            output.say(f"{told} is there already and stays as it is: the result is {path.name}.")
    except (ImporterError, OSError) as error:
        again = f" Make it later with: light-import report {summary.run}" if summary.run else ""
        why = unwritable(error) if isinstance(error, OSError) else str(error)
        there = f"{visible(str(path))} could not be written: "
        why = why.removeprefix(there).rstrip(".")
        tell(f"The result {there}{why}.{again}")
        summary = replace(
            summary, result=None, exit_code=summary.exit_code or ImporterError.exit_code
        )
    width = shutil.get_terminal_size((80, 24)).columns
    text = summary_text(summary, report.findings, width=min(width, 100), limit=SHOWN)
    if output.json:
        if not output.quiet:
            click.echo(text, err=True)
        for piece in json_text(summary_json(summary, ()), report.findings):
            click.echo(piece, nl=False)
        click.echo()
    elif not output.quiet:
        click.echo(text)
    return summary


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[Path]:
    """``path``, or the next free name: two commands at once never write one file.

    The name is taken by an empty file, which does not stay where the block fails.
    """
    from importer.report.result_path import result_path

    while True:
        try:
            path.open("xb").close()
            break
        except FileExistsError:
            path = result_path([], str(path), path.parent)
    try:
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise
