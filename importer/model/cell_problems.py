"""Findings about one cell, by kind of field; see ``finding_catalogue`` for how they are written."""

from __future__ import annotations

from importer.model.fields import FieldKind

ANY = """
error_cell: the cell shows a spreadsheet error
  The cell shows the spreadsheet error {value}.
  → Correct the formula, or type the value.
not_calculated: a formula that was never calculated
  The cell holds the formula {value}, but the file has no result for it.
  → Open the file in Excel or LibreOffice, recalculate it and save it.
"""

_TEXTS = """
destroyed_letters: damaged letters
  '{value}' has a damaged letter: another program replaced it with �.
  → Export the file again as UTF-8 or as an Excel workbook, or retype the text.
too_long: the text is too long
  The text has {length} characters; Light accepts at most {limit}.
  → Shorten it.
control_characters: the text has unprintable characters
  The text holds {character}, which cannot be sent to Light.
  → Retype the text; pasted text often brings such characters.
"""

_MANGLED = """
mangled: a number that Excel changed
  Excel, or the program that wrote the file, changed this value: '{value}' is not the original.
  → Format the column as text, then enter the number again.
"""

REFERENCE = """
wrong_reference: not a payment reference
  '{value}' is not {forms}: {reason}.
  → Copy it from the invoice; in Excel, first format the column as text, or zeros are lost.
"""

NOT_OF_NOTES = """
warning not_for_credit_note: a reference that credit notes do not have
  Light takes no payment reference and no purchase order for a credit note: '{value}' is not sent.
  → Leave it out.
"""

_DATES = """
ambiguous: ambiguous dates
  The dates in this column are ambiguous: '{value}' is {day_first} or {month_first}, and no other
  date in the column settles which.
  → Write dates as YYYY-MM-DD, or state the order in the template (formats: dates: [DD/MM/YYYY]).
mixed_order: day-first and month-first dates in one column
  Some dates in this column have the day first ({day_rows}), others the month first
  ({month_rows}){undecided}.
  → Write all dates in the column the same way, preferably as YYYY-MM-DD.
contradicts_columns: dates that contradict another column of the file
  This column has dates with {way} ({rows}), but '{other}' has {other_way} ({other_rows}). So
  '{value}' cannot be trusted.
  → Write all dates in the file the same way, preferably as YYYY-MM-DD.
mixed_typed: dates in which Excel may have swapped day and month
  Some cells in this column are dates ({date_rows}), others are text that Excel's regional
  settings did not recognise as a date ({text_rows}: '{text}'). So the day and month of '{value}'
  may be swapped: {other}.
  → Export again and open the file as text, or write all dates in the column as YYYY-MM-DD.
"""

_DAYS = """
shifted: dates that a time zone may have moved
  The dates in this column have the time {times} ({rows}), as dates have that were converted to
  another time zone: '{value}' may be of the next day, {next_day}.
  → Write the right dates, without a time: YYYY-MM-DD.
warning other_order: dates that may have day and month the other way round
  '{value}' is read as {reading}, {order}. Read {other_order} it is {other}, and {why}.
  → Check some dates with the invoices. If they are wrong, state the order in the template
    (formats: dates: [MM/DD/YYYY] or [DD/MM/YYYY]), or write them as YYYY-MM-DD.
"""

_NUMBERS = """
ambiguous: ambiguous numbers
  The numbers in this column are ambiguous: '{value}' has either a thousands separator or three
  decimals.
  → Say which in the template: formats: numbers: point (1,234.56) or comma (1.234,56).
mixed_numbers: decimal points and decimal commas in one column
  Some numbers in this column have a decimal point ({point_rows}), others a decimal comma
  ({comma_rows}).
  → Write all numbers in the column the same way.
contradicts_columns: numbers that contradict another column of the file
  This column has numbers with {way} ({rows}), but '{other}' has {other_way} ({other_rows}). So
  '{value}' cannot be trusted.
  → Write all numbers in the file the same way, or say which in the template: formats: numbers:
    point or comma.
mixed_typed: numbers that Excel may have misread
  Some cells in this column are numbers ({number_rows}), others are text that Excel's regional
  settings did not recognise as a number ({text_rows}: '{text}'). So Excel may have confused the
  decimal mark of '{value}' with a thousands separator.
  → Export again and open the file as text; or, if the numbers are correct, retype the text cells
    as numbers.
"""

