"""Exports of other systems that are laid out for people, each with what may go wrong in it."""

from __future__ import annotations

from pathlib import Path

# As QuickBooks prints it, saved on an old Mac: a row with the vendor's name, its bills, its total.
REPORT = """\
Wren & Holt Ltd
Unpaid bills by vendor

,Date,Number,Description,Amount
Bergström Papper AB
,03/03/2025,BP-2291,Copying paper,120.00
,10/03/2025,BP-2304,Envelopes, window, C5,48.60
Total for Bergström Papper AB,,,,"168.60"
Kaffeerösterei Lindner GmbH
,05/03/2025,KL-1180,Coffee für das Büro,96.40
Bergström Papper AB,19/03/2025,KL-1207,Coffee for the offices,88.15
Total for Kaffeerösterei Lindner GmbH,,,,"194.55"
TOTAL,,,,"363.15"
"""

# The second header row, with the units, has been deleted from the file.
SPLIT = """\
Supplier,Invoice,Invoice,Total
Calder Valley Print Ltd,CV-7701,03/03/2025,64.00
Calder Valley Print Ltd,CV-7702,04/03/2025,36.50
"""

# A name of another group stands in a bill's own row; a bill stands in the row of a group's name.
CODES = """\
Vendor,Date,Number,Amount
V: Amberley Couriers Ltd,,,
,03/03/2025,AC-118,60.00
V: Ashdown Water Services,05/03/2025,AW-9,31.20
"""

# Only the first row of a bill has its header cells; one is void, one begins with an inch mark that
# is taken for a quotation mark, and a bill stands where the total is looked for.
LIST = """\
Supplier,Number,Date,Status,Text,Amount
Ironbridge Tools Ltd,IT-88,03/03/2025,,Blades,40.00
,,,,Saws,25.00
Dunmore Plumbing & Heating,DPH-41,04/03/2025,Void,Call-out,85.00
,,,,Parts,27.38
Orchard Packaging Ltd,OP-7,05/03/2025,,"12 inch tape,8.40
Orchard Packaging Ltd,OP-8,06/03/2025,,Pallet wrap,12.70
Orchard Packaging Ltd,OP-9,07/03/2025,,Cartons 12",19.35
Total Gas & Power,TGP-3,10/03/2025,,Gas,73.10
End of Line Ltd,EL-2,10/03/2025,,Cables,14.00
"""

# Amounts in two columns of which one is meant, dates beyond the time that is stated, dollar prices.
COLUMNS = """\
Supplier,Number,Day,Total,Balance,Debit,Credit,Quantity,Price,Code,From,To
V-1008,C-1,0703,120.00,,100.00,0.00,2,10.00,full,0103,3103
V-1008,C-2,0703,240.00,230.00,200.00,5.00,4,10.00,full,,
V-1008,C-3,1512,120.00,,100.00,,2,US$10.00,full,0512,1512
"""

# DATEV's first row says what the file is; the year of its dates should stand in M1.
EXTF = """\
"EXTF";700;21;"Buchungsstapel";13;20250401090000000;;"RE";"";"";29098;55003;;4
Umsatz (ohne Soll/Haben-Kz);Konto;Belegdatum;Belegfeld 1;Buchungstext
96,40;V-1027;0503;KL-1180;Kaffee
"""

# The report has no dates, and whoever wrote the template left them out of it too.
NO_DATES = """\
Supplier,Our ref,Text,Gross
V-1027,KL-1180,Coffee,96.40
V-1016,KL-1181,Cleaning,120.00
"""


def write(folder: Path) -> None:
    """The files, into ``folder``; their templates stand there."""
    (folder / "report-by-vendor.csv").write_bytes(REPORT.encode("mac_roman").replace(b"\n", b"\r"))
    (folder / "report-by-code.csv").write_bytes(CODES.encode())
    (folder / "printed-list.csv").write_bytes(LIST.encode())
    (folder / "both-columns.csv").write_bytes(COLUMNS.encode())
    (folder / "no-dates.csv").write_bytes(NO_DATES.encode())
    (folder / "no-year.csv").write_bytes(EXTF.encode("cp1252"))
    (folder / "split-header.csv").write_bytes(SPLIT.encode())
