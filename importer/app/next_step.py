"""The one line that says what to run next."""

from __future__ import annotations

import shlex
from pathlib import Path

from importer.app.pipeline import CheckRequest
from importer.model.journal_states import Status
from importer.model.read_back import Comparison
from importer.model.report_model import RunSummary
from importer.model.tables import TableKind


def command_words(request: CheckRequest) -> str:
    """The request as it is typed."""
    words = [shlex.quote(name) for name in request.sources]
    option = {TableKind.BILLS: "--bills", TableKind.LINE_ITEMS: "--lines"}
    words += [f"{option[kind]} {shlex.quote(name)}" for name, kind in request.table_kinds]
    words += [f"--set {shlex.quote(f'{name}={text}')}" for name, text in request.settings]
    words += [f"--expect {shlex.quote(f'{name}={text}')}" for name, text in request.expect]
    if request.template:
        words.append(f"--template {shlex.quote(request.template)}")
    if request.lookups:
        words.append(f"--lookups {shlex.quote(request.lookups)}")
    if request.save_lookups:
        words.append(f"--save-lookups {shlex.quote(request.save_lookups)}")
    return " ".join(words) + step_option_words(request)


def step_option_words(request: CheckRequest) -> str:
    """What the request says of the steps after creation, as it is typed."""
    words = [f" --then {request.then}"] if request.then else []
    if request.documents:
        words.append(f" --documents {shlex.quote(request.documents)}")
    if request.largest_document:
        words.append(f" --largest-document {request.largest_document:g}")
    return "".join(words)


def to_pick(request: CheckRequest, result: Path, extra: str = "") -> str:
    """What to do about names without an id; ``extra`` are other options of the load."""
    where = shlex.quote(request.save_lookups or request.lookups or "lookups")
    extra = step_option_words(request) + extra
    file = result.name if result.parent == Path.cwd() else str(result)
    return (
        f"pick in the sheet 'To resolve' of {result.name}, save it, and run light-import load"
        f" {shlex.quote(file)} --save-lookups {where}{extra}"
    )


def after_validate(
    request: CheckRequest, summary: RunSummary, code: int, result: Path, unresolved: bool
) -> str:
    if code == 0:
        return f"light-import load {command_words(request)}"
    if result.suffix.lower() != ".xlsx" or not summary.bills.get("total"):
        return "correct your file and run the same command again"
    if unresolved:
        return to_pick(request, result) + " (correct the coloured cells there too)"
    file = result.name if result.parent == Path.cwd() else str(result)
    return (
        f"correct the coloured cells in {result.name}, save it, and run light-import load"
        f" {shlex.quote(file)} (or correct your own file and run the same command again)"
    )


def after_verify(run: str | None, summary: RunSummary, *, stopped: bool, options: str = "") -> str:
    """ "" where nothing differs. ``options`` are the verification's, with a leading space."""
    if stopped:
        return f"light-import verify {run}{options} (goes on with what was not read)"
    if any(n for seen, n in summary.read_back.items() if seen != Comparison.SAME):
        return "look at the bills that differ, in Light and in the workbook"
    return ""


def after_load(
    request: CheckRequest,
    extra: str,
    run: str | None,
    code: int,
    bills: dict[str, int],
    sandbox: bool,
    to_resolve: Path | None = None,
) -> str:
    """``extra`` are the other options that the same load would need.

    ``to_resolve`` is the result workbook where names are left to be picked in it.
    """
    again = f"light-import load {command_words(request)}{extra}"
    if sandbox and code in (3, 4):
        return f"{again} (a new sandbox: this one is gone, with what was loaded into it)"
    if code == 4:
        return f"{again} (goes on where it stopped; nothing is sent twice)"
    if code == 3:
        return (
            "look the unknown bills up in Light; the same command looks again and sends only what"
            f" is certainly not there: {again}"
        )
    if to_resolve is not None and code == 1:
        return to_pick(request, to_resolve, extra)
    if bills.get(Status.REJECTED) or bills.get(Status.INVALID) or code == 1:
        if bills.get(Status.VALID) and not run:
            return (
                f"correct the coloured cells and run {again} again, or load the valid bills alone"
                " with --only-valid"
            )
        kept = "" if sandbox else "; what is in Light is not sent again"
        return f"correct the rest in your file and run {again}{kept}"
    if run is None and code == 0:
        return f"{again} (without --dry-run)"
    if sandbox:
        words = command_words(request)
        return f"to load into Light, set LIGHT_API_KEY and run light-import load {words}"
    return f"light-import report {run} (the workbook again, any time)" if run else again
