"""The result as JSON: the summary of ``--json``, the tie-out, and every row of the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from importer.core.atomic_write import atomic_write
from importer.model.report_model import RowResult, TableRow
from importer.model.tables import InputTable, Role, TableKind
from importer.report.build_report import Report
from importer.report.finding_index import FindingIndex
from importer.report.json_summary import json_text, summary_json
from importer.report.outcomes import RowOutcomes
from importer.report.result_columns import cell_texts, source_columns
from importer.report.row_index import RowIndex
from importer.report.row_messages import row_message
from importer.report.tie_out import Sums, TieOut, compute_tie_out

_BLOCK_ROWS = 2_048


def write_json(report: Report, path: Path) -> None:
    """One object: that of ``summary_json`` with ``continues``, ``tie_out`` and ``rows``.

    Amounts are integer cents. Findings and rows are written one by one: the memory does not grow
    with them.
    """
    currencies = compute_tie_out(report.bills, report.summary.totals)
    head: dict[str, Any] = {
        **summary_json(report.summary, (), report.lines_in_light),
        "continues": report.summary.continues or None,
        "tie_out": [
            {
                "currency": each.name,
                **_tie_out(each),
                "vendors": [{**_vendor(v), **_tie_out(v)} for v in each.vendors],
            }
            for each in currencies
        ],
    }
    # Lone surrogates cannot be written as UTF-8; JSON has its own way to write them.
    with (
        atomic_write(path) as unfinished,
        unfinished.open("w", encoding="utf-8", errors="backslashreplace") as file,
    ):
        for text in json_text(head, report.findings):
            file.write(text.removesuffix("\n}"))  # which only the last ends with
        file.write(',\n  "rows": [')
        for n, row in enumerate(_rows(report)):
            file.write(",\n    " if n else "\n    ")
            file.write(json.dumps(row, ensure_ascii=False))
        file.write("\n  ]\n}\n")


def _rows(report: Report) -> Iterator[dict[str, object]]:
    """In the order of the file, the bills before the line items."""
    findings = cache(partial(FindingIndex, report))  # only where a row has no message of its own

    def finding_list(place: TableRow) -> str:
        return findings().message(place)

    tables = sorted(enumerate(report.tables), key=lambda t: t[1].kind is not TableKind.BILLS)
    for t, table in tables:
        outcomes: RowOutcomes[Any] = report.line_items
        if table.kind is TableKind.BILLS:
            outcomes = report.bills
        results, columns = RowIndex(outcomes, t), source_columns(table)
        start, end = table.header + 1, len(table.source.rows)
        for first in range(start, end, _BLOCK_ROWS):
            block = slice(first, min(first + _BLOCK_ROWS, end))
            rows = [int(row) for row in table.source.rows[block]]
            roles = table.roles[block.start - start : block.stop - start]
            texts = [list(table.source.columns[c][block]) for c in columns]
            of_rows = results.results(results.items_at(rows))
            for k, (row, role, result) in enumerate(zip(rows, roles, of_rows, strict=True)):
                reason = table.reasons.get(row, "")
                message = row_message(role, result, partial(finding_list, (t, row)), reason)
                # Pairs, as a header may be there twice.
                cells = [[table.headers[c], texts[n][k]] for n, c in enumerate(columns)]
                yield _row(table, row, role, result, message, cells)


def _row(
    table: InputTable,
    row: int,
    role: Role,
    result: RowResult | None,
    message: str,
    cells: list[list[str]],
) -> dict[str, object]:
    added = cell_texts(table.kind, row, role, result, message)
    amounts = result.amounts if result else None
    return {
        "file": table.source.file,
        "sheet": table.source.sheet,
        "kind": table.kind.value,
        **{name: text or None for name, text in added.items()},
        "attempts": result.attempts if result else 0,
        "source_row": row,
        "gross": amounts.gross if amounts else None,
        "net": amounts.net if amounts else None,
        "tax": amounts.tax if amounts else None,
        "currency": (amounts.currency if amounts else None) or None,
        "cells": cells,
    }


def _vendor(vendor: TieOut) -> dict[str, object]:
    """Light's vendor, with what was typed; without a number where Light's list was not read."""
    return {
        "vendor": vendor.name,
        "number": vendor.number or None,
        "typed": list(vendor.written),
    }


def _tie_out(each: TieOut) -> dict[str, object]:
    return {
        "sheet": _sums(each.sheet),
        "created": _sums(each.created) if each.has_light_amount else None,
        "read_back": _sums(each.read) if each.verified else None,
        "difference": each.difference if each.has_difference else None,
    }


def _sums(sums: Sums) -> dict[str, int | None]:
    return {
        "bills": sums.bills,
        "gross": sums.gross,
        "net": sums.net,
        "tax": sums.tax,
        "unreadable": sums.unreadable,
    }
