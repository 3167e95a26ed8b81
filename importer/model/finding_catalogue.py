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

from importer.model.fields import BILLS, CUSTOM_PROPERTY, FIELDS, LINE_ITEMS, FieldKind
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
error_cell: an error of the spreadsheet stands in the cell
  The cell shows the spreadsheet error {value}.
  → Correct the formula, or type the value that belongs there.
not_calculated: a formula that was never calculated
  The cell holds the formula {value}, but the file has no result for it.
  → Open the file in Excel or LibreOffice, let it calculate, and save it.
"""

_TEXTS = """
destroyed_letters: letters that were destroyed
  A letter of '{value}' is lost: a program that did not know it wrote � in its place.
  → Export the file again as UTF-8 or as an Excel workbook, or type the text again.
too_long: the text is too long
  The text has {length} characters; at most {limit} are taken.
  → Shorten it.
control_characters: the text has characters that cannot be printed
  The text holds {character}, which cannot be sent to Light.
  → Type the text again; such characters come along when text is pasted.
"""

_MANGLED = """
mangled: a number that Excel has changed
  '{value}' is not what was typed: Excel, or the program that wrote the file, has shortened it or
  turned it into something else.
  → Format the column as text before typing or importing, and enter the number again.
"""

_DATES = """
ambiguous: dates that can be read in two ways
  The dates of this column can be read day first or month first: '{value}' is {day_first} or
  {month_first}, and no other date of the column decides it.
  → Write dates as YYYY-MM-DD, or state the order in the template (formats: dates: [DD/MM/YYYY]).
mixed_order: dates of both orders in one column
  Some dates of this column have the day first ({day_rows}), others the month first
  ({month_rows}){either}.
  → Write all dates of the column in one way, best as YYYY-MM-DD.
contradicts_columns: dates that contradict another column of the file
  This column has dates with {way} ({rows}), '{other}' has {other_way} ({other_rows}), in one file.
  So '{value}' cannot be trusted.
  → Write all dates of the file in one way, best as YYYY-MM-DD.
mixed_typed: dates that Excel may have turned round
  Some cells of this column are dates ({date_rows}), others are text that Excel of another country
  could not take for a date ({text_rows}: '{text}'). So day and month of '{value}' may be
  exchanged: {other}.
  → Export again and open the file as text, or write all dates of the column as YYYY-MM-DD.
"""

_NUMBERS = """
ambiguous: numbers that can be read in two ways
  The numbers of this column can be read in two ways: '{value}' is thousands with a separator, or
  three decimals.
  → State it in the template: formats: numbers: point (1,234.56) or comma (1.234,56).
mixed_numbers: decimal points and decimal commas in one column
  Some numbers of this column have a decimal point ({point_rows}), others a decimal comma
  ({comma_rows}).
  → Write all numbers of the column in one way.
contradicts_columns: numbers that contradict another column of the file
  This column has numbers with {way} ({rows}), '{other}' has {other_way} ({other_rows}), in one
  file. So '{value}' cannot be trusted.
  → Write all numbers of the file in one way, or state it in the template: formats: numbers: point
    or comma.
mixed_typed: numbers that Excel may have misread
  Some cells of this column are numbers ({number_rows}), others are text that Excel of another
  country could not take for a number ({text_rows}: '{text}'). So a decimal mark of '{value}' may
  have been taken for a separator of thousands, or the other way round.
  → Export again and open the file as text; or, if the numbers are right, type those that are text
    as numbers, too.
"""

_BY_KIND = {
    FieldKind.UUID: """
not_uuid: not an id of Light
  '{value}' is not an id as Light writes them (32 hexadecimal digits, in groups of 8-4-4-4-12).
  → Copy the id from Light{instead}.
""",
    FieldKind.CENTS: """
not_cents: not a whole number of cents
  '{value}' is not a whole number of cents: {reason}.
  → {meant}
not_amount: not an amount
  '{value}' cannot be read as an amount: {reason}.
  → {meant}
other_currency: an amount in another currency
  '{value}'{look} names another currency than the bill.
  → Correct the amount, or the bill's currency.
shown_otherwise: a number that the workbook shows as another
  The number {value} is shown as '{shown}', by the number format of its cell: it may have another
  sign or size, or be no amount.
  → Write the number that is meant, with its sign, and format the cell as a plain number.
percentage: a percentage where an amount is asked for
  '{value}' is a percentage: its cell is formatted as one.
  → Map the column that has the amount; or, if it is one, format the cell as a number.
shown_as_money: an amount of money where whole cents are asked for
  The workbook shows '{value}' as an amount of money ({look}), and amounts are whole cents here:
  it may be a hundred times as much.
  → Write the amount in cents and format the cell as a plain number.
out_of_range: too large an amount
  '{value}' is larger than any amount Light can hold.
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
  → {meant}
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
  '{value}' is neither yes nor no.
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
  '{value}' cannot be taken as a quantity or price: {reason}.
  → Write digits with at most one decimal sign.
