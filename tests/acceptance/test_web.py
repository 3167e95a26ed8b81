"""``light-import web``: who is let in, and the way from a file to Light and back, over HTTP."""

from __future__ import annotations

import html
import json
import re
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openpyxl
import pytest
from conftest import Ended, bill_row, write_bills
from hostile import HOSTILE
from web_page import SAMPLES, WebPage, web_page

from importer.sandbox import SandboxSettings, running

NUMBER = "invoiceNumber: {column: Beleg}"
SMALL = (
    "nested zips",
    "a part twice",
    "a billion laughs in the sheet",
    "an external entity",
    "a sheet outside of the zip",
    "a checksum that is wrong",
    "a result of endless rows",
    "ODS: a billion cells by repetition",
    "CSV: a NUL byte",
)
BROKEN = SAMPLES / "light-broken" / "bills.xlsx"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebPage]:
    """A server with a sandbox for all tests of this module."""
    home, limit = tmp_path_factory.mktemp("web"), {"LIGHT_IMPORT_MAX_FILE_MB": "1"}
    with web_page(home, "--sandbox", **limit) as page:
        first = httpx.get(f"{page.base}/")
        assert first.status_code == 403
        page.enter()
        yield page


def _bills(tmp_path: Path, *rows: dict[str, object]) -> list[Path]:
    return [Path(name) for name in write_bills(tmp_path, rows)]


def _with_a_wrong_amount(tmp_path: Path, first: int = 51) -> list[Path]:
    """Two bills; the amount of the first, 1051 cents, is written with a comma."""
    bills, lines = _bills(tmp_path, bill_row(first), bill_row(first + 1))
    bills.write_text(bills.read_text().replace(f",10{first},", f',"1,0{first}",'))
    return [bills, lines]


# --- safety -----------------------------------------------------------------------------------


def test_the_token_of_the_address_is_turned_into_a_cookie_once(tmp_path: Path) -> None:
    with web_page(tmp_path) as page:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{40,}", page.address)
        assert httpx.get(f"{page.base}/?token=wrong").status_code == 403
        answer = httpx.get(page.address)
        assert answer.status_code == 303
        assert answer.headers["location"] == "/"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        again = httpx.get(page.address)
        assert again.status_code == 403
        assert "was opened already" in again.text
        assert httpx.get(page.base, cookies=answer.cookies).status_code == 200


def test_health_needs_no_token_and_says_nothing_else(page: WebPage) -> None:
    answer = httpx.get(f"{page.base}/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert httpx.get(f"{page.base}/static/page.js").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", ""])
def test_a_request_under_another_host_name_is_refused(page: WebPage, host: str) -> None:
    answer = page.client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "csrf" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"x-csrf-token": "x"},
        {"x-csrf-token": ""},
    ],
)
def test_a_change_from_another_site_is_refused(page: WebPage, headers: dict[str, str]) -> None:
    answer = page.client.post("/files", headers=page.headers | headers)
    assert answer.status_code == 403
    form = {"csrf": "x"}
    answer = page.client.post("/runs/x/undo", data=form, headers={"origin": page.base})
    assert answer.status_code == 403


def test_pages_run_no_script_but_their_own_and_load_nothing_from_elsewhere(page: WebPage) -> None:
    for path in ("/", "/runs", "/static/grid.js", "/healthz", "/nowhere"):
        answer = page.client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    pages = [page.client.get(path).text for path in ("/", "/runs")]
    pages.append(page.ready(page.drop(BROKEN)))
    for text in pages:
        assert not re.search(r"<script(?! src=\"/static/)|<[^>]* on\w+=|<[^>]* style=|<style", text)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text)


def test_the_key_never_reaches_the_page(tmp_path: Path) -> None:
    settings = SandboxSettings(key="very-secret-key-1")
    with (
        running(settings) as light,
        web_page(tmp_path, LIGHT_API_KEY=light.key, LIGHT_BASE_URL=light.base_url) as page,
    ):
        page.enter()
        files = page.drop(SAMPLES / "light" / "bills.xlsx")
        text = page.ready(files)
        run = page.send(files, text)
        page.ready(run)
        every = [page.client.get(path).text for path in ("/", "/runs", files, run)]
        assert "very-secret" not in "".join(every) + text
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"very-secret" not in file.read_bytes()


