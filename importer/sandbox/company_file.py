"""The company that a sandbox plays: entities, vendors, accounts, tax codes, properties and orders.

Read from a folder of files (the shipped one is ``reference/`` beside this module); bank accounts
and purchase orders may be left out. A mistake in a file is a ``UsageProblem`` that names the file
and the row as Excel counts it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from importer.core.errors import UsageProblem
from importer.sandbox.wire_types import Currency, FilledText, Uuid, field_error, problems_of

SHIPPED = Path(__file__).parent / "reference"
EntityStatus = Literal["ACTIVE", "HIDDEN", "INACTIVE"]
VendorStatus = Literal["ONBOARDING", "IN_REVIEW", "ACTIVE", "FAILED"]
OrderState = Literal[
    "IN_DRAFT",
    "RESET_PENDING",
    "APPROVED_ACCOUNTING_ENTRY_PENDING",
    "OPEN",
    "CLOSE_PENDING",
    "CLOSED",
    "CANCEL_PENDING",
    "CANCELLED",
]
AccountStatus = Literal["ACTIVE", "DISABLED_EXTERNALLY", "DISABLED"]
InputType = Literal["SINGLE_SELECT", "MULTI_SELECT", "NUMERIC", "TEXT", "BOOLEAN", "DATE"]
Level = Literal["HEADER", "LINE"]
ObjectType = Literal["BILL", "VENDOR"]
TypeStatus = Literal["ACTIVE", "DELETED"]
SELECTS = ("SINGLE_SELECT", "MULTI_SELECT")


def _digits(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise field_error("INVALID_FORMAT", f"'{text}' is not a whole number.")
    return int(text)


def _basis_points(text: str) -> int:
    try:
        points = Decimal(text) * 100
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite() or points != int(points) or not 0 <= points <= 100_00:
        raise field_error("INVALID_FORMAT", f"'{text}' is not a rate from 0 to 100.")
    return int(points)


def _values_by_id(items: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    try:
        return {item["id"].lower(): item for item in items}
    except (TypeError, KeyError, AttributeError):
        raise field_error("INVALID_TYPE", "must be values with an id.") from None


class ReferenceRow(BaseModel):
    """One row of a file; columns that it does not name are passed over."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, defer_build=True)

    id: Uuid


class CompanyFile(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, defer_build=True)

    name: FilledText
    base_currency: Currency
    invoice_email: str = ""


class EntityRow(ReferenceRow):
    code: str
    name: str
    display_name: str
    local_currency: Currency
    vat_number: str | None = None
    country: str | None = None
    city: str | None = None
    status: EntityStatus


class VendorRow(ReferenceRow):
    name: str
    identifier: str | None = None
    vat_id: str | None = None
    currency: Currency
    country: str | None = None
    status: VendorStatus
    default_tax_code_id: Uuid | None = None  # proposed for its bills


class AccountRow(ReferenceRow):
    code: Annotated[int, BeforeValidator(_digits)]
    label: str
    type: str
    category: str
    status: AccountStatus


class TaxCodeRow(ReferenceRow):
    """``basis_points`` is the rate in hundredths of a percent: 20 % is 2000."""

    code: str
    label: str
    basis_points: Annotated[int, BeforeValidator(_basis_points)] = Field(alias="percent")


class BankAccountRow(ReferenceRow):
    name: FilledText
    company_entity_id: Uuid
    type: Literal["PHYSICAL", "VIRTUAL"] = "PHYSICAL"
    iban: str | None = None
    domestic_bank_account_number: str | None = None
    currency: Currency
    bank_country: str
    bank_name: str


class PurchaseOrderRow(ReferenceRow):
    """``total_amount`` is in cents."""

    erp_number: str | None = None
    vendor_id: Uuid
    company_entity_id: Uuid
    state: OrderState
    description: str | None = None
    currency: Currency
    total_amount: Annotated[int, BeforeValidator(_digits)]


class PropertyValueRow(ReferenceRow):
    internal_name: str
    label: str


class PropertyGroupRow(ReferenceRow):
    label: str
    internal_name: str
    input_type: InputType
    level: Level = Field(alias="objectLevel")
    required: bool = False
    object_types: tuple[ObjectType, ...] = ("BILL",)
    object_type_statuses: Mapping[ObjectType, TypeStatus] = Field(default_factory=dict)
    values: Annotated[Mapping[str, PropertyValueRow], BeforeValidator(_values_by_id)] = Field(
        default_factory=dict
    )

    @property
    def statuses(self) -> dict[str, str]:
        """By object type; where the file has none it is active."""
        return {each: self.object_type_statuses.get(each, "ACTIVE") for each in self.object_types}


