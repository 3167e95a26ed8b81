"""Rows whose state contradicts what is still open of them."""

from __future__ import annotations

from collections.abc import Iterator

from importer.core.counted_nouns import count
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.open_amounts import BillPart, part_of
from importer.mapping.paid_columns import is_settled, is_settlement_column
from importer.mapping.stated_amounts import stated_values
from importer.mapping.text_cleanup import tidied
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding

_MOST_ODD = 0.4  # of the rows that have both; of more the two columns are of different things


def contrary_states(reader: ColumnReader) -> Iterator[Finding]:
    """A warning for each state of a flat file that says paid where an amount is open, or open where
    none is."""
    for t in reader.tables:
        headers = t.header.headers
        open_columns = [c for c, h in enumerate(headers) if part_of(h) is BillPart.OPEN]
        for column, header in enumerate(headers):
            if not open_columns or not is_settlement_column(header):
                continue
            texts = tidied(t.arrow(column)).to_pylist()
            settled = {text: is_settled(header, text) for text in set(texts)}
            if all(each is None for each in settled.values()):
                continue
            for of_open in open_columns:
                amounts = stated_values(t, of_open, reader.template)
                both = [
                    (i, text, amount)
                    for i, (text, amount) in enumerate(zip(texts, amounts, strict=True))
                    if amount is not None and settled[text] is not None
                ]
                odd = [each for each in both if settled[each[1]] == bool(each[2])]
                if not odd or len(odd) > _MOST_ODD * len(both):
                    continue
                i, text, amount = odd[0]
                yield finding(
                    "sheet.column.contrary_state",
                    t.cell(i, column),
                    text,
                    column=header.strip(),
                    other=headers[of_open].strip(),
                    amount=str(amount),
                    rows=count(len(odd), "row"),
                )
                break
