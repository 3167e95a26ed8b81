"""Columns that state what the template works out, to be compared: a subtotal beside a product."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from importer.core.header_claims import currency_of_header
from importer.core.money import (
    Numbers,
    UnreadableAmount,
    numbers_of,
    read_decimal,
    read_number_cell,
)
from importer.mapping.bind_table import BoundTable
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.open_amounts import BillPart, part_of
from importer.mapping.template_model import Template
from importer.mapping.text_cleanup import tidied
from importer.model.fields import LINE_ITEMS, header_key
from importer.model.tables import CellKind

NET, GROSS = "net", "gross"
_NET = frozenset(
    """
    net netamount netvalue netprice netto nettobetrag subtotal linesubtotal linenet linenetamount
    nettotal nettotalamount amountexvat amountexclvat amountexcltax totalexvat totalexclvat
    totalexcltax montantht totalht imponibile baseimponible
    """.split()
)
_GROSS = frozenset(
    """
    gross grossamount grossvalue grosstotal linegross linegrossamount brutto bruttobetrag
    bruttobeløb bruttobelopp bruttobeløp kwotabrutto wartośćbrutto importebruto importolordo
    amountincvat amountinclvat amountincltax totalincvat totalinclvat totalincltax montantttc
    totalttc pricetotal
    """.split()
)
_EITHER = frozenset(("linetotal", "lineamount", "linetotalamount"))
# Names of any amount: compared where their header names a currency beside, as ``Amount GBP``.
_AMOUNT = frozenset(
    """
    amount amounts value total sum invoiceamount invoicetotal invoicevalue billamount billtotal
    totalamount totalvalue grandtotal transactionamount paymentamount documentamount
    betrag summe gesamt gesamtbetrag rechnungsbetrag montant total montanttotal importe
    importetotal importo importototale totale bedrag totaal totaalbedrag beløb beløp belopp kwota
    valor
    """.split()
)
# Totals that have the tax in them, beside amounts without.
_TOTALS = frozenset(
    """
    total totalamount amounttotal invoicetotal invoiceamount billtotal billamount grandtotal
    documenttotal gesamt gesamtbetrag rechnungsbetrag endbetrag montanttotal totalfacture
    importetotal totalfactura importefactura totale totalefattura importototale totaledocumento
    totaal totaalbedrag factuurbedrag factuurtotaal totalbeløb fakturabeløb fakturatotal
    totalbelopp fakturabelopp totalbeløp fakturabeløp valortotal yhteensä loppusumma razem
    """.split()
)
LOCAL, FOREIGN = "local", "another currency"
_LOCAL = re.compile(
    r"\b(?:lcy|lc|loc\.? ?curr?\.?\w*"
    r"|(?:local|base|home|company|functional|book|group|reporting) (?:currency|ccy|curr)"
    r"|local|home)\b"
    r"|\b(?:haus|basis|landes)währung\b|\bmoneda (?:local|base)\b|\bdevise locale\b"
)
_FOREIGN = re.compile(
    r"\b(?:fcy|fc|dc|doc\.? ?curr?\.?|(?:foreign|document|transaction|original|invoice|vendor)"
    r" (?:currency|ccy|curr)|foreign)(?=\W|$)|\bfremdwährung\b|\bbelegwährung\b|\bdevise\b"
)
_IN = re.compile(r"[(\[]\W*[)\]]|\b(?:in|en|em)\b|[()\[\]]", re.IGNORECASE)


@dataclass(frozen=True)
class StatedColumn:
    """A column's amounts for all items of a sheet, None for none; ``kinds`` are NET, GROSS or both.

    ``currency`` is what its header names: a code, LOCAL for that of the books, FOREIGN for that of
    the document, "" for none.
    """

    sheet: str
    header: str
    table: int
    column: int
    kinds: tuple[str, ...]
    currency: str
    with_tax: bool  # says nothing of lines that have tax in them, or a tax that Light works out
    values: list[Decimal | None]
    part: BillPart | None = None  # of the bill, where it is not the amount that the template reads


def stated_columns(reader: ColumnReader, sheet: str = LINE_ITEMS) -> Iterator[StatedColumn]:
    """The columns beside those that the template reads which state an amount of line or bill."""
    ignored = set(map(header_key, reader.template.ignore_columns))
    parameters = reader.template.parameters.values()
    choices = {header_key(text) for p in parameters for text in p.one_of or ()}
    start = 0
    for table in reader.tables:
        end = start + len(table.positions)
        used = set(table.fields.values())
        read_names = {header_key(table.header.headers[c]) for c in used}
        reads_open = any(part_of(header) is BillPart.OPEN for header in _headers_of_amounts(table))
        for column, header in enumerate(table.header.headers):
            if column in used or header_key(header) in ignored:
                continue
            kinds, currency, with_tax = _kinds(header)
            if not kinds and _is_total_of_lines(header, table):
                kinds = (GROSS,)
            part, is_amount = part_of(header), header_key(header) in _AMOUNT
            if header_key(header) in choices:
                kinds, part = (), BillPart.CHOICE
            elif reads_open:
                part = BillPart.BILLED if kinds or is_amount else None
            elif is_amount and not kinds and header_key(header) not in read_names:
                part = BillPart.OTHER
            is_local_open = currency == LOCAL and part_of(header) is BillPart.OPEN
            if not kinds and part is None and not is_local_open:
                continue
            values: list[Decimal | None] = [None] * len(reader.row)
            values[start:end] = stated_values(table, column, reader.template)
            name = header.strip()
            place = table.index, column
            yield StatedColumn(sheet, name, *place, kinds, currency, with_tax, values, part)
        start = end


def _is_total_of_lines(header: str, table: BoundTable) -> bool:
    """Whether the header is that of a total beside the columns of the lines: Lines/Total."""
    prefix, slash, name = header.strip().rpartition("/")
    if not slash or header_key(name) not in _TOTALS:
        return False
    headers = table.header.headers
    return any(headers[c].strip().startswith(f"{prefix}/") for c in table.fields.values())


def _headers_of_amounts(table: BoundTable) -> Iterator[str]:
    """The headers of the columns that a bill's or line's amount is read from."""
    for (_, name), column in table.fields.items():
        if name in ("amount", "netAmount"):
            yield table.header.headers[column]


def _kinds(header: str) -> tuple[tuple[str, ...], str, bool]:
    """What the column states, the currency that its header names, whether it is a total."""
    name = header.rpartition("/")[2]
    currency = currency_of_header(name)
    rest = re.sub(rf"(?i:{currency})|[£€$₹]" if currency else r"[£€$₹]", " ", name)
    for word, pattern in ((LOCAL, _LOCAL), (FOREIGN, _FOREIGN)):
        if not currency and (match := pattern.search(rest.casefold())):
            currency = word
            rest = rest[: match.start()] + rest[match.end() :]
    key = header_key(_IN.sub(" ", rest)).replace(".", "")
    is_code = currency not in ("", LOCAL, FOREIGN)
    if key in _EITHER or (currency and key in _AMOUNT) or (is_code and not key):
        return (NET, GROSS), currency, False
    if key in _TOTALS and name == header:
        return (NET, GROSS), currency, True
    return (NET,) * (key in _NET) + (GROSS,) * (key in _GROSS), currency, False


def stated_values(table: BoundTable, column: int, template: Template) -> list[Decimal | None]:
    """The amount in each cell of a column; None where there is none."""
    texts = tidied(table.arrow(column)).to_pylist()
    kinds = table.kinds(column)
    typed = np.zeros(len(texts), dtype=bool) if kinds is None else kinds == CellKind.NUMBER
    pairs = list(zip(texts, typed.tolist(), strict=True))
    different = set(pairs)
    style: Numbers | None = None
    if template.formats.numbers == "auto":
        style, _, _ = numbers_of(text for text, number in different if not number)
    else:
        style = Numbers(template.formats.numbers)

    def read(text: str, number: bool) -> Decimal | None:
        if not text or (style is None and not number):
            return None
        value = read_number_cell(text) if number else read_decimal(text, style or Numbers.POINT)
        return None if isinstance(value, UnreadableAmount) else value

    by_text = {pair: read(*pair) for pair in different}
    return [by_text[pair] for pair in pairs]
