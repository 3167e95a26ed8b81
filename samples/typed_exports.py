"""Exports with documents of every type and state: bills, credit notes, and what is neither."""

from __future__ import annotations

from pathlib import Path

# Xero: everything of a month, as its export of all documents has it.
XERO = """\
ContactName,InvoiceNumber,Reference,InvoiceDate,DueDate,Total,TaxTotal,Description,Quantity,UnitAmount,Discount,LineAmount,AccountCode,TaxType,TaxAmount,Currency,Type,Sent,Status
Birchwood Office Supplies Ltd,BOS-4401,,14/05/2025,13/06/2025,120.00,20.00,Paper,10.0000,10.0000,,100.00,7220,20% (VAT on Expenses),20.00,GBP,Bill,,Awaiting Payment
Birchwood Office Supplies Ltd,BOS-4402,,15/05/2025,14/06/2025,36.00,6.00,Envelopes,1.0000,30.0000,,30.00,7220,20% (VAT on Expenses),6.00,GBP,Bill,,Voided
Birchwood Office Supplies Ltd,BOS-C-118,,16/05/2025,,12.00,2.00,Paper returned,1.0000,10.0000,,10.00,7220,20% (VAT on Expenses),2.00,GBP,Bill credit note,,Awaiting Payment
Harbour Café Ltd,INV-0119,,19/05/2025,02/06/2025,600.00,100.00,Room for a day,1.0000,500.0000,,500.00,4000,20% (VAT on Income),100.00,GBP,Sales invoice,Sent,Paid
Calder Valley Print Ltd,CVP/00811,,20/05/2025,19/06/2025,93.00,0.00,Catalogues,3.0000,20.0000,,60.00,6100,Zero Rated Expenses,0.00,GBP,Bill,,Paid
Calder Valley Print Ltd,CVP/00811,,20/05/2025,19/06/2025,93.00,0.00,Cards,1.0000,33.0000,,33.00,6100,Zero Rated Expenses,0.00,GBP,Bill,,Paid
Calder Valley Print Ltd,CVP/00812,,21/05/2025,20/06/2025,48.00,8.00,Posters,1.0000,40.0000,,40.00,6100,20% (VAT on Expenses),8.00,GBP,Bill,,Draft
Calder Valley Print Ltd,CVP/00813,,22/05/2025,21/06/2025,24.00,4.00,Labels,1.0000,20.0000,,20.00,6100,20% (VAT on Expenses),4.00,GBP,Bill,,Deleted
"""  # noqa: E501

# Zoho writes the state of a bill on each of its rows; one was entered again under its number.
ZOHO = """\
Bill Date,Bill ID,Bill Number,Bill Status,Vendor Name,Due Date,Currency Code,Item Name,Account Code,Description,Tax Name,Tax Amount,Item Total,Total
2025-08-04,2735000000000401,BOS-4501,Open,Birchwood Office Supplies Ltd,2025-09-03,GBP,Paper,7220,,Zero Rate,0.00,60.00,85.00
2025-08-04,2735000000000401,BOS-4501,Open,Birchwood Office Supplies Ltd,2025-09-03,GBP,Folders,7220,,Zero Rate,0.00,25.00,85.00
2025-08-05,2735000000000402,CVP/00901,Void,Calder Valley Print Ltd,2025-09-04,GBP,Posters,6100,,Zero Rate,0.00,40.00,40.00
2025-08-05,2735000000000403,CVP/00901,Partially Paid,Calder Valley Print Ltd,2025-09-04,GBP,Posters,6100,,Zero Rate,0.00,44.00,44.00
2025-08-06,2735000000000404,BOS-4502,void,Birchwood Office Supplies Ltd,2025-09-05,GBP,Paper,7220,,Zero Rate,0.00,6.00,6.00
2025-08-07,2735000000000405,BOS-4503,Draft,Birchwood Office Supplies Ltd,2025-09-06,GBP,Paper,7220,,Zero Rate,0.00,12.00,12.00
2025-08-07,2735000000000406,BOS-4504,Pending Approval,Birchwood Office Supplies Ltd,2025-09-06,GBP,Paper,7220,,Zero Rate,0.00,18.00,18.00
2025-08-08,2735000000000407,BOS-4505,Overdue,Birchwood Office Supplies Ltd,2025-08-22,GBP,Paper,7220,,Zero Rate,0.00,30.00,30.00
"""  # noqa: E501

