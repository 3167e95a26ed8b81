"""The form of a drafted template: what it asks, and the YAML that its answers make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from importer.app.draft_check import try_template
from importer.app.templates import draft_form, draft_template
from importer.core.errors import UsageProblem
from importer.mapping.template_loader import load_template
from importer.mapping.template_model import Template
from importer.readers import read_file

SAMPLES = Path(__file__).parents[2] / "samples"
EXPORTS = sorted(
    path
    for folder in SAMPLES.iterdir()
    if folder.is_dir() and folder.name not in ("light", "light-broken", "light-csv", "light-money")
    for path in folder.iterdir()
    if path.suffix in (".csv", ".xlsx") and not path.stem.endswith(("-codes", "accounts"))
)
LEDGER = """Lieferant,Beleg,Datum,Betrag,Freight
Acme,R-1,03/04/2025,120,5
Acme,R-2,05/04/2025,80,
"""
ANSWERS = {
    "invoiceNumber": ["column:Beleg"],
    "currency": ["value:GBP"],
    "lineItemsIncludeTax": ["no"],
    "dates": ["[DD/MM/YYYY]"],
    "amounts": ["decimal"],
    "group_by": ["row"],
    "unread:Freight": ["line"],
}


def _template(text: str, folder: Path) -> Template:
    path = folder / "completed.yaml"
    path.write_text(text, encoding="utf-8")
    return load_template(path).template


def _values(text: str) -> str:
    """The YAML without its comments."""
    return re.sub(r"(?m)^\s*#.*\n|\s+#.*$|^\n", "", text)


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    path = tmp_path / "ledger.csv"
    path.write_text(LEDGER)
    return str(path)


def test_answers_of_the_form_make_a_template_that_reads_every_bill(
    ledger: str, tmp_path: Path
) -> None:
    fields = {field.key: field for field in draft_form([ledger]).fields}
    assert {key for key, field in fields.items() if field.open} == {
        "currency", "lineItemsIncludeTax", "dates", "amounts", "group_by"
    }  # fmt: skip
    assert fields["dates"].evidence == (
        "the dates can be read either way (e.g. '03/04/2025', '05/04/2025').",
    )
    text = draft_form([ledger]).completed(ANSWERS)
    assert "TODO:" not in text
    trial = try_template(read_file(Path(ledger)), _template(text, tmp_path))
    assert (trial.bills, trial.valid, trial.totals) == (2, 2, ("GBP 205.00",))
    assert "netAmount" in _values(text)  # tax comes on top


@pytest.mark.parametrize("key", ["currency", "lineItemsIncludeTax", "dates", "amounts", "group_by"])
def test_what_is_open_has_to_be_answered(key: str, ledger: str) -> None:
    form = draft_form([ledger])
    label = next(field.label for field in form.fields if field.key == key)
    with pytest.raises(UsageProblem, match=f"Still to choose: {label}"):
        form.completed({**ANSWERS, key: []})
    with pytest.raises(UsageProblem, match="values that are offered"):
        form.completed({**ANSWERS, key: ["}\nrules: {}"]})


def test_a_question_that_is_not_answered_stays_a_todo(ledger: str) -> None:
    text = draft_form([ledger]).completed({**ANSWERS, "unread:Freight": [""]})
    assert text.count("# TODO:") == 1
    assert "'Freight' has amounts in row 2" in text
    for answer, expected in (
        ("ignore", "ignore_columns: [Freight]"),
        ("deduct", "extra_lines:\n  - {netAmount: {column: Freight, negate: true}}"),
    ):
        assert expected in draft_form([ledger]).completed({**ANSWERS, "unread:Freight": [answer]})


@pytest.mark.parametrize("export", EXPORTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_form_without_changes_keeps_what_was_drafted(export: Path, tmp_path: Path) -> None:
    """Of every sample: what is open gets the first answer offered, everything else stays."""
    draft = draft_template([str(export)]).text
    form = draft_form([str(export)])
    fields = form.fields
    answers = {field.key: list(field.chosen) for field in fields}
    answered = [field for field in fields if field.open and not any(field.chosen)]
    answers |= {f.key: [next((v for v, _ in f.choices if v), "2025")] for f in answered}
    text = form.completed(answers)
    _template(text, tmp_path)
    assert not re.search(r"\bTODO\b", _values(text))
    tables = re.findall(r"(\w+: \{table: \S+?\})", draft)
    kept = re.findall(r"^#  (\w+: \{table: \S+?\})  # without it", text, re.MULTILINE)
    assert sorted(kept) == sorted(tables)
    if not answered:
        lookups = "\nlookups:"
        assert _values(text).partition(lookups)[0].strip() == (
            _values(draft).partition(lookups)[0].strip()
        )