shown_otherwise: a number that the workbook shows as another
  The number {value} is shown as '{shown}', by the number format of its cell: it may have another
  sign or size, or be no amount.
  → Write the number that is meant, with its sign, and format the cell as a plain number.
other_currency: a price in another currency
  '{value}'{look} names another currency than the bill.
  → Correct the price, or the bill's currency.
"""
    + _NUMBERS,
    FieldKind.CODE: _MANGLED + _TEXTS,
    FieldKind.NAME: _MANGLED + _TEXTS,
    FieldKind.TEXT: _TEXTS,
    FieldKind.CHOICE: """
not_one_of: not one of the values there are
  '{value}' is none of {choices}.
  → Write one of them, or leave the cell empty{nearest}.
""",
}


# Rules that look at more than one cell, and problems of a whole column or file.
_RULES = """
bills.vendorId.required: no vendor
  The bill names no vendor.
  → Give the vendor's id in 'vendorId', or its name, identifier or VAT id in 'vendor'.
warning bills.invoiceNumber.missing: no invoice number
  The bill has no invoice number, so only its vendor, date, amount, currency and description tell
  it from others.
  → Give the number on the vendor's invoice; it is what keeps a bill from being entered twice.
warning bills.invoiceNumber.placeholder: a placeholder for an invoice number
  '{value}' is no invoice number: only the vendor, date, amount, currency and description tell the
  bill from others. Each such row is a bill of its own, sent without a number.
  → Give the number on the vendor's invoice; it is what keeps a bill from being entered twice.
warning bills.key.variants: one key written in several ways
  '{value}' ({rows}) and '{other}' in row {first} count as one: they differ only in capitals,
  spaces or invisible characters.
  → Write them alike. If they are two bills, give each a number of its own.
bills.key.mangled: a key that Excel has changed
  '{value}' ({rows}) tells which rows are one bill, and is not what was typed: Excel has
  shortened it or turned it into something else. Rows of several bills may look alike.
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
  The bill comes to 0: there is nothing to pay.
  → Leave it out, or correct its amounts.
bills.amount.negative: a credit
  The bill comes to {money}: that is a credit, not a bill.
  → Enter it in Light as a credit note.
bills.currency.not_in_cents: a currency without cents
  {value} has {exponent} decimals, and Light takes amounts in cents only; what is meant cannot be
  known.
  → Enter the bill in Light itself, or state it in a template of your own: formats:
    cents_per_unit: {{{value}: 100}}.
bills.dueDate.before_issued: due before it was issued
  The due date {value} is before the issue date {issued}.
  → Correct one of the two dates.
bills.paidFromBankAccountId.required: a paid bill without a bank account
  The bill is to be marked as paid, and does not say from which bank account.
  → Give the id of the bank account in Light in 'paidFromBankAccountId'.
warning bills.paidFromBankAccountId.not_used: a bank account and no payment
  The bill is not to be marked as paid, so the bank account is not used.
  → Write 'paid' in its status (or load with --then paid), or remove the bank account.
bills.paymentAt.required: a paid bill without a date of payment
  The bill is to be marked as paid, and does not say when it was paid.
  → Give the date of the payment in 'paymentAt'.
bills.paymentAt.in_future: a payment in the future
  The bill is to be marked as paid, but {value} has not come yet.
  → Correct the date, or write 'posted' in its status until it is paid.
bills.document.not_found: a document that is not there
  There is no file '{value}' in {folder}.
  → Put the file there, correct its name{nearest}, or name the folder with --documents.
bills.document.not_proven: a document in a folder that is not believed
  There is no file '{value}' beside the result workbook, in {folder}. The workbook names the
  folder {said}, but not that you made it on this computer, so nothing is taken from there.
  → Name the folder with --documents, or put the file beside the workbook.
warning bills.document.beside: a document from beside the result workbook
  '{value}' is taken from {folder}, where the result workbook is. The workbook names the folder
  {said}, but not that you made it on this computer.
  → Look whether it is the right file; else name the folder with --documents.
bills.document.outside: a document outside the folder
  '{value}' is not in the folder {folder}; files from elsewhere are not uploaded.
  → Put the file into the folder, or name its folder with --documents.
bills.document.not_a_file: a document that is not a file
  '{value}' is {what}.
  → Name the file of the invoice.
bills.document.unreadable: a document that cannot be read
  The file '{value}' cannot be read: {reason}.
  → Make it readable, or correct its name.
bills.document.empty: an empty document
  The file '{value}' is empty.
  → Get the file again.
bills.document.too_large: too large a document
  The file '{value}' has {size} MB; at most {limit} MB are uploaded.
  → Make it smaller, or permit more with --largest-document.
bills.document.unknown_type: a document of a kind that is not uploaded
  '{value}' is not of a kind that is uploaded.
  → Save it as one of {endings}.
bills.document.other_type: a document that is not what its name says
  '{value}' is {named} by its name and {content} by its content.
  → Check that it is the right file, and give it its right ending.
