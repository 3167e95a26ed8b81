"""The tie-out with a generated ledger: it agrees with a true one, and any altered line is found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from importer.model.bills import Bill, LineItem
from importer.model.ledger import LedgerLine, LedgerSide, LedgerTieOut
from importer.report.ledger_tie_out import Names, PostedDocument, compute_ledger_tie_out

UK, DE = "entity-uk", "entity-de"
TAX_ACCOUNT = "account-0"  # which bills may use as well


def _book(
    ledger: list[LedgerLine],
    of_document: LedgerLine,
    account: str,
    cents: int,
    code: str | None = None,
    account_type: str = "EXPENSE",
) -> None:
    line = replace(
        of_document,
        id=f"{of_document.document_id}-{len(ledger)}",
        account_id=account,
        account_code=account[-1],
        cents=cents,
        local_cents=3 * cents,
        tax_id=code,
        tax_code=code,
        account_type=account_type,
    )
    ledger.append(line)


@st.composite
def documents(draw: st.DrawFn) -> list[tuple[Bill, list[LedgerLine]]]:
    """Bills and credit notes as they were sent, and the lines that a ledger books of each."""
    out = []
    for n in range(draw(st.integers(1, 5))):
        sign = -1 if draw(st.booleans()) else 1
        include_tax, stated = draw(st.booleans()), draw(st.booleans())
        currency, entity = draw(st.sampled_from(["GBP", "EUR"])), draw(st.sampled_from([UK, DE]))
        items: list[LineItem] = []
        ledger: list[LedgerLine] = []
        gross = 0

        line = LedgerLine("", str(n), "", "", "", "", entity, entity, 0, currency)
        book = partial(_book, ledger, replace(line, local_currency="DKK"))
        for i in range(draw(st.integers(1, 4))):
            net = sign * draw(st.integers(-500, 9_000))
            code = draw(st.sampled_from([None, "tax-a", "tax-b"]))
            tax = 0 if code is None else draw(st.sampled_from([0, net // 5, net // 20]))
            account = f"account-{draw(st.integers(0, 3))}"
            shown = tax if stated and code else None
            base = {"amount": net + tax} if include_tax else {"net_amount": net}
            item = LineItem(i, 0, i, tax_amount=shown, tax_code_id=code, account_id=account, **base)
            items.append(item)
            gross += net + tax
            book(account, net, code)
            if tax:
                book(TAX_ACCOUNT, tax, code)
        book("payables", -gross, account_type="ACCOUNTS_PAYABLE")
        bill = Bill(
            index=n,
            table=0,
            row=n,
            currency=currency,
            amount=gross,
            include_tax=include_tax,
            lines=items,
            company_entity_id=entity,
            credit_note=sign < 0,
        )
        out.append((bill, draw(st.permutations(ledger))))
    return out


def tied(pairs: list[tuple[Bill, list[LedgerLine]]]) -> LedgerTieOut:
    posted = [
        PostedDocument(n, bill, posted=True, state="UNPAID", lines=lines)
        for n, (bill, lines) in enumerate(pairs)
    ]
    return compute_ledger_tie_out(posted, Names())


@given(documents())
def test_true_ledger_ties_out_and_sums_to_nothing(
    pairs: list[tuple[Bill, list[LedgerLine]]],
) -> None:
    ledger = tied(pairs)
    assert (ledger.problems, ledger.documents) == ({}, len(pairs))
    assert all(total.difference in (0, None) for total in ledger.accounts)
    sums: Counter[tuple[str, str]] = Counter()
    for total in ledger.accounts:
        assert total.ledger is not None
        sums[total.entity, total.currency] += total.ledger
    assert set(sums.values()) == {0}
    gross: Counter[tuple[str, str]] = Counter()
    for bill, _ in pairs:
        gross[str(bill.company_entity_id), bill.currency] -= bill.amount
    payables = {
        (total.entity, total.currency): total.sheet
        for total in ledger.accounts
        if total.side is LedgerSide.PAYABLES
    }
    assert payables == dict(gross)
    assert sum(total.local["DKK"] for total in ledger.accounts if total.local) == 0


@given(documents(), st.data())
def test_one_altered_line_is_found_in_its_document(
    pairs: list[tuple[Bill, list[LedgerLine]]], data: st.DataObject
) -> None:
    n = data.draw(st.integers(0, len(pairs) - 1))
    bill, lines = pairs[n]
    i = data.draw(st.integers(0, len(lines) - 1))
    cents = lines[i].cents
    assert cents is not None
    change = data.draw(
        st.sampled_from(
            [
                {"cents": cents + 1, "local_cents": 3 * cents + 3},
                {"cents": None},
                {"local_cents": 3 * cents + 1},
                {"currency": "USD"} if cents else {"cents": 1},
                {"ledger": "ELIMINATION"} if cents else {"cents": -1},
            ]
        )
    )
    altered = [replace(line, **change) if line is lines[i] else line for line in lines]
    ledger = tied([*pairs[:n], (bill, altered), *pairs[n + 1 :]])
    assert set(ledger.problems) == {n}
    assert not ledger.agrees


@given(documents(), st.data())
def test_amount_on_another_account_is_found_where_the_sheet_states_it(
    pairs: list[tuple[Bill, list[LedgerLine]]], data: st.DataObject
) -> None:
    bill, lines = pairs[0]
    stated = [
        line
        for line in lines
        if line.cents and line.account_type != "ACCOUNTS_PAYABLE" and not line.tax_id
    ]
    if not stated:
        return
    moved = data.draw(st.sampled_from(stated))
    altered = [replace(line, account_id="other") if line is moved else line for line in lines]
    total = {line.account_id for line in lines}
    assert "other" not in total
    ledger = tied([(bill, altered), *pairs[1:]])
    assert set(ledger.problems) == {0}


def test_document_that_is_posted_and_not_in_the_ledger_is_missing() -> None:
    line = LineItem(0, 0, 0, net_amount=5, account_id="a")
    bill = Bill(index=0, table=0, row=0, currency="GBP", amount=5, include_tax=False, lines=[line])
    ledger = tied([(bill, [])])
    assert [each.code for each in ledger.problems[0]] == ["light.ledger_missing"]
    assert {total.difference for total in ledger.accounts} == {5, -5}
    waiting = PostedDocument(0, bill, posted=False, state="IN_DRAFT", lines=())
    assert compute_ledger_tie_out([waiting], Names()).waiting == 1


def test_amounts_of_another_currency_are_shown_in_its_own_unit() -> None:
    item = LineItem(0, 0, 0, net_amount=500, account_id="a")
    bill = Bill(0, 0, 0, currency="JPY", amount=500, unit=1, include_tax=False, lines=[item])
    line = LedgerLine("1", "0", "a", "7", "", "EXPENSE", "", "", 500, "JPY", 500, "GBP")
    payables = replace(line, id="2", account_id="p", account_type="ACCOUNTS_PAYABLE")
    short = replace(payables, cents=-500, local_cents=-377)
    [problem] = tied([(bill, [line, short])]).problems[0]
    assert problem.words == {"amount": "GBP 1.23"}
    dollars = [replace(line, currency="USD"), replace(short, currency="USD", local_cents=-500)]
    ledger = tied([(bill, dollars)])
    assert {total.currency: total.unit for total in ledger.accounts} == {"JPY": 1, "USD": 100}
