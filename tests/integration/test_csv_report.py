"""The CSV result, against what the findings and the outcomes say one by one."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from bill_sheets import LEDGER, bill, book, checked, csv_file, finding_cells, grid, line, template
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from ledger_mapping import MAPPING

from importer.core.safe_text import visible
from importer.model.finding import Finding, Severity
from importer.model.journal_states import BillOutcome, JournalEntry, State, Status
from importer.model.report_model import RunSummary
from importer.report.build_report import Report, build_report
from importer.report.csv_cells import escape_formula
from importer.report.csv_report import write_csv
from importer.report.row_messages import ANOTHER_ROW
from importer.validation.checked_bills import Checked

TEXT = st.sampled_from(
    [
        "Paper",
        "=1+1",
        "-5",
        "+x",
        "'a",
        'say "so"',
        "a,b",
        "é",
        "",
        "#N/A",
        "@x",
        "é,=",
        "-1,5",
        '="a",b',
        "two\nlines",
        " =1",
        "\u00a0=1",
        "＝1",
        "١",
        "-1.5.",
        "~",
        '"',
        "\u2066a\x07",
        " ",
    ]
)
LEAST = "-9223372036854775808"  # the least amount, of which there is no positive one
AMOUNT = st.sampled_from(
    ["10000", "-5", "0", "12,x", "", "9223372036854775807", LEAST, "7", "-100"]
)
REF = st.sampled_from(["B1", "B2", "X9", ""])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("columns")


MOMENT = datetime(2025, 1, 1, tzinfo=UTC)


SUMMARY = RunSummary("validate", None, None, None, "light", (), MOMENT, {}, {}, {}, ())


def report_of(of: Checked, outcomes: Mapping[int, BillOutcome]) -> Report:
    return build_report(of, outcomes, SUMMARY)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bills=st.lists(st.tuples(REF, TEXT, AMOUNT), min_size=1, max_size=8),
    lines=st.lists(st.tuples(REF, TEXT, AMOUNT), min_size=1, max_size=12),
)
@example(bills=[("B1", "", LEAST)], lines=[("B1", "", LEAST)])
def test_each_row_has_its_texts_status_message_and_amounts(
    folder: Path, bills: list[tuple[str, str, str]], lines: list[tuple[str, str, str]]
) -> None:
    of_bills = [bill(billRef=r, description=t, amount=a) for r, t, a in bills]
    of_lines = [line(billRef=r, description=t, netAmount=a) for r, t, a in lines]
    of = checked(
        [
            csv_file(folder / "bills.csv", grid(of_bills)),
            csv_file(folder / "lines.csv", grid(of_lines)),
        ]
    )
    report = report_of(of, {})
    write_csv(report, folder / "result.csv", block_rows=2)
    rows = rows_of(folder / "result.csv")
    assert as_the_csv_module_writes(rows) == (folder / "result.csv").read_bytes()
    results = [b.result for b in report.bills] + list(report.line_items)
    for row, result, text in zip(rows, results, [t for _, t, _ in [*bills, *lines]], strict=True):
        message = result.message or (ANOTHER_ROW if result.status is Status.INVALID else "")
        assert row["description"] == escape_formula(text)
        assert row["import_status"] == result.status.value
        assert row["import_message"] == escape_formula(message)
        assert row["source_row"] == str(result.row)
        assert result.amounts is not None
        for name, cents in (
            ("gross_money", result.amounts.gross),
            ("net_money", result.amounts.net),
            ("tax_money", result.amounts.tax),
        ):
            assert row[name] == ("" if cents is None else f"{Decimal(cents) / 100:.2f}")
    assert [b.result.message for b in report.bills] == _messages_of_bills(of)
    expected = _messages_of_lines(of)
    assert [message for message in expected if message] == [
        r.message for r, own in zip(report.line_items, expected, strict=True) if own
    ]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def as_the_csv_module_writes(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


GROUPED = """
template: mine
layout: flat
source:
  header: {find: [Date, Number]}
  groups: {column: $A, name: Supplier}
  ignore_rows: [{column: Number, equals: void}]