warning bills.document.changed: a document that has changed since
  The file '{value}' is not the one that was {done} on {moment}.
  → Compare the two. {hint}
bills.billRef.required: no reference
  The bill has no billRef and no invoice number, so that no line item can belong to it.
  → Give the same reference to the bill and to its lines.
bills.billRef.duplicate: a reference used twice
  '{value}' is already the reference of the bill in row {first}; its lines cannot be told apart.
  → Give each bill a reference of its own.
bills.invoiceNumber.duplicate: the same bill twice
  The vendor's invoice '{value}' is already in row {first}.
  → Remove one of the two, or correct the number; neither is sent until then.
warning bills.invoiceNumber.near_duplicate: nearly the same invoice number
  '{value}' is nearly the invoice number '{other}' of the same vendor in row {first}.
  → Check that these are two bills.
warning bills.invoiceNumber.near_in_light: nearly an invoice number that Light has
  '{value}' is nearly the invoice number '{other}' that Light has of the same vendor ({id},
  {date}, {money}).
  → Check that these are two bills; if they are one, leave it out.
warning bills.invoiceNumber.other_entity: an invoice number that Light has under another entity
  Light has the invoice '{other}' of the same vendor under another entity ({id}, {date}, {money}).
  → Check that these are two bills; if they are one, leave it out.
bills.lines.missing: a bill without line items
  The bill has no line items.
  → Add its lines, with {reference} '{value}'.
bills.amount.lines_differ: line items that do not add up
  The bill's amount is {bill}, its line items ({count}) come to {sum}: a difference of
  {difference}.
  → Correct the bill's amount or its lines.
line_items.billRef.orphan: a line item without a bill
  No bill has the reference '{value}'.
  → Correct the reference, or add the bill{nearest}.
line_items.billRef.required: a line item that names no bill
  The line item does not say which bill it belongs to.
  → Give the reference of its bill.
line_items.amount.required: no gross amount
  The bill's line items include tax, so each needs its gross amount.
  → Give 'amount', with tax, or set lineItemsIncludeTax to FALSE and give 'netAmount'.
line_items.netAmount.required: no net amount
  The bill's line items do not include tax, so each needs its net amount.
  → Give 'netAmount', without tax, or set lineItemsIncludeTax to TRUE and give 'amount'.
line_items.amount.not_net_plus_tax: net and tax do not make gross
  netAmount {net} and taxAmount {tax} make {sum}, but amount is {gross}.
  → Correct one of the three.
line_items.taxAmount.sign: tax of the wrong sign
  The tax is {tax} and the amount {base}: one adds to the bill, the other takes from it.
  → Correct the sign of one of them.
line_items.taxAmount.without_code: tax without a tax code
  The line has a tax amount but no tax code.
  → Give 'taxCodeId' or 'taxCode'.
warning line_items.taxAmount.worked_out_by_light: tax that Light works out
  The line has a tax code and no tax amount: Light works the tax out, so that the bill's total
  cannot be checked before.
  → Give 'taxAmount' to have it checked.
line_items.amortizationStartDate.incomplete: half a period of amortization
  The line has only one of the two amortization dates.
  → Give both dates, or neither.
line_items.amortizationEndDate.before_start: amortization that ends too early
  The amortization ends on {value}, before it starts on {start}.
  → Correct one of the two dates.
line_items.shouldAmortize.incomplete: amortization without dates or template
  The line should be amortized but has neither amortization dates nor an amortization template.
  → Give both dates, the template's id, or all three; or set shouldAmortize to FALSE.
line_items.shouldAmortize.contradicted: amortization that contradicts
  The line has amortization dates or an amortization template, but shouldAmortize is FALSE.
  → Remove the dates and the template, or set shouldAmortize to TRUE.
line_items.amount.stated_differs: an amount that the file states otherwise
  '{column}' says {value}, and the row comes to {worked_out} as the template reads it ({rows}).
  → Correct the amounts, or the template: it may leave out a discount, a tax or a further amount.
line_items.factor.blank: half a product
  Only one of {names} is given, so that the amount cannot be worked out.
  → Give both.
line_items.factor.not_percent: a discount that is no percentage
  The discount '{value}' is taken as a percentage, and is not from 0 to 100.
  → Correct it; where the column holds amounts, leave percent_off out of the template.
line_items.factor.too_precise: a product that is not whole cents
  {left} × {right} is not a whole number of cents.
  → State in the template how such amounts are rounded: round: half_up (or half_even, down).
warning line_items.factor.rounded: amounts rounded to whole cents
  Amounts rounded to whole cents: {count}, the first {left} × {right} to {money} ({how}).
  → Nothing, if the invoices are rounded the same way.
bills.amount.lines_unknown: a total that cannot be worked out
  The bill's amount is the sum of its lines, and the tax of a line is not known.
  → Give the tax amount of each line, or the bill's amount.
