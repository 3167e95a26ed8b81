"""Draft how values are written: dates, decimal mark, units of money."""

from __future__ import annotations

import re
from collections.abc import Sequence

from importer.core.header_claims import thousands, thousands_in_title
from importer.core.money import Numbers
from importer.scaffold import layout_inference as at
from importer.scaffold.column_profiles import ColumnProfile, date_style
from importer.scaffold.layout_inference import AMOUNTS, Table, day_and_month, day_format
from importer.scaffold.sum_proofs import amount_columns, number_style
from importer.scaffold.template_writer import Draft, listed, quoted


def draft_formats(draft: Draft, tables: Sequence[Table]) -> Numbers:
    """Write the formats; the decimal mark, a point where nothing proves it."""
    _dates(draft, tables)
    money = [c for t in tables for target in (*AMOUNTS, at.EACH) if (c := t.get(target))]
    money = money or [c for t in tables for c in amount_columns(t)]
    units = [c for t in tables if (c := t.get(at.UNITS))]
    numbers = number_style([*money, *units])
    if numbers.both:
        draft.add("formats", "numbers", "auto")
        draft.todo(
            "numbers", "some columns have a decimal point, others a comma; each is read by itself."
        )
    else:
        why = (
            "" if numbers.mark else "nothing proves the decimal mark; read by itself in each column"
        )
        draft.add("formats", "numbers", numbers.mark.value if numbers.mark else "auto", why)
    _units_of_money(draft, tables, money)
    return numbers.mark or Numbers.POINT


def _dates(draft: Draft, tables: Sequence[Table]) -> None:
    dated = [c for t in tables for target in (at.ISSUED, at.DUE) if (c := t.get(target))]
    stated = [day_format(c) for c in dated]
    styles = [date_style(c) for c in dated if not day_and_month(c) and not day_format(c)]
    formats = list(dict.fromkeys([*filter(None, stated), *(f for s in styles for f in s.formats)]))
    doubtful = [style for style in styles if style.both]
    if doubtful and not formats:
        style = doubtful[0]
        draft.add("formats", "dates", "auto")
        which = (
            "some with the day first and some with the month first" if style.mixed else "either way"
        )
        draft.todo(
            "dates",
            f"the dates can be read {which} ({listed(style.both)})",
            "dates",
            "; write [DD/MM/YYYY] or [MM/DD/YYYY], with their own signs, in place of auto.",
        )
        draft.date_orders = _orders(style.both[0])
    elif formats:
        proof = next((s.proof for s in styles if s.proof), "")
        note = f"proven by {quoted(proof)}" if proof else ""
        draft.add("formats", "dates", f"[{', '.join(formats)}]", note)
    else:
        draft.add("formats", "dates", "auto")
    for column, form in zip(dated, stated, strict=True):
        if form == "serial":
            draft.todo(
                "dates",
                f"'{column.header}' has numbers ({listed(column.examples)}), read as Excel's day"
                " numbers; delete serial where they are something else.",
            )


def _orders(text: str) -> list[tuple[str, str]]:
    """The two formats that a date may have, as ``03/04/2025``, with what they make of it."""
    parts = re.match(r"([0-9]+)([^0-9])([0-9]+)([^0-9])([0-9]+)", text)
    if parts is None:
        return []
    first, sign, second, _, year = parts.groups()
    end = f"{sign}{'YY' if len(year) == 2 else 'YYYY'}"
    return [
        (f"[DD{sign}MM{end}]", f"day first: {text} is day {int(first)} of month {int(second)}"),
        (f"[MM{sign}DD{end}]", f"month first: {text} is day {int(second)} of month {int(first)}"),
    ]


def _units_of_money(draft: Draft, tables: Sequence[Table], money: Sequence[ColumnProfile]) -> None:
    where, words = next(
        ((f"'{c.header}'", text) for c in money if (text := thousands(c.header_with_unit))),
        ("", ""),
    )
    if not words:
        titles = [title for t in tables for title in t.titles()]
        where, words = next(
            (("the title", text) for title in titles if (text := thousands_in_title(title))),
            ("", ""),
        )
    if words:
        draft.add("formats", "amounts", "TODO")
        draft.todo(
            "amounts",
            f"{where} says '{words}', so that the amounts are thousands or millions and rounded."
            " Export them in full; write decimal only if they are full amounts all the same.",
            "amounts",
        )
        return
    if number_style(money).decimals or not money:
        draft.add("formats", "amounts", "decimal", "major units, as 1234.56")
        return
    example = next((text for c in money for text in c.filled), "100000")
    draft.add("formats", "amounts", "TODO")
    draft.todo(
        "amounts",
        f"no amount has decimals (the first is {example})",
        "amounts",
        f": write cents where {example} is that many cents, decimal where it is whole pounds,"
        " euros …",
    )
