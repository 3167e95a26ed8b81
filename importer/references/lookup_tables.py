"""Lookup tables: CSV or XLSX crosswalks from the names of a sheet to ids in Light.

A table has the columns ``value`` and ``id``; others are ignored. Tables come from three places:
the picks of a result workbook, a folder of crosswalks (``vendor.csv`` …), the template.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from importer.core.atomic_write import private_file
from importer.core.cell_parsers import parse_uuid
from importer.core.errors import TemplateProblem, UsageProblem, unwritable
from importer.core.name_key import name_key
from importer.core.private_files import private_folder, private_lock
from importer.core.relative_path import leads_outside, stays_inside
from importer.mapping.template_loader import LoadedTemplate
from importer.model.fields import LOOKUP_FIELDS, header_key
from importer.model.finding import CellRef
from importer.model.report_model import Suggestion
from importer.readers import read_file

FIELDS = tuple(LOOKUP_FIELDS)  # vendor, companyEntity, account …
_MOST_PROBLEMS = 20
_LONGEST_WAIT = 60  # seconds for another load to save its picks
# What spreadsheet programs take for the start of a formula, marked already or not.
_RUNS = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r]")


@dataclass(frozen=True)
class Entry:
    """One row of a table. ``place`` is for people: ``vendors.csv, row 12``."""

    value: str
    id: str
    place: str


# Picks of a vendor that Light does not have; the latter in spite of a similar name.
CREATE, CREATE_ANOTHER = "create", "create another"


@dataclass(frozen=True)
class Pick:
    """What a person chose for a name, in the sheet ``To resolve`` of a result workbook."""

    field: str
    value: str
    id: str
    label: str
    place: str
    suggestions: tuple[Suggestion, ...] = ()
    cell: CellRef | None = None  # of the value

    @property
    def creates_vendor(self) -> bool:
        return self.field == "vendor" and self.label in (CREATE, CREATE_ANOTHER)


NOT_OFFERED = (
    "'{}' is neither a suggestion for '{}' nor a Light id. Choose from the list, or paste the id."
)


def picked_suggestion(text: str, offered: Sequence[Suggestion]) -> Suggestion | None:
    """The one of that label, or of that id of Light, offered or not; None where the text is neither
    (NOT_OFFERED)."""
    same = {s.id: s for s in offered if name_key(s.label) == name_key(text)}
    if len(same) == 1:
        return next(iter(same.values()))
    light_id, problem = parse_uuid(text)
    if problem or same:
        return None
    return next((s for s in offered if s.id == light_id), Suggestion(light_id, light_id))


@dataclass
class Tables:
    """All tables of one field. ``entries`` by compared name; ``files`` are those that were read.

    ``missing`` is the template's table where the file does not exist.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    missing: str | None = None


def _find_tables(name: str, sheet_folders: Sequence[Path], otherwise: Sequence[Path]) -> list[Path]:
    """The tables of all folders of ``sheet_folders`` that have it, else of the first of the others.

    TemplateProblem for a table that is elsewhere, through a link: a template from a stranger must
    not be able to read any file of this computer.
    """
    tables = [folder / name for folder in sheet_folders if (folder / name).is_file()]
    others = [folder / name for folder in otherwise if (folder / name).is_file()]
    paths = list(dict.fromkeys(tables)) or others[:1]
    for path in paths:
        folder = Path(*path.parts[: len(path.parts) - len(Path(name).parts)])
        if leads_outside(name) or not stays_inside(folder, path):
            raise TemplateProblem(
                f"{path} is a link to another folder, so it is not used as a lookup table. Put the"
                " file itself there, or name its folder with --lookups."
            )
    return paths