sheet.row.repeated_header: the header row again
  The row repeats the header row, as when two exports are pasted together.
  → Remove the row.
sheet.rows.repeated: rows that are there twice
  {rows} {verb} every cell of {firsts}. A file pasted twice and exports that overlap look so, and
  the bills would be too high.
  → Remove the rows that are there twice. If they are meant, say so: repeated_lines: allow in the
    template (source), or the total that the file should come to, as --expect GBP=1234.56.
warning sheet.rows.hidden: hidden rows
  Hidden rows are read like the others: row {rows} ({count} in all).
  → Unhide them, or remove them from the file if they should not be loaded.
warning sheet.hidden: a hidden sheet
  The sheet is hidden in Excel, and is read.
  → Unhide it, or remove it from the file if it should not be loaded.
sheet.rows.none: no rows
  The sheet has a header row and no rows below it.
  → Check that the export is complete.
warning sheet.row.after_end: rows after the end
  Below the row where the template says the data ends there is more; rows left out: {count}.
  → Check that nothing of it is a bill.
sheet.row.goes_on_with_passed_over: a row that goes on with one passed over
  The row goes on with row {other}{what}; row {other} is passed over, and this row is not. It may
  belong to what is passed over, or to the bill before that.
  → Write the row's own values into its blank cells, remove the row, or correct the template: a
    rule of ignore_rows holds for all rows of a bill where its column is under fill_down, too.
sheet.row.total: a row that may be a total
  The row may be a total: {why}. As a bill or line it would count twice.
  → Remove the row, or name it in the template (ignore_rows, or control_total for the last one). If
    it is a bill or line, give it the vendor and number of its bill.
sheet.row.no_bill: a row of a bill that is not named
  The row has '{value}' of its own, but neither vendor nor number: it may be a bill without its
  vendor, or a line of the bill above it.
  → Write the vendor and the number into the row. If it goes on with the bill above, clear the cell.
sheet.row.no_vendor: a row whose vendor is not named
  The row has the number '{value}' and no vendor. Other rows repeat the vendor of the row above them
  (row {other}), so that a blank cell may not mean the same vendor.
  → Write the vendor into the row, or take its column out of fill_down in the template.
sheet.cell.merged_amount: an amount merged over several rows
  The amount '{value}' is merged over rows {first} to {last}: how much of it each row has is not
  said.
  → Unmerge the cells, and give each row its own amount.
warning sheet.cells.under_merged: cells under merged cells
  Cells that stand under merged cells, and are not shown, are not read: row {rows} ({count} cells).
  → Unmerge the cells to see them, and remove what does not belong there.
sheet.stop.doubtful: the end of the data may be a bill
  The data ends here, as {rule}, but the row has '{value}' as a bill has: it may be a bill, and
  what is below it too.
  → Correct stop_at in the template, so that no supplier fits it.
sheet.total.doubtful: a total that may be a bill
  The row fits control_total of the template ({rule}), but {why}: it may be a bill.
  → Correct the row, or control_total in the template; where: tells a total by its label.
sheet.row.too_long: a row with more cells than the header
  The row has {cells} cells under a header of {headers}, so that its cells may have moved:
  '{value}' stands under no header.
  → Put quotation marks around the cell that holds the separator, or export as .xlsx.
sheet.row.shifted: a row whose cells may have moved
  The cells '{value}' look like one number that was written with a comma and without quotation
  marks, so that the cells after it have moved to the right.
  → Put quotation marks around the number, or export as .xlsx.
sheet.row.swallowed: a cell that holds rows of the file
  The cell begins with a quotation mark whose partner comes {count} lines later, so that it holds
  what look like rows: '{value}'.
  → Delete the stray mark, or double it where it belongs to the text, and load the file again.
sheet.header.holds_data: data in the header
  The header has {rows} rows, as the template says, and one of them holds '{value}': it is a row
  of data.
  → Correct the template (source: header: rows), or put the missing header row back.
sheet.parameter.missing: a cell above the header that is missing
  The template takes '{name}' from cell {value} above the header, and nothing{what} is there.
  → Put the cell back, or give the value with --set {name}=…
sheet.group.total_differs: a group's total that differs
  The total of '{name}' is {value}, its rows ({count}) come to {sum}: a difference of
  {difference}.
  → Find what is missing or too much before loading; --only-valid goes on regardless.
sheet.group.other_name: a bill in the group of another
  The row names '{value}', and stands in the group '{name}'.
  → Correct the name, or clear it; or map the column in the template, where it is no name.
sheet.group.with_data: a group's name in the row of a bill
  The row begins the group '{name}', so that it is no bill, and has '{value}' in it as a bill has.
  → Give the name a row of its own, or correct groups in the template (matches).
warning sheet.encoding.doubtful: an encoding that is only likely
  The file does not say how its letters are encoded; it was read as {value}.
  → Check these words. If they are wrong, give the right encoding (--encoding cp1252, mac_roman,
    cp850 …, or in the template, source: encoding), or save the file as CSV UTF-8.
