"""Findings about bills and line items of several cells, and about what kind of document one is."""

from __future__ import annotations

RULES = """
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
warning bills.rows.differ: rows of one bill disagree, and the template takes the first
  The rows of one bill disagree: '{value}' here. Taken is '{other}' of row {first}, as the template
  says with differing_rows.
  → If they are two bills, give each its own number.
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
  → Leave it out, or correct its amounts. Where only its lines cancel out, zero_bills: load in the
    template loads it.
warning bills.amount.cancelled_out: a bill whose lines cancel out
  The bill's lines cancel out, so its total is 0: there is nothing to pay. It is loaded, as the
  template says with zero_bills.
  → Check that it is no bill with its reversal that should both be left out.
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
warning bills.issuedDate.in_future: an issue date years ahead
  The bill would be issued on {value}, more than two years from now.
  → Check the year.
warning bills.issuedDate.years_apart: an issue date years from the others
  The issue date {value} is years from those beside it: {beside} ({bills_count} of this kind).{why}
  → Check the year.
warning bills.currency.same_amount_local: a foreign amount that is the same in the local currency
  The bill is in {value} and comes to {amount}, as it does in '{column}', which has amounts in
  {home} ({bills_count}): the rate of exchange would be exactly 1.
  → Compare its currency with the invoice: it may be in {home}.
warning bills.issuedDate.weekdays: dates whose weekdays show that they are from 1904
  The dates ({dates}) are on Tuesdays to Saturdays, and hardly one on a Monday: they look 4 years
  and a day too early, as dates that were copied from a workbook that counts its days from 1904.
  → Compare some with the invoices. If they are right, there is nothing to do; if '{value}' should
    be 4 years later (the first would be {later}), export the file again.
warning bills.issuedDate.other_years: issue dates of other years than the file names
  The bills are dated {dates}, but {where} names {year}. Dates that were copied from a workbook that
  counts its days from 1904 are 4 years and a day off.
  → Check some dates with the invoices.
warning bills.dueDate.years_ahead: due more than a year after the issue date
  The due date {value} is more than a year after the issue date {issued}.
  → Check the year of both dates.
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
warning bills.status.lines_without_account: a bill to post with lines that have no ledger account
  This is to be posted, but not each of its line items has a ledger account. Light may refuse to
  post it.
  → Give each line's account in 'account' or 'accountId', or load it as a draft.
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
warning bills.amount.says_no_bill: a bill whose text says that it is none
  The bill is of {amount}, but '{value}' may mean that it is no bill to pay: a credit note, void,
  paid, on hold or disputed, or a payment, balance, total or other document.
  → If it is a credit note, give it that type or a negative amount; if it is no bill, remove it. If
    it is a bill to pay, there is nothing to do.
warning bills.invoiceNumber.line_gap: lines of a bill that are not counted through
  Column '{column}' counts the lines of each bill, and those of '{value}' are {numbers}: a line may
  be missing, or in another bill.
  → Compare the bill with the system that it is from, and with the bills beside it.
warning bills.invoiceNumber.swapped: a number and another cell that may be swapped
  The number is '{value}', and '{other}' ({column}) looks like one: the two cells may be swapped.
  → Check which is the number.
warning bills.invoiceNumber.two_vendors: one number beside itself for two vendors
  Row {first} has the number '{value}' and this date, too, but for '{vendor}': the rows may be one
  bill of which some have another's vendor.
  → Check the vendor in both rows.
warning bills.invoiceNumber.torn: a row that may belong to the bill beside it
  '{value}' may be the number of bill '{other}' (row {first}), changed by mistake: both have the
  same vendor and date, and {why}.
  → If they are one bill, correct the number; if they are two, there is nothing to do.
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
bills.amount.line_totals_differ: line items with their tax that do not add up
  The bill's amount is {value}, but its rows come to {sum} in '{column}', with their tax. Both agree
  for {others}.
  → Correct the bill's amount, or the line items that are wrong or missing.
warning bills.amount.doubtful_tax: line items that no usual tax makes the bill's amount
  The bill's amount is {bill}, and its line items ({count}) come to {sum} before the tax that Light
  works out: no usual rate of tax makes one of the other, and Light refuses a bill whose line items
  and amount differ.
  → Compare the bill with the invoice: it may have the line items of another bill. If a tax is
    withheld, there is nothing to do.
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
warning line_items.taxAmount.above_amount: a tax above its amount
  The tax is {tax} and the amount {base}: the two cells may be swapped.
  → Check which is which.
warning line_items.taxAmount.other_rate: a tax that its tax code does not come to
  With the tax code '{tax_code}' the tax is {rate} of the amount, but here it is {value} of {base}
  ({lines_count} of this kind): a tax, an amount or a code ({header}) may be in another row than its
  own, or mistyped.
  → Compare these rows with the invoices.
warning line_items.taxAmount.doubtful_rate: taxes that no rate comes to
  With the tax code '{value}' {what} ({lines_count}): amounts may be rounded or have lost their
  decimal marks, or a column may have been emptied, filled down or sorted without the others.
  → Compare some rows with the invoices. If they are right, there is nothing to do.
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
"""

DOCUMENT_KINDS = """
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
  The bill '{value}' comes to {bill}, but its credit notes come to {note}.
  → Correct the amounts, or remove the number from credit notes that are not for this bill.
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
  The credit note comes to {money}, and {others} the other sign: either sign may be wrong.
  → Correct the sign of those that are wrong, or their type.
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
"""
