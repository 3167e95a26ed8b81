"""Files that a person corrects and loads on the page: a private folder that survives the server.

    workspace.json   its version, files, options, picks, and the load that is under way
    steps.jsonl      each correction, in order, and which of them were undone
    files/           what was dropped, unchanged; beside each the corrected copy
    results/         result files to download

The version counts every change, so that two tabs notice each other.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.app.correction_log import CellEdit, CorrectionLog, CorrectionStep, iso_now
from importer.app.data_paths import data_folder
from importer.app.sources import SUFFIXES
from importer.app.user_name import user_name
from importer.core.atomic_write import private_file
from importer.core.errors import UsageProblem
from importer.core.private_files import private_file_at, private_folder
from importer.core.safe_text import visible
from importer.model.report_model import Correction

_TEMPLATES = frozenset((".yaml", ".yml"))
_STATE, _FILES, _RESULTS = "workspace.json", "files", "results"
_UNSAVED = ("folder", "_log")
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
_LONGEST_NAME = 120  # bytes
_SAVING = threading.Lock()
STALE = (
    "These files were changed in another tab or window meanwhile. The page shows them as they are"
    " now; do it again there."
)


class StaleVersion(UsageProblem):
    """What was asked is about a state of the files that has passed."""


@dataclass(frozen=True)
class PickedName:
    """What was chosen for a name: an id of Light, or ``create`` of a vendor."""

    field: str
    value: str
    id: str
    label: str
    by: str
    at: str


@dataclass
class Workspace:
    """One set of files. ``options`` are those of the command line, by their Python names."""

    folder: Path
    version: int = 0
    created: str = ""
    sheets: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    ageing: dict[str, str] = field(default_factory=dict)  # report of the old system → its currency
    options: dict[str, Any] = field(default_factory=dict)
    picks: list[PickedName] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)  # of the form of a template
    run: str = ""  # the last load that sent something
    released: int = -1  # the version that somebody has checked, for others to load
    released_by: str = ""
    loading: bool = False  # a load was started and has not ended
    corrected: dict[str, int] = field(default_factory=dict)  # file → length of the steps' file

    def __post_init__(self) -> None:
        self._log = CorrectionLog(self.folder / "steps.jsonl")

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def files(self) -> Path:
        return self.folder / _FILES

    @property
    def results(self) -> Path:
        return private_folder(self.folder / _RESULTS)

    # --- changes ------------------------------------------------------------------------------

    def expect_version(self, version: int) -> None:
        """StaleVersion where the page that asks has not seen the last change."""
        if version != self.version:
            raise StaleVersion(STALE)

    def save(self, *, counted: bool = True) -> None:
        """Write the state; as a new version, where something has changed for a person. Raises
        OSError."""
        with _SAVING:  # a check in a thread may save too
            self.version += counted
            facts = {name: value for name, value in self.__dict__.items() if name not in _UNSAVED}
            text = json.dumps({**facts, "picks": [asdict(pick) for pick in self.picks]})
            with private_file(self.folder / _STATE, text.encode()) as written:
                os.replace(written, self.folder / _STATE)

    def release(self) -> None:
        """Let others open a copy of these files as they are now. Raises OSError."""
        self.released, self.released_by = self.version, user_name()
        self.save(counted=False)

    def delete(self) -> None:
        """Remove everything of these files; runs stay in the history. Raises OSError."""
        shutil.rmtree(self.folder)

    def place_for(self, name: str) -> Path:
        """A new private file for an upload of that name, perhaps in a folder of documents."""
        parts = [_safe_part(part) for part in re.split(r"[/\\]", name) if part.strip(". ")]
        parts = (parts or ["file"])[-4:]
        folder = private_folder(self.files.joinpath(*parts[:-1]))
        path = folder / parts[-1]
        n = 1
        while path.exists():
            n += 1
            path = folder / f"{Path(parts[-1]).stem} ({n}){Path(parts[-1]).suffix}"
        return private_file_at(path)

    def add_file(self, path: Path) -> None:
        """Take an upload that is complete: a sheet, a template, or else a document."""
        name, ending = path.relative_to(self.files).as_posix(), path.suffix.lower()
        if ending in SUFFIXES:
            self.sheets.append(name)
        elif ending in _TEMPLATES:
            self.options["template"] = str(path)
        else:
            self.documents.append(name)
        self.save()

    def write_template(self, text: str) -> Path:
        """Save the template of these files. Raises OSError."""
        path = self.folder / "template.yaml"
        with private_file(path, text.encode()) as written:
            os.replace(written, path)
        return path

    def remove_sheet(self, name: str) -> None:
        """No longer read a file; it stays where it is."""
        self.sheets.remove(name)
        self.save()

    def take_as_ageing(self, name: str, currency: str = "") -> None:
        """Read a file as an ageing report of the old system. UsageProblem where no other is left,
        or there is no such file."""
        if name in self.sheets:
            if len(self.sheets) == 1:
                raise UsageProblem("Add the file of the bills first: this is the only one.")
            self.sheets.remove(name)
        elif name not in self.ageing:
            raise UsageProblem(STALE)
        self.ageing[name] = currency
        self.save()

    def take_as_bills(self, name: str) -> None:
        """No longer read a file as an ageing report. UsageProblem where it is none."""
        if self.ageing.pop(name, None) is None:
            raise UsageProblem(STALE)
        self.sheets.append(name)
        self.save()

    def add_step(self, what: str, cells: Sequence[CellEdit]) -> None:
        """Note a correction, durably. UsageProblem where nothing would change."""
        cells = [cell for cell in cells if cell.before != cell.after]
        if not cells:
            raise UsageProblem("Nothing to correct: the cells have this value already.")
        self._log.append({"what": what, "cells": [asdict(cell) for cell in cells]})
        self.save()

    def undo_step(self) -> CorrectionStep:
        """Take back the last correction that stands; UsageProblem where there is none."""
        steps = self.steps()
        if not steps:
            raise UsageProblem("There is nothing to undo.")
        self._log.append({"undo": True})
        self.save()
        return steps[-1]

    def pick(self, field: str, value: str, id: str, label: str) -> None:
        """Choose what a name means; an ``id`` of "" takes the choice back."""
        self.picks = [p for p in self.picks if (p.field, p.value) != (field, value)]
        if id:
            self.picks.append(PickedName(field, value, id, label, user_name(), iso_now()))
        self.save()

    # --- what stands --------------------------------------------------------------------------

    def steps(self) -> list[CorrectionStep]:
        """The corrections that stand, in order."""
        return self._log.steps()

    def edited(self) -> dict[str, dict[tuple[str | None, int, int], str]]:
        """The corrected cells by file."""
        out: dict[str, dict[tuple[str | None, int, int], str]] = {}
        for step in self.steps():
            for cell in step.cells:
                out.setdefault(cell.file, {})[cell.place] = cell.after
        return out

    def corrections(self) -> tuple[Correction, ...]:
        """Every correction that stands, for the result workbook."""
        return tuple(
            Correction(
                self.corrected_path(cell.file).name,
                cell.sheet,
                cell.row,
                cell.header,
                cell.before,
                cell.after,
                step.by,
                step.at,
            )
            for step in self.steps()
            for cell in step.cells
        )

    def corrected_path(self, name: str) -> Path:
        """Where the corrected copy of a file is, once it is written."""
        from importer.readers.edited_file import edited_suffix

        path = self.files / name
        return path.with_name(f"{path.stem}-corrected{edited_suffix(path)}")

    def write_corrected(self) -> list[Path]:
        """The files to read: the originals, or their corrected copies, written where they are not.

        UsageProblem where a file cannot be corrected this way.
        """
        from importer.readers.edited_file import write_edited

        length = self._log.length()
        edited, paths = self.edited(), []
        for name in self.sheets:
            if not edited.get(name):
                paths.append(self.files / name)
                continue
            target = self.corrected_path(name)
            if self.corrected.get(name) != length or not target.exists():
                encoding = self.options.get("encoding")
                write_edited(self.files / name, target, edited[name], encoding=encoding)
                self.corrected[name] = length
                self.save(counted=False)
            paths.append(target)
        return paths

    def original_of(self, path: str) -> str:
        """The name of the file that was dropped, of which ``path`` is the original or the copy."""
        for name in self.sheets:
            if Path(path) in (self.files / name, self.corrected_path(name)):
                return name
        return Path(path).name


def new_workspace(owner: str) -> Workspace:
    """An empty workspace of a person. Raises OSError."""
    folder = private_folder(workspaces_folder(owner) / _new_id())
    private_folder(folder / _FILES)
    workspace = Workspace(folder, created=iso_now())
    workspace.save()
    return workspace


def open_workspace(owner: str, id: str) -> Workspace:
    """A workspace as it was left; UsageProblem where there is none of that id."""
    path = workspaces_folder(owner) / id / _STATE
    if not _ID.fullmatch(id) or not path.is_file():
        raise UsageProblem("These files are no longer here. Drop them again.")
    return _read_workspace(path)


def _read_workspace(path: Path) -> Workspace:
    facts = json.loads(path.read_text())
    facts["picks"] = [PickedName(**pick) for pick in facts["picks"]]
    return Workspace(path.parent, **facts)


def _new_id() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def workspaces(owner: str) -> list[Workspace]:
    """The workspaces of a person with files in them, the newest first."""
    return _newest(workspaces_folder(owner).glob(f"*/{_STATE}"))


def released_workspaces(owner: str) -> list[Workspace]:
    """Those of other people that are as they were released, the newest first."""
    folders = [p for p in _web_folder().glob(f"of-*/*/{_STATE}") if owner]
    mine = workspaces_folder(owner)
    others = _newest(path for path in folders if path.parents[1] != mine)
    return [each for each in others if each.released == each.version]


def _newest(states: Iterable[Path]) -> list[Workspace]:
    """Those with files in them, the newest first; not one that was just deleted, or is damaged."""
    every = []
    for path in states:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            every.append(_read_workspace(path))
    return sorted((each for each in every if each.sheets), key=lambda each: each.id, reverse=True)


def copy_released(owner: str, id: str) -> Workspace:
    """A copy, for this person, of what somebody else has released; UsageProblem where there is
    none as it was released. Raises OSError."""
    source = next((each for each in released_workspaces(owner) if each.id == id), None)
    if source is None:
        raise UsageProblem("These files are no longer as they were released.")
    folder = private_folder(workspaces_folder(owner) / _new_id())
    shutil.copytree(
        source.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(_RESULTS)
    )
    copy = _read_workspace(folder / _STATE)
    copy.run, copy.loading, copy.released, copy.released_by = "", False, -1, ""
    if (template := str(copy.options.get("template"))).startswith(f"{source.folder}{os.sep}"):
        copy.options["template"] = str(folder / Path(template).relative_to(source.folder))
    copy.save()
    return copy


def workspaces_folder(owner: str) -> Path:
    """Where a person's workspaces are; ``owner`` is "" where there is one person only."""
    mark = hashlib.sha256(owner.encode()).hexdigest()[:16]
    return _web_folder() / (f"of-{mark}" if owner else "files")


def _web_folder() -> Path:
    return data_folder() / "web"


def private_folder_of_results(owner: str) -> Path:
    """Where result files of a person's runs are written. Raises OSError."""
    return private_folder(workspaces_folder(owner) / _RESULTS)


def _safe_part(part: str) -> str:
    """A name that every file system takes, and that reads as it was."""
    part = re.sub(r'[<>:"|?*]', "_", visible(part)).strip(". ") or "file"
    stem, ending = Path(part).stem, Path(part).suffix[:10]
    while len(f"{stem}{ending}".encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem}{ending}"
