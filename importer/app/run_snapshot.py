"""The files and findings of a run, from which its report is made again, even after a crash."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from importer import __version__
from importer.app.check_request import AgeingFile, CheckRequest
from importer.app.checked_files import CheckedFiles, stamp
from importer.app.data_paths import run_folder
from importer.app.sheet_rows import SheetRows
from importer.core.errors import StoppedEarly, UsageProblem
from importer.core.private_files import private_file_at, private_folder
from importer.model.finding import CellRef
from importer.model.light_objects import Vendor
from importer.model.report_model import Correction, Suggestion, Unresolved
from importer.model.tables import TableKind
from importer.validation.checked_bills import Checked
from importer.validation.finding_batch import Findings

_MANIFEST = "run.json"
_FORMAT = 2  # of the manifest; 1 had no number


@dataclass(frozen=True)
class Snapshot:
    """A run's files again: the request, and the copies by name of the files.

    ``folders`` are where the files were, by name; ``template_file`` is as in ``CheckedFiles``.
    """

    request: CheckRequest
    copies: dict[str, Path]
    template_file: str
    folders: dict[str, str]
    _manifest: dict[str, Any]

    def restore(self, checked: Checked) -> None:
        """Put the findings and open names of the run in place of those of checking it again."""
        rows = SheetRows(checked.mapped)
        sheets = self._manifest.get("sheets")
        stored = self._manifest.get("vendors", {})
        checked.vendors = {id: Vendor(id, *rest) for id, rest in stored.items()}
        counted = sheets if sheets is None else [(file, sheet) for file, sheet in sheets]
        checked.findings = Findings(rows.restored(f, counted) for f in self._manifest["findings"])
        checked.unresolved = [
            replace(each, cells=tuple(map(rows.cell, each.cells)))
            for each in map(_unresolved_of, self._manifest.get("unresolved", ()))
        ]


def save_snapshot(run: str, prepared: CheckedFiles) -> None:
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
        _write(folder, prepared)
    except OSError as error:
        raise StoppedEarly(
            f"The run cannot be kept in {folder} ({error.strerror}), so nothing was sent. Free some"
            " space or make the folder writable, and run the same command again."
        ) from error


def _write(folder: Path, prepared: CheckedFiles) -> None:
    private_folder(folder)
    request, names = prepared.request, {}
    rows = SheetRows(prepared.checked.mapped)
    for i, name in enumerate(request.files):
        names[name] = f"{i}{Path(name).suffix}"
        shutil.copyfile(request.path_of(name), private_file_at(folder / names[name]))
    shutil.copyfile(prepared.loaded.path, private_file_at(folder / "template.yaml"))
    ageing = []
    for i, file in enumerate(request.ageing):
        copy = f"ageing{i}{Path(file.path).suffix}"
        shutil.copyfile(file.copy or file.path, private_file_at(folder / copy))
        ageing.append([file.path, file.currency, copy])
    manifest = {
        "format": _FORMAT,
        "version": __version__,
        "sheets": rows.sheets,
        "sources": list(request.sources),
        "told": {name: kind.value for name, kind in request.table_kinds},
        "settings": request.settings,
        "expect": request.expect,
        "as_of": request.as_of,
        "ageing": ageing,
        "encoding": request.encoding,
        "amounts": request.amounts,
        "then": request.then,
        "company": request.company,
        "incomplete_drafts": request.incomplete_drafts,
        "update": request.update,
        "documents": request.documents and str(Path(request.documents).absolute()),
        "largest_document": request.largest_document,
        "lookups": [str(path.absolute()) for path in request.lookup_folders],
        "copies": names,
        "findings": [rows.stored(f) for f in prepared.checked.findings],
        "unresolved": [asdict(each) for each in prepared.checked.unresolved],
        "vendors": _vendors(prepared.checked),
        "template_file": prepared.template_file,
        "corrections": [astuple(each) for each in request.corrections],
        "folders": {name: str(Path(name).absolute().parent) for name in request.files},
    }
    text = json.dumps(manifest)
    private_file_at(folder / _MANIFEST).write_text(text, encoding="utf-8")


def _vendors(checked: Checked) -> dict[str, list[str | None]]:
    """The name and number of each vendor that the bills are of, by Light's id."""
    if not checked.vendors:
        return {}
    column = checked.bills["vendorId"]
    ids = {str(v) for v in column.values_at(np.arange(checked.bills.size)) if v}
    some = {id: checked.vendors[id] for id in sorted(ids & checked.vendors.keys())}
    return {id: [vendor.name, vendor.identifier] for id, vendor in some.items()}


def load_snapshot(run: str) -> Snapshot:
    """What ``save_snapshot`` wrote. UsageProblem where it is gone, or of a newer version."""
    folder = run_folder(run)
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # gone, or cut off by a power cut before anything was sent
        raise UsageProblem(
            f"The files of run {run} are no longer in {folder}, so its workbook cannot be written"
            " again."
        ) from None
    if manifest.get("format", 1) > _FORMAT:
        raise UsageProblem(
            f"The files of run {run} were written by light-import {manifest['version']}; use that"
            " version."
        )
    kinds = tuple((name, TableKind(kind)) for name, kind in manifest["told"].items())
    settings, expect = (
        tuple((str(name), str(text)) for name, text in manifest.get(key, ()))
        for key in ("settings", "expect")
    )
    sources = tuple(manifest["sources"])
    request = CheckRequest(
        sources,
        str(folder / "template.yaml"),
        kinds,
        settings,
        expect,
        more_lookups=tuple(manifest.get("lookups", ())),
        update=bool(manifest.get("update")),
        corrections=tuple(Correction(*each) for each in manifest.get("corrections", ())),
        ageing=tuple(
            AgeingFile(path, currency, str(folder / copy))
            for path, currency, copy in manifest.get("ageing", ())
        ),
        **{
            name: manifest.get(name)
            for name in (
                "as_of",
                "encoding",
                "amounts",
                "then",
                "company",
                "documents",
                "largest_document",
                "incomplete_drafts",
            )
        },
    )
    copies = {name: folder / copy for name, copy in manifest["copies"].items()}
    return Snapshot(
        request,
        copies,
        manifest.get("template_file", ""),
        manifest.get("folders") or dict.fromkeys(copies, manifest.get("folder", "")),
        manifest,
    )


def _unresolved_of(stored: dict[str, Any]) -> Unresolved:
    pick = stored["pick"]
    return Unresolved(
        **{
            **stored,
            "cells": tuple(CellRef(**cell) for cell in stored["cells"]),
            "suggestions": tuple(Suggestion(**each) for each in stored["suggestions"]),
            "pick": None if pick is None else Suggestion(**pick),
        }
    )
