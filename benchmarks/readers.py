"""Compare the readers with openpyxl, calamine, xlrd and Python's csv, cell by cell.

    python benchmarks/readers.py FOLDER... [--generate 200] [--show 5] [--words FILE...]

Reads whatever workbooks and CSV files the folders hold, and with ``--generate`` as many files made
up from a seed. For each reference the table has how many cells are equal, and how many differ in
which way; ``--show`` lists some of each kind. A cell that both read is compared as a number of 15
digits, a date, a boolean or a text.

Then the encodings: words of western languages, alone and in files of a few, written in cp1252, Mac
Roman and CP850. ``--words`` takes more, from files with a word a line (UTF-8).
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import struct
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/unit")]

import hostile_xls  # noqa: E402
from test_readers_western_words import LANGUAGES  # noqa: E402

from importer.core.errors import UnreadableFile  # noqa: E402
from importer.model.tables import CellKind, SourceTable  # noqa: E402
from importer.readers import read_file  # noqa: E402
from importer.readers.csv.western_words import judge  # noqa: E402
from importer.readers.ole_container import SIGNATURE, OleContainer, ole_file  # noqa: E402

Cells = dict[tuple[str, int, int], tuple[str, str]]
"""(sheet, row, column from 0) → (kind, text): number, date, boolean, error or text."""


# --- what each reader makes of a file -----------------------------------------------------------

_KINDS = {
    CellKind.NUMBER: "number",
    CellKind.DATE: "date",
    CellKind.BOOLEAN: "boolean",
    CellKind.ERROR: "error",
    CellKind.UNCALCULATED: "not calculated",
}


def of_importer(tables: Sequence[SourceTable]) -> Cells:
    out: Cells = {}
    for table in tables:
        for column, texts in enumerate(table.columns):
            for i, text in enumerate(texts):
                if text:
                    kind = _KINDS.get(table.kind(column, i), "text")
                    place = table.sheet or "", int(table.rows[i]), column
                    out[place] = kind, _number(text) if kind == "number" else text
    return out


def _number(text: str) -> str:
    try:
        return str(Decimal(f"{float(text):.15g}").normalize() + 0)
    except (InvalidOperation, ValueError):
        return text


def _cell(value: Any) -> tuple[str, str]:
    if isinstance(value, bool):
        return "boolean", str(value).upper()
    if isinstance(value, int | float):
        return "number", _number(repr(value))
    if isinstance(value, datetime):
        rounded = value.replace(microsecond=0) + timedelta(seconds=value.microsecond >= 500_000)
        text = rounded.isoformat()
        return "date", text.removesuffix("T00:00:00")
    if isinstance(value, date):
        return "date", value.isoformat()
    if isinstance(value, time | timedelta):
        return "time", str(value)
    return ("error" if str(value).startswith("#") else "text"), str(value)


def _of_rows(sheet: str, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, Any]]:
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values):
            if value is not None and value != "":
                yield (sheet, row, column), _cell(value)


def of_openpyxl(path: Path, _: Sequence[SourceTable]) -> Cells:
    import openpyxl

    book = openpyxl.load_workbook(path, data_only=True)
    return dict(
        pair
        for sheet in book.worksheets
        for pair in _of_rows(sheet.title, [*sheet.iter_rows(values_only=True)])
    )


def of_calamine(path: Path, _: Sequence[SourceTable]) -> Cells:
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(path)
    return dict(
        pair
        for name in book.sheet_names
        for pair in _of_rows(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False))
    )


def of_xlrd(path: Path, _: Sequence[SourceTable]) -> Cells:
    import xlrd

    data = path.read_bytes()
    stream = OleContainer(data).stream("Workbook") if data.startswith(SIGNATURE) else data
    book = xlrd.open_workbook(file_contents=stream or data, logfile=io.StringIO())
    out: Cells = {}
    for sheet in book.sheets():
        for row in range(sheet.nrows):
            for column, cell in enumerate(sheet.row(row)):
                value: Any = cell.value
                if cell.ctype == xlrd.XL_CELL_ERROR:
                    value = xlrd.error_text_from_code.get(value, "#?")
                elif cell.ctype == xlrd.XL_CELL_BOOLEAN:
                    value = bool(value)
                elif cell.ctype == xlrd.XL_CELL_DATE:
                    value = xlrd.xldate_as_datetime(value, book.datemode)
                if value != "":
                    out[sheet.name, row + 1, column] = _cell(value)
    return out


def of_csv(path: Path, tables: Sequence[SourceTable]) -> Cells:
    """As Python's csv reads it, told the encoding and the delimiter that were found."""
    notes = " ".join(tables[0].notes)
    codecs = {"UTF-16": "utf-16", "cp1252": "cp1252", "Mac Roman": "mac_roman", "CP850": "cp850"}
    codec = next((c for name, c in codecs.items() if name in notes), "utf-8-sig")
    signs = {"semicolon": ";", "tab": "\t", "pipe": "|"}
    delimiter = next((sign for name, sign in signs.items() if name in notes), ",")
    text = path.read_bytes().decode(codec, "replace").removeprefix("\ufeff")
    lines = io.StringIO(text, newline="")
    rows, csv_rows = [], csv.reader(lines, delimiter=delimiter)
    csv.field_size_limit(1 << 30)
    if text.lower().startswith("sep="):
        rows.append(next(csv_rows)[:0])
    rows += csv_rows
    return dict(pair for pair in _of_rows("", rows))


