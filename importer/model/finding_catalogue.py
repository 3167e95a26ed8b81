"""Every kind of finding, in one place: code, severity, title, sentence and hint.

The codes are generated from the canonical fields and what each kind of field may hold, so that no
code exists that cannot occur; docs/findings.md is written from here. In the texts below a finding
is its code (or the end of it, after ``warning`` where it is none that stops a bill) and title, then
its sentence, then its hint after an arrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from importer.model.fields import (
    BILLS,
    CUSTOM_PROPERTY,
    FIELDS,
    LINE_ITEMS,
    LOOKUP_FIELDS,
    FieldKind,
    FieldUse,
)
from importer.model.finding import CellRef, Finding, Severity


@dataclass(frozen=True)
class FindingType:
    """``message`` and ``hint`` are filled by ``str.format`` with ``value`` and the words given."""

    code: str
    severity: Severity
    title: str
    message: str
    hint: str


# --- problems of one cell, by kind of field ------------------------------------------------------

_ANY = """
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

_REFERENCE = """
wrong_reference: not a payment reference
  '{value}' is not {forms}: {reason}.
  → Copy it from the invoice; in Excel, first format the column as text, or zeros are lost.
"""

_NOT_OF_NOTES = """
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

_BY_KIND = {
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
other_currency: an amount in a different currency
  '{value}'{shown_as} is in a different currency from the bill.
  → Correct the amount, or the bill's currency.
shown_otherwise: a number that Excel displays differently
  The number {value} is displayed as '{shown}' because of its cell's number format: the sign or
  size may differ, or it may not be an amount.
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
    + _DATES,
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
  The number {value} is displayed as '{shown}' because of its cell's number format: the sign or
  size may differ, or it may not be an amount.
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


# Rules that look at more than one cell, and problems of a whole column or file.
_RULES = """
bills.vendorId.required: no vendor
  The bill names no vendor.
  → Give the vendor's id in 'vendorId', or its name, identifier or VAT id in 'vendor'.
warning bills.invoiceNumber.missing: no invoice number
  The bill has no invoice number, so only its vendor, date, amount, currency and description
  identify it.
  → Enter the number on the vendor's invoice; it prevents duplicate bills.
warning bills.invoiceNumber.placeholder: a placeholder for an invoice number
  '{value}' is a placeholder, not an invoice number: only the vendor, date, amount, currency and
  description identify the bill. Each such row is loaded as a separate bill without a number.
  → Enter the number on the vendor's invoice; it prevents duplicate bills.
warning bills.key.variants: one reference written in several ways
  '{value}' ({rows}) and '{other}' in row {first} count as one: they differ only in capitals,
  spaces or invisible characters.
  → Write them the same way. If they are two bills, give each its own number.
bills.key.mangled: a reference that Excel changed
  '{value}' ({rows}) groups rows into a bill, but Excel changed it: it is not the original value.
  Rows of different bills may look the same.
  → Export again and open the file with this column as text, or write the original values.
bills.issuedDate.required: no date
  The bill has no issue date.
  → Give the date on the vendor's invoice.
bills.currency.required: no currency
  The bill has no currency.
  → Write its ISO 4217 code, as GBP.
bills.amount.required: no amount
  The bill has no amount.
  → Give the gross total.
bills.amount.zero: a bill of zero
  The bill's total is 0: there is nothing to pay.
  → Leave it out, or correct its amounts.
warning bills.amount.small: amounts that may be money, not cents
  Amounts of this sheet are cents, and half the bills come to less than 50.00; the largest is
  {value}, read as {amount} {currency}.
  → If money was typed, add --amounts money; if the amounts are in cents, --amounts cents.
bills.amount.negative: a credit
  The bill's total is {money}: this is a credit, not a bill.
  → If it is a credit note, say so: with the type credit note in its row, or for the whole ledger
    with credit_notes: negative in the template.
bills.currency.not_in_cents: a currency without cents
  {value} has {exponent} decimals, but Light only accepts amounts in cents; the intended amount is
  unclear.
  → Enter the bill in Light itself, or set it in your template: formats: cents_per_unit:
    {{{value}: 100}}.
bills.dueDate.before_issued: due before the issue date
  The due date {value} is before the issue date {issued}.
  → Correct one of the two dates.
bills.processingMode.no_document: a document to read that is missing
  With AI_PARSE_AND_MERGE Light reads the bill's document, but the bill has none.
  → Name its file in 'document', or write DATA_ONLY.
bills.paidFromBankAccountId.required: a paid bill without a bank account
  The bill is to be marked as paid, but no bank account is given.
  → Give the id of the bank account in Light in 'paidFromBankAccountId'.
warning bills.paidFromBankAccountId.not_used: a bank account without a payment
  The bill is not to be marked as paid, so the bank account is not used.
  → Write 'paid' in its status (or load with --then paid), or remove the bank account.
bills.paymentAt.required: a paid bill without a date of payment
  The bill is to be marked as paid, but no payment date is given.
  → Give the date of the payment in 'paymentAt'.
bills.paymentAt.in_future: a payment in the future
  The bill is to be marked as paid, but {value} is in the future.
  → Correct the date, or write 'posted' in its status until it is paid.
bills.document.not_found: a missing document
  There is no file '{value}' in {folder}.
  → Put the file there, name its folder with --documents, or correct its name{nearest}.
bills.document.not_proven: a document in an unverified folder
  There is no file '{value}' beside the result workbook, in {folder}. The workbook names the
  folder {named_folder}, but nothing shows that you made the workbook on this computer, so that
  folder is not used.
  → Name the folder with --documents, or put the file beside the workbook.
warning bills.document.beside: a document from beside the result workbook
  '{value}' is taken from {folder}, where the result workbook is. The workbook names the folder
  {named_folder}, but nothing shows that you made the workbook on this computer.
  → Check that it is the correct file; if not, name the folder with --documents.
bills.document.outside: a document outside the folder
  '{value}' is outside the folder {folder}; only files in that folder are uploaded.
  → Put the file into the folder, or name its folder with --documents.
