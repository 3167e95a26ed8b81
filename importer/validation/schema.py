"""The checks of every field of a bill and of a line item, by name: two pandera schemas.

The fields come from ``model.fields``; what a cell of each kind must be is in ``CELL_CHECKS``. What
the cells of one row must be together is in ``BILL_RULES`` and ``LINE_RULES``: checks on a value
that is derived from the row, as the days from issue to due date. pandera runs all of them; each
failure is a finding of the check's code, worded by the catalogue with the check's ``args``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaErrorReason, SchemaErrors

from importer.mapping.evaluate import PROBLEMS
from importer.model.fields import BILLS, LINE_ITEMS, FieldKind, field_of
from importer.validation import cell_rules as cell
from importer.validation import row_rules as row
from importer.validation.row_rules import RowArgs, RowValue
from importer.validation.sheet_column import SheetColumn, code_of


def _load_pandera() -> None:
    """Load what pandera loads at its first use, but not hypothesis.

    Where that is installed, as for our tests, pandera would import it for data it could make up: a
    tenth of the whole start.
    """
    if hidden := "hypothesis" not in sys.modules:
        sys.modules["hypothesis"] = None  # type: ignore[assignment]  # an import of it fails
    try:
        pa.DataFrameSchema.register_default_backends(pd.DataFrame)
    finally:
        if hidden:
            del sys.modules["hypothesis"]


_load_pandera()


@dataclass(frozen=True)
class CellCheck:
    """A check of the cells of one column: its name, the ending of its finding's code, its test.

    ``needs`` is the attribute of a column without which no cell can fail, ``excel`` the type of the
    data validation that a workbook to fill in has for the check.
    """

    name: str
    problem: str
    test: cell.CellTest
    args: cell.CellArgs = cell.no_args
    needs: str = ""
    excel: str = ""

    def applies_to(self, column: SheetColumn) -> bool:
        return not self.needs or getattr(column.canonical, self.needs) is not None


@dataclass(frozen=True)
class RowRule:
    """A check of a value that is derived from each row, and the code of its findings.

    ``args`` fill the message; None where the value alone does.
    """

    code: str
    value: RowValue
    check: pa.Check
    args: RowArgs | None = None
    field: str = ""  # where a breach is shown; by default the one in the code
    same_args: bool = False  # the words are the same for all rows

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", self.field or self.code.split(".")[1])

    @property
    def column(self) -> str:
        """The name of the derived column."""
        return f"{self.field}: {self.code}"


# The first check that a cell fails is its finding: the order is that of the causes.
CHECKS_OF_EVERY_KIND = (
    *(
        CellCheck(
            problem, problem, cell.no_expression_problem(problem), cell.expression_args, "problem"
        )
        for problem in PROBLEMS
    ),
    CellCheck("calculated", "not_calculated", cell.is_calculated, needs="kinds"),
    CellCheck("no_spreadsheet_error", "error_cell", cell.no_spreadsheet_error),
)
_MAX_LENGTH = CellCheck("max_length", "too_long", cell.not_too_long, cell.length_args)
_CONTROL_CHARACTERS = CellCheck(
    "no_control_characters", "control_characters", cell.no_control_characters, cell.character_args
)
_REFERENCE_FORM = CellCheck(
    "check_digits", "wrong_reference", cell.has_reference_form, cell.reference_args
)
_IBAN = CellCheck("iban_check_digits", "wrong_iban", cell.no_wrong_iban)
_LETTERS = CellCheck("no_destroyed_letters", "destroyed_letters", cell.no_destroyed_letters)
_CURRENCY_OF_BILL = CellCheck(
    "currency_of_bill", "other_currency", cell.in_currency_of_bill, cell.other_currency_args
)
_SHOWN_AS_IT_IS = CellCheck(
    "shown_as_it_is", "shown_otherwise", cell.shown_as_it_is, cell.look_args, "format_marks"
)
_ONE_SIGN = CellCheck("one_sign", "signed_twice", cell.has_one_sign, cell.expression_args)


def _reads(
    name: str, problem: str, args: cell.CellArgs = cell.no_args, excel: str = ""
) -> CellCheck:
    return CellCheck(name, problem, cell.readable(problem), args, excel=excel)


CELL_CHECKS: Mapping[FieldKind, tuple[CellCheck, ...]] = {
    FieldKind.UUID: (_reads("uuid", "not_uuid", cell.uuid_args),),
    FieldKind.CURRENCY: (_reads("iso_4217", "not_currency", cell.currency_args),),
    FieldKind.DATE: (_reads("date", "not_date", cell.date_args, excel="date"),),
    FieldKind.DATE_TIME: (_reads("date_time", "not_date_time", cell.date_args, excel="date"),),
    FieldKind.BOOLEAN: (_reads("yes_or_no", "not_boolean"),),
    FieldKind.RATE: (_reads("exchange_rate", "not_rate", excel="decimal"),),
    FieldKind.INTEGER: (_reads("whole_number", "not_integer", excel="whole"),),
    FieldKind.CHOICE: (_reads("one_of", "not_one_of", cell.choice_args),),
    FieldKind.NAME: (
        CellCheck("not_mangled", "mangled", cell.name_not_mangled),
        _LETTERS,
        _MAX_LENGTH,
        _CONTROL_CHARACTERS,
    ),
    FieldKind.TEXT: (_LETTERS, _MAX_LENGTH, _CONTROL_CHARACTERS),
    FieldKind.CODE: (
        CellCheck("not_mangled", "mangled", cell.not_mangled),
        _LETTERS,
        _MAX_LENGTH,
        _CONTROL_CHARACTERS,
    ),
    FieldKind.CENTS: (
        _reads("cents", "not_cents", cell.amount_args("not_cents"), excel="whole"),
        _reads("decimal_amount", "not_amount", cell.amount_args("not_amount")),
        CellCheck("int64", "out_of_range", cell.fits_int64),
        _SHOWN_AS_IT_IS,
        CellCheck("no_percentage", "percentage", cell.no_percentage, needs="format_marks"),
        CellCheck(
            "no_money_format",
            "shown_as_money",
            cell.not_shown_as_money,
            cell.number_format_args,
            "format_marks",
        ),
        _CURRENCY_OF_BILL,
        _ONE_SIGN,
    ),
    FieldKind.FACTOR: (
        _reads("number", "not_number", cell.amount_args("not_number"), excel="decimal"),
        _SHOWN_AS_IT_IS,
        _CURRENCY_OF_BILL,
        _ONE_SIGN,
    ),
}


def named_check(name: str, passing: Callable[[pd.Series], np.ndarray], code: str = "") -> pa.Check:
    """A check that returns the mask of the values that pass."""

    def test(values: pd.Series) -> pd.Series:
        return pd.Series(passing(values), index=values.index, copy=False)

    return pa.Check(test, name=name, error=code or name, ignore_na=False, n_failure_cases=1)


def compare(name: str, check: Callable[..., pa.Check], limit: int) -> pa.Check:
    """One of pandera's comparisons, as ``pa.Check.ge``, by a name of ours."""
    return check(limit, name=name, ignore_na=False, n_failure_cases=1)


