"""Who has to approve a bill: the user of the keys first, then those of the settings, in order.

Source: the models of approvals and users in the API description. It leaves out what Light answers
to a user whose turn it is not; here that is 409.
"""

from __future__ import annotations

import json
import uuid

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response

from importer.sandbox.answer_models import answer_model
from importer.sandbox.gate import json_answer
from importer.sandbox.refusals import bad_request, conflict
from importer.sandbox.route_context import Context
from importer.sandbox.store import Store
from importer.sandbox.store_tables import APPROVALS, table_row
from importer.sandbox.user_records import KEY_USER, user_id
from importer.sandbox.wire_types import UUID_VALUE, Cents, Day, JsonObject, Moment, Text, Uuid

_PENDING, _IN_REVIEW, _APPROVED = "PENDING", "IN_REVIEW", "APPROVED"
UserApprovalAnswer = answer_model(
    "UserApprovalAnswer",
    {
        Uuid: "id approvalId userId? userGroupId?",
        int: "priority",
        Text: "status note?",
        Moment: "completedAt? updatedAt createdAt notifiedAt?",
    },
)
ApprovalAnswer = answer_model(
    "ApprovalAnswer",
    {
        Uuid: "id companyId invoicePayableId",
        Text: "invoiceDocumentKey~ invoiceNumber? invoiceCurrency~ note? status",
        Cents: "invoiceAmount~",
        Day: "invoiceIssuedDate~ invoiceDueDate~",
        UserApprovalAnswer: "userApprovals[]",
        Moment: "invoiceIssuedAt~ invoiceDueAt~ completedAt? updatedAt createdAt",
    },
)


def approval_of(context: Context, bill: JsonObject) -> JsonObject:
    """The approval of a submitted bill, as it is, or new."""
    store, company_id = context.store, context.company.id
    with store.transaction() as connection:
        query = sa.select(APPROVALS.c.body).where(APPROVALS.c.id == bill["id"])
        body = connection.scalar(query)
    if body is not None:
        stored: JsonObject = json.loads(body)
        return stored
    now, approval_id = store.now(), str(uuid.uuid4())
    stamps = {"completedAt": None, "updatedAt": now, "createdAt": now}
    return {
        "id": approval_id,
        "companyId": company_id,
        "invoicePayableId": bill["id"],
        "invoiceNumber": bill["invoiceNumber"],
        "invoiceAmount": bill["amount"],
        "invoiceCurrency": bill["currency"],
        "invoiceIssuedDate": bill["issuedDate"],
        "invoiceDueDate": bill["dueDate"],
        "userApprovals": [
            {
                "id": str(uuid.uuid4()),
                "approvalId": approval_id,
                "userId": user_id(company_id, name),
                "userGroupId": None,
                "priority": place,
                "status": _PENDING if place else _IN_REVIEW,
                "note": None,
                "notifiedAt": None,
                **stamps,
            }
            for place, name in enumerate((KEY_USER, *context.settings.approvers))
        ],
        "note": None,
        "status": "IN_PROGRESS",
        **stamps,
    }


def save_approval(store: Store, approval: JsonObject) -> None:
    answer = ApprovalAnswer.of(approval)
    row = table_row(APPROVALS, answer, id=answer["invoicePayableId"])
    with store.transaction() as connection:
        connection.execute(sa.delete(APPROVALS).where(APPROVALS.c.id == row["id"]))
        connection.execute(sa.insert(APPROVALS), row)


def approve_in_turn(context: Context, bill: JsonObject, changes: JsonObject) -> JsonObject:
    """The changes of a bill that the user of the key approves; it stays where others follow."""
    return decide_in_turn(context, bill, user_id(context.company.id, KEY_USER), changes)


def decide_in_turn(
    context: Context, bill: JsonObject, user: str, changes: JsonObject
) -> JsonObject:
    approval, now = approval_of(context, bill), context.store.now()
    turns = approval["userApprovals"]
    turn = next((each for each in turns if each["status"] == _IN_REVIEW), None)
    if turn is None or turn["userId"] != user:
        raise conflict("It is not the turn of this user to approve the bill.")
    turn |= {
        "status": _APPROVED,
        "note": changes["approvalNote"],
        "completedAt": now,
        "updatedAt": now,
    }
    following = next((each for each in turns if each["status"] == _PENDING), None)
    if following is None:
        approval |= {"status": _APPROVED, "completedAt": now}
    else:
        following |= {"status": _IN_REVIEW, "notifiedAt": now}
        changes = {"approvalNote": changes["approvalNote"]}
    save_approval(context.store, approval | {"updatedAt": now})
    return changes


async def list_approvals(context: Context, request: Request) -> Response:
    """``invoicePayableId`` may be given again. Bills that were never submitted have none."""
    ids = []
    for name, value in request.query_params.multi_items():
        if name != "invoicePayableId":
            raise bad_request("UNKNOWN_PARAMETER", f"There is no query parameter '{name}'.", name)
        ids.append(UUID_VALUE.validate_python(value))
    approvals = []
    for each in ids:
        with context.store.transaction() as connection:
            query = sa.select(APPROVALS.c.body).where(APPROVALS.c.id == each)
            body = connection.scalar(query)
        if body is not None:
            approvals.append(json.loads(body))
    return json_answer(approvals)
