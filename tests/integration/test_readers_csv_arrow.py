"""Files read by Arrow are read as the csv module reads them, cell by cell."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from importer.core.errors import UnreadableFile
from importer.core.text_column import TextColumn, arrow_texts, cells_starting
from importer.model.tables import SourceTable
from importer.readers import read_file
from importer.readers.csv.arrow_reader import read_records
from importer.readers.csv.runaway_quotes import find_runaway_quotes


@dataclass
class Plain:
    """What the csv module and a plain loop make of a text; ``None`` where it refuses it."""

    rows: list[int]
    cells: list[tuple[str, ...]]
    lengths: list[int]
    total: int
    runaway_quotes: tuple[tuple[int, int, int], ...]


def plainly(text: str, mark: str) -> Plain | None:
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error:
        return None
    kept = [(n, r) for n, r in enumerate(records, start=1) if any(map(str.strip, r))]
    width = max((len(r) for _, r in kept), default=0)
    cells = [r + [""] * (width - len(r)) for _, r in kept]
    while width and not any(r[width - 1] for r in cells):
        width -= 1
    return Plain(
        [n for n, _ in kept], [tuple(r[:width]) for r in cells], [len(r) for _, r in kept],
        len(records), tuple((1 + i, c, n) for i, c, n in find_runaway_quotes(records, mark)),
    )  # fmt: skip


# Much of what breaks readers: marks in all places, blanks of all kinds, records of any width.
CELL = st.sampled_from(
    ["a", "B1", "", "", " ", "\u00a0", "\x1c", "\u2003", "12,5",
     '"x"', '"a,b"', '"a""b"', '"a\nb"', '"1\n2,3,4\n5"', '"a\rb"',
     '"a\r\nb"', '""', '"', 'a"b', '"a"b', "é", "€", "\ufeff", "NA", "null", "0x1f",
     "'", "\\"]
)  # fmt: skip
END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"])
RECORD = st.builds(lambda cells, end: ",".join(cells) + end, st.lists(CELL, max_size=4), END)
REGULAR = st.builds(",".join, st.lists(CELL, min_size=3, max_size=3)).map(lambda r: r + "\n")


@settings(max_examples=300, deadline=None)
@given(
    text=st.builds("".join, st.lists(REGULAR | REGULAR | REGULAR | RECORD, max_size=8)),
    cut=st.integers(0, 2),
    block=st.sampled_from([4, 16, 40, 1 << 20]),
)
@example(text='a,b\n"1"",2', cut=0, block=1 << 20)
@example(text='a,b,c\n,,\n1,2,3,4\n\n"5"\n', cut=0, block=1 << 20)
@example(text='a,b\n1,"x\n2,3\n4,y"\n5,6\n', cut=0, block=8)  # cells that hold rows
@example(text='a,b\n1,"x\r2,3\r4,y"\n5,6\n', cut=0, block=1 << 20)  # of an old Mac
@example(text="a,a\n\ufeff,a\n", cut=0, block=4)  # a byte order mark at the beginning of a block
@example(text="a,b\n1,x\n , \n", cut=1, block=1 << 20)  # the last byte of all is a blank cell
def test_any_text_is_read_as_the_csv_module_reads_it_or_left_to_it(
    text: str, cut: int, block: int
) -> None:
    text = text[: len(text) - cut]
    quick, plain = read_records(io.BytesIO(text.encode()), ",", block), plainly(text, ",")
    if quick is None:
        return
    assert plain is not None, "what the csv module refuses is refused"
    assert list(quick.rows) == plain.rows
    assert list(zip(*quick.columns, strict=True)) == [c for c in plain.cells if c]
    assert quick.lengths == plain.lengths
    assert quick.total == plain.total
    assert quick.runaway_quotes == plain.runaway_quotes


def test_line_breaks_survive_any_block_border() -> None:
    rows = [["number", "note"], *([f"B{i}", f"one\ntwo {i}\r\nthree"] for i in range(50))]
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    for block in (10, 33, 100):
        quick = read_records(io.BytesIO(out.getvalue().encode()), ",", block)
        assert quick is not None
        assert [list(cells) for cells in zip(*quick.columns, strict=True)] == rows


def test_irregular_records_keep_their_row_at_any_border() -> None:
    rows = [[f"B{i}", str(i), "é"][: 1 + i % 3] + ["further"] * (i % 5 == 4) for i in range(60)]
    rows = [["B", "1", "é"]] * 3 + [r for row in rows for r in (row, ["B", "2", ""], [])]
    text = "".join(",".join(row) + "\n" for row in rows)
    plain = plainly(text, ",")
    assert plain is not None
    for block in (10, 33, 100, 1 << 20):
        quick = read_records(io.BytesIO(text.encode()), ",", block)
        assert quick is not None
        assert (list(quick.rows), quick.lengths, quick.total) == (
            plain.rows, plain.lengths, plain.total
        )  # fmt: skip
        assert list(zip(*quick.columns, strict=True)) == plain.cells


def test_non_ascii_text_survives_a_cut_head() -> None:
    for first in ("a", "ab"):
        text = f"{first},b\n" + "é,éé\n" * 40_000
        quick = read_records(io.BytesIO(text.encode()), ",")
        assert quick is not None
        assert (quick.total, quick.columns[1][40_000]) == (40_001, "éé")


WIDE = [f"h{c}" for c in range(1_002)]
LONG = " " * 1_500_000 + "\n"  # a blank row; three make a file too long for the csv module


def wide(*rows: list[str]) -> str:
    """Rows of a thousand columns and some, as text."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def as_told(path: Path, data: bytes) -> tuple[object, bool]:
    """All that is told of a file but its encoding, and whether Arrow has read it."""
    path.write_bytes(data)
    try:
        (table,) = read_file(path)
    except UnreadableFile as error:
        return str(error), False
    cells, blank = [tuple(column) for column in table.columns], table.blank_rows
    told = cells, list(table.rows), list(table.lengths or ()), table.runaway_quotes, blank
    return told, isinstance(table.columns[0], TextColumn)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (wide(WIDE, WIDE[:3], [], ["é", "two\nlines", " "] + ['"'] * 999 + ["", ""],
              WIDE + ["further"] * 60, [""] * 1_002, [" "]), None),
        (wide(WIDE, ["1"] * 1_002, ["1"] * 1_002).replace("1,1", '"1\n' + "2," * 1_001 + '2",1', 1),
         None),
        (wide(WIDE, ["1"]) + '2,"3\n', "Row 3: a cell begins with a quotation mark"),
        (wide(WIDE, ["1"], ["x"] * 16_385), "Row 3 has 16,385 cells"),
        (wide(WIDE, *[["1"]] * 2_000), "so far apart"),
        (wide(WIDE, ["1", "x" * 2_000_001]), "Row 2 has a cell of more than 2,000,000"),
        (wide([""] * 1_002, [" "]), "no rows"),
    ],
    ids=["table", "rows in a cell", "quote", "too wide", "apart", "too long", "nothing"],
)  # fmt: skip
def test_wide_short_file_reads_the_same_both_ways(
    tmp_path: Path, text: str, told: str | None
) -> None:
    path = tmp_path / "bills.csv"
    by_csv, by_arrow = as_told(path, text.encode())
    assert not by_arrow
    in_utf_16, by_arrow = as_told(path, text.encode("utf-16"))
    assert in_utf_16 == by_csv
    if told is None:
        assert by_arrow
        long, by_arrow = as_told(path, (text + LONG * 3).encode())
        assert by_arrow
        assert isinstance(long, tuple)
        assert (*long[:-1], long[-1] - 3) == by_csv
    else:
        assert isinstance(by_csv, str)
        assert told in by_csv


