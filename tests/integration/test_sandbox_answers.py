"""Every answer of the sandbox over real HTTP has the types and nullability that Light describes."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model

from importer.core.currencies import EXPONENTS
from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.company_file import load_reference
from importer.sandbox.routes import ROUTES
from importer.sandbox.states import STATES

REFERENCE = load_reference()
VENDOR = next(row for row in REFERENCE.vendors.values() if row.default_tax_code_id)
ACCOUNT = next(row.id for row in REFERENCE.accounts.values() if row.code == 7200)
GROUPS = {row.internal_name: row for row in REFERENCE.groups.values()}
BANK = "8d0f6c7e-3f0e-4c44-9a3f-0d1a5c2b7e11"
BILLS = "/v1/invoice-payables"

Uuid = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
Json = dict[str, Any]


def model(name: str, fields: list[tuple[Any, str]]) -> Any:
    """A strict model: ``a`` is never null, ``a?`` may be null, ``a~`` absent but never null.

    All but ``a~`` must be in the answer.
    """
    types: dict[str, Any] = {}
    for kind, names in fields:
        for each in names.split():
            types[each.rstrip("?~")] = {
                "?": (kind | None, ...),
                "~": (kind, Field(default=None)),
            }.get(each[-1], (kind, ...))
    return create_model(name, __config__=ConfigDict(strict=True, extra="forbid"), **types)


Error = model("Error", [(str, "type message"), (list[str], "path?"), (Json, "context?")])
Refusal = model(
    "Refusal",
    [
        (str, "name"),
        (Literal["BAD_REQUEST", "NOT_FOUND", "CONFLICT", "UNPROCESSABLE_CONTENT"], "type"),
        (list[Error], "errors"),
    ],
)
Value = model(
    "Value",
    [
        (Uuid, "id groupId companyId"),
        (str, "groupInternalName internalName label context?"),
        (Moment, "createdAt updatedAt"),
    ],
)
Property = model(
    "Property", [(Uuid, "groupId"), (str, "groupInternalName"), (list[Value], "values")]
)
LineMetadata = model("LineMetadata", [(Literal["VENDOR_INVOICE"], "type")])
Line = model(
    "Line",
    [
        (Uuid, "id invoicePayableId taxCodeId? accountId? costCenterId?"),
        (Uuid, "amortizationTemplateId? amortizationScheduleId?"),
        (Literal["VENDOR_INVOICE"], "type"),
        (LineMetadata, "metadata"),
        (int, "amount? netAmount? taxAmount?"),
        (str, "description?"),
        (bool, "shouldAmortize"),
        (Day, "amortizationStartDate? amortizationEndDate?"),
        (Json, "customPropertiesOld?"),
        (list[Json], "aiValueSuggestions?"),
        (list[Property], "customProperties?"),
        (Moment, "createdAt updatedAt"),
    ],
)
BillMetadata = model("BillMetadata", [(Literal["VENDOR_INVOICE_METADATA"], "type")])
PAYEE = """
    payeeName? payeeIban? payeeBban? payeeBic? payeeBankCode? payeeCountry? payeeAddress?
    payeeZipcode? payeeBankName? payeeBankCountry? payeeBankAddress? payeeBankZipcode? payeeCity?
    payeeBankCity?
