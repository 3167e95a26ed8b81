"""The one line that says what to run next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from importer.app.check_request import CheckRequest
from importer.app.defaults import read_defaults
from importer.app.journal_places import VARIABLE
from importer.core.errors import UsageProblem
from importer.model.journal_states import Status
from importer.model.read_back import Comparison
from importer.model.report_model import RunSummary
from importer.model.tables import TableKind

if TYPE_CHECKING:
    from importer.app.destination import LoadOptions


def command_words(request: CheckRequest) -> str:
    """The files and options of a request, as they are typed; not what light-import.toml says."""
    words = [shlex.quote(name) for name in request.sources]
    option = {TableKind.BILLS: "--bills", TableKind.LINE_ITEMS: "--lines"}
    words += [f"{option[kind]} {shlex.quote(name)}" for name, kind in request.table_kinds]
    words += [f"--set {shlex.quote(f'{name}={text}')}" for name, text in request.settings]
    words += [f"--expect {shlex.quote(f'{name}={text}')}" for name, text in request.expect]
    if request.as_of:
        words.append(f"--as-of {request.as_of}")
    words += [f"--ageing {shlex.quote(file.words)}" for file in request.ageing]
    names = ("template", "encoding", "amounts", "lookups", "save_lookups")
    words += _option_words(request, {name: getattr(request, name) for name in names})
    return " ".join(words) + _company_words(request) + _step_words(request)


def load_command(request: CheckRequest, options: LoadOptions) -> str:
    """The command that does the same load again."""
    archive = f" --archive {shlex.quote(options.archive)}" if options.archive else ""
    return f"light-import load {command_words(request)}{_load_words(request, options)}{archive}"


def _option_words(request: CheckRequest, values: Mapping[str, Any]) -> list[str]:
    """The options that have a value; not those of which light-import.toml says the same."""
    try:
        stated = read_defaults(request.company).options
    except UsageProblem:  # it cannot be read
        stated = {}
    return [
        f"--{name.replace('_', '-')} {shlex.quote(str(value))}"
        for name, value in values.items()
        if value not in (None, "", stated.get(name))
    ]


def _company_words(request: CheckRequest) -> str:
    return f" --company {shlex.quote(request.company)}" if request.company else ""


def _step_words(request: CheckRequest) -> str:
    """The options of what is created, and of the steps after that, each with a leading space."""
    words = [" --create-vendors"] if request.create_vendors else []
    if request.then:
        words.append(f" --then {request.then}")
    if request.documents:
        words.append(f" --documents {shlex.quote(request.documents)}")
    if request.largest_document:
        words.append(f" --largest-document {request.largest_document:g}")
    if request.incomplete_drafts:
        words.append(" --incomplete-drafts")
    return "".join(words)


def _load_words(request: CheckRequest, options: LoadOptions) -> str:
    """The options that the same load needs again, each with a leading space."""
    pace = options.pace
    flags = {
        "--sandbox": options.sandbox,
        "--only-valid": options.only_valid,
        "--update": options.update and not options.update_only,
        "--update-only": options.update_only,
        "--wait": pace.wait,
        "--verify": options.verify,
        "--force": options.force,
        "--four-eyes": options.four_eyes,
    }
    words = [flag for flag, given in flags.items() if given]
    if options.line_mode != "inline":
        words.append(f"--line-mode {options.line_mode}")
    values = {
        "requests_per_minute": pace.requests_per_minute,
        "requests_per_day": pace.requests_per_day,
    }
    place = place_words(request, options.base_url, options.journal)
    of_pace = _option_words(request, values)
    return _spaced(words) + place + _spaced(of_pace)


def place_words(request: CheckRequest, base_url: str | None, journal: str | None) -> str:
    """Which Light and which journal, where options say so and the environment does not, each with
    a leading space."""
    values = {
        "base_url": base_url if base_url != os.environ.get("LIGHT_BASE_URL") else None,
        "journal": journal if journal != os.environ.get(VARIABLE) else None,
    }
    return _spaced(_option_words(request, values))


def run_words(run: str | None, request: CheckRequest, journal: str | None) -> str:
    """Its id and where its journal is, as the commands take them that work on a run."""
    return f"{run}{place_words(request, None, journal)}"


def _spaced(words: Sequence[str]) -> str:
    return "".join(f" {word}" for word in words)


def _pick_words(request: CheckRequest, result: Path, options: str = "") -> str:
    """What to do about names without an id; ``options`` are other options of the load."""
    folder = shlex.quote(request.save_lookups or request.lookups or "lookups")
    return (
        f"pick in the sheet 'To resolve' of {result.name}, save it, and run light-import load"
        f" {_quoted(result)} --save-lookups {folder}{_company_words(request)}"
        f"{_step_words(request)}{options}"
    )


def _quoted(result: Path) -> str:
    return shlex.quote(result.name if result.parent == Path.cwd() else str(result))


def after_check(
    request: CheckRequest,
    summary: RunSummary,
    code: int,
    result: Path | None,
    unresolved: bool,
    place: str = "",
) -> str:
    """``place`` are the options of ``place_words``."""
    options = (" --update" if request.update else "") + place
    if code == 0:
        return f"light-import load {command_words(request)}{options}"
    if result is None or result.suffix.lower() != ".xlsx" or not summary.documents.get("total"):
        return "correct your file and run the same command again"
    if unresolved:
        return _pick_words(request, result, options) + " (correct the coloured cells there too)"
    return (
        f"correct the coloured cells in {result.name}, save it, and run light-import load"
        f" {_quoted(result)}{_company_words(request)}{options} (or correct your own file and run"
        " the same command again)"
    )


def after_verify(run: str, summary: RunSummary, *, stopped: bool, options: str = "") -> str:
    """ "" where nothing differs. ``run`` is its id, with --journal where that was given;
    ``options`` are the verification's, with a leading space."""
    if summary.ledger is not None and summary.ledger.refused:
        return f"light-import verify {run}{options} (reads the ledger)"
    if stopped:
        return f"light-import verify {run}{options} (resumes with the bills not read yet)"
    if summary.ledger is not None and summary.ledger.problems:
        return "look at the documents that differ, in Light's ledger and in the workbook"
    if any(n for result, n in summary.read_back.items() if result != Comparison.SAME):
        return "look at the bills that differ, in Light and in the workbook"
    return ""