""" + MAPPING.lstrip()
REPORT = [
    ["Unpaid bills"],
    [],
    ["", "Date", "Number", "Amount"],
    ["Acme"],
    ["", "01/03/2025", "void", "5.00"],
    ["", "01/03/2025", "A1", "10.00"],
    ["", "02/03/2025", "A2", "-20.50"],
    ["Total for Acme", "", "", "30.50"],
    ["Beta"],
    ["", "02/03/2025", "B1", "30,50"],
    ["", "03/03/2025", "B2", "7.00"],
    ["Total for Beta", "", "", "8.00"],
    ["TOTAL", "", "", "61.00"],
]
CREATED = JournalEntry(
    id=1,
    identity='["e", "c", "v"]',
    content="{}",
    state=State.CREATED,
    attempts=2,
    first_sent=None,
    last_sent=None,
    settled=MOMENT,
    light_id="L1",
    light_state="DRAFT",
    light_amount=1000,
    line_ids=("l1",),
)


@pytest.mark.parametrize(
    "outcomes", [{}, {1: BillOutcome(Status.CREATED, CREATED)}], ids=["checked", "one is in Light"]
)
def test_rows_that_are_no_bill_have_their_own_messages(
    folder: Path, outcomes: Mapping[int, BillOutcome]
) -> None:
    """Totals that differ, one after the other, a row that is left out, and bills between them."""
    first = csv_file(folder / "report.csv", [["", "Date", "Number", "Amount"], ["C", "x"]])
    second = book(folder / "report.xlsx", {"March": REPORT})
    of = checked([first, second], template(folder, GROUPED))
    assert {8, 12, 13} <= {f.cell.row for f in of.findings}
    report = report_of(of, outcomes)
    files = []
    for block_rows in (1, 3, 100):
        files.append(folder / f"by-{block_rows}.csv")
        write_csv(report, files[-1], block_rows)
    assert len({file.read_bytes() for file in files}) == 1
    rows = {int(row["source_row"]): row for row in rows_of(files[0]) if row["source_sheet"]}
    assert as_the_csv_module_writes(rows_of(files[0])) == files[0].read_bytes()
    in_light = ("L1", "l1") if outcomes else ("", "")
    ids = [(rows[n]["light_bill_id"], rows[n]["light_line_item_id"]) for n in (6, 7, 8)]
    assert ids == [in_light, ("", ""), ("", "")]
    assert "void" in rows[5]["import_message"]
    for n, name in ((8, "Acme"), (12, "Beta")):
        message = rows[n]["import_message"]
        assert message.startswith(f"The total of '{name}' is")
        assert message.count(". ") == 0, "the next row's message is not in this one"


def test_former_ids_stay_with_rows_that_were_not_sent(folder: Path) -> None:
    files = [csv_file(folder / "f.csv", grid([bill(), bill(billRef="B2", invoiceNumber="2")]))]
    files.append(csv_file(folder / "g.csv", grid([line(), line(billRef="B2")])))
    outcomes = {0: BillOutcome(Status.CREATED, CREATED)}
    ids = {(0, 2): "old", (0, 3): "kept", (1, 2): "old", (1, 3): "of the line"}
    report = build_report(checked(files), outcomes, SUMMARY, former_ids=ids)
    write_csv(report, folder / "former.csv")
    rows = rows_of(folder / "former.csv")
    assert [row["light_bill_id"] for row in rows] == ["L1", "kept", "L1", "of the line"]
    assert [row["light_line_item_id"] for row in rows] == ["", "", "l1", ""]


def test_a_finding_without_a_column_is_not_led_by_one(folder: Path) -> None:
    text = GROUPED.replace("{column: Amount}", "{product: [Number, Amount]}")
    rows = [["", "Date", "Number", "Amount"], ["Acme"], ["", "01/03/2025", "3", "-1.00"]]
    of = checked([csv_file(folder / "product.csv", rows)], template(folder, text))
    assert [f.cell.column for f in of.findings] == [None]
    [result] = report_of(of, {}).bills
    assert [result.result.message] == _messages_of_bills(of) == [of.findings[0].message]


def test_a_cell_of_bill_and_line_item_has_each_problem_once(folder: Path) -> None:
    text = LEDGER.replace("{sum_of_lines: gross}", "{column: Net}")
    text = text.replace("netAmount", "amount")
    text = text.replace("  currency", "  lineItemsIncludeTax: {value: true}\n  currency")
    rows = [["Number", "Net"], ["1", "1.000"], ["1", "x"], ["2", "y"], ["3", "2.000"]]
    of = checked([csv_file(folder / "once.csv", rows)], template(folder, text))
    assert finding_cells(of) == [
        ("line_items.amount.ambiguous", 2, "Net"),
        ("line_items.amount.not_amount", 3, "Net"),
        ("line_items.amount.not_amount", 4, "Net"),
    ]
    first, second, third = report_of(of, {}).bills
    unclear = f"Net: {of.findings[0].message}"
    assert [bill.result.message for bill in (first, second, third)] == _messages_of_bills(of)
    assert first.result.message.startswith(f"{unclear} line item in row 3, Net: 'x'")
    assert second.result.message == "Net: 'y' cannot be read as an amount: it is not a number."
    assert third.result.message == f"row 2, {unclear}"
    assert not list(of.valid_bills())


def test_bills_come_before_line_items_in_any_order_of_files(folder: Path) -> None:
    lines, bills = grid([line()]), grid([bill(), bill(billRef="")])
    of = checked([csv_file(folder / "l.csv", lines), csv_file(folder / "b.csv", bills)])
    write_csv(report_of(of, {}), folder / "result.csv")
    rows = rows_of(folder / "result.csv")
    assert list(rows[0])[:2] == ["billRef", "vendorId"]
    assert [Path(row["source_file"]).name for row in rows] == ["b.csv", "b.csv", "l.csv"]


def _messages_of_bills(of: Checked) -> list[str]:
    """Finding by finding, as plainly as can be."""
    out: list[list[str]] = [[] for _ in range(of.bills.size)]
    mapped = of.mapped.bills
    for f in of.findings:
        of_line = {int(of.line_bill[line]) for line in f.lines} - {-1} - set(f.bills)
        for i in (*f.bills, *(of_line if f.severity is Severity.ERROR else ())):
            own = (int(mapped.table[i]), int(mapped.row[i])) == (f.cell.table, f.cell.row)
            place = "" if own or f.cell.row is None else f"row {f.cell.row}"
            single = len(f.lines) == 1 and place and i in of_line
            out[i].append(_sentence(f, f"line item in {place}" if single else place))
    return [_message(each) for each in out]


def _messages_of_lines(of: Checked) -> list[str]:
    own = [[_sentence(f, "") for f in of.findings if i in f.lines] for i in range(of.lines.size)]
    return [_message(each) for each in own]


def _sentence(f: Finding, place: str) -> str:
    where = ", ".join(filter(None, (place, (f.cell.column or "").strip())))
    return visible(f"{where}: {f.message}" if where else f.message)


def _message(each: list[str]) -> str:
    return " ".join(each[:5]) + (f" And {len(each) - 5} more." if len(each) > 5 else "")
