"""Warnings about the invoice numbers of bills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from importer.mapping.map_tables import MappedTables
from importer.model.fields import BILLS
from importer.validation.column import ParsedTable
from importer.validation.finding_batch import FindingBatch, cell_findings


def number_warnings(
    mapped: MappedTables, bills: ParsedTable, ending: str, words: Mapping[int, dict[str, Any]]
) -> FindingBatch:
    """One for each of the bills, by index, with the words that its sentence needs."""
    number = bills["invoiceNumber"]
    return cell_findings(
        mapped,
        BILLS,
        "invoiceNumber",
        f"bills.invoiceNumber.{ending}",
        np.asarray(sorted(words), dtype=np.int64),
        value=lambda i: str(number.at(i)),
        template_args=words.__getitem__,
    )
