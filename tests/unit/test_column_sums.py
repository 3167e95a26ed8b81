"""Numbers of a column read together are those that are read one by one."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from importer.mapping.column_sums import numbers_in, scaled_numbers
from importer.mapping.headed_table import HeadedTable
from importer.mapping.headers import header_from_row
from importer.mapping.template_loader import find_template
from importer.model.tables import CellKind, SourceTable, TableKind

_TEMPLATE = find_template("light-csv").template
_CELLS = st.sampled_from(
    ["", " ", "12", "-3.5", "1234.567", "1,234.50", "(7.25)", "1.234,5", "£9.10", "n/a", "1e5"]
) | st.decimals(-9999, 9999, places=2).map(str)


@given(
    st.lists(st.tuples(_CELLS, st.sampled_from([CellKind.TEXT, CellKind.NUMBER])), max_size=8),
    st.booleans(),
    st.sampled_from(["auto", "point", "comma"]),
)
def test_numbers_read_together_are_those_read_one_by_one(
    cells: list[tuple[str, CellKind]], of_workbook: bool, style: Any
) -> None:
    texts = ("Amount", *(text for text, _ in cells))
    kinds = ((CellKind.TEXT, *(kind for _, kind in cells)),) if of_workbook else None
    source = SourceTable("f", None, (texts,), range(1, len(texts) + 1), kinds)
    template = _TEMPLATE.model_copy(
        update={"formats": _TEMPLATE.formats.model_copy(update={"numbers": style})}
    )
    table = HeadedTable(source, header_from_row(source, 0), TableKind.FLAT, template, 0)
    expected = numbers_in(table, 0)
    values, ok = scaled_numbers(table, 0)
    if expected is not None:  # None: the mark is in doubt
        found = {i + 1: int(values[i]) for i in range(len(values)) if ok[i]}
        assert found == {i: int(number.scaleb(4)) for i, number in expected.items()}