# ERPNext: type and state on the first row of each invoice only; a return has negative amounts.
ERPNEXT = """\
"ID","Supplier","Date","Grand Total","Currency","Due Date","Supplier Invoice No","Is Return (Debit Note)","Status","Amount (Items)","Expense Head (Items)","Item Name (Items)"
"ACC-PINV-2025-00201","Birchwood Office Supplies Ltd","2025-10-01","90","GBP","2025-10-31","BOS-4601","0","Unpaid","60","7220 - Office Supplies - KT","Paper"
"","","","","","","","","","30","7220 - Office Supplies - KT","Folders"
"ACC-PINV-2025-00202","Birchwood Office Supplies Ltd","2025-10-02","40","GBP","2025-11-01","BOS-4602","0","Cancelled","25","7220 - Office Supplies - KT","Paper"
"","","","","","","","","","15","7220 - Office Supplies - KT","Folders"
"ACC-PINV-2025-00203","Birchwood Office Supplies Ltd","2025-10-03","-12","GBP","","BOS-C-121","1","Return","-12","7220 - Office Supplies - KT","Paper returned"
"ACC-PINV-2025-00204","Birchwood Office Supplies Ltd","2025-10-06","75","GBP","2025-11-05","BOS-4603","0","Draft","75","7220 - Office Supplies - KT","Chairs, deposit"
"ACC-PINV-2025-00205","Birchwood Office Supplies Ltd","2025-10-07","18","GBP","2025-11-06","BOS-4604","0","Debit Note Issued","18","7220 - Office Supplies - KT","Pens"
"""  # noqa: E501

# Odoo: the same; a journal entry and a sale among the bills.
ODOO = """\
Type,Status,Partner,Reference,Invoice/Bill Date,Due Date,Invoice lines/Label,Invoice lines/Account,Invoice lines/Unit Price,Invoice lines/Quantity,Currency,Total
Vendor Bill,Posted,Birchwood Office Supplies Ltd,BOS-4701,2025-11-03,2025-12-03,Paper,722000 Office Supplies,10,6,GBP,85.00
,,,,,,Folders,722000 Office Supplies,25,1,,
Vendor Bill,Cancelled,Birchwood Office Supplies Ltd,BOS-4702,2025-11-04,2025-12-04,Paper,722000 Office Supplies,10,2,GBP,20.00
Vendor Credit Note,Posted,Birchwood Office Supplies Ltd,BOS-C-131,2025-11-05,,Paper returned,722000 Office Supplies,10,1,GBP,10.00
Vendor Bill,Draft,Birchwood Office Supplies Ltd,BOS-4703,2025-11-06,2025-12-06,Paper,722000 Office Supplies,10,3,GBP,30.00
Customer Invoice,Posted,Harbour Café Ltd,INV-0201,2025-11-07,2025-12-07,Room for a day,400000 Sales,500,1,GBP,500.00
"""  # noqa: E501

# A spend ledger with credit notes, and its total, which counts them.
SPEND = """\
Departmental Family,Entity,Date,Expense Type,Supplier,Transaction Number,Transaction Type,Amount
Department for Transport,DVSA,03/03/2025,Stationery,IBM UK LTD,5105001,Invoice,120.00
Department for Transport,DVSA,03/03/2025,Stationery,IBM UK LTD,5105001,Invoice,30.50
Department for Transport,DVSA,04/03/2025,Stationery,IBM UK LTD,5105002,Credit Note,-20.00
Department for Transport,DVSA,05/03/2025,Training,SKILLS FOR HEALTH LTD,5105003,Invoice,300.00
,,,,,,,430.50
"""

# Every way a type or state can be wrong: one nobody knows, none, and two under one number.
BROKEN = """\
Supplier,Number,Date,Kind,State,Net
Birchwood Office Supplies Ltd,BOS-1,2025-03-03,Invoice,Open,10.00
Birchwood Office Supplies Ltd,BOS-2,2025-03-03,Reversal,Open,20.00
Birchwood Office Supplies Ltd,BOS-3,2025-03-04,,Open,30.00
Birchwood Office Supplies Ltd,BOS-4,2025-03-04,Invoice,Parked,40.00
Birchwood Office Supplies Ltd,BOS-5,2025-03-05,Invoice,,50.00
Birchwood Office Supplies Ltd,BOS-6,2025-03-05,Invoice,Void,60.00
Birchwood Office Supplies Ltd,BOS-6,2025-03-05,Invoice,Open,66.00
Birchwood Office Supplies Ltd,BOS-7,2025-03-06,Credit,Open,7.00
"""
BROKEN_TEMPLATE = """\
template: types-and-states
description: One row a line, with the type and state of its document
layout: flat
group_by: [Supplier, Number]
formats: {numbers: point, amounts: decimal}
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  type: {column: Kind, map: {Invoice: bill, Credit: credit note}}
  state: {column: State, pass_over: [Void]}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Net}
"""

