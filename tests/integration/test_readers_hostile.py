"""What fuzzing and hostile files found, each kept; limits; tables read as they were written."""

from __future__ import annotations

import contextlib
import io
import struct
import tempfile
from pathlib import Path

import hostile
import hostile_xls
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.errors import TemplateProblem, UnreadableFile, UsageProblem
from importer.mapping.template_loader import load_template
from importer.readers import read_file
from importer.readers.csv.csv_guard import check_lines
from importer.readers.file_limits import limits
from importer.resume.result_workbook import read_result_workbook


@pytest.mark.parametrize("reference", ["A4294967295", "A1048577", "B999999"])
def test_misplaced_far_cell_does_not_crash(tmp_path: Path, reference: str) -> None:
    rows = f'<row r="1"><c r="A1"><v>1</v></c><c r="{reference}"><v>2</v></c></row>'
    (path,) = hostile.xlsx(tmp_path, sheet=hostile.sheet_xml(rows))
    (table,) = read_file(Path(path))
    assert [int(row) for row in table.rows] == [1]


@pytest.mark.parametrize("reference", ["E" + "a" * 300 + "2", "ABCD2"])
def test_a_cell_without_a_place_is_refused(tmp_path: Path, reference: str) -> None:
    rows = f'<row r="1"><c r="A1"><v>1</v></c><c r="{reference}"><v>2</v></c></row>'
    (path,) = hostile.xlsx(tmp_path, sheet=hostile.sheet_xml(rows))
    with pytest.raises(UnreadableFile, match="damaged"):
        read_file(Path(path))


def test_a_row_of_xlsb_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    sheet = hostile.xlsb_record(129, b"") + hostile.xlsb_record(145, b"")
    sheet += hostile.xlsb_record(0, struct.pack("<IIHBBBI", 0, 0, 300, 0, 0, 0, 0))
    sheet += hostile.xlsb_record(57, b"\xff" * 57) + hostile.xlsb_record(0, b"")
    sheet += hostile.xlsb_record(5, struct.pack("<IId", 1, 0, 1.0)) + hostile.xlsb_record(146, b"")
    (path,) = hostile.xlsb(tmp_path, sheet)
    with pytest.raises(UnreadableFile, match=r"cut off|damaged"):
        read_file(Path(path))


@pytest.mark.parametrize(
    "more",
    [("rows", "1-999999999999"), ("rows", "one-two"), ("rows", "1-2-3"), ("expect",), ("sheet",)],
)
def test_corrupt_provenance_sheet_is_refused(tmp_path: Path, more: tuple[str, ...]) -> None:
    (path,) = hostile.result(tmp_path, ("rows", "2-9"))
    known = read_result_workbook(Path(path))
    assert known is not None
    assert known.sheets is not None
    assert known.sheets[0].rows == set(range(2, 10))
    (path,) = hostile.result(tmp_path, more)
    with pytest.raises(UsageProblem, match="was changed"):
        read_result_workbook(Path(path))


def test_old_workbooks_are_read_without_what_is_no_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [hostile_xls.text_cell(0, 0, "Größe"), hostile_xls.number(1, 255), (0x01B8, b"no link")]
    chart = [hostile_xls.begin(0x20), (0x0FF0, b"x"), hostile_xls.EOF, hostile_xls.number(2, 0)]
    own = [(0x18, b"no name"), (0x17, b""), (0x8C, b"")]
    stream = hostile_xls.book(own, [*cells, *chart], sheets=2)  # one place, but small
    (path,) = hostile_xls.write(tmp_path, stream)
    for table in read_file(Path(path)):
        assert [table.row_cells(i)[0] for i in range(3)] == ["Größe", "", "42"]
        assert table.row_cells(1)[255] == "42"
    monkeypatch.setenv("LIGHT_IMPORT_MAX_CELLS", "2")
    with pytest.raises(UnreadableFile, match="LIGHT_IMPORT_MAX_CELLS"):
        read_file(Path(path))
    (path,) = hostile_xls.every_way_to_every_part(tmp_path)
    with pytest.raises(UnreadableFile, match="in a circle"):
        read_file(Path(path))


