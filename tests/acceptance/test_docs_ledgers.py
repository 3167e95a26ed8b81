"""docs/ledgers.md is right: each ledger, read by the template below it, gives that result."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "ledgers.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(csv|yaml|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = FENCE.findall(PAGE)
EXAMPLES = [
    pytest.param(*(text for _, text in BLOCKS[i : i + 3]), id=f"example {i // 3 + 1}")
    for i in range(0, len(BLOCKS), 3)
]


def test_each_ledger_has_its_template_and_its_result() -> None:
    assert [kind for kind, _ in BLOCKS] == ["csv", "yaml", "text"] * len(EXAMPLES)
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert len(EXAMPLES) >= len(headings)


@pytest.mark.parametrize(("ledger", "template", "result"), EXAMPLES)
def test_example_gives_the_result_that_the_page_states(
    ledger: str, template: str, result: str, command: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "ledger.csv").write_text(ledger, encoding="utf-8")
    (tmp_path / "ledger.yaml").write_text(template, encoding="utf-8")
    done = command("validate", "ledger.csv", "--template", "ledger.yaml")
    assert done.code == 0, done.out + done.err
    told = " ".join(f"{done.out} {done.err}".split())
    read = command("validate", "ledger.csv", "--template", "ledger.yaml", "--json", "--quiet").json
    told += " ".join(finding["code"] for finding in read["findings"])
    for line in result.splitlines():
        assert line in told
