"""Findings of a load: what Light answered, what it has, and what was not done."""

from __future__ import annotations

LOADS = """
light.refused: Light refused the bill
  Light refused the {noun}: {reason}.
  → Correct it and run the same command again; bills already created are not sent again.
light.forbidden: a bill that the key's role does not permit
  This key may not create the {noun}: {reason}.
  → Ask for the key's role to be changed in Light (Settings > API Keys), and run the same command
    again.
light.unknown: a bill in doubt
  Light may or may not have the {noun}: {reason}.
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
light.twice: a bill that Light has, or may have, more than once
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
warning light.cleared_in_part: a credit note with a rest that clears nothing
  Of this credit note {part} against the bill '{value}': no more was open in Light.
  → Check the amounts. In Light the rest can clear another bill of the vendor.
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
light.ledger_differs: a document that the ledger has with other amounts
  The ledger and the sheet differ: {differences}.
  → Compare the document in Light with the ledger. Somebody may have changed its lines there.
light.ledger_missing: a posted document that is not in the ledger
  Light shows it as {state}, and the ledger has no line of it.
  → Look it up in Light's ledger; if it was posted a moment ago, verify again.
light.ledger_unbalanced: a document that does not balance in the ledger
  Debit less credit is {amount}.
  → Show it to the people responsible for the ledger in Light: a posted document must balance.
light.ledger_unreadable: a document whose amounts the ledger does not show
  {number} of its lines in the ledger have no amount, so they cannot be compared.
  → Look it up in Light's ledger, and verify again.
light.not_cancelled: a bill that undo did not cancel
  The bill was not cancelled: {reason}.
  → Check it in Light. With --force, undo also cancels bills that were only changed there.
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
  (clear) would blank a field that a bill in Light needs, or that Light calculates.
  → Type the value that it should have.
cells.clear_without_update: a field to blank, in a load that changes nothing
  (clear) blanks a field of a bill that Light has, with --update; this load would send it as a text.
  → Load with --update, or leave the cell empty.
bills.lightBillId.no_update: a bill of Light's that would be sent again
  The row is of the {noun} {id} in Light, and has another number, vendor or entity than that {noun},
  so it would be sent as a second one.
  → {remedy}, or clear lightBillId if it is another {noun}.
bills.update.twice: two rows that would change one bill
  Another row of the sheet is of the same bill in Light, {id}, so neither changes it.
  → Keep one row of the bill.
light.not_updated: a bill that was not changed in Light
  The bill in Light differs from the sheet and was not changed: {reason}.
  → Change it in Light, or restore the row.
light.changed_since: a bill that somebody changed in Light since
  Light shows other values than were loaded ({fields}), so the bill was not changed.
  → Compare it in Light. With --force the sheet's values replace them.
light.update_refused: a change that Light refused
  Light refused to change the bill, and has it as before: {reason}.
  → Correct the cell, and run the same command again.
light.update_forbidden: a change that the key's role does not permit
  This key may not change the bill: {reason}.
  → Ask for the key's role to be changed in Light (Settings > API Keys), and run the same command
    again.
light.not_restored: a changed bill that undo left as it is
  The bill was not restored to what it was before the run: {reason}.
  → Check it in Light. Values that somebody else has changed since are left unchanged.
light.update_unknown: a change in doubt
  Light may have only some of the changes: {reason}.
  → Run the same command again, with --update: it reads the bill and makes the remaining changes.
    To restore the values of before, run 'light-import undo RUN'.
warning light.would_update: a bill that would be changed in Light
  With this sheet the bill would be changed: {changes}.
  → Load without --dry-run to change it.
bills.content.changed: a bill that changed after it was loaded
  The bill was loaded before and is different now: {difference}.
  → Load again with --update, which changes bills that are still drafts, or restore the row; a
    second bill is never sent.
bills.content.note_changed: a credit note that changed after it was loaded
  The credit note was loaded before and is different now: {difference}.
  → Load again with --update, which changes credit notes that are still drafts, in all but their
    number and custom properties; or undo it (light-import undo RUN --bills NUMBER) and load it
    again, or restore the row. A second credit note is never sent.
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
