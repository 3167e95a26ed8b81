"""A file that is changed between its check and the consent to send it."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest
from conftest import bill_row, start, write_bills

from importer.sandbox import Sandbox


@pytest.mark.parametrize("changed", [True, False], ids=["changed", "as it was"])
def test_a_file_changed_while_the_question_waits_is_not_sent(
    changed: bool, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(1)])
    terminal, theirs = pty.openpty()
    process = start("load", *files, "--base-url", sandbox.base_url, "--settle", "0.3", stdin=theirs)
    os.close(theirs)
    try:
        asked = ""
        while "Create these bills?" not in asked:
            asked += process.stderr.read(1)
        if changed:
            path = Path(files[0])
            path.write_text(path.read_text().replace("1001", "9009"))
        os.write(terminal, b"y\n")
        _, errors = process.communicate()
    finally:
        os.close(terminal)
    if changed:
        assert process.returncode == 4
        assert "was changed after it was checked, so nothing was sent" in " ".join(errors.split())
        assert sandbox.bills() == []
    else:
        assert process.returncode == 0
        assert [bill["amount"] for bill in sandbox.bills()] == [1001]
