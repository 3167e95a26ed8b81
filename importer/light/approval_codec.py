"""Who has to approve a bill, and users, from Light's JSON.

Source: OpenAPI models ExternalInvoiceApprovalV1Model, ExternalUserV1Model.
"""

from __future__ import annotations

from collections.abc import Iterator

from importer.light.json_values import array_of, id_at, object_of, required_at, text_at
from importer.model.light_objects import User, UserApproval

_ENDED = frozenset(("DECLINED", "CANCELLED", "FAILED"))  # of an earlier submission


def approvals_from_json(obj: object) -> tuple[tuple[str, UserApproval], ...]:
    """Each with the id of its bill, without those of approvals that came to nothing."""
    return tuple(_approvals(obj))


def _approvals(obj: object) -> Iterator[tuple[str, UserApproval]]:
    for record in array_of(obj, "approvals"):
        approval = object_of(record, "approval")
        bill_id = id_at(approval, "invoicePayableId") or ""
        if text_at(approval, "status") in _ENDED:
            continue
        for each in array_of(approval.get("userApprovals") or [], "userApprovals"):
            of_user = object_of(each, "userApproval")
            yield (
                bill_id,
                UserApproval(
                    status=required_at(of_user, "status"),
                    user_id=id_at(of_user, "userId"),
                    group_id=id_at(of_user, "userGroupId"),
                    note=text_at(of_user, "note"),
                ),
            )


def user_from_json(obj: object) -> User:
    user = object_of(obj, "user")
    names = (text_at(user, "firstName"), text_at(user, "lastName"))
    groups = [object_of(each, "group") for each in array_of(user.get("groups") or [], "groups")]
    return User(
        id=id_at(user, "id") or "",
        name=" ".join(filter(None, names)) or text_at(user, "email") or "",
        groups=tuple((id_at(each, "id") or "", text_at(each, "name") or "") for each in groups),
    )
