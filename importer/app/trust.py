"""Trust check for paths stored in a result workbook.

Its hidden sheet could come from a stranger, and name any folder of this computer: documents there
would go to Light. So a folder counts only with this user's seal, or where the workbook is itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from importer.app.seal import is_sealed
from importer.model.tables import SourceTable

if TYPE_CHECKING:
    from importer.resume.provenance import ResultWorkbook

Doubted = dict[str, str]


def proven(former: ResultWorkbook) -> bool:
    """Whether this user wrote, on this computer, the places that the workbook names."""
    return bool(former.seal) and is_sealed(former.sealed, former.seal)


def settled_folders(
    tables: Sequence[SourceTable], former: ResultWorkbook | None, folders: Mapping[str, str]
) -> tuple[list[SourceTable], Doubted]:
    """The tables with the folder in which their documents and lookup tables are looked for.

    ``folders`` are those of the files. Also the folders that are not trusted, by sheet.
    """
    if former is None:
        return [replace(table, folder=folders[table.file]) for table in tables], {}
    trusted = proven(former)
    out: list[SourceTable] = []
    doubted: Doubted = {}
    for table in tables:
        current, stored = folders[table.file], table.folder or former.folder
        if stored and not trusted and Path(stored) != Path(current):
            doubted[table.sheet or ""] = stored
            stored = ""
        out.append(replace(table, folder=stored or current))
    return out, doubted


def doubts(doubted: Doubted) -> list[str]:
    """Notes for the person; the sheets of one folder together."""
    sheets: dict[str, list[str]] = {}
    for sheet, folder in doubted.items():
        sheets.setdefault(folder, []).append(sheet)
    return [
        f"The workbook names {folder} as the folder of {' and '.join(names)}, but nothing shows"
        " that you made the workbook on this computer. Documents and lookup tables are read from"
        " beside the workbook; --documents names another folder, --lookups another folder of"
        " lookup tables."
        for folder, names in sheets.items()
    ]
