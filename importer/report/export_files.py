"""An export as a workbook, CSV, JSON or Parquet, row by row: the memory does not grow with it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any

from importer.core.atomic_write import atomic_write
from importer.core.safe_text import without_surrogates
from importer.model.light_lists import ValueType
from importer.report.csv_cells import escape_formula
from importer.report.export_columns import ExportColumn, ExportTable, Row, text_of

_BATCH = 2_048  # rows of Parquet that are held
LINES_SUFFIX = "-lines"  # of the second file of a format that has one table a file


def write_export(path: Path, table: ExportTable) -> list[Path]:
    """The files that were written: two where the format has one table a file and there are lines.

    Raises UsageProblem where one cannot be written.
    """
    ending = path.suffix.lower()
    paths = [path]
    if ending == ".xlsx":
        with atomic_write(path) as unfinished:
            _write_workbook(unfinished, table)
    elif ending == ".json":
        with atomic_write(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
            _write_json(file, table)
    else:
        write = _write_csv if ending == ".csv" else _write_parquet
        with atomic_write(path) as unfinished:
            write(unfinished, table.columns, _rows(table))
        if table.lines_name:
            paths.append(lines_path(path))
            with atomic_write(paths[-1]) as unfinished:
                write(unfinished, table.line_columns, _lines(table))
    return paths


def lines_path(path: Path) -> Path:
    """The file of the lines beside that of the bills."""
    return path.with_name(f"{path.stem}{LINES_SUFFIX}{path.suffix}")


def has_two_files(path: Path) -> bool:
    """Whether a file of this name has one table, so that lines need another."""
    return path.suffix.lower() in (".csv", ".parquet")


# --- CSV --------------------------------------------------------------------------------------


def _write_csv(path: Path, columns: Sequence[ExportColumn], rows: Iterable[Row]) -> None:
    """UTF-8 with a byte order mark; no text is taken for a formula."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([escape_formula(column.name) for column in columns])
        for row in rows:
            writer.writerow([escape_formula(x) if isinstance(x, str) else text_of(x) for x in row])


# --- JSON -------------------------------------------------------------------------------------


def _write_json(file: IO[str], table: ExportTable) -> None:
    """A list of ``objects``."""
    file.write("[")
    for n, each in enumerate(objects(table)):
        text = json.dumps(each, ensure_ascii=False)
        file.write((",\n" if n else "\n") + without_surrogates(text))
    file.write("\n]\n")


def objects(table: ExportTable) -> Iterator[dict[str, Any]]:
    """Each document as an object by column; of a bill with its ``lineItems``."""
    for row, lines in table.documents():
        shown = _object(table.columns, row)
        if table.lines_name:
            shown["lineItems"] = [_object(table.line_columns, line) for line in lines]
        yield shown


def _object(columns: Sequence[ExportColumn], row: Row) -> dict[str, Any]:
    return {
        column.name: text_of(value) if isinstance(value, date) else value
        for column, value in zip(columns, row, strict=True)
    }


# --- Parquet ----------------------------------------------------------------------------------


def _write_parquet(path: Path, columns: Sequence[ExportColumn], rows: Iterable[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        ValueType.INTEGER: pa.int64(),
        ValueType.BOOLEAN: pa.bool_(),
        ValueType.DATE: pa.date32(),
        ValueType.MOMENT: pa.timestamp("us", tz="UTC"),
    }
    schema = pa.schema([(c.name, types.get(c.type, pa.string())) for c in columns])
    with pq.ParquetWriter(path, schema) as writer:
        remaining = iter(rows)
        while batch := list(islice(remaining, _BATCH)):
            arrays = [
                pa.array(
                    [without_surrogates(x) if isinstance(x, str) else x for x in column],
                    type=of.type,
                )
                for column, of in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))


# --- the workbook -----------------------------------------------------------------------------


def _write_workbook(path: Path, table: ExportTable) -> None:
    from importer.report.xlsx.export_sheets import Sheet, write_sheets

    sheets: list[Sheet] = [(table.name, table.columns, lambda: _rows(table))]
    if table.lines_name:
        sheets.append((table.lines_name, table.line_columns, lambda: _lines(table)))
    write_sheets(path, sheets)


def _rows(table: ExportTable) -> Iterator[Row]:
    return (row for row, _ in table.documents())


def _lines(table: ExportTable) -> Iterator[Row]:
    return chain.from_iterable(lines for _, lines in table.documents())