bills.sheet.missing: no bills
  There are line items but no sheet of bills (its headers would be {headers}).
  → Add the sheet of bills, or say which file it is with --bills.
line_items.sheet.missing: no line items
  There are bills but no sheet of line items (its headers would be {headers}).
  → Add the sheet of line items, or say which file it is with --lines.
warning sheet.column.unknown: an unknown column
  The column '{value}' is not one that can be imported; it is left out.
  → Remove it, or correct its header{nearest}.
warning sheet.column.unnamed: a column without a header
  Column {value} has values but no header; it is left out.
  → Give it a header, or remove it.
warning sheet.column.response_only: a column that Light does not take
  Light shows '{value}' but does not take it with a new bill; it is left out.
  → Remove the column, or set the value in Light after the import.
sheet.column.unread_currency: a currency that nobody reads
  The column '{header}' is not read and has {values} ({rows}), while the template takes {taken}.
  → Map it in the template (bills: currency: {{column: {header}}}), or state under ignore_columns
    that nobody needs it.
warning sheet.column.unread_rate: an exchange rate that nobody reads
  The column '{header}' is not read and has {values} ({rows}), while the template takes {taken} for
  all bills.
  → If the amounts are in another currency, map it in the template (bills: currency); if not, state
    the column under ignore_columns.
sheet.column.unread_basis: a tax basis that nobody reads
  The column '{header}' is not read and has {values} ({rows}), while the template takes the amounts
  {taken} tax.
  → Map it in the template (bills: lineItemsIncludeTax), with the amounts that go with it; or state
    under ignore_columns that nobody needs it.
sheet.column.other_currency: a column that names another currency
  The column '{header}' names {named}, and its amounts are taken in {taken} ({rows}).
  → Map the column that has the amounts in the currency of the bill, or correct the currency.
warning sheet.column.other_basis: a column that says the contrary of tax
  The column '{header}' says that tax is {says} its amounts, and the template takes them {which}
  tax.
  → See which is right. Where no tax is on the bills both are the same.
warning sheet.column.scaled: amounts that may be thousands
  {where} says '{words}': the amounts may be thousands or millions, and rounded. They are read as
  they are written.
  → Export them in full. If they are full amounts all the same, go on.
sheet.column.in_cents: amounts that are cents
  The column '{header}' says that its amounts are {words}, and the template takes them for whole
  units of the currency.
  → State in the template how they are written: formats: amounts: cents.
warning sheet.title.other_currency: a title that names another currency
  The title '{value}' names {named}, and the bills are in {taken}.
  → See which is right; correct the currency in the template if it is the title.
sheet.column.unread_state: a type or state that nobody reads
  The column '{header}' is not read and says {values} ({rows}): such a document is no bill.
  → Map it in the template under bills.type or bills.state, with these values under pass_over, or
    state under ignore_columns that nobody needs it.
warning sheet.column.unread_type: a type or state that may matter
  The column '{header}' is not read. It has {values} ({rows}).
  → If these are not all bills to load, map it in the template under bills.type or bills.state; if
    they are, state it under ignore_columns.
sheet.column.unread_credit: credits that nobody reads
  The column '{header}' is not read and marks credits ({rows}).
  → Map it in the template (first_of with negate, or sign_from), or state under ignore_columns that
    nobody needs it.
sheet.column.unread_money: amounts that nobody reads
  The column '{header}' has amounts ({rows}) and is not read, so that these bills would come to less
  or more than they are.
  → Map it in the template, or the bill's total (bills: amount: {{column: …}}), which is then
    compared; or state under ignore_columns that nobody needs it.
warning sheet.column.unread_discount: a discount that nobody reads
  The column '{header}' has amounts ({rows}) and is not read: the line amounts are taken as they
  are.
  → If they are before the discount, map the amounts after it; if not, state the column under
    ignore_columns.
warning sheet.column.unread_tax: a tax that nobody reads
  The column '{header}' has amounts ({rows}) and is not read: the amounts of the bills are taken as
  with tax.
  → If they are without, use a template that reads both; if not, state the column under
    ignore_columns.
sheet.column.twice: two columns for one field
  The columns '{value}' and '{other}' both mean {field}.
  → Remove or rename one of them, or say in the template which: '{name}#2' is the second.
sheet.column.missing: a column that is missing
  The sheet has no column {value}{asked}.
  → Add the column, or correct its name{nearest}. The sheet has: {headers}.
sheet.field.unmapped: a field that the template does not map
  The template does not say where {value} stands, and nothing can be sent without it.
  → Add it to the template, under {section}, as {field}: {{column: …}}.
sheet.stop.missing: the row that ends the data is missing
  The template says that the data ends at a row where {value}, and there is none.
  → Check that the export is complete, or correct stop_at in the template.
control.gross.differs: the control total differs
  The control total {where}is {control} {currency}; the bills of the sheet come to {sheet}: a
  difference of {difference}.
  → Find what is missing or too much before loading; --only-valid goes on regardless.
