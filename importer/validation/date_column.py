"""How the dates of a whole column are written, decided from all of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from importer.core import dates
from importer.core.cell_parsers import date_parser, date_time_parser
from importer.core.dates import Order, stated_order
from importer.core.text_column import take
from importer.mapping.text_cleanup import tidied as tidied_texts
from importer.model.fields import FieldKind
from importer.model.finding import Finding
from importer.model.finding_catalogue import finding
from importer.model.tables import CellKind
from importer.validation import vector_parsers
from importer.validation.cells import Cells, Reader, distinct, is_in
from importer.validation.column_evidence import Proofs, only_way
from importer.validation.column_findings import column_finding, contradiction, rows_of
from importer.validation.date_order import other_order
from importer.validation.sheet_column import SheetColumn, code_of


def decide_dates(column: SheetColumn) -> list[Finding]:
    """Day first or month first, for each column of the file, with what the others prove."""
    formats = list(column.mapped.template.formats.dates)
    tidied = tidied_texts(column.texts)
    groups = column.mapped.groups(column.sheet, column.name)
    make = date_parser if column.field.kind is FieldKind.DATE else date_time_parser
    column.formats = np.full(len(tidied), ", ".join(formats), dtype=object)
    findings, readers = list[Finding](), list[Reader]()
    for k, group in enumerate(groups):
        order: Order | None = None
        if not formats:
            proofs = column.evidence.fields[column.place][k]
            order, of_order = _order(column, proofs, tidied)
            column.formats[group] = order or ""
            findings += of_order
        readers.append((group, make(formats, order)))
        findings += _likelier_order(column, group, tidied, stated_order(formats) or order)
        findings += _doubtful_date_cells(column, group, tidied)
        findings += _year_first_dates(column, group, tidied)
        if column.field.kind is FieldKind.DATE:
            findings += _shifted_dates(column, group, tidied, dates.reader(formats, order))
    column.parse = lambda texts: Cells(texts, lambda _: readers)
    return findings


def _likelier_order(
    column: SheetColumn, group: np.ndarray, tidied: pa.LargeStringArray, order: Order | None
) -> list[Finding]:
    """A warning that the dates are likelier in the other order of day and month."""
    if order is None or column.field.kind is not FieldKind.DATE:
        return []
    written = group[~column.of_kind(CellKind.DATE)[group]]
    if not len(written) or (doubt := other_order(take(tidied, written), order)) is None:
        return []
    first = int(written[doubt.at])
    cell = column.mapped.cell(column.sheet, column.name, first)
    return [
        finding(
            code_of(column.sheet, column.name, "other_order"),
            cell,
            column.canonical.text_at(first),
            reading=doubt.reading,
            other=doubt.other,
            order=order,
            other_order=doubt.other_order,
            why=doubt.why,
        )
    ]


def _shifted_dates(
    column: SheetColumn,
    group: np.ndarray,
    tidied: pa.LargeStringArray,
    read_date: Callable[[str], date | None],
) -> list[Finding]:
    """Dates whose time is midnight of a time zone east of here, so that the day is one too early.

    Such times are all alike, or an hour apart where the clocks were changed in between: then those
    of winter may have none.
    """
    timed = group[vector_parsers.matching(take(tidied, group), _HAS_TIME)]
    texts = {text: dates.split_time(text) for text in distinct(take(tidied, timed))}
    times = sorted({moment for _, moment in texts.values() if moment != time()})
    if not times or len(times) > 2 or any(not _may_be_midnight(each) for each in times):
        return []
    first, last = times[0], times[-1]
    if (last.hour - first.hour, last.minute) not in ((0, first.minute), (1, first.minute)):
        return []
    at = timed[is_in(take(tidied, timed), [t for t, (_, of) in texts.items() if of != time()])]
    if len(at) == 1 and first.hour < _EVENING:
        return []
    day = read_date(texts[tidied[int(at[0])].as_py()][0])
    following = "" if day is None else (day + timedelta(days=1)).isoformat()
    words = " and ".join(f"{each:%H:%M}" for each in times)
    return [column_finding(column, "shifted", at, times=words, rows=rows_of(column, at),
                           next_day=following)]  # fmt: skip


_HAS_TIME = r"[0-9]:[0-5][0-9]"
_EVENING = 21  # what a lone time says is a zone's midnight


def _may_be_midnight(moment: time) -> bool:
    """Whether the time may be midnight of a zone as far east as Europe, Asia or Australia."""
    return moment.hour > 12 and moment.second == 0 and moment.minute in (0, 30, 45)


_DAY_BEHIND_YEAR = r"\A[0-9]{4}[-/.](?:1[3-9]|2[0-9]|3[01])[-/.](?:0?[1-9]|1[0-2])(?:\z|[^0-9])"
_MONTH_BEHIND_YEAR = r"\A[0-9]{4}[-/.](?:0?[1-9]|1[0-2])[-/.](?:1[3-9]|2[0-9]|3[01])(?:\z|[^0-9])"
_EITHER_BEHIND_YEAR = r"\A[0-9]{4}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|1[0-2])(?:\z|[^0-9])"


def _year_first_dates(
    column: SheetColumn, group: np.ndarray, tidied: pa.LargeStringArray
) -> list[Finding]:
    """Dates as 2025-04-03 in a column that has 2025-25-03, too: year, day, month."""
    written = group[~column.of_kind(CellKind.DATE)[group]]
    proof = written[vector_parsers.matching(take(tidied, written), _DAY_BEHIND_YEAR)]
    if not len(proof) or any("YYYY-D" in form for form in column.mapped.template.formats.dates):
        return []
    usual = written[vector_parsers.matching(take(tidied, written), _MONTH_BEHIND_YEAR)]
    if len(proof) < 2 or len(usual) > len(proof):
        return []  # a slip of the pen, which is unreadable itself
    either = written[vector_parsers.matching(take(tidied, written), _EITHER_BEHIND_YEAR)]
    parts = (re.split(r"[^0-9]", tidied[i].as_py())[1:3] for i in either.tolist())
    either = either[np.asarray([int(one) != int(other) for one, other in parts], dtype=bool)]
    if not len(either):
        return []
    return [
        column_finding(
            column,
            "mixed_order",
            either,
            day_rows=rows_of(column, proof),
            month_rows=rows_of(column, either),
            undecided="",
        )
    ]


def _order(
    column: SheetColumn, proofs: Proofs, tidied: pa.LargeStringArray
) -> tuple[Order | None, list[Finding]]:
    """The order of a column, or the likeliest, and the dates that are doubtful."""
    others = column.evidence.others(proofs, dates=True)
    by_day, by_month = proofs.of[Order.DAY_FIRST], proofs.of[Order.MONTH_FIRST]
    way = proofs.way or (None if len(by_day) else only_way(others))
    if way is not None:
        return Order(way), contradiction(column, proofs, others, Order)
    texts_of_day, texts_of_month = (len(distinct(take(tidied, at))) for at in (by_day, by_month))
    likeliest = Order.MONTH_FIRST if texts_of_month > texts_of_day else None
    at, problem = proofs.either, "ambiguous"
    if len(by_day):
        minority = by_day if likeliest else by_month
        at, problem = np.sort(np.concatenate([minority, proofs.either])), "mixed_order"
    if not len(at):
        return likeliest, []
    sample = tidied[int(at[0])].as_py()
    of_column = column_finding(
        column,
        problem,
        at,
        day_first=dates.numeric_reading(sample, Order.DAY_FIRST),
        month_first=dates.numeric_reading(sample, Order.MONTH_FIRST),
        day_rows=proofs.rows(Order.DAY_FIRST),
        month_rows=proofs.rows(Order.MONTH_FIRST),
        undecided=f"; {len(proofs.either)} more could be either" if len(proofs.either) else "",
    )
    return likeliest, [of_column]


_FEWEST_ISO = 3  # different dates of each kind that are no chance
_ISO_DAY = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\z"


def _doubtful_date_cells(
    column: SheetColumn, group: np.ndarray, tidied: pa.LargeStringArray
) -> list[Finding]:
    """Dates that Excel may have turned round while it left the impossible ones as text.

    Excel of one country that opens a list of another's takes 03/04/2025 for a date, day and month
    exchanged, and leaves 13/04/2025 as text. Saved as CSV, such dates may be 2025-03-04.
    """
    typed = column.of_kind(CellKind.DATE)[group]
    texts_of_group = take(tidied, group)
    iso = np.zeros(len(group), dtype=bool)
    if pc.any(pc.match_substring(texts_of_group, "-")).as_py():
        iso = vector_parsers.matching(texts_of_group, _ISO_DAY) & ~typed
    typed |= iso
    of_text, of_date = group[~typed], group[typed]
    if not len(of_date):
        return []
    texts = distinct(take(tidied, of_text))
    if iso.any() and min(len(texts), len(distinct(take(tidied, of_date)))) < _FEWEST_ISO:
        return []
    order = dates.order_of(texts)
    doubtful = [int(text[8:10]) <= 12 for text in distinct(take(tidied, of_date))]
    if order.order is None or order.either or not doubtful or not all(doubtful):
        return []
    if not (order.day_first or order.month_first):
        return []
    proof = of_text[is_in(take(tidied, of_text), (*order.day_first, *order.month_first))]
    year, month, day = tidied[int(of_date[0])].as_py()[:10].split("-")
    return [
        column_finding(
            column,
            "mixed_typed",
            of_date,
            text=tidied[int(proof[0])].as_py(),
            text_rows=rows_of(column, proof),
            date_rows=rows_of(column, of_date),
            other=f"{year}-{day}-{month}",
        )
    ]
