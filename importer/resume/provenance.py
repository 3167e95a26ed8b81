"""Read the hidden sheet that identifies a result workbook; ``report`` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from importer.readers.file_limits import limits
from importer.report.xlsx.provenance_sheet import checksum, sealed_text

_NUMBER_SETS = 4  # two sheets of rows, each with those that are in Light
# Of the workbook as a whole. Those of today have a folder with each sheet instead.
_FACTS = frozenset(
    (
        "format template template_file layout run continues folder company company_id base_url seal"
    ).split()
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
class ResultWorkbook:
    """What a result workbook states of itself; "" for what it does not state.

    ``template_file`` is where a template is that did not come with the product; ``folder`` where
    the first file was, in a workbook of a version that did not state it for each sheet. Anybody can
    have written both: ``seal`` proves, of ``sealed``, that this user did. ``run`` is the run that
    it reports, ``""`` for a check; ``continues`` the run before. ``sandbox``: what it states of
    Light is gone with the sandbox. ``options`` are those that shaped its run, by their long names.
    ``sheets`` is None for a workbook of an older version, which does not list them. ``flat_bills``
    is the number of rows of the sheet Bills of a flat layout.
    """

    template: str
    format: str = "2"
    template_file: str = ""
    layout: str = ""
    run: str = ""
    folder: str = ""
    continues: str = ""
    company: str = ""
    company_id: str = ""
    base_url: str = ""
    sandbox: bool = False
    expect: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    sheets: tuple[SourceSheet, ...] | None = None
    flat_bills: int = 0
    seal: str = ""

    @property
    def sealed(self) -> str:
        """The text that was sealed, if any was."""
        folders = {sheet.name: sheet.folder for sheet in self.sheets or ()}
        return sealed_text(self.template_file, folders, self.options)

    @property
    def parameters(self) -> dict[str, str]:
        """The template's parameters that the sheets bring, each as the last of them has it."""
        return {name: text for sheet in self.sheets or () for name, text in sheet.parameters}

    @property
    def last_run(self) -> str:
        """The last run that sent anything."""
        return self.run or self.continues


def read_provenance(cells: Iterable[Sequence[str]]) -> ResultWorkbook | None:
    """The provenance from the rows of the sheet; None where they are not as they were written."""
    rows = [tuple(cell.strip() for cell in row if cell.strip()) for row in cells]
    rows = [row for row in rows if row]
    if len(rows) < 3 or rows[-1] != ("check", checksum(rows[1:-1])):
        return None
    try:
        workbook = _parsed(rows[1:-1])
    except (ValueError, IndexError):  # somebody made the checksum right, and the rest not
        return None
    return workbook if workbook.template else None


def _parsed(rows: Iterable[Sequence[str]]) -> ResultWorkbook:
    """Raises ValueError or IndexError where a row is not as it was written."""
    facts: dict[str, Any] = {"template": ""}
    expect: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    sheets: list[SourceSheet] = []
    budget = _NUMBER_SETS * limits().rows
    for key, *values in rows:
        if key == "expect":
            expect.append((values[0], values[1]))
        elif key == "option":
            options.append((values[0], values[1]))
        elif key == "flat_bills":
            facts[key] = int(values[0])
        elif key == "sheet":
            sheets.append(SourceSheet(values[0]))
        elif key == "parameter":
            parameters = (*sheets[-1].parameters, (values[0], values[1]))
            sheets[-1] = replace(sheets[-1], parameters=parameters)
        elif key == "header":
            if values:  # else the column had none
                sheets[-1] = replace(sheets[-1], headers=(*sheets[-1].headers, values[0]))
        elif key in ("rows", "in_light", "unsettled"):
            numbers = _numbers(values[0], budget)
            budget -= len(numbers)
            sheets[-1] = replace(sheets[-1], **{key: getattr(sheets[-1], key) | numbers})
        elif key == "folder" and sheets:
            sheets[-1] = replace(sheets[-1], folder=values[0])
        elif key == "sandbox":
            facts[key] = values[0] == "yes"
        elif key in _FACTS:
            facts[key] = values[0]
    return ResultWorkbook(
        **facts, expect=tuple(expect), options=tuple(options), sheets=tuple(sheets)
    )


def _numbers(text: str, most: int) -> frozenset[int]:
    """The numbers of ``2-9,11-11``; ValueError before more than ``most`` take memory."""
    ranges = [tuple(map(int, part.split("-"))) for part in text.split(",")]
    if sum(max(0, last - first + 1) for first, last in ranges) > most:
        raise ValueError(text)
    return frozenset(number for first, last in ranges for number in range(first, last + 1))
