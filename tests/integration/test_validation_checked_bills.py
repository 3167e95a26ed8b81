"""The bills that may be sent have what their row says, and their own lines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from bill_sheets import TAX, VENDOR, bill, line, two_csv_files


def test_bills_have_their_lines_in_sheet_order(tmp_path: Path) -> None:
    """More than are read together, a line of each standing after those of all others."""
    count, bad = 600, {7, 300}
    bills = [bill(billRef=f"B{i}", invoiceNumber=f"N{i}", amount=str(2 * i + 31),
                  currency="xx" if i in bad else "GBP") for i in range(count)]  # fmt: skip
    first = [line(billRef=f"B{i}", netAmount=str(i + 10), taxAmount="") for i in range(count)]
    second = [line(billRef=f"B{i}", netAmount=str(i + 20), taxAmount="1") for i in range(count)]
    of = two_csv_files(tmp_path, bills, first + second[::-1])
    found = list(of.valid_bills())
    wanted = [i for i in range(count) if i not in bad]
    assert [(b.index, b.row, b.amount, len(b.lines)) for b in found] == [
        (i, i + 2, 2 * i + 31, 2) for i in wanted
    ]
    for b in (*found, *found[::-1], *found[::290]):  # in any order
        i = b.index
        assert [(n.index, n.row, n.net_amount, n.tax_amount) for n in b.lines] == [
            (i, i + 2, i + 10, None), (2 * count - 1 - i, 2 * count + 1 - i, i + 20, 1)
        ]  # fmt: skip
        assert b.lines[1] == tuple(b.lines)[1]
        assert b.lines == tuple(b.lines)
        assert b.lines != tuple(b.lines)[:1]


def test_records_have_the_value_of_each_column(tmp_path: Path) -> None:
    ids = [f"{i:08x}-0000-4000-8000-000000000000" for i in range(6)]
    of = two_csv_files(
        tmp_path,
        [bill(vendor="Acme", companyEntityId=ids[0], companyEntity="UK", paymentAt="2025-04-02",
              lineItemsIncludeTax="true", description="Paper and ink", senderBankAccountId=ids[1],
              localCurrencyFxRateOverride="1.5", groupCurrencyFxRateOverride="0.25",
              paidFromBankAccountId=ids[2], document="one.pdf")],
        [line(amount="12000", netAmount="10000", taxAmount="2000", taxCode="T1", accountId=ids[3],
              account="400", shouldAmortize="true", amortizationStartDate="2025-03-02",
              amortizationEndDate="2026-03-01", amortizationTemplateId=ids[4])],
    )  # fmt: skip
    [b] = of.valid_bills()
    assert (b.vendor_id, b.vendor, b.company_entity_id, b.company_entity, b.invoice_number) == (
        VENDOR, "Acme", ids[0], "UK", "INV-1"
    )  # fmt: skip
    assert b.payment_at is not None
    assert (b.issued_date, b.due_date, b.payment_at.date()) == (
        date(2025, 3, 1), date(2025, 3, 31), date(2025, 4, 2)
    )  # fmt: skip
    assert (b.currency, b.amount, b.include_tax, b.description) == (
        "GBP", 12000, True, "Paper and ink"
    )  # fmt: skip
    assert (b.sender_bank_account_id, b.paid_from_bank_account_id, b.document) == (
        ids[1],
        ids[2],
        "one.pdf",
    )
    assert (b.local_fx_rate, b.group_fx_rate) == (Decimal("1.5"), Decimal("0.25"))
    [n] = b.lines
    assert (n.amount, n.net_amount, n.tax_amount, n.description) == (12000, 10000, 2000, "Paper")
    assert (n.tax_code_id, n.tax_code, n.account_id, n.account) == (TAX, "T1", ids[3], "400")
    assert (n.amortization_start_date, n.amortization_end_date, n.amortization_template_id) == (
        date(2025, 3, 2), date(2026, 3, 1), ids[4]
    )  # fmt: skip
