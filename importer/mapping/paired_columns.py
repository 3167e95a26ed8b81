"""Columns whose values each belong to one vendor or account, and the rows where they do not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa

from importer.core.counted_nouns import count
from importer.mapping.bind_table import BoundTable
from importer.mapping.canonical_columns import ColumnReader
from importer.mapping.slip_finding import slipped
from importer.mapping.text_cleanup import blank, tidied
from importer.model.fields import BILLS, LINE_ITEMS
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding

_SAMPLE, _MOST = 2000, 50_000  # rows that show whether two columns belong together; compared
_FEWEST, _MOST_BROKEN = 4, 0.2  # owners that repeat, each with one value; those with several
_SHARED = 0.8  # of as many owners, the different values
_SCATTERED = 3  # values of one owner where all others have one
_MOST_ONCE = 12  # odd rows that may be two exchanged ones
_SMALL = 200  # rows of a file that is looked at more closely
_LONG, _SELDOM = 3, 0.34  # rows filled down; the share of rows like the one above elsewhere
_AMOUNT = re.compile(r"[\s£$€(+-]*[0-9][0-9.,' ]*[)%\s-]*")
# Vendors of one group share these.
_ADDRESS = re.compile(
    r"post|zip|plz|city|town|addr|street|county|region|countr|state|site|ort\b|stadt|stra|land|ville"
    r"|adress|código postal|cap\b|phone|fax|telefon|poste?nr|by\b",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"\A\W*([^\W\d_]{2,})")


@dataclass(frozen=True)
class _Pair:
    """A column of owners (vendors, accounts) and one beside it, a value of each for every item."""

    table: BoundTable
    owner: int  # columns
    other: int
    owners: list[str]
    values: list[str]
    of_number: bool  # the values are the letters that invoice numbers begin with


def paired_columns(reader: ColumnReader) -> Iterator[Finding]:
    """A warning for each column of a flat file that says of some rows that they are another
    vendor's, or another account's: its number, its mail address, the letters of its invoices.

    It does where nearly every vendor that has several bills has one value of its own there.
    """
    bill_of = reader.line_bill
    start = 0
    for t in reader.tables:
        end = start + len(t.positions)
        bills = np.arange(start, end) if bill_of is None else bill_of[start:end]
        slips = []
        for pair, at in _pairs(t, bills):
            if _belong(pair.owners, pair.values):
                yield from _contradictions(pair, at, start)
            elif counts := _moved_by_a_row(pair):
                slips.append((pair, counts))
        if slips:
            yield _slipped(*slips[0])
        start = end


def _pairs(t: BoundTable, bills: np.ndarray) -> Iterator[tuple[_Pair, np.ndarray]]:
    """The columns that may belong together, with the rows that are compared: of vendors one of
    each bill."""
    _, firsts = np.unique(bills, return_index=True)
    number, read = _column(t, BILLS, "invoiceNumber"), set(t.fields.values())
    for sheet, name, at in (
        (BILLS, "vendor", np.sort(firsts)[:_MOST]),
        (LINE_ITEMS, "account", np.arange(len(bills))[:_MOST]),
    ):
        owner = _column(t, sheet, name)
        if owner is None or len(at) < 2 * _FEWEST:
            continue
        owners = _texts(t, owner, at)
        for other, header in enumerate(t.table.headers):
            if other in read or _ADDRESS.search(header):
                continue
            some = [text for text in _texts(t, other, at[:_SAMPLE]) if text]
            if len(set(some)) >= _FEWEST and all(map(_is_word, some[:50])):
                yield _Pair(t, owner, other, owners, _texts(t, other, at), False), at
        if number is not None and sheet == BILLS:
            begins = [_prefix(text) for text in _texts(t, number, at)]
            yield _Pair(t, owner, number, owners, begins, True), at


def _column(t: BoundTable, sheet: str, name: str) -> int | None:
    """The column of a field; of several that stand in for each other the one that is fuller."""
    columns = [c for (of, n), c in t.fields.items() if of == sheet and n.partition("*")[0] == name]
    return max(columns, key=lambda c: int((~blank(t.arrow(c))).sum()), default=None)


def _texts(t: BoundTable, column: int, at: np.ndarray) -> list[str]:
    texts: list[str] = tidied(t.arrow(column).take(pa.array(at))).to_pylist()
    return texts


def _prefix(number: str) -> str:
    match = _PREFIX.match(number)
    return match[1] if match else ""


def _is_word(text: str) -> bool:
    return bool(text) and (_AMOUNT.fullmatch(text) is None or text.isdigit())


def _moved_by_a_row(pair: _Pair) -> tuple[int, int] | None:
    """How many different pairs there are, as they are and moved by a row, where the later half
    belongs together when it is moved; None where it does not. A small file is looked at as a whole,
    moved from one of several rows on."""
    size = len(pair.owners)
    is_small = size <= _SMALL
    for start in (size // 2, *((size * n // 12 for n in range(9)) if is_small else ())):
        first = 0 if is_small else start
        owners, values = pair.owners[first:], pair.values[first:]
        for one, other in (
            (_without(owners, start - first), values[:-1]),
            (owners[:-1], _without(values, start - first)),
        ):
            if _belong(one, other):
                as_is, moved = (
                    len({each for each in zip(*both, strict=True) if all(each)})
                    for both in ((owners, values), (one, other))
                )
                if moved < as_is:
                    return as_is, moved
    return None


def _without(texts: list[str], at: int) -> list[str]:
    return texts[:at] + texts[at + 1 :]


def _slipped(pair: _Pair, counts: tuple[int, int]) -> Finding:
    t = pair.table
    one, other = (t.table.headers[c].strip() for c in (pair.owner, pair.other))
    cell = t.cell(len(t.positions) // 2, pair.other)
    return slipped(cell, one, other, as_is=counts[0], moved=counts[1])


def _belong(owners: list[str], values: list[str]) -> bool:
    """Whether each owner that repeats has one value, which is no other's, but for a few."""
    sample = list(zip(owners[:_SAMPLE], values[:_SAMPLE], strict=True))
    given = [(owner, value) for owner, value in sample if owner and value]
    if len(given) < 2 * _FEWEST:
        return False
    values_of = defaultdict[str, Counter[str]](Counter)
    for owner, value in given:
        values_of[owner][value] += 1
    repeating = [each for each in values_of.values() if each.total() > 1]
    constant = [
        value for each in repeating for value, n in each.most_common(1) if 2 * n > each.total()
    ]
    broken = len(repeating) - len(constant)
    return (
        len(constant) >= _FEWEST
        and broken <= max(1, _MOST_BROKEN * len(repeating))
        and len(set(constant)) >= _SHARED * len(constant)
        and len(set(constant)) >= _FEWEST
    )


