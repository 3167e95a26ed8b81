"""The records that names are resolved to, from Light's JSON.

Source: OpenAPI models of vendors, ledger accounts, entities, bank accounts, purchase orders, the
company and custom property groups. Raises WireProblem for a value of the wrong type.
"""

from __future__ import annotations

from collections.abc import Mapping

from importer.light.codec import leniently, light_properties
from importer.light.json_values import (
    array_of,
    id_at,
    integer_at,
    object_of,
    required_id_at,
    text_at,
)
from importer.model.light_objects import (
    BILL_OBJECTS,
    Account,
    BankAccount,
    Company,
    Entity,
    PropertyGroup,
    PurchaseOrder,
    Vendor,
)


def vendor_from_json(obj: object) -> Vendor:
    vendor = object_of(obj, "vendor")
    default = vendor.get("defaultCompanyEntity")
    return Vendor(
        id=required_id_at(vendor, "vendorId"),
        name=text_at(vendor, "name") or "",
        identifier=text_at(vendor, "identifier"),
        vat_id=text_at(vendor, "vatId"),
        status=text_at(vendor, "status"),
        tax_code_id=None
        if default is None
        else id_at(object_of(default, "defaultCompanyEntity"), "taxCodeId"),
        properties=leniently(light_properties, vendor, "customProperties") or (),
    )


def account_from_json(obj: object) -> Account:
    """A ledger account; its integer ``code`` becomes text."""
    account = object_of(obj, "ledger account")
    code = account.get("code")
    if isinstance(code, str):
        number: int | str | None = code
    else:
        number = integer_at(account, "code")
    return Account(
        id=required_id_at(account, "id"),
        code="" if number is None else str(number),
        label=text_at(account, "label") or "",
        status=text_at(account, "status"),
    )


def entity_from_json(obj: object) -> Entity:
    entity = object_of(obj, "entity")
    return Entity(
        id=required_id_at(entity, "id"),
        code=text_at(entity, "code") or "",
        name=text_at(entity, "displayName") or text_at(entity, "name") or "",
        currency=text_at(entity, "localCurrency"),
        legal_name=text_at(entity, "name"),
        status=text_at(entity, "status"),
    )


def bank_accounts_from_json(obj: object) -> list[BankAccount]:
    """All bank accounts of the company: a plain array."""
    accounts = (object_of(each, "bank account") for each in array_of(obj, "bank accounts"))
    return [
        BankAccount(
            id=required_id_at(account, "id"),
            name=text_at(account, "name") or "",
            iban=text_at(account, "iban"),
            account_number=text_at(account, "domesticBankAccountNumber"),
            currency=text_at(account, "currency"),
        )
        for account in accounts
    ]


def purchase_order_from_json(obj: object) -> PurchaseOrder:
    order = object_of(obj, "purchase order")
    return PurchaseOrder(
        id=required_id_at(order, "id"),
        number=text_at(order, "erpNumber"),
        vendor_id=id_at(order, "vendorId"),
        vendor_name=text_at(order, "vendorName"),
        description=text_at(order, "description"),
        status=text_at(order, "state"),
    )


def company_from_json(obj: object) -> Company:
    company = object_of(obj, "company")
    return Company(
        id=required_id_at(company, "id"),
        name=text_at(company, "name") or "",
        currency=text_at(company, "baseCurrency"),
    )


def property_group_from_json(obj: object) -> PropertyGroup:
    group = object_of(obj, "custom property")
    values = [object_of(v, "value") for v in array_of(group.get("values") or [], "values")]
    types = _object_types(group)
    return PropertyGroup(
        id=required_id_at(group, "id"),
        label=text_at(group, "label") or "",
        internal_name=text_at(group, "internalName") or "",
        input_type=text_at(group, "inputType") or "",
        level=text_at(group, "objectLevel") or "",
        required=group.get("required") is True,
        object_types=tuple(each for each, active in types.items() if active),
        inactive_types=tuple(each for each, active in types.items() if not active),
        values=tuple(
            (required_id_at(v, "id"), text_at(v, "label") or "", text_at(v, "internalName") or "")
            for v in values
        ),
    )


def _object_types(group: Mapping[str, object]) -> dict[str, bool]:
    """What a group may be set on, and whether it is active there: bills where Light states nothing.

    A status counts as active only as ACTIVE, or where Light states none.
    """
    stated, statuses = group.get("objectTypes"), group.get("objectTypeStatuses")
    types = stated if isinstance(stated, list) and stated else [BILL_OBJECTS]
    status_of = statuses if isinstance(statuses, dict) else {}
    return {
        each: status_of.get(each) in (None, "ACTIVE") for each in types if isinstance(each, str)
    }
