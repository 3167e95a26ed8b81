"""One bill, or one of its line items, as Light has it."""

from __future__ import annotations

import time
from dataclasses import replace

from importer.app.destination import light_at
from importer.app.events import SILENT, Listener
from importer.app.export_light import Exported, ExportOptions, export
from importer.app.stop import run_to_end
from importer.core.cell_parsers import parse_uuid
from importer.core.errors import LightRefused, UsageProblem
from importer.core.safe_text import visible
from importer.light.credentials import DEFAULT_BASE_URL
from importer.light.list_pages import line_of_record, line_record
from importer.model.light_lists import BILLS
from importer.model.light_objects import LightBill
from importer.report.export_columns import DocumentNames, ExportedDocument, document_table
from importer.report.export_files import objects


def export_bill(options: ExportOptions, bill_id: str, listener: Listener = SILENT) -> Exported:
    """The bill with its lines, and what Light calls the things in it; written where ``options``
    name a file. Raises UsageProblem where Light has no such bill."""
    terms = (f"id:eq:{_id(bill_id)}",)
    out = export(replace(options, kind=BILLS, filters=terms, show=True), listener=listener)
    if not out.records:
        raise UsageProblem(f"Light has no bill with the id {bill_id}. Copy the id from Light.")
    return out


def export_line(
    options: ExportOptions, bill_id: str, line_id: str, listener: Listener = SILENT
) -> Exported:
    """The line item, with one request and that for the company. Raises UsageProblem where Light has
    no such line."""
    began = time.monotonic()
    bill_id, line_id = _id(bill_id), _id(line_id)
    destination = light_at(options.base_url or DEFAULT_BASE_URL, options.pace)

    async def read() -> Exported:
        async with destination.connect(options.pace, listener) as (client, limiter):
            company = await client.company()
            try:
                record = await line_record(client, bill_id, line_id)
            except LightRefused as refused:
                if refused.status != 404:
                    raise
                raise UsageProblem(
                    f"Light has no line item {line_id} of the bill {bill_id}."
                    f" 'light-import export bill {bill_id}' shows those it has."
                ) from None
            out = Exported("line", company.name, destination.base_url, 0, 1)
            bill = LightBill(bill_id, "", lines=(line_of_record(record),))
            table = document_table(lambda: [ExportedDocument(bill)], DocumentNames())
            [line] = next(objects(table))["lineItems"]
            del line["lineNumber"]  # which only the bill tells
            out.shown, out.requests = [line], limiter.requests
            return out

    out = run_to_end(read(), "Stopped.")
    out.seconds = time.monotonic() - began
    return out


def _id(text: str) -> str:
    value, problem = parse_uuid(text.strip())
    if problem:
        raise UsageProblem(f"'{visible(text)}' is not a Light id; a Light id is a UUID.")
    return str(value)
