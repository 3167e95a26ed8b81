"""Rows of a sheet as XML: what a spreadsheet program reads in them is what was given."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import example, given
from hypothesis import strategies as st

from importer.report.xlsx.row_xml import RowXmlBlock, blank_xml, number_xml

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
ODD = st.sampled_from(
    [
        "_x0041_",
        "_x005F_",
        "_x00",
        "41_",
        "_",
        "x0041_",
        "\r",
        "\n",
        "\x07",
        " ",
        "&amp;",
        "<r>",
        "<",
        ">",
    ]
)
TEXTS = st.lists(ODD | st.text(st.characters(exclude_categories=["Cs"])), max_size=5).map("".join)


def as_read(cell: ElementTree.Element) -> str:
    text = cell.find("is/t")
    assert text is not None
    written = text.text or ""
    # Without the mark, programs are free to drop blanks around it.
    assert text.get(_SPACE) == "preserve" or written == written.strip(" \t\r\n")
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda code: chr(int(code[1], 16)), written)


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=4))
@example([["a", "", "_x0041\x07"]])
@example([["plain", "", "plain"], ["5", "x", "y"]])
@example([[" a", "b", "c"], ["a", " b", "c"], ["a", "b ", "c"], ["a", "b", "c "]])
@example([["<", "b", "c"], ["a", "b", ">"], ["a", "&", "c"]])
def test_any_text_is_read_back_from_its_cell(columns: list[list[str]]) -> None:
    block = RowXmlBlock(7, 3)
    for column in columns:
        block.add_texts(column, 4)
    block.add_cells([blank_xml(3), "", number_xml(7, 3)])
    block.replace_cell(1, 0, blank_xml(2))
    rows = ElementTree.fromstring(f"<sheetData>{block.xml([0, 30, 0])}</sheetData>")
    assert [row.get("r") for row in rows] == ["8", "9", "10"]
    assert [row.get("ht") for row in rows] == [None, "30", None]
    cells = [cell for row in rows for cell in row]
    assert not [each for each in (*rows, *cells) if each.tail], "nothing stands between cells"
    assert not [row for row in rows if row.text]
    found = {str(cell.get("r")): as_read(cell) for cell in cells if cell.get("t") == "inlineStr"}
    expected = {
        f"{'ABCD'[c]}{8 + k}": text
        for c, column in enumerate(columns)
        for k, text in enumerate(column)
        if text and (k, c) != (1, 0)
    }
    assert found == expected
    assert [cell.get("s") for cell in rows[1] if cell.get("r") == "A9"] == ["2"]