def test_blank_rows_of_marks_alone_are_cells_that_are_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text("number" + ",x" * 199 + "\n" + ("," * 199 + "\n") * 10_001 + "B1\n")
    (table,) = read_file(path)
    assert isinstance(table.columns[0], TextColumn), "Arrow has read it"
    assert (list(table.rows), table.blank_rows) == ([1, 10_003], 10_001)


@pytest.mark.parametrize("quoted", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_a_usual_export_is_read_by_arrow_with_its_odd_rows(tmp_path: Path, quoted: int) -> None:
    rows = [["Export of 2025"], [], ["number", "amount", "note"]]
    rows += [[f"B{i}", str(i * 100), 'one, "é"'] for i in range(500)]
    rows += [
        ["B500", "1"],
        ["B501", "2", "moved", "further"],
        ["", " ", "\u00a0"],
        ["B502", "3", "é"],
    ]
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoted).writerows(rows)  # type: ignore[arg-type]
    path = tmp_path / "bills.csv"
    path.write_bytes(out.getvalue().encode())
    (table,) = read_file(path)
    assert isinstance(table.columns[0], TextColumn), "Arrow has read it"
    plain = plainly(out.getvalue(), ",")
    assert plain is not None
    assert list(table.rows) == plain.rows
    assert list(zip(*table.columns, strict=True)) == plain.cells
    assert list(table.lengths or ()) == plain.lengths
    assert table.blank_rows == 2