def test_what_a_file_says_is_shown_as_text(page: WebPage) -> None:
    hostile = "<img src=x onerror=alert(1)>'\"&\u202e\x1b[31m"
    rows = f'billRef,vendor,invoiceNumber,"{hostile.replace(chr(34), chr(34) * 2)}"\n'
    rows += f'1,"{hostile.replace(chr(34), chr(34) * 2)}",{"<script>alert(1)</script>"},x\n'
    files = page.drop((f"{hostile}.csv", rows.encode()))
    text = page.ready(files)
    for page_text in (text, page.client.get("/").text):
        assert "<img" not in page_text
        assert "<script>a" not in page_text
        assert "\x1b" not in page_text
        assert "\u202e" not in page_text


def test_hostile_files_get_one_sentence_on_the_page(page: WebPage, tmp_path: Path) -> None:
    """The small ones of the corpus: the page has the sentence of the terminal, and answers."""
    for hostile in HOSTILE:
        if hostile.slow or hostile.name not in SMALL:
            continue
        folder = tmp_path / hostile.name.replace(":", "")
        folder.mkdir()
        files = page.drop(*map(Path, hostile.make(folder)))
        text = html.unescape(page.ready(files))
        assert hostile.message is not None
        assert hostile.message in text, hostile.name
        assert "This is a fault" not in text
        assert 'role="alert"' in text
    assert httpx.get(f"{page.base}/healthz").text == "ok\n"


def test_a_file_beyond_the_limit_is_refused(page: WebPage) -> None:
    id = page.client.post("/files", headers=page.headers).json()["id"]
    for name in ("big.csv", "../../../big.csv"):
        sent = {"params": {"name": name}, "content": b"x" * 1_000_001}
        answer = page.client.put(f"/files/{id}/upload", headers=page.headers, **sent)
        assert answer.status_code == 400
        assert "larger than 1 MB" in answer.json()["problem"]
    assert not list(_folder(page, f"/files/{id}").rglob("big*"))


def test_a_name_cannot_lead_out_of_the_folder(page: WebPage, tmp_path: Path) -> None:
    data = BROKEN.read_bytes()
    files = page.drop(("../../../../etc/cron.d/evil.xlsx", data), ("..\\..\\x.pdf", b"%PDF"))
    folder = _folder(page, files)
    placed = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    assert {"files/etc/cron.d/evil.xlsx", "files/x.pdf"} <= placed


def _folder(page: WebPage, files: str) -> Path:
    return page.home / "web" / "files" / files.rpartition("/")[2]


def test_another_person_cannot_read_what_was_dropped(page: WebPage) -> None:
    files = page.drop(BROKEN)
    page.ready(files)
    folder = _folder(page, files)
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_listening_elsewhere_needs_a_proxy_that_names_the_person(
    command: Callable[..., Ended], tmp_path: Path
) -> None:
    refused = command("web", "--listen", "0.0.0.0")
    assert refused.code == 2
    assert "--user-header" in refused.err
    assert command("web", "--user-header", "X").code == 2
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--listen", "127.0.0.1", "--user-header", "X-User", "--port", str(port))
    with web_page(tmp_path, *options, "--origin", "https://bills.example") as page:
        assert page.address.startswith("https://bills.example/?token=")
        path = page.address.removeprefix("https://bills.example")
        local, headers = f"http://127.0.0.1:{port}", {"host": "bills.example"}
        refused = httpx.get(local + path, headers=headers)
        assert refused.status_code == 403
        assert "X-User is missing" in refused.text
        assert httpx.get(local + path, headers={"x-user": "anna"}).status_code == 421
        entered = httpx.get(local + path, headers={"x-user": "anna", **headers})
        assert entered.status_code == 303
        assert "secure" in entered.headers["set-cookie"].lower()
        other = httpx.get(local + path, headers={"x-user": "ben", **headers})
        assert other.status_code == 303  # the proxy has let ben in


