"""The page in a real browser: Debian's Chromium, driven by playwright."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import openpyxl
import pytest
from broken_corrections import DOCUMENT, LEFT_OUT, LOADED, PICKED, TYPED
from conftest import bill_row, write_bills
from web_page import SAMPLES, WebPage, web_page

CHROMIUM = shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
if CHROMIUM is None:
    pytest.skip("chromium is not installed (apt-get install chromium)", allow_module_level=True)

AXE = Path(
    os.environ.get("AXE_CORE") or Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
)
BROKEN = SAMPLES / "light-broken" / "bills.xlsx"


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def _enter(browser: playwright.Browser, server: WebPage) -> playwright.BrowserContext:
    """A browser that opened the printed address."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(server.address)
    page.close()
    return context


@pytest.fixture
def page(browser: playwright.Browser, tmp_path: Path) -> Iterator[playwright.Page]:
    """A tab in which nothing may go wrong unseen, of a server of its own: what is in its sandbox
    is what the test has loaded."""
    home = tmp_path / "home"
    home.mkdir()
    with web_page(home, "--sandbox") as server, _enter(browser, server) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: line.type == "error" and wrong.append(line.text))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on(
            "request", lambda asked: asked.url.startswith(server.base) or wrong.append(asked.url)
        )
        page.goto(server.base)
        yield page
        page.close()
    assert wrong == []


ROWS = "[data-grid] .gridrow [data-at]"


def _drop(page: playwright.Page, *files: Path | str) -> None:
    page.set_input_files("#sheets", [str(file) for file in files])
    page.wait_for_selector(ROWS)


@contextlib.contextmanager
def _anew(page: playwright.Page, expected: str = ROWS) -> Iterator[None]:
    """Wait for what the page has that the block leads to: the page before may have it, too."""
    page.evaluate("document.documentElement.dataset.before = 'yes'")
    yield
    page.wait_for_selector(f"html:not([data-before]) {expected}")
    page.wait_for_load_state("load")  # its script runs at the end


def _show(page: playwright.Page, choice: str, **chosen: str) -> None:
    """Choose the sheet or the rows that are shown, and wait for them."""
    page.select_option(f"[data-choose-{choice}]", **chosen)
    page.wait_for_selector("[data-grid] .active")


def _click(page: playwright.Page, at: int, column: int) -> None:
    cell = f"[data-at='{at}'][data-column='{column}']"
    page.click(cell)
    page.wait_for_selector(f".active{cell}")


