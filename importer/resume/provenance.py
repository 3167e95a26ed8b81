"""Read the hidden sheet that identifies a result workbook; ``report`` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from importer.readers.file_limits import limits
from importer.report.xlsx.provenance_sheet import checksum

_NUMBER_SETS = 4  # two sheets of rows, each with those that are in Light
_FACTS = (
    "template",
    "template_file",
    "layout",
    "run",
    "continues",
    "folder",  # of the first file; workbooks of today have one with each sheet
    "company",
    "company_id",
    "base_url",
    "sandbox",
    "seal",
)


@dataclass(frozen=True)
class SourceSheet:
    """A sheet of rows as it was written. Rows are numbered as in the file that they come from.

    ``in_light`` and ``unsettled`` are those whose bill was in Light, or could not be settled.
    ``parameters`` are those of the template, as they were used; ``folder`` is where its file was.
    """

    name: str
    headers: tuple[str, ...] = ()
    rows: frozenset[int] = frozenset()
    in_light: frozenset[int] = frozenset()
    unsettled: frozenset[int] = frozenset()
    parameters: tuple[tuple[str, str], ...] = ()
    folder: str = ""


@dataclass(frozen=True)
class Provenance:
    """What the sheet states: facts by name ("" where it has none), ``--expect``, and the sheets of
    rows. ``flat_bills`` is the number of rows of the sheet Bills of a flat layout."""

    facts: Mapping[str, str]
    expect: tuple[tuple[str, str], ...]
    sheets: tuple[SourceSheet, ...]
    flat_bills: int


def read_provenance(cells: Iterable[Sequence[str]]) -> Provenance | None:
    """The provenance from the rows of the sheet; None where they are not as they were written."""
    rows = [tuple(cell.strip() for cell in row if cell.strip()) for row in cells]
    rows = [row for row in rows if row]
    if len(rows) < 3 or rows[-1] != ("check", checksum(rows[1:-1])):
        return None
    try:
        return _parsed(rows[1:-1])
    except (ValueError, IndexError):  # somebody made the checksum right, and the rest not
        return None


def _parsed(rows: Iterable[Sequence[str]]) -> Provenance:
    """Raises ValueError or IndexError where a row is not as it was written."""
    facts = dict.fromkeys(_FACTS, "")
    expect: list[tuple[str, str]] = []
    sheets: list[SourceSheet] = []
    flat_bills, numbers_left = 0, _NUMBER_SETS * limits().rows
    for key, *values in rows:
        if key == "expect":
            expect.append((values[0], values[1]))
        elif key == "flat_bills":
            flat_bills = int(values[0])
        elif key == "sheet":
            sheets.append(SourceSheet(values[0]))
        elif key == "parameter":
            parameters = (*sheets[-1].parameters, (values[0], values[1]))
            sheets[-1] = replace(sheets[-1], parameters=parameters)
        elif key == "header":
            if values:  # else the column had none
                sheets[-1] = replace(sheets[-1], headers=(*sheets[-1].headers, values[0]))
        elif key in ("rows", "in_light", "unsettled"):
            numbers = _numbers(values[0], numbers_left)
            numbers_left -= len(numbers)
            sheets[-1] = replace(sheets[-1], **{key: getattr(sheets[-1], key) | numbers})
        elif key == "folder" and sheets:
            sheets[-1] = replace(sheets[-1], folder=values[0])
        elif key in facts:
            facts[key] = values[0]
    return Provenance(facts, tuple(expect), tuple(sheets), flat_bills)


def _numbers(text: str, most: int) -> frozenset[int]:
    """The numbers of ``2-9,11-11``; ValueError before more than ``most`` take memory."""
    ranges = [tuple(map(int, part.split("-"))) for part in text.split(",")]
    if sum(max(0, last - first + 1) for first, last in ranges) > most:
        raise ValueError(text)
    return frozenset(number for first, last in ranges for number in range(first, last + 1))