def after_load(
    request: CheckRequest,
    options: LoadOptions,
    summary: RunSummary,
    code: int,
    to_resolve: Path | None = None,
) -> str:
    """``to_resolve`` is the result workbook where names are left to be picked in it."""
    again, bills, sandbox = load_command(request, options), summary.documents, options.sandbox
    if sandbox and code in (2, 3, 4):
        return f"{again} (in a new sandbox: this one and its bills are gone)"
    if code == 2:
        return f"{again} (after correcting the key or its role; nothing is sent twice)"
    if code == 4:
        return f"{again} (resumes; nothing is sent twice)"
    if code == 3 and not bills.get(Status.UNKNOWN):
        return f"compare what the problems name with Light; the same command checks again: {again}"
    if code == 3:
        return (
            "look the unknown bills up in Light; the same command checks again and sends only bills"
            f" that Light certainly lacks: {again}"
        )
    if to_resolve is not None and code == 1:
        return _pick_words(request, to_resolve, _load_words(request, options))
    if bills.get(Status.REJECTED) or bills.get(Status.INVALID) or code == 1:
        if bills.get(Status.VALID) and not summary.run:
            if summary.blocked is False:
                return (
                    f"look at the problems; without --dry-run the valid bills are loaded: {again}"
                )
            return (
                f"correct the coloured cells and run {again} again, or load the valid bills alone"
                " with --only-valid"
            )
        safe = "" if sandbox else "; what is in Light is not sent again"
        return f"correct the rest in your file and run {again}{safe}"
    if summary.run is None and code == 0:
        return f"{again} (without --dry-run)"
    if sandbox:
        words = command_words(request)
        return f"to load into Light, set LIGHT_API_KEY and run light-import load {words}"
    run = run_words(summary.run, request, options.journal)
    return f"light-import report {run} (the workbook again, any time)"