_REQUIRED = compare("required", pa.Check.ge, 1)
_REQUIRED_IF_PAID = compare("required_if_paid", pa.Check.ge, 1)
_REQUIRED_IF_GROSS = compare("required_if_gross", pa.Check.ge, 1)
_REQUIRED_IF_NET = compare("required_if_net", pa.Check.ge, 1)

_MOST_DAYS_DUE = 366  # from the issue date
_MOST_DAYS_AHEAD = 731  # of an issue date; two years ahead it is mistyped

BILL_RULES = (
    RowRule("bills.vendorId.required", row.given("vendorId", "vendor"), _REQUIRED),
    RowRule("bills.issuedDate.required", row.given("issuedDate"), _REQUIRED),
    RowRule(
        "bills.issuedDate.in_future",
        row.days_to_come("issuedDate"),
        compare("not_years_ahead", pa.Check.le, _MOST_DAYS_AHEAD),
    ),
    RowRule("bills.currency.required", row.given("currency"), _REQUIRED),
    RowRule("bills.invoiceNumber.missing", row.given_in_column("invoiceNumber"), _REQUIRED),
    RowRule(
        "bills.dueDate.before_issued",
        row.days_between("issuedDate", "dueDate"),
        compare("not_before_issued_date", pa.Check.ge, 0),
        row.value_of("issuedDate", "issued"),
    ),
    RowRule(
        "bills.dueDate.years_ahead",
        row.days_between("issuedDate", "dueDate"),
        compare("not_years_ahead", pa.Check.le, _MOST_DAYS_DUE),
        row.value_of("issuedDate", "issued"),
    ),
    RowRule(
        "bills.processingMode.no_document",
        row.documents_if_read,
        compare("document_if_read", pa.Check.ge, 1),
    ),
    RowRule(
        "bills.paidFromBankAccountId.required",
        row.given_if_paid("paidFromBankAccountId"),
        _REQUIRED_IF_PAID,
    ),
    RowRule(
        "bills.paidFromBankAccountId.not_used",
        row.accounts_of_unpaid,
        compare("only_if_paid", pa.Check.le, 0),
    ),
    RowRule("bills.paymentAt.required", row.given_if_paid("paymentAt"), _REQUIRED_IF_PAID),
    RowRule(
        "bills.paymentAt.in_future",
        row.payment_after_tomorrow,
        compare("not_in_future", pa.Check.le, 0),
    ),
    RowRule("bills.amount.required", row.amount_or_sum, _REQUIRED),
    RowRule("bills.amount.zero", row.amount_to_pay, compare("not_zero", pa.Check.ne, 0)),
    RowRule(
        "bills.amount.cancelled_out", row.amount_if_loaded, compare("not_zero", pa.Check.ne, 0)
    ),
    RowRule(
        "bills.amount.negative",
        row.amount_of_bill,
        compare("not_negative", pa.Check.ge, 0),
        row.bill_money,
    ),
    RowRule(
        "bills.currency.not_in_cents",
        row.currency_decimals,
        compare("two_decimals", pa.Check.eq, 2),
        row.exponent_args,
    ),
)
LINE_RULES = (
    RowRule("line_items.amount.required", row.given_if_gross, _REQUIRED_IF_GROSS),
    RowRule("line_items.netAmount.required", row.given_if_net, _REQUIRED_IF_NET),
    RowRule(
        "line_items.amount.not_net_plus_tax",
        row.gross_minus_net_and_tax,
        compare("net_plus_tax", pa.Check.eq, 0),
        row.sum_args,
    ),
    RowRule(
        "line_items.taxAmount.sign",
        row.sign_of_tax,
        compare("sign_of_amount", pa.Check.ge, 0),
        row.sign_args,
    ),
    RowRule(
        "line_items.taxAmount.above_amount",
        row.tax_above_amount,
        compare("at_most_amount", pa.Check.eq, 0),
        row.sign_args,
    ),
    RowRule(
        "line_items.taxAmount.without_code",
        row.tax_without_code,
        compare("zero_without_tax_code", pa.Check.eq, 0),
    ),
    RowRule(
        "line_items.taxAmount.worked_out_by_light",
        row.tax_left_to_light,
        compare("given_with_tax_code", pa.Check.eq, 0),
    ),
    RowRule(
        "line_items.amortizationStartDate.incomplete",
        row.amortization_dates,
        compare("both_dates_or_none", pa.Check.ne, 1),
    ),
    RowRule(
        "line_items.amortizationEndDate.before_start",
        row.days_between("amortizationStartDate", "amortizationEndDate"),
        compare("not_before_start", pa.Check.ge, 0),
        row.value_of("amortizationStartDate", "start"),
    ),
    RowRule(
        "line_items.shouldAmortize.incomplete",
        row.fields_if_amortized,
        compare("dates_or_template_if_amortized", pa.Check.ge, 1),
    ),
    RowRule(
        "line_items.shouldAmortize.contradicted",
        row.fields_if_not_amortized,
        compare("neither_if_not_amortized", pa.Check.eq, 0),
    ),
)
_OF_AMOUNTS = (row.amount_to_pay, row.amount_if_loaded, row.amount_of_bill)
AMOUNT_RULES = tuple(rule for rule in BILL_RULES if rule.value in _OF_AMOUNTS)
ROW_RULES = {BILLS: BILL_RULES, LINE_ITEMS: LINE_RULES}


