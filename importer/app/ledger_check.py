"""Read the ledger's lines of a run's documents, and tie them out with what was loaded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType

from importer.core.errors import KeyRefused, StoppedEarly
from importer.core.object_ids import normal_id, same_id
from importer.light.client import LightClient
from importer.loading.bill_state import NEVER_IN_LEDGER, is_in_ledger
from importer.loading.loaded_bills import LoadedBill
from importer.model.bills import Bill
from importer.model.ledger import LedgerLine, LedgerTieOut
from importer.model.light_objects import LightBill
from importer.model.read_back import Comparison, ReadBack
from importer.report.ledger_tie_out import Names, PostedDocument, compute_ledger_tie_out

NO_IDS: Mapping[str, str] = MappingProxyType({})


async def check_ledger(
    client: LightClient, bills: Sequence[LoadedBill], read_backs: Mapping[int, ReadBack]
) -> tuple[LedgerTieOut, StoppedEarly | None]:
    """The tie-out, and why the ledger could not be read, if it could not.

    ``read_backs``, by entry, say which bills are posted; one that Light does not have any more is
    not looked for. A document that does not tie out is read a second time, as a list may lag, and
    one without lines also by the id of its accounting document.
    """
    live = [
        (loaded, back)
        for loaded in bills
        if (back := read_backs.get(loaded.entry.id)) is not None
        and back.comparison is not Comparison.MISSING
    ]
    asked = [loaded for loaded, back in live if back.light_state not in NEVER_IN_LEDGER]
    try:
        lines = await _lines(client, asked)
        documents = [
            PostedDocument(
                entry=loaded.entry.id,
                bill=loaded.sent,
                posted=is_in_ledger(back.light_state),
                state=back.light_state,
                lines=lines.get(normal_id(loaded.light_id), ()),
            )
            for loaded, back in live
        ]
        names = await _names(client, documents)
        tie_out = compute_ledger_tie_out(documents, names)
        if tie_out.problems:
            again = [loaded for loaded in asked if loaded.entry.id in tie_out.problems]
            unlisted = [each for each in again if normal_id(each.light_id) not in lines]
            ids = await _document_ids(client, unlisted)
            lines = await _lines(client, again, ids)
            by_entry = {each.entry.id: lines.get(normal_id(each.light_id), ()) for each in again}
            documents = [
                replace(each, lines=by_entry.get(each.entry, each.lines)) for each in documents
            ]
            tie_out = compute_ledger_tie_out(documents, names)
    except StoppedEarly as error:
        return LedgerTieOut(refused=str(error)), error
    return tie_out, None


async def _lines(
    client: LightClient, bills: Sequence[LoadedBill], ids: Mapping[str, str] = NO_IDS
) -> dict[str, list[LedgerLine]]:
    """By Light's id of the bill. ``ids``: those of the documents, where they are others."""
    bill_of = {ids.get(id, id): id for id in (normal_id(each.light_id) for each in bills)}
    by_bill = defaultdict(list)
    for line in await client.ledger_lines([*bill_of]):
        by_bill[bill_of[line.document_id]].append(line)
    return by_bill


async def _document_ids(client: LightClient, bills: Sequence[LoadedBill]) -> dict[str, str]:
    """The ids of the accounting documents of bills, where they can be found: Light does not say
    that a document has the id of its bill. By the id of the bill."""
    numbered = [each for each in bills if each.sent.invoice_number and not each.entry.credit_note]
    if not numbered:
        return {}
    documents = await client.bill_documents(str(each.sent.invoice_number) for each in numbered)
    ids: dict[str, str] = {}
    for loaded in numbered:
        matching = [each.id for each in documents if _is_of(each, loaded.sent)]
        if len(matching) == 1:
            ids[normal_id(loaded.light_id)] = matching[0]
    taken = Counter(ids.values())
    return {bill: document for bill, document in ids.items() if taken[document] == 1}


def _is_of(document: LightBill, bill: Bill) -> bool:
    """Whether a document is that of the bill, by all that its list shows."""
    return (
        document.invoice_number == bill.invoice_number
        and same_id(document.vendor_id, bill.vendor_id)
        and document.currency == bill.currency
        and document.amount == abs(bill.amount)
        and (
            bill.company_entity_id is None
            or same_id(document.company_entity_id, bill.company_entity_id)
        )
    )


async def _names(client: LightClient, documents: Sequence[PostedDocument]) -> Names:
    """The names of accounts and entities, where the ledger's lines do not have them all."""
    in_ledger = {line.account_id for document in documents for line in document.lines}
    of_sheet = {
        normal_id(line.account_id or "") for document in documents for line in document.bill.lines
    }
    if of_sheet <= in_ledger:
        return Names()
    with suppress(KeyRefused):  # then their ids are shown
        return Names(
            {each.id: (each.code, each.label) for each in await client.accounts()},
            {each.id: each.name for each in await client.entities()},
        )
    return Names()
