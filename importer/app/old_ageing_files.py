"""The ageing reports of the old system that ``--ageing`` names: reading them, and what differs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from importer.app.check_request import CheckRequest
from importer.core.currencies import EXPONENTS
from importer.core.errors import UsageProblem
from importer.mapping.old_ageing import read_old_ageing
from importer.readers import read_file
from importer.report.ageing_report import ageing_differences
from importer.validation.checked_bills import Checked
from importer.validation.finding_batch import Findings

PREFIX = "control.old_ageing."  # of the codes of its findings


def take_old_ageing(request: CheckRequest, checked: Checked) -> None:
    """Read the reports into ``checked``, with what is wrong with their cells; one that is not
    understood in full is not compared. UsageProblem where one is no such report."""
    if checked.ageing is None:
        raise UsageProblem("--ageing: say of which day the report is, as in --as-of 2025-03-31.")
    column = checked.bills["currency"]
    currencies = sorted({str(code) for code in column.values_at(np.flatnonzero(column.ok))})
    units = checked.mapped.template.formats.cents_per_unit
    reports = []
    for file in request.ageing:
        if file.currency and file.currency not in EXPONENTS:
            raise UsageProblem(f"--ageing {file.currency}={file.path}: there is no such currency.")
        tables = [
            replace(table, file=file.path) for table in read_file(Path(file.copy or file.path))
        ]
        read = read_old_ageing(tables, checked.ageing[0], file.currency, currencies, units)
        checked.add_findings(read.findings)
        if not read.gaps:
            reports.append(read.report)
    file_of: dict[str, str] = {}
    for report in reports:
        for currency in {each.currency for each in report.vendors}:
            if (other := file_of.setdefault(currency, report.file)) != report.file:
                raise UsageProblem(
                    f"--ageing: {other} and {report.file} both have amounts in {currency}. Give one"
                    " report for a currency."
                )
    checked.old_ageing = tuple(reports)


def compare_old_ageing(checked: Checked) -> None:
    """Add what differs between the reports and the sheet. Call once the vendors are resolved."""
    if checked.old_ageing:
        checked.add_findings(ageing_differences(checked))


def without_old_ageing(findings: Findings) -> Findings:
    return Findings(part for part in findings.parts if not part.code.startswith(PREFIX))
