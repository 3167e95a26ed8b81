"""Tie out the ledger with what was loaded: by document, account, tax code and payables.

Light does not say in full what its ledger looks like, so a line is taken for what it can be:
payables by the type of its account, net by an account of the sheet, the rest tax by its tax code.
A line that is none of these is of an account that the sheet does not have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from importer.core.money import money
from importer.core.object_ids import normal_id
from importer.model.bills import Bill, LineItem
from importer.model.ledger import (
    AccountTotal,
    LedgerLine,
    LedgerProblem,
    LedgerSide,
    LedgerTieOut,
)

PAYABLES = "ACCOUNTS_PAYABLE"
_LATER = frozenset(("AMORTIZATION", "FX", "CTA", "BANK_CLEARING"))  # not what a document books
_SIDES = [*LedgerSide]
_MOST_WORDS = 6  # differences of one document in a sentence

Key = tuple[LedgerSide, str]  # and the id of the account or tax code; "" of payables


@dataclass(frozen=True)
class PostedDocument:
    """A bill or credit note of a run as it was sent, and its lines in the ledger.

    ``posted``: whether Light's state says that it is in the ledger.
    """

    entry: int
    bill: Bill
    posted: bool
    state: str
    lines: Sequence[LedgerLine]


@dataclass(frozen=True)
class Names:
    """What accounts, tax codes and entities are called, by id: (code, label)."""

    accounts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    entities: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Sum:
    """``sheet`` and ``ledger`` are None as soon as one amount is not stated."""

    sheet: int | None = 0
    ledger: int | None = 0
    documents: set[int] = field(default_factory=set)
    local: Counter[str] = field(default_factory=Counter)

    def add_line(self, line: LedgerLine) -> None:
        self.ledger = _plus(self.ledger, line.cents)
        if line.local_cents is not None and line.local_currency:
            self.local[line.local_currency] += line.local_cents


def _plus(cents: int | None, more: int | None) -> int | None:
    return None if cents is None or more is None else cents + more


def expected_amounts(bill: Bill) -> dict[Key, int | None]:
    """What the ledger is to have of a document, by account, by tax code, and on payables; None
    where the sheet does not state it. A tax that only the total of the bill states is worked out
    where it is of one tax code."""
    amounts: dict[Key, int | None] = {}

    def add(key: Key, cents: int | None) -> None:
        amounts[key] = _plus(amounts.get(key, 0), cents)

    pairs = [_net_and_tax(line) for line in bill.lines]
    inferred = _inferred_tax(bill, pairs)
    for line, (net, tax) in zip(bill.lines, pairs, strict=True):
        add((LedgerSide.ACCOUNT, normal_id(line.account_id or "")), net)
        code = normal_id(line.tax_code_id or "")
        if code and code not in inferred:
            add((LedgerSide.TAX, code), tax)
    amounts |= {(LedgerSide.TAX, code): tax for code, tax in inferred.items()}
    amounts[LedgerSide.PAYABLES, ""] = -bill.amount
    return amounts


def _net_and_tax(line: LineItem) -> tuple[int | None, int | None]:
    gross, net, tax = line.amount, line.net_amount, line.tax_amount
    if tax is None and line.tax_code_id is None:
        tax = 0
    if net is None and gross is not None and tax is not None:
        net = gross - tax
    if tax is None and gross is not None and net is not None:
        tax = gross - net
    return net, tax


def _inferred_tax(bill: Bill, pairs: Sequence[tuple[int | None, int | None]]) -> dict[str, int]:
    """The tax of the one code whose tax the lines leave out, from the bill's total."""
    unstated = {
        normal_id(line.tax_code_id or "")
        for line, (_, tax) in zip(bill.lines, pairs, strict=True)
        if tax is None
    }
    if len(unstated) != 1 or any(net is None for net, _ in pairs):
        return {}
    [code] = unstated
    others = sum(
        tax or 0
        for line, (_, tax) in zip(bill.lines, pairs, strict=True)
        if normal_id(line.tax_code_id or "") != code
    )
    return {code: bill.amount - sum(net or 0 for net, _ in pairs) - others}


