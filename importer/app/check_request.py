"""What is to be read, and how: the files and options of a check or a load."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app import data_paths
from importer.app.sources import STDIN
from importer.core.errors import UsageProblem
from importer.model.report_model import Correction
from importer.model.tables import TableKind

if TYPE_CHECKING:
    from importer.app.journal_places import TeamAddress
    from importer.references.lookup_tables import Pick

Pairs = tuple[tuple[str, str], ...]

_TEAM = "team:"


def team_name(folder: str) -> str | None:
    """The name of lookup tables in a team's database; None for a folder. UsageProblem where it is
    none."""
    if not folder.startswith(_TEAM):
        return None
    name = folder.removeprefix(_TEAM)
    if not re.fullmatch(r"[\w-]{1,60}", name):
        raise UsageProblem(f"{folder}: name the team's lookup tables by letters, digits, - and _.")
    return name


def folder_of_team(name: str) -> Path:
    """Where this computer keeps a copy of a team's lookup tables."""
    return data_paths.data_folder() / "lookups" / name


@dataclass(frozen=True)
class AgeingFile:
    """An ageing report of the old system. ``currency`` is "" where the person does not say it;
    ``copy`` is where it is read, if not at ``path``."""

    path: str
    currency: str = ""
    copy: str = ""

    @property
    def words(self) -> str:
        """As it is typed."""
        return f"{self.currency}={self.path}" if self.currency else self.path

    @property
    def absolute(self) -> AgeingFile:
        return replace(self, path=str(Path(self.path).absolute()))


def ageing_file(text: str) -> AgeingFile:
    """``FILE`` or ``GBP=FILE``."""
    match = re.fullmatch(r"([A-Z]{3})=(.+)", text, re.DOTALL)
    return AgeingFile(match[2], match[1]) if match else AgeingFile(text)


@dataclass(frozen=True)
class CheckRequest:
    """The files to read, and how. ``table_kinds`` maps a file, as named, to what is in it.

    ``settings`` are parameters of the template, ``expect`` control totals, as (name, text).
    """

    sources: tuple[str, ...]
    template: str | None = None
    table_kinds: tuple[tuple[str, TableKind], ...] = ()
    settings: Pairs = ()
    expect: Pairs = ()
    lookups: str | None = None  # a folder of lookup tables: vendor.csv …
    save_lookups: str | None = None  # where the picks go; also read
    then: str | None = None  # the target status of bills whose row has none
    documents: str | None = None  # the folder of the documents
    largest_document: float | None = None  # megabytes
    encoding: str | None = None  # of CSV files; before the template's
    amounts: str | None = None  # of the canonical sheets: "cents" or "money"; None: not stated
    incomplete_drafts: bool | None = (
        None  # bills without date or lines are drafts; None: not stated
    )
    more_lookups: tuple[str, ...] = ()  # folders of lookup tables that a result workbook names
    create_vendors: bool = False  # the sheet Vendors is read
    as_of: str | None = None  # the day, as 2025-03-31, of the ageing
    ageing: tuple[AgeingFile, ...] = ()  # reports of the old system on that day
    update: bool | None = None  # what Light has becomes as the sheet; None: where it says (clear)
    picks: tuple[Pick, ...] = ()  # for names, beside those of a result workbook
    corrections: tuple[Correction, ...] = ()  # of cells, by which the files differ from originals
    team: TeamAddress | None = None  # whose database has lookup tables named team:NAME
    company: str | None = None  # a profile of light-import.toml or a company, as it is typed
    stdin: Path | None = None  # what came on standard input, which the source "-" stands for

    @property
    def lookup_names(self) -> list[str]:
        """The folders of lookup tables, as named; ``team:NAME`` is in the team's database."""
        names = (self.lookups, self.save_lookups, *self.more_lookups)
        return list(dict.fromkeys(name for name in names if name))

    @property
    def lookup_folders(self) -> list[Path]:
        names = ((name, team_name(name)) for name in self.lookup_names)
        return [Path(name) if team is None else folder_of_team(team) for name, team in names]

    def path_of(self, name: str) -> Path:
        """Where the file of that name is read."""
        return self.stdin if self.stdin and name == STDIN else Path(name)

    @property
    def files(self) -> tuple[str, ...]:
        """Each file once, however it is named."""
        names = (*self.sources, *(name for name, _ in self.table_kinds))
        return tuple({Path(name).resolve(): name for name in reversed(names)}.values())[::-1]
