"""Four eyes: only what somebody else has checked, just so, is loaded."""

from __future__ import annotations

import contextlib
import html
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openpyxl
import psycopg
import pytest
from conftest import COMPANY, Ended, bill_row, document, write_bills
from web_page import WebPage, web_page

from importer.sandbox import Sandbox, SandboxSettings, running

Load = Callable[..., Ended]
HOST = "bills.example"


@pytest.fixture
def at(database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """From now on as that person of the computer, and with that role in the database."""
    with psycopg.connect(database, autocommit=True) as db:
        for role in ("anna", "ben"):
            present = db.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            if not present:
                db.execute(f"CREATE ROLE {role} LOGIN SUPERUSER")

    def person(name: str, role: str = "") -> None:
        address = re.sub("//[^@/]*@", f"//{role or name}@", database)
        assert address != database
        monkeypatch.setenv("LIGHT_IMPORT_JOURNAL", address)
        for variable in ("USER", "LOGNAME", "LNAME", "USERNAME"):
            monkeypatch.setenv(variable, name)

    return person


def test_only_what_somebody_else_has_checked_is_loaded(
    command: Load, load: Load, sandbox: Sandbox, at: Callable[..., None], tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(1), bill_row(2)])
    at("anna")
    unchecked = load(sandbox.base_url, *files, "--four-eyes")
    assert unchecked.code == 2
    assert "nobody else has checked" in unchecked.err
    checked = command("validate", *files, "--four-eyes", "--base-url", sandbox.base_url)
    assert checked.code == 0, checked.err
    for name in ("anna", "ben"):  # the name of the computer alone makes nobody another
        at(name, role="anna")
        refused = load(sandbox.base_url, *files, "--four-eyes")
        assert refused.code == 2
        assert "checked by anna, as whom you load" in refused.err
    at("ben")
    before = Path(files[0]).read_text()
    Path(files[0]).write_text(before.replace("1001", "1002"))
    changed = load(sandbox.base_url, *files, "--four-eyes")
    assert changed.code == 2
    assert "as they are now" in changed.err
    assert sandbox.bills() == []
    Path(files[0]).write_text(before)
    done = load(sandbox.base_url, *files, "--four-eyes", "--result", str(tmp_path / "r.xlsx"))
    assert done.code == 0, done.err
    assert len(sandbox.bills()) == 2
    again = tmp_path / "again.xlsx"
    report = document(command("report", "latest", "--json", "--result", str(again)))
    assert report["who"] == "ben"
    assert document(done)["started"] <= report["started"]
    assert report["checked_by"]["who"] == "anna"
    assert report["checked_by"] == document(done)["checked_by"]
    assert "2026-01-01T00:00:00Z" < report["checked_by"]["at"] <= report["started"]
    listed = document(command("runs", "--json"))["runs"]
    (of_run,) = (each for each in listed if each["run"] == report["run"])
    assert (of_run["who"].partition(" ")[0], of_run["checked_by"]) == ("ben", report["checked_by"])
    assert "checked by anna, 20" in command("runs").out
    for workbook in (tmp_path / "r.xlsx", again):
        cells = [c for row in openpyxl.load_workbook(workbook)["Summary"].values for c in row]
        texts = [str(cell) for cell in cells if cell is not None]
        assert texts[texts.index("Checked by") + 1].startswith("anna, 20")
        assert texts[texts.index("Loaded by") + 1] == "ben"


