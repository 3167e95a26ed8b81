"""Web pages saved under the name .xls, as many systems export them."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.core.errors import UnreadableFile
from importer.model.tables import CellKind, CellLook, SourceTable
from importer.readers import read_file

EXCEL = """<html xmlns:x="urn:schemas-microsoft-com:office:excel">
<head><meta http-equiv=Content-Type content="text/html; charset=windows-1252">
<!--[if gte mso 9]><xml><x:Name>Sheet1</x:Name></xml><![endif]-->
<style>td {color: red}</style><title>Bills</title>
<script>document.write("<table><tr><td>never</td></tr></table>")</script></head>
<body><table border=0>
"""


def read(folder: Path, page: str | bytes, **options: str) -> list[SourceTable]:
    path = folder / "export.xls"
    path.write_bytes(page if isinstance(page, bytes) else page.encode("cp1252"))
    return read_file(path, **options)  # type: ignore[arg-type]


def cells(table: SourceTable) -> list[tuple[str, ...]]:
    return [table.row_cells(i) for i in range(len(table.rows))]


def test_a_table_saved_as_xls_is_read_as_it_is_seen(tmp_path: Path) -> None:
    (table,) = read(
        tmp_path,
        EXCEL + "<tr><th>Supplier<th>Amount</tr>\r\n"
        "<tr><td> Müller &amp;\r\n   Söhne </td><td>£1,234.50</td></tr>"
        "<tr><td>&nbsp;</td><td>\u00a0</td></tr>"
        "<tr><td>Acme<br>Ltd<td><b>12</b>.<i>50</i></tr></table></body></html>",
    )
    assert cells(table) == [
        ("Supplier", "Amount"),
        ("Müller & Söhne", "£1,234.50"),
        ("Acme\nLtd", "12.50"),
    ]
    assert list(table.rows) == [1, 2, 4]
    assert (table.sheet, table.blank_rows) == (None, 1)
    assert table.notes == ("Web page (HTML), cp1252",)


def test_merged_cells_shift_no_other_cell(tmp_path: Path) -> None:
    (table,) = read(
        tmp_path,
        "<table><tr><td colspan=3>Bills</td><td>x</td></tr>"
        "<tr><td rowspan=2>Acme</td><td>1</td><td colspan='2'>10</td><td>y</td></tr>"
        "<tr><td>2</td><td rowspan=0>20</td></tr>"
        "<tr><td>Beta</td><td>3</td><td colspan=junk>30</td></tr></table>",
    )
    assert cells(table) == [
        ("Bills", "", "", "x", ""),
        ("Acme", "1", "10", "", "y"),
        ("", "2", "20", "", ""),
        ("Beta", "3", "30", "", ""),
    ]


def test_an_error_cell_of_a_web_page_is_an_error(tmp_path: Path) -> None:
    (table,) = read(tmp_path, "<table><tr><td>a<td>#REF!<tr><td>b<td> #N/A </table>")
    assert [table.kind(1, i) for i in (0, 1)] == [CellKind.ERROR, CellKind.ERROR]
    assert [table.kind(0, i) for i in (0, 1)] == [CellKind.TEXT, CellKind.TEXT]


def test_number_behind_a_rounded_text_is_read(tmp_path: Path) -> None:
    (table,) = read(
        tmp_path,
        "<table><tr><td x:num='1234.567'>1,234.57</td><td x:num='45747'>31/03/2025</td>"
        "<td x:num>5</td><td x:num='junk'>6</td></tr></table>",
    )
    assert cells(table) == [("1234.567", "31/03/2025", "5", "6")]
    assert [table.kind(c, 0) for c in range(4)] == [CellKind.NUMBER, *[CellKind.TEXT] * 3]


def test_hidden_rows_and_nested_tables(tmp_path: Path) -> None:
    inner = "<table><tr><td>a</td></tr><tr style='display: none'><td>b</td></tr></table>"
    outer, nested = read(
        tmp_path, f"<table><tr><td>menu</td><td>{inner}</td><td>end</td></tr></table>"
    )
    assert (outer.sheet, cells(outer)) == ("Table 1", [("menu", "", "end")])
    assert (nested.sheet, cells(nested), nested.hidden_rows) == ("Table 2", [("a",), ("b",)], (2,))
    (picked,) = read(tmp_path, f"<table><tr><td>m<td>{inner}</table>", sheets="table 2")
    assert picked.sheet == "Table 2"
    with pytest.raises(UnreadableFile, match="no sheet named 'Bills', only Table 1, Table 2"):
        read(tmp_path, f"<table><tr><td>m<td>{inner}</table>", sheets="Bills")


@pytest.mark.parametrize(
    "data",
    [
        "<meta charset='iso-8859-1'><table><tr><td>Café “ä”</table>".encode("cp1252"),
        '<meta charset="macintosh"><table><tr><td>Café “ä”</table>'.encode("mac_roman"),
        "<meta charset=nonsense><table><tr><td>Café “ä”</table>".encode(),
        "<table><tr><td>Café “ä”</table>".encode("utf-16"),
    ],
)
def test_the_page_states_its_encoding(tmp_path: Path, data: bytes) -> None:
    (table,) = read(tmp_path, data)
    assert cells(table) == [("Café “ä”",)]


@pytest.mark.parametrize("page", ["<table><tr><td>a<select><tr><td>b", "<table><tr><td>a<tr><td>b"])
def test_what_is_never_closed_hides_no_cell(tmp_path: Path, page: str) -> None:
    (table,) = read(tmp_path, page)
    assert cells(table) == [("a",), ("b",)]


def test_a_table_wider_than_any_sheet_is_refused(tmp_path: Path) -> None:
    row = "<td colspan=1000>x</td>" * 20
    with pytest.raises(UnreadableFile, match="Table 1 is larger than any sheet"):
        read(tmp_path, f"<table><tr>{row}</tr></table>")


def test_what_a_web_page_shows_beside_the_value_of_a_number_is_kept(tmp_path: Path) -> None:
    cells = {
        "1.234,50 €": "1234.5",
        "USD 1,234.50": "1234.5",
        "1,235": "1234.5",
        "(1,234.50)": "-1234.5",
        "1": "1234.5",
        "2025-05-01": "45778",
        "": "19",
    }
    attributes = ("x:num", "sdval")  # of Excel, of LibreOffice
    rows = "".join(
        f"<tr>{''.join(f'<td {name}={value}>{shown}' for shown, value in cells.items())}"
        for name in attributes
    )
    path = tmp_path / "bills.xls"
    path.write_text(f"<meta charset=utf-8><table>{rows}</table>", encoding="utf-8")
    (table,) = read_file(path)
    values = ["1234.5", "1234.5", "1234.5", "-1234.5", "1234.5", "2025-05-01", "19"]
    assert [list(column) for column in table.columns] == [[value] * 2 for value in values]
    marks = {0: "€", 1: "USD", 4: '"1";"1"'}
    assert table.format_marks == {c: {1: mark, 2: mark} for c, mark in marks.items()}
    looks = {2: CellLook.UNITS_ONLY, 6: CellLook.INVISIBLE}
    assert table.cell_looks == {c: dict.fromkeys((1, 2), look) for c, look in looks.items()}
