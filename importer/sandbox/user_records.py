"""The users of a sandbox: the user of its keys, and other approvers of bills."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from importer.sandbox.answer_models import answer_model
from importer.sandbox.store import Store
from importer.sandbox.store_tables import USERS, table_row
from importer.sandbox.wire_types import JsonObject, Moment, Text, Uuid

KEY_USER = "Sandbox User"
UserAnswer = answer_model(
    "UserAnswer",
    {
        Uuid: "id companyId companyEntityId~",
        Text: """email firstName lastName status avatarUrl~ country~ city~ zipcode~ address~""",
        str: "roles[]~ managerIds[]~",
        JsonObject: "phoneNumber? groups[]~",
        Moment: "createdAt updatedAt",
    },
)


def user_id(company_id: str, name: str) -> str:
    return str(uuid.uuid5(uuid.UUID(company_id), f"user {name}"))


def write_users(store: Store, approvers: tuple[str, ...]) -> None:
    """The user of the keys, and the other approvers."""
    company = store.company
    with store.transaction() as connection:
        for name in (KEY_USER, *approvers):
            first, _, last = name.partition(" ")
            user = UserAnswer.of(
                {},
                id=user_id(company.id, name),
                companyId=company.id,
                email=f"{name.lower().replace(' ', '.')}@example.com",
                firstName=first,
                lastName=last,
                status="ACTIVE",
                createdAt=company.created,
                updatedAt=company.created,
            )
            connection.execute(sa.insert(USERS), table_row(USERS, user))