def load_table(path: Path, name: str | None = None) -> dict[str, Entry]:
    """The rows by compared name; ``name`` is how people call the file, its path where None.

    Raises TemplateProblem with the file, rows and remedy for missing or repeated columns, invalid
    ids and values with two ids.
    """
    name = name or str(path)
    table = read_file(path)[0]
    headers = [header_key(h) for h in table.row_cells(0)]
    for column in ("value", "id"):
        if headers.count(column) != 1:
            how = "needs" if column not in headers else "needs only one each of"
            # What is no table may be anything, and what it says is nobody's business.
            is_table = "value" in headers or "id" in headers
            present = ", ".join(h for h in table.row_cells(0) if h.strip())
            raise TemplateProblem(
                f"{path}: a lookup table {how} the columns 'value' and 'id' in its first row;"
                + (f" it has: {present}." if is_table else " it has neither.")
            )
    values = [_unescape(text) for text in table.columns[headers.index("value")]]
    ids = table.columns[headers.index("id")]
    out: dict[str, Entry] = {}
    problems: list[str] = []
    for i in range(1, len(table.rows)):
        key, row = name_key(values[i]), f"row {int(table.rows[i])}"
        if not key:
            continue
        light_id, problem = parse_uuid(ids[i].strip())
        if problem or not light_id:
            problems.append(
                f"{path}, {row}: '{ids[i]}' is not a Light id (for '{values[i]}'). Copy the id"
                " from Light, or remove the row."
            )
            continue
        entry = out.setdefault(key, Entry(values[i].strip(), light_id, f"{name}, {row}"))
        if entry.id != light_id:
            problems.append(
                f"{path}, {row}: '{values[i]}' has two ids, {entry.id} in"
                f" {entry.place.rpartition(', ')[2]} and {light_id} here. Keep the right one."
            )
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        shown = problems[:_MOST_PROBLEMS] + ([f"and {more} more rows"] if more > 0 else [])
        raise TemplateProblem("\n".join(shown))
    return out


def read_tables(
    loaded: LoadedTemplate,
    sheet_folders: Sequence[Path],
    crosswalks: Sequence[Path] = (),
    picks: Sequence[Pick] = (),
    otherwise: Sequence[Path] = (),
    new_vendors: Sequence[Entry] = (),
) -> dict[str, Tables]:
    """The tables by field, for fields that have any. ``new_vendors`` count where no table has one.

    The template's tables are those of all ``sheet_folders``;
    where none has one, that of the first folder ``otherwise`` that has. Each folder of
    ``crosswalks`` may have ``vendor.csv``, ``companyEntity.xlsx`` and so on. TemplateProblem for a
    table that is wrong, and for two that give one name two ids: neither is preferred.
    """
    out: dict[str, Tables] = defaultdict(Tables)
    for pick in picks:
        _merge(out[pick.field], pick.field, [Entry(pick.value, pick.id, pick.place)])
    for name, path in _crosswalk_files(crosswalks):
        out[name].files.append(str(path))
        _merge(out[name], name, load_table(path).values())
    for name, lookup in loaded.template.lookups.items():
        if lookup.table is None:
            continue
        paths = _find_tables(lookup.table, sheet_folders, otherwise)
        if not paths:
            out[name].missing = lookup.table
        for path in paths:
            label = lookup.table if len(paths) == 1 else str(path)
            out[name].files.append(label)
            _merge(out[name], name, load_table(path, label).values())
    for entry in new_vendors:
        out["vendor"].entries.setdefault(name_key(entry.value), entry)
    return dict(out)


def _merge(tables: Tables, name: str, entries: Iterable[Entry]) -> None:
    for entry in entries:
        first = tables.entries.setdefault(name_key(entry.value), entry)
        if first.id != entry.id:
            raise TemplateProblem(
                f"{entry.place}: the {name} '{entry.value}' is {entry.id} here and {first.id} in"
                f" {first.place}. Correct the one that is wrong."
            )


