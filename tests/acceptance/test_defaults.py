"""Defaults of options from light-import.toml, and the profiles of companies in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, bill_row, write_bills

from importer.app.defaults import OPTIONS
from importer.cli.load_command import load as load_command
from importer.sandbox import Sandbox

Command = Callable[..., Ended]
PROFILES = """
max-problems = 7

[company.kestrel]
name = "Kestrel Trading Ltd (sandbox)"
then = "submitted"
requests-per-day = 9000

[company.other]
name = "Somebody Else"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "light-import.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_profile_gives_options_and_refuses_the_key_of_another_company(
    load: Command, command: Command, sandbox: Sandbox, tmp_path: Path
) -> None:
    write(tmp_path, PROFILES)
    files = write_bills(tmp_path, [bill_row(0, companyEntity="UK01")])
    refused = load(sandbox.base_url, *files, "--company", "other")
    assert refused.code == 2
    assert "expects Somebody Else. Nothing was sent." in refused.err
    assert sandbox.bills() == []
    dry = load(sandbox.base_url, *files, "--company=kestrel", "--dry-run")
    assert dry.json["next"].startswith(
        f"light-import load {' '.join(files)} --company kestrel --then"
    )
    assert "--requests-per-day" not in dry.json["next"]  # the profile says it
    done = load(sandbox.base_url, *files, "--company=kestrel")
    assert (done.code, done.json["steps"]) == (0, {"submitted": 1})
    undone = command("undo", done.json["run"], "--yes", "--json")
    assert "--company kestrel" in undone.json["next"]
    typo = load(sandbox.base_url, *files, "--company", "kestral")
    assert typo.code == 2
    assert "or a profile of light-import.toml: kestrel, other." in typo.err


def test_typed_option_overrides_the_file_and_folders_are_relative_to_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    write(tmp_path, 'lookups = "missing"\n')
    elsewhere = command("validate", *files)
    assert elsewhere.code == 2
    assert str(tmp_path / "missing") in elsewhere.err
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "vendor.csv").write_text("name,id\n", encoding="utf-8")
    assert "missing" not in command("validate", *files, "--lookups", "tables").err


def test_users_file_counts_where_the_folder_has_none(
    command: Command, tmp_path: Path, home: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(0)])
    write(home, 'template = "none-such"\n')
    assert "none-such" in command("validate", *files).err
    write(tmp_path, "")
    assert command("validate", *files).code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('templat = "x"', "templat: no such option; did you mean 'template'?"),
        ('api-key = "abc"', "this file must not hold a key; set LIGHT_API_KEY instead"),
        ('settle = "a"', "settle = a: write a number"),
        ("requests-per-minute = true", "requests-per-minute = True: write a number"),
        ("wait = 3", "wait = 3: write true or false"),
        ("template = 3", 'template = 3: write a text in "quotes"'),
        ("company = 3", "write a profile as [company.NAME]"),
        ("[company.x]\nnam = 'y'", "[company.x] nam: no such option; did you mean 'name'?"),
        ("a = ", "cannot be read as TOML"),
        ('base-url = "https://evil.example"', "your key would be sent there"),
        ('journal = "postgresql://evil.example/x"', "a database gets the files of your loads"),
        (
            "[company.x]\nbase-url = 'https://light.inc.evil.example'",
            "your key would be sent there",
        ),
    ],
)
def test_unusable_file_is_refused_with_the_remedy(
    text: str, says: str, command: Command, tmp_path: Path
) -> None:
    path = write(tmp_path, text)
    done = command("validate", "bills.csv")
    assert done.code == 2
    assert says in done.err
    assert str(path) in done.err
    assert "abc" not in done.err


def test_each_default_is_an_option_of_load() -> None:

    options = {name for param in load_command.params for name in param.opts}
    assert {f"--{name}" for name in OPTIONS} <= options


def test_validate_says_whether_names_were_checked(
    command: Command, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = bill_row(0, vendorId="", vendor="Nobody Ltd")
    files = write_bills(tmp_path, [row])
    note = "were not checked: there are no saved lists of a company. Run: light-import reference"
    assert note in " ".join(command("validate", *files).out.split())
    monkeypatch.setenv("LIGHT_API_KEY", sandbox.key)
    monkeypatch.setenv("LIGHT_BASE_URL", sandbox.base_url)
    assert command("reference", "pull").code == 0
    checked = command("validate", *files, "--json")
    assert [f["code"] for f in checked.json["findings"]] == ["bills.vendor.not_in_cache"]
    assert "were not checked" not in checked.err
