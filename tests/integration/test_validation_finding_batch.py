"""Batches of findings against single ones, vectorised parsers against the cell parsers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from bill_sheets import bill, line, two_csv_files
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.cell_parsers import cents_parser
from importer.core.money import Numbers, tidy
from importer.mapping import text_cleanup as whole
from importer.model.fields import Field, FieldKind, field_parser
from importer.model.finding import Severity
from importer.validation import vector_parsers
from importer.validation.column import ParsedColumn
from importer.validation.finding_batch import FindingBatch, Findings, sort_key

ODD = st.text(st.sampled_from("0159-+=eE#r:.,aNJov \t\n\x07\u00a0\u200b\u2028é１"), max_size=9)
CODE = Field("code", FieldKind.CODE, "", max_length=8)


def test_batches_equal_their_single_findings(tmp_path: Path) -> None:
    bills = [
        bill(billRef=f"B{i}", invoiceNumber=f"N{i % 5}", amount=("x", "120", "-1")[i % 3])
        for i in range(12)
    ]
    lines = [
        line(billRef=f"B{i}", netAmount=("100", "y", "")[i % 3], taxAmount="-1" if i else "")
        for i in range(15)
    ]
    bills += [{key: key.upper() for key in bill()}] * 2  # each is a finding of its own
    of = two_csv_files(tmp_path, bills, lines)
    assert sum(not isinstance(part, FindingBatch) for part in of.findings.parts) > 1
    bills = bills[:12]
    every = list(of.findings)
    assert len(every) == len(of.findings) > 20
    assert [of.findings[n] for n in range(len(every))] == every == of.findings[:]
    assert sorted(every, key=sort_key) == every
    blamed = np.zeros(len(bills), dtype=bool)
    for f in every:
        if f.severity is Severity.ERROR:
            blamed[list(f.bills)] = True
            blamed[[of.line_bill[n] for n in f.lines if of.line_bill[n] >= 0]] = True
    assert of.invalid_bills().tolist() == blamed.tolist()
    for severity in Severity:
        assert of.findings.count_of(severity) == sum(f.severity is severity for f in every)
    worst = sorted(every, key=lambda f: f.severity is not Severity.ERROR)
    assert worst != every
    assert of.findings.worst_first(len(every) - 1) == worst[:-1]
    tables, rows, _ = of.findings.where()
    assert list(zip(tables.tolist(), rows.tolist(), strict=True)) == [
        sort_key(f)[:2] for f in every
    ]
    for part in of.findings.parts:
        if isinstance(part, FindingBatch):
            codes, firsts = part.variants()
            for f, code in zip(part, codes.tolist(), strict=True):
                like = part[firsts[code]]
                assert (f.value, f.message, f.hint, f.cell.column, f.cell.table) == (
                    like.value,
                    like.message,
                    like.hint,
                    like.cell.column,
                    like.cell.table,
                )


def test_findings_of_lead_codes_come_first(tmp_path: Path) -> None:
    wrong = [bill(billRef=f"B{i}", currency="XXQ", amount="1.5") for i in range(3)]
    of = two_csv_files(tmp_path, wrong, [line(billRef=f"B{i}") for i in range(3)])
    in_order = list(of.findings)
    last = in_order[-1].code
    led = Findings(of.findings.parts, lead_codes=[last])
    assert in_order[0].code != last
    assert list(led) == sorted(in_order, key=lambda f: f.code != last)
    assert list(led.in_file_order()) == in_order
    assert led.worst_first(1) == list(led)[:1]


@settings(max_examples=150, deadline=None)
@given(st.lists(ODD, min_size=1, max_size=6))
def test_vector_parsers_equal_the_cell_parsers(
    texts: list[str],
) -> None:
    column = pa.array(texts, type=pa.large_string())
    words, read = vector_parsers.words(column, CODE), field_parser(CODE)
    known, cents = vector_parsers.cents(column)
    read_amount = cents_parser(False, Numbers.POINT, number_cell=False)
    for i, text in enumerate(texts):
        if words[i]:
            assert (tidy(text), read(text)) == (text, (text, ""))
        if known[i]:
            assert read_amount(tidy(text)) == (cents[i], "")
        assert known[i] or not cents[i]
    assert whole.tidied(column).to_pylist() == [tidy(text) for text in texts]
    assert whole.blank(column).tolist() == [not tidy(text) for text in texts]
    assert whole.zero(column).tolist() == [whole.is_zero(text) for text in texts]
    usual = [text for text in texts if text.isascii() and text.isalnum() and text[0] == "a"]
    assert all(words[texts.index(text)] for text in usual if len(text) <= CODE.max_length)


def test_long_column_equals_its_parts() -> None:
    odd = ["é", " a", "a\u00a0", "", "\t", "12", "1E+5", "#N/A", "-7", "Jan-05", "abcdefghi"]
    parts = [pa.array(some, type=pa.large_string()) for some in (["a1"] * 65_530, odd, odd)]
    together = pa.concat_arrays(parts)
    for of in (
        whole.blank,
        lambda some: vector_parsers.words(some, CODE),
        lambda some: vector_parsers.cents(some)[0],
        lambda some: vector_parsers.cents(some)[1],
    ):
        assert of(together).tolist() == np.concatenate([of(some) for some in parts]).tolist()
    assert whole.tidied(together).to_pylist()[65_530:] == [tidy(text) for text in odd] * 2


def test_column_values_are_independent_of_storage() -> None:
    """A value, a blank, one that is forgotten, a value again and one more that is forgotten."""
    blank = np.asarray([False, True, False, False, False])
    words = pa.array(["a", None, "b", "a", "c"], type=pa.large_string())
    different = np.asarray([None, "a", "b", "c"], dtype=object), np.asarray([1, 0, 2, 1, 3])
    kept: dict[str, tuple[Callable[[], ParsedColumn], list[object]]] = {
        "amounts": (
            lambda: ParsedColumn(5, blank.copy(), numbers=np.asarray([7, 0, 8, -7, 9])),
            [7, None, None, -7, None],
        ),
        "texts": (lambda: ParsedColumn(5, blank.copy(), texts=words), ["a", None, None, "a", None]),
        "different": (
            lambda: ParsedColumn(5, blank.copy(), dictionary=different),
            ["a", None, None, "a", None],
        ),
        "values": (
            lambda: ParsedColumn(5, blank.copy(), words.to_numpy(zero_copy_only=False).copy()),
            ["a", None, None, "a", None],
        ),
    }
    for kind, (of, expected) in kept.items():
        column = of()
        column.mark_invalid([2, 4], np.asarray(["not_cents", "error_cell"], dtype=object))
        which = np.asarray([3, 0, 2, 1, 4])
        assert column.values_at(which) == [expected[i] for i in which]
        assert [column.at(i) for i in range(5)] == expected
        assert np.flatnonzero(column.with_problem("not_cents")).tolist() == [2]
        assert np.flatnonzero(column.with_problem("error_cell")).tolist() == [4]
        if kind != "amounts":  # of which none are asked for so
            assert column.texts().to_pylist() == expected
            assert column.map_distinct(lambda value: value, object).tolist() == expected
        assert column.ok.tolist() == [value is not None for value in expected]
        assert column.values.tolist() == expected