"""
FAILURE = Literal["USER_INPUT_VALIDATION_FAILED", "DUPLICATE_INVOICE"]
Bill = model(
    "Bill",
    [
        (Uuid, "id invoicePayableId companyId vendorId? companyEntityId? senderBankAccountId?"),
        (Uuid, "purchaseOrderId? paymentPausedBy?"),
        (Literal["VENDOR_INVOICE"], "type"),
        (BillMetadata, "metadata"),
        (Literal[STATES], "state"),
        (FAILURE, "failureReason?"),
        (Refusal, "failureContext? warningContext?"),
        (str, f"{PAYEE} payeeSwedishBankgiroNumber? payeeSwedishPlusgiroNumber?"),
        (str, "approvalNote? cancellationReason? invoiceNumber? currency~ description? fiNumber?"),
        (str, "norKidReference? swissPaymentReference? senderEmail? documentName?"),
        (Json, "vendorDetailsOcr?"),
        (int, "amount? outstandingBalance?"),
        (bool, "lineItemsIncludeTax"),
        (float, "localCurrencyFxRate? groupCurrencyFxRate?"),
        (Day, "issuedDate? dueDate?"),
        (Moment, "invoiceCreatedAt updatedAt paymentAt? ocrCompletedAt? canceledAt?"),
        (Moment, "paymentPausedAt?"),
        (list[Line], "lineItems?"),
        (list[Property], "customProperties?"),
    ],
)
ListedVendor = model(
    "ListedVendor",
    [
        (Uuid, "vendorId? vendorAccountId? vendorTaxCodeId? vendorCostCenterId?"),
        (Uuid, "vendorSenderBankAccountId? vendorCreatedBy?"),
        (str, "vatId? vendorIdentifier? vendorName? vendorAvatarUrl? vendorEmail?"),
        (str, "vendorWebsite? vendorCountry? vendorCity? vendorAddress? vendorZipcode?"),
        (str, "vendorCurrency?"),
        (int, "vendorContractValue?"),
    ],
)
ListedUser = model(
    "ListedUser", [(Uuid, "userId?"), (str, "userFirstName? userLastName? userAvatarUrl?")]
)
ListedBill = model(
    "ListedBill",
    [
        (Uuid, "id companyId companyEntityId? senderBankAccountId? paymentPausedBy?"),
        (Literal["VENDOR_INVOICE"], "type"),
        (BillMetadata, "metadata"),
        (Literal[STATES], "state"),
        (FAILURE, "failureReason?"),
        (Refusal, "failureContext?"),
        (str, f"{PAYEE} documentKey? documentName? senderEmail? approvalNote? fiNumber?"),
        (str, "invoiceNumber? companyEntityName? currency? description? cancellationReason?"),
        (int, "version amount?"),
        (Day, "issuedDate? dueDate?"),
        (Moment, "createdAt updatedAt paymentAt? ocrCompletedAt? canceledAt? paymentPausedAt?"),
        (ListedVendor, "vendor"),
        (ListedUser, "user"),
        (Json, "nextApprover~ reimbursement~"),
    ],
)
Defaults = model(
    "Defaults",
    [
        (Uuid, "id vendorId companyEntityId? accountId? taxCodeId? costCenterId?"),
        (Uuid, "senderBankAccountId?"),
        (Moment, "createdAt updatedAt"),
    ],
)
Vendor = model(
    "Vendor",
    [
        (Uuid, "vendorId companyId createdBy?"),
        (list[Uuid], "companyEntityIds"),
        (Literal["EXTERNAL"], "type"),
        (Literal["ONBOARDING", "IN_REVIEW", "ACTIVE", "FAILED"], "status"),
        (str, "name currency groupCurrency vatId? businessRegistrationNumber? identifier?"),
        (str, "description? avatarUrl? email? website? country? city? address? zipcode?"),
        (str, "bankName? bankCountry? bankCity? bankAddress? bankZipcode? bankAccountNumber?"),
        (str, "bankAccountBic? domesticBankAccountNumber? domesticBankAccountCode?"),
        (str, "swedishBankgiroNumber? swedishPlusgiroNumber? bankRecipientName?"),
        (Json, "phoneNumber?"),
        (Defaults, "defaultCompanyEntity?"),
        (list[Json], "approvers notes"),
        (int, "version contractValue? lastMtdSpendInGroupCurrency?"),
        (Refusal, "failureContext?"),
        (list[Property], "customProperties?"),
        (Moment, "vendorCreatedAt updatedAt"),
    ],
)
Address = model("Address", [(str, "country~ city~ state~ zipcode~ street~ street2~")])
Entity = model(
    "Entity",
    [
        (Uuid, "id companyId parentCompanyEntityId~"),
        (str, "code localCurrency displayName name vatNumber~"),
        (Address, "address"),
        (Literal["ACTIVE", "HIDDEN", "INACTIVE"], "status"),
        (int, "seedInvoiceNumber"),
        (Moment, "createdAt updatedAt"),
    ],
)
Account = model(
    "Account",
    [
        (Uuid, "id companyId bankAccountId? cardAccountId? cashAndEquivalentsAccountId?"),
        (int, "code"),
        (str, "label type context?"),
        (Literal["ACTIVE", "DISABLED_EXTERNALLY", "DISABLED"], "status"),
        (bool, "revaluateFxBalance"),
        (list[Entity], "companyEntities"),
        (list[Property], "customProperties?"),
        (Moment, "createdAt updatedAt"),
    ],
)
BankAccount = model(
    "BankAccount",
    [
        (Uuid, "id companyId companyEntityId"),
        (Literal["PHYSICAL", "VIRTUAL"], "type"),
        (Literal["INTERNAL", "BANK_PROVIDER", "INELIGIBLE"], "paymentSchedulingEligibility"),
        (str, "name bankProvider currency bankCountry bankName iban? bic? bankCity? bankState?"),
        (str, "domesticBankAccountNumber? domesticBankCode? bankAddress? bankZipcode?"),
        (int, "ledgerAccountCode"),
        (Moment, "createdAt"),
    ],
)
ORDER_STATES = Literal[
    "IN_DRAFT", "RESET_PENDING", "APPROVED_ACCOUNTING_ENTRY_PENDING", "OPEN", "CLOSE_PENDING",
    "CLOSED", "CANCEL_PENDING", "CANCELLED"
]  # fmt: skip
Order = model(
    "Order",
    [
        (Uuid, "id companyId createdBy? companyEntityId? purchaseRequestId? ownerId? vendorId?"),
        (ORDER_STATES, "state"),
        (str, "erpNumber? description? currency? ownerName? vendorEmail? vendorName?"),
        (str, "vendorAvatarUrl? documentKey? deliveryAddress?"),
        (int, "totalAmount totalNetAmount totalTaxAmount totalMatchedAmount"),
        (Refusal, "failureContext?"),
        (Day, "purchaseOrderDate? deliveryDate?"),
        (Moment, "erpSyncedAt? lockedAt? closedAt? cancelledAt? createdAt updatedAt"),
        (list[Json], "lines"),
    ],
)
GROUP: list[tuple[Any, str]] = [
    (Uuid, "id companyId"),
    (str, "label internalName context~"),
    (Literal["SINGLE_SELECT", "MULTI_SELECT", "NUMERIC", "TEXT", "BOOLEAN", "DATE"], "inputType"),
    (Literal["HEADER", "LINE"], "objectLevel"),
    (list[Literal["BILL", "VENDOR"]], "objectTypes"),
    (dict[str, Literal["ACTIVE", "DELETED"]], "objectTypeStatuses"),
    (bool, "required"),
    (Moment, "createdAt updatedAt"),
]
Group = model("Group", GROUP)
FullGroup = model("FullGroup", [*GROUP, (list[Value], "values")])
Company = model(
    "Company",
    [
        (Uuid, "id"),
        (str, "name invoiceEmail baseCurrency receiptEmail? contractEmail? logoUrl?"),
        (Moment, "createdAt updatedAt"),
    ],
)
UserApproval = model(
    "UserApproval",
    [
        (Uuid, "id approvalId userId? userGroupId?"),
        (int, "priority"),
        (Literal["APPROVED", "DECLINED", "FAILED", "IN_REVIEW", "PENDING"], "status"),
        (str, "note?"),
        (Moment, "completedAt? updatedAt createdAt notifiedAt?"),
    ],
)
Approval = model(
    "Approval",
    [
        (Uuid, "id companyId invoicePayableId"),
        (str, "invoiceDocumentKey~ invoiceNumber? invoiceCurrency~ note?"),
        (int, "invoiceAmount~"),
        (Day, "invoiceIssuedDate~ invoiceDueDate~"),
        (list[UserApproval], "userApprovals"),
        (Literal["APPROVED", "DECLINED", "CANCELLED", "FAILED", "IN_PROGRESS"], "status"),
        (Moment, "invoiceIssuedAt~ invoiceDueAt~ completedAt? updatedAt createdAt"),
    ],
)
User = model(
    "User",
    [
        (Uuid, "id companyId companyEntityId~"),
        (str, "email firstName lastName avatarUrl~ country~ city~ zipcode~ address~"),
        (Literal["ACTIVE", "DEACTIVATED"], "status"),
        (Json, "phoneNumber?"),
        (list[Json], "groups~"),
        (list[str], "roles~ managerIds~"),
        (Moment, "createdAt updatedAt"),
    ],
)
Upload = model("Upload", [(str, "uploadUrl"), (dict[str, str], "headers")])
Token = model("Token", [(str, "access_token token_type refresh_token"), (int, "expires_in")])

LedgerAmounts = model(
    "LedgerAmounts",
    [
        (Literal["D", "C"], "dcSign"),
        (int, "transactionAmount? signedTransactionAmount? localAmount signedLocalAmount"),
        (int, "groupAmount signedGroupAmount"),
        (float, "transactionAmountInMajors? localAmountInMajors groupAmountInMajors"),
        (str, "transactionCurrency? localCurrency groupCurrency"),
        (bool, "debit credit"),
    ],
)
LedgerLine = model(
    "LedgerLine",
    [
        (Uuid, "id ledgerTransactionId companyId companyEntityId accountId taxId? createdBy?"),
        (Uuid, "accountingDocumentLineId? accountingDocumentId businessPartnerId? costCenterId?"),
        (Uuid, "accruedLedgerTransactionLineId?"),
        (str, "transactionSequenceId companyEntityCode companyEntityName accountLabel accountType"),
        (str, "documentSequenceId accountingDocumentNumber? description? documentDescription?"),
        (str, "taxTagLabel? taxCode? businessPartnerName?"),
        (Literal["PRIMARY", "ELIMINATION"], "ledgerName"),
        (Literal["AP", "BP", "CN"], "documentType"),
        (Literal["DEFAULT", "AMORTIZATION", "FX"], "ledgerTransactionType"),
        (int, "accountCode"),
        (bool, "amortized"),
        (LedgerAmounts, "amounts"),
        (list[Property], "customProperties?"),
        (Day, "postingDate valuationDate"),
        (Day, "accountingReleaseStartDate? accountingReleaseEndDate?"),
        (Moment, "createdAt"),
    ],
)


def page(record: Any, *more: tuple[Any, str]) -> Any:
    fields: list[tuple[Any, str]] = [(list[record], "records"), (bool, "hasMore"), *more]
    return model("Page", [*fields, (int, "total?"), (str, "nextCursor? prevCursor?")])


class Light:
    """A client that checks each answer against the model given with the request."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def ask(
        self, method: str, path: str, shape: type[BaseModel], body: Any = None, **query: Any
    ) -> Any:
        answer = self.client.request(method, path, json=body, params=query)
        assert answer.is_success is (shape is not Refusal), answer.text
        TypeAdapter(shape).validate_python(answer.json())
        return answer.json()

    def bill(self, **changes: Any) -> Any:
        """A new bill with every field filled."""
        line = {
            "netAmount": 10_000,
            "taxCodeId": next(iter(REFERENCE.tax_codes)),
            "accountId": ACCOUNT,
            "description": "Licences",
            "amortizationStartDate": "2025-01-01",
            "amortizationEndDate": "2025-12-31",
            "amortizationTemplateId": BANK,
            "customProperties": [
                {"groupId": GROUPS["tags"].id, "valueIds": list(GROUPS["tags"].values)}
            ],
        }
        body = {
            "vendorId": VENDOR.id,
            "companyEntityId": next(iter(REFERENCE.entities)),
            "invoiceNumber": "INV-1",
            "currency": "GBP",
            "amount": 12_000,
            "issuedDate": "2025-03-31",
            "dueDate": "2025-04-30",
            "paymentAt": "2025-04-01T09:30:00+02:00",
            "description": "Software",
            "senderBankAccountId": BANK,
            "localCurrencyFxRateOverride": 2,
            "groupCurrencyFxRateOverride": 1.25,
            "customProperties": [
                {"groupId": GROUPS["cost_approver_note"].id, "inlineValues": ["ask Siân"]}
            ],
            "lineItems": [line],
        }
        return self.ask("POST", BILLS, Bill, body | changes)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running(SandboxSettings(requests_per_minute=100_000, duplicate_state=True)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def light(sandbox: Sandbox) -> Iterator[Light]:
    headers = {"Authorization": f"Basic {sandbox.key}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, timeout=60) as client:
        yield Light(client)


def check_bills(light: Light) -> None:
    empty = light.ask("POST", BILLS, Bill, {})
    assert "currency" not in empty
    assert light.ask("GET", f"{BILLS}/{empty['id']}", Bill) == empty
    bill = light.bill()
    path = f"{BILLS}/{bill['id']}"
    assert light.bill()["state"] == "DUPLICATED"
    light.ask("GET", path, Bill, includeOutstandingBalance="true")
    references = {"fiNumber": "1", "norKidReference": "2", "swissPaymentReference": "3"}
    light.ask("PATCH", path, Bill, references | {"approvalNote": "n", "purchaseOrderId": BANK})
    assert "currency" not in light.ask("PATCH", path, Bill, {"currency": None})
    blank = {"lineItemsIncludeTax": None, "customProperties": None, "amount": None}
    light.ask("PATCH", path, Bill, {"currency": "GBP", **blank})
    light.ask("PATCH", path, Bill, {"amount": 12_000})
    light.ask("POST", f"{path}/submit-for-approval", Bill)
    assert [light.ask("GET", path, Bill)["state"] for _ in range(2)][-1] == "APPROVAL_PENDING"
    approvals = list[Approval]  # type: ignore[valid-type]
    query = {"invoicePayableId": bill["id"]}
    [before] = light.ask("GET", "/v1/invoice-approval", approvals, **query)
    light.ask("POST", f"{path}/approve", Bill, {"note": "fine"})
    [after] = light.ask("GET", "/v1/invoice-approval", approvals, **query)
    assert (before["status"], after["status"]) == ("IN_PROGRESS", "APPROVED")
    payment = {"amount": 5, "bankAccountId": BANK, "paymentOption": "PARTIAL"}
    light.ask("POST", f"{path}/mark-as-paid", Bill, payment)
    light.ask("POST", f"{BILLS}/{empty['id']}/submit-for-approval", Bill)
    failures = [light.ask("GET", f"{BILLS}/{empty['id']}", Bill) for _ in range(2)]
    assert failures[-1]["failureContext"]["errors"]
    light.ask("POST", f"{BILLS}/{empty['id']}/cancel", Bill, {"reason": "empty"})
    path = f"{BILLS}/{light.bill(invoiceNumber='INV-2')['id']}"
    light.ask("POST", f"{path}/submit-for-approval", Bill)
    assert [light.ask("GET", path, Bill)["state"] for _ in range(2)][-1] == "APPROVAL_PENDING"
    light.ask("POST", f"{path}/decline", Bill, {"note": "no"})
    path = f"{BILLS}/{light.bill(invoiceNumber='INV-3')['id']}"
    light.ask("POST", f"{path}/post", Bill)


def check_line_items(light: Light) -> None:
    (line,) = light.bill(invoiceNumber="INV-4")["lineItems"]
    assert (line["shouldAmortize"], line["amortizationScheduleId"]) == (True, None)
    path = f"{BILLS}/{light.ask('POST', BILLS, Bill, {})['id']}/line-items"
    line = light.ask("POST", path, Line, {"netAmount": 5})
    assert line["shouldAmortize"] is False
    light.ask("PUT", f"{path}/{line['id']}", Line, {"netAmount": 6})
    assert light.ask("GET", f"{path}/{line['id']}", Line)["netAmount"] == 6
    assert light.client.delete(f"{path}/{line['id']}").status_code == 204


def check_documents(light: Light) -> None:
    path = f"{BILLS}/{light.ask('POST', BILLS, Bill, {})['id']}"
    names = {"documentName": "INV-1.pdf", "contentType": "application/pdf"}
    upload = light.ask("POST", f"{path}/document/upload-url", Upload, names)
    assert httpx.put(upload["uploadUrl"], headers=upload["headers"], content=b"x").is_success
    assert light.client.get(f"{path}/document").content == b"x"
    assert light.ask("GET", path, Bill)["documentName"] == "INV-1.pdf"


def check_lists(light: Light) -> None:
    light.bill(invoiceNumber="INV-5")
    light.ask("POST", BILLS, Bill, {})
    for path, record in {
        "/v1/bff/invoice-payables": ListedBill,
        "/v1/vendors": Vendor,
        "/v1/ledger-accounts": Account,
        "/v1/entities": Entity,
        "/v1/purchase-orders": Order,
        "/v1/users": User,
        "/v1/custom-properties/groups": Group,
    }.items():
        assert light.ask("GET", path, page(record), limit=200)["records"]
        assert light.ask("GET", path, page(record), cursor="0", limit=2)["records"]
    for path in ("ledger-transaction-lines", "ledger-transactions/lines"):
        shape = page(LedgerLine, (int, "maxTransactionAmount?"))
        lines = light.ask("GET", f"/v1/{path}", shape, includeCustomProperties="true")
        assert {line["documentType"] for line in lines["records"]} == {"AP", "BP"}
    light.ask("GET", "/v1/custom-properties/groups", page(FullGroup), includeValues="true")
    light.ask("GET", f"/v1/vendors/{VENDOR.id}", Vendor)
    new = light.ask("POST", "/v1/vendors", Vendor, {"name": "Marlow Glassworks", "currency": "GBP"})
    light.ask("GET", f"/v1/vendors/{new['vendorId']}", Vendor)
    for account in light.client.get("/v1/bank-accounts").json():  # a plain array
        BankAccount.model_validate(account)
    number = {"filter": "erpNumber:eq:PO-7001,state:in:OPEN|CLOSED", "sort": "totalAmount:desc"}
    [order] = light.ask("GET", "/v1/purchase-orders", page(Order), **number)["records"]
    assert order["vendorName"] == VENDOR.name
    for wrong in ({"filter": "totalAmount:gt:1"}, {"sort": "description:asc"}):
        light.ask("GET", "/v1/purchase-orders", Refusal, **wrong)
    light.ask("GET", "/v1/bank-accounts", Refusal, limit=1)
    light.ask("GET", "/v1/companies/current", Company)


def check_refusals(light: Light) -> None:
    for method, path, body in (
        ("POST", BILLS, {"amount": "1", "no field": 1}),
        ("POST", BILLS, {"vendorId": BANK}),
        ("GET", f"{BILLS}/{BANK}", None),
        ("GET", "/v1/vendors", None),
        ("POST", f"{BILLS}/{light.ask('POST', BILLS, Bill, {})['id']}/approve", {}),
    ):
        query = {"limit": 0} if path == "/v1/vendors" else {}
        light.ask(method, path, Refusal, body, **query)


def check_token(light: Light) -> None:
    client = {"client_id": "sandbox", "redirect_uri": "http://127.0.0.1:1/callback"}
    consent = light.client.post("/oauth/authorize", data=client | {"decision": "allow"})
    form = client | {
        "client_secret": "sandbox-secret",
        "grant_type": "authorization_code",
        "code": httpx.URL(consent.headers["location"]).params["code"],
    }
    Token.model_validate(light.client.post("/oauth/token", data=form).json())


def test_every_route_answers_as_described(light: Light, sandbox: Sandbox) -> None:
    check_bills(light)
    check_line_items(light)
    check_documents(light)
    check_lists(light)
    check_refusals(light)
    check_token(light)
    # Those of credit notes have tests of their own.
    names = [f"{method} {path}" for method, path, _ in ROUTES]
    others = ("credit-notes", "/accounting-")
    routes = {name for name in names if not any(other in name for other in others)}
    assert routes - set(sandbox.counters.by_route) == {"GET /"}


def test_expected_models_are_strict() -> None:
    address: dict[str, object] = {"country": "GB"}
    Address.model_validate(address)
    for change in ({"country": None}, {"country": 1}, {"planet": "Earth"}):
        with pytest.raises(ValidationError):
            Address.model_validate(address | change)


def test_lines_stored_by_an_older_version_are_complete(tmp_path: Path) -> None:
    settings = SandboxSettings(database=tmp_path / "sandbox.db")
    headers = {"Authorization": f"Basic {settings.key}"}
    with running(settings) as sandbox, httpx.Client(headers=headers) as client:
        client.base_url = httpx.URL(sandbox.base_url)
        bill = Light(client).bill()
    with contextlib.closing(sqlite3.connect(tmp_path / "sandbox.db")) as database, database:
        new_fields = "'$.shouldAmortize', '$.amortizationScheduleId'"
        database.execute(f"UPDATE lines SET body = json_remove(body, {new_fields})")
    with running(settings) as sandbox, httpx.Client(headers=headers) as client:
        client.base_url = httpx.URL(sandbox.base_url)
        path = f"{BILLS}/{bill['id']}"
        assert Light(client).ask("GET", path, Bill)["lineItems"] == bill["lineItems"]
        (line,) = bill["lineItems"]
        assert Light(client).ask("GET", f"{path}/line-items/{line['id']}", Line) == line


@pytest.mark.parametrize("currency", sorted(EXPONENTS))
def test_every_currency_valid_offline_is_accepted(light: Light, currency: str) -> None:
    assert light.ask("POST", BILLS, Bill, {"currency": currency})["currency"] == currency
