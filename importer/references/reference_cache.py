"""Cache of a company's lists in a private file: for suggestions, never for sending."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.core.atomic_write import private_file
from importer.core.counted_nouns import count
from importer.core.errors import UsageProblem, unwritable
from importer.core.private_files import private_folder
from importer.model.light_objects import (
    Account,
    BankAccount,
    Company,
    Entity,
    LightProperty,
    PropertyGroup,
    PurchaseOrder,
    TaxCode,
    Vendor,
)
from importer.references.directory import Directory

_VERSION = 1


@dataclass(frozen=True)
class Cached:
    """A company's lists as they were at ``fetched_at`` (UTC)."""

    base_url: str
    company: Company
    fetched_at: datetime
    directory: Directory

    def counts(self) -> dict[str, int]:
        of = self.directory
        groups = {group.id: group for group in (*of.groups, *of.vendor_groups)}
        return {
            "vendors": len(of.vendors),
            "entities": len(of.entities),
            "ledger_accounts": len(of.accounts),
            "custom_properties": len(groups),
            "custom_property_values": sum(len(group.values) for group in groups.values()),
            "tax_codes": len(of.tax_codes),
            "bank_accounts": len(of.bank_accounts),
            "purchase_orders": len(of.purchase_orders),
        }

    def age(self, now: datetime) -> str:
        """ "12 minutes old", "3 hours old", "40 days old"."""
        minutes = max(0, int((now - self.fetched_at).total_seconds() // 60))
        for unit, size in (("day", 1440), ("hour", 60)):
            if minutes >= 2 * size:
                return f"{minutes // size} {unit}s old"
        return f"{count(minutes, 'minute')} old" if minutes else "less than a minute old"


def write_cache(path: Path, cached: Cached) -> None:
    """Write atomically, readable by this user alone; UsageProblem where that fails."""
    body = {
        "version": _VERSION,
        "base_url": cached.base_url,
        "company": dataclasses.asdict(cached.company),
        "fetched_at": cached.fetched_at.astimezone(UTC).isoformat(timespec="seconds"),
        **{
            field.name: [dataclasses.asdict(x) for x in getattr(cached.directory, field.name)]
            for field in dataclasses.fields(Directory)
        },
    }
    try:
        private_folder(path.parent)
        text = json.dumps(body, ensure_ascii=False, indent=1)
        with private_file(path, text.encode()) as temporary:
            os.replace(temporary, path)
    except OSError as error:
        why = unwritable(error, "set LIGHT_IMPORT_HOME to another folder")
        raise UsageProblem(f"{path} cannot be written: {why}.") from error


def read_cache(path: Path) -> Cached:
    """UsageProblem where the file cannot be read or is not of this version."""
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if body["version"] != _VERSION:
            raise ValueError(f"version {body['version']}")
        return Cached(
            base_url=body["base_url"],
            company=Company(**body["company"]),
            fetched_at=datetime.fromisoformat(body["fetched_at"]),
            directory=Directory(
                vendors=list(map(_vendor, body["vendors"])),
                accounts=[Account(**a) for a in body["accounts"]],
                entities=[Entity(**e) for e in body["entities"]],
                groups=list(map(_group, body["groups"])),
                vendor_groups=list(map(_group, body.get("vendor_groups", ()))),
                tax_codes=[TaxCode(**t) for t in body["tax_codes"]],
                bank_accounts=[BankAccount(**a) for a in body.get("bank_accounts", ())],
                purchase_orders=[PurchaseOrder(**o) for o in body.get("purchase_orders", ())],
            ),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageProblem(
            f"{path} cannot be used ({error}). Fetch it again with: light-import reference pull"
        ) from None


def _vendor(content: Mapping[str, Any]) -> Vendor:
    properties = (
        LightProperty(each["group_id"], each["name"], tuple(map(tuple, each["values"])))
        for each in content.get("properties", ())
    )
    return Vendor(**{**content, "properties": tuple(properties)})


def _group(content: Mapping[str, Any]) -> PropertyGroup:
    lists = ("values", "object_types", "inactive_types")
    tuples = {name: tuple(content[name]) for name in lists if name in content}
    tuples["values"] = tuple((i, label, name) for i, label, name in content["values"])
    return PropertyGroup(**{**content, **tuples})