bills.document.not_a_file: a document that is not a file
  '{value}' is {kind_of_file}.
  → Name the invoice file.
bills.document.unreadable: a document that cannot be read
  The file '{value}' cannot be read: {reason}.
  → Change its permissions, or correct its name.
bills.document.empty: an empty document
  The file '{value}' is empty.
  → Get the file again.
bills.document.too_large: a document that is too large
  The file '{value}' is {size} MB; the limit is {limit} MB.
  → Make it smaller, or raise the limit with --largest-document.
bills.document.unknown_type: a document of a type that cannot be uploaded
  '{value}' is not a type of file that can be uploaded.
  → Save it as one of {endings}.
bills.document.other_type: a document whose content does not match its name
  '{value}' is {named} by its name and {content} by its content.
  → Check that it is the correct file, and correct the ending of its name.
warning bills.document.changed: a document that has changed
  The file '{value}' is not the one that was {done} on {moment}.
  → Compare the two. {consequence}
bills.billRef.required: no reference
  The bill has no billRef and no invoice number, so no line item can belong to it.
  → Give the same reference to the bill and to its lines.
bills.billRef.duplicate: a reference used twice
  '{value}' is already the reference of the bill in row {first}; their lines cannot be separated.
  → Give each bill its own reference.
bills.invoiceNumber.duplicate: the same bill twice
  The vendor's invoice '{value}' is already in row {first}.
  → Remove one of them, or correct the number; neither is sent until then.
warning bills.invoiceNumber.near_duplicate: nearly the same invoice number
  '{value}' is almost the same as invoice number '{other}' from the same vendor in row {first}.
  → Check that these are two bills.
warning bills.invoiceNumber.torn: a row that may belong to the bill beside it
  '{value}' may be the number of bill '{other}' (row {first}), changed by mistake: both have the
  same vendor and date, and {why}.
  → If they are one bill, correct the number; if they are two, nothing is to be done.
warning bills.invoiceNumber.date_like: an invoice number that may be a date
  '{value}' {reads}, and other numbers look like '{other}': Excel, or the program that wrote the
  file, may have changed it.
  → Compare it with the invoice. If it was changed, format the column as text and enter it again.
warning bills.invoiceNumber.sister_entity: the same invoice number under two entities
  The vendor's invoice '{value}' is also in row {first}, under another entity.
  → Check that these are two bills; if they are the same, remove one.
warning bills.invoiceNumber.near_in_light: nearly the same invoice number in Light
  '{value}' is almost the same as invoice number '{other}' that Light has from the same vendor
  ({id}, {date}, {money}).
  → Check that these are two bills; if they are the same, remove this one.
warning bills.invoiceNumber.other_entity: the same invoice number in another entity
  Light has invoice '{other}' from the same vendor in another entity ({id}, {date}, {money}).
  → Check that these are two bills; if they are the same, remove this one.
bills.lines.missing: a bill without line items
  The bill has no line items.
  → Add its lines, with {reference} '{value}'.
warning bills.draft.incomplete: an incomplete bill that is created as a draft
  The bill has {lacks}: {stays} (--incomplete-drafts).
  → Complete it in Light before it is submitted or posted.
bills.lines.in_doubt: a bill that may lack a line item
  Row {row} is next to this bill's rows and has errors, so it may be a line item of this bill.
  → Correct row {row}; this bill is not loaded before.
bills.amount.lines_differ: line items that do not add up
  The bill's amount is {bill}, but its line items ({count}) total {sum}: a difference of
  {difference}.
  → Correct the bill's amount or its lines.
line_items.billRef.orphan: a line item without a bill
  No bill has the reference '{value}'.
  → Correct the reference, or add the bill{nearest}.
line_items.billRef.required: a line item that names no bill
  The line item names no bill.
  → Enter its bill's reference.
line_items.amount.required: no gross amount
  The bill's line items include tax, so each needs its gross amount.
  → Give 'amount', with tax, or set lineItemsIncludeTax to FALSE and give 'netAmount'.
line_items.netAmount.required: no net amount
  The bill's line items do not include tax, so each needs its net amount.
  → Give 'netAmount', without tax, or set lineItemsIncludeTax to TRUE and give 'amount'.
line_items.amount.not_net_plus_tax: net and tax do not add up to gross
  netAmount {net} plus taxAmount {tax} is {sum}, but amount is {gross}.
  → Correct one of the three.
line_items.taxAmount.sign: tax with the wrong sign
  The tax is {tax} and the amount {base}: one adds to the bill, the other takes from it.
  → Correct the sign of one of them.
line_items.taxAmount.without_code: tax without a tax code
  The line has a tax amount but no tax code.
  → Give 'taxCodeId' or 'taxCode'.
warning line_items.taxAmount.worked_out_by_light: tax that Light calculates
  The line has a tax code but no tax amount: Light calculates the tax, so the bill's total cannot
  be checked in advance.
  → Give 'taxAmount' to have it checked.
line_items.amortizationStartDate.incomplete: an incomplete amortization period
  The line has only one of the two amortization dates.
  → Give both dates, or neither.
line_items.amortizationEndDate.before_start: amortization that ends too early
  The amortization ends on {value}, before it starts on {start}.
  → Correct one of the two dates.
line_items.shouldAmortize.incomplete: amortization without dates or template
  The line should be amortized but has neither amortization dates nor an amortization template.
  → Give both dates, the template's id, or all three; or set shouldAmortize to FALSE.
line_items.shouldAmortize.contradicted: contradictory amortization
  The line has amortization dates or an amortization template, but shouldAmortize is FALSE.
  → Remove the dates and the template, or set shouldAmortize to TRUE.
line_items.amount.stated_differs: a stated amount that differs
  '{column}' states {value}, but the template's calculation for the row gives {calculated}
  ({rows}).
  → Correct the amounts, or the template: it may miss a discount, a tax or another amount. List
    '{column}' under ignore_columns if it does not matter.
