"""What a sandbox holds, in SQLite: the bills with their lines, and the reference for lists.

A bill and a line are kept as the JSON of the API's own model; the columns beside it are what lists
filter and sort by, always derived from that JSON. Times are text of fixed width in UTC
(``2025-03-31T14:05:00.000000Z``), so that text order is time order.

One connection, one lock. A commit is cheap on purpose (``synchronous=OFF``): an answered bill is
in the database, also after the sandbox is killed, but perhaps not after a power cut.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from importer.core.errors import UsageProblem
from importer.sandbox import answers
from importer.sandbox.answers import JsonObject
from importer.sandbox.company_file import Reference
from importer.sandbox.field_checks import wire_time

SCHEMA_VERSION = 1
APPLICATION_ID = 0x4C494D50  # marks the file as a sandbox's, in SQLite's header
META = sa.MetaData()


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, **options)


COMPANY = sa.Table("company", META, _text("id", primary_key=True), _text("created_at"))
BILLS = sa.Table(
    "bills",
    META,
    _text("id", primary_key=True),
    _text("created_at", index=True),
    _text("updated_at"),
    _text("visible_at"),
    sa.Column("version", sa.Integer),
    sa.Column("amount", sa.BigInteger),
    *map(_text, ("type", "currency", "description", "issued_date", "due_date", "payment_at")),
    *map(_text, ("canceled_at", "vendor_id", "company_entity_id", "sender_bank_account_id")),
    _text("invoice_number"),
    _text("state", index=True),
    _text("body"),
    sa.Index("bills_by_vendor", "vendor_id", "invoice_number"),
)
LINES = sa.Table(
    "lines",
    META,
    _text("id", primary_key=True),
    _text("bill_id", index=True),
    sa.Column("position", sa.Integer),
    _text("body"),
)
# The reference is written anew at each start: the files are the truth.
VENDORS = sa.Table(
    "vendors",
    META,
    _text("id", primary_key=True),
    *map(_text, ("name", "type", "status", "created_at", "updated_at", "search", "body")),
    sa.Column("spend", sa.BigInteger),
)
ACCOUNTS = sa.Table(
    "accounts",
    META,
    _text("id", primary_key=True),
    sa.Column("code", sa.Integer),
    *map(_text, ("label", "type", "category", "status", "created_at", "updated_at", "body")),
    _text("entity_ids"),
)
ENTITIES = sa.Table(
    "entities",
    META,
    _text("id", primary_key=True),
    sa.Column("position", sa.Integer),
    *map(_text, ("code", "name", "display_name", "country", "status", "local_currency")),
    *map(_text, ("vat_number", "created_at", "updated_at", "body")),
)
GROUPS = sa.Table(
    "groups",
    META,
    _text("id", primary_key=True),
    *map(_text, ("internal_name", "label", "level", "input_type", "object_types")),
    *map(_text, ("status", "created_at", "updated_at", "body")),
    sa.Column("required", sa.Boolean),
    sa.Column("deleted", sa.Boolean),
)
REFERENCE_TABLES = (VENDORS, ACCOUNTS, ENTITIES, GROUPS)
COLUMNS = {
    "amount": "amount",
    "type": "type",
    "currency": "currency",
    "description": "description",
    "issued_date": "issuedDate",
    "due_date": "dueDate",
    "payment_at": "paymentAt",
    "canceled_at": "canceledAt",
    "vendor_id": "vendorId",
    "company_entity_id": "companyEntityId",
    "sender_bank_account_id": "senderBankAccountId",
    "invoice_number": "invoiceNumber",
    "state": "state",
    "updated_at": "updatedAt",
}
INSERT_BILL, INSERT_LINE = sa.insert(BILLS), sa.insert(LINES)
DEAD_STATES = ("CANCELLED", "DECLINED")


class Store:
    """The database of one sandbox; safe to use from several threads."""

    def __init__(
        self,
        path: Path | None,
        reference: Reference,
        list_lag: float = 0.0,
        clock_offset: float = 0.0,
    ) -> None:
        self.lock = threading.RLock()
        self.list_lag = timedelta(seconds=list_lag)
        self.clock_offset = timedelta(seconds=clock_offset)
        self.latest = datetime.min.replace(tzinfo=UTC)
        self.engine = sa.create_engine(
            f"sqlite:///{path}" if path else "sqlite://",
            poolclass=sa.StaticPool,
            connect_args={"check_same_thread": False},
        )
        try:
            self.company_id, self.company_created = self._open(reference)
        except sa.exc.DatabaseError as error:
            self.engine.dispose()
            message = f"{path} cannot be used as a sandbox's database: {error.orig}."
            raise UsageProblem(message) from error
        except UsageProblem:
            self.engine.dispose()
            raise

    def close(self) -> None:
        with self.lock:
            self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """The one connection, for one unit of work: committed at the end, or undone as a whole."""
        with self.lock, self.engine.begin() as connection:
            yield connection

    def now(self) -> str:
        """The sandbox's time, later than any given before: creation order is never a tie."""
        with self.lock:
            now = datetime.now(UTC) + self.clock_offset
            self.latest = max(now, self.latest + timedelta(microseconds=1))
            return wire_time(self.latest)

    # --- bills ------------------------------------------------------------------------------

    def add_bill(self, bill: JsonObject, lines: Sequence[JsonObject]) -> None:
        """Keep a new bill with its lines, in one transaction."""
        created = str(bill["invoiceCreatedAt"])
        visible = wire_time(datetime.fromisoformat(created) + self.list_lag)
        row = _bill_row(bill) | {"created_at": created, "visible_at": visible, "version": 1}
        with self.transaction() as connection:
            connection.execute(INSERT_BILL, row)
            if lines:
                connection.execute(
                    INSERT_LINE, [_line_row(line, i) for i, line in enumerate(lines)]
                )

    def save_bill(self, bill: JsonObject) -> JsonObject:
        """Keep a bill that changed, or whose lines did: time of change set, version counted up."""
        bill = bill | {"updatedAt": self.now(), "lineItems": []}
        changed = _bill_row(bill) | {"version": BILLS.c.version + 1}
        with self.transaction() as connection:
            connection.execute(sa.update(BILLS).where(BILLS.c.id == bill["id"]).values(changed))
        return bill

    def bill(self, bill_id: str) -> JsonObject | None:
        """A bill as the API shows it, lines in order; None where there is none."""
        with self.transaction() as connection:
            found = connection.scalar(sa.select(BILLS.c.body).where(BILLS.c.id == bill_id))
            if found is None:
                return None
            bill: JsonObject = json.loads(found)
            bodies = connection.scalars(
                sa.select(LINES.c.body).where(LINES.c.bill_id == bill_id).order_by(LINES.c.position)
            )
            bill["lineItems"] = [json.loads(body) for body in bodies]
            return bill

    def bills(
        self, newest_first: bool = False, limit: int = -1, offset: int = 0
    ) -> list[JsonObject]:
        """Bills with their lines, in order of creation; ``limit`` -1 is all of them."""
        order = BILLS.c.created_at.desc() if newest_first else BILLS.c.created_at
        page = sa.select(BILLS.c.id, BILLS.c.body).order_by(order).limit(limit).offset(offset)
        with self.transaction() as connection:
            rows = connection.execute(page).all()
            bills = {bill_id: json.loads(body) for bill_id, body in rows}
            wanted = sa.select(LINES.c.bill_id, LINES.c.body).order_by(LINES.c.position)
            if limit >= 0:
                wanted = wanted.where(LINES.c.bill_id.in_(list(bills)))
            for bill_id, body in connection.execute(wanted):
                bills[bill_id]["lineItems"].append(json.loads(body))
        return list(bills.values())

    def totals(self) -> list[tuple[str | None, int, int]]:
        """(currency, bills, cents) of all bills, cancelled ones left out."""
        # Summed here: SQLite's sum() fails where the total leaves 64 bits.
        query = sa.select(BILLS.c.currency, BILLS.c.amount).where(BILLS.c.state != "CANCELLED")
        found: dict[str | None, tuple[int, int]] = {}
        with self.transaction() as connection:
            for currency, amount in connection.execute(query):
                count, cents = found.get(currency, (0, 0))
                found[currency] = (count + 1, cents + (amount or 0))
        return sorted(
            ((currency, *figures) for currency, figures in found.items()),
            key=lambda total: total[0] or "",
        )

    def count_bills(self) -> int:
        with self.transaction() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(BILLS)) or 0

    def has_live_twin(self, vendor_id: object, invoice_number: object) -> bool:
        """Whether a bill of the same vendor and number is there, neither cancelled nor declined."""
        if vendor_id is None or invoice_number is None:
            return False
        query = sa.select(BILLS.c.id).where(
            BILLS.c.vendor_id == vendor_id,
            BILLS.c.invoice_number == invoice_number,
            BILLS.c.state.not_in(DEAD_STATES),
        )
        with self.transaction() as connection:
            return connection.scalar(query.limit(1)) is not None

    def ids_in_state(self, state: str) -> list[str]:
        with self.transaction() as connection:
            return list(connection.scalars(sa.select(BILLS.c.id).where(BILLS.c.state == state)))

    # --- lines ------------------------------------------------------------------------------

    def add_line(self, line: JsonObject) -> None:
        """Keep a line after the others of its bill."""
        last = sa.select(sa.func.max(LINES.c.position)).where(
            LINES.c.bill_id == line["invoicePayableId"]
        )
        with self.transaction() as connection:
            position = connection.scalar(last)
            row = _line_row(line, 0 if position is None else position + 1)
            connection.execute(INSERT_LINE, row)

    def save_line(self, line: JsonObject) -> None:
        with self.transaction() as connection:
            connection.execute(
                sa.update(LINES).where(LINES.c.id == line["id"]).values(body=_dumped(line))
            )

    def delete_line(self, line_id: str) -> None:
        with self.transaction() as connection:
            connection.execute(sa.delete(LINES).where(LINES.c.id == line_id))

    # --- opening ----------------------------------------------------------------------------

    def _open(self, reference: Reference) -> tuple[str, str]:
        with self.engine.connect() as connection:
            # Looked at before anything is written: a file of somebody else's stays as it is.
            mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
            version = connection.exec_driver_sql("PRAGMA user_version").scalar()
            tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
            if tables and (mark, version) != (APPLICATION_ID, SCHEMA_VERSION):
                raise UsageProblem(f"{self.engine.url.database} is not a sandbox's database.")
            # Outside a transaction: SQLite changes neither of these within one.
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
        with self.transaction() as connection:
            for table in REFERENCE_TABLES:
                table.drop(connection, checkfirst=True)
            META.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
            company = connection.execute(sa.select(COMPANY)).first()
            if company is None:
                # A fresh id: memories of an older sandbox must not match this one.
                made = {"id": str(uuid.uuid4()), "created_at": self.now()}
                connection.execute(sa.insert(COMPANY), made)
                company = connection.execute(sa.select(COMPANY)).one()
            _write_reference(connection, reference, company.id, company.created_at)
            return company.id, company.created_at