control.gross.unreadable: a control total that cannot be read
  The control total '{value}' cannot be read as an amount: {reason}.
  → Correct the total.
control.gross.currencies: one control total for several currencies
  The file has one total, {value}, but bills in {currencies}.
  → Check the currencies; a total over several means nothing.
control.bills.differs: the number of bills differs
  Bills expected: {expected}; the sheet has {value}: a difference of {difference}.
  → Find what is missing or too much before loading; --only-valid goes on regardless.
control.lines.differs: the number of line items differs
  Line items expected: {expected}; the sheet has {value}: a difference of {difference}.
  → Find what is missing or too much before loading; --only-valid goes on regardless.
bills.type.unknown: a type that the template does not know
  '{value}' is no type that the template knows ({where}): it {action}.
  → If these rows are bills or credit notes, add the value to bills.type in the template, under
    map; if they are neither, under pass_over. A copy to change: light-import template show NAME
bills.type.blank: a row without a type
  The type is blank ({where}), while other rows have one.
  → Fill it in, or state in the template what a blank means (bills.type: default: bill).
bills.state.unknown: a state that the template does not know
  '{value}' is no state that the template knows ({where}): it {action}.
  → If these are bills to load, add the value to bills.state in the template, under take; if they
    are void, draft or deleted, under pass_over. A copy to change: light-import template show NAME
bills.state.blank: a row without a state
  The state is blank ({where}), while other rows have one.
  → Fill it in, or state in the template what a blank means (bills.state: default: Open).
warning bills.state.differs: one number both loaded and passed over
  Rows of one vendor and number are loaded ({loaded}) and passed over ({passed}: {reason}).
  → Check that the rows passed over are another document, as a bill that was entered again.
warning bills.type.credit_notes: credit notes that are left out
  Credit notes are not created in Light yet: {count} left out, {totals} in all ({rows}).
  → Enter them in Light by hand. The totals of bills do not contain them.
bills.type.doubtful: a credit note of nobody known
  The row is left out as a credit note ({reason}), but the lookup table {table} has no vendor
  '{value}': it may be another posting.
  → Remove the row if it is no purchase; correct it if vendor and account are exchanged; or add the
    vendor to the table.
bills.billRef.left_out_too: a reference that a document left out has too
  A document with the same reference is left out, so that the line items of the two cannot be told
  apart.
  → Give each document its own reference, or remove the one that is left out with its line items.
lookup.table.missing: the lookup table is missing
  The lookup table {value} for {field} is not there; looked for in {folders}.
  → Make it: a CSV or XLSX with the columns 'value' (as in the sheet) and 'id' (in Light); or pick
    in the sheet 'To resolve'.
warning lookup.pick.unused: a pick for a name that no row has
  No row has the {field} '{value}', so the pick '{pick}' was not used and not kept.
  → Write the name in the column 'value' as it is in the rows, or take the pick away.
bills.vendorId.unknown: no such vendor
  Light has no vendor with the id {value}.
  → Copy the vendor's id from Light.
bills.vendorId.inactive: a vendor that is not active
  The vendor {value} is {status} in Light.
  → Choose another vendor, or have it made active in Light.
warning bills.vendorId.doubtful_status: a vendor that may not be active
  The vendor {value} is {status} in Light, not active.
  → Check in Light that bills may be entered for it.
bills.companyEntityId.inactive: a company entity that is not active
  The company entity {value} is {status} in Light.
  → Choose another entity, or have it made active in Light.
bills.vendorId.unknown_status: a vendor of a status that is not known here
  The vendor {value} is {status} in Light, a status that is not known here, so no bill is sent for
  it.
  → Have it made active in Light, or choose another vendor.
bills.companyEntityId.unknown_status: a company entity of a status that is not known here
  The company entity {value} is {status} in Light, a status that is not known here, so no bill is
  sent for it.
  → Have it made active in Light, or choose another entity.
warning bills.companyEntityId.doubtful_status: a company entity that may not be active
  The company entity {value} is {status} in Light, not active.
  → Check in Light that bills may be entered for it.
bills.companyEntityId.unknown: no such company entity
  Light has no company entity with the id {value}.
  → Copy the entity's id from Light.
line_items.taxCode.no_table: a tax code by name, and no table of ids
  '{value}' is the name of a tax code, and Light cannot be asked for the ids of tax codes.
  → Pick one in the sheet 'To resolve', give 'taxCodeId', or name a lookup table in the template
    (lookups: taxCode: table).
line_items.accountId.unknown: no such ledger account
  Light has no ledger account with the id {value}.
  → Copy the account's id from Light.
line_items.accountId.disabled: a disabled ledger account
  The ledger account {value} is disabled in Light.
  → Choose another account, or have it enabled in Light.
line_items.accountId.unknown_status: a ledger account of a status that is not known here
  The ledger account {value} is {status} in Light, a status that is not known here, so nothing is
  sent for it.
  → Have it made active in Light, or choose another account.
