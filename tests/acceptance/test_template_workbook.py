"""``template new --workbook``: a workbook to fill in, which then loads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook

from importer.app.data_paths import reference_paths
from importer.mapping.template_loader import load_template, shipped_templates
from importer.model.fields import BILLS, FIELDS, LINE_ITEMS, header_key
from importer.references.directory import names_of
from importer.references.reference_cache import read_cache
from importer.sandbox import Sandbox, SandboxSettings
from importer.scaffold.fill_in_workbook import HEADER_ROW, MONEY_MARK


@pytest.fixture
def pulled(
    command: Callable[..., Any], shipped_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Sandbox:
    """A sandbox whose lists were fetched."""
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)
    done = command("reference", "pull", "--base-url", shipped_sandbox.base_url)
    assert done.code == 0, done.err
    return shipped_sandbox


def made(command: Callable[..., Any], path: str = "fill-in.xlsx") -> tuple[Any, Workbook]:
    done = command("template", "new", "--workbook", path)
    assert done.code == 0, done.err
    return done, openpyxl.load_workbook(path)


def headers(book: Workbook, sheet: str) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in book[sheet][HEADER_ROW]}


def choices(book: Workbook, sheet: str, header: str) -> list[str]:
    """What the dropdown of a column offers, from its first row to its last."""
    letter = get_column_letter(headers(book, sheet)[header])
    (rule,) = [r for r in book[sheet].data_validations.dataValidation
               if f"{letter}4" in r.sqref and f"{letter}2003" in r.sqref]  # fmt: skip
    assert rule.type == "list"
    name, cells = rule.formula1.rsplit("!", 1)
    rows = book[name.strip("'")][cells.replace("$", "")]
    return [str(row[0].value) for row in rows]


def put(book: Workbook, sheet: str, row: int, **cells: object) -> None:
    names = {name.removesuffix(MONEY_MARK): column for name, column in headers(book, sheet).items()}
    at = {header_key(name): column for name, column in names.items()}
    for name, value in cells.items():
        book[sheet].cell(row, at[header_key(name)]).value = value  # type: ignore[union-attr]


def test_filled_in_workbook_loads(
    command: Callable[..., Any], load: Callable[..., Any], pulled: Sandbox
) -> None:
    _, book = made(command)
    vendors, accounts = choices(book, "Bills", "vendor"), choices(book, "Line items", "account")
    for i in range(40):
        put(book, "Bills", i + 4, billRef=f"B{i}", vendor=vendors[i * 12], invoiceNumber=f"001{i}",
            companyEntity="UK01", issuedDate=date(2025, 3, 3), dueDate=date(2025, 4, 2),
            currency="GBP", amount=120.35, lineItemsIncludeTax=False)  # fmt: skip
        book["Bills"].cell(i + 4, headers(book, "Bills")["property:Region"]).value = "North"
        put(book, "Line items", i + 4, billRef=f"B{i}", netAmount="120.35", description="Goods",
            account=accounts[i])  # fmt: skip
    line_headers = headers(book, "Line items")
    book["Line items"].cell(4, line_headers["property:Tags"]).value = "Urgent;Capital"
    book["Line items"].cell(4, line_headers["property:Service date"]).value = date(2025, 3, 1)
    book.save("fill-in.xlsx")
    done = load(pulled.base_url, "fill-in.xlsx")
    assert done.code == 0, done.err
    told = done.json
    assert told["bills"] == {"total": 40, "created": 40}
    assert [f for f in told["findings"] if f["severity"] == "error"] == []
    assert told["template"] == "light-money"
    notes = openpyxl.load_workbook(told["result"])["Summary"]
    assert not any("not read" in str(cell.value) for row in notes for cell in row)
    bills = pulled.bills()
    assert {bill["amount"] for bill in bills} == {12035}
    assert {bill["invoiceNumber"] for bill in bills} == {f"001{i}" for i in range(40)}
    assert len({bill["vendorId"] for bill in bills}) == 40


def test_offered_names_are_unambiguous(command: Callable[..., Any], pulled: Sandbox) -> None:
    _, book = made(command)
    (path,) = reference_paths()
    directory = read_cache(path).directory
    for sheet, name in (
        ("Bills", "vendor"), ("Bills", "companyEntity"), ("Line items", "account"),
        ("Bills", "senderBankAccount"), ("Bills", "purchaseOrder"),
    ):  # fmt: skip
        names = names_of(name, directory)
        offered = choices(book, sheet, name)
        ids = [[thing.id for thing in names.exact(choice)] for choice in offered]
        assert all(len(found) == 1 for found in ids)
        assert {found[0] for found in ids} == {t.id for t in names.things if t.usable}
    # two vendors of one name are offered by their identifiers
    assert {"V-1032", "V-1033"} <= set(choices(book, "Bills", "vendor"))
    assert "Meridian Freight Ltd" not in choices(book, "Bills", "vendor")


def test_each_column_has_a_note_and_type(command: Callable[..., Any], pulled: Sandbox) -> None:
    _, book = made(command)
    for sheet, canonical in (("Bills", BILLS), ("Line items", LINE_ITEMS)):
        page = book[sheet]
        names = {name.removesuffix(MONEY_MARK) for name in headers(book, sheet)}
        assert set(FIELDS[canonical]) <= names
        for cell in page[HEADER_ROW]:
            assert cell.comment is not None
            assert "equired" in cell.comment.text or "blank" in cell.comment.text
    bills = book["Bills"]
    issued = get_column_letter(headers(book, "Bills")["issuedDate"])
    number = get_column_letter(headers(book, "Bills")["invoiceNumber"])
    assert bills.column_dimensions[issued].number_format == "yyyy-mm-dd"
    amount = get_column_letter(headers(book, "Bills")["amount (money)"])
    assert bills.column_dimensions[amount].number_format == "#,##0.00"
    assert f"SUM({amount}4:{amount}1048576)" in bills[f"{amount}2"].value
    assert bills.column_dimensions[number].number_format == "@"  # 0004417 keeps its zeros
    assert choices(book, "Bills", "property:Region") == ["North", "South", "Overseas"]
    assert choices(book, "Line items", "property:Billable") == ["TRUE", "FALSE"]


@pytest.mark.parametrize(
    ("currency", "amount", "codes"),
    [
        ("JPY", 1200, ["bills.currency.not_in_cents"]),
        ("EUR", 1200.005, ["bills.amount.not_amount"]),
    ],
    ids=["no cents", "half a cent"],
)
def test_money_that_is_not_in_cents_is_refused(
    command: Callable[..., Any], currency: str, amount: float, codes: list[str]
) -> None:
    _, book = made(command)
    put(book, "Bills", 4, billRef="B", vendor="Acme", invoiceNumber="1", companyEntity="UK01",
        issuedDate=date(2025, 3, 3), currency=currency, amount=amount)  # fmt: skip
    put(book, "Line items", 4, billRef="B", netAmount=1200, account="7500")
    book.save("fill-in.xlsx")
    done = command("validate", "fill-in.xlsx", "--json", "--quiet")
    assert done.code == 1
    assert [f["code"] for f in done.json["findings"] if f["severity"] == "error"] == codes


def test_template_of_the_workbook_reads_what_the_canonical_sheets_have() -> None:
    def of(name: str) -> list[dict[str, str]]:
        template = load_template(shipped_templates()[name]).template
        return [
            {f: str(e).replace(MONEY_MARK, "") for f, e in fields.items()}
            for fields in (template.bills, template.line_items)
        ]

    assert of("light-money") == of("light")


def test_missing_lists_say_how_to_pull_them(command: Callable[..., Any]) -> None:
    done, book = made(command)
    assert "light-import reference pull" in done.err
    with pytest.raises(ValueError):
        choices(book, "Bills", "vendor")
    assert "GBP" in choices(book, "Bills", "currency")


def test_workbook_overwrites_no_file(command: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "fill-in.xlsx").write_bytes(b"mine")
    done = command("template", "new", "--workbook", "fill-in.xlsx")
    assert done.code == 2
    assert "already" in done.err
    assert (tmp_path / "fill-in.xlsx").read_bytes() == b"mine"


def test_empty_workbook_has_nothing_to_load(command: Callable[..., Any]) -> None:
    made(command)
    done = command("validate", "fill-in.xlsx", "--json")
    assert done.code in (1, 2)
    assert "Traceback" not in done.err