def checks_of(sheet: str, name: str) -> tuple[CellCheck, ...]:
    """The checks of the cells of a column, by cause: the first that fails is the finding."""
    field = field_of(sheet, name)
    of_form: tuple[CellCheck, ...] = (_REFERENCE_FORM,) if field.forms else ()
    of_form += (_IBAN,) if field.iban else ()
    return (*CHECKS_OF_EVERY_KIND, *CELL_CHECKS[field.kind], *of_form)


def cell_schema(
    sheet: str, columns: Mapping[str, SheetColumn], exclude: Collection[str] = ()
) -> pa.DataFrameSchema:
    """The schema of the cells of a sheet, as text.

    ``exclude`` are checks to leave out, as ``dueDate.date``.
    """
    return _schema_of(
        pa.Column(
            name=name,
            nullable=True,
            checks=[
                _bound(check, column)
                for check in checks_of(sheet, name)
                if check.applies_to(column) and f"{name}.{check.name}" not in exclude
            ],
        )
        for name, column in columns.items()
    )


def _schema_of(columns: Iterable[pa.Column]) -> pa.DataFrameSchema:
    """pandera copies columns that are given at once, all checks of theirs too: for a small file
    that takes longer than the checks."""
    schema = pa.DataFrameSchema()
    schema.columns = {column.name: column for column in columns}
    return schema


def _bound(check: CellCheck, column: SheetColumn) -> pa.Check:
    code = code_of(column.sheet, column.name, check.problem)
    return named_check(check.name, lambda values: check.test(values, column), code)


def row_schema(rules: Iterable[RowRule], exclude: Collection[str] = ()) -> pa.DataFrameSchema:
    """The schema of the derived values of the rows of a sheet: a column for each rule.

    ``exclude`` are checks to leave out, as ``dueDate.not_before_issued_date``.
    """
    return _schema_of(
        pa.Column(name=rule.column, checks=[rule.check])
        for rule in rules
        if f"{rule.field}.{rule.check.name}" not in exclude
    )


def failures(schema: pa.DataFrameSchema, frame: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    """The positions of the rows that fail each (column, check) of a schema."""
    # As environment variables can turn pandera's validation off, it is turned on here.
    depth = ValidationDepth.SCHEMA_AND_DATA
    try:
        with config_context(validation_enabled=True, validation_depth=depth):
            schema.validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        out = {}
        for error in errors.schema_errors:
            if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK:
                error.check(frame[error.column_name])  # raises what the check raised
                raise error from None
            failed = np.flatnonzero(~error.check_output.to_numpy(dtype=bool))
            out[error.column_name, error.check.name] = failed
        return out
    return {}
