"""Files that are no bills: one clear sentence, the right exit code, nothing left behind."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, bill_row, write_bills
from openpyxl import Workbook

from importer.sandbox import Sandbox

Command = Callable[..., Ended]


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> str:
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return str(path)


HEAD = list(bill_row(0))
LINE_HEAD = ["billRef", "description", "netAmount", "accountId"]


def encrypted() -> bytes:
    """An OLE file with the streams of a workbook under a password."""
    sector = 512
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * (4 * 108)
    fat = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff" * (sector - 8)

    def entry(name: str, kind: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF) -> bytes:
        raw = name.encode("utf-16-le")
        out = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2 if raw else 0, kind, 1)
        out += struct.pack("<III", 0xFFFFFFFF, right, child) + bytes(36)
        return out + struct.pack("<IQ", 0xFFFFFFFE, 0)

    directory = entry("Root Entry", 5, child=1) + entry("EncryptedPackage", 2, right=2)
    directory += entry("EncryptionInfo", 2) + entry("", 0)
    return header + fat + directory


def test_bad_input_case(tmp_path: Path) -> None:
    """The encrypted workbook of these tests is an OLE file of three sectors."""
    assert len(encrypted()) == 3 * 512


def missing(folder: Path) -> list[str]:
    return [str(folder / "nowhere.xlsx")]


def empty(folder: Path) -> list[str]:
    (folder / "empty.xlsx").write_bytes(b"")
    return [str(folder / "empty.xlsx")]


def empty_csv(folder: Path) -> list[str]:
    (folder / "empty.csv").write_bytes(b"")
    return [str(folder / "empty.csv")]


def directory(folder: Path) -> list[str]:
    (folder / "bills").mkdir()
    return [str(folder / "bills")]


def pdf(folder: Path) -> list[str]:
    (folder / "bills.xlsx").write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n")
    return [str(folder / "bills.xlsx")]


def locked(folder: Path) -> list[str]:
    (folder / "bills.xlsx").write_bytes(encrypted())
    return [str(folder / "bills.xlsx")]


def no_rows(folder: Path) -> list[str]:
    sheets: dict[str, list[list[object]]] = {"Bills": [list(HEAD)], "Line items": [list(LINE_HEAD)]}
    return [workbook(folder / "bills.xlsx", sheets)]


def nothing_at_all(folder: Path) -> list[str]:
    return [workbook(folder / "bills.xlsx", {"Sheet1": []})]


def header_twice(folder: Path) -> list[str]:
    bills = [*HEAD, "Currency"], [*bill_row(0).values(), "EUR"]
    line = ["B0", "Paper", 1000, "x"]
    return [
        workbook(
            folder / "bills.xlsx",
            {"Bills": [list(r) for r in bills], "Line items": [list(LINE_HEAD), list(line)]},
        )
    ]


def two_of_one_field(folder: Path) -> list[str]:
    files = write_bills(folder, [bill_row(0)])
    text = Path(files[0]).read_text()
    head, row = text.splitlines()
    Path(files[0]).write_text(f"{head},Vendor ID\n{row},{bill_row(1)['vendorId']}\n")
    return files


def lines_alone(folder: Path) -> list[str]:
    return write_bills(folder, [bill_row(0)])[1:]


def letter(folder: Path) -> list[str]:
    (folder / "letter.csv").write_text("Dear all,\nplease find the bills attached.\n")
    return [str(folder / "letter.csv")]


CASES: dict[str, tuple[Callable[[Path], list[str]], int, str]] = {
    "a missing file": (missing, 2, "nowhere.xlsx"),
    "an empty workbook": (empty, 2, "empty"),
    "an empty CSV": (empty_csv, 2, "empty"),
    "a folder": (directory, 2, "folder"),
    "a PDF named xlsx": (pdf, 2, "PDF"),
    "a workbook under a password": (locked, 2, "password"),
    "sheets without rows": (no_rows, 1, ""),
    "a workbook without a cell": (nothing_at_all, 2, ""),
    "two columns of one header": (header_twice, 1, "urrency"),
    "two columns of one field": (two_of_one_field, 1, "endor"),
    "line items without bills": (lines_alone, 1, ""),
    "a letter": (letter, 2, "Dear all"),
}


@pytest.mark.parametrize(("make", "code", "word"), CASES.values(), ids=CASES)
def test_bad_input_gives_one_sentence(
    make: Callable[[Path], list[str]],
    code: int,
    word: str,
    load: Command,
    sandbox: Sandbox,
    tmp_path: Path,
    home: Path,
) -> None:
    files = make(tmp_path)
    before = {path for path in tmp_path.rglob("*") if path.suffix != ".xlsx"}
    told = load(sandbox.base_url, *files)
    assert told.code == code
    assert "Traceback" not in told.out + told.err
    assert sandbox.counters.bill_posts == 0
    if code == 2:
        assert told.json["exit_code"] == 2
        assert told.json["error"]["message"] in told.err
        assert told.err.startswith("Error: ")
        assert word in told.err
        assert {path for path in tmp_path.rglob("*") if path.suffix != ".xlsx"} == before
        assert not list(tmp_path.glob("*-result*"))
    else:
        messages = [f["message"] for f in told.json["findings"] if f["severity"] == "error"]
        assert messages
        assert any(word in message for message in messages)
    assert not list(home.glob("journals/*"))


def test_missing_key_error_says_how_to_set_one(command: Command, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    told = command("load", "--yes", *files)
    assert told.code == 2
    assert "There is no key for Light" in told.err
    assert "LIGHT_API_KEY" in told.err


def test_key_and_token_together_are_refused(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "one-secret")
    monkeypatch.setenv("LIGHT_ACCESS_TOKEN", "two-secret")
    told = command("load", "--yes", *write_bills(tmp_path, [bill_row(0)]))
    assert told.code == 2
    assert "secret" not in told.err


def test_plain_http_is_refused(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "one-secret")
    files = write_bills(tmp_path, [bill_row(0)])
    told = command("load", "--yes", "--base-url", "http://api.light.inc", *files)
    assert told.code == 2
    assert "not encrypted" in told.err


def test_missing_argument_error_has_an_example(command: Command) -> None:
    for words in (("load", "--yes", "--sandbox"), ("validate",)):
        told = command(*words)
        assert told.code == 2
        assert told.err.startswith("Error: Name at least one file")


def test_file_without_rows_asks_for_a_new_export(command: Command, tmp_path: Path) -> None:
    (tmp_path / "bills.csv").write_text(",".join(HEAD) + "\n", encoding="utf-8")
    told = command("validate", str(tmp_path / "bills.csv"))
    assert told.code == 1
    assert "Next: correct your file and run the same command again" in told.out


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_unreadable_file_error_has_the_remedy(command: Command, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    Path(files[0]).chmod(0)
    told = command("validate", *files)
    assert told.code == 2
    assert "You may not read this file. Close it in Excel" in told.err


def test_stated_result_that_exists_is_replaced_only_with_overwrite(
    command: Command, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    (tmp_path / "mine.csv").write_text("kept", encoding="utf-8")
    refused = command("validate", *files, "--result", "mine.csv")
    assert refused.code == 2
    assert "mine.csv already exists: name another with --result, or add --overwrite" in refused.err
    assert (tmp_path / "mine.csv").read_text(encoding="utf-8") == "kept"
    assert command("validate", *files, "--result", "mine.csv", "--overwrite").code == 0
    assert "import_status" in (tmp_path / "mine.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_setting_of_certificates_that_names_none_is_a_sentence(
    name: str,
    content: bytes | None,
    command: Callable[..., Ended],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    path = tmp_path / "company.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)  # of the computer of the tests
    monkeypatch.setenv(name, str(path))
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    told = command("load", "--yes", "--base-url", "https://127.0.0.1:9", *files)
    assert told.code == 2
    assert f"{name} is {path}, " in " ".join(told.err.split())
    assert "Correct the setting, or remove it" in " ".join(told.err.split())
    assert "Traceback" not in told.err
    assert command("load", "--yes", "--sandbox", *files).code == 0, "which needs no certificate"
