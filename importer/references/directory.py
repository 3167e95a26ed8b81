"""Directory of a company: its lists in Light, and the names that a sheet may use for each thing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.core.account_numbers import is_iban_like
from importer.core.name_key import name_key
from importer.core.object_ids import normal_id
from importer.core.payment_references import compact
from importer.model.fields import LOOKUP_FIELDS
from importer.references.name_index import ACTIVE, Named, NameIndex

if TYPE_CHECKING:
    from importer.model.light_objects import (
        Account,
        BankAccount,
        Entity,
        PropertyGroup,
        PurchaseOrder,
        TaxCode,
        Vendor,
    )


@dataclass(frozen=True)
class Directory:
    """What Light lists of a company; empty where it was not asked for."""

    vendors: Sequence[Vendor] = ()
    accounts: Sequence[Account] = ()
    entities: Sequence[Entity] = ()
    groups: Sequence[PropertyGroup] = ()  # custom properties of bills and line items
    vendor_groups: Sequence[PropertyGroup] = ()  # of vendors, inactive ones too
    tax_codes: Sequence[TaxCode] = ()
    bank_accounts: Sequence[BankAccount] = ()
    purchase_orders: Sequence[PurchaseOrder] = ()


def names_of(field: str, directory: Directory, light: Collection[str] | None = None) -> NameIndex:
    """The things of Light that a field can name, by what a sheet may call them.

    ``light`` are the kinds of names that count; the usual ones of the field where None. Tax
    codes have no names in Light: they are for suggestions only.
    """
    wanted = light or LOOKUP_FIELDS[field].usual
    if field == "vendor":
        return NameIndex(named_vendors(directory.vendors, wanted))
    if field == "companyEntity":
        return NameIndex(_entities(directory.entities, wanted))
    if field == "account":
        return NameIndex(_accounts(directory.accounts, wanted), key=account_key)
    if field == "senderBankAccount":
        return NameIndex(_bank_accounts(directory.bank_accounts, wanted), key=bank_account_key)
    if field == "purchaseOrder":
        return NameIndex(_purchase_orders(directory.purchase_orders, wanted))
    return NameIndex(_tax_codes(directory.tax_codes))


def labels_by_id(directory: Directory) -> dict[str, str]:
    """What people call each thing of the lists, the custom properties, and their values."""
    out = {value: label for group in directory.groups for value, label, _ in group.values}
    out |= {group.id: group.label for group in directory.groups}
    for name, kind in LOOKUP_FIELDS.items():
        if kind.listed:
            out |= {thing.id: thing.label for thing in names_of(name, directory).things}
    return {normal_id(id): label for id, label in out.items()}


def named_vendors(vendors: Sequence[Vendor], wanted: Collection[str]) -> Iterable[Named]:
    for v in vendors:
        by = {"name": v.name, "identifier": v.identifier, "vatId": v.vat_id}
        keys = tuple(key for name in wanted if (key := by.get(name)))
        label = f"{v.name} ({v.identifier or v.vat_id or v.id})"
        yield Named(v.id, label, keys, v.status, also=(v.name,))


def _entities(entities: Sequence[Entity], wanted: Collection[str]) -> Iterable[Named]:
    for e in entities:
        by = {"code": (e.code,), "name": (e.name, e.legal_name)}
        keys = tuple(key for name in wanted for key in by.get(name, ()) if key)
        yield Named(e.id, f"{e.name} ({e.code})", keys, e.status, also=(e.name,))


def _accounts(accounts: Sequence[Account], wanted: Collection[str]) -> Iterable[Named]:
    for a in accounts:
        by = {"code": a.code, "label": a.label}
        keys = tuple(key for name in wanted if (key := by.get(name)))
        label = f"{a.code} {a.label}"
        yield Named(a.id, label, keys, a.status, also=(a.label, label))


def _bank_accounts(accounts: Sequence[BankAccount], wanted: Collection[str]) -> Iterable[Named]:
    for a in accounts:
        by = {"name": a.name, "iban": a.iban, "accountNumber": a.account_number, "id": a.id}
        keys = tuple(key for name in wanted if (key := by.get(name)))
        number = a.iban or a.account_number or a.id
        yield Named(a.id, f"{a.name} ({number})", keys, also=(a.name,))


def _purchase_orders(orders: Sequence[PurchaseOrder], wanted: Collection[str]) -> Iterable[Named]:
    for o in orders:
        by = {"number": o.number, "id": o.id}
        keys = tuple(key for name in wanted if (key := by.get(name)))
        about = ", ".join(filter(None, (o.vendor_name, o.description)))
        label = f"{o.number or o.id}{f' ({about})' if about else ''}"
        # Bills are matched to open orders. Source: the states of purchase orders in OpenAPI.
        yield Named(o.id, label, keys, ACTIVE if o.status == "OPEN" else o.status)


def _tax_codes(codes: Sequence[TaxCode]) -> Iterable[Named]:
    for code in sorted(codes, key=lambda c: -(c.lines + c.vendors)):
        rate = f"{code.percent} %" if code.percent is not None else "rate unknown"
        yield Named(code.id, f"{rate}, {code.example} ({code.id[:8]})", ())


def bank_account_key(text: str) -> str:
    """An IBAN without the spaces that group it; a name as names are compared."""
    bare = compact(text)
    return bare if is_iban_like(bare) else name_key(text)


def account_key(code: str) -> str:
    """Ledger codes are whole numbers in Light; 0400 and 400 are the same one."""
    bare = code.strip()
    return (
        str(int(bare)) if bare.isascii() and bare.isdigit() and len(bare) < 19 else name_key(bare)
    )