line_items.factor.blank: an incomplete product
  Only one of {names} is given, so the amount cannot be calculated.
  → Give both.
line_items.factor.not_percent: a discount that is not a percentage
  The discount '{value}' should be a percentage from 0 to 100.
  → Correct it; if the column holds amounts, remove percent_off from the template.
line_items.factor.too_precise: a product that is not whole cents
  {left} × {right} is not a whole number of cents.
  → Set the rounding in the template: round: half_up (or half_even, down).
warning line_items.factor.rounded: amounts rounded to whole cents
  Amounts rounded to whole cents: {count}, the first {left} × {right} to {money} ({how}).
  → Nothing to do if the invoices are rounded the same way.
bills.amount.lines_unknown: a total that cannot be calculated
  The bill's amount is the sum of its lines, but the tax of one line is missing.
  → Give the tax amount of each line, or the bill's amount.
sheet.row.repeated_header: the header row again
  The row repeats the header row, as when two exports are pasted together.
  → Remove the row.
sheet.rows.repeated: repeated rows
  {rows} {verb} every cell of {firsts}. Pasting a file twice or joining overlapping exports does
  this, and the bills would be too high.
  → Remove the repeated rows. If they are meant, say so: repeated_lines: allow in the template
    (source), or the total that the file should come to, as --expect GBP=1234.56.
warning sheet.rows.hidden: hidden rows
  Hidden rows are read like the others: row {rows} ({count} in all).
  → Unhide them, or remove them from the file if they should not be loaded.
warning sheet.hidden: a hidden sheet
  The sheet is hidden in Excel, but it is read.
  → Unhide it, or remove it from the file if it should not be loaded.
sheet.rows.none: no rows
  The sheet has a header row and no rows below it.
  → Check that the export is complete.
warning sheet.row.after_end: rows after the end
  More rows follow below the row where the template says the data ends; rows left out: {count}.
  → Check that none of them is a bill.
sheet.row.goes_on_with_passed_over: a row that continues one passed over
  The row continues row {other}{filled_value}; row {other} is passed over, but this row is not. It
  may belong to the rows passed over, or to the bill above them.
  → Write the row's own values into its blank cells, remove the row, or correct the template: a
    rule in ignore_rows applies to all rows of a bill if its column is also under fill_down.
sheet.row.total: a row that may be a total
  The row may be a total: {why}. As a bill or line it would count twice.
  → Remove the row, or name it in the template (ignore_rows, or control_total for the last one). If
    it is a bill or line, give it the vendor and number of its bill; if it has them, move it up.
sheet.row.no_bill: a row that names no bill
  The row has '{value}', but no vendor or number: it may be a bill without its vendor, or a line
  of the bill above.
  → Enter the vendor and the number in the row. If it continues the bill above, clear the cell.
sheet.row.no_vendor: a row that names no vendor
  The row has the number '{value}' but no vendor. Other rows repeat the vendor of the row above
  (row {other}), so a blank cell may not mean the same vendor.
  → Enter the vendor in the row, or remove its column from fill_down in the template.
sheet.cell.merged_amount: an amount merged over several rows
  The amount '{value}' is merged over rows {first} to {last}: it is unclear how much belongs to
  each row.
  → Unmerge the cells and enter an amount in each row.
warning sheet.cells.under_merged: cells under merged cells
  Values hidden under merged cells are not read: row {rows} ({count} cells).
  → Unmerge the cells to see the values, and delete what does not belong.
sheet.stop.doubtful: the end of the data may be a bill
  The data ends here, because {rule}, but the row has '{value}', as a bill would: it and the rows
  below may be bills.
  → Correct stop_at in the template so that it matches no supplier.
sheet.total.doubtful: a total that may be a bill
  The row matches control_total in the template ({rule}), but {why}: it may be a bill.
  → Correct the row, or control_total in the template; where: recognises a total by its label.
sheet.row.too_long: a row with more cells than the header
  The row has {cells} cells but the header has {headers}, so cells may have shifted: '{value}' has
  no header.
  → Put quotation marks around the cell that holds the separator, or export as .xlsx.
sheet.row.shifted: a row whose cells may have shifted
  The cells '{value}' look like one number with a comma and no quotation marks, so the cells after
  it have shifted to the right.
  → Put quotation marks around the number, or export as .xlsx.
sheet.row.swallowed: a cell that holds rows of the file
  The cell starts with a quotation mark that is closed only further down (lines: {count}), so it
  seems to contain whole rows: '{value}'.
  → Delete the stray quotation mark, or double it if it belongs to the text, and load the file
    again.
sheet.header.holds_data: data in the header
  The header has {rows} rows, as the template says, but one of them holds '{value}': it looks like
  data.
  → Correct the template (source: header: rows), or put the missing header row back.
sheet.parameter.missing: a missing cell above the header
  The template takes '{name}' from cell {value} above the header, but it finds nothing{matching}
  there.
  → Restore the cell, or give the value with --set {name}=…
sheet.group.total_differs: a group's total that differs
  The total of '{name}' is {value}, but its rows ({count}) total {sum}: a difference of
  {difference}.
  → Find what is missing or extra before loading; --only-valid loads regardless.
sheet.group.other_name: a bill in the group of another
  The row names '{value}' but is in the group '{name}'.
  → Correct the name, or clear it; or map the column in the template if it is not a name.
sheet.group.with_data: a group's name in the row of a bill
  The row starts the group '{name}', so it is not a bill, but it has '{value}', as a bill would.
  → Move the name to a separate row, or correct groups in the template (matches).
warning sheet.encoding.doubtful: an uncertain encoding
  The file does not state its text encoding; it was read as {value}.
  → Check these words. If they are wrong, give the correct encoding (--encoding cp1252, mac_roman,
    cp850 …, or in the template, source: encoding), or save the file as CSV UTF-8.
bills.sheet.missing: no bills
  There are line items but no sheet of bills (its headers would be {headers}).
  → Add the sheet of bills, or name its file with --bills.