def booked_lines(bill: Bill, lines: Iterable[LedgerLine]) -> Iterator[tuple[Key, LedgerLine]]:
    """What each line of the ledger is."""
    pairs = [(line, *_net_and_tax(line)) for line in bill.lines]
    accounts = {normal_id(line.account_id or "") for line, _, _ in pairs}
    nets = Counter[tuple[str, int | None]](
        (normal_id(line.account_id or ""), net) for line, net, _ in pairs
    )
    taxes = Counter[tuple[str, int | None]](
        (normal_id(line.tax_code_id), tax) for line, _, tax in pairs if tax and line.tax_code_id
    )
    others = []
    for line in lines:
        if nets[line.account_id, line.cents] > 0:
            nets[line.account_id, line.cents] -= 1
            yield (LedgerSide.ACCOUNT, line.account_id), line
        else:
            others.append(line)
    open_accounts = {account for account, _ in +nets}  # not every net amount of theirs is there
    for line in others:
        code = line.tax_id or ""
        is_tax = bool(code) and (
            taxes[code, line.cents] > 0 or line.account_id not in open_accounts
        )
        if line.account_type == PAYABLES:
            yield (LedgerSide.PAYABLES, ""), line
        elif line.account_id in accounts and not is_tax:
            yield (LedgerSide.ACCOUNT, line.account_id), line
        else:
            # A ledger may leave the code out on the line of the tax itself.
            codes = [each for each, cents in +taxes if cents == line.cents]
            code = code or (codes[0] if len(codes) == 1 else "")
            taxes[code, line.cents] -= 1
            side = LedgerSide.TAX if code else LedgerSide.ACCOUNT
            yield (side, code or line.account_id), line


def compute_ledger_tie_out(documents: Sequence[PostedDocument], names: Names) -> LedgerTieOut:
    """The tie-out of all documents; those that are neither posted nor in the ledger are counted."""
    sums: dict[tuple[str, str, Key], _Sum] = defaultdict(_Sum)
    problems: dict[int, tuple[LedgerProblem, ...]] = {}
    labels: dict[Key, tuple[str, str]] = {
        (LedgerSide.ACCOUNT, account): name for account, name in names.accounts.items()
    }
    entities = dict(names.entities)
    units = {each.bill.currency: each.bill.unit for each in documents}
    counts: Counter[str] = Counter()
    for document in documents:
        primary = [line for line in document.lines if line.ledger == "PRIMARY"]
        lines = [line for line in primary if line.kind not in _LATER]
        counts["other"] += len(primary) - len(lines)
        if not lines and not document.posted:
            counts["waiting"] += 1
            continue
        counts["documents"] += 1
        counts["lines"] += len(lines)
        for line in lines:
            entities.setdefault(line.entity_id, line.entity_name)
        wrong = [*_add_document(sums, labels, document, lines, units)]
        counts["missing"] += not lines
        counts["unbalanced"] += any(each.code == "light.ledger_unbalanced" for each in wrong)
        counts["without_local"] += any(line.local_cents is None for line in lines)
        if wrong:
            problems[document.entry] = tuple(wrong)
    totals = [
        AccountTotal(
            entity=entities.get(entity) or entity,
            currency=currency,
            side=side,
            code=labels.get((side, key), (key, ""))[0],
            label=labels.get((side, key), ("", ""))[1],
            sheet=each.sheet,
            ledger=each.ledger,
            documents=len(each.documents),
            unit=units.get(currency, 100),
            local=dict(each.local),
        )
        for (entity, currency, (side, key)), each in sums.items()
    ]
    totals.sort(key=lambda each: (each.entity, each.currency, _SIDES.index(each.side), each.code))
    return LedgerTieOut(
        documents=counts["documents"],
        lines=counts["lines"],
        waiting=counts["waiting"],
        missing=counts["missing"],
        unbalanced=counts["unbalanced"],
        other_lines=counts["other"],
        without_local=counts["without_local"],
        accounts=tuple(totals),
        problems=problems,
    )