# What a template may leave out, and what then goes wrong without a word.
UNREAD = """\
Supplier,Number,Date,Currency Code,Document state,Status,Credit,Discount,Freight,VAT,With tax,Net,Amount,Retention,Amount GBP,Amount EUR
Birchwood Office Supplies Ltd,BOS-21,2025-03-03,GBP,,Open,,,,,FALSE,10.00,,,,
Birchwood Office Supplies Ltd,BOS-22,2025-03-03,EUR,,Open,,,,,FALSE,20.00,,,,
Birchwood Office Supplies Ltd,BOS-23,2025-03-04,GBP,Reversed,Open,,,,,FALSE,30.00,,,,
Birchwood Office Supplies Ltd,BOS-24,2025-03-04,GBP,,Parked,,,,,FALSE,40.00,,,,
Birchwood Office Supplies Ltd,BOS-25,2025-03-05,GBP,,Paid,5.00,,,,FALSE,50.00,,,,
Birchwood Office Supplies Ltd,BOS-26,2025-03-05,GBP,,Paid,,6.00,,,FALSE,60.00,,,,
Birchwood Office Supplies Ltd,BOS-27,2025-03-06,GBP,,Paid,,,7.50,,FALSE,70.00,,,,
Birchwood Office Supplies Ltd,BOS-28,2025-03-06,GBP,,Paid,,,,16.00,FALSE,80.00,,,,
Birchwood Office Supplies Ltd,BOS-29,2025-03-07,GBP,,Paid,,,,15.00,TRUE,,90.00,,,
Birchwood Office Supplies Ltd,BOS-30,2025-03-07,GBP,,Paid,,,,,FALSE,90.00,,4.50,,
Birchwood Office Supplies Ltd,BOS-31,2025-03-10,GBP,,Paid,,,,,FALSE,100.00,,,117.00,
Birchwood Office Supplies Ltd,BOS-32,2025-03-10,GBP,,Paid,,,,,FALSE,110.00,,,,110.00
"""  # noqa: E501
UNREAD_TEMPLATE = """\
template: unread-columns
description: One row a line, read without most of its columns
layout: flat
group_by: [Supplier, Number]
formats: {numbers: point, amounts: decimal}
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {column: With tax}
line_items:
  netAmount: {column: Net}
  amount: {column: Amount}
"""

# Headers and titles that say the contrary of the template.
CONTRARY = """\
All figures in £000,,,,,,,
Currency: USD,,,,,,,
Supplier,Number,Date,Amount excl. VAT (EUR),Tax in pence,Tax inclusive,Exchange Rate,Text
Birchwood Office Supplies Ltd,BOS-31,2025-03-03,12.00,2.00,Exclusive,1.17,Paper
Birchwood Office Supplies Ltd,BOS-32,2025-03-04,24.00,4.00,Inclusive,1,Pens
"""
CONTRARY_TEMPLATE = """\
template: contrary-headers
description: One row a line, taken for pounds with tax
layout: flat
source: {header: {find: [Supplier, Number]}}
group_by: [Supplier, Number]
formats: {numbers: point, amounts: decimal}
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Amount excl. VAT (EUR)}
  taxAmount: {column: Tax in pence}
  description: {column: Text}
"""

# A void bill under the reference of another one: whose line items are they?
SHARED_BILLS = """\
billRef,status,vendor,invoiceNumber,issuedDate,currency,amount
R-1,open,Birchwood Office Supplies Ltd,BOS-11,2025-03-03,GBP,12000
R-1,void,Birchwood Office Supplies Ltd,BOS-10,2025-03-04,GBP,3000
R-2,open,Birchwood Office Supplies Ltd,BOS-12,2025-03-04,GBP,4000
R-3,void,Birchwood Office Supplies Ltd,BOS-9,2025-03-05,GBP,500
"""
SHARED_TEMPLATE = """\
template: shared-reference
layout: two_sheets
formats: {amounts: cents}
bills:
  billRef: {column: billRef}
  state: {column: status, take: [open], pass_over: [void]}
  vendor: {column: vendor}
  invoiceNumber: {column: invoiceNumber}
  issuedDate: {column: issuedDate}
  currency: {column: currency}
  amount: {column: amount}
line_items:
  billRef: {column: billRef}
  description: {column: description}
  netAmount: {column: netAmount}
"""
SHARED_LINES = """\
billRef,description,netAmount
R-1,Paper,12000
R-2,Pens,4000
R-3,Pens returned,500
"""