def _tab_to(page: playwright.Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(300):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {selector}")


def _go_to(page: playwright.Page, row: int, column: str) -> None:
    """The cell of a row of Excel and a column, by arrow keys."""
    columns = json.loads(page.get_attribute("[data-grid]", "data-tables") or "")[0]["headers"]
    page.keyboard.press("Control+Home")
    for _ in range(columns.index(column)):
        page.keyboard.press("ArrowRight")
    for _ in range(200):
        words = page.text_content("[data-cell]") or ""
        if words.startswith(f"Row {row}, {column}"):
            return
        page.keyboard.press("ArrowDown")
        page.wait_for_function(
            "before => document.querySelector('[data-cell]').textContent !== before", arg=words
        )
    raise AssertionError(words)


def _type(page: playwright.Page, row: int, column: str, text: str) -> None:
    _go_to(page, row, column)
    page.keyboard.press("F2")
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    with page.expect_response("**/edit"):
        page.keyboard.press("Enter")


def test_broken_sample_is_corrected_loaded_and_undone_by_keyboard_alone(
    page: playwright.Page, tmp_path: Path
) -> None:
    _drop(page, BROKEN)
    wrong = page.text_content(".verdict.bad")
    assert wrong is not None
    invalid = int(re.findall(r"([0-9]+) need correction", wrong)[0])
    _tab_to(page, ".grid [data-at]")
    described = page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-describedby'))"
        ".textContent"
    )
    assert described.startswith("Row 1, billRef: ")  # the headers, of which one is wrong
    _type(page, 18, "issuedDate", "2025-02-28")
    _type(page, 19, "dueDate", "2025-04-30")
    _go_to(page, 14, "billRef")
    with page.expect_response("**/edit"):
        page.keyboard.press("Control+Delete")
    page.wait_for_selector("[data-words]:has-text('Row 14 is left out.')")
    with page.expect_response("**/undo-edit"):
        page.keyboard.press("Control+z")
    page.wait_for_selector("[data-words]:has-text('Undone')")
    _type(page, 19, "description", "not wanted")
    with page.expect_response("**/undo-edit"):
        page.keyboard.press("Control+z")
    page.wait_for_function(
        "() => document.querySelector('[data-words]').textContent.startsWith('Undone')"
    )
    page.keyboard.press("Shift+Tab")
    _tab_to(page, "[data-check] button")
    with _anew(page):
        page.keyboard.press("Enter")
    assert f"{invalid - 2} need correction" in (page.text_content(".verdict.bad") or "")
    page.wait_for_selector("a:has-text('bills-corrected.xlsx')")
    # a pick
    _tab_to(page, "[data-field=vendor]")
    with page.expect_response("**/names?**"):
        page.keyboard.type("silverdale elec")
    page.keyboard.press("Control+A")
    page.keyboard.type("Silverdale Electrical Ltd (V-1050)")
    with _anew(page):
        page.keyboard.press("Enter")
    page.wait_for_selector("text=Your picks (1)")
    # load
    _tab_to(page, "[name=only_valid]")
    page.keyboard.press("Space")
    _tab_to(page, "[data-send]")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Create these bills?")
    _tab_to(page, "[name=answer][value=yes]")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Afterwards")
    page.wait_for_selector("text=Created in Light")
    with page.expect_download() as download:
        page.click("text=Workbook")
    workbook = tmp_path / "result.xlsx"
    download.value.save_as(workbook)
    rows = list(openpyxl.load_workbook(workbook)["Corrections"].iter_rows(values_only=True))
    assert [row[2:6] for row in rows[1:]] == [
        (18, "issuedDate", "31/02/2025", "2025-02-28"),
        (19, "dueDate", "within 14 days", "2025-04-30"),
    ]
    # undo
    _tab_to(page, "form[action$='/undo'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Cancel these bills in Light?")
    _tab_to(page, "[name=answer][value=yes]")
    page.keyboard.press("Enter")
    page.wait_for_selector("td.undone")


def _select(page: playwright.Page, row: int, header: str) -> None:
    """Click a cell of the sheet whose rows are all shown; its first row is that of the headers."""
    chosen = int(page.input_value("[data-choose-table]"))
    tables = json.loads(page.get_attribute("[data-grid]", "data-tables") or "")
    column = tables[chosen]["headers"].index(header)
    page.evaluate("top => { document.querySelector('.grid').scrollTop = top; }", (row - 4) * 30)
    _click(page, row - 1, column)


def test_broken_sample_is_wholly_corrected_and_ties_out_without_the_terminal(
    page: playwright.Page, tmp_path: Path
) -> None:
    began = time.monotonic()
    _drop(page, BROKEN)
    document = tmp_path / DOCUMENT
    document.write_bytes(b"%PDF-1.4\n")
    with _anew(page):
        page.set_input_files("#sheets", str(document))
    page.wait_for_selector(f"li:has-text('{DOCUMENT}')")
    _show(page, "rows", value="all")
    for sheet, rows in TYPED.items():
        _show(page, "table", label=f"bills.xlsx, {sheet}")
        for row in LEFT_OUT.get(sheet, ()):
            _select(page, row, "billRef")
            with page.expect_response("**/edit"):
                page.click("[data-leave-out]")
            page.wait_for_selector(f"[data-words]:has-text('Row {row} is left out.')")
        for row, cells in rows.items():
            for header, text in cells.items():
                _select(page, row, header)
                page.keyboard.press("F2")
                page.fill(".editing input", text)
                with page.expect_response("**/edit"):
                    page.keyboard.press("Enter")
    with _anew(page):
        page.click("[data-check] button")
    page.wait_for_selector(f"text=All {LOADED} bills and credit notes are valid")
    for name, label in PICKED.items():
        page.fill(f"[aria-label='In Light: {name}']", label)
    with _anew(page):
        page.click("text=Save the picks and check again")
    page.wait_for_selector(f"text=a load would create {LOADED}")
    assert not page.is_checked("[name=only_valid]")
    page.click("[data-send]")
    page.wait_for_selector("text=mark 1 bill as paid")
    page.click("[name=answer][value=yes]")
    page.wait_for_selector(
        f"text=All {LOADED} bills and credit notes are in Light; GBP and EUR tie out"
    )
    differences = re.findall(r"Sheet less Light|0\.00\s+Ties out", page.inner_text("main"), re.I)
    assert len([each for each in differences if each.startswith("0.00")]) == 2  # GBP, EUR
    print(f"{time.monotonic() - began:.0f} s from the file to its tie-out")