@dataclass(frozen=True, eq=False)
class Reference:
    """Everything by id, in the order of the files."""

    company: CompanyFile
    entities: Mapping[str, EntityRow]
    vendors: Mapping[str, VendorRow]
    accounts: Mapping[str, AccountRow]
    tax_codes: Mapping[str, TaxCodeRow]
    groups: Mapping[str, PropertyGroupRow]
    bank_accounts: Mapping[str, BankAccountRow]
    purchase_orders: Mapping[str, PurchaseOrderRow]


@dataclass(frozen=True)
class CompanyReference:
    """What requests are checked against and answers are filled from."""

    id: str
    created: str
    reference: Reference


def load_reference(company: Path | Reference | None = None) -> Reference:
    """Read the files of a folder, or of the shipped company, unless they are read already."""
    if isinstance(company, Reference):
        return company
    return _shipped() if company is None else _reference(company)


@cache
def _shipped() -> Reference:
    return _reference(SHIPPED)


def _reference(folder: Path) -> Reference:
    if not folder.is_dir():
        raise UsageProblem(f"There is no folder {folder} with the sandbox's reference files.")
    company_file = folder / "company.json"
    return Reference(
        company=_validated(CompanyFile, _json(company_file), str(company_file)),
        entities=_by_id(EntityRow, _csv_rows(folder / "entities.csv", EntityRow)),
        vendors=_by_id(VendorRow, _csv_rows(folder / "vendors.csv", VendorRow)),
        accounts=_by_id(AccountRow, _csv_rows(folder / "accounts.csv", AccountRow)),
        tax_codes=_by_id(TaxCodeRow, _csv_rows(folder / "tax_codes.csv", TaxCodeRow)),
        groups=_by_id(PropertyGroupRow, _groups(folder / "custom_properties.json")),
        bank_accounts=_if_present(BankAccountRow, folder / "bank_accounts.csv"),
        purchase_orders=_if_present(PurchaseOrderRow, folder / "purchase_orders.csv"),
    )


Model = TypeVar("Model", bound=BaseModel)
Row = TypeVar("Row", bound=ReferenceRow)


def _if_present(model: type[Row], path: Path) -> dict[str, Row]:
    return _by_id(model, _csv_rows(path, model)) if path.exists() else {}


def _validated(model: type[Model], values: object, place: str) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problem = problems_of(error)[0]
        text = "is blank." if problem.type == "REQUIRED" else problem.message
        raise UsageProblem(f"{place}: {'.'.join(problem.path)} {text}") from error


def _by_id(model: type[Row], rows: Iterable[tuple[str, object]]) -> dict[str, Row]:
    """The rows by id, each with its place in a file; no two may have the same id."""
    by_id: dict[str, Row] = {}
    places: dict[str, str] = {}
    for place, values in rows:
        row = _validated(model, values, place)
        if row.id in by_id:
            first = places[row.id].rpartition(", ")[2]
            raise UsageProblem(f"{place}: id '{row.id}' is that of {first} already.")
        by_id[row.id], places[row.id] = row, place
    return by_id


def _csv_rows(path: Path, model: type[ReferenceRow]) -> Iterator[tuple[str, dict[str, str]]]:
    """The place and the filled cells of each row of a CSV file in UTF-8."""
    columns = [str(f.alias) for f in model.model_fields.values() if f.is_required()]
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="", restval="")
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise UsageProblem(f"{path}, row 1: there is no column {', '.join(missing)}.")
            # Rows are counted, not lines: a cell may hold line breaks.
            for number, cells in enumerate(reader, start=2):
                texts = {name: text.strip() for name, text in cells.items() if name}
                yield f"{path}, row {number}", {name: text for name, text in texts.items() if text}
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageProblem(f"{path} is not UTF-8.") from error


def _groups(path: Path) -> Iterator[tuple[str, object]]:
    groups = _json(path)
    if not isinstance(groups, list):
        raise UsageProblem(f"{path}: a list of groups is expected.")
    for number, group in enumerate(groups, start=1):
        yield f"{path}, group {number}", group


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageProblem(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageProblem(f"{path} is not valid JSON: {error}.") from error