def _crosswalk_files(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        for name in FIELDS:
            for path in (folder / f"{name}.csv", folder / f"{name}.xlsx"):
                if path.is_file():
                    yield name, path


def check_crosswalks(folder: Path) -> None:
    """UsageProblem where the folder does not exist or has no table."""
    if not folder.is_dir():
        raise UsageProblem(f"There is no folder {folder} of lookup tables: correct its name.")
    if not any(_crosswalk_files([folder])):
        present = ", ".join(sorted(path.name for path in folder.iterdir())[:10])
        wanted = ", ".join(f"{name}.csv" for name in FIELDS)
        raise UsageProblem(
            f"{folder} has none of the lookup tables {wanted} (or .xlsx)."
            + (f" It has: {present}." if present else " It is empty.")
        )


_CANNOT_HOLD = (
    "{path} cannot hold every name that was picked. Save it as 'CSV UTF-8' and run the same command"
    " again."
)

# --- saving -----------------------------------------------------------------------------------


def save_picks(folder: Path, picks: Sequence[Pick]) -> Mapping[Path, int]:
    """Add the picks to the crosswalks of the folder; how many rows each file gained.

    Existing rows stay as they are, byte for byte; a pick that a file has already is left out. Each
    file is written beside and moved into place. UsageProblem where a file says otherwise, has no
    columns value and id, or cannot be written.
    """
    if not picks:
        return {}  # and no empty folder is left behind
    import filelock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        # What another load adds meanwhile must be read before the file is written again.
        with private_lock(_lock_of(folder), timeout=_LONGEST_WAIT):
            return {
                path: added
                for name in FIELDS
                if (of_field := [pick for pick in picks if pick.field == name])
                for path in [folder / f"{name}.csv"]
                if (added := _append(path, of_field))
            }
    except filelock.Timeout:
        raise UsageProblem(
            f"Another load has been adding to the lookup tables of {folder} for a minute; run the"
            " same command again."
        ) from None
    except OSError as error:
        why = unwritable(error, "name another folder with --save-lookups")
        raise UsageProblem(f"The picks cannot be saved in {folder}: {why}.") from error


def _lock_of(folder: Path) -> Path:
    """Where loads of this user wait for each other: not in the folder, which is the person's, and
    not where others may write, who could put a link there."""
    import platformdirs

    setting = os.environ.get("LIGHT_IMPORT_HOME")
    home = platformdirs.user_data_path("light-import", appauthor=False)
    private = private_folder((Path(setting).expanduser() if setting else home) / "locks")
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return private / f"{name}.lock"


def _escape(value: str) -> str:
    """The value as a spreadsheet program shows it and never runs it: marked as text."""
    return f"'{value}" if _RUNS.match(value) else value


def _unescape(text: str) -> str:
    """The value of a cell of a table, without the mark that ``_escape`` puts before it."""
    return text[1:] if text[:1] == "'" and _RUNS.match(text[1:]) else text


def _append(path: Path, picks: Sequence[Pick]) -> int:
    existing = load_table(path) if path.exists() else {}
    new: dict[str, Pick] = {}
    for pick in picks:
        entry = existing.get(name_key(pick.value))
        if entry is None:
            new[name_key(pick.value)] = pick
        elif entry.id != pick.id:
            raise UsageProblem(
                f"{entry.place}: the {pick.field} '{pick.value}' is {entry.id} there, and"
                f" {pick.id} was picked ({pick.place}). Correct the one that is wrong."
            )
    if not new:
        return 0
    text, encoding, delimiter, order = _form(path)
    rows = [
        {
            "value": _escape(pick.value),
            "id": pick.id,
            "name": "" if pick.label == pick.id else _escape(pick.label),
        }
        for _, pick in sorted(new.items())
    ]
    lines = io.StringIO(newline="")
    newline = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith(("\n", "\r")):
        lines.write(newline)
    writer = csv.writer(lines, delimiter=delimiter, lineterminator=newline)
    writer.writerows([row.get(column, "") for column in order] for row in rows)
    try:
        added = lines.getvalue().encode(encoding)
    except UnicodeEncodeError:
        raise UsageProblem(_CANNOT_HOLD.format(path=path)) from None
    header = "" if text else "\ufeffvalue,id,name\n"
    _replace(path, added, header, {key: p.id for key, p in new.items()})
    return len(rows)


def _form(path: Path) -> tuple[str, str, str, list[str]]:
    """An existing CSV's text, encoding, delimiter and columns; those of a new one where none is."""
    if not path.exists():
        return "", "utf-8", ",", ["value", "id", "name"]
    raw = path.read_bytes()
    encoding = "utf-8"
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding, text = "cp1252", raw.decode("cp1252", "replace")
    first = next((line for line in text.splitlines() if line.strip(" ,;\t|")), "")
    for delimiter in ",;\t|":
        columns = [header_key(cell) for cell in next(csv.reader([first], delimiter=delimiter), [])]
        if {"value", "id"} <= set(columns) and "\0" not in text:
            return text, encoding, delimiter, columns
    raise UsageProblem(
        f"{path} is not a CSV that can be added to. Save it as 'CSV UTF-8' with the columns 'value'"
        " and 'id', and run the same command again."
    )


def _replace(path: Path, added: bytes, header: str, new: Mapping[str, str]) -> None:
    """Append to the file atomically. A new one begins with ``header``.

    UsageProblem where the ids by name in ``new`` would not be read again from it.
    """
    path = path.resolve()  # a link stays a link
    old = path.read_bytes() if path.exists() else header.encode()
    with private_file(path, old + added) as temporary:
        # In a file of few words its encoding is a guess, which more words can change.
        try:
            read = {key: entry.id for key, entry in load_table(temporary).items()}
        except UsageProblem:
            read = {}
        if not new.items() <= read.items():
            raise UsageProblem(_CANNOT_HOLD.format(path=path))
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