def _contradictions(pair: _Pair, at: np.ndarray, start: int) -> Iterator[Finding]:
    """One for all rows that have the value of another owner, or an owner with many values."""
    owners_of, values_of = (defaultdict[str, Counter[str]](Counter) for _ in range(2))
    for owner, value in zip(pair.owners, pair.values, strict=True):
        if owner and value:
            owners_of[value][owner] += 1
            values_of[owner][value] += 1
    scattered = {owner for owner, values in values_of.items() if len(values) >= _SCATTERED}
    if pair.of_number or any(len(values_of[o]) > 1 for o in values_of.keys() - scattered):
        scattered = set()  # several have two, too
    if len(scattered) > 1:
        scattered = set()
    whose = dict[int, str]()  # of each odd row the owner that its value is usually beside, or ""
    usual_values = list[str]()
    for i, (owner, value) in enumerate(zip(pair.owners, pair.values, strict=True)):
        usual_values.append("")
        if not (owner and value):
            continue
        (expected, most), *_ = values_of[owner].most_common(1)
        (usual, others), *_ = owners_of[value].most_common(1)
        usual_values[-1] = expected
        if value != expected and usual != owner and others > owners_of[value][owner] and most > 1:
            whose[i] = usual
        elif owner in scattered and value != expected:
            whose[i] = ""
    usual_at = {i: usual_values[i] for i in whose}
    runs = [*_filled_down(pair.owners, whose, whose), *_filled_down(pair.values, whose, usual_at)]
    runs = [rows for rows in runs if any(whose[i] for i in rows)]
    runs = runs or [rows for owner in scattered for rows in _long_run(pair, owner)]
    filled = [rows for rows in runs if _paired_elsewhere(pair, rows, values_of, owners_of)]
    odd = sorted({i for rows in filled for i in rows}) or _swapped(pair, whose)
    odd = odd or _exchanged(pair, values_of, owners_of)
    if not odd:
        return
    first, t = odd[0], pair.table
    value = pair.values[first]
    what = f"numbers that begin with '{value}'" if pair.of_number else f"'{value}'"
    yield finding(
        "sheet.columns.unpaired",
        t.cell(int(at[first]), pair.owner),
        pair.owners[first],
        lines=tuple((start + at[odd]).tolist()),
        column=t.table.headers[pair.other].strip(),
        what=what,
        whose=f"of '{whose[first]}' in other rows"
        if whose.get(first)
        else "one of several beside it",
        rows=count(len(odd), "row"),
    )