def _bill_row(bill: JsonObject) -> dict[str, Any]:
    row = {column: bill[field] for column, field in COLUMNS.items()}
    return row | {"id": bill["id"], "body": _dumped(bill)}


def _line_row(line: JsonObject, position: int) -> dict[str, Any]:
    return {
        "id": line["id"],
        "bill_id": line["invoicePayableId"],
        "position": position,
        "body": _dumped(line),
    }


def _dumped(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _write_reference(
    connection: sa.Connection, reference: Reference, company_id: str, company_created: str
) -> None:
    """Fill the reference tables; each record a second after the one before, in file order."""
    first = datetime.fromisoformat(company_created)

    def stamps(index: int) -> tuple[str, dict[str, Any]]:
        created = wire_time(first + timedelta(seconds=index))
        return created, {"created_at": created, "updated_at": created}

    entities = []
    for index, entity in enumerate(reference.entities.values()):
        created, times = stamps(index)
        body = answers.entity_json(entity, company_id, created)
        row = {
            "id": entity.id,
            "position": index,
            "code": entity.code,
            "name": entity.name,
            "display_name": entity.display_name,
            "country": entity.country or None,
            "status": entity.status,
            "local_currency": entity.currency,
            "vat_number": entity.vat_number or None,
        }
        entities.append((row | times, body))
    shown_entities = [body for _, body in entities]
    member_ids = ";" + "".join(f"{entity_id};" for entity_id in reference.entities)
    vendors = []
    for index, vendor in enumerate(reference.vendors.values()):
        created, times = stamps(index)
        body = answers.vendor_json(vendor, reference.company, company_id, created)
        searched = (vendor.name, vendor.identifier, vendor.vat_id)
        row = {
            "id": vendor.id,
            "name": vendor.name,
            "type": "EXTERNAL",
            "status": vendor.status,
            "search": "\n".join(filter(None, searched)).casefold(),
            "spend": 0,
        }
        vendors.append((row | times, body))
    accounts = []
    for index, account in enumerate(reference.accounts.values()):
        created, times = stamps(index)
        body = answers.account_json(account, shown_entities, company_id, created)
        row = {
            "id": account.id,
            "code": account.code,
            "label": account.label,
            "type": account.type,
            "category": account.category,
            "status": account.status,
            "entity_ids": member_ids,
        }
        accounts.append((row | times, body))
    groups = []
    for index, group in enumerate(reference.groups.values()):
        created, times = stamps(index)
        row = {
            "id": group.id,
            "internal_name": group.internal_name,
            "label": group.label,
            "level": group.level,
            "input_type": group.input_type,
            "object_types": ";BILL;",
            "status": "ACTIVE",
            "required": group.required,
            "deleted": False,
        }
        groups.append((row | times, answers.group_json(group, company_id, created)))
    for table, records in (
        (ENTITIES, entities),
        (VENDORS, vendors),
        (ACCOUNTS, accounts),
        (GROUPS, groups),
    ):
        if records:
            rows = [row | {"body": _dumped(body)} for row, body in records]
            connection.execute(sa.insert(table), rows)
