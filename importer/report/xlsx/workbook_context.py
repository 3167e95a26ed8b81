"""What the sheets of one workbook share while they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from importer.report.finding_index import FindingIndex
from importer.report.xlsx.cell_styles import CellStyles

MOST_COMMENTS = 5_000


@dataclass
class Written:
    """What was written so far, for the links of ``Problems`` and the notes."""

    sheets: dict[int, str] = field(default_factory=dict)  # table → sheet name
    rows: dict[tuple[int, int], int] = field(default_factory=dict)  # of rows with findings, 0-based
    columns: dict[int, dict[int, int]] = field(default_factory=dict)  # table → source → result
    wanted: frozenset[tuple[int, int]] = frozenset()  # places that Tie-out will link to
    bill_cells: dict[tuple[int, int], str] = field(default_factory=dict)  # their cells
    widths: dict[str, list[int]] = field(default_factory=dict)  # sheet → characters by column
    comments: int = 0
    comments_left_out: int = 0
    links_left_out: Counter[str] = field(default_factory=Counter)  # by sheet
    in_light: dict[int, list[int]] = field(default_factory=dict)  # table → rows whose bill is there
    unsettled: dict[int, list[int]] = field(default_factory=dict)
    altered: list[str] = field(default_factory=list)  # cells whose text does not fit into Excel
    more_altered: int = 0

    def bill_at(self, there: tuple[int, int], sheet: str, out: int) -> None:
        if there in self.wanted:
            self.bill_cells[there] = f"internal:'{sheet}'!A{out + 1}"

    def alter(self, cell: str) -> None:
        if len(self.altered) < 20:
            self.altered.append(cell)
        else:
            self.more_altered += 1


@dataclass(frozen=True)
class WorkbookContext:
    """Where rows are written to."""

    formats: CellStyles
    found: FindingIndex
    written: Written
    links: Mapping[str, str]