line_items.sheet.missing: no line items
  There are bills but no sheet of line items (its headers would be {headers}).
  → Add the sheet of line items, or name its file with --lines.
warning sheet.column.unknown: an unknown column
  Column '{value}' cannot be imported; it is left out.
  → Remove it, or correct its header{nearest}.
warning sheet.column.unnamed: a column without a header
  Column {value} has values but no header; it is left out.
  → Give it a header, or remove it.
warning sheet.column.response_only: a column that Light does not accept
  Light shows '{value}'{others} but does not accept it for a new bill; it is left out.
  → Leave the column as it is, or remove it; set the value in Light after loading.
sheet.column.unread_currency: an unread currency column
  Column '{header}' has {values} ({rows}) and is not read; the template uses {taken}.
  → Map it in the template (bills: currency: {{column: {header}}}), or list it under
    ignore_columns if it does not matter.
warning sheet.column.unread_rate: an unread exchange rate column
  Column '{header}' has {values} ({rows}) and is not read; the template uses {taken} for all bills.
  → If the amounts are in another currency, map it in the template (bills: currency); if not, list
    the column under ignore_columns.
sheet.column.unread_basis: an unread tax basis column
  Column '{header}' has {values} ({rows}) and is not read; the template treats the amounts as
  {taken} tax.
  → Map it in the template (bills: lineItemsIncludeTax), with the amounts that go with it; or list
    it under ignore_columns if it does not matter.
sheet.column.other_currency: a column that names another currency
  Column '{header}' names {named}, but its amounts are read in {taken} ({rows}).
  → Map the column that has the amounts in the currency of the bill, or correct the currency.
sheet.column.other_amount: other amounts in the currency of the bills
  Column '{column}' has {value} where the template reads {calculated}, also in {taken} ({rows}).
  → Map the column that has the amounts in the currency of the bills, or correct the currency. List
    '{column}' under ignore_columns if it does not matter.
sheet.column.same_amount: the same amounts in another currency
  Column '{column}' has the same amounts in {named} that the template reads in {taken} ({rows}).
  → Correct the currency in the template, or list '{column}' under ignore_columns if it is wrong.
warning sheet.column.other_basis: a column that contradicts the tax basis
  Column '{header}' states that tax is {says} its amounts, but the template reads them as {which}
  tax.
  → Check which is correct. If the bills have no tax, both are the same.
warning sheet.column.scaled: amounts that may be thousands
  {where} has '{words}': the amounts may be thousands or millions, and rounded. They are read as
  written.
  → Export them in full. If they are full amounts, there is nothing to do.
sheet.column.in_cents: amounts that are cents
  Column '{header}' states that its amounts are {words}, but the template reads them as whole
  units of the currency.
  → Set it in the template: formats: amounts: cents.
warning sheet.title.other_currency: a title that names another currency
  The title '{value}' names {named}, but the bills are in {taken}.
  → Check which is correct; if it is the title, correct the currency in the template.
warning sheet.column.open_amount: less still to be paid than the bill comes to
  Column '{column}' has {value} of a bill of {calculated}, as of one that is partly or fully paid
  ({rows}). It is not read: these bills are loaded in full.
  → To load what is still to be paid, map '{column}' in the template; or leave out the bills that
    are paid. If it does not matter, list it under ignore_columns.
warning sheet.column.paid_amount: bills that are paid
  Column '{column}' has {value} of a bill of {calculated}, as of one that is partly or fully paid
  ({rows}). It is not read: these bills are loaded in full.
  → Leave out the bills that are paid, or correct the amounts that are still to be paid. If it does
    not matter, list '{column}' under ignore_columns.
warning sheet.column.billed_amount: what was billed beside what is still to be paid
  Column '{column}' has {value} where '{read}' has {calculated} ({rows}). '{read}' is read: only
  what is still to be paid is loaded.
  → To load the bills in full, map '{column}' in the template; if not, list it under
    ignore_columns.
sheet.column.unread_state: an unread type or state column
  Column '{header}' has {values} ({rows}) and is not read: such a document is not a bill.
  → Map it in the template under bills.type or bills.state, with these values under pass_over, or
    list it under ignore_columns if it does not matter.
warning sheet.column.unread_type: a type or state that may matter
  Column '{header}' has {values} ({rows}) and is not read.
  → If these are not all bills to load, map it in the template under bills.type or bills.state; if
    they are, list it under ignore_columns.
sheet.column.unread_credit: an unread credit column
  Column '{header}' marks credits ({rows}) and is not read.
  → Map it in the template (first_of with negate, or sign_from), or list it under ignore_columns
    if it does not matter.
sheet.column.unread_money: an unread amount column
  Column '{header}' has amounts ({rows}) and is not read, so the totals of these bills would be
  wrong.
  → Map it in the template, or the bill's total (bills: amount: {{column: …}}), which is then
    compared; or list it under ignore_columns if it does not matter.
sheet.column.unread_deduction: an unread retention, withholding or deposit
  Column '{header}' has amounts ({rows}) and is not read: these bills may come to less, or less may
  be due to the vendor.
  → If the bills are to be loaded in full, list it under ignore_columns; if it lowers them, map it
    under extra_lines with negate, or map the bill's total (bills: amount: {{column: …}}).
warning sheet.column.unread_payable: a retention, withholding or deposit beside the total
  Column '{header}' has amounts ({rows}) and is not read: the bills are loaded in full, and less may
  be due to the vendor.
  → Take it into account before they are paid, or list it under ignore_columns.
warning sheet.column.unread_discount: an unread discount column
  Column '{header}' has amounts ({rows}) and is not read: line amounts are used without it.
  → If line amounts are before the discount, map the amounts after it; if not, list the column
    under ignore_columns.
warning sheet.column.unread_tax: an unread tax column
  Column '{header}' has amounts ({rows}) and is not read: bill amounts are treated as including
  tax.
  → If they exclude tax, use a template that reads both; if not, list the column under
    ignore_columns.