def _add_document(
    sums: dict[tuple[str, str, Key], _Sum],
    labels: dict[Key, tuple[str, str]],
    document: PostedDocument,
    lines: Sequence[LedgerLine],
    units: Mapping[str, int],
) -> Iterator[LedgerProblem]:
    """Add a document to the sums; what is wrong with it. ``units``: how many cents a unit of a
    currency has, where it is not 100."""
    bill = document.bill
    entity = normal_id(bill.company_entity_id or "") or next((x.entity_id for x in lines), "")
    of_document: dict[tuple[str, str, Key], _Sum] = defaultdict(_Sum)
    for key, cents in expected_amounts(bill).items():
        of_document[entity, bill.currency, key].sheet = cents
    for line in lines:  # a code of 0 % has no line of its own
        if line.tax_id:
            labels[LedgerSide.TAX, line.tax_id] = (line.tax_code or line.tax_id, "Tax")
    for key, line in booked_lines(bill, lines):
        side, _ = key
        if side is not LedgerSide.TAX:
            labels[key] = (line.account_code, line.account_label)
        of_document[line.entity_id, line.currency or "?", key].add_line(line)
    for place, each in of_document.items():
        total = sums[place]
        total.documents.add(document.entry)
        total.sheet = _plus(total.sheet, each.sheet)
        total.ledger = _plus(total.ledger, each.ledger)
        total.local.update(each.local)
    if not lines:
        yield LedgerProblem("light.ledger_missing", {"state": document.state})
        return
    if unread := sum(line.cents is None or not line.currency for line in lines):
        yield LedgerProblem("light.ledger_unreadable", {"number": str(unread)})
    yield from _unbalanced(lines, units)
    differences = [
        f"{_name(key, labels)}: {money(each.sheet, units.get(currency, 100))} in the sheet,"
        f" {money(each.ledger, units.get(currency, 100))} in the ledger"
        + (f" ({currency})" if currency != bill.currency else "")
        for (_, currency, key), each in of_document.items()
        if each.sheet is not None and each.ledger is not None and each.sheet != each.ledger
    ]
    differences += _without_lines(bill, lines)
    if differences:
        more = len(differences) - _MOST_WORDS
        words = "; ".join(differences[:_MOST_WORDS]) + (f"; and {more} more" if more > 0 else "")
        yield LedgerProblem("light.ledger_differs", {"differences": words})


def _without_lines(bill: Bill, lines: Sequence[LedgerLine]) -> Iterator[str]:
    """The accounts whose amounts the sheet leaves to Light, and the ledger does not have at all."""
    in_ledger = {line.account_id for line in lines}
    unstated = {key for key, cents in expected_amounts(bill).items() if cents is None}
    gross = Counter[str]()
    for line in bill.lines:
        gross[normal_id(line.account_id or "")] += line.amount or 0
    for side, account in unstated:
        if side is LedgerSide.ACCOUNT and account not in in_ledger and gross[account]:
            yield f"account {account}: an amount in the sheet, nothing in the ledger"


def _unbalanced(lines: Sequence[LedgerLine], units: Mapping[str, int]) -> Iterator[LedgerProblem]:
    """Where debit is not credit, in the currency of the document or in that of the entity."""
    for pairs in (
        [(line.currency, line.cents) for line in lines],
        [(line.local_currency, line.local_cents) for line in lines],
    ):
        if any(cents is None for _, cents in pairs):
            continue
        balance: Counter[str] = Counter()
        for currency, cents in pairs:
            balance[currency or "?"] += cents or 0
        for currency, cents in balance.items():
            if cents:
                text = f"{currency} {money(cents, units.get(currency, 100))}"
                yield LedgerProblem("light.ledger_unbalanced", {"amount": text})
                return


def _name(key: Key, labels: Mapping[Key, tuple[str, str]]) -> str:
    side, identity = key
    if side is LedgerSide.PAYABLES:
        return "payables"
    code = labels.get(key, (identity, ""))[0]
    return f"{'tax ' if side is LedgerSide.TAX else 'account '}{code}"
