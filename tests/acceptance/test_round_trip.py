"""A result workbook is corrected and loaded again: only what is not in Light is sent."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from conftest import COMPANY, VENDORS, Ended, bill_row, numbers, write_bills
from openpyxl import load_workbook

from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
Command = Callable[..., Ended]
Edit = Callable[[Any], None]
SAMPLES = Path(__file__).parents[2] / "samples"
RED = "FFF8DAD7"
FLAT = "ContactName,InvoiceNumber,InvoiceDate,DueDate,Description,Quantity,UnitAmount,AccountCode,"
FLAT += "TaxType,TaxAmount,Currency\n"


def edited(path: str, edit: Edit, name: str = "edited.xlsx") -> str:
    """The workbook as a person saves it after some changes."""
    book = load_workbook(path)
    edit(book)
    book.save(name)
    return name


def column(sheet: Any, header: str, row: int = 1) -> int:
    found: int = [cell.value for cell in sheet[row]].index(header) + 1
    return found


def cell(sheet: Any, row: int, header: str) -> Any:
    return sheet.cell(row, column(sheet, header))


def statuses(told: Ended) -> dict[str, int]:
    return {name: n for name, n in told.json["bills"].items() if name != "total"}


def codes(told: Ended) -> list[str]:
    return [finding["code"] for finding in told.json["findings"]]


def notes(path: str) -> str:
    sheet = load_workbook(path)["Summary"]
    return "\n".join(str(c.value) for row in sheet.iter_rows() for c in row if c.value)


def test_corrected_result_ties_out_to_zero(command: Command, load: Load, sandbox: Sandbox) -> None:
    right = load_workbook(SAMPLES / "light" / "bills.xlsx")
    broken = load_workbook(SAMPLES / "light" / "bills.xlsx")
    for sheet, row, header, value in (
        ("Bills", 2, "amount", "1,263.23"),
        ("Bills", 5, "currency", "GPB"),
        ("Bills", 7, "issuedDate", "31/02/2025"),
        ("Bills", 9, "vendor", None),
        ("Line items", 3, "taxAmount", "x"),
        ("Line items", 12, "accountId", "V-1"),
        ("Line items", 20, "billRef", "nowhere"),
    ):
        cell(broken[sheet], row, header).value = value
    broken.save("mine.xlsx")
    checked = command("validate", "mine.xlsx", "--json", "--quiet")
    assert checked.code == 1
    book = load_workbook(checked.json["result"])
    put_right = 0
    for name in ("Bills", "Line items"):
        sheet = book[name]
        headers = [c.value for c in sheet[1]]
        for row in sheet.iter_rows(min_row=2):
            for c in row:
                if c.fill.fgColor.rgb == RED and c.comment is not None:
                    was = int(row[headers.index("source_row")].value)
                    c.value = cell(right[name], was, headers[c.column - 1]).value
                    put_right += 1
    assert put_right >= 7
    book.save("corrected.xlsx")
    done = load(sandbox.base_url, "corrected.xlsx")
    assert (done.code, statuses(done)) == (0, {"created": 26})
    assert {total["difference"] for total in done.json["totals"]} == {0}
    words = [c.value for c in load_workbook(done.json["result"])["Tie-out"]["G"]]
    assert words.count("Ties out.") == len(done.json["totals"])
    again = load(sandbox.base_url, done.json["result"])
    assert (again.code, statuses(again)) == (0, {"already_loaded": 26})
    assert sandbox.counters.bill_posts == 26
    assert len(sandbox.bills()) == 26


def loaded(load: Load, sandbox: Sandbox, folder: Path) -> Ended:
    """Three bills in Light and one that is not, as its currency is none."""
    rows = [bill_row(i) for i in range(3)] + [bill_row(3, currency="GPB")]
    return load(sandbox.base_url, *write_bills(folder, rows), "--only-valid")


def test_next_run_sends_the_rest_and_names_the_first(
    command: Command, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = loaded(load, sandbox, tmp_path)

    def correct(book: Any) -> None:
        sheet = book["Bills"]
        cell(sheet, 5, "currency").value = "GBP"
        cell(sheet, 2, "import_status").value = "invalid"  # nobody believes a status

    again = load(sandbox.base_url, edited(first.json["result"], correct))
    assert statuses(again) == {"created": 1, "already_loaded": 3}
    assert sandbox.counters.bill_posts == 4
    runs = command("runs", "--json").json["runs"]
    assert [run["continues"] for run in runs] == [first.json["run"], None]
    assert f"continues run {first.json['run']}" in command("runs").out
    assert first.json["run"] in notes(again.json["result"])
    told = command("report", again.json["run"])
    assert f"Continues run {first.json['run']}." in told.out


def test_deleted_and_added_rows_are_reported(
    command: Command, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = loaded(load, sandbox, tmp_path)

    def edit(book: Any) -> None:
        for name in ("Bills", "Line items"):
            book[name].delete_rows(5)
            book[name].delete_rows(3)
        for name, copied in (("Bills", "INV-00000"), ("Line items", None)):
            sheet = book[name]
            new = [c.value for c in sheet[2]]
            new[new.index("B0")] = "B9"
            if copied:
                new[new.index(copied)] = "INV-00009"
            sheet.append(new)

    again = load(sandbox.base_url, edited(first.json["result"], edit))
    assert statuses(again) == {"created": 1, "already_loaded": 2}
    assert codes(again) == ["light.left"]
    left = again.json["findings"][0]
    assert "invoice INV-00001, 10.01 GBP" in left["message"]
    assert numbers(sandbox) == ["INV-00000", "INV-00001", "INV-00002", "INV-00009"]
    text = notes(again.json["result"])
    assert "1 row added to Bills since the former result." in text
    assert "2 rows deleted from Bills since the former result (source_row 3, 5)." in text


def test_renumbered_bill_is_refused_unless_marked_new(
    command: Command, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = loaded(load, sandbox, tmp_path)

    def renumber(book: Any) -> None:
        cell(book["Bills"], 2, "invoiceNumber").value = "INV-7"
        cell(book["Bills"], 5, "currency").value = "GBP"

    path = edited(first.json["result"], renumber)
    # A check in between must not forget what is in Light.
    path = command("validate", path, "--json", "--quiet").json["result"]
    again = load(sandbox.base_url, path)
    assert again.code == 1
    assert codes(again) == ["bills.identity.changed"]
    assert first.json["run"] in again.json["findings"][0]["message"]
    assert sandbox.counters.bill_posts == 3
    some = load(sandbox.base_url, path, "--only-valid")
    assert statuses(some) == {"created": 1, "already_loaded": 2, "invalid": 1}

    def new(book: Any) -> None:
        cell(book["Bills"], 2, "source_row").value = None

    told = load(sandbox.base_url, edited(some.json["result"], new))
    assert statuses(told) == {"created": 1, "already_loaded": 3}
    assert numbers(sandbox) == ["INV-00000", "INV-00001", "INV-00002", "INV-00003", "INV-7"]


def test_result_of_another_company_is_refused(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SandboxSettings(
        reference=COMPANY, requests_per_minute=100_000, foreign_key="another"
    )
    with running(settings) as sandbox:
        first = loaded(load, sandbox, tmp_path)
        elsewhere = sandbox.base_url.replace("127.0.0.1", "localhost")
        told = load(elsewhere, first.json["result"])
        assert told.code == 2
        assert "is the result of a load into http://127.0.0.1" in told.err
        monkeypatch.setenv("LIGHT_API_KEY", settings.foreign_key or "")
        told = load(sandbox.base_url, first.json["result"])
        assert told.code == 2
        assert "Nothing was sent. Use the key of that company" in told.err
        assert sandbox.counters.bill_posts == 3


# --- edited beyond recognition ----------------------------------------------------------------


def rename(book: Any) -> None:
    book["Bills"].title = "March"


def reorder(book: Any) -> None:
    sheet = book["Line items"]
    columns = [[c.value for c in column] for column in sheet.iter_cols()]
    for c, cells in enumerate(reversed(columns), start=1):
        for r, value in enumerate(cells, start=1):
            sheet.cell(r, c).value = value


def without_properties(book: Any) -> None:
    for name in list(book.custom_doc_props.names):
        del book.custom_doc_props[name]


def with_titles(book: Any) -> None:
    book["Bills"].insert_rows(1, 2)
    book["Bills"]["A1"].value = "Bills of March, corrected"


def retype(book: Any) -> None:
    cell(book["Bills"], 1, "issuedDate").value = "* Issued Date (required)"


def without_ours(book: Any) -> None:
    sheet = book["Bills"]
    first = column(sheet, "gross_money")
    sheet.delete_cols(first, sheet.max_column - first + 1)


def own_sheet(book: Any) -> None:
    book.create_sheet("My notes")["A1"].value = "ask Anna"


def without_problems(book: Any) -> None:
    del book["Problems"]


UNDERSTOOD = [rename, reorder, without_properties, with_titles, retype, without_ours, own_sheet]


@pytest.mark.parametrize("edit", [*UNDERSTOOD, without_problems], ids=lambda e: str(e.__name__))
def test_changes_around_the_rows_are_accepted(command: Command, tmp_path: Path, edit: Edit) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)] + [bill_row(3, currency="X")])
    before = command("validate", *files, "--json", "--quiet")
    after = command("validate", edited(before.json["result"], edit), "--json", "--quiet")
    assert after.json["bills"] == {"total": 4, "valid": 3, "invalid": 1}
    assert after.json["totals"] == before.json["totals"]
    assert codes(after) == codes(before)


def copy(book: Any) -> None:
    book.copy_worksheet(book["Bills"])


def without_hidden(book: Any) -> None:
    del book["light-import"]


def another_run(book: Any) -> None:
    for row in book["light-import"].iter_rows():
        if row[0].value == "run":
            row[1].value = "20200101-000000-ffff"


def without_run(book: Any) -> None:
    without_properties(book)
    for row in book["light-import"].iter_rows():
        if row[0].value == "run":
            row[0].value = row[1].value = None


def another_header(book: Any) -> None:
    cell(book["Bills"], 1, "dueDate").value = "due"


def without_source_row(book: Any) -> None:
    book["Bills"].delete_cols(column(book["Bills"], "source_row"))


def without_sheet(book: Any) -> None:
    del book["Line items"]


def rows_alone(book: Any) -> None:
    without_properties(book)
    without_hidden(book)


REFUSED = {
    copy: "sheet Bills Copy: it looks like a copy",
    without_hidden: "hidden sheet 'light-import' is gone",
    another_run: "hidden sheet 'light-import' was changed",
    without_run: "hidden sheet 'light-import' was changed",
    another_header: "the column 'dueDate' is gone or was given another header",
    without_source_row: "the column source_row is gone, by which it is known which bills",
    without_sheet: "the sheet 'Line items' of the result is missing",
    rows_alone: "has the columns of a result workbook but no longer names its template",
}


@pytest.fixture(scope="module")
def of_a_load(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Kept between tests: the result of a load, once there is one."""
    return {"folder": tmp_path_factory.mktemp("kept")}


