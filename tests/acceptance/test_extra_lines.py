"""Columns of the whole bill that become line items: rounding, freight, an adjustment."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import VENDORS, Ended

from importer.sandbox import Sandbox

TEMPLATE = f"""
template: mine
layout: flat
formats: {{dates: [YYYY-MM-DD], numbers: point, amounts: decimal}}
group_by: [Number]
bills:
  vendorId: {{value: {VENDORS[0]}}}
  invoiceNumber: {{column: Number}}
  issuedDate: {{column: Date}}
  currency: {{value: GBP}}
  amount: {{column: Total}}
line_items:
  netAmount: {{column: Net}}
extra_lines:
  - {{netAmount: {{column: Rounding}}, description: {{value: Rounding}}}}
  - {{netAmount: {{column: Freight, optional: true}}, description: {{value: Freight}}}}
"""
ROWS = """\
Number,Date,Net,Rounding,Freight,Total
A1,2025-05-31,21.23,-0.01,5.00,36.22
A1,2025-05-31,10.00,-0.01,5.00,36.22
A2,2025-05-31,7.00,0.00,,7.00
A3,2025-05-31,8.00,,2.00,10.00
"""
Load = Callable[..., Ended]


def files(folder: Path, rows: str = ROWS, template: str = TEMPLATE) -> list[str]:
    (folder / "l.csv").write_text(rows, encoding="utf-8")
    (folder / "mine.yaml").write_text(template, encoding="utf-8")
    return [str(folder / "l.csv"), "--template", str(folder / "mine.yaml")]


def sent(sandbox: Sandbox) -> dict[str, list[int]]:
    return {
        bill["invoiceNumber"]: [line["netAmount"] for line in bill["lineItems"]]
        for bill in sandbox.bills()
    }


def test_columns_of_the_bill_become_lines_once(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    told = load(sandbox.base_url, *files(tmp_path))
    assert (told.code, told.json["bills"]) == (0, {"total": 3, "created": 3})
    assert sent(sandbox) == {"A1": [2123, 1000, -1, 500], "A2": [700], "A3": [800, 200]}
    assert told.json["line_items"]["created"] == 7
    again = load(sandbox.base_url, *files(tmp_path))
    assert again.json["bills"] == {"total": 3, "already_loaded": 3}
    workbook = openpyxl.load_workbook(told.json["result"])
    assert workbook.sheetnames[:2] == ["Summary", "Bills"]
    same = load(sandbox.base_url, told.json["result"])
    assert (same.code, same.json["bills"]) == (0, {"total": 3, "already_loaded": 3})
    assert len(sandbox.bills()) == 3


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_result_shows_beside_a_row_the_amounts_of_its_own_line(
    load: Load, sandbox: Sandbox, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"out.{ending}"
    assert load(sandbox.base_url, *files(tmp_path), "--result", str(path)).code == 0
    if ending == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = list(csv.reader(file))
    else:
        header, *rows = openpyxl.load_workbook(path)["Line items"].iter_rows(values_only=True)
    net = [row[header.index("net_money")] for row in rows[:4]]
    assert [float(amount) for amount in net] == [21.23, 10, 7, 8]


def test_extra_lines_stand_beside_products(load: Load, sandbox: Sandbox, tmp_path: Path) -> None:
    rows = "Number,Date,Quantity,Price,Rounding,Total\nA1,2025-05-31,3,1.50,0.01,4.51\n"
    template = TEMPLATE.replace("{column: Net}", "{product: [Quantity, Price]}")
    assert load(sandbox.base_url, *files(tmp_path, rows, template)).code == 0
    assert sent(sandbox) == {"A1": [450, 1]}


def test_amount_of_the_bill_must_agree_on_its_rows(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = ROWS.replace("10.00,-0.01,5.00,36", "10.00,0.02,5.00,36")
    told = load(sandbox.base_url, *files(tmp_path, rows))
    assert [(f["code"], f["column"]) for f in told.json["findings"]] == [
        ("bills.amount.disagrees", "Rounding")
    ]
    assert sandbox.bills() == []


TWO_SHEETS = f"""
template: mine
layout: two_sheets
formats: {{dates: [YYYY-MM-DD], numbers: point, amounts: decimal}}
bills:
  billRef: {{column: Ref, optional: true}}
  vendorId: {{value: {VENDORS[0]}}}
  invoiceNumber: {{column: Number}}
  state: {{column: State, optional: true, take: [Open], pass_over: [Void]}}
  issuedDate: {{column: Date}}
  currency: {{value: GBP}}
  amount: {{column: Total}}
line_items:
  %s
  netAmount: {{column: Net}}
extra_lines:
  - {{netAmount: {{column: Freight}}, description: {{value: Freight}}}}
  - {{netAmount: {{column: Retention, negate: true}}, description: {{value: Retention}}}}
"""
OF_BILLS = """\
Ref,Number,State,Date,Freight,Retention,Total
1,A1,%s,2025-05-31,5.00,,36.23
2,A2,Open,2025-05-31,,0.70,6.30
3,A3,Open,2025-05-31,0.00,0,8.00
"""


@pytest.mark.parametrize("state", ["Open", "Void"])
@pytest.mark.parametrize(
    ("joined", "header", "column", "references"),
    [
        ("billRef: {column: Ref}", "Ref", "Ref", "123"),
        ("invoiceNumber: {column: Number}", "Number", "Ref", ["A1", "A2", "A3"]),
        ("billRef: {column: Number}", "Number", "-", ["A1", "A2", "A3"]),
    ],
)
def test_columns_of_a_sheet_of_bills_become_lines(
    load: Load,
    sandbox: Sandbox,
    tmp_path: Path,
    state: str,
    joined: str,
    header: str,
    column: str,
    references: list[str],
) -> None:
    first, second, third = references
    (tmp_path / "bills.csv").write_text(OF_BILLS.replace("Ref", column) % state, encoding="utf-8")
    (tmp_path / "lines.csv").write_text(
        f"{header},Net\n{first},21.23\n{second},7.00\n{first},10.00\n{third},8.00\n",
        encoding="utf-8",
    )
    (tmp_path / "mine.yaml").write_text(TWO_SHEETS % joined, encoding="utf-8")
    files = [*map(str, (tmp_path / "bills.csv", tmp_path / "lines.csv"))]
    files += ["--template", str(tmp_path / "mine.yaml")]
    run = load(sandbox.base_url, *files)
    loaded = {"A1": [2123, 1000, 500], "A2": [700, -70], "A3": [800]}
    if state == "Void":
        del loaded["A1"]
    assert (run.code, run.json["bills"]["created"]) == (0, len(loaded))
    assert sent(sandbox) == loaded
    assert run.json["line_items"]["created"] == sum(map(len, loaded.values()))
    same = load(sandbox.base_url, run.json["result"])
    assert (same.code, same.json["bills"].get("created", 0)) == (0, 0)
    assert same.json["bills"]["already_loaded"] == len(loaded)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("[{description: {value: Freight}}]", "each of extra_lines needs netAmount, or amount"),
        ("[{netAmount: {column: A}, tax: {value: x}}]", "there is no field line_items.tax"),
        ("[{netAmount: {product: [A, B]}}]", "no products or sums"),
    ],
)
def test_mistake_in_extra_lines_is_a_sentence(
    command: Callable[..., Any], tmp_path: Path, lines: str, why: str
) -> None:
    template = TEMPLATE.partition("extra_lines:")[0] + f"extra_lines: {lines}\n"
    told = command("validate", *files(tmp_path, template=template))
    assert (told.code, why in (told.out + told.err)) == (2, True)
