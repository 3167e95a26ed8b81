"""``--json`` on every exit, against the schema of the documentation."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from conftest import Ended, bill_row, document, write_bills

from importer.cli.main import cli
from importer.core import errors
from importer.sandbox import Sandbox

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "run.schema.json").read_text("utf-8"))
Command = Callable[..., Ended]

# Every command, in a way in which it fails.
FAILING = {
    "validate": "none.csv",
    "load": "none.csv",
    "runs": "--limit 0",
    "verify": "latest",
    "undo": "latest --yes",
    "report": "none",
    "export": "bills --filter amount",
    "journal settle": "none INV-1 --absent",
    "journal check": "--journal none",
    "journal copy": "none.sqlite copy.sqlite",
    "auth login": "--bogus",
    "auth status": "",
    "auth logout": "--base-url ftp://light",
    "sandbox": "",  # a server: it prints no result
    "web": "",
    "reference pull": "",
    "template list": "more",
    "template show": "none",
    "template samples": ".",
    "template check": "none",
    "template new": "",
    "template schema": "",  # it prints a schema anyway
}
# Those that can succeed without more than a load; of auth login and journal settle see their tests.
SUCCEEDING = (
    "runs",
    "journal check",
    "auth status",
    "auth logout",
    "template list",
    "template show xero-bills",
    "template check xero-bills",
    "template samples some",
    "template new --from bills.csv",
    "template new --from bills.csv -o drafted.yaml",
    "reference pull",
    "export vendors",
    "template new --workbook fill-in.xlsx",
)


def leaf_commands(group: click.Group, *words: str) -> list[str]:
    context, names = click.Context(group), []
    for name in group.list_commands(context):
        inner = group.get_command(context, name)
        is_group = isinstance(inner, click.Group)
        names += leaf_commands(inner, *words, name) if is_group else [" ".join((*words, name))]
    return names


def test_every_command_has_a_failing_example() -> None:
    assert sorted(leaf_commands(cli)) == sorted(FAILING)


@pytest.mark.parametrize(("words", "rest"), FAILING.items(), ids=FAILING)
def test_every_command_that_fails_prints_its_error(words: str, rest: str, command: Command) -> None:
    printed = document(command(*words.split(), *rest.split(), "--json"))
    assert (printed["exit_code"], printed["command"]) == (2, words)
    assert printed["error"]["message"]


def test_commands_without_a_report_print_a_document_of_the_schema(
    load: Command,
    command: Command,
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
    run = load(sandbox.base_url, *write_bills(tmp_path, [bill_row(0)])).json["run"]
    printed = {}
    for words in SUCCEEDING:
        printed[words] = document(command(*words.split(), "--json"))
        assert (printed[words]["exit_code"], printed[words]["error"]) == (0, None)
        assert words.startswith(printed[words]["command"])
    assert [each["run"] for each in printed["runs"]["runs"]] == [run]
    assert [each["bills"] for each in printed["journal check"]["journals"]] == [1]
    assert printed["auth status"]["variable"] == "LIGHT_API_KEY"
    assert printed["reference pull"]["vendors"] > 0
    assert "\ntemplate: xero-bills\n" in printed["template show xero-bills"]["yaml"]


def test_each_command_prints_a_document_of_the_schema(
    load: Command, command: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i, companyEntity="UK01") for i in range(2)])
    assert document(command("validate", *files, "--json"))["error"] is None
    loaded = document(load(sandbox.base_url, *files, "--then", "submitted"))
    assert loaded["steps"] == {"submitted": 2}
    part = {"sheet": 2001, "created": 2001, "difference": 0}
    [total] = loaded["totals"]
    assert (total["bills"], total["credit_notes"]["sheet"]) == (part, 0)
    for name in ("verify", "report"):
        assert document(command(name, "latest", "--json"))["run"] == loaded["run"]
    assert document(command("undo", "latest", "--yes", "--json"))["run"] == loaded["run"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["validate"], "usage"),
        (["validate", "none.csv"], "file"),
        (["validate", "bills.csv", "--template", "none"], "template"),
        (["load", "bills.csv", "--bogus"], "usage"),
        (["lode", "bills.csv"], "usage"),
    ],
)
def test_command_that_cannot_begin_prints_its_error(
    words: list[str], kind: str, command: Command, tmp_path: Path
) -> None:
    write_bills(tmp_path, [bill_row(0)])
    printed = document(command(*words, "--json"))
    assert (printed["exit_code"], printed["error"]["kind"]) == (2, kind)
    assert printed["error"]["remedy"]
    assert printed["bills"] == {"total": 0}


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["report", "latest"], "light-import runs"),
        (["undo", "20260101-000000-none"], "light-import runs"),
        (["reference", "pull"], "LIGHT_API_KEY"),
        (["auth", "status"], "light-import auth login"),
        (["load", "bills.csv", "--bogus"], "light-import load --help"),
        (["validate", "none.csv"], "save it as an Excel workbook"),
        (["template", "check", "none"], "light-import template check"),
    ],
)
def test_remedy_is_of_what_is_missing(words: list[str], remedy: str, command: Command) -> None:
    assert remedy in document(command(*words, "--json"))["error"]["remedy"]


def test_refused_key_is_the_exit_code_of_a_file_with_errors_too(
    load: Command, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name could be checked; what is known of the file is in the document."""
    files = write_bills(tmp_path, [bill_row(0), bill_row(1, currency="none")])
    monkeypatch.setenv("LIGHT_API_KEY", "wrong")
    printed = document(load(sandbox.base_url, *files))
    assert (printed["exit_code"], printed["error"]["kind"]) == (2, "access")
    assert printed["bills"] == {"total": 2, "valid": 1, "invalid": 1}
    assert [each["column"] for each in printed["findings"]] == ["currency"]


def test_unreachable_light_is_an_error_of_the_document(load: Command, tmp_path: Path) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    with socket.socket() as bound:  # nobody listens on it
        bound.bind(("127.0.0.1", 0))
        printed = document(load(f"http://127.0.0.1:{bound.getsockname()[1]}", *files))
    assert (printed["exit_code"], printed["error"]["kind"]) == (4, "unreachable")
    assert printed["bills"] == {"total": 1, "valid": 1}


def test_result_that_cannot_be_written_is_an_error_of_the_document(
    command: Command, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    (tmp_path / "out.xlsx").mkdir()
    (tmp_path / "out.xlsx" / "bills-result.xlsx").mkdir()
    assert document(command("validate", *files, "--result", "out.xlsx", "--json"))["result"]
    refused = document(command("validate", *files, "--result", "none/out.xlsx", "--json"))
    assert (refused["exit_code"], refused["error"]["kind"]) == (2, "usage")


def test_schema_names_every_kind_of_error() -> None:
    def kinds(of: type[errors.ImporterError]) -> set[str]:
        return {of.kind}.union(*map(kinds, of.__subclasses__()))

    named = set(SCHEMA["$defs"]["error"]["properties"]["kind"]["enum"])
    assert named == kinds(errors.ImporterError) | {"result"}