sheet.column.twice: two columns for one field
  The columns '{value}' and '{other}' both mean {field}.
  → Remove or rename one of them, or choose one in the template: '{name}#2' is the second.
sheet.column.missing: a missing column
  The sheet has no column {value}{needed_by}.
  → Add the column, or correct its name{nearest}. The sheet has: {headers}.
sheet.field.unmapped: a field that the template does not map
  The template does not map {value}, and Light requires it.
  → Add it to the template, under {section}, as {field}: {{column: …}}.
sheet.stop.missing: the row that ends the data is missing
  The template says that the data ends at a row where {value}, but no row matches.
  → Check that the export is complete, or correct stop_at in the template.
control.gross.differs: the control total differs
  The control total {where}is {control} {currency}; the sheet's bills total {sheet}: a difference
  of {difference}.
  → Find what is missing or extra before loading; --only-valid loads regardless.
control.gross.unreadable: a control total that cannot be read
  The control total '{value}' cannot be read as an amount: {reason}.
  → Correct the control total.
control.gross.currencies: one control total for several currencies
  The file has one total, {value}, but bills in {currencies}.
  → Check the currencies; one total cannot cover several.
control.bills.differs: the number of bills differs
  Bills expected: {expected}; the sheet has {value}: a difference of {difference}.
  → Find what is missing or extra before loading; --only-valid loads regardless.
control.lines.differs: the number of line items differs
  Line items expected: {expected}; the sheet has {value}: a difference of {difference}.
  → Find what is missing or extra before loading; --only-valid loads regardless.
bills.type.unknown: a type that the template does not list
  The template does not list the type '{value}' ({where}): it {rule}.
  → If these rows are bills or credit notes, add the value to bills.type in the template, under
    map; if they are neither, under pass_over. To get a copy to edit: light-import template show
    NAME
bills.type.blank: a row without a type
  The type is blank ({where}), while other rows have one.
  → Fill it in, or set the meaning of a blank in the template (bills.type: default: bill).
bills.state.unknown: a state that the template does not list
  The template does not list the state '{value}' ({where}): it {rule}.
  → If these are bills to load, add the value to bills.state in the template, under take; if they
    are void, draft or deleted, under pass_over. To get a copy to edit: light-import template show
    NAME
bills.state.blank: a row without a state
  The state is blank ({where}), while other rows have one.
  → Fill it in, or set the meaning of a blank in the template (bills.state: default: Open).
warning bills.state.differs: one number both loaded and passed over
  Rows of one vendor and number are loaded ({loaded}) and passed over ({passed}: {reason}).
  → Check that the rows passed over are a different document, such as a bill that was entered
    again.
bills.creditsBill.unknown: a credit note of an unknown bill
  Neither the sheet nor Light has a bill '{value}' of this vendor and entity.
  → Correct the number of the bill that the credit note clears, or leave it out: then the credit
    note is created and clears nothing.
bills.creditsBill.several: a credit note of one of several bills
  Light has several bills '{value}' of this vendor: {ids}.
  → Leave the number out, and clear the credit note in Light.
bills.creditsBill.other_currency: a credit note in another currency than its bill
  The bill '{value}' is in {currency}; a credit note clears bills in its own currency only.
  → Correct the currency or the number of the bill.
bills.creditsBill.other_entity: a credit note of another entity than its bill
  The bill '{value}' is of another company entity than the credit note.
  → Correct the entity or the number of the bill.
bills.creditsBill.other_vendor: a credit note of another vendor's bill
  The bill '{value}' in row {row} is of another vendor than the credit note.
  → Correct the vendor or the number of the bill.
bills.creditsBill.too_much: a credit note of more than its bill
  The bill '{value}' comes to {bill}, and credit notes of {note} credit it.
  → Correct the amounts, or leave the number out of what the bill is not credited with.
bills.creditsBill.not_credit_note: a bill that credits another
  The row is a bill, and names the bill '{value}' as the one that it clears.
  → Write credit note in the column type, or leave the number out.
warning bills.creditsBill.stays_draft: a credit note that clears nothing yet
  Only a posted credit note clears a bill; this one stays a draft.
  → Write posted in the column status, or load with --then posted.
bills.amount.credit_positive: a credit note whose amount is positive
  The row is a credit note by its type, and comes to {money}; with this template credit notes are
  negative.
  → Correct the amount's sign or the type. If both are as in your ledger, a template without
    credit_notes: negative takes credit notes with positive amounts.
bills.amount.credit_signs: credit notes of both signs
  The credit note comes to {money}, and {count} others of the sheet have the other sign: one of them
  is no credit.
  → Correct the sign of the odd ones, or their type.
warning bills.status.not_for_credit_note: a status that credit notes do not have
  Light neither approves nor pays a credit note: '{value}' means {means} for it.
  → Write draft or posted.
warning bills.document.not_for_credit_note: a document that is not uploaded
  Light takes no document for a credit note, so '{value}' is not uploaded.
  → Add it in Light by hand.
bills.billRef.left_out_too: a reference shared with a document left out
  A document with the same reference is left out, so the line items of the two cannot be
  separated.
  → Give each document its own reference, or remove the one that is left out with its line items.
lookup.table.missing: the lookup table is missing
  The lookup table {value} for {field} was not found in {folders}.
  → Create it as a CSV or XLSX with the columns 'value' (as in the sheet) and 'id' (in Light); or
    pick in the sheet 'To resolve'.
warning lookup.pick.unused: a pick for a name that no row has
  No row has the {field} '{value}', so the pick '{pick}' was not used or saved.
  → Write the name in the column 'value' as it is in the rows, or delete the pick.
warning vendors.column.unknown: a column of the sheet Vendors that Light has no field for
  The column '{value}' of the sheet Vendors is not read.
  → Use the name of a field of Light's vendors{nearest}.
vendors.name.none: a vendor without a name
  '{value}' is no name of a vendor, so none is created.
  → Write the vendor's name in the column 'name' of a sheet Vendors, with its identifier or VAT id
    as the bills have it.
