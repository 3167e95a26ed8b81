"""Types and states: what is a bill, a credit note, passed over, or refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from bill_sheets import bill as bill_row
from bill_sheets import book, checked, codes, csv_file, template, two_sheets, valid
from bill_sheets import line as line_row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.core.errors import TemplateProblem
from importer.mapping.template_loader import LoadedTemplate, load_template
from importer.validation.checked_bills import Checked

FLAT = """
template: mine
layout: flat
group_by: [Supplier, Number]
formats: {{numbers: point, amounts: decimal}}
bills:
  vendor: {{column: Supplier}}
  invoiceNumber: {{column: Number}}
  issuedDate: {{column: Date}}
  currency: {{value: GBP}}
  amount: {{sum_of_lines: gross}}
  lineItemsIncludeTax: {{value: true}}
  type: {type}
  state: {state}
line_items:
  amount: {{column: Amount}}
"""
TYPE = "{column: Type, optional: true, map: {Bill: bill, Credit: credit note}, pass_over: [Sale]}"
STATE = "{column: State, optional: true, take: [Open, Paid], pass_over: [Void, Draft]}"
HEADER = ("Supplier", "Number", "Date", "Type", "State", "Amount")


def flat(folder: Path, *, of_type: str = TYPE, state: str = STATE) -> LoadedTemplate:
    return template(folder, FLAT.format(type=of_type, state=state))


def ledger(folder: Path, *rows: tuple[str, str, str, str], **fields: str) -> Checked:
    """Rows of (number, type, state, amount)."""
    cells = [("A Ltd", number, "2025-03-01", *rest) for number, *rest in rows]
    file = csv_file(folder / "ledger.csv", [HEADER, *cells])
    return checked([file], flat(folder, **fields))


def money(of: Checked) -> list[tuple[str, int]]:
    return [(bill.invoice_number or "", bill.amount) for bill in of.valid_bills()]


def left_out(of: Checked) -> list[tuple[bool, str, tuple[int, ...], int]]:
    return [
        (each.credit_notes, each.reason, each.rows, sum(cents for _, cents, _ in each.totals))
        for each in of.left_out
    ]


def test_credit_notes_are_negative_and_other_documents_are_left_out(tmp_path: Path) -> None:
    of = ledger(
        tmp_path,
        ("1", "Bill", "Open", "10.00"),
        ("2", "Credit", "Open", "-3.00"),
        ("3", "Sale", "Paid", "500.00"),
        ("4", "Bill", "Void", "40.00"),
        ("5", "Credit", "Void", "-1.00"),
        ("6", "Bill", "Paid", "20.00"),
    )
    assert money(of) == [("1", 1000), ("2", -300), ("6", 2000)]
    assert [bill.credit_note for bill in of.valid_bills()] == [False, True, False]
    assert left_out(of) == [
        (False, "Type is 'Sale'", (4,), 50000),
        (False, "State is 'Void'", (5,), 4000),
        (True, "State is 'Void'", (6,), 100),
    ]
    assert codes(of) == []


@pytest.mark.parametrize("word", ["Void", "void", " VOID ", "V O I D", "Vo_id"])
def test_values_match_whatever_their_case_and_separators(tmp_path: Path, word: str) -> None:
    of = ledger(tmp_path, ("1", "bill", "OPEN", "10.00"), ("2", "BILL", word, "20.00"))
    assert money(of) == [("1", 1000)]


def test_each_unknown_value_is_one_error_that_names_it(tmp_path: Path) -> None:
    rows = [(str(i), "Bill", "Frozen", "1.00") for i in range(20)]
    of = ledger(tmp_path, *rows, ("r1", "Reversal", "Open", "2.00"), ("r2", "Bill", "Paid", "3.00"))
    assert codes(of) == ["bills.state.unknown", "bills.type.unknown"]
    assert "'Frozen'" in of.findings[0].message
    assert "20 rows: 2, 3" in of.findings[0].message
    assert "'Void'" in of.findings[0].message  # what it passes over
    assert of.findings[0].cell.column == "State"
    assert money(of) == [("r2", 300)]


def test_a_blank_beside_values_is_an_error_unless_the_template_says_what_it_means(
    tmp_path: Path,
) -> None:
    rows = (("1", "Bill", "Open", "1.00"), ("2", "", "Open", "2.00"), ("3", "Bill", "", "3.00"))
    of = ledger(tmp_path, *rows)
    assert codes(of) == ["bills.type.blank", "bills.state.blank"]
    assert money(of) == [("1", 100)]
    with_default = TYPE.replace("optional: true", "optional: true, default: Bill")
    void = STATE.replace("optional: true", "optional: true, default: Void")
    of = ledger(tmp_path, *rows, of_type=with_default, state=void)
    assert money(of) == [("1", 100), ("2", 200)]
    assert [each.rows for each in of.left_out] == [(4,)]


def test_a_column_without_any_value_decides_nothing(tmp_path: Path) -> None:
    of = ledger(tmp_path, ("1", "", "", "1.00"), ("2", "", "", "2.00"))
    assert (codes(of), money(of)) == ([], [("1", 100), ("2", 200)])


def test_a_state_without_take_knows_the_usual_ones(tmp_path: Path) -> None:
    of = ledger(
        tmp_path,
        ("1", "Bill", "Partially Paid", "1.00"),
        ("2", "Bill", "Awaiting payment", "2.00"),
        ("3", "Bill", "Pending", "4.00"),
        ("4", "Bill", "Void", "8.00"),
        state="{column: State, pass_over: [Void]}",
    )
    assert money(of) == [("1", 100), ("2", 200)]
    assert codes(of) == ["bills.state.unknown"]


def test_rows_below_have_the_type_and_state_of_their_bill(tmp_path: Path) -> None:
    of = ledger(
        tmp_path,
        ("1", "Bill", "Void", "10.00"),
        ("1", "", "", "5.00"),
        ("2", "Bill", "Open", "20.00"),
        ("2", "", "", "2.00"),
        ("3", "Credit", "Open", "3.00"),
        ("3", "", "", "4.00"),
    )
    assert money(of) == [("2", 2200), ("3", -700)]
    assert [each[3] for each in left_out(of)] == [1500]
    assert [each.line_items for each in of.left_out] == [2]


def test_a_bill_entered_again_under_its_number_is_loaded_alone(tmp_path: Path) -> None:
    of = ledger(
        tmp_path,
        ("1", "Bill", "Void", "10.00"),
        ("1", "Bill", "Open", "11.00"),
        ("2", "Bill", "Open", "20.00"),
        ("2", "Credit", "Open", "20.00"),
    )
    assert money(of) == [("1", 1100), ("2", 2000), ("2", -2000)]
    assert codes(of) == ["bills.state.differs"]


def test_what_is_wrong_with_a_document_left_out_is_not_said(tmp_path: Path) -> None:
    of = ledger(
        tmp_path,
        ("1", "Bill", "Open", "1.00"),
        ("1", "Sale", "Open", "no amount"),
        ("", "Bill", "Void", "-4.00"),
        ("1", "Bill", "Draft", "1.00"),
    )
    assert money(of) == [("1", 100)]
    assert not [f for f in of.findings if f.severity == "error"]
    assert [each.unreadable for each in of.left_out] == [1, 0, 0]


def test_an_error_in_the_cell_of_a_state_is_no_state(tmp_path: Path) -> None:
    rows = [HEADER, ("A Ltd", "1", "2025-03-01", "Bill", "=NA()", 1), ("A Ltd", "2", "2025-03-01",
            "Bill", "Open", 2)]  # fmt: skip
    of = checked([book(tmp_path / "b.xlsx", {"S": rows})], flat(tmp_path))
    assert codes(of) == ["bills.state.unknown"]
    assert [bill.row for bill in of.valid_bills()] == [3]


@pytest.mark.parametrize("total", ["27.00", "30.00", "127.00", "130.00", "33.00"])
def test_a_control_total_may_count_what_is_left_out(tmp_path: Path, total: str) -> None:
    rows = [
        ("A Ltd", "1", "2025-03-01", "Bill", "Open", "30.00"),
        ("A Ltd", "2", "2025-03-01", "Credit", "Open", "-3.00"),
        ("A Ltd", "3", "2025-03-01", "Bill", "Void", "100.00"),
        ("", "", "", "", "", total),
    ]
    file = csv_file(tmp_path / "ledger.csv", [HEADER, *rows])
    text = FLAT.format(type=TYPE, state=STATE).replace(
        "group_by:",
        "source: {control_total: {amount: Amount, blank: [Supplier, Number]}}\ngroup_by:",
    )
    of = checked([file], template(tmp_path, text))
    assert "control.gross.differs" not in codes(of)
    wrong = csv_file(tmp_path / "wrong.csv", [HEADER, *rows[:-1], ("", "", "", "", "", "29.00")])
    assert "control.gross.differs" in codes(checked([wrong], template(tmp_path, text)))


def test_line_items_go_with_their_document(tmp_path: Path) -> None:
    credit = {"type": "Credit Note", "billRef": "C1", "invoiceNumber": "C-1", "amount": 24000}
    of = two_sheets(
        tmp_path,
        [bill_row(type="bill"), bill_row(**credit)],
        [line_row(), line_row(billRef="C1"), line_row(billRef="C1")],
    )
    assert [f.code for f in of.findings if f.severity == "error"] == []
    assert valid(of) == [2, 3]
    _, note = of.valid_bills()
    assert (note.amount, [line.tax_amount for line in note.lines]) == (-24000, [-2000, -2000])
    assert note.due_date is None


def test_a_reference_shared_with_a_credit_note_is_an_error(tmp_path: Path) -> None:
    of = two_sheets(
        tmp_path,
        [bill_row(type=""), bill_row(type="credit note", invoiceNumber="C-1")],
        [line_row(), line_row()],
    )
    assert "bills.billRef.duplicate" in codes(of)
    assert valid(of) == []


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("type", "{column: Type, map: {Bill: invoice}}", "'invoice' cannot be a type"),
        ("type", "{column: Type, take: [Bill]}", "take does not go with bills.type"),
        ("type", "{column: Type, map: {Bill: bill}, pass_over: [bill]}", "is under both map and"),
        ("state", "{column: State, map: {Open: bill}}", "map does not go with bills.state"),
        ("state", "{column: State, take: [Open], pass_over: [OPEN]}", "is under both take and"),
        ("state", "{value: Open}", "value does not go with bills.state"),
        ("vendor", "{column: V, pass_over: [x]}", "pass_over goes with bills.type and bills.state"),
    ],
)
def test_a_template_that_cannot_work_is_refused_with_its_line(
    tmp_path: Path, field: str, text: str, message: str
) -> None:
    fields = {"type": TYPE, "state": STATE, field: text}
    whole = FLAT.format(type=fields["type"], state=fields["state"])
    whole = whole.replace(
        "vendor: {column: Supplier}", f"vendor: {fields.get('vendor', '{column: V}')}"
    )
    path = tmp_path / "wrong.yaml"
    path.write_text(whole)
    with pytest.raises(TemplateProblem, match=message) as raised:
        load_template(path)
    assert f"{path}, line " in str(raised.value)


_WORDS = st.sampled_from(
    ["Open", "paid", "Void", "VOID", "draft", "Draft ", "Frozen", "", "void.", "Reversed", "open "]
)
_TYPES = st.sampled_from(["Bill", "bill", "Credit", "CREDIT", "Sale", "Refund", "", "Bill 2"])


@pytest.fixture(scope="module")
def as_written(tmp_path_factory: pytest.TempPathFactory) -> LoadedTemplate:
    return flat(tmp_path_factory.mktemp("template"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_TYPES, _WORDS, st.integers(1, 99999), st.integers(1, 3)), max_size=8))
def test_money_is_right_or_refused_whatever_stands_in_type_and_state(
    tmp_path: Path, as_written: LoadedTemplate, documents: list[tuple[str, str, int, int]]
) -> None:
    rows, sent, passed = [], [], 0
    types = {each[0].casefold() for each in documents if each[0]}
    states = {each[1].strip().casefold() for each in documents if each[1].strip()}
    for number, (of_type, state, cents, count) in enumerate(documents, start=1):
        lines = [cents + at for at in range(count)]  # equal rows could be a file pasted twice
        for each in lines:
            amount = f"{each // 100}.{each % 100:02d}"
            rows.append(("A Ltd", str(number), "2025-03-01", of_type, state, amount))
        kind, word = of_type.casefold(), state.strip().casefold()
        if kind == "sale" or word in ("void", "draft"):
            passed += 1
            continue
        usable = word in ("open", "paid") or (not word and not states)
        if not usable:
            continue
        if kind in ("bill", "credit") or (not kind and not types):
            sent.append((str(number), sum(lines) * (-1 if kind == "credit" else 1)))
    path = tmp_path / "ledger.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
    of = checked([path], as_written)
    assert money(of) == sent
    assert sum(len(each.rows) for each in of.left_out) == passed
    refused = int(of.invalid_bills().sum())
    assert len(sent) + passed + refused == len(documents)


def test_two_files_keep_their_own_states(tmp_path: Path) -> None:
    one = csv_file(
        tmp_path / "a.csv", [HEADER, ("A Ltd", "1", "2025-03-01", "Bill", "Open", "1.00")]
    )
    other = csv_file(
        tmp_path / "b.csv", [HEADER, ("A Ltd", "2", "2025-03-01", "", "", "2.00")]
    )  # no states at all
    of = checked([one, other], flat(tmp_path))
    assert (codes(of), money(of)) == ([], [("1", 100), ("2", 200)])
