"""The mapping of a ledger of one row a line item, which several tests vary the source of."""

from __future__ import annotations

MAPPING = """
formats: {dates: [DD/MM/YYYY], numbers: point, amounts: decimal}
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  invoiceNumber: {column: Number}
  issuedDate: {column: Date}
  currency: {value: GBP}
  amount: {sum_of_lines: gross}
  lineItemsIncludeTax: {value: true}
line_items:
  amount: {column: Amount}
"""