def test_a_second_server_is_refused(page: WebPage) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "importer", "web", "--no-browser"],
        env={"LIGHT_IMPORT_HOME": str(page.home), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "runs already" in done.stderr


# --- the way ----------------------------------------------------------------------------------


def test_a_file_is_checked_loaded_verified_and_undone(page: WebPage, tmp_path: Path) -> None:
    files = page.drop(*_bills(tmp_path, bill_row(1), bill_row(2)))
    text = page.ready(files)
    assert "2 bills are valid" in text or "All 2 bills are valid" in text, text
    page.post(f"{files}/send", version=page.version(text))
    question = page.ready(files)
    assert "Create these bills?" in question
    assert "2 to create" in question
    assert _light(page) == 0  # nothing before the answer
    page.answer(question)
    page.ready(files)
    run = re.findall(r'href="(/runs/[^"?]+)', page.client.get(files).text)[0]
    result = page.ready(run)
    assert "Created in Light" in result
    assert "difference 0.00" in result or ">0.00<" in result
    assert _light(page) == 2
    workbook = page.client.get(f"{run}/result.xlsx")
    assert workbook.headers["content-disposition"].startswith("attachment")
    (tmp_path / "result.xlsx").write_bytes(workbook.content)
    assert "Tie-out" in openpyxl.load_workbook(tmp_path / "result.xlsx").sheetnames
    assert page.client.get(f"{run}/result.csv").content.count(b"created") >= 2
    page.post(f"{run}/verify")
    assert "Read back from Light: 2 bills; 2 the same." in page.ready(run)
    page.post(f"{run}/undo")
    question = page.ready(run)
    assert "Cancel these bills in Light?" in question
    page.answer(question)
    assert "Undone" in page.ready(run)
    history = page.client.get("/runs").text
    assert run.rpartition("/")[2] in history
    assert "2 undone" in history


def _light(page: WebPage) -> int:
    """How many bills the sandbox has that are not cancelled."""
    with sqlite3.connect(page.home / "web" / "sandbox.sqlite") as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master")]
        assert "bills" in tables, tables
        states = [json.loads(body) for (body,) in database.execute("select body from bills")]
    return sum(bill["state"] != "CANCELLED" for bill in states)


def test_a_cell_is_corrected_in_a_copy_and_can_be_undone(page: WebPage, tmp_path: Path) -> None:
    sources = _with_a_wrong_amount(tmp_path)
    before = [path.read_bytes() for path in sources]
    files = page.drop(*sources)
    text = page.ready(files)
    # Neither a command nor the server's own folders: who has the page need not have a terminal.
    report = page.client.get(f"{files}/result.html").text
    assert "Next: correct the cells on the page" in report
    assert str(page.home) not in text
    text = page.ready(files)
    column = _column(page, text, "amount")
    (row,) = page.rows(files, table=0, show="problems")["rows"]
    severity, message, _hint = row["bad"][str(column)]
    assert severity == "error"
    assert message in html.unescape(text)
    answer = page.edit(files, page.version(text), (row["row"], column, "1051"))
    standing = answer.json()
    assert standing["steps"] == 1
    assert not standing["checked"]
    row = page.rows(files, table=0, show="edited")["rows"][0]
    assert row["cells"][column] == "1051"
    assert row["edited"] == [column]
    stale = page.post(f"{files}/send", version=standing["version"])
    assert "Check the files again first" in stale.text
    body = {"version": standing["version"]}
    undone = page.client.post(f"{files}/undo-edit", json=body, headers=page.headers).json()
    assert undone["words"] == f"Undone: amount, row {row['row']}."
    assert page.rows(files, table=0, show="edited")["total"] == 0
    page.edit(files, undone["version"], (row["row"], column, "1051"))
    page.post(f"{files}/check")
    text = page.ready(files)
    assert "bills-corrected.csv" in text
    folder = _folder(page, files) / "files"
    assert [(folder / path.name).read_bytes() for path in sources] == before
    run = page.send(files, text)
    workbook = tmp_path / "result.xlsx"
    workbook.write_bytes(page.client.get(f"{run}/result.xlsx").content)
    sheet = openpyxl.load_workbook(workbook)["Corrections"]
    header, first = sheet.iter_rows(values_only=True)
    assert header == ("File", "Sheet", "Row", "Column", "Before", "After", "Who", "When (UTC)")
    assert first[0] == "bills-corrected.csv"
    assert first[2:6] == (row["row"], "amount", "1,051", "1051")
    assert first[6]
    assert re.match(r"20\d\d-\d\d-\d\dT", first[7])


def _column(page: WebPage, text: str, header: str, table: int = 0) -> int:
    tables = json.loads(html.unescape(re.findall("data-tables='([^']+)'", text)[0]))
    return tables[table]["headers"].index(header)


def test_two_tabs_do_not_contradict_each_other(page: WebPage, tmp_path: Path) -> None:
    files = page.drop(*_bills(tmp_path, bill_row(31)))
    text = page.ready(files)
    column = _column(page, text, "description")
    version = page.version(text)
    assert page.edit(files, version, (2, column, "other")).status_code == 200
    second = page.edit(files, version, (2, column, "another"))
    assert second.status_code == 409
    assert second.json()["problem"].startswith("These files were changed in another tab")
    assert page.rows(files, table=0)["rows"][1]["cells"][column] == "other"
    assert page.post(f"{files}/options", version=version).status_code == 409
    page.post(f"{files}/check")
    text = page.ready(files)
    page.post(f"{files}/send", version=page.version(text))
    question = page.ready(files)
    page.answer(question, "no")
    assert page.answer(question).status_code == 409
    assert "You answered no. Nothing was sent to Light." in page.ready(files)


def test_many_cells_are_corrected_at_once(page: WebPage, tmp_path: Path) -> None:
    rows = [bill_row(i, issuedDate=f"0{i}/03/2025", currency=" GBP") for i in range(1, 6)]
    files = page.drop(*_bills(tmp_path, *rows))
    text = page.ready(files)
    for action, header in (
        ("clear", "description"),
        ("DMY", "issuedDate"),
        ("trim", "currency"),
    ):
        column = _column(page, text, header)
        fields = {"version": page.version(text), "table": 0, "column": column, "show": "all"}
        assert page.post(f"{files}/fix", action=action, check="x", **fields).status_code == 409
        (check,) = re.findall('name="check" value="([^"]+)"', text)
        page.post(f"{files}/fix", action=action, check=check, **fields)
        text = page.ready(files)
    headers, *shown = page.rows(files, table=0, show="all")["rows"]
    assert headers["cells"][_column(page, text, "description")] == "description"
    cells = [row["cells"] for row in shown]
    assert [row[_column(page, text, "issuedDate")] for row in cells] == [
        f"2025-03-0{i}" for i in range(1, 6)
    ]
    assert {row[column] for row in cells} == {"GBP"}


def test_a_header_is_corrected_and_a_problem_of_a_column_leads_to_it(
    page: WebPage, tmp_path: Path
) -> None:
    bills, lines = _bills(tmp_path, bill_row(43))
    lines.write_text(lines.read_text().replace("account", "acount", 1))
    files = page.drop(bills, lines)
    text = page.ready(files)
    causes = re.findall('data-show="([0-9]+)" data-table="([0-9]+)" data-column="([0-9]+)"', text)
    cause, table, column = next(each for each in causes if each[1] == "1")
    shown = page.rows(files, table=table, show=cause)["rows"]
    assert [row["status"] for row in shown] == ["Header"]
    assert shown[0]["cells"][int(column)].startswith("acount")
    corrected = shown[0]["cells"][int(column)].replace("acount", "account")
    page.edit(files, page.version(text), (1, int(column), corrected), table=1)
    page.post(f"{files}/check")
    assert "The one bill is valid" in page.ready(files)


def test_a_result_workbook_is_corrected_and_sends_only_what_was_not_loaded(
    page: WebPage, tmp_path: Path
) -> None:
    files = page.drop(*_with_a_wrong_amount(tmp_path, 46))
    first = page.send(files, page.ready(files), only_valid="yes")
    assert "1 of 2 bills" in page.ready(first)
    workbook = page.client.get(f"{first}/result.xlsx").content
    before = _light(page)
    files = page.drop(("result.xlsx", workbook))
    text = page.ready(files)
    column = _column(page, text, "amount")
    (row,) = page.rows(files, table=0, show="problems")["rows"]
    assert str(column) in row["bad"]
    shown = page.rows(files, table=0, show="all")["rows"]
    assert "Header" not in {each["status"] for each in shown}  # by which it is read again
    page.edit(files, page.version(text), (row["row"], column, "1046"))
    edited = page.rows(files, table=0, show="edited")["rows"]
    assert [(each["cells"][column], each["edited"]) for each in edited] == [("1046", [column])]
    page.post(f"{files}/check")
    text = page.ready(files)
    assert "result-corrected.xlsx" in text
    assert "is no part of the result" not in text
    page.post(f"{files}/send", version=page.version(text))
    question = page.ready(files)
    assert "1 to create" in question
    page.answer(question)
    page.ready(files)
    assert _light(page) == before + 1
    second = re.findall(r'href="(/runs/[^"?]+)', page.client.get(files).text)[0]
    assert "Ties out" in page.ready(second)
    corrected = tmp_path / "second.xlsx"
    corrected.write_bytes(page.client.get(f"{second}/result.xlsx").content)
    rows = [*openpyxl.load_workbook(corrected)["Corrections"].values]
    assert [row[1:6] for row in rows[1:]] == [("Bills", 2, "amount", "1,046", "1046")]
    again = page.drop(("second.xlsx", corrected.read_bytes()))
    assert "sheet Corrections" not in page.ready(again)


def test_a_name_is_picked_from_the_lists_of_the_company(page: WebPage, tmp_path: Path) -> None:
    row = bill_row(41, vendorId="", vendor="Silverdale Electrics Ltd")
    files = page.drop(*_bills(tmp_path, row))
    text = page.ready(files)
    assert 'id="names">To resolve<' in text
    assert '<a href="#names">' in text
    name = html.unescape(re.findall('name="name-0" value="([^"]+)"', text)[0])
    assert name == "vendor Silverdale Electrics Ltd"
    asked = {"field": "vendor", "q": "electrical silver"}
    labels = page.client.get(f"{files}/names", params=asked).json()["labels"]
    assert labels == ["Silverdale Electrical Ltd (V-1050)"]
    fields = {"version": page.version(text), "name-0": name}
    refused = page.post(f"{files}/picks", **fields, **{"pick-0": "Nobody"})
    assert "is neither a suggestion for" in refused.text
    page.post(f"{files}/picks", **fields, **{"pick-0": labels[0]})
    text = page.ready(files)
    assert "data-names" not in text
    assert '<a href="#names">' not in text
    assert "Your picks (1)" in text
    assert "Created in Light" in page.ready(page.send(files, text))


def test_a_template_is_drafted_completed_and_used(page: WebPage) -> None:
    csv = b"Lieferant,Beleg,Datum,Betrag\nAcme,R-1,2025-03-01,120.00\nAcme,R-2,2025-03-02,80.00\n"
    files = page.drop(("export.csv", csv))
    text = page.ready(files)
    assert "The files could not be checked" in text
    drafted = page.client.get(f"{files}/template?draft").text
    draft = html.unescape(re.findall(r"<textarea[^>]*>(.*)</textarea>", drafted, re.DOTALL)[0])
    assert "template:" in draft
    bad = page.post(f"{files}/template", version=page.version(drafted), text="template: [")
    assert bad.status_code == 400
    assert 'role="alert">template.yaml, line 1: this is not YAML' in bad.text
    complete = draft.replace("[TODO]", "row").replace("# invoiceNumber: {column: TODO}", NUMBER)
    complete = complete.replace("# currency: {value: TODO}", "currency: {value: GBP}")
    complete = complete.replace("{value: TODO}", "{value: true}")
    page.post(f"{files}/template", version=page.version(bad.text), text=complete)
    text = page.ready(files)
    assert "template.yaml" in text
    assert "2 bills" in text
    assert "Acme" in text


def test_the_form_of_a_draft_writes_its_yaml(page: WebPage) -> None:
    csv = b"Lieferant,Beleg,Datum,Betrag\nAcme,R-1,2025-03-01,120.00\nAcme,R-2,2025-03-02,80.00\n"
    files = page.drop(("export.csv", csv))
    page.ready(files)
    form = page.client.get(f"{files}/template?draft").text
    fields = {
        html.unescape(label): int(n)
        for n, label in re.findall('<label for="field-([0-9]+)">([^<]+?) *<', form)
    }
    group = int(re.findall('name="field-([0-9]+)-0"', form)[0])
    answers = {
        f"field-{fields['Vendor']}": "column:Lieferant",
        f"field-{fields['Invoice number']}": "column:Beleg",
        f"field-{fields['Invoice date']}": "column:Datum",
        f"field-{fields['Total of the bill']}": "sum of lines",
        f"field-{fields['Amount of a line item']}": "column:Betrag",
        f"field-{fields['Tax is in the amounts of line items']}": "yes",
        f"field-{group}-0": "yes",
    }
    at = f"{files}/template/form"
    refused = page.post(at, version=page.version(form), **answers)
    assert refused.status_code == 400
    assert "Still to choose: Currency." in refused.text
    assert '<option value="column:Beleg" selected>' in refused.text  # nothing is typed twice
    answers[f"field-{fields['Currency']}"] = "value:EUR"
    assert page.post(at, version=0, **answers).status_code == 409
    page.post(at, version=page.version(refused.text), **answers)
    text = page.ready(files)
    assert "All 2 bills are valid" in text
    assert "EUR" in text
    form = page.client.get(f"{files}/template").text
    yaml = html.unescape(re.findall(r"<textarea[^>]*>(.*)</textarea>", form, re.DOTALL)[0])
    assert "currency: {value: EUR}" in yaml
    assert "is not what this form makes" not in form
    page.post(f"{files}/template", version=page.version(form), text=yaml.replace("EUR", "GBP"))
    assert "GBP" in page.ready(files)
    form = page.client.get(f"{files}/template").text
    assert "is not what this form makes" in form
    answers[f"field-{fields['Currency']}"] = ""
    refused = page.post(at, version=page.version(form), **answers)
    assert "Still to choose: Currency." in refused.text
    form = page.client.get(f"{files}/template")
    assert form.status_code == 200
    assert "currency: {value: GBP}" in form.text  # as it was last saved
    page.post(f"{files}/remove", version=page.version(form.text), sheet="export.csv")
    assert page.client.get(f"{files}/template").status_code == 200


def test_a_killed_server_loses_no_correction_and_sends_nothing_twice(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    bills, lines = _bills(tmp_path, *(bill_row(i) for i in range(150)))
    bills.write_text(bills.read_text().replace(",1051,", ',"1,051",'))
    with running(SandboxSettings(latency=0.15)) as light:
        variables = {"LIGHT_API_KEY": light.key, "LIGHT_BASE_URL": light.base_url}
        with web_page(home, **variables) as page:
            page.enter()
            files = page.drop(bills, lines)
            text = page.ready(files)
            column = _column(page, text, "amount")
            page.edit(files, page.version(text), (53, column, "1051"))
            page.kill()
        with (home / "web" / files.removeprefix("/") / "steps.jsonl").open("a") as steps:
            steps.write('{"what": "edit", "ce')  # what a power cut leaves
        with web_page(home, **variables) as page:
            page.enter()
            assert files in page.client.get("/").text
            text = page.ready(files)
            assert "bills-corrected.csv" in text
            page.post(f"{files}/send", version=page.version(text))
            page.answer(page.ready(files))
            while not light.bills():
                time.sleep(0.01)
            page.kill()
        assert len(light.bills()) < 150
        with web_page(home, **variables) as page:
            page.enter()
            assert "was interrupted" in page.client.get("/").text
            text = page.ready(files)
            assert "The last load of these files was interrupted" in text
            run = page.send(files, text)
            assert page.ready(run).count("verdict good") == 1
            assert "was interrupted" not in page.client.get("/").text
            first = re.findall(r'href="(/runs/[^"]+)', page.client.get("/runs").text)[-1]
            assert first != run
            assert "Created in Light" in page.ready(first)  # of the run that was killed
        numbers = [bill["invoiceNumber"] for bill in light.bills()]
        assert sorted(numbers) == [f"INV-{i:05}" for i in range(150)]
        amounts = {bill["invoiceNumber"]: bill["amount"] for bill in light.bills()}
        assert amounts["INV-00051"] == 1051


def test_the_page_shows_the_defaults_of_the_file_and_can_leave_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    defaults = 'only-valid = true\nverify = true\nthen = "submitted"\n'
    (home / "light-import.toml").write_text(defaults)
    with web_page(home, "--sandbox") as page:
        page.enter()
        files = page.drop(*_with_a_wrong_amount(tmp_path))
        text = page.ready(files)
        for name in ("only_valid", "verify"):
            assert f'name="{name}" value="yes" checked' in text
        assert '<option value="submitted" selected>' in text
        page.post(f"{files}/options", version=page.version(text), then="submitted")
        text = page.ready(files)
        assert 'name="verify" value="yes">' in text
        assert '<option value="submitted" selected>' in text
        page.post(f"{files}/send", version=page.version(text))  # the box is not ticked
        refused = page.ready(files)
        assert 'name="question"' not in refused
        assert 'name="only_valid" value="yes">' in refused
        page.post(f"{files}/send", version=page.version(text), only_valid="yes")
        assert "1 to create" in page.ready(files)


def test_the_options_of_the_company_that_is_chosen_on_the_page_count(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    general = 'confirm-above = 1_000_000\njournal = "loads.sqlite"\n'
    (home / "light-import.toml").write_text(f"{general}[company.careful]\nconfirm-above = 1\n")
    with web_page(home, "--sandbox") as page:
        page.enter()
        files = page.drop(*_bills(tmp_path, bill_row(64)))
        text = page.ready(files)
        page.post(f"{files}/options", version=page.version(text), company="careful")
        text = page.ready(files)
        page.post(f"{files}/send", version=page.version(text))
        question = page.ready(files)
        assert "type the number of bills" in question
        page.answer(question, typed="1")
        page.ready(files)
    assert _light(page) == 1
    assert not (home / "loads.sqlite").exists()  # which is of Light, not of the sandbox


def test_a_vendor_is_created_where_that_is_permitted(page: WebPage, tmp_path: Path) -> None:
    files = page.drop(*_bills(tmp_path, bill_row(61, vendorId="", vendor="Zyx Quarries Ltd")))
    text = page.ready(files)
    page.post(f"{files}/options", version=page.version(text), create_vendors="yes")
    text = page.ready(files)
    name = html.unescape(re.findall('name="name-0" value="([^"]+)"', text)[0])
    fields = {"version": page.version(text), "name-0": name, "pick-0": "create"}
    page.post(f"{files}/picks", **fields)
    text = page.ready(files)
    page.post(f"{files}/send", version=page.version(text))
    question = page.ready(files)
    assert "Create these bills and their new vendors?" in question
    page.answer(question)
    page.ready(files)
    run = re.findall(r'href="(/runs/[^"?]+)', page.client.get(files).text)[0]
    assert "Created in Light" in page.ready(run)


def test_files_are_removed_when_asked(page: WebPage, tmp_path: Path) -> None:
    files = page.drop(*_bills(tmp_path, bill_row(62)))
    text = page.ready(files)
    folder = _folder(page, files)
    assert folder.exists()
    page.post(f"{files}/delete", version=page.version(text))
    assert not folder.exists()
    assert "These files are no longer here" in page.client.get(files).text
    for id in ("..", "../..", "20260101-000000-abcdef", "%2e%2e%2fseal.key"):
        assert page.client.get(f"/files/{id}").status_code in (400, 404) or id.startswith(".")


def test_damaged_files_of_one_leave_the_start_page_to_all(page: WebPage, tmp_path: Path) -> None:
    damaged, whole = page.drop(*_bills(tmp_path, bill_row(63))), page.drop(BROKEN)
    page.ready(damaged)
    (_folder(page, damaged) / "workspace.json").write_text('{"created": ')
    start = page.client.get("/")
    assert start.status_code == 200
    assert whole.rpartition("/")[2] in start.text
    assert damaged.rpartition("/")[2] not in start.text


def test_the_large_amount_asks_for_the_number_of_bills(page: WebPage, tmp_path: Path) -> None:
    files = page.drop(*_bills(tmp_path, bill_row(63, amount=200_000_000)))
    text = page.ready(files)
    page.post(f"{files}/send", version=page.version(text))
    question = page.ready(files)
    assert "This is a large amount: type the number of bills" in question
    wrong = page.answer(question, typed="7").text
    assert "That is not the number of bills. Nothing was sent to Light yet." in wrong
    page.answer(question, typed="1")
    page.ready(files)
    (run,) = re.findall(r'href="(/runs/[^"?]+)', page.client.get(files).text)
    page.post(f"{run}/undo")
    question = page.ready(run)
    wrong = page.answer(question, typed="7").text
    assert (
        "That is not the number of bills. Nothing was cancelled or changed in Light yet." in wrong
    )
    page.answer(question, "no")
    assert "You answered no. Nothing was cancelled in Light." in page.ready(run)