def test_the_profile_of_a_company_demands_it_whichever_is_chosen(
    load: Load,
    sandbox: Sandbox,
    at: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = write_bills(tmp_path, [bill_row(3)])
    at("ben")
    folder = tmp_path / "settings"
    folder.mkdir()
    profile = "[company.kestrel]\nname = 'Kestrel Trading Ltd (sandbox)'\nfour-eyes = true\n"
    (folder / "light-import.toml").write_text(f"{profile}[company.other]\n")
    monkeypatch.chdir(folder)
    for options in ((), ("--company", "kestrel")):
        refused = load(sandbox.base_url, *files, *options)
        assert refused.code == 2
        assert "nobody else has checked" in refused.err
    assert sandbox.bills() == []
    assert load(sandbox.base_url, *files, "--dry-run").code == 0
    monkeypatch.setenv("LIGHT_IMPORT_JOURNAL", str(tmp_path / "mine.sqlite"))
    assert "need a journal that you share" in load(sandbox.base_url, *files).err


@contextlib.contextmanager
def _entered(server: WebPage, port: int, person: str) -> Iterator[WebPage]:
    """Somebody whom the reverse proxy names."""
    base = f"http://127.0.0.1:{port}"
    headers = {"host": HOST, "x-user": person}
    token = server.address.removeprefix(f"https://{HOST}")
    cookie = httpx.get(base + token, headers=headers).headers["set-cookie"].partition(";")[0]
    headers["cookie"] = cookie
    with httpx.Client(base_url=base, headers=headers, follow_redirects=True, timeout=60) as client:
        page = WebPage(server.process, server.address, client, server.home)
        page.csrf = re.findall('name="csrf" content="([^"]+)"', client.get("/").text)[0]
        yield page


def test_on_the_page_somebody_releases_and_somebody_else_loads(
    database: str, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--listen", "127.0.0.1", "--user-header", "X-User", "--port", str(port))
    options += ("--origin", f"https://{HOST}", "--four-eyes")
    sources = [Path(name) for name in write_bills(tmp_path, [bill_row(4), bill_row(5)])]
    with running(SandboxSettings(reference=COMPANY)) as light:
        variables = {"LIGHT_API_KEY": light.key, "LIGHT_BASE_URL": light.base_url}
        variables["LIGHT_IMPORT_JOURNAL"] = database
        with (
            web_page(tmp_path, *options, **variables) as server,
            _entered(server, port, "anna") as anna,
            _entered(server, port, "ben") as ben,
        ):
            hers = anna.drop(*sources)
            text = anna.ready(hers)
            assert "Nobody has checked these files as they are now" in text
            his = ben.drop(*sources)
            ben.post(f"{his}/send", version=ben.version(ben.ready(his)))
            assert "nobody else has checked" in html.unescape(ben.ready(his))
            headers = {"origin": anna.base, "x-user": "ben"}  # with a page that is hers
            form = {"csrf": anna.csrf, "version": anna.version(text)}
            assert (
                anna.client.post(f"{hers}/release", data=form, headers=headers).status_code == 400
            )
            anna.post(f"{hers}/release", version=anna.version(text))
            text = anna.ready(hers)
            assert "Checked by anna, " in text
            anna.post(f"{hers}/send", version=anna.version(text))
            assert "checked by anna, as whom you load" in html.unescape(anna.ready(hers))
            # two tabs: what was corrected since is not what was released
            ben.post(f"{his}/check")
            text = ben.ready(his)
            assert "Checked by anna, " in text
            column = 9
            assert ben.edit(his, ben.version(text), (2, column, "other")).status_code == 200
            (steps,) = tmp_path.rglob("steps.jsonl")
            assert '"by": "ben"' in steps.read_text()
            stale = ben.post(f"{his}/release", version=ben.version(text))
            assert stale.status_code == 409
            ben.post(f"{his}/check")
            text = ben.ready(his)
            ben.post(f"{his}/send", version=ben.version(text))
            assert "nobody else has checked" in html.unescape(ben.ready(his))
            ben.post(f"{his}/check")
            text = ben.ready(his)
            ben.post(f"{his}/release", version=ben.version(text))  # by who corrected it
            ben.post(f"{his}/send", version=ben.version(ben.ready(his)))
            assert "checked by ben, as whom you load" in html.unescape(ben.ready(his))
            assert light.bills() == []
            body = {"version": ben.version(ben.client.get(his).text)}
            ben.client.post(f"{his}/undo-edit", json=body, headers=ben.headers)
            ben.post(f"{his}/check")
            run = ben.send(his, ben.ready(his))
            result = ben.ready(run)
            assert re.search(r"Checked by</\w+>\s*<\w+>anna, ", result)
            assert re.search(r"Loaded by</\w+>\s*<\w+>ben", result)
            # with corrections, as a copy
            wrong = sources[0].read_text().replace("INV-00004", "INV-00014")
            wrong = wrong.replace("INV-00005", "INV-00015").replace(",1004,", ',"1,004",')
            hers = anna.drop(("more.csv", wrong.encode()), sources[1])
            text = anna.ready(hers)
            (row,) = anna.rows(hers, table=0, show="problems")["rows"]
            (column,) = map(int, row["bad"])
            anna.edit(hers, anna.version(text), (row["row"], column, "1004"))
            anna.post(f"{hers}/check")
            anna.post(f"{hers}/release", version=anna.version(anna.ready(hers)))
            assert "Released for loading" not in anna.client.get("/").text
            start = ben.client.get("/").text
            (released,) = re.findall('action="(/released/[^"]+)".*more.csv', start)
            opened = ben.post(released)
            copy = opened.url.path
            run = ben.send(copy, ben.ready(copy))
            assert re.search(r"Checked by</\w+>\s*<\w+>anna, ", ben.ready(run))
            text = anna.ready(hers)
            anna.edit(hers, anna.version(text), (row["row"], column, "1005"))
            assert "no longer as they were released" in ben.post(released).text
        assert len(light.bills()) == 4