@pytest.mark.parametrize("edit", REFUSED, ids=lambda e: str(e.__name__))
def test_uncertain_result_workbook_is_refused(
    command: Command,
    load: Load,
    sandbox: Sandbox,
    tmp_path: Path,
    of_a_load: dict[str, Path],
    edit: Edit,
) -> None:
    if "path" not in of_a_load:
        done = loaded(load, sandbox, tmp_path)
        of_a_load["path"] = of_a_load["folder"] / "result.xlsx"
        shutil.copy(done.json["result"], of_a_load["path"])
    told = command("validate", edited(str(of_a_load["path"]), edit))
    assert told.code == 2
    assert REFUSED[edit] in " ".join(told.err.split())
    assert "Traceback" not in told.err


# --- one row a line item ----------------------------------------------------------------------


def flat_result(command: Command) -> str:
    rows = [
        f"{vendor},{number},01/03/2025,31/03/2025,Line {k},1,{k}00.10,7100,No VAT,0,GBP"
        for vendor, number in (("Acme", "A-1"), ("Beta", "0042"))
        for k in (1, 2)
    ]
    Path("flat.csv").write_text(FLAT + "\n".join(rows) + "\n")
    done = command("validate", "flat.csv", "--template", "xero-bills", "--json", "--quiet")
    path: str = done.json["result"]
    return path