vendors.value.invalid: a value that is wrong for a vendor
  '{value}' is not right for {field}: {reason}.
  → Correct it, or leave the cell empty.
vendors.repeated: one vendor in two rows
  Two rows of the sheet Vendors have the {field} '{value}'.
  → Keep one of them.
warning vendors.unused: a vendor that no bill names
  No bill that is to be loaded names the vendor '{value}', so it is not created.
  → Write its name, identifier or VAT id as the bills have it, or delete the row.
vendors.twice: a vendor in Light more than once
  Light has the vendor '{value}' more than once: {ids}. This load created it once.
  → Compare them in Light, and move the bills of the wrong one.
bills.vendor.create_option: a vendor to create, without the option
  Light has no vendor '{value}', and 'create' was picked for it.
  → Run the same command with --create-vendors, or pick a vendor in the sheet 'To resolve'.
warning bills.vendor.create_exists: a vendor to create that exists
  Light has the vendor '{value}' already ({id}); it is used, and nothing is created.
  → Check that it is the same vendor.
bills.vendor.create_differs: a vendor to create that exists with other numbers
  Light has a vendor '{value}', and it may be another: {reason}. Nothing is created.
  → Correct the number, or pick the correct vendor in the sheet 'To resolve'.
bills.vendor.create_same_number: a vendor to create whose number another one has
  Light has the identifier or VAT id of '{value}' under another name: {candidates}. Nothing is
  created.
  → Pick that vendor in the sheet 'To resolve', or correct the number.
bills.vendor.create_similar: a vendor to create whose name is similar to another
  '{value}' may be the vendor {candidates}. Nothing is created.
  → Pick that one in the sheet 'To resolve'; if it is another vendor, pick 'create another', or
    write yes in the column isAnother of the sheet Vendors.
bills.vendor.not_created: a vendor that Light did not create
  The vendor '{value}' was not created: {reason}. Its bills were not sent.
  → Correct it, and run the same command again.
bills.vendor.create_unknown: a vendor that may or may not be in Light
  The vendor '{value}' may or may not have been created: {reason}. Its bills were not sent.
  → Look for it in Light; the same command looks for it first and creates it only where it is not
    there.
bills.vendorId.unknown: no such vendor
  Light has no vendor with the id {value}.
  → Copy the vendor's id from Light.
bills.vendorId.inactive: a vendor that is not active
  The vendor {value} is {status} in Light.
  → Choose another vendor, or ask for it to be activated in Light.
warning bills.vendorId.doubtful_status: a vendor that may not be active
  The vendor {value} is {status} in Light, not active.
  → Check in Light that it accepts bills.
bills.companyEntityId.inactive: a company entity that is not active
  The company entity {value} is {status} in Light.
  → Choose another entity, or ask for it to be activated in Light.
bills.vendorId.unknown_status: a vendor with an unknown status
  The vendor {value} is {status} in Light, a status that light-import does not recognise, so no
  bill is sent for it.
  → Ask for it to be activated in Light, or choose another vendor.
bills.companyEntityId.unknown_status: a company entity with an unknown status
  The company entity {value} is {status} in Light, a status that light-import does not recognise,
  so no bill is sent for it.
  → Ask for it to be activated in Light, or choose another entity.
warning bills.companyEntityId.doubtful_status: a company entity that may not be active
  The company entity {value} is {status} in Light, not active.
  → Check in Light that it accepts bills.
bills.companyEntityId.unknown: no such company entity
  Light has no company entity with the id {value}.
  → Copy the entity's id from Light.
bills.vendor.wrong_vat_id: not found in Light, and no VAT id by its check digits
  Light has no vendor '{value}', and it is not a VAT id either: its check digits are wrong.
  → Correct it, create it in Light, or pick one in the sheet 'To resolve'{nearest}.
bills.senderBankAccount.wrong_iban: an IBAN with wrong check digits
  '{value}' is not an IBAN: its check digits are wrong.
  → Correct it, or write the name that the bank account has in Light.
bills.senderBankAccountId.unknown: no such bank account
  Light has no bank account with the id {value}.
  → Copy the bank account's id from Light, or write its name or IBAN in senderBankAccount.
bills.purchaseOrderId.unknown: no such purchase order
  Light has no purchase order with the id {value}.
  → Copy the purchase order's id from Light, or write its number in purchaseOrder.
bills.purchaseOrderId.inactive: a purchase order that is closed
  The purchase order {value} is {status} in Light.
  → Choose an open one, or leave it out.
bills.purchaseOrderId.unknown_status: a purchase order with an unknown status
  The purchase order {value} is {status} in Light, a status that light-import does not recognise,
  so no bill is sent with it.
  → Check it in Light, or leave it out.
warning bills.purchaseOrderId.doubtful_status: a purchase order that is not open
  The purchase order {value} is {status} in Light, not open.
  → Check in Light that bills can be matched to it.
bills.purchaseOrderId.other_vendor: a purchase order of another vendor
  The purchase order {value} is of the vendor {of_order}, the bill of {of_bill}.
  → Correct the vendor or the purchase order.
line_items.taxCode.no_table: a tax code name without a lookup table
  '{value}' is the name of a tax code, and Light does not list the ids of tax codes.
  → Pick one in the sheet 'To resolve', give 'taxCodeId', or name a lookup table in the template
    (lookups: taxCode: table).
line_items.accountId.unknown: no such ledger account
  Light has no ledger account with the id {value}.
  → Copy the account's id from Light.
line_items.accountId.disabled: a disabled ledger account
  The ledger account {value} is disabled in Light.
  → Choose another account, or ask for it to be enabled in Light.
line_items.accountId.unknown_status: a ledger account with an unknown status
  The ledger account {value} is {status} in Light, a status that light-import does not recognise,
  so nothing is sent for it.
  → Ask for it to be activated in Light, or choose another account.
