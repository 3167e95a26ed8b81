"""The use cases: what the commands do, for use from Python. See docs/python.md.

Each is one function: options in, events to a listener, a result back. Nothing here prints, asks on
the terminal or reads the command line. The names are imported on first use, because their modules
take a second to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importer.app.check_journal import check_journals as check_journals
    from importer.app.check_request import AgeingFile as AgeingFile
    from importer.app.check_request import CheckRequest as CheckRequest
    from importer.app.check_sheets import check as check
    from importer.app.copied_journal import copy_journal as copy_journal
    from importer.app.destination import LoadOptions as LoadOptions
    from importer.app.destination import PaceOptions as PaceOptions
    from importer.app.events import Listener as Listener
    from importer.app.export_light import ExportOptions as ExportOptions
    from importer.app.export_light import export as export
    from importer.app.export_record import export_bill as export_bill
    from importer.app.export_record import export_line as export_line
    from importer.app.keys import key_variable as key_variable
    from importer.app.load_bills import load as load
    from importer.app.login import log_in as log_in
    from importer.app.login import log_out as log_out
    from importer.app.login import login_status as login_status
    from importer.app.login_options import LoginOptions as LoginOptions
    from importer.app.reference import pull_reference as pull_reference
    from importer.app.report_run import ReportOptions as ReportOptions
    from importer.app.report_run import report as report
    from importer.app.result import Result as Result
    from importer.app.result import ResultFile as ResultFile
    from importer.app.result import json_document as json_document
    from importer.app.run_index import runs as runs
    from importer.app.settle_bill import SettleOptions as SettleOptions
    from importer.app.settle_bill import settle as settle
    from importer.app.stop import StopControl as StopControl
    from importer.app.undo_options import UndoOptions as UndoOptions
    from importer.app.undo_run import undo as undo
    from importer.app.verify_run import VerifyOptions as VerifyOptions
    from importer.app.verify_run import verify as verify
    from importer.report.phrases import duration as duration
    from importer.report.run_history import history_json as history_json
    from importer.report.run_history import history_text as history_text
    from importer.report.terminal import paragraph as paragraph

_NAMES = {
    "app.check_journal": "check_journals",
    "app.check_request": "AgeingFile CheckRequest",
    "app.check_sheets": "check",
    "app.copied_journal": "copy_journal",
    "app.destination": "LoadOptions PaceOptions",
    "app.events": "Listener",
    "app.export_light": "ExportOptions export",
    "app.export_record": "export_bill export_line",
    "app.keys": "key_variable",
    "app.load_bills": "load",
    "app.login": "log_in log_out login_status",
    "app.login_options": "LoginOptions",
    "app.reference": "pull_reference",
    "app.report_run": "ReportOptions report",
    "app.result": "Result ResultFile json_document",
    "app.run_index": "runs",
    "app.settle_bill": "SettleOptions settle",
    "app.stop": "StopControl",
    "app.undo_options": "UndoOptions",
    "app.undo_run": "undo",
    "app.verify_run": "VerifyOptions verify",
    "report.phrases": "duration",
    "report.run_history": "history_json history_text",
    "report.terminal": "paragraph",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"importer.{_MODULES[name]}"), name)