def test_a_corrected_file_ties_out(page: playwright.Page, tmp_path: Path) -> None:
    vendor = {"vendorId": "", "vendor": "Silverdale Electrical Ltd"}
    rows = [bill_row(71, **vendor), bill_row(72, **vendor)]
    bills, lines = map(Path, write_bills(tmp_path, rows))
    bills.write_text(bills.read_text().replace(",1071,", ',"1,071",'))
    _drop(page, bills, lines)
    page.click("[data-show]")
    page.wait_for_selector(".active.bad-error")
    page.keyboard.type("1071")
    with page.expect_response("**/edit"):
        page.keyboard.press("Enter")
    with _anew(page, "[data-send]:not(:disabled)"):
        page.click("[data-check] button")
    page.fill("[name=as_of]", "2026-02-28")  # 24 days after both are due
    with _anew(page, "[data-send]:not(:disabled)"):
        page.click("text=Check with these options")
    page.wait_for_selector("[name=as_of][value='2026-02-28']", state="attached")
    old = tmp_path / "ageing.csv"
    ages = "Current,1 - 30,31 - 60,61 - 90,> 90,TOTAL"
    old.write_text(f"Vendor,{ages}\nSilverdale Electrical Ltd,,21.42,,,,21.42\n")
    page.set_input_files("#sheets", str(old))
    page.click("[aria-label='Compare with ageing.csv as the ageing report of the old system']")
    page.wait_for_selector("text=1–30 days: 21.42 in the old system, 21.43 in the sheet")
    with _anew(page, "[aria-label='Leave out ageing.csv']"):
        page.click("[aria-label='Read ageing.csv as bills']")
    with _anew(page, "#sheets"):
        page.click("[aria-label='Leave out ageing.csv']")
    old.write_text(old.read_text().replace("21.42", "21.43"))
    page.set_input_files("#sheets", str(old))
    page.click("[aria-label^='Compare with ageing (2).csv']")
    agrees = "text=ageing (2).csv: each vendor has in the sheet what the old system has"
    page.wait_for_selector(agrees, state="attached")
    page.click("[data-send]")
    page.click("[name=answer][value=yes]")
    page.wait_for_selector("text=Afterwards")
    assert page.locator("td:has-text('Difference')").count() == 1
    assert page.locator(".verdict.good").count() == 1


def test_cells_of_excel_are_pasted_and_taken_back_at_once(
    page: playwright.Page, tmp_path: Path
) -> None:
    _drop(page, *write_bills(tmp_path, [bill_row(i) for i in range(81, 86)]))
    _show(page, "rows", value="all")
    page.wait_for_selector("[data-at='4']")
    _click(page, 1, 8)
    paste = """text => {
      const data = new DataTransfer();
      data.setData("text/plain", text);
      const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
      document.activeElement.dispatchEvent(event);
    }"""
    with page.expect_response("**/edit"):
        page.evaluate(paste, 'true\t"two\nlines"\r\nfalse\tsays ""hi""\r\n')
    page.wait_for_selector("text=3 cells are corrected")
    assert page.text_content("[data-at='1'][data-column='9']") == "two\nlines"
    with page.expect_response("**/undo-edit"):
        page.click("[data-undo]")
    page.wait_for_selector("text=and 2 more")
    page.wait_for_selector("[data-at='1'][data-column='9']:text-is('Bill 81')")
    _click(page, 2, 9)
    page.click("[data-fix] summary")
    page.wait_for_function("() => document.querySelector('[data-columns]').value === '9'")