def test_library_panic_does_not_reach_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    parts = hostile.xlsb_cells([(0, 0, 7, b"\xff\xff\xff\x7f")])  # a shared text that is not there
    (path,) = hostile.xlsb(tmp_path, parts)
    with pytest.raises(UnreadableFile):
        read_file(Path(path))
    assert capfd.readouterr().err == ""


def test_limits_are_set_in_the_environment_and_name_their_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bills.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    monkeypatch.setenv("LIGHT_IMPORT_MAX_ROWS", "2")
    with pytest.raises(UnreadableFile, match="LIGHT_IMPORT_MAX_ROWS"):
        read_file(path)
    monkeypatch.setenv("LIGHT_IMPORT_MAX_ROWS", "3")
    assert len(read_file(path)[0].rows) == 3
    monkeypatch.setenv("LIGHT_IMPORT_MAX_CELLS", "5")
    with pytest.raises(UnreadableFile, match="LIGHT_IMPORT_MAX_CELLS"):
        read_file(path)
    monkeypatch.setenv("LIGHT_IMPORT_MAX_CELLS", "many")
    with pytest.raises(UsageProblem, match="LIGHT_IMPORT_MAX_CELLS is 'many'"):
        limits()


def test_lines_of_every_kind_of_end_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_IMPORT_MAX_CELL_LENGTH", "10")  # a line has sixteen times that
    path = tmp_path / "bills.csv"
    for end in (b"\n", b"\r", b"\r\n", "\n".encode("utf-16-le")):
        path.write_bytes((b"x" * 150 + end) * 50)
        check_lines(path)
        path.write_bytes((b"x" * 150 + end) * 50 + b"x" * 161)
        with pytest.raises(Exception, match=r"Row 5[01] has more than 160 characters"):
            check_lines(path)


_CELLS = st.one_of(
    st.just(""),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF), min_size=1, max_size=12),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.booleans(),
)


@settings(max_examples=40)
@given(st.lists(st.lists(_CELLS, min_size=1, max_size=5), min_size=1, max_size=8))
def test_no_cell_of_a_workbook_is_lost_or_moved(table: list[list[str | int | bool]]) -> None:
    data = io.BytesIO()
    book = xlsxwriter.Workbook(data, {"strings_to_urls": False, "strings_to_formulas": False})
    sheet = book.add_worksheet("Bills")
    written: dict[tuple[int, int], str] = {}
    for r, row in enumerate(table):
        for c, value in enumerate(row):
            if value == "":
                continue
            sheet.write(r, c, value)
            is_boolean = isinstance(value, bool)
            written[r + 1, c] = str(value).upper() if is_boolean else str(value)
    book.close()
    rows_with_text = {r for (r, _), text in written.items() if text.strip()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bills.xlsx"
        path.write_bytes(data.getvalue())
        if not rows_with_text:
            with pytest.raises(UnreadableFile):
                read_file(path)
            return
        (found,) = read_file(path)
    assert {int(row) for row in found.rows} == rows_with_text
    read = {
        (int(row), c): column[i]
        for c, column in enumerate(found.columns)
        for i, row in enumerate(found.rows)
        if column[i]
    }
    assert read == {place: text for place, text in written.items() if place[0] in rows_with_text}


@settings(max_examples=150)
@given(
    st.recursive(
        st.sampled_from(
            ["light", "flat", "1", "x", "*", "(", "true", "", "{column: A}", "[a, b]", "~", "&a 1"]
        ),
        lambda inner: st.lists(
            st.tuples(
                st.sampled_from(
                    ["template", "layout", "source", "header", "bills", "vendor", "column", "rules"]
                ),
                inner,
            ),
            max_size=4,
        ).map(lambda pairs: "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"),
        max_leaves=12,
    )
)
def test_every_template_is_valid_or_reported(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(TemplateProblem):
        path = Path(folder) / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        load_template(path)
