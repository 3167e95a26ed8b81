"""Findings about names and ids of things in Light, lookup tables and new vendors."""

from __future__ import annotations

REFERENCES = """
lookup.table.missing: the lookup table is missing
  The lookup table {value} for {field} was not found in {folders}.
  → Create it as a CSV or XLSX with the columns 'value' (as in the sheet) and 'id' (in Light); or
    pick under 'To resolve'.
warning lookup.pick.unused: a pick for a name that no row has
  No row has the {field} '{value}', so the pick '{pick}' was not used or saved.
  → Write the name in the column 'value' as it is in the rows, or delete the pick.
warning vendors.column.unknown: a column of the sheet Vendors that Light has no field for
  The column '{value}' of the sheet Vendors is not read.
  → Use the name of a field of Light's vendors{nearest}.
vendors.column.twice: two columns of the sheet Vendors for one value
  The columns '{value}' and '{other}' of the sheet Vendors are both {field}.
  → Remove one of them.
warning vendors.property.differs: a custom property that a vendor has otherwise in Light
  Light shows {light} as the custom property '{name}' of the vendor '{vendor}', the sheet has
  '{value}'. Light's vendor is not changed.
  → Set it in Light, if the sheet is correct.
vendors.name.none: a vendor without a name
  '{value}' is not a vendor's name, so no vendor is created.
  → Write the vendor's name in the column 'name' of a sheet Vendors, with its identifier or VAT id
    as the bills have it.
vendors.value.invalid: a value that is wrong for a vendor
  '{value}' is not valid for {field}: {reason}.
  → Correct it, or leave the cell empty.
vendors.repeated: one vendor in two rows
  Two rows of the sheet Vendors have the {field} '{value}'.
  → Keep one of them.
warning vendors.unused: a vendor that no bill names
  No bill to be loaded names the vendor '{value}', so it is not created.
  → Write its name, identifier or VAT id as the bills have it, or delete the row.
vendors.twice: a vendor in Light more than once
  Light has the vendor '{value}' more than once: {ids}. It was to be created once.
  → Compare them in Light, and move the bills of the wrong one.
bills.vendor.create_option: a vendor to create, without the option
  Light has no vendor '{value}', and 'create' was picked for it.
  → Run the same command with --create-vendors, or pick a vendor under 'To resolve'.
warning bills.vendor.create_exists: a vendor to create that exists
  Light has the vendor '{value}' already ({id}); it is used, and nothing is created.
  → Check that it is the same vendor.
bills.vendor.create_differs: a vendor to create that exists with other numbers
  Light has a vendor '{value}', and it may be another: {reason}. Nothing is created.
  → Correct the number, or pick the correct vendor under 'To resolve'.
bills.vendor.create_same_number: a vendor to create whose number another one has
  Light has the identifier or VAT id of '{value}' under another name: {candidates}. Nothing is
  created.
  → Pick that vendor under 'To resolve', or correct the number.
bills.vendor.create_similar: a vendor to create whose name is similar to another
  '{value}' may be the vendor {candidates}. Nothing is created.
  → Pick that one under 'To resolve'; if it is another vendor, pick 'create another', or
    write yes in the column isAnother of the sheet Vendors.
bills.vendor.create_property: a vendor to create with a wrong custom property
  The vendor '{value}' is not created: {reason}.
  → Correct the sheet Vendors, and run the same command again.
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
  → Correct it, create it in Light, or pick one under 'To resolve'{nearest}.
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
  The purchase order {value} belongs to the vendor {of_order}, the bill to {of_bill}.
  → Correct the vendor or the purchase order.
line_items.taxCode.no_table: a tax code name without a lookup table
  '{value}' is the name of a tax code, and Light does not list the ids of tax codes.
  → Pick one under 'To resolve', give 'taxCodeId', or name a lookup table in the template
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
"""

NAME_PROBLEMS = """
not_in_table: not in the lookup table
  The lookup table {table} has no {noun} '{value}'.
  → Add it to the table, or pick one under 'To resolve'{nearest}.
contradicts_id: a name that contradicts the id
  The id belongs to {of_id}, but '{value}' is {of_name}.
  → Correct one of them, or leave one empty.
table_id_unknown: an id of the lookup table that Light does not have
  For '{value}', {table} gives the id {id}, but Light has no {noun} with that id.
  → Correct the id there.
not_found: not found in Light
  Light has no {noun} '{value}'.
  → Correct it, create it in Light, or pick one under 'To resolve'{nearest}.
several: several with that name in Light
  Light has {count} {noun}s '{value}': {candidates}.
  → Pick one under 'To resolve', or give the id.
warning other_than_id: a name that does not match the id
  The id belongs to {of_id}, and Light has no {noun} '{value}'; the id is used.
  → Check that the id is correct.
warning not_in_cache: not in the saved lists from Light
  The saved list of {company} has no {noun} '{value}' (the list is {age}).
  → Correct it{nearest}, or fetch the lists again: light-import reference pull.
"""

PROPERTY_PROBLEMS = """
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