def test_edit_of_a_derived_sheet_is_refused(
    command: Command,
) -> None:
    path = flat_result(command)
    for row, header, value in ((2, "invoice_number", "A-2"), (3, "amount_money", 300.21)):

        def edit(book: Any, row: int = row, header: str = header, value: object = value) -> None:
            cell(book["Bills"], row, header).value = value

        told = command("validate", edited(path, edit))
        assert told.code == 2
        assert f"sheet Bills: row {row} was changed. This sheet is made from the sheet Line" in (
            " ".join(told.err.split())
        )
    told = command("validate", edited(path, lambda book: book["Bills"].delete_rows(3)))
    assert "sheet Bills: 1 row was deleted" in " ".join(told.err.split())

    def in_the_lines(book: Any) -> None:
        cell(book["Line items"], 2, "InvoiceNumber").value = "A-2"
        cell(book["Line items"], 3, "InvoiceNumber").value = "A-2"

    for edit in (in_the_lines, lambda book: book.remove(book["Bills"])):
        told = command("validate", edited(path, edit), "--json", "--quiet")
        assert told.json["bills"]["total"] == 2


def test_options_of_the_run_are_restored(command: Command) -> None:
    sample = SAMPLES / "xero-bills" / "older-bills.csv"
    first = command("validate", str(sample), "--set", "currency=EUR", "--json", "--quiet")
    again = command("validate", first.json["result"], "--json", "--quiet")
    assert again.json["totals"] == first.json["totals"]
    assert again.json["totals"][0]["currency"] == "EUR"


