"""The result as JSON: the summary of ``--json``, the tie-out, and every row of the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from importer.core.atomic_write import atomic_write
from importer.model.report_model import Report
from importer.report.json_summary import json_text, summary_json
from importer.report.report_rows import Row, added, every_row
from importer.report.tie_out import Sums, TieOut, compute_tie_out
from importer.report.xlsx.result_columns import MONEY


def write_json(report: Report, path: Path) -> None:
    """One object: that of ``summary_json`` with ``continues``, ``tie_out`` and ``rows``.

    Amounts are integer cents. Findings and rows are written one by one: the memory does not grow
    with them.
    """
    head: dict[str, Any] = {
        **summary_json(report.summary, ()),
        "continues": report.summary.continues or None,
        "tie_out": [
            {
                "currency": each.name,
                **_tied(each),
                "vendors": [{"vendor": v.name, **_tied(v)} for v in each.vendors],
            }
            for each in compute_tie_out(report)
        ],
    }
    with atomic_write(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        for text in json_text(head, report.findings):
            file.write(_clean(text.removesuffix("\n}")))  # which only the last ends with
        file.write(',\n  "rows": [')
        for n, row in enumerate(_rows(report)):
            file.write(",\n    " if n else "\n    ")
            file.write(_clean(json.dumps(row, ensure_ascii=False)))
        file.write("\n  ]\n}\n")


def _clean(text: str) -> str:
    # Halves of characters cannot be written as UTF-8; JSON has its own way to write them.
    return text.encode("utf-8", "backslashreplace").decode() if not _whole(text) else text


def _whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _rows(report: Report) -> Iterator[dict[str, object]]:
    for row in every_row(report):
        yield _row(row)


def _row(row: Row) -> dict[str, object]:
    result, source = row.result, row.table.source
    told: dict[str, object] = {
        name: value or None for name, value in added(row).items() if name not in MONEY
    }
    told |= {"attempts": result.attempts if result else 0, "source_row": row.row}
    amounts = result.amounts if result else None
    return {
        "file": source.file,
        "sheet": source.sheet,
        "kind": row.table.kind.value,
        **told,
        "gross": amounts.gross if amounts else None,
        "net": amounts.net if amounts else None,
        "tax": amounts.tax if amounts else None,
        "currency": (amounts.currency if amounts else None) or None,
        # Pairs, as a header may be there twice.
        "cells": [list(pair) for pair in zip(row.headers, row.texts, strict=True)],
    }


def _tied(each: TieOut) -> dict[str, object]:
    return {
        "sheet": _sums(each.sheet),
        "created": _sums(each.created),
        "read_back": _sums(each.read) if each.looked else None,
        "difference": each.difference,
    }


def _sums(sums: Sums) -> dict[str, int | None]:
    return {
        "bills": sums.bills,
        "gross": sums.gross,
        "net": sums.net,
        "tax": sums.tax,
        "unreadable": sums.unreadable,
    }