warning line_items.accountId.doubtful_status: a ledger account that may not be active
  The ledger account {value} is {status} in Light, not active.
  → Check in Light that it accepts postings.
light.refused: Light refused the bill
  Light refused the bill: {reason}.
  → Correct it and run the same command again; bills already created are not sent again.
light.forbidden: a bill that the key's role does not permit
  This key may not create the bill: {reason}.
  → Ask for the key's role to be changed in Light (Settings > API Keys), and run the same command
    again.
light.unknown: a bill in doubt
  Light may or may not have the bill: {reason}.
  → Run the same load again: it looks the bill up, and sends it only if Light certainly lacks it.
light.number_in_use: an invoice number used by another bill in Light
  {reason}.
  → Correct the number, or leave the bill out if it is in Light. It was not sent.
light.partial: a bill that Light has without all its line items
  {reason}.
  → Run the same command again: only the line items that are missing are sent.
light.altered: a bill that differs in Light
  {reason}.
  → Compare the bill in Light with the sheet, then correct or cancel it in Light. The same command
    reads it again; it is not sent again while Light has it.
light.twice: a bill that Light has more than once
  {reason}.
  → Compare them in Light. 'light-import undo RUN --twins' cancels the copy of a run where it is
    the later of two equal drafts; 'light-import journal settle' records the correct one.
light.step_refused: a bill that did not reach its status
  Light has the {noun}, but it was not {done}: {reason}.
  → Correct it, in Light or in the sheet, and run the same command again: it does only what is
    left.
light.payment_waits: a payment that waits for a credit note
  Light has the bill, but it was not marked as paid: {reason}.
  → Correct the credit note, or remove its row or its creditsBill, and run the same command again.
light.step_forbidden: a step that the key's role does not permit
  Light has the {noun}, but this key may not have it {done}: {reason}.
  → Ask for the key's role to be changed in Light (Settings > API Keys), and run the same command
    again: it does only what is left.
warning light.awaits_approval: a bill that others have to approve too
  At {moment}, Light still waited for {approvers} to approve this bill.
  → Ask them to approve it in Light. The same command approves nothing twice.
light.step_unknown: a step in doubt
  The {noun} may or may not have been {done}: {reason}.
  → Check the {noun} in Light. The same command asks Light for its state, and does nothing twice.
warning light.not_ours: a bill left unchanged in Light
  The bill in Light was left unchanged ({steps}): {reason}.
  → Finish it in Light.
warning light.differs: Light shows a different value
  {difference}.
  → Compare the bill in Light with the sheet.
light.changed: a value that was changed in Light
  Light has {light} where the sheet has {sheet} ({name}).
  → Correct the bill in Light, or keep Light's value; the sheet is not sent again.
light.missing: a bill that is no longer in Light
  {reason}.
  → Look it up in Light. To load it again, first run 'light-import undo' for its run.
light.not_cancelled: a bill that undo did not cancel
  The bill was not cancelled: {reason}.
  → Look at it in Light. What was only changed there is cancelled with --force.
light.cancel_unknown: a cancellation in doubt
  Light may or may not have cancelled the bill: {reason}.
  → Run the undo again: it reads the bill first.
run.row.changed: a row that no longer matches its loaded bill
  Run {run} loaded {bill} from this row ({outcome}), but the row {now}.
  → Look the bill up in Light by its id. Use light-import {version} to write the original report.
run.line.changed: a row that no longer matches its loaded line item
  Run {run} loaded line item {number} of {bill} from this row (id in Light: {id}), but the row is
  read differently now.
  → Look the bill up in Light. Use light-import {version} to write the original report.
run.row.added: a row added to a finished run
  Run {run} did not load this row: it is now read as a {noun}.
  → Load the file again to check it; bills loaded before are not sent twice.
cells.not_clearable: a field that cannot be blank
  (clear) would blank a field that a bill in Light needs, or that Light works out.
  → Type the value that it should have.
bills.update.twice: two rows that would change one bill
  Another row of the sheet is of the same bill in Light, {id}, so neither changes it.
  → Keep one row of the bill.
light.not_updated: a bill that was not changed in Light
  The bill is not as in the sheet, and was not changed in Light: {reason}.
  → Change it in Light, or restore the row.
light.changed_since: a bill that somebody changed in Light since
  Light shows other values than were loaded ({fields}), so that the bill was not changed.
  → Compare it in Light. With --force the sheet's values replace them.
light.update_refused: a change that Light refused
  Light refused to change the bill, and has it as before: {reason}.
  → Correct the cell, and run the same command again.
light.update_forbidden: a change that the key's role does not permit
  This key may not change the bill: {reason}.
  → Ask for the key's role to be changed in Light (Settings > API Keys), and run the same command
    again.
light.not_restored: a changed bill that undo left as it is
  The bill was not made what it was before the run: {reason}.
  → Look at it in Light. What somebody else has changed since stays.
light.update_unknown: a change in doubt
  Light may have a part of the changes: {reason}.
  → Run the same command again, with --update: it reads the bill and makes what is left. To have
    it as it was before, 'light-import undo RUN'.
warning light.would_update: a bill that would be changed in Light
  With this sheet the bill would be changed: {changes}.
  → Load without --dry-run to change it.
bills.content.changed: a bill that changed after it was loaded
  The bill was loaded before and is different now: {difference}.
  → Load again with --update, which changes bills that are still drafts, or restore the row; a
    second bill is never sent.
bills.identity.changed: a bill that is in Light under another number or vendor
  The row was loaded by run {run} and is in Light as {id}; with a different entity, vendor or
  invoice number it would be sent as a second bill.
  → Restore the row and change the bill in Light; if it is a new bill, clear its source_row.
bills.identity.unsettled: a bill that may be in Light under another number
  Run {run} could not establish whether Light has the bill in this row; with a different entity,
  vendor or invoice number it would be sent as a second bill.
  → Restore the row so that it is looked up; if it is a new bill, clear its source_row.
