"""``--json`` on every exit, against the schema of the documentation."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import Ended, bill_row, write_bills

from importer.core import errors
from importer.sandbox import Sandbox

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "run.schema.json").read_text("utf-8"))
CHECK = jsonschema.Draft202012Validator(SCHEMA)
Command = Callable[..., Ended]


def document(ended: Ended) -> dict[str, Any]:
    """What was printed, which keeps to the schema and agrees with the exit code."""
    printed = ended.json
    CHECK.validate(printed)
    assert printed["exit_code"] == ended.code
    return printed


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
        (["report", "none"], "usage"),
        (["verify", "latest"], "usage"),
        (["undo", "latest", "--yes"], "usage"),
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

    named = set(SCHEMA["properties"]["error"]["anyOf"][1]["properties"]["kind"]["enum"])
    assert named == kinds(errors.ImporterError) | {"result"}
