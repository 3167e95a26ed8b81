"""Limits of a file's size, checked before memory is allocated. Each can be set:

``LIGHT_IMPORT_MAX_ROWS=2000000`` sets ``rows``, and so on; docs/limits.md lists them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

from importer.core.errors import UsageProblem

PREFIX = "LIGHT_IMPORT_MAX_"
LONG_TEXTS = 100_000_000  # characters of all cells together


@dataclass(frozen=True)
class Limits:
    """``ratio``: unpacked size of a workbook's part, as a multiple of its stored size."""

    file_mb: int = 300
    unpacked_mb: int = 2_000
    ratio: int = 100
    parts: int = 10_000
    sheets: int = 500
    rows: int = 1_048_576
    columns: int = 16_384
    cells: int = 25_000_000
    cell_length: int = 2_000_000


class TooLargeError(Exception):
    """Something in a file is larger than permitted; the message does not name the file."""


def limits(environ: Mapping[str, str] = os.environ) -> Limits:
    """The limits as set in the environment; UsageProblem names a setting that is not a number."""
    given: dict[str, int] = {}
    for each in fields(Limits):
        name = PREFIX + each.name.upper()
        text = environ.get(name, "").replace("_", "").strip()
        if not text:
            continue
        if not (text.isascii() and text.isdigit() and 0 < len(text) < 13 and int(text)):
            raise UsageProblem(f"{name} is '{environ[name]}'; write a whole number above 0.")
        given[each.name] = int(text)
    return Limits(**given)


def too_large(what: str, name: str, permitted: int) -> TooLargeError:
    """The error for ``what``, with the limit ``name`` and how to raise it."""
    return TooLargeError(
        f"{what}; at most {permitted:,} are permitted. Split the file, or, if you trust where it"
        f" comes from, set {PREFIX}{name.upper()} higher"
    )


def check_area(rows: int, columns: int, cells: int) -> None:
    """Raise TooLargeError for a table that is too large, or nearly all blank.

    ``cells``: the number of cells in the file.
    """
    most = limits().cells
    if cells > most:
        raise too_large(f"It has more than {most:,} cells", "cells", most)
    area = rows * columns
    if area > max(2_000_000, 40 * cells) or area > max(most, 4 * cells):
        raise TooLargeError(
            f"Its cells are so far apart ({rows:,} rows and {columns:,} columns, nearly all blank)"
            " that it cannot be read. Delete the far ones, then save it. (Ctrl+End in Excel goes to"
            " the last.)"
        )


def check_repeated_text(characters: int, cells: int) -> None:
    """Raise TooLargeError where shared texts add up to too many characters in the cells."""
    if characters > max(LONG_TEXTS, 100 * cells):
        raise TooLargeError(
            "A long text is repeated in so many cells that they cannot be read. Save it as .xlsx"
        )
