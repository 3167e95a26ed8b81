"""The command itself: what it asks, what it prints, what it leaves behind."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PASS, Ended, Fault, bill_row, http, numbers, proxied, refusal, write_bills
from forked import fork

from importer.sandbox import Sandbox, SandboxSettings, running

SAMPLES = Path(__file__).parents[2] / "samples"

Load = Callable[..., Ended]
KEYS = {
    "command",
    "run",
    "company",
    "bills",
    "line_items",
    "totals",
    "findings",
    "requests",
    "seconds",
    "result",
    "exit_code",
}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    return write_bills(tmp_path, [bill_row(i) for i in range(6)])


def everything_in(folder: Path) -> bytes:
    """All bytes of all files, workbooks unpacked."""
    import zipfile

    found = b""
    for path in folder.rglob("*"):
        if path.is_file():
            found += path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    found += b"".join(archive.read(name) for name in archive.namelist())
    return found


def test_json_has_the_documented_keys(load: Load, sandbox: Sandbox, files: list[str]) -> None:
    told = load(sandbox.base_url, *files)
    assert set(told.json) >= KEYS
    assert told.json["command"] == "load"
    assert told.json["company"]
    assert told.json["requests"] == sandbox.counters.received
    assert told.json["line_items"] == {"total": 6, "created": 6}
    (total,) = told.json["totals"]
    assert {"currency", "sheet", "created", "difference"} <= set(total)
    assert (total["currency"], total["difference"]) == ("GBP", 0)
    assert Path(told.json["result"]).is_file()
    assert told.err == ""


def test_summary_names_the_next_command(
    command: Load, sandbox: Sandbox, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    told = command("load", *files, "--yes", "--base-url", sandbox.base_url)
    assert told.code == 0
    assert "All 6 bills are in Light; GBP ties out." in told.out
    assert "Next: light-import report" in told.out


@pytest.mark.parametrize(
    ("words", "next_step"),
    [
        ((), "{files} --base-url {url}"
         " (after correcting the key or its role; nothing is sent twice)"),
        (("--dry-run", "--requests-per-day", "99"),
         "{files} --base-url {url} --requests-per-day 99 (without --dry-run)"),
    ],
    ids=["refused", "dry run"],
)  # fmt: skip
def test_next_command_has_the_base_url(
    words: tuple[str, ...],
    next_step: str,
    command: Load,
    sandbox: Sandbox,
    files: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    refused = http(401)
    with proxied(sandbox.base_url, lambda r: Fault(False, refused) if r.creates else PASS) as proxy:
        given = command("load", *files, "--yes", "--base-url", proxy.url, *words)
        monkeypatch.setenv("LIGHT_BASE_URL", proxy.url)
        known = command("load", *files, "--yes", *words)
    step = "Next: light-import load " + next_step
    names = " ".join(files)
    assert step.format(files=names, url=proxy.url) in _one_line(given.out)
    assert step.replace(" --base-url {url}", "").format(files=names) in _one_line(known.out)


def test_next_command_after_validate_has_the_place_to_load_into(
    command: Load, files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, url = str(tmp_path / "own.sqlite"), "http://127.0.0.1:1"
    step = f"Next: light-import load {' '.join(files)}"
    given = command("validate", *files, "--base-url", url, "--journal", journal)
    assert f"{step} --base-url {url} --journal {journal}\n" in given.out + "\n"
    monkeypatch.setenv("LIGHT_BASE_URL", url)
    monkeypatch.setenv("LIGHT_IMPORT_JOURNAL", journal)
    assert f"{step}\n" in command("validate", *files).out
    broken = write_bills(tmp_path, [bill_row(0, vendorId="", vendor="?", currency="Euro")])
    monkeypatch.delenv("LIGHT_BASE_URL")
    wrong = _one_line(command("validate", *broken, "--base-url", url).out)
    assert f".xlsx --base-url {url} (or correct" in wrong


def test_next_command_of_a_run_has_the_place_it_was_loaded_into(
    command: Load,
    sandbox: Sandbox,
    files: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    journal = f"--journal {tmp_path / 'own.sqlite'}"
    place = f"--base-url {sandbox.base_url} {journal}"
    loaded = command("load", *files, "--yes", "--settle", "0", *place.split())
    assert f" {journal} (the workbook again, any time)" in _one_line(loaded.out)
    would = command("undo", "latest", "--dry-run", *journal.split())
    assert would.out.count(f"{journal}\n") == 1
    undone = command("undo", "latest", "--yes", *journal.split())
    assert f"{' '.join(files)} --template light {place} (loads" in _one_line(undone.out)


@pytest.mark.parametrize(
    ("words", "valid", "told"),
    [
        ((), 1, "Nothing was sent, because some bills need correction."),
        (("--only-valid",), 0, "Nothing was sent, because no bill is valid."),
        (("--expect", "bills=9"), 2, "Nothing was sent, because the files have problems."),
        (("--only-valid", "--requests-per-day", "1"), 1, None),
    ],
    ids=[
        "all or none",
        "none is valid",
        "another control total",
        "stopped before anything was sent",
    ],
)
def test_summary_says_why_nothing_was_sent(
    words: tuple[str, ...],
    valid: int,
    told: str | None,
    command: Load,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    wrong = [] if "--expect" in words else [bill_row(7, currency="Euro")]
    files = write_bills(tmp_path, [*map(bill_row, range(valid)), *wrong])
    ended = command("load", *files, "--yes", "--base-url", sandbox.base_url, *words)
    assert ended.code == (1 if told else 4)
    notes = [line for line in ended.out.splitlines() if "Nothing was sent" in line]
    assert notes == ([f"Note: {told}"] if told else [])
    assert sandbox.bills() == []


def test_lost_answer_is_announced(
    command: Load, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    files = write_bills(tmp_path, [bill_row(1)])
    lost = Fault(False, http(500))
    with proxied(sandbox.base_url, lambda r: lost if r.creates else PASS) as proxy:
        told = command("load", *files, "--yes", "--base-url", proxy.url, "--settle", "0.05")
    assert told.code == 3
    assert "The answer for one bill was lost; looking it up in Light in 0.05 seconds." in told.err


def _one_line(text: str) -> str:
    return " ".join(text.split())


def test_dry_run_writes_nothing(load: Load, sandbox: Sandbox, tmp_path: Path, home: Path) -> None:
    load(sandbox.base_url, *write_bills(tmp_path, [bill_row(0)]))
    (journal,) = home.glob("journals/*.sqlite")
    before = journal.read_bytes()
    told = load(
        sandbox.base_url, *write_bills(tmp_path, [bill_row(i) for i in range(6)]), "--dry-run"
    )
    assert told.code == 0
    assert told.json["bills"] == {"total": 6, "valid": 5, "already_loaded": 1}
    assert told.json["run"] is None
    assert sandbox.counters.bill_posts == 1
    assert journal.read_bytes() == before


def test_dry_run_creates_no_journal(
    load: Load, sandbox: Sandbox, files: list[str], home: Path
) -> None:
    assert load(sandbox.base_url, *files, "--dry-run").code == 0
    assert list(home.glob("journals/*")) == []
    assert list(home.glob("runs/*")) == []
    assert not any(route.startswith("POST") for route in sandbox.counters.by_route)


def test_no_terminal_and_no_yes_is_a_usage_error(
    command: Load, sandbox: Sandbox, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    told = command("load", *files, "--base-url", sandbox.base_url)
    assert told.code == 2
    assert "--yes" in told.err
    assert sandbox.counters.received == 0


def test_invalid_bill_blocks_the_load_without_only_valid(
    load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [bill_row(0), bill_row(1, currency="POUND"), bill_row(2)]
    files = write_bills(tmp_path, rows)
    told = load(sandbox.base_url, *files)
    assert told.code == 1
    assert told.json["bills"] == {"total": 3, "valid": 2, "invalid": 1}
    assert sandbox.counters.bill_posts == 0
    told = load(sandbox.base_url, *files, "--only-valid")
    assert told.code == 1
    assert told.json["bills"] == {"total": 3, "created": 2, "invalid": 1}
    assert numbers(sandbox) == ["INV-00000", "INV-00002"]


def test_result_is_never_overwritten(load: Load, sandbox: Sandbox, files: list[str]) -> None:
    first = load(sandbox.base_url, *files, "--result", "out.xlsx")
    before = Path("out.xlsx").read_bytes()
    second = load(sandbox.base_url, *files, "--result", "out.xlsx")
    assert Path("out.xlsx").read_bytes() == before
    assert first.json["result"] != second.json["result"]


def test_quiet_prints_errors_only(
    command: Load, sandbox: Sandbox, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHT_API_KEY", "sandbox")
    args = ("load", *files, "--yes", "--quiet", "--base-url", sandbox.base_url)
    stopped = command(*args, "--requests-per-day", "8")
    assert stopped.out == ""
    assert stopped.err.startswith("Stopped: The 8 requests permitted")
    assert command(*args) == Ended(0, "", "")


def test_sandbox_needs_no_key(command: Load, files: list[str]) -> None:
    told = command("load", *files, "--yes", "--json", "--quiet", "--sandbox")
    assert told.code == 0
    assert told.json["bills"] == {"total": 6, "created": 6}


def test_key_appears_nowhere(
    command: Load, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "sk-live-4711-Geheim"
    monkeypatch.setenv("LIGHT_API_KEY", key)
    files = write_bills(tmp_path, [bill_row(i) for i in range(4)])
    echo = refusal(422, f"Not with Basic {key}", "amount")
    with running(SandboxSettings(key=key)) as sandbox:
        with proxied(
            sandbox.base_url,
            lambda r: Fault(False, echo) if r.creates and r.number == 0 else PASS,
        ) as proxy:
            args = ("load", *files, "--yes", "--verbose", "--base-url", proxy.url)
            told = command(*args)
            (run,) = command("runs", "--json").json["runs"]
            again = command("report", run["run"])
    assert told.code == 1
    said = told.out + told.err + again.out + again.err
    assert "Not with Basic ***" in said
    assert key not in said
    assert key.encode() not in everything_in(tmp_path) + everything_in(home)


# --- the question -----------------------------------------------------------------------------


class Terminal:
    """light-import on a pseudo-terminal, until the block ends."""

    def __init__(self, *args: str, cwd: Path, **settings: str) -> None:
        self.said = ""
        self.master, slave = pty.openpty()
        env = os.environ | {"LIGHT_API_KEY": "sandbox", "TERM": "dumb", "COLUMNS": "100"}
        try:
            self.process = fork(args, cwd, env | settings, (slave, slave, slave), _take_terminal)
        except BaseException:
            os.close(self.master)
            raise
        finally:
            os.close(slave)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *failure: object) -> None:
        self.process.close()
        os.close(self.master)

    def until(self, text: str | None, seconds: float = 120) -> str:
        """Read until ``text`` was said, or the end for None; all that was said."""
        end = time.monotonic() + seconds
        while text is None or text not in self.said:
            assert time.monotonic() < end, self.said
            if not select.select([self.master], [], [], 0.2)[0]:
                continue
            try:
                read = os.read(self.master, 4096)
            except OSError:  # Linux: the other side is closed
                read = b""
            if not read:
                assert text is None, self.said
                break
            self.said += read.decode()
        return self.said

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        self.until(None)
        return self.process.wait(120)


def _take_terminal() -> None:
    """Its own session, with this terminal, so that ^C typed into it is a signal."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize(
    "answer", ["n\n", "\n", "\x03", "\x04"], ids=["no", "nothing", "Ctrl-C", "Ctrl-D"]
)
def test_consent_question_shows_totals_and_needs_yes(
    answer: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [bill_row(0), bill_row(1), bill_row(2, currency="EUR", amount=123_456)]
    files = write_bills(tmp_path, rows)
    with Terminal("load", *files, "--base-url", sandbox.base_url, cwd=tmp_path) as terminal:
        said = terminal.until("Create these bills?")
        assert "Company:  Kestrel" in said
        assert "Bills:    3 to create" in said
        assert "1,234.56 EUR" in said
        assert "20.01 GBP" in said
        terminal.type(answer)
        assert terminal.end() == 4
        names = " ".join(files)
        again = f"light-import load {names} --base-url {sandbox.base_url} (asks again)"
        said = " ".join(terminal.said.split())
        assert said.endswith(f"Stopped: Nothing was sent to Light. Next: {again}")
    assert "Traceback" not in terminal.said
    assert sandbox.counters.bill_posts == 0


def test_question_names_the_template_and_what_it_states(
    shipped_sandbox: Sandbox, tmp_path: Path
) -> None:
    shutil.copy(SAMPLES / "uk-spend" / "dh-spend-march.csv", tmp_path / "ledger.csv")
    words = ("load", "ledger.csv", "--only-valid", "--base-url", shipped_sandbox.base_url)
    with Terminal(*words, cwd=tmp_path) as terminal:
        said = " ".join(terminal.until("type the number of bills, or n: ").split())
        assert "Template: uk-spend, which states: currency GBP, amounts include tax" in said
        terminal.type("n\n")
        assert terminal.end() == 4


def test_unclear_answer_is_asked_again(sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    with Terminal("load", *files, "--base-url", sandbox.base_url, cwd=tmp_path) as terminal:
        terminal.until("Create these bills? [y/N]: ")
        terminal.type("perhaps\nJust do it\n")
        terminal.until("Error: type y or n\r\nCreate these bills? [y/N]: Error: type y or n")
        assert sandbox.counters.bill_posts == 0
        terminal.type("YES\n")
        assert terminal.end() == 0
    assert terminal.said.count("Create these bills?") == 3
    assert len(sandbox.bills()) == 3


def test_what_was_typed_before_the_question_is_no_answer(sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(0), bill_row(1), bill_row(2, currency="none")])
    words = ("load", *files, "--only-valid", "--base-url", sandbox.base_url)
    with Terminal(*words, cwd=tmp_path) as terminal:
        terminal.type("y\ny\n")
        said = " ".join(terminal.until("Create these bills? [y/N]: ").split())
        assert "Left out: 1 bill with problems" in said
        terminal.type("n\n")
        assert terminal.end() == 4
    assert sandbox.counters.bill_posts == 0


def test_the_number_of_bills_is_the_consent_to_a_large_amount(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    words = ("load", *files, "--base-url", sandbox.base_url, "--confirm-above", "30")
    with Terminal(*words, cwd=tmp_path) as terminal:
        terminal.until("type the number of bills, or n: ")
        terminal.type("y\n")
        terminal.until("that is not the number of bills")
        assert sandbox.counters.bill_posts == 0
        terminal.type("3\n")
        assert terminal.end() == 0
    assert len(sandbox.bills()) == 3


def test_yes_loads_with_a_progress_bar(sandbox: Sandbox, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(3)])
    with Terminal("load", *files, "--base-url", sandbox.base_url, cwd=tmp_path) as terminal:
        terminal.until("Create these bills?")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert "All 3 bills are in Light; GBP ties out." in terminal.said
    assert len(sandbox.bills()) == 3


# --- history ----------------------------------------------------------------------------------


def test_runs_and_report_work_without_the_source_files(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    assert "Nothing has been loaded" in command("runs").out
    assert command("runs", "--json").json["runs"] == []
    files = write_bills(tmp_path, [bill_row(i) for i in range(4)])
    refused = refusal(422, "No.", "dueDate")
    with proxied(
        sandbox.base_url, lambda r: Fault(False, refused) if b"INV-00002" in r.body else PASS
    ) as proxy:
        told = load(proxy.url, *files)
    for name in files:
        Path(name).unlink()

    (run,) = command("runs", "--json").json["runs"]
    assert run["run"] == told.json["run"]
    assert run["bills"] == told.json["bills"] == {"total": 4, "created": 3, "rejected": 1}
    assert run["exit_code"] == 1
    assert run["result"] == told.json["result"]
    text = command("runs").out
    assert run["run"] in text
    assert "3 created" in text
    assert "1 rejected" in text

    again = command("report", run["run"], "--json", "--quiet")
    assert again.code == 0
    for name in ("bills", "line_items", "totals", "findings", "run", "company"):
        assert again.json[name] == told.json[name], name
    assert again.json["result"] != told.json["result"]
    assert Path(again.json["result"]).is_file()


def test_unknown_run_is_a_usage_error(command: Load) -> None:
    told = command("report", "20200101-000000-ffff")
    assert told.code == 2
    assert "There is no run 20200101-000000-ffff" in told.err


def test_help_imports_no_heavy_library() -> None:
    program = (
        "import sys\n"
        "from importer.cli.main import run\n"
        "for args in (['--help'], ['load', '--help'], ['runs', '--help'], ['--version']):\n"
        "    assert run(args) == 0\n"
        "heavy = {'pandas', 'pandera', 'httpx', 'sqlalchemy', 'numpy', 'openpyxl', 'pydantic',\n"
        "         'asyncio', 'starlette', 'uvicorn', 'tqdm', 'xlsxwriter', 'pyarrow'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"
