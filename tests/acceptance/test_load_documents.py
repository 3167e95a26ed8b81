"""The files of the column ``document``: checked before anything is sent, and uploaded once."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from conftest import (
    COMPANY,
    KEEP,
    LOAD,
    PASS,
    Ended,
    Fault,
    Request,
    ended,
    http,
    proxied,
    start,
    write_bills,
)
from test_kill import wait_for
from test_load_steps import acts, asked, codes, journaled, row, states

from importer.report.xlsx.provenance_sheet import checksum
from importer.sandbox import Sandbox, SandboxSettings, parse_fault, running
from importer.sandbox.document_store import StoredDocument

Load = Callable[..., Ended]
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def kept(light: Sandbox) -> dict[str, StoredDocument]:
    """The documents in Light by invoice number."""
    by_id = light.context.documents.by_bill
    return {str(b["invoiceNumber"]): by_id[str(b["id"])] for b in light.bills() if b["id"] in by_id}


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "one.pdf").write_bytes(PDF)
    (folder / "Rechnung 2 – Müller.PNG").write_bytes(PNG)
    return folder


def test_documents_are_uploaded_before_steps_and_without_key(
    load: Load, sandbox: Sandbox, tmp_path: Path, scans: Path
) -> None:
    large = PDF + os.urandom(3_000_000)
    (tmp_path / "large.pdf").write_bytes(large)
    rows = [
        row(0, "paid", document="scans/one.pdf"),
        row(1, "draft", document="scans\\Rechnung 2 – Müller.PNG"),
        row(2, "posted", document="large.pdf"),
        row(3, "draft", document=""),
    ]
    files = write_bills(tmp_path, rows)
    told = load(sandbox.base_url, *files)
    assert told.code == 0, told.out
    there = kept(sandbox)
    assert {n: (d.name, d.content_type) for n, d in sorted(there.items())} == {
        "INV-00000": ("one.pdf", "application/pdf"),
        "INV-00001": ("Rechnung 2 – Müller.PNG", "image/png"),
        "INV-00002": ("large.pdf", "application/pdf"),
    }
    assert there["INV-00002"].sha256 == hashlib.sha256(large).hexdigest()
    assert list(states(sandbox).values()) == ["PAID", "IN_DRAFT", "UNPAID", "IN_DRAFT"]
    puts = sandbox.context.documents.puts
    assert len(puts) == 3
    for headers in puts:
        assert "authorization" not in headers
        assert "cookie" not in headers
        assert SandboxSettings.key not in " ".join(headers.values())
    assert [b["documentName"] for b in sandbox.bills()].count(None) == 1
    again = load(sandbox.base_url, *files)
    assert again.code == 0
    assert len(puts) == 3


# name → (the cell, a function that prepares the folder, code)
BAD: dict[str, tuple[str, str]] = {
    "missing": ("scans/oen.pdf", "not_found"),
    "in no folder": ("nowhere/one.pdf", "not_found"),
    "a folder": ("scans", "not_a_file"),
    "a pipe": ("pipe.pdf", "not_a_file"),
    "empty": ("empty.pdf", "empty"),
    "too large": ("big.pdf", "too_large"),
    "of no kind that is uploaded": ("note.docx", "unknown_type"),
    "without an ending": ("one", "unknown_type"),
    "a PNG by content": ("really-png.pdf", "other_type"),
    "a web page by content": ("page.xml", "other_type"),
    "an absolute path": ("/etc/hosts", "outside"),
    "above the folder": ("../secret.pdf", "outside"),
    "a link that leads out": ("link.pdf", "outside"),
    "a folder that is a link out": ("away/secret.pdf", "outside"),
    "a drive of Windows": ("C:\\scans\\one.pdf", "outside"),
    "a share of Windows": ("\\\\server\\scans\\one.pdf", "outside"),
    "a share with slashes": ("//server/scans/one.pdf", "outside"),
    "a share with both": ("\\/server/scans/one.pdf", "outside"),
    "a device path": ("\\\\?\\C:\\scans\\one.pdf", "outside"),
    "a file of the current folder of a drive": ("C:one.pdf", "outside"),
    "above the folder, by Windows": ("scans\\..\\..\\secret.pdf", "outside"),
    "a loop of links": ("loop.pdf", "unreadable"),
}


def test_bad_documents_are_reported_before_sending(
    load: Load, sandbox: Sandbox, tmp_path: Path, scans: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.pdf").write_bytes(PDF)
    scans.rename(home / "scans")
    os.mkfifo(home / "pipe.pdf")
    (home / "empty.pdf").touch()
    (home / "big.pdf").write_bytes(PDF)
    os.truncate(home / "big.pdf", 20_000_001)
    for name in ("note.docx", "one"):
        (home / name).write_bytes(PDF)
    (home / "really-png.pdf").write_bytes(PNG)
    (home / "page.xml").write_bytes(b"<!DOCTYPE html><html>")
    (home / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    (home / "away").symlink_to(tmp_path)
    (home / "loop.pdf").symlink_to(home / "loop.pdf")
    cells = [cell for cell, _ in BAD.values()]
    files = write_bills(home, [row(i, document=cell) for i, cell in enumerate(cells)])
    told = load(sandbox.base_url, *files)
    assert told.code == 1
    found = {f["value"]: f for f in told.json["findings"]}
    assert {cell: found[cell]["code"].rpartition(".")[2] for cell in cells} == dict(BAD.values())
    assert all(f["column"] == "document" for f in found.values())
    assert "the nearest is 'one.pdf'." in found["scans/oen.pdf"]["hint"]
    assert "20.0 MB; the limit is 20 MB" in found["big.pdf"]["message"]
    assert "is a PDF by its name and a PNG by its content" in found["really-png.pdf"]["message"]
    assert sandbox.counters.bill_posts == 0
    # Where their folder is named, files in it are taken from there, and others still are not.
    files = write_bills(
        home, [row(0, document=str(tmp_path / "secret.pdf")), row(1, document="big.pdf")]
    )
    told = load(sandbox.base_url, *files, "--documents", str(tmp_path), "--largest-document", "21")
    assert codes(told) == ["bills.document.not_found"]
    (tmp_path / "big.pdf").hardlink_to(home / "big.pdf")
    told = load(sandbox.base_url, *files, "--documents", str(tmp_path), "--largest-document", "21")
    assert told.code == 0, told.out
    assert sorted(d.size for d in kept(sandbox).values()) == [len(PDF), 20_000_001]


@pytest.mark.parametrize(
    "fault",
    [
        "document:drop-after", "document:500-before", "document:not-json-200", "document:429",
        "upload:drop-before", "upload:drop-after", "upload:503-after", "document:redirect-307",
        "upload:foreign-200-before", "upload:202-before", "upload:not-json-200",
    ],
)  # fmt: skip
def test_document_arrives_despite(fault: str, load: Load, tmp_path: Path, scans: Path) -> None:
    target, name = fault.split(":")
    from importer.sandbox import faults

    settings = SandboxSettings(
        reference=COMPANY,
        requests_per_minute=100_000,
        script=faults.parse_script(f"{target}:1 {name}"),
    )
    files = write_bills(tmp_path, [row(0, "posted", document="scans/one.pdf")])
    with running(settings) as light:
        told = load(light.base_url, *files)
        assert told.code == 0, told.out
        assert light.counters.faults == {name: 1}
        assert kept(light)["INV-00000"].content == PDF
        assert states(light) == {"INV-00000": "UNPAID"}
        assert journaled() == {"document done": 1, "post done": 1}
        assert not any("authorization" in headers for headers in light.context.documents.puts)


def test_kill_during_an_upload_is_completed(
    load: Load, sandbox: Sandbox, tmp_path: Path, scans: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "posted", document="scans/one.pdf")])
    held = Fault(True, KEEP, after=600)
    with proxied(sandbox.base_url, lambda r: held if r.method == "PUT" else PASS) as proxy:
        killed = start(*LOAD, "--base-url", proxy.url, *files, cwd=tmp_path)
        wait_for(lambda: sandbox.context.documents.received == 1)
        killed.kill()
        assert ended(killed).code == -signal.SIGKILL
        assert journaled() == {"document sending": 1, "post planned": 1}
        proxy.idle()
        proxy.fault = lambda request: PASS
        # The file is another one now: that is told, and the one of now is uploaded.
        (scans / "one.pdf").write_bytes(PDF + b"%corrected")
        told = load(proxy.url, *files)
    assert told.code == 0, told.out
    assert [f["code"] for f in told.json["findings"]] == ["bills.document.changed"]
    assert kept(sandbox)["INV-00000"].content == PDF + b"%corrected"
    assert states(sandbox) == {"INV-00000": "UNPAID"}
    # Changed once more: told, and not uploaded again.
    (scans / "one.pdf").write_bytes(PDF + b"%again")
    told = load(proxy.url.replace(proxy.url, sandbox.base_url), *files, *_journal())
    assert told.code == 0
    (finding,) = told.json["findings"]
    assert "is not the one that was uploaded on" in finding["message"]
    assert finding["column"] == "document"
    assert kept(sandbox)["INV-00000"].content == PDF + b"%corrected"


def _journal() -> tuple[str, str]:
    (path,) = Path(os.environ["LIGHT_IMPORT_HOME"]).glob("journals/*.sqlite")
    return "--journal", str(path)


REFUSALS = {
    "Light refuses the address": lambda r: (
        Fault(False, http(422, {"type": "T", "message": "No more documents."}))
        if acts(r, "upload-url")
        else PASS
    ),
    "the storage refuses the file": lambda r: (
        Fault(False, http(400, b"<Error><Message>No more documents.</Message></Error>"))
        if r.method == "PUT"
        else PASS
    ),
    "the storage sends it elsewhere": lambda r: (
        Fault(False, http(307, b"", Location="http://elsewhere.example/No more documents."))
        if r.method == "PUT"
        else PASS
    ),
    "the address is not encrypted": lambda r: (
        Fault(True, http(200, {"uploadUrl": "http://storage.example/x", "headers": {}}))
        if acts(r, "upload-url")
        else PASS
    ),
    "the address wants the key": lambda r: (
        Fault(True, http(200, {"uploadUrl": f"{_HOME}/x", "headers": {"Authorization": "x"}}))
        if acts(r, "upload-url")
        else PASS
    ),
}
_HOME = "http://127.0.0.1:9"


@pytest.mark.parametrize("fault", REFUSALS.values(), ids=REFUSALS)
def test_refused_document_holds_back_later_steps(
    fault: Callable[[Request], Fault], load: Load, sandbox: Sandbox, tmp_path: Path, scans: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "posted", document="scans/one.pdf")])
    with proxied(sandbox.base_url, fault) as proxy:
        told = load(proxy.url, *files)
        assert (told.code, codes(told)) == (1, ["light.step_refused"])
        assert told.json["bills"] == {"total": 1, "created": 1}
        (finding,) = told.json["findings"]
        assert finding["column"] == "document"
        assert "not uploaded: " in finding["message"]
        assert (asked(sandbox)["post"], states(sandbox)) == (0, {"INV-00000": "IN_DRAFT"})
        assert [
            r.headers for r in proxy.requests if r.method == "PUT" and "authorization" in r.headers
        ] == []
        proxy.fault = lambda request: PASS
        again = load(proxy.url, *files)
    assert again.code == 0, again.out
    assert states(sandbox) == {"INV-00000": "UNPAID"}


def test_expired_upload_url_is_requested_again(load: Load, tmp_path: Path, scans: Path) -> None:
    files = write_bills(tmp_path, [row(0, document="scans/one.pdf")])
    with running(
        SandboxSettings(reference=COMPANY, requests_per_minute=100_000, upload_seconds=-1)
    ) as light:
        puts = light.context.documents.puts

        def fault(request: Request) -> Fault:
            if len(puts) == 1:
                light.context.documents.valid_seconds = 300
            return PASS

        with proxied(light.base_url, fault) as proxy:
            assert load(proxy.url, *files).code == 0
        assert len(puts) == 2
        assert kept(light)["INV-00000"].content == PDF


def test_result_finds_documents_beside_the_source_file(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path, scans: Path
) -> None:
    files = write_bills(tmp_path, [row(0, "payed", document="scans/one.pdf")])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    result = elsewhere / "result.xlsx"
    assert command("validate", *files, "--result", str(result), "--quiet").code == 1
    book = openpyxl.load_workbook(result)
    sheet = book["Bills"]
    headers = [cell.value for cell in sheet[1]]
    sheet.cell(2, headers.index("status") + 1).value = "posted"
    book.save(result)
    told = load(sandbox.base_url, str(result))
    assert told.code == 0, told.out
    assert kept(sandbox)["INV-00000"].content == PDF
    assert states(sandbox) == {"INV-00000": "UNPAID"}


def test_result_finds_documents_in_each_source_folder(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files: list[str] = []
    for i, place in enumerate(("uk", "de")):
        home = tmp_path / place
        home.mkdir()
        (home / "one.pdf").write_bytes(PDF + place.encode())
        files += write_bills(home, [row(i, "payed", document="one.pdf")])
    assert command("validate", *files, "--result", "result.xlsx", "--quiet").code == 1
    told = load(sandbox.base_url, corrected("result.xlsx"))
    assert told.code == 0, told.out
    assert {number: each.content for number, each in kept(sandbox).items()} == {
        "INV-00000": PDF + b"uk",
        "INV-00001": PDF + b"de",
    }
    # A report of that load, made in another folder, knows the folders too.
    (tmp_path / "away").mkdir()
    report = ("report", told.json["run"], "--result", "away/again.xlsx", "--quiet")
    assert command(*report).code == 0
    (tmp_path / "de" / "one.pdf").unlink()
    told = command("validate", "away/again.xlsx", "--json", "--quiet")
    (finding,) = told.json["findings"]
    assert finding["code"] == "bills.document.not_found"
    assert str(tmp_path / "de") in finding["message"]


def corrected(result: str, name: str = "corrected.xlsx", **facts: str) -> str:
    """The result with the status that was misspelled put right, and the facts of its hidden sheet
    forged, with the right checksum."""
    book = openpyxl.load_workbook(result)
    for each in (s for s in book if s.title.startswith("Bills")):
        headers = [cell.value for cell in each[1]]
        each.cell(2, headers.index("status") + 1).value = "posted"
    hidden = book["light-import"]
    rows = [[c.value for c in r if c.value is not None] for r in hidden.iter_rows(min_row=2)]
    rows = [[r[0], facts.get(str(r[0]), r[1])] if len(r) == 2 else r for r in rows[:-1]]
    rows += [[key, text] for key, text in facts.items() if key not in [r[0] for r in rows]]
    hidden.delete_rows(2, hidden.max_row)
    for cells in [*rows, ["check", checksum(rows)]]:
        hidden.append(cells)
    book.save(name)
    return name


def test_foreign_result_reads_no_documents_elsewhere(
    load: Load,
    command: Load,
    sandbox: Sandbox,
    tmp_path: Path,
    scans: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    private, inbox = tmp_path / "private", tmp_path / "inbox"
    private.mkdir()
    inbox.mkdir()
    (private / "one.pdf").write_bytes(PDF + b"%private")
    own = write_bills(scans, [row(0, "payed", document="one.pdf")])
    theirs = write_bills(private, [row(1, "payed", document="one.pdf")])
    command("validate", *own, "--result", "own.xlsx", "--quiet")
    home = Path(os.environ["LIGHT_IMPORT_HOME"])
    assert (home / "seal.key").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("LIGHT_IMPORT_HOME", str(tmp_path / "of somebody else"))
    command("validate", *theirs, "--result", "theirs.xlsx", "--quiet")
    monkeypatch.setenv("LIGHT_IMPORT_HOME", str(home))
    made = {
        "theirs": corrected("theirs.xlsx", str(inbox / "theirs.xlsx")),
        "ours, forged": corrected("own.xlsx", str(inbox / "own.xlsx"), folder=str(private)),
    }
    for name, result in made.items():
        told = load(sandbox.base_url, result)
        (finding,) = told.json["findings"]
        assert (told.code, finding["code"]) == (1, "bills.document.not_proven"), name
        assert (finding["file"], finding["sheet"], finding["row"]) == (result, "Bills", 2)
        assert all(f" {each}" in finding["message"] for each in (private, inbox))
        assert "--documents" in finding["hint"]
        # A result of that result does not make its folder ours.
        laundered = command(
            "validate", result, "--result", f"laundered-{name}.xlsx", "--json", "--quiet"
        )
        laundered = command("validate", laundered.json["result"], "--json", "--quiet")
        assert [f["code"] for f in laundered.json["findings"]] == ["bills.document.not_found"]
    assert sandbox.counters.bill_posts == 0
    forged = corrected("own.xlsx", "forged.xlsx", template_file=str(private / "t.yaml"))
    told = command("validate", forged)
    assert told.code == 2
    assert "Name it with --template." in told.err
    (home / "seal.key").chmod(0o644)  # somebody else may have read it
    told = command("validate", corrected("own.xlsx"), "--json", "--quiet")
    assert [f["code"] for f in told.json["findings"]] == ["bills.document.not_proven"]
    # What stands beside the workbook is taken, and told; what is named outright is taken.
    (inbox / "one.pdf").write_bytes(PDF)
    told = load(sandbox.base_url, made["ours, forged"])
    (finding,) = told.json["findings"]
    assert (told.code, finding["code"]) == (0, "bills.document.beside")
    assert finding["severity"] == "warning"
    told = load(sandbox.base_url, made["theirs"], "--documents", str(private))
    assert (told.code, told.json["findings"]) == (0, [])
    assert kept(sandbox)["INV-00000"].content == PDF
    assert kept(sandbox)["INV-00001"].content == PDF + b"%private"


def test_load_completes_with_faults_at_every_tenth_step(
    load: Load, tmp_path: Path, scans: Path
) -> None:
    settings = SandboxSettings(
        reference=COMPANY,
        requests_per_minute=100_000,
        late=0.01,
        faults=tuple(parse_fault(f"{on}:all:0.01") for on in ("change", "upload")),
    )
    rows = [row(i, ("paid", "submitted")[i % 2], document="scans/one.pdf") for i in range(24)]
    files = write_bills(tmp_path, rows)
    with running(settings) as light:
        told = load(light.base_url, *files)
        assert told.code == 0, told.out
        assert light.counters.faults
        assert sorted(states(light).values()) == ["APPROVAL_PENDING"] * 12 + ["PAID"] * 12
        assert len(kept(light)) == 24