warning line_items.accountId.doubtful_status: a ledger account that may not be active
  The ledger account {value} is {status} in Light, not active.
  → Check in Light that it may be posted to.
light.refused: Light refused the bill
  Light refused the bill: {reason}.
  → Correct it and run the same command again; what was created is not sent again.
light.forbidden: a bill that the role of the key does not permit
  Light does not let this key create the bill: {reason}.
  → Have the role of the key changed in Light (Settings > API Keys), and run the same command again.
light.unknown: a bill that could not be settled
  It is not known whether Light has the bill: {reason}.
  → Look it up in Light; it is not sent again by itself.
light.number_in_use: a number that another bill in Light has
  {reason}.
  → Correct the number, or leave the bill out if it is in Light. It was not sent.
light.partial: a bill that Light has without all its line items
  {reason}.
  → Run the same command again: only the line items that are missing are sent.
light.altered: a bill that Light has otherwise than it was sent
  {reason}.
  → Compare the bill in Light with the sheet and correct it there, or cancel it there. The same
    command reads it again; it is not sent again while Light has it.
light.twice: a bill that Light has more than once
  {reason}.
  → Compare them in Light. 'light-import undo RUN --twins' cancels the copy of a run where it is
  the later of two equal drafts; 'light-import journal settle' records which one is right.
light.step_refused: a bill that did not get as far as it should
  Light has the bill, but it was not {done}: {reason}.
  → Correct it, in Light or in the sheet, and run the same command again: it does only what is
    left.
light.step_forbidden: a step that the role of the key does not permit
  Light has the bill, but does not let this key have it {done}: {reason}.
  → Have the role of the key changed in Light (Settings > API Keys), and run the same command again:
    it does only what is left.
light.step_unknown: a step that could not be settled
  It is not known whether the bill was {done}: {reason}.
  → Look at the bill in Light. The same command asks Light how the bill stands, and does nothing
    twice.
warning light.not_ours: a bill that is left as it is in Light
  Nothing more was done to the bill in Light ({steps}): {reason}.
  → See to it in Light.
warning light.differs: Light shows something else
  {difference}.
  → Compare the bill in Light with the sheet.
light.changed: something that was changed in Light since
  Light has {light} where the sheet has {sheet} ({name}).
  → Correct the bill in Light, or keep what is there; the sheet is not sent again.
light.missing: a bill that is not in Light any more
  {reason}.
  → Look it up in Light. After 'light-import undo' of its run it can be loaded again.
light.not_cancelled: a bill that undo did not cancel
  The bill was not cancelled: {reason}.
  → Look at it in Light. What was only changed there is cancelled with --force.
light.cancel_unknown: a bill that may be cancelled or not
  It is not known whether Light cancelled the bill: {reason}.
  → Run the undo again: it reads the bill first.
run.row.changed: a row that no longer is the bill that was loaded from it
  Run {run} loaded {bill} from this row ({outcome}), and the row {now}.
  → Look the bill up in Light by its id. The report as it was is made by the version of
  light-import {version}.
run.line.changed: a row that no longer is the line item that was loaded from it
  Run {run} loaded line item {number} of {bill} from this row (id in Light: {id}), and the row is
  read otherwise now.
  → Look the bill up in Light. The report as it was is made by the version of light-import
  {version}.
run.row.added: a row of a run that the run did not have
  Run {run} did not load this row: it is read as a {noun} only now.
  → Load the file again to have it checked; what was loaded before is not sent twice.
bills.content.changed: a bill that was loaded and has changed since
  The bill was loaded before and is different now: {difference}.
  → Change the bill in Light, or put the sheet back; a second bill is never sent.
bills.identity.changed: a bill that is in Light under another number or vendor
  The row was loaded by run {run} and is in Light as {id}; with another entity, vendor or invoice
  number it would be sent as a second bill.
  → Put the row back and change the bill in Light; if it is a new bill, blank its source_row.
bills.identity.unsettled: a bill that may be in Light under another number
  Run {run} could not settle whether Light has the bill of this row; with another entity, vendor
  or invoice number it would be sent as a second bill.
  → Put the row back, so that it is looked up; if it is a new bill, blank its source_row.
warning light.left: a bill that was deleted from the result and stays in Light
  A bill of run {run} is no longer in the workbook and stays in Light: {value} ({id}).
  → Cancel it in Light if it should not be there.
"""

_NAMED = (
    (BILLS, "vendor", "vendor"),
    (BILLS, "companyEntity", "company entity"),
    (LINE_ITEMS, "account", "ledger account"),
    (LINE_ITEMS, "taxCode", "tax code"),
)

_NAME_PROBLEMS = """
not_in_table: not in the lookup table
  The lookup table {table} has no {noun} '{value}'.
  → Add it to the table, or pick one in the sheet 'To resolve'{nearest}.
