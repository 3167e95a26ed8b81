"""Files that were read, mapped and checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from importer import __version__
from importer.app.check_request import CheckRequest, Pairs
from importer.app.run_options import run_options
from importer.app.user_name import user_name
from importer.mapping.template_loader import LoadedTemplate, shipped_folder
from importer.model.report_model import RunSummary, TableRow
from importer.model.tables import SourceTable

if TYPE_CHECKING:
    from importer.references.lookup_tables import Pick
    from importer.references.new_vendors import WantedVendors
    from importer.resume.provenance import ResultWorkbook
    from importer.resume.row_changes import RowChanges, SheetRow
    from importer.validation.checked_bills import Checked


@dataclass(frozen=True)
class CheckedFiles:
    """Files that were read, mapped and validated. ``stamps`` are the file versions, by name."""

    loaded: LoadedTemplate
    checked: Checked
    request: CheckRequest
    stamps: dict[str, tuple[int, int]]
    picks: tuple[Pick, ...] = ()
    new_vendors: WantedVendors | None = None  # to create in Light
    former: ResultWorkbook | None = None  # where the file is a result workbook
    changes: RowChanges | None = None  # and what was done to its rows
    expect: Pairs = ()  # control totals of the request and of the result workbook
    digests: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of each file, by its name
    doubt: str = ""  # why the amounts may not be cents, for people; "" where nothing speaks for it
    small: bool = False  # so much so that nothing is sent before a person or an option says so
    tax_codes: Mapping[str, str] = field(default_factory=dict)  # names by id, of lookup tables
    only_valid: bool = False  # the result workbook's run left out what was invalid

    @property
    def template_file(self) -> str:
        """The path of the template, "" for a shipped one."""
        path = self.loaded.path.absolute()
        return "" if path.parent == shipped_folder("templates").absolute() else str(path)

    @property
    def updates(self) -> bool:
        """Whether the sheet is to change bills that Light has."""
        return bool(self.request.update or any(self.checked.mapped.clears.values()))

    @property
    def continues(self) -> str:
        """The run that the result workbook is of, "" for none."""
        former = self.former
        return former.last_run if former is not None and not former.sandbox else ""

    @property
    def vendor_sheets(self) -> Sequence[SourceTable]:
        """The sheets ``Vendors`` that were read."""
        return () if self.new_vendors is None else self.new_vendors.sheets

    def by_table(self, by_sheet: Mapping[SheetRow, str]) -> dict[TableRow, str]:
        """What is known by sheet and row, by the table of the sheet."""
        at = {table.source.sheet or "": t for t, table in enumerate(self.checked.mapped.tables)}
        return {(at[sheet], row): text for (sheet, row), text in by_sheet.items() if sheet in at}

    def summary(self, command: str, started: datetime) -> RunSummary:
        """The summary of a run of these files, its figures still to be filled in."""
        return RunSummary(
            command=command,
            run=None,
            company=None,
            base_url=None,
            template=self.loaded.template.template,
            sources=self.request.files,
            started_at=started,
            template_file=self.template_file,
            continues=self.continues,
            expect=self.expect,
            by=user_name(),
            version=__version__,
            digests=self.digests,
            options=run_options(self.request),
            corrections=self.request.corrections,
        )


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of a file's last change; zeros where it does not exist."""
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