# --- spreadsheets of other makers -------------------------------------------------------------


def of_xlsxwriter(path: str) -> None:
    """Inline strings, amounts as formulas, and a merged title above the header."""
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    title = book.add_format({"bold": True})
    for name, header, rows in (
        (
            "Bills",
            ["billRef", "vendorId", "invoiceNumber", "issuedDate", "currency", "amount"],
            [[f"B{i}", VENDORS[i], f"00{i}", "2026-01-05", "GBP", None] for i in (1, 2)],
        ),
        (
            "Line items",
            ["billRef", "description", "netAmount", "taxAmount"],
            [[f"B{i}", "<r>=1+1</r>", None, 0] for i in (1, 2)],
        ),
    ):
        sheet = book.add_worksheet(name)
        sheet.merge_range(0, 0, 0, len(header) - 1, "March", title)
        sheet.write_row(1, 0, header)
        for r, cells in enumerate(rows, start=2):
            for c, value in enumerate(cells):
                if value is None:
                    sheet.write_formula(r, c, f"=100*{r}", None, 100 * r)
                elif isinstance(value, str):
                    sheet.write_string(r, c, value)
                else:
                    sheet.write_number(r, c, value)
    book.close()


def test_formulas_and_merged_titles_survive_the_round_trip(
    command: Command, load: Load, sandbox: Sandbox
) -> None:
    of_xlsxwriter("mine.xlsx")
    checked = command("validate", "mine.xlsx", "--json", "--quiet")
    assert checked.json["bills"] == {"total": 2, "valid": 2}
    done = load(sandbox.base_url, checked.json["result"])
    assert statuses(done) == {"created": 2}
    assert statuses(load(sandbox.base_url, done.json["result"])) == {"already_loaded": 2}
    assert sorted(bill["amount"] for bill in sandbox.bills()) == [200, 300]


def test_result_saved_by_libreoffice_is_recognised(
    command: Command, load: Load, sandbox: Sandbox
) -> None:
    """Both were a result of ``samples/light/bills.xlsx``, opened in LibreOffice Calc and saved."""
    for name in ("libreoffice-result.xlsx", "libreoffice-result.ods"):
        shutil.copy(Path(__file__).parent / "data" / name, name)
        told = command("validate", name, "--json", "--quiet")
        assert (told.code, statuses(told)) == (0, {"valid": 26})
        assert "deleted" not in notes(told.json["result"])
    assert statuses(load(sandbox.base_url, "libreoffice-result.xlsx")) == {"created": 26}
