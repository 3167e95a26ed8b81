from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.core.safe_text import visible
from importer.model.finding import CellRef
from importer.model.finding_catalogue import finding
from importer.model.report_model import CurrencyTotal, RunSummary
from importer.report.phrases import day_and_time, duration, money, severities, utc
from importer.report.tie_out_words import control_words, light_words, tie_out_words
from importer.report.verdict import Tone, tone, verdict
from importer.validation.finding_batch import Findings


def summary(command: str, bills: dict[str, int], exit_code: int = 0) -> RunSummary:
    return RunSummary(
        command=command,
        run=None,
        company=None,
        base_url=None,
        template="light",
        sources=("a.csv",),
        started_at=datetime(2025, 3, 31, tzinfo=UTC),
        bills=bills,
        line_items={},
        rows={},
        totals=(),
        exit_code=exit_code,
    )


@given(st.integers(-(2**63), 2**63))
def test_money_is_the_exact_amount_in_every_digit(cents: int) -> None:
    assert Decimal(money(cents).replace(",", "")) == Decimal(cents) / 100
    assert money(cents).removeprefix("-").split(".")[0].replace(",", "").isdigit()


@pytest.mark.parametrize(
    ("cents", "text"),
    [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123456, "1,234.56"), (-100000000, "-1,000,000.00")],
)
def test_money_has_two_decimals_and_commas(cents: int, text: str) -> None:
    assert money(cents) == text


@given(st.text())
def test_visible_text_has_no_control_characters(text: str) -> None:
    shown = visible(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)
    shown.encode()


def test_escape_sequence_is_written_out() -> None:
    assert visible("\x1b[2Ja\x9b\n") == "\\x1b[2Ja\\x9b\\x0a"


def test_text_cannot_turn_its_direction() -> None:
    assert visible("a\u202eb") == "a\\u202eb"


@pytest.mark.parametrize(
    ("command", "bills", "errors", "warnings", "words"),
    [
        (
            "validate",
            {"total": 1088, "valid": 1086, "invalid": 2},
            3,
            0,
            "1,086 of 1,088 bills are valid; 2 need correction.",
        ),
        (
            "validate",
            {"total": 2, "valid": 2},
            0,
            1,
            "All 2 bills are valid; a load would create 2; 1 warning to look at.",
        ),
        (
            "validate",
            {"total": 1, "invalid": 1},
            1,
            0,
            "The one bill is not valid; 1 needs correction.",
        ),
        ("validate", {"total": 0}, 1, 0, "No bills could be read; 1 problem found in the file."),
        ("load", {"total": 3, "created": 3}, 0, 0, "All 3 bills are in Light."),
        (
            "load",
            {"total": 5, "created": 2, "already_loaded": 1, "rejected": 1, "unknown": 1},
            1,
            0,
            "3 of 5 bills are in Light (2 created now, 1 there before); 1 was rejected by Light; "
            "1 could not be settled and needs a person.",
        ),
        (
            "load",
            {"total": 3, "valid": 2, "already_in_light": 1},
            0,
            0,
            "2 of 3 bills are valid; 1 is in Light.",
        ),
        ("undo", {"total": 2, "undone": 2}, 0, 0, "All 2 bills are undone."),
        (
            "verify",
            {"total": 2, "created": 2},
            0,
            0,
            "All 2 bills are in Light; 2 were not read.",
        ),
    ],
)
def test_verdict_is_one_sentence(
    command: str, bills: dict[str, int], errors: int, warnings: int, words: str
) -> None:
    assert verdict(summary(command, bills), errors, warnings) == words


@pytest.mark.parametrize(("errors", "warnings"), [(0, 0), (0, 1), (2, 1), (1, 3)])
def test_errors_and_warnings_are_counted_apart(errors: int, warnings: int) -> None:
    cell = CellRef("bills.csv", None, 2)
    findings = Findings([finding("bills.currency.required", cell)] * errors)
    findings.extend([finding("bills.invoiceNumber.missing", cell)] * warnings)
    assert severities(findings) == (errors, warnings)


