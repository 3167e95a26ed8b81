"""The use cases: what the commands do, for use from Python. See docs/python.md.

Each is one function: options in, events to a listener, a result back. Nothing here prints, asks on
the terminal or reads the command line. The names are imported on first use, because their modules
take a second to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importer.app.check_sheets import check as check
    from importer.app.destination import LoadOptions as LoadOptions
    from importer.app.destination import PaceOptions as PaceOptions
    from importer.app.events import Listener as Listener
    from importer.app.keys import key_variable as key_variable
    from importer.app.load_bills import load as load
    from importer.app.login import log_in as log_in
    from importer.app.login import log_out as log_out
    from importer.app.login import login_status as login_status
    from importer.app.login_options import LoginOptions as LoginOptions
    from importer.app.pipeline import CheckRequest as CheckRequest
    from importer.app.reference import pull_reference as pull_reference
    from importer.app.report_run import ReportOptions as ReportOptions
    from importer.app.report_run import report as report
    from importer.app.result import Result as Result
    from importer.app.result import ResultFile as ResultFile
    from importer.app.run_index import runs as runs
    from importer.app.stop import StopControl as StopControl
    from importer.app.undo_run import UndoOptions as UndoOptions
    from importer.app.undo_run import undo as undo
    from importer.app.verify_run import VerifyOptions as VerifyOptions
    from importer.app.verify_run import verify as verify
    from importer.report.run_history import history_json as history_json
    from importer.report.run_history import history_text as history_text
    from importer.report.terminal import paragraph as paragraph

_MODULES = {
    "CheckRequest": "app.pipeline",
    "Listener": "app.events",
    "LoadOptions": "app.destination",
    "LoginOptions": "app.login_options",
    "PaceOptions": "app.destination",
    "ReportOptions": "app.report_run",
    "Result": "app.result",
    "ResultFile": "app.result",
    "StopControl": "app.stop",
    "UndoOptions": "app.undo_run",
    "VerifyOptions": "app.verify_run",
    "check": "app.check_sheets",
    "history_json": "report.run_history",
    "history_text": "report.run_history",
    "key_variable": "app.keys",
    "load": "app.load_bills",
    "log_in": "app.login",
    "log_out": "app.login",
    "login_status": "app.login",
    "paragraph": "report.terminal",
    "pull_reference": "app.reference",
    "report": "app.report_run",
    "runs": "app.run_index",
    "undo": "app.undo_run",
    "verify": "app.verify_run",
}
__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"importer.{_MODULES[name]}"), name)