warning light.left: a bill deleted from the result workbook that is still in Light
  A bill from run {run} is no longer in the workbook but is still in Light: {value} ({id}).
  → Cancel it in Light if it should not be there.
"""

_NAME_PROBLEMS = """
not_in_table: not in the lookup table
  The lookup table {table} has no {noun} '{value}'.
  → Add it to the table, or pick one in the sheet 'To resolve'{nearest}.
contradicts_id: a name that contradicts the id
  The id belongs to {of_id}, but '{value}' is {of_name}.
  → Correct one of them, or leave one empty.
table_id_unknown: an id of the lookup table that Light does not have
  For '{value}', {table} gives the id {id}, but Light has no {noun} with that id.
  → Correct the id there.
not_found: not found in Light
  Light has no {noun} '{value}'.
  → Correct it, create it in Light, or pick one in the sheet 'To resolve'{nearest}.
several: several with that name in Light
  Light has {count} {noun}s '{value}': {candidates}.
  → Pick one in the sheet 'To resolve', or give the id.
warning other_than_id: a name that does not match the id
  The id belongs to {of_id}, and Light has no {noun} '{value}'; the id is used.
  → Check that the id is correct.
warning not_in_cache: not in the saved lists from Light
  The saved list of {company} has no {noun} '{value}' (the list is {age}).
  → Correct it{nearest}, or fetch the lists again: light-import reference pull.
"""

_OFFLINE_NAME_PROBLEMS = ("not_in_table", "contradicts_id")  # for tax codes, which Light lists not

_PROPERTY_PROBLEMS = """
required: no value where Light requires one
  Light requires the custom property '{name}' on every {level}.
  → Fill in the column 'property:{name}'.
several_properties: a name shared by several custom properties
  Light has {count} custom properties '{name}' for {level}: {candidates}.
  → Use a name in the header that only the correct one has, or its id.
twice: two columns for one custom property
  The columns '{value}' and '{other}' are both the custom property '{name}'.
  → Remove one of them.
unknown_property: no such custom property
  Light has no custom property '{name}' for {level}.
  → Correct the header{nearest}.
unknown_type: a custom property with an unknown type
  The custom property '{name}' has the type {kind} in Light, which light-import does not
  recognise.
  → Leave the column out, and set the property in Light.
not_a_value: not a value of the custom property
  '{value}' is not a value of the custom property '{name}'.
  → Use {nearest}.
several_values: several values where one is allowed
  The custom property '{name}' accepts only one value.
  → Give one of them.
"""

_EXPRESSION_PROBLEMS = """
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

_HOUSE_RULES = """
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

_DISAGREEMENT = """
disagrees: rows of one bill disagree
  The rows of one bill disagree: '{value}' here, '{other}' in row {first}.
  → Make the rows of the bill agree. If they are two bills, give each its own number.
"""


def _types(text: str, prefix: str = "", title: str = "") -> Iterator[FindingType]:
    """The findings of a text, with what comes before their codes and titles."""
    for block in re.findall(r"^\S.*(?:\n .*)+", text, re.MULTILINE):
        head, *lines = block.split("\n")
        code, _, name = head.removeprefix("warning ").partition(": ")
        severity = Severity.WARNING if head.startswith("warning ") else Severity.ERROR
        message, _, hint = " ".join(line.strip() for line in lines).partition("→ ")
        yield FindingType(prefix + code, severity, title + name, message.rstrip(), hint)


def _of_sheet(sheet: str) -> Iterator[FindingType]:
    for field in (*FIELDS[sheet].values(), CUSTOM_PROPERTY):
        problems = _ANY + _BY_KIND[field.kind] + (_REFERENCE if field.forms else "")
        of_bills = field.use is FieldUse.PATCHED or field.name == "purchaseOrder"
        problems += _NOT_OF_NOTES if of_bills else ""
        yield from _types(problems, f"{sheet}.{field.name}.", f"{field.name}: ")
    if sheet == LINE_ITEMS:
        factors = _ANY + _BY_KIND[FieldKind.FACTOR]
        yield from _types(factors, f"{sheet}.factor.", "quantity or price: ")
    yield from _types(_PROPERTY_PROBLEMS, f"{sheet}.property.", "custom property: ")
    yield from _types(_EXPRESSION_PROBLEMS, f"{sheet}.expression.", "template: ")
    noun = "bill" if sheet == BILLS else "line item"
    for rule in _types(_HOUSE_RULES, f"{sheet}.rule.", "house rule: "):
        yield replace(rule, hint=f"The template has this rule for {{field}} of a {noun}.")


def _catalogue() -> Iterator[FindingType]:
    yield from _types(_RULES)
    for sheet in FIELDS:
        yield from _of_sheet(sheet)
    for name, lookup in LOOKUP_FIELDS.items():
        for problem in _types(_NAME_PROBLEMS, f"{lookup.sheet}.{name}.", f"{lookup.noun}: "):
            if lookup.listed or problem.code.endswith(_OFFLINE_NAME_PROBLEMS):
                yield problem
    for name in [*FIELDS[BILLS], "property"]:
        yield from _types(_DISAGREEMENT, f"{BILLS}.{name}.", f"{name}: ")


CATALOGUE = {kind.code: kind for kind in _catalogue()}


def shown(value: str, limit: int = 80) -> str:
    """A value as it is put in a sentence: on one line, printable, of a bearable length."""
    line = value
    if not value.isprintable():
        line = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in value)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def finding(
    code: str,
    cell: CellRef,
    value: str = "",
    *,
    bills: tuple[int, ...] = (),
    lines: tuple[int, ...] = (),
    **words: object,
) -> Finding:
    """A finding of the catalogue. ``words`` fill its sentence and hint; KeyError for a new code."""
    kind = CATALOGUE[code]
    filled = {key: shown(str(word), 400) for key, word in words.items()} | {"value": shown(value)}
    return Finding(
        code,
        kind.severity,
        cell,
        value,
        kind.message.format_map(filled),
        kind.hint.format_map(filled),
        bills,
        lines,
    )
