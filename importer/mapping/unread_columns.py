"""Columns that no field is mapped from and that matter by their name or values.

A currency, a type or state, a discount, freight, rounding, a tax or an unread credit column
makes the bills wrong without a word. What each means for the bills is judged by validation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core.column_letters import column_letters
from importer.core.header_claims import is_text_header
from importer.core.money import MINUS, tidy
from importer.core.no_bill_words import NO_BILL
from importer.core.text_column import check_distinct
from importer.mapping import unread_words as terms
from importer.mapping.bind_table import BoundTable
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.dispositions import bare_word
from importer.mapping.headers import RESULT_COLUMNS, accepted_headers
from importer.mapping.paid_columns import is_payment_date, paid_test
from importer.mapping.stated_constants import (
    BASIS_HEADERS,
    CURRENCY_HEADERS,
    currency_of,
    includes_tax,
)
from importer.mapping.template_model import DISPOSING, STATE, TYPE, Template
from importer.model.fields import header_key


class UnreadKind(StrEnum):
    """What a column says by its name."""

    CURRENCY = "currency"
    STATE = "state"  # its values say void, draft or credit
    TYPE = "type"  # it is called type or status, and its values are no usual ones
    CREDIT = "credit"  # amounts or marks of credits
    RATE = "rate"  # exchange rates: another currency than that of the books
    DISCOUNT = "discount"
    CHARGE = "charge"  # freight, rounding and the like
    DEDUCTION = "deduction"  # retention, tax withheld, a deposit: less is due than was billed
    TAX = "tax"
    REMARK = "remark"  # says that a row is a credit note, or void
    QUANTITY = "quantity"  # beside a price that is read as the amount
    PAID = "paid"  # says that a bill is paid
    TAX_BASIS = "tax basis"  # whether amounts include tax


@dataclass(frozen=True)
class UnreadColumn:
    """``items`` are the rows whose value matters, by their place in the reader; with ``texts``."""

    kind: UnreadKind
    table: int
    column: int
    header: str
    items: np.ndarray
    texts: list[str]


def unread_columns(reader: ColumnReader) -> list[UnreadColumn]:
    """Those of all tables, without columns of which the template says that nobody needs them.

    Canonical sheets have none: each of their unknown columns is reported as such.
    """
    if reader.template.unknown_columns == "warn":
        return []
    return [column for t in reader.tables for column in _of_table(reader, t)]


def _of_table(reader: ColumnReader, t: BoundTable) -> Iterator[UnreadColumn]:
    used = _used_columns(t, reader.template)
    headers = t.table.headers
    used_headers = {header_key(headers[c]) for c in used if c < len(headers)}
    reads = [
        name
        for name in DISPOSING
        if (e := reader.template.bills.get(name)) is not None
        and any(t.header.column_of(names) is not None for names, _ in e.columns())
    ]
    start = int(np.flatnonzero(reader.table == t.index)[:1].sum())
    states_target = any(name == "status" for _, name in t.fields)  # of which one may be paid
    reads_price = any(
        name in ("amount", "netAmount") and _words(headers[c]) & terms.PRICE_WORDS
        for (_, name), c in t.fields.items()
    )
    for c, header in enumerate(headers):
        key = header_key(header)
        if c in used or (key and key in used_headers):
            continue
        texts = t.arrow(c)
        quantity: _Tests = [(UnreadKind.QUANTITY, _is_other_rate)]
        by_price = reads_price and _words(header) & terms.QUANTITY_WORDS
        values = _few_values(texts)
        of_values = _tests_of_values(header, values)
        tests = [*(quantity if by_price else ()), *_tests(header, reads), *of_values]
        if is_text_header(header) and pc.any(pc.match_substring_regex(texts, NO_BILL)).as_py():
            tests.append((UnreadKind.REMARK, _is_no_bill_remark))
        if not states_target and (is_paid := paid_test(header, values)):
            tests.append((UnreadKind.PAID, is_paid))
        reported = np.zeros(len(texts), dtype=bool)
        for kind, test in tests:
            if reported.any() and kind not in (UnreadKind.STATE, UnreadKind.TYPE):
                continue
            at = np.flatnonzero(check_distinct(texts, test) & ~reported)
            if not len(at):
                continue
            if kind is UnreadKind.STATE and check_distinct(texts, _is_unfinished).all():
                continue  # a file of nothing but drafts: what is to be loaded
            if kind is UnreadKind.PAID and len(at) == len(texts) and is_payment_date(header):
                continue  # a ledger of payments
            name = header.strip() or f"column {column_letters(c)}"
            yield UnreadColumn(kind, t.index, c, name, start + at, texts.take(at).to_pylist())
            if kind is not UnreadKind.STATE:
                break
            reported[at] = True  # of the other rows it may say something else


def _used_columns(t: BoundTable, template: Template) -> set[int]:
    source = template.source
    names = [*template.key_columns, *source.fill_down, *template.ignore_columns]
    names += [test.column for test in source.ignore_rows]
    names += [source.stop_at.column] if source.stop_at else []
    names += [source.groups.column, source.groups.name] if source.groups else []
    if total := source.control_total:
        names += [total.amount, *total.blank, *([total.where.column] if total.where else [])]
    used = set(t.fields.values())
    for name in names:
        used |= set(t.header.columns_of(accepted_headers(template, name)))
    used |= {c for c, header in enumerate(t.table.headers) if header in RESULT_COLUMNS}
    return used


# --- what a header says ---------------------------------------------------------------------------


def _words(header: str) -> set[str]:
    texts = (header, terms.CAMEL.sub(" ", header))  # TaxAmount is two words, MwSt is one
    return {word.casefold() for text in texts for word in terms.WORD.findall(text)}


_ZEROS = frozenset("0.,-/: ")  # 00.00.0000, 0000000000


def _is_amount(text: str) -> bool:
    return terms.AMOUNT.fullmatch(text) is not None and re.search("[1-9]", text) is not None


def _is_flag(text: str) -> bool:
    word = tidy(text).casefold()
    return word not in terms.NO and not _ZEROS.issuperset(word)


def _is_yes(text: str) -> bool:
    return tidy(text).casefold() in terms.YES


def _is_not(text: str) -> bool:
    return tidy(text).casefold() in terms.NOT


def _is_no_bill(text: str) -> bool:
    return bare_word(text) in terms.NO_BILL_VALUES


def _is_no_bill_remark(text: str) -> bool:
    return terms.REMARK.search(text) is not None


def _is_unfinished(text: str) -> bool:
    return bare_word(text) in terms.DRAFTS or _is_not(text)


def _is_unusual(text: str) -> bool:
    word = bare_word(text)
    return bool(word) and word not in terms.USUAL


def _is_other_document(text: str) -> bool:
    return bare_word(text) in terms.OTHER_DOCUMENTS


def _is_credit_mark(text: str) -> bool:
    return bare_word(text) in terms.CREDIT_MARKS


def _is_given(text: str) -> bool:
    return bool(tidy(text))


def _is_money(text: str) -> bool:
    return _is_amount(text) and terms.DECIMALS.search(text) is not None


def _is_other_rate(text: str) -> bool:
    return _is_amount(text) and not terms.ONE.fullmatch(text)


def _mark(text: str) -> str:
    """A mark of a debit or credit, without its full stop; ``−`` is a minus."""
    return tidy(text).translate(MINUS).rstrip(".").casefold()


def money_kind(header: str, texts: Iterable[str]) -> UnreadKind | None:
    """The kind of an unread column of money: a discount, charge, deduction or tax, with amounts;
    or of rates of which some are not 1."""
    texts = list(texts)
    kinds = (UnreadKind.DISCOUNT, UnreadKind.CHARGE, UnreadKind.DEDUCTION, UnreadKind.TAX,
             UnreadKind.RATE)  # fmt: skip
    return next(
        (
            kind
            for kind, test in _tests(header, DISPOSING)
            if kind in kinds and any(map(test, texts))
        ),
        None,
    )


def separates_rows(header: str, values: Sequence[str]) -> bool:
    """Whether an unread column says that some of its rows are no bills, or that they are paid.
    ``values`` are its distinct ones."""
    few = values if len(values) <= terms.MOST_MARKS else []
    kinds = (UnreadKind.STATE, UnreadKind.TYPE, UnreadKind.CREDIT)
    tests = [test for kind, test in (*_tests(header, ()), *_tests_of_values(header, few))
             if kind in kinds and test is not _is_amount]  # fmt: skip
    if is_paid := paid_test(header, few):
        tests.append(is_paid)
    return any(test(text) for test in tests for text in values)


def _few_values(texts: pa.LargeStringArray) -> list[str]:
    """The distinct values of a column; none where they are too many for states or marks."""
    if len(pc.unique(texts.slice(0, 200))) > terms.MOST_MARKS:
        return []
    values: list[str] = pc.unique(texts).to_pylist()
    return values if len(values) <= terms.MOST_MARKS else []


def _tests_of_values(header: str, values: Sequence[str]) -> _Tests:
    """The kind of a column that has nothing but marks of debits and credits, or nothing but types
    or states of which some are no bills; whatever it is called. ``values`` are its distinct ones,
    if they are few."""
    given = [text for text in values if tidy(text)]
    if not given:
        return
    if {tidy(text) for text in given} <= terms.MAJOR:
        yield UnreadKind.CURRENCY, _is_given
        return
    marks = {_mark(text) for text in given}
    if marks == {"cr"} or any(
        marks == {credit, debit} for credit, debit in terms.DEBIT_MARKS.items()
    ):
        yield UnreadKind.CREDIT, lambda text: _mark(text) in terms.DEBIT_MARKS
        return
    name = "".join(terms.WORD.findall(header)).casefold()
    if name in terms.POSTING_KEYS and all(
        terms.POSTING_KEY.fullmatch(tidy(text)) for text in given
    ):
        yield UnreadKind.CREDIT, lambda text: tidy(text).startswith("2")
    words = {bare_word(text) for text in given}
    if words & terms.SAP_BILLS and (of_sap := words & (terms.SAP_CREDITS | terms.SAP_PAYMENTS)):
        yield UnreadKind.STATE, lambda text: bare_word(text) in of_sap
    no_bill = words & (terms.NO_BILL_VALUES | terms.SHORT_TYPES)
    if words & terms.BILLS and (others := words & terms.OTHER_DOCUMENTS):
        yield UnreadKind.TYPE, lambda text: bare_word(text) in others
    remark = words and words <= terms.VOID and len(given) < len(values)  # in some rows
    if remark and not _words(header) & terms.OF_OTHERS:
        yield UnreadKind.TYPE, lambda text: bare_word(text) in terms.VOID
    if no_bill and words > no_bill and words - no_bill <= terms.USUAL:
        yield UnreadKind.STATE, lambda text: bare_word(text) in no_bill
    elif words & terms.CREDIT_NOTES and not is_text_header(header):
        yield UnreadKind.STATE, lambda text: bare_word(text) in terms.CREDIT_NOTES


_Tests = Iterable[tuple[UnreadKind, Callable[[str], bool]]]


def _tests(header: str, reads: Collection[str]) -> _Tests:
    """The kinds that a header may be of, each with the test of the values that matter.

    ``reads``: of type and state those that the template reads from another column.
    """
    words, key = _words(header), "".join(terms.WORD.findall(header)).casefold()
    if words & terms.TYPE_WORDS and words & terms.OF_DOCUMENTS - terms.TYPE_WORDS:
        words -= terms.CODE_WORDS  # INVOICE_TYPE_LOOKUP_CODE
    parts = {word.casefold() for word in terms.WORD.findall(terms.CAMEL.sub(" ", header))}
    if key in CURRENCY_HEADERS:
        yield UnreadKind.CURRENCY, _is_given
    elif words & terms.CURRENCY_WORDS:
        yield UnreadKind.CURRENCY, lambda text: currency_of(text) is not None
    if key in BASIS_HEADERS:
        yield UnreadKind.TAX_BASIS, lambda text: includes_tax(text) is not None
    of_voiding = {word for word in parts if terms.VOID_STEM.match(word)}
    if key in terms.FLAGS or (of_voiding and parts - of_voiding <= terms.OF_FLAGS):
        yield UnreadKind.STATE, _is_flag
    doubts = bool(parts & terms.BLOCK_WORDS and parts & terms.OF_BLOCKS - terms.OF_FLAGS)
    doubts |= bool(parts & terms.DOUBT_WORDS)
    if key in terms.DOUBT_FLAGS or (
        doubts and parts <= terms.DOUBT_WORDS | terms.BLOCK_WORDS | terms.OF_BLOCKS
    ):
        yield UnreadKind.TYPE, _is_flag
    if key in terms.DONE_FLAGS:
        yield UnreadKind.STATE, _is_not
    if key in terms.LIVE_FLAGS:
        yield UnreadKind.TYPE, _is_not
    if words & terms.APPROVALS and not words & terms.OF_OTHERS:
        yield UnreadKind.STATE, _is_no_bill
    if key in terms.RATE_KEYS:
        yield UnreadKind.RATE, _is_other_rate
    if words & terms.STATE_WORDS and not words & terms.OF_OTHERS:
        yield UnreadKind.STATE, _is_no_bill
        yield UnreadKind.STATE, lambda text: bare_word(text) in terms.SHORT_TYPES
    of_document = (
        bool(words & terms.STATE_WORDS - terms.OF_DOCUMENTS)
        and words <= terms.STATE_WORDS | terms.OF_DOCUMENTS
    )
    what = TYPE if words & terms.TYPE_WORDS else STATE
    if key in terms.BY_NAME or of_document:
        yield UnreadKind.TYPE, _is_other_document if what in reads else _is_unusual
    if key in terms.CREDIT_KEYS:
        yield UnreadKind.STATE, _is_yes
        yield UnreadKind.CREDIT, _is_amount
    if key in terms.MARK_KEYS:
        yield UnreadKind.CREDIT, _is_credit_mark
    if key in terms.SIGN_KEYS:
        yield UnreadKind.CREDIT, lambda text: _mark(text) == "-"
    phrase = terms.CAMEL.sub(" ", header).replace("_", " ").casefold()
    is_rate = "%" in header and not terms.AT_RATE.search(header)  # "VAT %", not "VAT 20%"
    if terms.DEDUCTIONS.search(phrase) and not words & terms.NO_DEDUCTION and not is_rate:
        yield UnreadKind.DEDUCTION, _is_amount
    if words & terms.NO_AMOUNT or (is_rate and not words & terms.DISCOUNT_WORDS):
        return
    if words & terms.DISCOUNT_WORDS:
        yield UnreadKind.DISCOUNT, _is_amount
    if words & terms.CHARGE_WORDS or terms.CHARGES.search(phrase):
        yield UnreadKind.CHARGE, _is_amount
    if key in terms.CHARGE_KEYS or phrase.strip() == "p&p":
        yield UnreadKind.CHARGE, _is_money
    if words & terms.TAX_WORDS:
        yield UnreadKind.TAX, _is_amount
