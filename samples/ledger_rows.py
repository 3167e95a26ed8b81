"""Ledgers in which it is hard to say which rows are one bill, and which are none."""

from __future__ import annotations

from pathlib import Path

# Numbers in several spellings, placeholders for numbers, and a batch that Excel has shortened.
KEYS = """\
Supplier,Number,Batch,Date,Net,Text
Ironbridge Tools Ltd,IT 204,B1,2025-03-03,40.00,Blades
IRONBRIDGE TOOLS LTD,it  204,b1,2025-03-03,25.00,Saws
Orchard Packaging Ltd,N/A,B1,2025-03-04,12.70,Pallet wrap
Orchard Packaging Ltd,TBC,B1,2025-03-05,19.35,Cartons
Calder Valley Print Ltd,CV-7710,3.67E+17,2025-03-06,64.00,Forms
Calder Valley Print Ltd,CV-7711,B1,2025-03-07,36.50,Labels
,CV-7711,B1,2025-03-07,4.20,Parcel tape
Calder Valley Print Ltd,CV-7711,B1,2025-03-07,18.00,Ink
"""

# Two exports in one file, which overlap by two bills.
OVERLAP = """\
Supplier,Number,Batch,Date,Net,Text
Ironbridge Tools Ltd,IT-301,B1,2025-03-03,40.00,Blades
Calder Valley Print Ltd,CV-7720,B1,2025-03-06,64.00,Forms
Calder Valley Print Ltd,CV-7720,B1,2025-03-06,36.50,Labels
Orchard Packaging Ltd,OP-31,B1,2025-03-07,12.70,Pallet wrap
Calder Valley Print Ltd,CV-7720,B1,2025-03-06,64.00,Forms
Calder Valley Print Ltd,CV-7720,B1,2025-03-06,36.50,Labels
Orchard Packaging Ltd,OP-31,B1,2025-03-07,12.70,Pallet wrap
Orchard Packaging Ltd,OP-32,B1,2025-03-08,19.35,Cartons
"""

# Only the first row of a bill has its header cells. A supplier and its number were taken out, a
# vendor is missing, a note has no amount, and totals stand between and below.
REPORT = """\
Supplier,Number,Date,Account,Text,Net
Ironbridge Tools Ltd,IT-401,2025-03-03,7220,Blades,40.00
,,,7220,Saws,25.00
,,,,Delivered in March,
,,,,Subtotal,65.00
,,2025-03-04,7220,Consultancy,900.00
Orchard Packaging Ltd,OP-41,2025-03-05,7220,Pallet wrap,12.70
Orchard Packaging Ltd,OP-42,2025-03-06,7220,Cartons,19.35
,OP-43,2025-03-07,7220,Tape,8.40
,,,,,1005.45
"""

# Prices with a discount, and a subtotal beside them that one line contradicts.
PRICES = """\
Supplier,Number,Date,Quantity,Price,Discount,Subtotal,Rounding,Text
Ironbridge Tools Ltd,IT-501,2025-03-03,4,10.00,25,30.00,-0.01,Blades
Ironbridge Tools Ltd,IT-501,2025-03-03,1,25.00,,25.00,-0.01,Saws
Orchard Packaging Ltd,OP-51,2025-03-04,2,6.35,,12.00,,Pallet wrap
Calder Valley Print Ltd,CV-7730,2025-03-05,1,64.00,640,,,Forms
Calder Valley Print Ltd,CV-7731,2025-03-06,3,12.00,10,32.40,,Labels
"""

# A web page saved from a portal; an amount goes over both rows of a bill.
PAGE = """\
<html><body><table>
<tr><th>Supplier</th><th>Number</th><th>Date</th><th>Account</th><th>Text</th><th>Net</th></tr>
<tr><td rowspan=2>Ironbridge Tools Ltd</td><td rowspan=2>IT-601</td><td rowspan=2>2025-03-03</td>
<td>7220</td><td>Blades</td><td>40.00</td></tr>
<tr><td>7220</td><td>Saws</td><td>25.00</td></tr>
<tr><td rowspan=2>Orchard Packaging Ltd</td><td rowspan=2>OP-61</td><td rowspan=2>2025-03-04</td>
<td>7220</td><td>Pallet wrap</td><td rowspan=2>19.00</td></tr>
<tr><td>7220</td><td>Cartons</td></tr>
</table></body></html>
"""


def write(folder: Path) -> None:
    """The files, into ``folder``; their template stands there."""
    (folder / "ledger-keys.csv").write_bytes(KEYS.encode())
    (folder / "ledger-overlap.csv").write_bytes(OVERLAP.encode())
    (folder / "ledger-report.csv").write_bytes(REPORT.encode())
    (folder / "ledger-prices.csv").write_bytes(PRICES.encode())
    (folder / "ledger-merged.html").write_bytes(PAGE.encode())
