"""The list of the lines of the ledger, at the two addresses that Light's pages have for it.

Source of the fields: the parameter descriptions of ``GET /v1/ledger-transaction-lines``. Amounts
are filtered by their signed cents.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from importer.sandbox.gate import json_answer
from importer.sandbox.list_filters import FilterType
from importer.sandbox.lists import BLANK, BOOLEANS, listing_of
from importer.sandbox.paging import read_page
from importer.sandbox.refusals import Problem, refusal
from importer.sandbox.route_context import Context
from importer.sandbox.store_tables import LEDGER_LINES

LEDGER_PATHS = ("/v1/ledger-transaction-lines", "/v1/ledger-transactions/lines")
_BLANKS = "customPropertyValueId eliminationOffset lineType"
LEDGER_LIST = listing_of(
    "ledger-transaction-lines",
    LEDGER_LINES,
    filters={
        FilterType.UUID: """
            accountId accDocId businessPartnerId companyEntityId customPropertyValueId id
            transactionId
        """,
        FilterType.INTEGER: "accountCode groupAmount localAmount",
        FilterType.TEXT: """
            accountType businessPartnerName companyEntityCode documentSequenceId documentType
            eliminationOffset groupCurrency ledgerName lineType localCurrency taxTagLabel
            transactionCurrency transactionSequenceId
        """,
        FilterType.DATE: "postingDate",
        FilterType.MOMENT: "createdAt",
    },
    sorts="""
        accountingDocumentNumber transactionSequenceId documentSequenceId documentType accountCode
        accountLabel postingDate accountType taxTagLabel createdAt
    """,
    columns={
        "accDocId": LEDGER_LINES.c.accounting_document_id,
        "transactionId": LEDGER_LINES.c.ledger_transaction_id,
        **dict.fromkeys(_BLANKS.split(), BLANK),
    },
    values={"ledgerName": ("PRIMARY", "ELIMINATION")},
    flags={"includeCustomProperties": BOOLEANS, "includeMaxLineAmount": BOOLEANS},
)


async def list_ledger_lines(context: Context, request: Request) -> Response:
    """A page of lines; custom properties for those who ask for them."""
    context.counters.lists += 1
    if context.settings.no_ledger:
        message = "The role of this key has no permission to read the ledger."
        raise refusal([Problem("FORBIDDEN", message, (), 403)])
    page = read_page(context.store, LEDGER_LIST, request.query_params)
    if request.query_params.get("includeCustomProperties") != "true":
        for record in page["records"]:
            record["customProperties"] = None
    return json_answer({"maxTransactionAmount": None, **page})
