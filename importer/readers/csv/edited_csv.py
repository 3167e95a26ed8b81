"""A CSV file with some cells replaced; every other record keeps its bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from importer.readers.csv.csv_reader import Dialect
from importer.readers.csv.delimiter import HEAD, no_size_limit
from importer.readers.csv.encoding import decode

Cells = Mapping[tuple[int, int], str]  # (row as the reader numbers it, column from 0) → text


def edited_csv(path: Path, cells: Cells, encoding: str | None, delimiter: str | None) -> bytes:
    """The bytes of the file with these cells, in its own encoding.

    Raises UnicodeEncodeError where the encoding has no such character, ``UnreadableFile`` and
    ``csv.Error`` as reading does.
    """
    data = path.read_bytes()
    detected, text = decode(path, data, encoding)
    dialect = Dialect.of(path, text[: HEAD + 1], delimiter)
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), value in cells.items():
        by_row.setdefault(row, {})[column] = value
    pieces = [text[: dialect.skip]]
    with no_size_limit():
        for row, (raw, record) in enumerate(_records(text[dialect.skip :], dialect.mark), 1):
            pieces.append(_replaced(raw, record, by_row[row], dialect) if row in by_row else raw)
    marked = detected.codec == "utf-8" and data.startswith(b"\xef\xbb\xbf")
    codec = "utf-8-sig" if marked else detected.codec
    return "".join(pieces).encode(codec)


def _records(text: str, mark: str) -> Iterator[tuple[str, list[str]]]:
    """Each record as it is written, and its cells."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    for record in csv.reader(lines(), delimiter=mark, strict=True):
        yield "".join(taken), record
        taken.clear()


def _replaced(raw: str, record: list[str], cells: Mapping[int, str], dialect: Dialect) -> str:
    record = [*record, *[""] * (1 + max(cells) - len(record))]
    for column, value in cells.items():
        record[column] = value
    end = raw[len(raw.rstrip("\r\n")) :]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=dialect.mark, lineterminator=end).writerow(record)
    return out.getvalue()
