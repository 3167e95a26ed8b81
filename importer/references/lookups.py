"""Lookup tables: CSV or XLSX crosswalks from what the sheet says to ids in Light."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from importer.canonical import header_key
from importer.cells import read_uuid
from importer.errors import TemplateProblem
from importer.sheets import read_file
from importer.validation.across import same_name


def find_table(name: str, folders: Sequence[Path]) -> Path | None:
    """The table in the first folder that has it; an absolute path stands for itself."""
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def load_table(path: Path) -> dict[str, str]:
    """Compared name → id, from the columns ``value`` and ``id``.

    TemplateProblem names the row of an id that is none, or of a value that has two ids.
    """
    table = read_file(path)[0]
    headers = [header_key(h) for h in table.row_cells(0)]
    if "value" not in headers or "id" not in headers:
        raise TemplateProblem(
            f"{path}: a lookup table needs the columns 'value' and 'id' in its first row;"
            f" it has: {', '.join(h for h in table.row_cells(0) if h.strip())}."
        )
    values, ids = table.columns[headers.index("value")], table.columns[headers.index("id")]
    out: dict[str, str] = {}
    rows: dict[str, int] = {}
    for i in range(1, len(table.rows)):
        name, row = same_name(values[i]), int(table.rows[i])
        if not name:
            continue
        found, problem = read_uuid(ids[i].strip())
        if problem:
            raise TemplateProblem(
                f"{path}, row {row}: '{ids[i]}' is not an id of Light (for '{values[i]}')."
            )
        if out.setdefault(name, found) != found:
            raise TemplateProblem(
                f"{path}, row {row}: '{values[i]}' has two ids, {out[name]} in row {rows[name]}"
                f" and {found} here."
            )
        rows.setdefault(name, row)
    return out