def test_a_correction_is_of_the_sheet_that_was_shown_when_it_was_made(
    page: playwright.Page, tmp_path: Path
) -> None:
    _drop(page, *write_bills(tmp_path, [bill_row(87)]))
    _show(page, "rows", value="all")
    _click(page, 1, 9)
    with page.expect_request("**/edit") as asked:
        rows_before = page.evaluate(
            """() => {
              const key = new KeyboardEvent("keydown", { key: "Delete", bubbles: true });
              document.activeElement.dispatchEvent(key);
              const sheet = document.querySelector("[data-choose-table]");
              sheet.value = "1";
              sheet.dispatchEvent(new Event("change"));
              return document.querySelectorAll("[data-grid] [data-at]").length;
            }"""
        )
    assert rows_before == 0  # a click cannot meet a row of the other sheet
    sent = json.loads(asked.value.post_data or "")
    assert (sent["table"], sent["cells"]) == (0, [[2, 9, ""]])


def test_what_is_being_saved_is_checked_too(page: playwright.Page, tmp_path: Path) -> None:
    _drop(page, *write_bills(tmp_path, [bill_row(88), bill_row(89)]))
    _show(page, "rows", value="all")
    late: list[playwright.Route] = []
    page.route("**/edit", lambda route: route.continue_() if late else late.append(route))
    with page.expect_request("**/edit"):
        for at in (1, 2):
            _click(page, at, 9)
            page.keyboard.type("corrected")
            page.keyboard.press("Enter")
    assert page.is_disabled("[data-send]")
    with _anew(page):
        page.click("[data-check] button")
        late[0].continue_()
    page.wait_for_selector("[data-words]:has-text('2 cells are corrected')")


def test_an_answer_for_rows_no_longer_shown_does_not_move_the_selection(
    page: playwright.Page, tmp_path: Path
) -> None:
    _drop(page, *write_bills(tmp_path, [bill_row(i) for i in range(91, 96)]))
    page.evaluate("() => sessionStorage.clear()")
    late: list[playwright.Route] = []
    page.route("**/rows?*show=problems*", lambda route: late.append(route))
    page.reload()
    page.wait_for_selector("[role=columnheader]")
    _show(page, "rows", value="all")
    _click(page, 3, 0)
    with page.expect_response("**/rows?*show=problems*"):
        late[0].continue_()
    page.wait_for_function("() => new Promise(done => setTimeout(() => done(true), 100))")
    page.click("[data-leave-out]")
    page.wait_for_selector("[data-words]:has-text('Row 4 is left out.')")


def test_a_hundred_thousand_rows_scroll_and_are_edited(
    page: playwright.Page, tmp_path: Path
) -> None:
    rows = [bill_row(i) for i in range(1, 3)]
    bills, lines = map(Path, write_bills(tmp_path, rows))
    for path in (bills, lines):
        header, *first = path.read_text().splitlines()
        more = [
            first[0].replace("B1", f"B{i}").replace("INV-00001", f"INV-{i}") for i in range(100_000)
        ]
        path.write_text("\n".join([header, *more]) + "\n")
    page.set_default_timeout(300_000)
    _drop(page, bills, lines)
    _show(page, "rows", value="all")
    _click(page, 1, 0)
    page.keyboard.press("Control+End")
    page.wait_for_selector(".active[data-at='100000']")
    assert page.evaluate("document.querySelectorAll('.gridrow').length") < 100
    assert page.get_attribute(".grid", "aria-rowcount") == "100002"
    page.keyboard.type("at the end")
    with page.expect_response("**/edit"):
        page.keyboard.press("Enter")
    page.evaluate("document.querySelector('.grid').scrollTop = 50000 * 30")
    page.wait_for_selector("[data-at='50005']")
    frames = page.evaluate(
        """async () => {
          const grid = document.querySelector('.grid'), begun = performance.now();
          for (let i = 0; i < 60; i++) {
            grid.scrollTop += 90;
            await new Promise(requestAnimationFrame);
          }
          return (performance.now() - begun) / 60;
        }"""
    )
    print(f"{frames:.1f} ms a frame while scrolling")


def _choose(page: playwright.Page, typed: str) -> None:
    """An entry of a list by its first letters, which it forgets where a key comes a second late."""
    for _ in range(10):
        page.keyboard.type(typed)
        chosen = page.evaluate("document.activeElement.selectedOptions[0].textContent")
        if str(chosen).strip().lower().startswith(typed.lower()):
            return
        page.wait_for_timeout(1_500)
    raise AssertionError(chosen)