contradicts_id: a name that contradicts the id
  The id is of {of_id}, but '{value}' is {of_name}.
  → Correct one of the two, or leave one of them empty.
table_id_unknown: an id of the lookup table that Light does not have
  For '{value}' {table} gives the id {id}, and Light has no {noun} of that id.
  → Correct the id there.
not_found: not found in Light
  Light has no {noun} '{value}'.
  → Correct it, create it in Light, or pick one in the sheet 'To resolve'{nearest}.
several: several of that name in Light
  Light has {count} {noun}s '{value}': {candidates}.
  → Pick one in the sheet 'To resolve', or give the id.
warning other_than_id: a name that is not the one of the id
  The id is of {of_id}, and Light has no {noun} '{value}'; the id counts.
  → Check that the id is the right one.
warning not_in_cache: not among those that were fetched from Light
  {company} had no {noun} '{value}' when its {noun}s were fetched ({age}).
  → Correct it{nearest}, or fetch them again: light-import reference pull.
"""

_OFFLINE_NAME_PROBLEMS = ("not_in_table", "contradicts_id")  # for tax codes, which Light lists not

_PROPERTY_PROBLEMS = """
required: no value where Light asks for one
  Light asks for the custom property '{name}' on every {level}, and there is none.
  → Fill in the column 'property:{name}'.
several_properties: a name of several custom properties
  Light has {count} custom properties '{name}' for {level}: {candidates}.
  → Write in the header the name that only the right one has, or its id.
twice: two columns for one custom property
  The columns '{value}' and '{other}' are both the custom property '{name}'.
  → Remove one of them.
unknown_property: no such custom property
  Light has no custom property '{name}' for {level}.
  → Correct the header{nearest}.
unknown_type: a custom property of a type that is not known here
  The custom property '{name}' is of the type {kind} in Light, which is not known here.
  → Leave the column out, and set the property in Light.
not_a_value: not a value of the custom property
  '{value}' is not a value of the custom property '{name}'.
  → Use {nearest}.
several_values: several values where one is taken
  The custom property '{name}' takes one value.
  → Give one of them.
"""

_EXPRESSION_PROBLEMS = """
not_mapped: a value that the template's map lacks
  The template's map for {field} has no '{value}'.
  → Add it to the map. It has: {known}.
sign_unknown: neither positive nor negative
  {mark} does not say whether {field} adds or takes away.
  → The template takes {positive} for positive and {negative} for negative (sign_from).
signed_twice: a sign and a mark of the sign
  '{value}' has a minus, and {mark_of_sign} says which sign it has: together they could mean
  either.
  → Correct the amount; or, where all amounts have their signs, leave {setting} out of the template.
two_amounts: two amounts where one is taken
  '{value}' is not the only amount for {field}: '{note}' stands in the column before it.
  → Leave only the right one, or say in the template which column counts (first_of).
not_day: not a day of the year
  '{value}' is not a day and month as {format}, or the year has no such day.
  → Correct it, or date_from in the template.
outside: a date outside the time that is stated
  '{value}' would be {note}, which the file or the template states for these dates: it may be of
  another year.
  → Correct it, or load rows of another year apart, with that year (--set).
not_year: a year that cannot be read
  '{value}' does not say which year the date is of.
  → Give a year, as 2025, or a date where the template says on_or_after.
"""

_HOUSE_RULES = """
required: must not be empty
  The cell must not be empty.
one_of: not one of the values allowed
  '{value}' is none of {bound}.
matches: does not have the form asked for
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
unique: there more than once
  '{value}' is in row {bound} already.
"""

_DISAGREEMENT = """
disagrees: rows of one bill disagree
  The rows of one bill disagree: '{value}' here, '{other}' in row {first}.
  → Make the rows of the bill agree. If they are of two bills, give each a number of its own.
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
        yield from _types(_ANY + _BY_KIND[field.kind], f"{sheet}.{field.name}.", f"{field.name}: ")
    if sheet == LINE_ITEMS:
        factors = _ANY + _BY_KIND[FieldKind.FACTOR]
        yield from _types(factors, f"{sheet}.factor.", "quantity or price: ")
    yield from _types(_PROPERTY_PROBLEMS, f"{sheet}.property.", "custom property: ")
    yield from _types(_EXPRESSION_PROBLEMS, f"{sheet}.expression.", "template: ")
    noun = "bill" if sheet == BILLS else "line item"
    for rule in _types(_HOUSE_RULES, f"{sheet}.rule.", "house rule: "):
        yield replace(rule, hint=f"The template's rule for {{field}} of a {noun} asks for it.")


def _catalogue() -> Iterator[FindingType]:
    yield from _types(_RULES)
    for sheet in FIELDS:
        yield from _of_sheet(sheet)
    for sheet, name, noun in _NAMED:
        for problem in _types(_NAME_PROBLEMS, f"{sheet}.{name}.", f"{noun}: "):
            if name != "taxCode" or problem.code.endswith(_OFFLINE_NAME_PROBLEMS):
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