# What a credit note cannot be.
NOTE_BILLS = """\
billRef,type,vendor,companyEntity,invoiceNumber,issuedDate,currency,amount,status,document,creditsBill,fiNumber,norKidReference,swissPaymentReference,purchaseOrderId
1,bill,Birchwood Office Supplies Ltd,UK01,BOS-21,2025-03-03,GBP,1200000,,,,,,,
2,credit note,Birchwood Office Supplies Ltd,UK01,BOS-C-21,2025-03-04,GBP,700000,,,BOS-21,1232,182,RF18539007547034,3f1c7a52-0b8e-5d64-9a3d-7c5e2f1b8a90
3,credit note,Birchwood Office Supplies Ltd,UK01,BOS-C-22,2025-03-04,GBP,600000,posted,,BOS-21,,,,
4,credit note,Underhill Optics Ltd,UK01,UO-C-1,2025-03-04,GBP,50000,posted,,BOS-21,,,,
5,credit note,Birchwood Office Supplies Ltd,DE01,BOS-C-23,2025-03-04,GBP,50000,posted,,BOS-21,,,,
6,credit note,Birchwood Office Supplies Ltd,UK01,BOS-C-24,2025-03-04,EUR,50000,posted,,BOS-21,,,,
7,credit note,Birchwood Office Supplies Ltd,UK01,BOS-C-25,2025-03-04,GBP,50000,submitted,C-25.pdf,,,,,
8,credit note,Birchwood Office Supplies Ltd,UK01,BOS-C-26,2025-03-04,GBP,-50000,,,,,,,
9,credit note,Birchwood Office Supplies Ltd,UK01,BOS-C-27,2025-03-04,GBP,50000,posted,,BOS-1999,,,,
10,bill,Birchwood Office Supplies Ltd,UK01,BOS-22,2025-03-04,GBP,50000,,,BOS-21,,,,
"""  # noqa: E501
NOTE_LINES = """\
billRef,description,netAmount
1,Paper,1200000
2,Paper returned,700000
3,Paper returned,600000
4,Glasses returned,50000
5,Paper returned,50000
6,Paper returned,50000
7,Paper returned,50000
8,Paper returned,-50000
9,Paper returned,50000
10,Paper,50000
"""
NOTE_LEDGER = """\
Supplier,Number,Date,Type,Amount,Credits
Birchwood Office Supplies Ltd,BOS-31,2025-03-03,Invoice,120.00,
Birchwood Office Supplies Ltd,BOS-C-31,2025-03-04,Credit,-20.00,BOS-31
Birchwood Office Supplies Ltd,BOS-C-31,2025-03-04,Credit,-10.00,BOS-30
Birchwood Office Supplies Ltd,BOS-C-32,2025-03-04,Credit,15.00,
"""
NOTE_TEMPLATE = """\
template: credit-ledger
layout: flat
group_by: [Supplier, Number]
credit_notes: negative
formats: {numbers: point, amounts: decimal}
bills:
  vendor: {column: Supplier}
  type: {column: Type, map: {Invoice: bill, Credit: credit note}}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
  creditsBill: {column: Credits}
line_items:
  amount: {column: Amount}
"""


def write(folder: Path) -> None:
    """The files, into the folders of the samples."""
    texts = {
        "xero-bills/all-documents.csv": XERO,
        "zoho-bills/all-states.csv": ZOHO,
        "erpnext-purchase-invoices/all-documents.csv": ERPNEXT,
        "odoo-bills/all-documents.csv": ODOO,
        "uk-spend/with-credits.csv": SPEND,
        "light-broken/types-and-states.csv": BROKEN,
        "light-broken/types-and-states.yaml": BROKEN_TEMPLATE,
        "light-broken/unread-columns.csv": UNREAD,
        "light-broken/unread-columns.yaml": UNREAD_TEMPLATE,
        "light-broken/contrary-headers.csv": CONTRARY,
        "light-broken/contrary-headers.yaml": CONTRARY_TEMPLATE,
        "light-broken/shared-reference-bills.csv": SHARED_BILLS,
        "light-broken/shared-reference-lines.csv": SHARED_LINES,
        "light-broken/shared-reference.yaml": SHARED_TEMPLATE,
        "light-broken/credit-notes-bills.csv": NOTE_BILLS,
        "light-broken/credit-notes-lines.csv": NOTE_LINES,
        "light-broken/credit-ledger.csv": NOTE_LEDGER,
        "light-broken/credit-ledger.yaml": NOTE_TEMPLATE,
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