def test_misplaced_quotation_mark_is_refused_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text("a,b\n" + "1,2\n" * 300 + '3,"4"5\n')
    with pytest.raises(UnreadableFile, match="Row 302"):
        read_file(path)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(cells=st.lists(st.text(st.sampled_from('aé€,;" \t\n')), min_size=4, max_size=30))
def test_each_encoding_gives_the_same_cells(tmp_path: Path, cells: list[str]) -> None:
    rows = [["number", "note"], *([f"B{i}", cell] for i, cell in enumerate(cells))]
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    tables: list[SourceTable] = []
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(out.getvalue().encode(encoding))
        tables += read_file(path, encoding=encoding, delimiter=",")
    assert {tuple(map(tuple, table.columns)) for table in tables} == {
        tuple(zip(*rows, strict=True))
        if any(cells)
        else (tuple(r[0] for r in rows), ("note",) + ("",) * len(cells))
    }


def test_a_column_of_arrow_is_read_as_any_sequence_of_texts() -> None:
    column = TextColumn(arrow_texts(["a", "", "c"]))
    assert (column[0], column[-1], list(column[1:]), column[::2]) == (
        "a",
        "c",
        ["", "c"],
        ("a", "c"),
    )
    assert column == ["a", "", "c"]
    assert column != ["a", "", "d"]
    assert "c" in column
    assert list(column[2:1]) == []
    assert list(column[5:]) == []
    with pytest.raises(IndexError):
        column[3]


def test_columns_of_other_texts_or_lengths_are_not_equal() -> None:
    column = TextColumn(arrow_texts(["a", "b"]))
    assert column == ("a", "b")
    assert column == TextColumn(arrow_texts(["a", "b"]))
    assert column != ["a"]
    assert column != TextColumn(arrow_texts(["a", "c"]))


SHORT = st.text(st.sampled_from("aB1 -#é№"), max_size=5)


@given(texts=st.lists(SHORT, max_size=9), keys=st.sets(SHORT, min_size=1, max_size=3))
@example(texts=["a", "a#", "#a", "№a", "é"], keys={"a#", "№a", "é"})
def test_cells_starting_finds_texts_by_first_characters(texts: list[str], keys: set[str]) -> None:
    def allowed(text: str) -> bool:
        return any(key.startswith(text) for key in keys)

    expected = [i for i, text in enumerate(texts) if text and allowed(text)]
    found = cells_starting(arrow_texts(texts), allowed)
    assert [i for i in found.tolist() if texts[i]] == expected


def test_cells_starting_works_on_a_long_column() -> None:
    column = arrow_texts(["x"] * 65_540 + ["total", "x"])
    assert cells_starting(column, "total".startswith).tolist() == [65_540]