def test_verdict_counts_the_warnings_of_the_findings() -> None:
    cell = CellRef("bills.csv", None, 2)
    findings = Findings([finding("bills.invoiceNumber.missing", cell)] * 2)
    words = verdict(summary("validate", {"total": 2, "valid": 2}), *severities(findings))
    assert words == "All 2 bills are valid; a load would create 2; 2 warnings to look at."


def test_verdict_on_a_sandbox_does_not_speak_of_light() -> None:
    bills = {"total": 3, "created": 2, "rejected": 1}
    told = replace(summary("load", bills), sandbox=True)
    words = "2 of 3 bills are in the sandbox; 1 was rejected by the sandbox."
    assert verdict(told, 0, 0) == words


def test_verdict_includes_the_comparison_with_light() -> None:
    told = replace(
        summary("verify", {"total": 4, "created": 4}),
        read_back={"same": 1, "changed": 2, "missing": 1},
    )
    words = "3 of 4 bills are in Light; 2 were changed there; 1 is missing there."
    assert verdict(told, 5, 0) == words
    same = replace(summary("load", {"total": 3, "created": 3}), read_back={"same": 3})
    assert verdict(same, 0, 0) == "All 3 bills are in Light; 3 read back the same."
    words = "All 3 bills are in Light; 3 read back the same; 1 problem to look at."
    assert verdict(same, 1, 0) == words  # as a step after creation that was refused


def test_verdict_mentions_warnings() -> None:
    good = summary("load", {"total": 1, "created": 1})
    assert tone(good, 0, 0) is Tone.GOOD
    assert tone(good, 0, 1) is Tone.ATTENTION
    assert tone(good, 1, 0) is Tone.BAD
    assert tone(summary("load", {"total": 1, "unknown": 1}, 3), 0, 0) is Tone.BAD
    assert tone(summary("load", {"total": 1, "not_sent": 1}, 4), 0, 0) is Tone.ATTENTION


def test_tie_out_explains_the_difference() -> None:
    total = CurrencyTotal("GBP", 1000, 1000, {}, 2, control=1250)
    assert tie_out_words(total) == "Ties out."
    assert control_words(total) == "2.50 GBP more than the bills add up to."
    short = CurrencyTotal("GBP", 1000, 400, {}, 2, unreadable=1, control=1000)
    assert tie_out_words(short) == (
        "6.00 GBP of the file is not known to be in Light."
        " 1 bill has no readable amount: not counted."
    )
    assert control_words(short) == "Agrees with the bills."
    undone = CurrencyTotal("GBP", 1000, 0, {"undone": 1000}, 2, differing=2)
    assert tie_out_words(undone) == "That is the 10.00 GBP that undo has cancelled in Light."
    partly = CurrencyTotal("GBP", 1000, 0, {"undone": 400, "invalid": 600}, 2, differing=2)
    assert tie_out_words(partly) == (
        "Undo has cancelled 4.00 GBP of it in Light; the other 6.00 GBP is not known to be in"
        " Light."
    )
    cancelling = CurrencyTotal("GBP", 1000, 1000, {}, 3, differing=2)
    assert tie_out_words(cancelling) == "The totals agree, but 2 bills differ."
    assert tie_out_words(CurrencyTotal("GBP", 1, 3, {}, 1)) == (
        "Light has 0.02 GBP more than the file."
    )
    credits = CurrencyTotal("GBP", 700, 1000, {"created": 1000, "invalid": -300}, 2)
    assert tie_out_words(credits) == ("Credits of 3.00 GBP need correction and were left out.")


