"""What is kept of a run, so that its report can be made again, even after a crash."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from importer.app.data_paths import run_folder
from importer.app.pipeline import CheckedFiles, CheckRequest, stamp
from importer.core.errors import StoppedEarly, UsageProblem
from importer.model.finding import CellRef, Finding, Severity
from importer.model.report_model import Suggestion, Unresolved
from importer.model.tables import TableKind

_MANIFEST = "run.json"


@dataclass(frozen=True)
class Snapshot:
    """A run's files again: the request, the copies by name, and all that was found.

    ``folders`` are where the files were, by name; ``template_file`` is as in ``CheckedFiles``.
    """

    request: CheckRequest
    copies: dict[str, Path]
    findings: list[Finding]
    unresolved: list[Unresolved]
    template_file: str
    folders: dict[str, str]


def keep(run: str, prepared: CheckedFiles) -> None:
    """Copy the files and the template, and note the findings; private to the user.

    Raises StoppedEarly where that cannot be done, or where a file is no longer what was checked.
    """
    folder = run_folder(run)
    for name in prepared.request.files:
        if stamp(Path(name)) != prepared.stamps.get(name):
            raise StoppedEarly(
                f"{name} was changed after it was checked, so nothing was sent. Run the same"
                " command again."
            )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        _keep(folder, prepared)
    except OSError as error:
        raise StoppedEarly(
            f"The run cannot be kept in {folder} ({error.strerror}), so nothing was sent. Free some"
            " space or make the folder writable, and run the same command again."
        ) from error


def _keep(folder: Path, prepared: CheckedFiles) -> None:
    request, names = prepared.request, {}
    for i, name in enumerate(request.files):
        names[name] = f"{i}{Path(name).suffix}"
        shutil.copyfile(name, folder / names[name])
    shutil.copyfile(prepared.loaded.path, folder / "template.yaml")
    manifest = {
        "sources": list(request.sources),
        "told": {name: kind.value for name, kind in request.table_kinds},
        "settings": request.settings,
        "expect": request.expect,
        "copies": names,
        "findings": [_finding_json(f) for f in prepared.checked.findings],
        "unresolved": [asdict(each) for each in prepared.checked.unresolved],
        "template_file": prepared.template_file,
        "folders": {name: str(Path(name).absolute().parent) for name in request.files},
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def kept(run: str) -> Snapshot:
    """What ``keep`` kept. UsageProblem where it is gone."""
    folder = run_folder(run)
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # gone, or cut off by a power cut before anything was sent
        raise UsageProblem(
            f"The files of run {run} are no longer in {folder}, so its workbook cannot be made"
            " again."
        ) from None
    told = tuple((name, TableKind(kind)) for name, kind in manifest["told"].items())
    settings, expect = (
        tuple((str(name), str(text)) for name, text in manifest.get(key, ()))
        for key in ("settings", "expect")
    )
    sources = tuple(manifest["sources"])
    request = CheckRequest(sources, str(folder / "template.yaml"), told, settings, expect)
    copies = {name: folder / copy for name, copy in manifest["copies"].items()}
    return Snapshot(
        request,
        copies,
        [_finding_of(f) for f in manifest["findings"]],
        [_unresolved_of(each) for each in manifest.get("unresolved", ())],
        manifest.get("template_file", ""),
        manifest.get("folders") or dict.fromkeys(copies, manifest.get("folder", "")),
    )


def _unresolved_of(kept_as: dict[str, Any]) -> Unresolved:
    pick = kept_as["pick"]
    return Unresolved(
        **{
            **kept_as,
            "cells": tuple(CellRef(**cell) for cell in kept_as["cells"]),
            "suggestions": tuple(Suggestion(**each) for each in kept_as["suggestions"]),
            "pick": None if pick is None else Suggestion(**pick),
        }
    )


def _finding_json(f: Finding) -> dict[str, Any]:
    cell = f.cell
    place = [cell.file, cell.sheet, cell.row, cell.column, cell.table, cell.column_index]
    said = [f.code, f.severity.value, f.value, f.message, f.hint]
    return {"cell": place, "said": said, "bills": f.bills, "lines": f.lines}


def _finding_of(kept_as: dict[str, Any]) -> Finding:
    code, severity, value, message, hint = kept_as["said"]
    return Finding(
        code,
        Severity(severity),
        CellRef(*kept_as["cell"]),
        value,
        message,
        hint,
        tuple(kept_as["bills"]),
        tuple(kept_as["lines"]),
    )
