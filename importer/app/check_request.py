"""What is to be read, and how: the files and options of a check or a load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app.sources import STDIN
from importer.model.report_model import Correction
from importer.model.tables import TableKind

if TYPE_CHECKING:
    from importer.references.lookup_tables import Pick

Pairs = tuple[tuple[str, str], ...]


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
    update: bool | None = None  # what Light has becomes as the sheet; None: where it says (clear)
    picks: tuple[Pick, ...] = ()  # for names, beside those of a result workbook
    corrections: tuple[Correction, ...] = ()  # of cells, by which the files differ from originals
    stdin: Path | None = None  # what came on standard input, which the source "-" stands for

    @property
    def lookup_folders(self) -> list[Path]:
        names = (self.lookups, self.save_lookups, *self.more_lookups)
        return list(dict.fromkeys(Path(name) for name in names if name))

    def path_of(self, name: str) -> Path:
        """Where the file of that name is read."""
        return self.stdin if self.stdin and name == STDIN else Path(name)

    @property
    def files(self) -> tuple[str, ...]:
        """Each file once, however it is named."""
        names = (*self.sources, *(name for name, _ in self.table_kinds))
        return tuple({Path(name).resolve(): name for name in reversed(names)}.values())[::-1]
