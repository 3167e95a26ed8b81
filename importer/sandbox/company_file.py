"""The company that a sandbox plays: entities, vendors, ledger accounts, tax codes, properties.

Read from a folder of six files (the shipped one is ``reference/`` beside this module). A mistake
in a file is a ``UsageProblem`` that names the file and the row as Excel counts it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from importer.core.currencies import EXPONENTS
from importer.core.errors import UsageProblem
from importer.sandbox.field_checks import UUID

SHIPPED = Path(__file__).parent / "reference"
INPUT_TYPES = ("SINGLE_SELECT", "MULTI_SELECT", "NUMERIC", "TEXT", "BOOLEAN", "DATE")
SELECTS = ("SINGLE_SELECT", "MULTI_SELECT")
LEVELS = ("HEADER", "LINE")


@dataclass(frozen=True)
class CompanyFile:
    name: str
    base_currency: str
    invoice_email: str


@dataclass(frozen=True)
class EntityRow:
    id: str
    code: str
    name: str
    display_name: str
    currency: str
    vat_number: str
    country: str
    city: str
    status: str


@dataclass(frozen=True)
class VendorRow:
    id: str
    name: str
    identifier: str | None
    vat_id: str | None
    currency: str
    country: str | None
    status: str
    tax_code_id: str | None = None  # proposed for its bills


@dataclass(frozen=True)
class AccountRow:
    id: str
    code: int
    label: str
    type: str
    category: str
    status: str


@dataclass(frozen=True)
class TaxCodeRow:
    """``basis_points`` is the rate in hundredths of a percent: 20 % is 2000."""

    id: str
    code: str
    label: str
    basis_points: int


@dataclass(frozen=True)
class PropertyValueRow:
    id: str
    internal_name: str
    label: str


@dataclass(frozen=True)
class PropertyGroupRow:
    id: str
    label: str
    internal_name: str
    input_type: str
    level: str
    required: bool
    values: Mapping[str, PropertyValueRow]


@dataclass(frozen=True)
class Reference:
    """Everything by id, in the order of the files."""

    company: CompanyFile
    entities: Mapping[str, EntityRow]
    vendors: Mapping[str, VendorRow]
    accounts: Mapping[str, AccountRow]
    tax_codes: Mapping[str, TaxCodeRow]
    groups: Mapping[str, PropertyGroupRow]


def load_reference(folder: Path | None = None) -> Reference:
    """Read all six files of ``folder``, or of the shipped company."""
    where = folder or SHIPPED
    if not where.is_dir():
        raise UsageProblem(f"There is no folder {where} with the sandbox's reference files.")
    return Reference(
        company=_company(where / "company.json"),
        entities=_entities(where / "entities.csv"),
        vendors=_vendors(where / "vendors.csv"),
        accounts=_accounts(where / "accounts.csv"),
        tax_codes=_tax_codes(where / "tax_codes.csv"),
        groups=_groups(where / "custom_properties.json"),
    )


@dataclass(frozen=True)
class _Row:
    """One row of a CSV file, with the place to name when a cell is wrong."""

    path: Path
    number: int
    cells: Mapping[str, str]

    def problem(self, message: str) -> UsageProblem:
        return UsageProblem(f"{self.path}, row {self.number}: {message}")

    def text(self, column: str) -> str:
        found = self.cells[column].strip()
        if not found:
            raise self.problem(f"{column} is blank.")
        return found

    def optional(self, column: str) -> str | None:
        return self.cells.get(column, "").strip() or None

    def choice(self, column: str, allowed: Sequence[str]) -> str:
        found = self.text(column)
        if found not in allowed:
            raise self.problem(f"{column} '{found}' is not one of {', '.join(allowed)}.")
        return found

    def id(self) -> str:
        found = self.text("id")
        if not UUID.fullmatch(found):
            raise self.problem(f"id '{found}' is not a UUID.")
        return found.lower()

    def currency(self, column: str) -> str:
        found = self.text(column)
        if found not in EXPONENTS:
            raise self.problem(f"{column} '{found}' is not an ISO 4217 currency code.")
        return found


def _rows(path: Path, columns: Sequence[str]) -> Iterator[_Row]:
    """The data rows of a CSV file in UTF-8; no two may have the same id."""
    seen: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageProblem(f"{path}, row 1: there is no column {', '.join(missing)}.")
            # Rows are counted, not lines: a cell may hold line breaks.
            for number, cells in enumerate(reader, start=2):
                row = _Row(path, number, cells)
                first = seen.setdefault(row.id(), number)
                if first != number:
                    raise row.problem(f"id '{row.id()}' is that of row {first} already.")
                yield row
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{path} is not UTF-8.") from error


def _company(path: Path) -> CompanyFile:
    found = _json(path)
    if not isinstance(found, dict) or not isinstance(found.get("name"), str):
        raise UsageProblem(f"{path}: an object with a name is expected.")
    currency = found.get("baseCurrency")
    if currency not in EXPONENTS:
        raise UsageProblem(f"{path}: baseCurrency '{currency}' is not an ISO 4217 currency code.")
    return CompanyFile(found["name"], str(currency), str(found.get("invoiceEmail") or ""))


def _entities(path: Path) -> dict[str, EntityRow]:
    return {
        row.id(): EntityRow(
            id=row.id(),
            code=row.text("code"),
            name=row.text("name"),
            display_name=row.text("displayName"),
            currency=row.currency("localCurrency"),
            vat_number=row.optional("vatNumber") or "",
            country=row.optional("country") or "",
            city=row.optional("city") or "",
            status=row.choice("status", ("ACTIVE", "HIDDEN", "INACTIVE")),
        )
        for row in _rows(path, ("id", "code", "name", "displayName", "localCurrency", "status"))
    }


def _vendors(path: Path) -> dict[str, VendorRow]:
    return {
        row.id(): VendorRow(
            id=row.id(),
            name=row.text("name"),
            identifier=row.optional("identifier"),
            vat_id=row.optional("vatId"),
            currency=row.currency("currency"),
            country=row.optional("country"),
            status=row.choice("status", ("ONBOARDING", "IN_REVIEW", "ACTIVE", "FAILED")),
            tax_code_id=row.optional("defaultTaxCodeId"),
        )
        for row in _rows(path, ("id", "name", "currency", "status"))
    }


def _accounts(path: Path) -> dict[str, AccountRow]:
    found = {}
    for row in _rows(path, ("id", "code", "label", "type", "category", "status")):
        code = row.text("code")
        if not (code.isascii() and code.isdigit() and len(code) < 10):
            raise row.problem(f"code '{code}' is not a whole number.")
        found[row.id()] = AccountRow(
            id=row.id(),
            code=int(code),
            label=row.text("label"),
            type=row.text("type"),
            category=row.text("category"),
            status=row.choice("status", ("ACTIVE", "DISABLED_EXTERNALLY", "DISABLED")),
        )
    return found


def _tax_codes(path: Path) -> dict[str, TaxCodeRow]:
    found = {}
    for row in _rows(path, ("id", "code", "label", "percent")):
        try:
            points = Decimal(row.text("percent")) * 100
        except InvalidOperation:
            points = Decimal("NaN")
        if not points.is_finite() or points != int(points) or not 0 <= points <= 100_00:
            raise row.problem(f"percent '{row.text('percent')}' is not a rate from 0 to 100.")
        found[row.id()] = TaxCodeRow(row.id(), row.text("code"), row.text("label"), int(points))
    return found


def _groups(path: Path) -> dict[str, PropertyGroupRow]:
    listed = _json(path)
    if not isinstance(listed, list):
        raise UsageProblem(f"{path}: a list of groups is expected.")
    found = {}
    for number, item in enumerate(listed, start=1):
        try:
            group = PropertyGroupRow(
                id=_json_id(item),
                label=str(item["label"]),
                internal_name=str(item["internalName"]),
                input_type=item["inputType"],
                level=item["objectLevel"],
                required=bool(item.get("required", False)),
                values={
                    _json_id(value): PropertyValueRow(
                        _json_id(value), str(value["internalName"]), str(value["label"])
                    )
                    for value in item.get("values", ())
                },
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageProblem(f"{path}, group {number}: missing or wrong: {error}.") from error
        if group.input_type not in INPUT_TYPES or group.level not in LEVELS:
            raise UsageProblem(f"{path}, group {number}: unknown inputType or objectLevel.")
        if group.id in found:
            raise UsageProblem(f"{path}, group {number}: id '{group.id}' is there twice.")
        found[group.id] = group
    return found


def _json_id(item: Mapping[str, str]) -> str:
    found = item["id"]
    if not UUID.fullmatch(found):
        raise ValueError(f"id '{found}' is not a UUID")
    return found.lower()


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageProblem(f"{path} is not valid JSON: {error}.") from error