def test_a_template_is_completed_in_its_form_by_keyboard_alone(
    page: playwright.Page, tmp_path: Path
) -> None:
    export = tmp_path / "export.csv"
    rows = "Acme,R-1,03/04/2025,120,5\nAcme,R-2,05/04/2025,80,\n"
    export.write_text("Lieferant,Beleg,Datum,Betrag,Freight\n" + rows)
    page.set_input_files("#sheets", str(export))
    page.wait_for_selector("text=The files could not be checked")
    _tab_to(page, "a[href$='/template?draft']")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=This is what the files show.")
    evidence = page.get_by_label("Order of day and month").get_attribute("aria-describedby")
    assert "the dates can be read either way" in (page.text_content(f"#{evidence}") or "")
    for label, typed in (
        ("Invoice number", "Beleg"),
        ("Currency", "all bills are in GBP"),
        ("Tax is in the amounts of line items", "yes"),
        ("Order of day and month", "day first"),
        ("Amounts are in", "whole"),
    ):
        _tab_to(page, f"#{page.get_by_label(label, exact=False).get_attribute('id')}")
        _choose(page, typed)
    _tab_to(page, "fieldset input")
    page.keyboard.press("Space")  # each row is a bill
    _tab_to(page, f"#{page.get_by_label('Column Freight').get_attribute('id')}")
    _choose(page, "adds")
    page.keyboard.press("Enter")
    _tab_to(page, "main form[action$='/template/form'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=All 2 bills are valid")
    assert "205.00" in (page.text_content("main") or "")


def test_what_a_hostile_file_says_is_text(page: playwright.Page, tmp_path: Path) -> None:
    hostile = "</script><img src=x onerror=alert(1)>'\"><svg onload=alert(2)>"
    row = bill_row(91, description=hostile, vendorId="", vendor=hostile, currency=hostile)
    bills, lines = map(Path, write_bills(tmp_path, [row]))
    named = tmp_path / "<img src=x onerror=alert(3)>.csv"
    named.write_text(bills.read_text().replace("description", "=cmd|' /C calc'!A0", 1))
    _drop(page, named, lines)
    assert page.locator("img, svg:not([aria-hidden])").count() == 0
    page.keyboard.press("End")
    page.locator("[data-more]").click() if page.locator("[data-more]").count() else None
    page.goto(page.url + "/template?draft")
    page.wait_for_selector(".question")
    page.click("text=The template as YAML")
    page.wait_for_selector("textarea")
    assert page.locator("main img").count() == 0