def test_only_what_was_read_is_a_figure_of_light() -> None:
    new = CurrencyTotal("GBP", 1000, 0, {"valid": 1000}, 2, differing=2)
    assert (light_words(new), tie_out_words(new)) == (
        ", in Light 0.00, difference 10.00",
        "10.00 GBP would be created.",
    )
    unasked = replace(new, asked=False)
    would = "A load would create 10.00 GBP, as far as is known here."
    assert (light_words(unasked), tie_out_words(unasked)) == ("", f"Light was not asked. {would}")
    partly = replace(unasked, created=400, loaded=1, by_status={"already_loaded": 400})
    assert light_words(partly) == ", loaded before 4.00"
    assert tie_out_words(partly) == "Light was not asked. Earlier runs loaded 1 bill, 4.00 GBP."
    unread = replace(partly, created=0, unstated=1)
    assert light_words(unread) == ""
    assert tie_out_words(unread).endswith("1 bill; the amount of 1 is not known here.")


def test_what_needs_a_correction_first_is_created_only_with_only_valid() -> None:
    blocked = CurrencyTotal("GBP", 1000, 0, {"valid": 1000}, 2, differing=2, blocked=True)
    assert tie_out_words(blocked) == "10.00 GBP would be created with --only-valid."
    assert "A load with --only-valid would create 10.00 GBP" in tie_out_words(
        replace(blocked, asked=False)
    )
    some = replace(blocked, by_status={"valid": 400, "invalid": 600})
    assert tie_out_words(some) == (
        "4.00 GBP would be created with --only-valid; 6.00 GBP would not."
    )


def test_credit_notes_are_not_counted_as_bills() -> None:
    unclear = CurrencyTotal("GBP", 1000, 1000, {}, 2, differing=2, notes=1)
    assert tie_out_words(unclear) == "The totals agree, but 2 documents differ."
    notes = replace(unclear, bills=0, notes=2)
    assert tie_out_words(notes) == "The totals agree, but 2 credit notes differ."
    unread = replace(unclear, differing=1, unreadable=1)
    assert "1 document has no readable amount" in tie_out_words(unread)
    unasked = CurrencyTotal("USD", -2520, 0, {}, 0, notes=1, asked=False)
    assert light_words(unasked) == ""


def test_verdict_has_the_tie_out_and_failed_control_totals() -> None:
    loaded = replace(summary("load", {"total": 2, "created": 2}), run="r")
    good = CurrencyTotal("GBP", 10, 10, {}, 1)
    for totals, failed, words in (
        ((good,), [], "All 2 bills are in Light; GBP ties out."),
        (
            (good, replace(good, currency="EUR")),
            [],
            "All 2 bills are in Light; GBP and EUR tie out.",
        ),
        (
            (good, CurrencyTotal("EUR", 10, 5, {}, 1, differing=1)),
            [],
            "All 2 bills are in Light; EUR differs by 0.05.",
        ),
        (
            (replace(good, control=11),),
            ["control.bills.differs"],
            "All 2 bills are in Light; GBP ties out; the control total of GBP does not agree;"
            " the number of bills is not the one expected.",
        ),
    ):
        of_run = replace(loaded, totals=totals, failed_controls=frozenset(failed))
        assert verdict(of_run, 0, 0) == words


def test_amounts_without_a_currency_have_words() -> None:
    total = CurrencyTotal("no currency", 1000, 0, {"invalid": 1000}, 1)
    assert tie_out_words(total) == "10.00 without a currency is not known to be in Light."


def test_times_are_utc_and_durations_short() -> None:
    assert utc(datetime.fromisoformat("2025-03-31T16:05:00.9+02:00")) == "2025-03-31T14:05:00Z"
    assert utc(datetime(2025, 3, 31)) == "2025-03-31T00:00:00Z"  # noqa: DTZ001
    assert (
        day_and_time(datetime.fromisoformat("2025-03-31T16:05:59+02:00")) == "2025-03-31 14:05 UTC"
    )
    assert [duration(s) for s in (0.44, 59.4, 185, 7800)] == [
        "0.4 s",
        "59 s",
        "3 min 5 s",
        "2 h 10 min",
    ]