REFERENCES: dict[str, list[tuple[str, Callable[[Path, Sequence[SourceTable]], Cells]]]] = {
    "xlsx": [("openpyxl", of_openpyxl), ("calamine", of_calamine)],
    "xlsm": [("openpyxl", of_openpyxl), ("calamine", of_calamine)],
    "xls": [("xlrd", of_xlrd), ("calamine", of_calamine)],
    "xlsb": [("calamine", of_calamine)],
    "ods": [("calamine", of_calamine)],
    "csv": [("csv", of_csv)],
    "tsv": [("csv", of_csv)],
    "txt": [("csv", of_csv)],
}


# --- the comparison -----------------------------------------------------------------------------


def difference(mine: tuple[str, str] | None, theirs: tuple[str, str] | None) -> str:
    """The class of a difference; "" where the cell is the same."""
    if mine is None or theirs is None:
        present = mine or theirs
        assert present is not None
        return f"{present[0]} {'only here' if theirs is None else 'only there'}"
    if mine == theirs or mine[1] == theirs[1]:
        return ""
    if theirs[0] == "text" and mine[1].strip() == theirs[1].replace("\r\n", "\n").strip():
        return "" if mine[1] == theirs[1].replace("\r\n", "\n") else "blanks around a text"
    if theirs[0] == "number" and mine[1].isdigit() and _number(mine[1]) == theirs[1]:
        return "zeros that only the number format shows"
    if theirs[0] == "time" or mine[0] == "date" != theirs[0] or theirs[0] == "date" != mine[0]:
        return f"{mine[0]} here, {theirs[0]} there"
    return f"another {mine[0]}" if mine[0] == theirs[0] else f"{mine[0]} here, {theirs[0]} there"


