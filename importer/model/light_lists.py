"""The lists of Light that can be exported: where each is, and what filters and sorts it.

Source: the parameter descriptions and models of the API. The fields of ``GET
/v1/ledger-transaction-lines`` are not in its older description, so a refusal there is no mistake of
the person's: what Light does not filter is filtered here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto


class ValueType(Enum):
    """What a field of a record holds, and how it is compared."""

    TEXT = auto()
    UUID = auto()
    INTEGER = auto()
    BOOLEAN = auto()
    DATE = auto()
    MOMENT = auto()  # UTC


_MARKS = {
    "#": ValueType.INTEGER,
    "?": ValueType.BOOLEAN,
    "@": ValueType.DATE,
    "~": ValueType.MOMENT,
    "!": ValueType.UUID,
}


@dataclass(frozen=True)
class RecordField:
    """A field of a record. ``path`` leads to it in Light's JSON: ``amounts.dcSign``."""

    name: str
    type: ValueType
    path: str


def _fields(text: str) -> dict[str, RecordField]:
    """``name``, ``name=path``; with a mark of the type at the end."""
    out = {}
    for word in text.split():
        kind = _MARKS.get(word[-1], ValueType.TEXT)
        bare = word if kind is ValueType.TEXT else word[:-1]
        name, _, path = bare.partition("=")
        out[name] = RecordField(name, kind, path or name)
    return out


@dataclass(frozen=True)
class LightList:
    """One list of Light.

    ``filters`` and ``sorts`` are what the description permits; ``columns`` what an export shows of
    a record. ``changed`` is the filter by which records that changed are found, "" where they
    never do. ``paths``: the second spelling is for a 404. ``filtered_locally``: what Light refuses
    to filter or sort by is filtered and sorted on this side. ``hidden`` are fields among both that
    its records do not have, so that only Light can filter and sort by them.
    """

    kind: str
    noun: str  # of one
    paths: tuple[str, ...]
    filters: Mapping[str, RecordField]
    sorts: tuple[str, ...]
    columns: Mapping[str, RecordField] = field(default_factory=dict)
    id_name: str = "id"
    changed: str = "updatedAt"
    filtered_locally: bool = False
    hidden: frozenset[str] = frozenset()

    @property
    def plural(self) -> str:
        return "company entities" if self.noun == "company entity" else f"{self.noun}s"

    def noun_for(self, number: int) -> str:
        return self.noun if number == 1 else self.plural

    def count(self, number: int) -> str:
        """So many of its records, in words."""
        return f"{number:,} {self.noun_for(number)}"


