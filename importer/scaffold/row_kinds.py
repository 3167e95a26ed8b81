"""Which rows are bills, credit notes or neither, by a column of types and one of states."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from importer.mapping.dispositions import USUAL_STATES, bare_word
from importer.mapping.paid_columns import paid_test
from importer.mapping.unread_columns import separates_rows
from importer.scaffold.column_profiles import ColumnProfile
from importer.scaffold.header_names import header_letters
from importer.scaffold.layout_inference import Table
from importer.scaffold.template_writer import Draft, column_name, quoted

_TYPE_HEADERS = frozenset(
    "type documenttype doctype transactiontype vouchertype invoicetype billtype entrytype art"
    " belegart dokumenttyp typ tipo tipodocumento typededocument typepièce soort bilagstype"
    " purchasestatus".split()
)
_STATE_HEADERS = frozenset(
    "status billstatus invoicestatus documentstatus paymentstatus transactionstatus state statut"
    " estado stato zustand".split()
)
_FLAG_HEADERS = frozenset(
    "open paid void voided reversed cancelled canceled deleted storno annulé isreturn".split()
)
_MOST_SHOWN = 8
_MOST_VALUES = 20  # of a column that sorts rows into kinds


def _words(text: str) -> frozenset[str]:
    return frozenset(map(bare_word, text.replace("\n", " ").split(",")))


_BILLS = _words(
    """bill, bills, invoice, invoices, purchase invoice, supplier invoice, vendor invoice, vendor
    bill, ap invoice, standard invoice, standard, invoice standard, accpay, pi, inv, in_invoice,
    rechnung, eingangsrechnung, inngående faktura, indgående faktura, leverantörsfaktura,
    leverandørfaktura, inkoopfactuur, fattura passiva, factura de compra, facture, facture
    fournisseur, factura, fattura, factuur, faktura, fatura"""
)
_CREDITS = _words(
    """credit note, credit notes, credit, credits, credit memo, vendor credit, supplier credit, bill
    credit note, bill credit, ap credit note, ap credit memo, purchase credit note, purchase credit
    memo, supplier credit note, vendor credit note, vendor credit memo, debit note, purchase return,
    accpaycredit, pc, crn, cn, in_refund, refund, gutschrift, avoir, nota de crédito, abono, nota di
    credito, nota credito, creditnota, kreditnota, kreditnote"""
)
_NEITHER = re.compile(
    r"payment|cheque|check|expense|transfer|deposit|journal|purchase order|sales|customer|receipt"
    r"|quote|estimate|zahlung|paiement|règlement|pago|pagamento|betaling|betalning",
    re.IGNORECASE,
)
_NOT_OWED = _words(
    """void, voided, deleted, draft, cancelled, canceled, cancel, rejected, pending approval,
    awaiting approval, storniert, entwurf, annulé, brouillon, anulado, borrador, annullato, bozza"""
)
_OWED = frozenset(map(bare_word, USUAL_STATES))


@dataclass(frozen=True)
class _Kinds:
    """The values of a column: those of bills, of credit notes, of neither, and the unknown ones."""

    bills: list[str]
    credits: list[str]
    passed_over: list[str]
    unknown: list[str]


def draft_row_kinds(draft: Draft, table: Table) -> None:
    """Draft the type and the state of rows, with a question for values whose sense is not known."""
    of_types = _columns(table, _TYPE_HEADERS)
    of_states = _columns(table, _STATE_HEADERS)
    for column in of_types[:1]:
        kinds = _sorted(column, _BILLS, _CREDITS)
        if not (kinds.bills or kinds.credits):
            _question(draft, table, column, "type")
            continue
        pairs = [f"{quoted(text)}: bill" for text in kinds.bills]
        pairs += [f"{quoted(text)}: credit note" for text in kinds.credits]
        value = f"map: {{{', '.join(pairs)}}}" + _listed("pass_over", kinds.passed_over)
        _add(draft, table, column, "type", value, kinds)
    for column in of_states[:1]:
        kinds = _sorted(column, _OWED, frozenset())
        if not kinds.bills:
            _question(draft, table, column, "state")
            continue
        value = _listed("take", kinds.bills) + _listed("pass_over", kinds.passed_over)
        _add(draft, table, column, "state", value.removeprefix(", "), kinds)
    for column in (*of_types[1:], *of_states[1:], *_columns(table, _FLAG_HEADERS)):
        _question(draft, table, column, "type or state")
    asked = {c.index for c in (*of_types, *of_states, *_columns(table, _FLAG_HEADERS))}
    asked |= {c.index for c in table.fields.values()}
    for column in table.columns:
        blanks = [""] if column.filled_rows < len(table) else []
        if column.index not in asked and separates_rows(column.header, column.filled + blanks):
            _question(draft, table, column, "type or state")


def rows_of_no_bill(table: Table) -> set[int]:
    """The rows that the drafted type leaves out: payments and the like."""
    for column in _columns(table, _TYPE_HEADERS)[:1]:
        kinds = _sorted(column, _BILLS, _CREDITS)
        if kinds.bills or kinds.credits:
            return {i for i, text in enumerate(column.texts) if text in kinds.passed_over}
    return set()


def _columns(table: Table, headers: frozenset[str]) -> list[ColumnProfile]:
    taken = {c.index for c in table.fields.values()}
    return [
        c
        for c in table.columns
        if header_letters(c.header) in headers
        and c.index not in taken
        and 0 < len(c.filled) <= _MOST_VALUES
        and not (c.dates or c.decimals)
    ]


def _sorted(column: ColumnProfile, bills: frozenset[str], notes: frozenset[str]) -> _Kinds:
    kinds = _Kinds([], [], [], [])
    for text in column.filled:
        word = bare_word(text)
        if word in bills:
            kinds.bills.append(text)
        elif word in notes:
            kinds.credits.append(text)
        elif word in _NOT_OWED or (notes and _NEITHER.search(text)):
            kinds.passed_over.append(text)
        else:
            kinds.unknown.append(text)
    return kinds


def _listed(key: str, texts: list[str]) -> str:
    return f", {key}: [{', '.join(map(quoted, texts))}]" if texts else ""


def _add(
    draft: Draft, table: Table, column: ColumnProfile, field: str, value: str, kinds: _Kinds
) -> None:
    counts = Counter(filter(None, column.texts))
    name = quoted(column_name(table.columns, column))
    note = ", ".join(f"{counts[text]} '{text[:30]}'" for text in column.filled[:6])
    draft.add("bills", field, f"{{column: {name}, {value}}}", note)
    if kinds.passed_over:
        rows = [i for i, text in enumerate(column.texts) if text in kinds.passed_over]
        shown = ", ".join(f"'{text[:30]}'" for text in kinds.passed_over)
        draft.todo(
            "bills",
            f"rows whose '{column.header}' is {shown} are taken for no bills, and left out"
            f" ({table.rows(rows)}).",
        )
    if kinds.unknown:
        rows = [i for i, text in enumerate(column.texts) if text in kinds.unknown]
        shown = ", ".join(f"'{text[:30]}'" for text in kinds.unknown)
        where = "map, or under pass_over" if field == "type" else "take, or under pass_over"
        draft.todo(
            "bills",
            f"the meaning of {shown} in '{column.header}' is unclear ({table.rows(rows)}): write it"
            f" under {where}; until then such rows are errors.",
        )


def _question(draft: Draft, table: Table, column: ColumnProfile, field: str) -> None:
    """A question for a column of kinds whose values are all unknown, or all of no bills."""
    some = column.filled[:_MOST_SHOWN]
    shown = ", ".join(f"'{' '.join(text.split())[:30]}'" for text in some)
    shown += " …" if len(some) < len(column.filled) else ""
    name = quoted(column_name(table.columns, column))
    is_paid = paid_test(column.header, column.filled) or (lambda _: False)
    if rows := [i for i, text in enumerate(column.texts) if text and is_paid(text)]:
        draft.todo(
            "source",
            f"'{column.header}' has {shown} ({table.rows(rows)}), as of bills that are paid: where"
            f" these are not to be paid again, remove their rows, or write bills.state:"
            f" {{column: {name}, …}} with these values under pass_over (see docs/templates.md).",
        )
        return
    draft.todo(
        "source",
        f"'{column.header}' has {shown}: where some of these are no bills to load (credit notes,"
        f" payments, void ones), say so with bills.{field.partition(' ')[0]}: {{column: {name}, …}}"
        " (see docs/templates.md).",
    )