def test_a_killed_server_is_said_and_nothing_is_lost(
    browser: playwright.Browser, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    context = browser.new_context()
    context.set_default_timeout(120_000)
    page = context.new_page()
    with web_page(home, "--sandbox") as server:
        page.goto(server.address)
        _drop(page, *write_bills(tmp_path, [bill_row(1), bill_row(2)]))
        _show(page, "rows", value="all")
        _click(page, 1, 9)
        page.keyboard.type("kept")
        with page.expect_response("**/edit"):
            page.keyboard.press("Enter")
        server.kill()
        page.keyboard.type("lost")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=The page cannot be reached")
    with web_page(home, "--sandbox") as server:
        page.goto(server.address)
        page.click("main td a")
        page.wait_for_selector("[data-grid]")
        page.select_option("[data-choose-rows]", "edited")
        page.wait_for_selector(".edited:has-text('kept')")
        assert page.locator(".edited").count() == 1
    context.close()


@dataclass
class Pages:
    """A browser, and the addresses of one page of each kind: of files, a question, a run …."""

    context: playwright.BrowserContext
    addresses: list[str]


@pytest.fixture(scope="module")
def pages(browser: playwright.Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("pages")
    with web_page(folder, "--sandbox") as server, _enter(browser, server) as context:
        page = context.new_page()
        addresses = []
        for i in (95, 96):  # the question of the second stays open
            page.goto(server.base)
            _drop(page, *write_bills(folder, [bill_row(i)]))
            addresses.append(page.url)
            page.click("[data-send]")
            page.wait_for_selector("text=Create these bills?")
            if i == 95:
                page.click("[name=answer][value=yes]")
                page.wait_for_selector("text=Afterwards")
                addresses.append(page.url)
        page.goto(server.base)
        _drop(page, BROKEN)
        broken = page.url
        page.close()
        base = server.base
        rest = [f"{base}/", f"{base}/runs", broken, f"{broken}/template?draft"]
        yield Pages(context, [*rest, f"{base}/files/nothing", *addresses[1:]])


CONTROLS = ("textbox", "combobox", "checkbox", "button", "link", "spinbutton", "listbox")


def _tree(page: playwright.Page) -> list[dict[str, str]]:
    """What Chromium tells a screen reader: each node's role, name, description and properties."""
    session = page.context.new_cdp_session(page)
    session.send("Accessibility.enable")
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        {
            "role": str(node.get("role", {}).get("value", "")),
            "name": str(node.get("name", {}).get("value", "")),
            "description": str(node.get("description", {}).get("value", "")),
            **{each["name"]: str(each["value"].get("value", "")) for each in node["properties"]},
        }
        for node in nodes
        if not node["ignored"] and "properties" in node
    ]


def test_a_screen_reader_finds_landmarks_headings_and_the_name_of_every_control(
    pages: Pages,
) -> None:
    page = pages.context.new_page()
    for address in pages.addresses:
        page.goto(address)
        tree = _tree(page)
        of = Counter(node["role"] for node in tree)
        assert (of["main"], of["banner"], of["navigation"]) == (1, 1, 1), (address, of)
        levels = [int(node["level"]) for node in tree if node["role"] == "heading"]
        assert levels[:1] == [1], address
        assert levels.count(1) == 1, address
        assert all(below <= above + 1 for above, below in pairwise(levels)), (address, levels)
        nameless = [n for n in tree if n["role"] in CONTROLS and not n["name"].strip()]
        assert nameless == [], address
        names = Counter((n["role"], n["name"]) for n in tree if n["role"] == "button")
        assert [name for name, count in names.items() if count > 1] == [], address
        if 'role="alert"' in page.content():
            assert of["alert"] >= 1
    page.close()


def test_a_screen_reader_hears_progress_and_wrong_cells(
    page: playwright.Page, tmp_path: Path
) -> None:
    late: list[playwright.Route] = []
    page.route("**/events", lambda route: late.append(route))  # it stays the page of the check
    with page.expect_request("**/events"):
        page.set_input_files("#sheets", str(BROKEN))
    status = page.locator("[data-text]")
    assert status.get_attribute("role") == "status"
    assert page.get_by_role("progressbar", name="Checking").count() == 1
    late[0].continue_()
    page.wait_for_selector(ROWS)
    grid = page.get_by_role("grid", name="Rows of the file")
    rows = int(grid.get_attribute("aria-rowcount") or "")
    tables = json.loads(page.get_attribute("[data-grid]", "data-tables") or "")
    assert rows > len(grid.get_by_role("row").all()) - 1  # only those in sight are in the page
    assert grid.get_attribute("aria-colcount") == str(len(tables[0]["headers"]) + 2)
    assert grid.get_by_role("columnheader").all_inner_texts()[:3] == ["Row", "Status", "billRef"]
    places = grid.get_by_role("row").evaluate_all(
        "rows => rows.map(row => Number(row.getAttribute('aria-rowindex')))"
    )
    assert places == list(range(1, len(places) + 1))
    _tab_to(page, ".grid [data-at]")
    page.keyboard.press("F8")
    page.keyboard.press("F8")
    _go_to(page, 18, "issuedDate")
    (focused,) = [n for n in _tree(page) if n["role"] == "gridcell" and n.get("focused") == "True"]
    assert focused["name"] == "31/02/2025"
    assert focused["invalid"] == "true"
    message = "Row 18, issuedDate: error: '31/02/2025' cannot be read as a date"
    assert focused["description"].startswith(message)
    assert page.locator("[data-cell][aria-live=polite]").inner_text().startswith(message)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_telephone_and_have_no_barrier(pages: Pages, scheme: str) -> None:
    page = pages.context.new_page()
    page.emulate_media(color_scheme=scheme)
    for address in pages.addresses:
        page.goto(address)
        if AXE.exists():
            page.evaluate(AXE.read_text())
        for width in (390, 1200):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            if not AXE.exists():
                continue
            found = page.evaluate("axe.run().then(r => r.violations)")
            barriers = [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found]
            assert barriers == [], (address, width)
    page.close()
    if not AXE.exists():
        pytest.skip("axe-core is not there (npm install axe-core): barriers were not looked for")
