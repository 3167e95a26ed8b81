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
,19/03/2025,KL-1207,Coffee for the offices,88.15
Total for Kaffeerösterei Lindner GmbH,,,,"194.55"
TOTAL,,,,"363.15"
"""

# The second header row, with the units, has been deleted from the file.
SPLIT = """\
Supplier,Invoice,Invoice,Total
Calder Valley Print Ltd,CV-7701,03/03/2025,64.00
Calder Valley Print Ltd,CV-7702,04/03/2025,36.50
"""


def write(folder: Path) -> None:
    """The files, into ``folder``; their templates stand there."""
    (folder / "report-by-vendor.csv").write_bytes(REPORT.encode("mac_roman").replace(b"\n", b"\r"))
    (folder / "split-header.csv").write_bytes(SPLIT.encode())