BY_KIND = {
    FieldKind.UUID: """
not_uuid: not a Light id
  '{value}' is not a Light id (32 hexadecimal digits, in groups of 8-4-4-4-12).
  → Copy the id from Light{alternative}.
""",
    FieldKind.CENTS: """
not_cents: not a whole number of cents
  '{value}' is not a whole number of cents: {reason}.
  → {correction}
not_amount: not an amount
  '{value}' cannot be read as an amount: {reason}.
  → {correction}
warning lost_mark: a number that may have lost its decimal mark
  '{value}' has no cents ({rows}), as '{other}' and all other numbers of the column have: its
  decimal mark may be lost.
  → Compare it with the invoice.
other_currency: an amount in a different currency
  '{value}'{shown_as} is in a different currency from the bill.
  → Correct the amount, or the bill's currency.
shown_otherwise: a number that Excel displays differently
  The number {value} is displayed {shown} because of its cell's number format: the sign or size
  may differ, or it may not be an amount.
  → Enter the intended number with its sign, and format the cell as a plain number.
percentage: a percentage instead of an amount
  '{value}' is a percentage: its cell is formatted as one.
  → Map the column that has the amount; or, if it is the amount, format the cell as a number.
shown_as_money: money instead of whole cents
  Excel displays '{value}' as money ({number_format}), but amounts here are in whole cents: the
  value may be wrong by a factor of 100.
  → Write the amount in cents and format the cell as a plain number.
out_of_range: an amount that is too large
  '{value}' is larger than any amount Light can store.
  → Check the number of digits.
"""
    + _NUMBERS,
    FieldKind.CURRENCY: """
not_currency: not a currency
  '{value}' is not an ISO 4217 currency code.
  → Write three letters, as GBP, EUR or USD{nearest}.
""",
    FieldKind.DATE: """
not_date: not a date
  '{value}' cannot be read as a date: {reason}.
  → {correction}
"""
    + _DATES
    + _DAYS,
    FieldKind.DATE_TIME: """
not_date_time: not a date or time
  '{value}' cannot be read as a date, nor as a date and time: {reason}.
  → Write 2025-03-31 or 2025-03-31T14:00:00Z.
"""
    + _DATES,
    FieldKind.BOOLEAN: """
not_boolean: neither yes nor no
  '{value}' is not yes or no.
  → Write TRUE or FALSE.
""",
    FieldKind.RATE: """
not_rate: not an exchange rate
  '{value}' is not an exchange rate: it must be a number above 0, with a point.
  → Write for example 1.1742.
""",
    FieldKind.INTEGER: """
not_integer: not a whole number
  '{value}' is not a whole number.
  → Write 1, 2, 3 …
""",
    FieldKind.FACTOR: """
not_number: not a number
  '{value}' is not a quantity or price: {reason}.
  → Use digits and at most one decimal mark.
shown_otherwise: a number that Excel displays differently
  The number {value} is displayed {shown} because of its cell's number format: the sign or size
  may differ, or it may not be an amount.
  → Enter the intended number with its sign, and format the cell as a plain number.
other_currency: a price in a different currency
  '{value}'{shown_as} is in a different currency from the bill.
  → Correct the price, or the bill's currency.
"""
    + _NUMBERS,
    FieldKind.CODE: _MANGLED + _TEXTS,
    FieldKind.NAME: _MANGLED + _TEXTS,
    FieldKind.TEXT: _TEXTS,
    FieldKind.CHOICE: """
not_one_of: not an allowed value
  '{value}' is not one of {choices}.
  → Use one of them, or leave the cell empty{nearest}.
""",
}

EXPRESSION_PROBLEMS = """
not_mapped: a value missing from the template's map
  The template's map for {field} has no '{value}'.
  → Add it to the map. The map has: {mapped_values}.
sign_unknown: neither positive nor negative
  {mark} does not say whether {field} adds or takes away.
  → The template treats {positive} as positive and {negative} as negative (sign_from).
signed_twice: a minus sign and a sign column
  '{value}' has a minus, and {mark_of_sign} also states the sign: together they are ambiguous.
  → Correct the amount; or, if all amounts carry their signs, remove {setting} from the template.
two_amounts: two amounts where one is allowed
  '{value}' is not the only amount for {field}: the column before it has '{note}'.
  → Keep only the correct one, or choose the column in the template (first_of).
not_day: not a day of the year
  '{value}' is not a day and month as {format}, or that day does not exist in the year.
  → Correct it, or date_from in the template.
outside: a date outside the stated period
  '{value}' would be {note}, the limit that the file or the template states: it may belong to
  another year.
  → Correct it, or load the other year's rows separately, with that year (--set).
not_year: a year that cannot be read
  '{value}' does not give the year of the date.
  → Give a year such as 2025, or a date if the template uses on_or_after.
"""

HOUSE_RULES = """
required: must not be empty
  The cell must not be empty.
one_of: not an allowed value
  '{value}' is not one of {bound}.
matches: not in the required form
  '{value}' does not have the form {bound}.
max_length: too long for a house rule
  '{value}' has more than {bound} characters.
min: too small for a house rule
  {value} is less than {bound}.
max: too large for a house rule
  {value} is more than {bound}.
not_before: too early for a house rule
  {value} is before {bound}.
not_after: too late for a house rule
  {value} is after {bound}.
unique: a repeated value
  '{value}' is already in row {bound}.
"""

DISAGREEMENT = """
disagrees: rows of one bill disagree
  The rows of one bill disagree: '{value}' here, '{other}' in row {first}.
  → Make the rows of the bill agree. If they are two bills, give each its own number.
"""