BILLS, CREDIT_NOTES, VENDORS = "bills", "credit-notes", "vendors"
ACCOUNTS, ENTITIES, DOCUMENTS, LEDGER_LINES = "accounts", "entities", "documents", "ledger-lines"
_DOCUMENTS = LightList(
    DOCUMENTS,
    "accounting document",
    ("/v1/accounting-documents/accounting-documents",),
    _fields(
        """
        id! documentSequenceId documentNumber documentType companyEntityId! ledgerName
        businessPartnerName businessPartnerId! status currency postingDate@ documentDate@
        valuationDate@ createdAt~ updatedAt~ createdBy! intercompanyDocumentId! apDueDate@ apState
        apVendorId! arContractId! arDueDate@ arCustomerId! arInvoiceTemplateId!
        arPayeeBankAccountId! arOpenedAt~ arState ctCardId! ctCardBalanceAccountId! ctStatus
        ctPerformedAt~ cnToBeAdjustedAccDocType intercompanyJournalEntryId! ycAccountingYearId!
        accountCode accountLabel taxCode
        """
    ),
    tuple(
        """
        companyEntityId documentSequenceId postingDate valuationDate documentDate
        businessPartnerName status createdBy createdAt description documentNumber arDueDate
        arOpenedAt ctPerformedAt ctStatus ctAmount ccAmount
        """.split()
    ),
    _fields(
        """
        id! documentType documentNumber documentSequenceId status businessPartnerName
        businessPartnerId! companyEntityId! documentDate@ currency
        amount=totalTransactionAmount.amount# dcSign=totalTransactionAmount.dcSign
        areLinesWithTax? description createdAt~ updatedAt~
        """
    ),
    hidden=frozenset(
        """
        ledgerName postingDate valuationDate createdBy intercompanyDocumentId apDueDate apState
        apVendorId arContractId arDueDate arCustomerId arInvoiceTemplateId arPayeeBankAccountId
        arOpenedAt arState ctCardId ctCardBalanceAccountId ctStatus ctPerformedAt
        cnToBeAdjustedAccDocType intercompanyJournalEntryId ycAccountingYearId accountCode
        accountLabel taxCode ctAmount ccAmount
        """.split()
    ),
)
_LEDGER_LINES = LightList(
    LEDGER_LINES,
    "ledger line",
    ("/v1/ledger-transaction-lines", "/v1/ledger-transactions/lines"),
    _fields(
        """
        accountCode# accountId! accountType accDocId=accountingDocumentId! businessPartnerId!
        businessPartnerName companyEntityCode companyEntityId! createdAt~ customPropertyValueId!
        documentSequenceId documentType eliminationOffset groupAmount=amounts.signedGroupAmount#
        groupCurrency=amounts.groupCurrency id! ledgerName lineType
        localAmount=amounts.signedLocalAmount# localCurrency=amounts.localCurrency postingDate@
        taxTagLabel transactionCurrency=amounts.transactionCurrency
        transactionId=ledgerTransactionId! transactionSequenceId
        """
    ),
    tuple(
        """
        accountingDocumentNumber transactionSequenceId documentSequenceId documentType accountCode
        accountLabel postingDate accountType taxTagLabel createdAt
        """.split()
    ),
    _fields(
        """
        id! postingDate@ documentType accountingDocumentNumber accountCode# accountLabel
        accountType description signedTransactionAmount=amounts.signedTransactionAmount#
        transactionCurrency=amounts.transactionCurrency dcSign=amounts.dcSign
        transactionAmount=amounts.transactionAmount#
        signedLocalAmount=amounts.signedLocalAmount# localCurrency=amounts.localCurrency
        signedGroupAmount=amounts.signedGroupAmount# groupCurrency=amounts.groupCurrency taxCode
        taxTagLabel taxId! businessPartnerName businessPartnerId! companyEntityCode
        companyEntityName companyEntityId! ledgerName ledgerTransactionType ledgerTransactionId!
        transactionSequenceId documentSequenceId accountingDocumentId! accountingDocumentLineId!
        documentDescription accountId! costCenterId! valuationDate@ accountingReleaseStartDate@
        accountingReleaseEndDate@ amortized? accruedLedgerTransactionLineId! createdAt~ createdBy!
        """
    ),
    changed="",
    filtered_locally=True,
    hidden=frozenset(("customPropertyValueId", "eliminationOffset", "lineType")),
)
LISTS: Mapping[str, LightList] = {
    each.kind: each
    for each in (
        LightList(
            BILLS,
            "bill",
            ("/v1/bff/invoice-payables",),
            _fields(
                """
                approverUserId! id! vendorId=vendor.vendorId! userId=user.userId! companyEntityId!
                senderBankAccountId! amount# description documentNumber dueDate@ issuedDate@
                paymentAt~ createdAt~ updatedAt~ state vendorName=vendor.vendorName
                userFirstName=user.userFirstName userLastName=user.userLastName type
                """
            ),
            tuple(
                """
                amount canceledAt companyEntityName description dueDate fromAccountName createdAt
                invoiceNumber issuedDate ocrCompletedAt paymentAt senderEmail state vendorName
                businessPartnerName nextApproverName
                """.split()
            ),
            hidden=frozenset(
                """
                approverUserId documentNumber fromAccountName businessPartnerName nextApproverName
                """.split()
            ),
        ),
        LightList(
            CREDIT_NOTES,
            "credit note",
            ("/v1/credit-notes",),
            _fields(
                """
                businessPartnerId! status companyEntityId! documentDate@ toBeAdjustedAccDocType
                updatedAt~
                """
            ),
            ("amount", "businessPartnerName", "status", "documentDate"),
            _fields("amount#"),  # an export has the columns of ``load``
            hidden=frozenset(("toBeAdjustedAccDocType",)),
        ),
        LightList(
            VENDORS,
            "vendor",
            ("/v1/vendors",),
            _fields(
                """
                id=vendorId! status type ledgerAccountId=defaultCompanyEntity.accountId!
                ledgerTaxId=defaultCompanyEntity.taxCodeId!
                spendLastMtd=lastMtdSpendInGroupCurrency# createdAt=vendorCreatedAt~ updatedAt~
                """
            ),
            ("name", "spendLastMtd", "createdAt", "updatedAt"),
            _fields(
                """
                vendorId! name identifier vatId businessRegistrationNumber status type currency
                email website country city address zipcode bankName bankCountry bankCity
                bankAddress bankZipcode bankRecipientName bankAccountNumber bankAccountBic
                domesticBankAccountNumber domesticBankAccountCode swedishBankgiroNumber
                swedishPlusgiroNumber description companyEntityIds
                defaultAccountId=defaultCompanyEntity.accountId!
                defaultTaxCodeId=defaultCompanyEntity.taxCodeId!
                defaultCompanyEntityId=defaultCompanyEntity.companyEntityId!
                lastMtdSpendInGroupCurrency# groupCurrency vendorCreatedAt~ updatedAt~
                """
            ),
            id_name="vendorId",
        ),
        LightList(
            ACCOUNTS,
            "ledger account",
            ("/v1/ledger-accounts",),
            _fields(
                """
                id! companyEntityId=companyEntities.id! code# sourceType status type category
                createdAt~ updatedAt~
                """
            ),
            tuple("code label context type category status createdAt updatedAt".split()),
            _fields(
                """
                id! code# label type status context revaluateFxBalance?
                companyEntities=companyEntities.code bankAccountId! cardAccountId!
                cashAndEquivalentsAccountId! createdAt~ updatedAt~
                """
            ),
            hidden=frozenset(("sourceType", "category")),
        ),
        LightList(
            ENTITIES,
            "company entity",
            ("/v1/entities",),
            _fields(
                """
                id! code name displayName country=address.country status createdAt~ updatedAt~
                """
            ),
            tuple(
                """
                code createdAt displayName localCurrency name sortPosition status vatNumber
                """.split()
            ),
            _fields(
                """
                id! code displayName name localCurrency vatNumber status parentCompanyEntityId!
                country=address.country city=address.city state=address.state
                zipcode=address.zipcode street=address.street street2=address.street2
                seedInvoiceNumber# createdAt~ updatedAt~
                """
            ),
            hidden=frozenset(("sortPosition",)),
        ),
        _DOCUMENTS,
        _LEDGER_LINES,
    )
}
