"""Findings about rows, columns and whole sheets, and the control totals of a file."""

from __future__ import annotations

SHEETS = """
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
sheet.row.struck: a row that is struck through
  {what} is struck through, as what is cancelled, paid or corrected often is.
  → Remove the row; or, if it is to be loaded, remove the strikethrough.
warning sheet.cells.invisible: values that cannot be seen
  Values that the sheet does not show (white on white, or by a number format) are read like the
  others: row {rows} ({count} in all).
  → Give them a usual colour and number format and check them, or remove them.
warning sheet.column.without_decimals: amounts that are displayed without their decimals
  The column '{column}' displays no decimals: {amounts} with some {are} read with them, as {value},
  which it displays as {shown}.
  → Display the decimals and check the amounts; round them if only what was displayed is owed.
warning sheet.cells.struck_by_rules: a rule that strikes cells through
  Conditional formats strike cells of {cells} through where their rules apply, which is not known
  here: such rows are read like the others.
  → Remove the rows that are struck through, if they should not be loaded.
warning sheet.cells.comments: comments on cells
  The rows have {comments} on their cells: {shown}.
  → Check that none of them says that a bill should not be loaded, or that it has changed.
warning sheet.columns.hidden: hidden columns
  Hidden columns are read like the others: {columns}.
  → Unhide them and check that they are right.
warning sheet.hidden: a hidden sheet
  The sheet is hidden in Excel, but it is read.
  → Unhide it, or remove it from the file if it should not be loaded.
sheet.rows.none: no rows
  The sheet has a header row and no rows below it.
  → Fill in the sheet, or check that the export is complete.
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
  The row has the number '{value}' but no vendor. Other rows {repeated} (row {other}), so a blank
  cell may not mean the same vendor.
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
sheet.column.unread_rate: an unread exchange rate column
  Column '{header}' has {values} ({rows}) and is not read; the template uses {taken} for all bills.
  → If the amounts are in another currency, map the currency in the template (bills: currency); if
    they are in {taken}, list the column under ignore_columns.
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
warning sheet.column.foreign_amount: amounts in another currency beside those that are read
  Column '{column}' has {value}, in {named}, where the template reads {calculated} ({rows}) and
  takes {taken} for all bills.
  → Check which currency the vendors' invoices are in. If it is {taken}, list '{column}' under
    ignore_columns; if not, map that column, and its currency.
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
warning sheet.column.dollars: amounts in dollars in a ledger of another currency
  {rows} of column '{header}' {show} a dollar sign, and the template says {taken} for all bills.
  → If the amounts are dollars, correct the currency in the template: USD, or that of the country.
warning sheet.title.other_currency: a title that names another currency
  The title '{value}' names {named}, but the bills are in {taken}.
  → Check which is correct; if it is the title, correct the currency in the template.
warning sheet.column.open_amount: less still to be paid than the bill comes to
  Column '{column}' has {value} of a bill of {calculated}, as of one that is partly or fully paid
  ({rows}). It is not read: these bills are loaded in full.
  → To load what is still to be paid, map '{column}' in the template; or leave out the bills that
    are paid. If it does not matter, list it under ignore_columns.
warning sheet.column.differing_amount: an amount beside the one that is read
  Column '{column}' has {value} of a bill of {calculated} ({rows}) and is not read.
  → Check which of the amounts is the bill's, with tax or without; map that one. If '{column}' does
    not matter, list it under ignore_columns.
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
warning sheet.column.contrary_amount: two amounts of a bill that contradict each other
  Column '{column}' has {value} where '{read}', which is read, has {calculated} ({rows}): what was
  billed should be the same in both, and no more than that can be open.
  → Compare these bills with the system that they are from; one of the columns may have lost its
    decimal marks, or be a row off.
warning sheet.column.contrary_state: a state that contradicts what is open
  Column '{column}' says '{value}' where '{other}' has {amount} ({rows}): nothing is open of what is
  paid, and something of what is not.
  → Compare these rows with the system that they are from: such a bill may be left out, or loaded
    though it is paid.
sheet.column.unread_state: an unread type or state column
  Column '{header}' has {values} ({rows}) and is not read: such a document is not a bill.
  → Map it in the template under bills.type or bills.state, with these values under pass_over, or
    list it under ignore_columns if it does not matter.
warning sheet.column.unread_type: a type or state that may matter
  Column '{header}' has {values} ({rows}) and is not read.
  → If these are not all bills to load, map it in the template under bills.type or bills.state; if
    they are, list it under ignore_columns.
warning sheet.column.unread_paid: bills that are marked as paid
  Column '{header}' has {values} ({rows}), as of bills that are paid, and is not read: these bills
  are loaded in full.
  → If they should not be paid again, remove their rows, or map the column in the template under
    bills.state, with these values under pass_over; if not, list it under ignore_columns.
sheet.column.unread_credit: an unread credit column
  Column '{header}' marks credits ({rows}) and is not read.
  → Map it in the template (first_of with negate, or sign_from), or list it under ignore_columns
    if it does not matter.
sheet.column.unread_quantity: an unread quantity beside a price
  Column '{header}' has {values} ({rows}) and is not read, while a price is read as the amount.
  → Map the line's amount, or quantity times price ({{product: […]}}); or list it under
    ignore_columns if the price is the amount.
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
warning sheet.columns.slipped: a column that may be a row off
  Columns '{one}' and '{other}' look as if one of them had slipped by a row: as they are, their
  values come in {counts}.
  → Compare some rows with the invoices. If a cell was inserted or deleted, export the file again.
warning sheet.columns.sorted: two columns in order that have nothing to do with each other
  Columns '{one}' and '{other}' are both in order from the first row to the last: one of them may
  have been sorted without the rest of the rows.
  → Compare some rows with the invoices. If it was, export the file again.
warning sheet.columns.filled: a date that may have been filled down
  Column '{column}' has the same date in rows {rows}, and these bills are not due {terms} days after
  their date, as the others are: the date may have been filled down.
  → Compare the dates with the invoices.
warning sheet.columns.misfit: a column that another one contradicts in some rows
  Columns '{column}' and '{other}' do not fit each other in rows {rows}{elsewhere}: {how}.
  → Compare these rows with the invoices: a column may have been filled down, sorted or moved
    without the others. If they are right, there is nothing to do.
warning sheet.columns.unpaired: a name beside what belongs to another
  '{value}' is in one row with {what} (column '{column}'), which is {whose}; nearly all others have
  a value of their own there ({rows} of this kind).
  → Compare these rows with the invoices: a column may have been filled down, sorted or moved
    without the others. If they are right, there is nothing to do.
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
control.ageing.differs: an ageing total that differs
  On {day} the total expected for '{bucket}' is {value} {currency}; the sheet's bills come to
  {sheet}: a difference of {difference}.
  → Compare the due dates and what is missing or extra; --only-valid loads regardless.
control.old_ageing.differs: a vendor that differs from the old system
  On {day} {value} differs in {currency}: {differences}.
  → Compare the vendor's bills and their due dates in both systems; --only-valid loads regardless.
control.old_ageing.not_in_sheet: a vendor of the old system without open bills in the sheet
  On {day} the old system has {amount} {currency} open for {value}, which is no vendor of the sheet.
  → If it has another name in the sheet, use one name in both; if not, its bills are missing.
control.old_ageing.not_in_report: a vendor that the old system's report does not have
  On {day} {value} has {amount} {currency} open in the sheet and is not in the report.
  → If it has another name in the report, use one name in both; if not, its bills are paid there.
control.old_ageing.ambiguous: a vendor of the old system that may be several
  {value}, with {amount} {currency} open on {day} in the old system, may be each of: {vendors}.
  → Add the vendor's number to the report, or use one name in both.
warning control.old_ageing.nameless: vendors that are only ids
  {value} vendors of the sheet are ids without a name here, so that they cannot be compared with the
  old system.
  → Fetch Light's vendors: light-import reference pull. A load compares them.
control.old_ageing.other_day: an ageing report of another day
  The report says '{value}', and the comparison is of {day}.
  → Export the report of {day}, or compare on its day with --as-of.
control.old_ageing.unreadable: an amount of the ageing report that cannot be read
  '{value}' cannot be read as an amount: {reason}. The report was not compared.
  → Correct the cell, or export the report again.
control.old_ageing.row_total: a row of the ageing report that does not add up
  The row's total is {value}, and its ages come to {sum} ({columns}). The report was not compared.
  → Give each age a header that says its days, as 1 - 30, and the total the header Total.
control.old_ageing.total: a total of the ageing report that differs from its rows
  The report's total is {value}, and its rows come to {sum}. The report was not compared.
  → Export the report again, with all vendors.
control.old_ageing.no_currency: a row of the ageing report without a currency
  '{value}' is no currency. The report was not compared.
  → Write its code, as GBP, or save the rows of one currency and give them with --ageing GBP=FILE.
control.bills.differs: the number of bills differs
  Bills expected: {expected}; the sheet has {value}{notes}: a difference of {difference}.
  → Find what is missing or extra before loading; --only-valid loads regardless.
control.lines.differs: the number of line items differs
  Line items expected: {expected}; the sheet has {value}: a difference of {difference}.
  → Find what is missing or extra before loading; --only-valid loads regardless.
"""
