"""Rows of a CSV file whose cells have moved to the right: a number had a comma without quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow.compute as pc

from importer.core.header_claims import is_text_header
from importer.core.money import tidy
from importer.core.text_column import arrow_texts
from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import expressions
from importer.model.fields import FIELDS, FieldKind
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import Role

_UNITS = re.compile(r"[^0-9]{0,4}[0-9]+")
_REST = re.compile(r"[0-9]{2}|[0-9]{3}(?:\.[0-9]+)?")
_AMOUNT = re.compile(r"[^0-9]{0,4}[0-9][0-9.,' ]*[.,][0-9]{1,2}")
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]{1,2}")
_NUMBERS = (FieldKind.CENTS, FieldKind.FACTOR)


def shifted_rows(table: HeadedTable, roles: Sequence[Role]) -> Iterator[tuple[int, Finding]]:
    """(row below the header, finding) of each data row that looks so.

    Of a comma-separated file: it has more cells than the header, blank ones, and a number of which
    the next cell has the decimals; or a whole number after a blank, ``Rack, 19``, and an amount in
    the next cell, where other rows have none; or a whole number and two digits alone for its text,
    where all other rows' numbers have decimals, or there are none. Of any file: it has more cells
    than the header, blank ones, and an amount where other rows have none.
    """
    source = table.source
    if source.lengths is None:
        return
    width = source.lengths[table.header.last_row]
    lengths = np.asarray(source.lengths)
    longer_rows = lengths > width
    split = set[int]()
    if any("comma-separated" in note for note in source.notes):
        for k, of_row in _split_numbers(table, roles, longer_rows):
            split.add(k)
            yield k, of_row
    for k in _longer_rows(table, roles, longer_rows):
        if k not in split:
            cells = int(lengths[k + table.start])
            yield (
                k,
                finding(
                    "sheet.row.too_long",
                    table.cell(k + table.start),
                    "",
                    headers=width,
                    cells=cells,
                ),
            )


def _longer_rows(
    table: HeadedTable, roles: Sequence[Role], longer_rows: np.ndarray
) -> Iterator[int]:
    """Rows with blank cells beyond the header, and an amount behind a column of numbers, where most
    rows have none."""
    candidates = np.flatnonzero(longer_rows[table.start :][: len(roles)]).tolist()
    numbers = _number_columns(table)
    for column in sorted(numbers) if candidates else ():
        if column + 1 in numbers or column + 1 >= len(table.source.columns):
            continue
        following = [tidy(text) for text in table.source.columns[column + 1][table.start :]]
        amounts = sum(bool(_AMOUNT.fullmatch(text)) for text in following)
        for k in candidates:
            if (
                roles[k] is Role.DATA
                and _AMOUNT.fullmatch(following[k])
                and 2 * amounts <= len(following)
            ):
                yield k


def _split_numbers(
    table: HeadedTable, roles: Sequence[Role], longer_rows: np.ndarray
) -> Iterator[tuple[int, Finding]]:
    source, mapped = table.source, _mapped_columns(table)
    columns = sorted(c for c in _number_columns(table) if c + 1 < len(source.columns))
    for column in columns:
        texts, following = source.columns[column], source.columns[column + 1]
        after_blank = pc.starts_with(arrow_texts(texts), " ").to_numpy(zero_copy_only=False)
        halves = np.zeros(len(longer_rows), dtype=bool)
        following_name = mapped.get(column + 1, "description")
        if following_name == "description":
            is_text = column + 1 in mapped or is_text_header(table.header.headers[column + 1])
            halves = _halves(table, roles, column, is_text)
        candidates = np.flatnonzero(
            (longer_rows | after_blank | halves)[table.start :][: len(roles)]
        ).tolist()
        if not candidates:
            continue
        usual = [tidy(text) for text in following[table.start :]]
        decimals = sum(bool(_DECIMAL.fullmatch(text)) for text in usual)
        for k in candidates:
            i = k + table.start
            units, rest = texts[i], following[i]
            if roles[k] is not Role.DATA or not _UNITS.fullmatch(tidy(units)):
                continue
            longer = bool(longer_rows[i]) and bool(_REST.fullmatch(tidy(rest)))
            moved = (
                units[:1] == " "
                and bool(_DECIMAL.fullmatch(tidy(rest)))
                and 2 * decimals <= len(usual)
            )
            if longer or moved or halves[i]:
                what = f"{tidy(units)},{tidy(rest)}"
                yield k, finding("sheet.row.shifted", table.cell(i, column), what)


def _halves(table: HeadedTable, roles: Sequence[Role], column: int, is_text: bool) -> np.ndarray:
    """The rows whose number is whole and whose text is two digits, where that is odd.

    ``is_text``: the next column is one of words; otherwise the words of other rows must show it.
    """
    start, source = table.start, table.source
    out = np.zeros(len(source.rows), dtype=bool)
    following = arrow_texts(source.columns[column + 1]).slice(start)
    two_digits = pc.match_substring_regex(following, r"\A[0-9]{2}\z").to_numpy(False)
    data = np.asarray([role is Role.DATA for role in roles], dtype=bool)
    if not (two_digits & data).any():
        return out
    numbers = arrow_texts(source.columns[column]).slice(start)
    integral = pc.match_substring_regex(numbers, r"\A[^0-9.,]{0,4}[0-9]+\z").to_numpy(False)
    split = data & two_digits & integral
    others = data & ~split
    if not is_text:
        lettered = pc.match_substring_regex(following, r"\p{L}{2}").to_numpy(False)
        numeric = pc.match_substring_regex(following, r"\A[0-9.,%]+\z").to_numpy(False)
        if not lettered[others].any() or numeric[others].any():
            return out
    decimals = pc.match_substring_regex(numbers, r"[.,][0-9]{1,2}\z").to_numpy(False)
    if (decimals[others].all() if others.any() else True) and split.any():
        out[start : start + len(split)] = split
    return out


def _mapped_columns(table: HeadedTable) -> dict[int, str]:
    """The field of each column that the template reads."""
    return {
        column: name
        for _, name, expression in expressions(table.template, table.kind)
        for names, _ in expression.columns()
        if (column := table.header.column_of(names)) is not None
    }


def _number_columns(table: HeadedTable) -> set[int]:
    return {
        column
        for sheet, name, expression in expressions(table.template, table.kind)
        if name in FIELDS[sheet] and FIELDS[sheet][name].kind in _NUMBERS
        for names, _ in expression.columns()
        if (column := table.header.column_of(names)) is not None
    }