class Comparison:
    """Counts by reference and class, with a few examples of each."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.files: dict[str, Counter[str]] = defaultdict(Counter)
        self.examples: dict[tuple[str, str], list[str]] = defaultdict(list)

    def add(self, path: Path) -> None:
        ending = path.suffix.lower().lstrip(".")
        for name, read in REFERENCES.get(ending, ()):
            of = f"{name}, .{ending}"
            tables, refusal, theirs = [], "", None
            try:
                tables = read_file(path)
            except UnreadableFile as error:
                refusal = str(error).removeprefix(str(path))
            try:
                theirs = read(path, tables) if tables or name != "csv" else None
            except BaseException as error:  # a panic of calamine is no Exception
                if isinstance(error, KeyboardInterrupt):
                    raise
            if refusal or theirs is None:
                who = (
                    "refused by both"
                    if theirs is None and refusal
                    else ("refused here" if refusal else "refused there")
                )
                self._count(self.files, of, who, f"{path.name}{refusal}")
                continue
            self.files[of]["read by both"] += 1
            mine = of_importer(tables)
            sheets = {table.sheet or "" for table in tables}
            mine, theirs = _named_alike(mine, theirs, sheets)
            for place in mine.keys() | theirs.keys():
                one, other = mine.get(place), theirs.get(place)
                kind = difference(one, other) or "equal"
                where = f"{path.name} {place}: {one} / {other}"
                self._count(self.counts, of, kind, where if kind != "equal" else "")

    def _count(self, into: dict[str, Counter[str]], of: str, kind: str, where: str) -> None:
        into[of][kind] += 1
        if where and len(self.examples[of, kind]) < 20:
            self.examples[of, kind].append(where)

    def lines(self, show: int) -> Iterator[str]:
        yield "| reference | files | cells equal | differences |"
        yield "|---|---|---:|---|"
        for of in sorted(self.files):
            files = ", ".join(f"{n:,} {kind}" for kind, n in self.files[of].most_common())
            counts = Counter(self.counts[of])
            equal = counts.pop("equal", 0)
            other = "; ".join(f"{n:,} × {kind}" for kind, n in counts.most_common()) or "none"
            yield f"| {of} | {files} | {equal:,} | {other} |"
        for (of, kind), examples in sorted(self.examples.items() if show else ()):
            yield f"\n{of}: {kind}"
            yield from (f"    {text[:200]}" for text in examples[:show])


def _named_alike(mine: Cells, theirs: Cells, sheets: set[str]) -> tuple[Cells, Cells]:
    """Both without the sheets that were not read here (blank ones), under the same name."""
    if len(sheets) == 1 and sheets == {""}:
        return mine, {("", *place[1:]): cell for place, cell in theirs.items()}
    return mine, {place: cell for place, cell in theirs.items() if place[0] in sheets}


# --- files made up ------------------------------------------------------------------------------


def generate(folder: Path, count: int, seed: int) -> None:
    """``count`` files of each kind: XLSX by two writers, XLS by records, CSV in five encodings."""
    import openpyxl
    import xlsxwriter

    chance = random.Random(seed)
    words = [word for text in LANGUAGES.values() for word in text.split()]

    def value() -> Any:
        kind = chance.randrange(8)
        if kind == 0:
            return None
        if kind == 1:
            return round(chance.uniform(-1e6, 1e6), 2)
        if kind == 2:
            return chance.randrange(-(10**9), 10**9)
        if kind == 3:
            return datetime.fromisoformat("1990-01-01") + timedelta(days=chance.randrange(15_000))
        if kind == 4:
            return chance.random() < 0.5
        if kind == 5:
            return chance.uniform(0, 1)
        return " ".join(chance.sample(words, chance.randrange(1, 4)))

    for k in range(count):
        rows = [[value() for _ in range(6)] for _ in range(chance.randrange(2, 30))]
        rows[0] = [f"Column {i}" for i in range(6)]
        book = openpyxl.Workbook()
        for row in rows:
            book.worksheets[0].append(row)
        book.save(folder / f"o{k}.xlsx")
        with xlsxwriter.Workbook(folder / f"w{k}.xlsx") as writer:
            sheet, day = writer.add_worksheet(), writer.add_format({"num_format": "dd/mm/yyyy"})
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(i, j, cell, day)
                    elif cell is not None:
                        sheet.write(i, j, cell)
        cells = [
            hostile_xls.text_cell(i, j, cell)
            if isinstance(cell, str)
            else (0x203, struct.pack("<HHHd", i, j, 0, float(cell)))
            for i, row in enumerate(rows)
            for j, cell in enumerate(row)
            if isinstance(cell, str | int | float)
        ]
        (folder / f"x{k}.xls").write_bytes(ole_file("Workbook", hostile_xls.book([], cells)))
        encoding = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman")[k % 5]
        lines = io.StringIO(newline="")
        csv.writer(lines, delimiter=";,\t"[k % 3]).writerows(
            [["" if cell is None else str(cell) for cell in row] for row in rows]
        )
        (folder / f"c{k}.csv").write_bytes(lines.getvalue().encode(encoding, "ignore"))


# --- encodings ----------------------------------------------------------------------------------


def encodings(words: dict[str, list[str]], seed: int) -> Iterator[str]:
    yield "| encoding | words a file | files | right | in doubt | asked | wrong in silence |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for encoding in ("cp1252", "mac_roman", "cp850"):
        for count in (1, 2, 5, 20):
            chance, tally = random.Random(seed), Counter[str]()
            for of_language in words.values():
                size = min(count, len(of_language))
                files = [chance.sample(of_language, size) for _ in range(200)]
                files = [[word] for word in of_language] if count == 1 else files
                for some in files:
                    tally[_outcome(some, encoding)] += 1
            tally.pop("", None)
            yield (
                f"| {encoding} | {count} | {tally.total():,} | {tally['right']:,} |"
                f" {tally['doubt']:,} | {tally['asked']:,} | {tally['wrong']:,} |"
            )


def _outcome(words: Sequence[str], encoding: str) -> str:
    try:
        texts = [word.encode(encoding) for word in words]
    except UnicodeEncodeError:
        return ""
    if all(text.isascii() for text in texts):
        return ""
    verdict = judge(b"Supplier;Net\r\n" + b"".join(text + b";10\r\n" for text in texts))
    if verdict.codec is None:
        return "asked"
    if verdict.words:
        return "doubt"
    read = [text.decode(verdict.codec, "replace") for text in texts]
    return "right" if read == [text.decode(encoding) for text in texts] else "wrong"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--generate", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--words", nargs="*", type=Path, default=[])
    args = parser.parse_args()
    comparison = Comparison()
    with tempfile.TemporaryDirectory() as made:
        if args.generate:
            generate(Path(made), args.generate, args.seed)
        for folder in (*args.folders, Path(made)):
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    comparison.add(path)
    print("\n".join(comparison.lines(args.show)), end="\n\n")
    words = {language: text.split() for language, text in LANGUAGES.items()}
    for path in args.words:
        lines = path.read_text(encoding="utf-8").split()
        words[path.name] = random.Random(args.seed).sample(lines, min(2_000, len(lines)))
    words = {name: [w for w in of if not w.isascii()] for name, of in words.items()}
    print("\n".join(encodings(words, args.seed)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