def _filled_down(
    texts: list[str], whose: Mapping[int, str], expected: Mapping[int, str]
) -> Iterator[list[int]]:
    """Odd rows that repeat the text of the row above them which is not odd: all rows of that
    text in a row, or the last of them where the expected text goes on below."""
    given = [i for i, text in enumerate(texts) if text]
    end = len(given)
    while end:
        last = given[end - 1]
        start = end - 1
        while start and texts[given[start - 1]] == texts[last]:
            start -= 1
        odd = end
        while odd > start and given[odd - 1] in whose:
            odd -= 1
        rows = given[odd:end]
        below = texts[given[end]] if end < len(given) else None
        goes_on = odd == start + 1 or all(expected[i] == below for i in rows)
        if start < odd < end and goes_on:
            yield rows
        end = start


def _long_run(pair: _Pair, owner: str) -> Iterator[list[int]]:
    """The rows of an owner below each other that have other values than the first of them, in a
    small file whose rows are not sorted by owner and are mostly of others."""
    owners, values, size = pair.owners, pair.values, len(pair.owners)
    start = owners.index(owner)
    end = next((i for i in range(start, size) if owners[i] != owner), size)
    rows = [i for i in range(start, end) if values[i] and values[i] != values[start]]
    others = [i for i in range(1, size) if not start < i < end]
    seldom = _SELDOM * len(others)
    if (
        size <= _SMALL
        and len({values[i] for i in rows}) >= _LONG
        and sum(owners[i] == owners[i - 1] for i in others) <= seldom
        and sum(owners[i] == owner for i in others) <= seldom
    ):
        yield rows


def _paired_elsewhere(
    pair: _Pair,
    rows: list[int],
    values_of: Mapping[str, Counter[str]],
    owners_of: Mapping[str, Counter[str]],
) -> bool:
    """Whether in all other rows each owner of these has one value, and each value one owner."""
    in_rows = Counter((pair.owners[i], pair.values[i]) for i in rows)
    owners, values = map(set, zip(*in_rows, strict=True))
    return all(
        sum(n > in_rows[owner, value] for value, n in values_of[owner].items()) <= 1
        for owner in owners
    ) and all(
        sum(n > in_rows[owner, value] for owner, n in owners_of[value].items()) <= 1
        for value in values
    )


def _exchanged(
    pair: _Pair, values_of: Mapping[str, Counter[str]], owners_of: Mapping[str, Counter[str]]
) -> list[int]:
    """The two rows that have each other's owner: with theirs each owner of the file has one value,
    and each value one owner."""
    edges = {(owner, value) for owner, values in values_of.items() for value in values}
    once = [
        i
        for i, (owner, value) in enumerate(zip(pair.owners, pair.values, strict=True))
        if owner and value and values_of[owner][value] == 1
        and (len(values_of[owner]) > 1 or len(owners_of[value]) > 1)
    ]  # fmt: skip
    for one, other in combinations(once, 2) if len(once) <= _MOST_ONCE else ():
        owners, values = ((of[one], of[other]) for of in (pair.owners, pair.values))
        restored = edges - set(zip(owners, values, strict=True))
        restored |= set(zip(reversed(owners), values, strict=True))
        if len(restored) < len(edges) and all(
            len({edge[side] for edge in restored}) == len(restored) for side in (0, 1)
        ):
            return [one, other]
    return []


def _swapped(pair: _Pair, whose: Mapping[int, str]) -> list[int]:
    """The two odd rows of the file that each have what belongs to the other."""
    if len(whose) != 2:
        return []
    one, other = whose
    crossed = whose[one] == pair.owners[other] and whose[other] == pair.owners[one]
    return [one, other] if crossed else []
