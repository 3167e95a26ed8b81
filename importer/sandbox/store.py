"""The sandbox's SQLite database: bills with their lines, and the reference for lists.

A row holds the JSON of the API's model; its other columns, derived from that, are what lists filter
and sort by. Times are text of fixed width in UTC (``2025-03-31T14:05:00.000000Z``), so that text
order is time order.

One connection, one lock. Commits are cheap on purpose (``synchronous=OFF``): an answered bill
survives a kill of the sandbox, but perhaps not a power cut.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import uuid
from collections import ChainMap, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from importer.core.errors import UsageProblem
from importer.sandbox import answer_models, reference_answers
from importer.sandbox.company_file import CompanyReference, Reference, VendorRow
from importer.sandbox.store_tables import (
    ACCOUNTS,
    BILLS,
    COMPANY,
    ENTITIES,
    GROUPS,
    LINES,
    META,
    NEW_VENDORS,
    ORDERS,
    REFERENCE_TABLES,
    VENDORS,
    dumped,
    table_row,
)
from importer.sandbox.wire_types import JsonObject, wire_time

SCHEMA_VERSION = 1
APPLICATION_ID = 0x4C494D50  # marks the file as a sandbox's, in SQLite's header
INSERT_BILL = sa.insert(BILLS)
_ANY_COMPANY = "c0000000-0000-4000-8000-00000000c0de"  # in rows that do not know theirs yet
_OPENED = "2024-01-01T00:00:00Z"  # when the first records of a company were created
DEAD_STATES = ("CANCELLED", "DECLINED")
Row = TypeVar("Row")


class Store:
    """The database of one sandbox; thread-safe."""

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
        self.new_vendors: dict[str, VendorRow] = {}
        self.latest = datetime.min.replace(tzinfo=UTC)
        self.engine = sa.create_engine(
            f"sqlite:///{path}" if path else "sqlite://",
            poolclass=sa.StaticPool,
            connect_args={"check_same_thread": False},
        )
        try:
            self.company = self._open(reference)
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

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """The one connection for one unit of work: committed at the end, or rolled back."""
        with self.lock, self.engine.begin() as connection:
            yield connection

    def now(self) -> str:
        """The sandbox's time, later than any given before: creation order is never a tie."""
        with self.lock:
            now = datetime.now(UTC) + self.clock_offset
            self.latest = max(now, self.latest + timedelta(microseconds=1))
            return wire_time(self.latest)

    # --- bills --------------------------------------------------------------------------------

    def add_bill(self, bill: JsonObject, lines: Sequence[JsonObject]) -> None:
        """Store a new bill with its lines, in one transaction."""
        created = str(bill["invoiceCreatedAt"])
        visible = wire_time(datetime.fromisoformat(created) + self.list_lag)
        row = bill_row(bill) | {"created_at": created, "visible_at": visible, "version": 1}
        with self.transaction() as connection:
            connection.execute(INSERT_BILL, row)
            _insert_lines(connection, lines)

    def save_bill(self, bill: JsonObject) -> JsonObject:
        """Store a bill and its lines after a change: new time of change, next version."""
        bill = bill | {"updatedAt": self.now()}
        row = bill_row(bill) | {"version": BILLS.c.version + 1}
        with self.transaction() as connection:
            connection.execute(sa.update(BILLS).where(BILLS.c.id == bill["id"]).values(row))
            connection.execute(sa.delete(LINES).where(LINES.c.bill_id == bill["id"]))
            _insert_lines(connection, bill["lineItems"])
        return bill

    def bill(self, bill_id: str) -> JsonObject | None:
        """A bill with its lines in order, or None."""
        with self.transaction() as connection:
            body = connection.scalar(sa.select(BILLS.c.body).where(BILLS.c.id == bill_id))
            if body is None:
                return None
            bill: JsonObject = json.loads(body)
            bodies = connection.scalars(
                sa.select(LINES.c.body).where(LINES.c.bill_id == bill_id).order_by(LINES.c.position)
            )
            bill["lineItems"] = [_line(body) for body in bodies]
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
            lines = sa.select(LINES.c.bill_id, LINES.c.body).order_by(LINES.c.position)
            if limit >= 0:
                lines = lines.where(LINES.c.bill_id.in_(list(bills)))
            for bill_id, body in connection.execute(lines):
                bills[bill_id]["lineItems"].append(_line(body))
        return list(bills.values())

    def totals(self) -> list[tuple[str | None, int, int]]:
        """(currency, bills, cents) of all bills, cancelled ones left out."""
        # Not by SQLite's sum(): it fails where the total exceeds 64 bits.
        query = sa.select(BILLS.c.currency, BILLS.c.amount).where(BILLS.c.state != "CANCELLED")
        amounts: dict[str | None, list[int]] = defaultdict(list)
        with self.transaction() as connection:
            for currency, amount in connection.execute(query):
                amounts[currency].append(amount or 0)
        return [
            (currency, len(amounts[currency]), sum(amounts[currency]))
            for currency in sorted(amounts, key=lambda code: code or "")
        ]

    def count_bills(self) -> int:
        with self.transaction() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(BILLS)) or 0

    def has_live_duplicate(self, vendor_id: str | None, invoice_number: str | None) -> bool:
        """Whether a bill of the vendor and number exists, neither cancelled nor declined."""
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

    # --- reference ----------------------------------------------------------------------------

    def vendor(self, vendor_id: str) -> JsonObject | None:
        with self.transaction() as connection:
            body = connection.scalar(sa.select(VENDORS.c.body).where(VENDORS.c.id == vendor_id))
        return json.loads(body) if body else None

    def add_vendor(self, row: VendorRow, vendor: JsonObject) -> None:
        """Store a new vendor: for lists, for the check of bills, and for the next start."""
        body = {"id": row.id, "row": row.model_dump_json(by_alias=True)}
        with self.transaction() as connection:
            created = {"created_at": vendor["vendorCreatedAt"], "body": dumped(vendor)}
            connection.execute(sa.insert(NEW_VENDORS), body | created)
            self._show_vendor(connection, row, vendor)

    def _show_vendor(self, connection: sa.Connection, row: VendorRow, vendor: JsonObject) -> None:
        self.new_vendors[row.id] = row
        connection.execute(sa.insert(VENDORS), _vendor_row(row, vendor))

    # --- opening ------------------------------------------------------------------------------

    def _open(self, reference: Reference) -> CompanyReference:
        with self.engine.connect() as connection:
            # Checked before anything is written: a file of another program stays as it is.
            mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
            version = connection.exec_driver_sql("PRAGMA user_version").scalar()
            tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
            if tables and (mark, version) != (APPLICATION_ID, SCHEMA_VERSION):
                raise UsageProblem(f"{self.engine.url.database} is not a sandbox's database.")
            fresh = not tables and self.engine.url.database is None
            if fresh:
                _copy_image(reference, connection)
            # Outside a transaction: SQLite changes neither of these within one.
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
        with self.transaction() as connection:
            for table in REFERENCE_TABLES if tables else ():
                table.drop(connection, checkfirst=True)
            if not fresh:
                META.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
            row = connection.execute(sa.select(COMPANY.c.id, COMPANY.c.created_at)).first()
            if row is None:
                # A fresh id: journals of an older sandbox must not match this one.
                values = {"id": str(uuid.uuid4()), "created_at": self.now()}
                row = connection.execute(sa.insert(COMPANY).returning(*COMPANY.c), values).one()
            vendors = ChainMap(self.new_vendors, dict(reference.vendors))
            extended = replace(reference, vendors=vendors)
            company = CompanyReference(row.id, row.created_at, extended)
            if fresh:
                for table in _reference_rows(reference):
                    body = sa.func.replace(table.c.body, _ANY_COMPANY, company.id)
                    connection.execute(sa.update(table).values(body=body))
            else:
                _write_reference(connection, reference, company.id)
            stored = sa.select(NEW_VENDORS).order_by(NEW_VENDORS.c.created_at)
            for each in connection.execute(stored).all():
                vendor = VendorRow.model_validate_json(each.row)
                self._show_vendor(connection, vendor, json.loads(each.body))
            return company


def bill_row(bill: JsonObject) -> JsonObject:
    """The columns of a bill that follow from its JSON; lines are in their own table."""
    return table_row(BILLS, bill | {"lineItems": []})


def _insert_lines(connection: sa.Connection, lines: Sequence[JsonObject]) -> None:
    if lines:
        rows = [
            table_row(LINES, line, bill_id=line["invoicePayableId"], position=position)
            for position, line in enumerate(lines)
        ]
        connection.execute(sa.insert(LINES), rows)


def _vendor_row(vendor: VendorRow, body: JsonObject) -> JsonObject:
    texts = filter(None, (vendor.name, vendor.identifier, vendor.vat_id))
    created = body["vendorCreatedAt"]
    search = "\n".join(texts).casefold()
    return table_row(VENDORS, body, id=vendor.id, created_at=created, search=search, spend=0)


def _copy_image(reference: Reference, connection: sa.Connection) -> None:
    """Fill an empty database in memory with the tables and the reference, for ``_ANY_COMPANY``."""
    target = connection.connection.driver_connection
    assert isinstance(target, sqlite3.Connection)
    with contextlib.closing(sqlite3.connect(":memory:")) as source:
        source.deserialize(_database_image(reference))
        source.backup(target)


@lru_cache(maxsize=4)
def _database_image(reference: Reference) -> bytes:
    """A database of SQLite: to make one takes longer than all else that a short sandbox does."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    with engine.begin() as connection:
        META.create_all(connection)
        _write_reference(connection, reference, _ANY_COMPANY)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
        database = connection.connection.driver_connection
        assert isinstance(database, sqlite3.Connection)
        content = database.serialize()
    engine.dispose()
    return content


def _write_reference(connection: sa.Connection, reference: Reference, company_id: str) -> None:
    """Fill the reference tables."""
    for table, rows in _reference_rows(reference).items():
        of_company = (
            {**row, "body": row["body"].replace(_ANY_COMPANY, company_id)} for row in rows
        )
        if rows:
            connection.execute(sa.insert(table), list(of_company))


@lru_cache(maxsize=4)  # many sandboxes of a process have the same company
def _reference_rows(reference: Reference) -> Mapping[sa.Table, list[JsonObject]]:
    """The rows of the reference tables, for ``_ANY_COMPANY``; each record a second after the one
    before, in file order."""
    company = CompanyReference(_ANY_COMPANY, _OPENED, reference)
    first = datetime.fromisoformat(_OPENED)

    def stamped(rows: Mapping[str, Row]) -> Iterator[tuple[Row, str]]:
        for index, row in enumerate(rows.values()):
            yield row, wire_time(first + timedelta(seconds=index))

    entities = [
        reference_answers.entity_json(*each, company) for each in stamped(reference.entities)
    ]
    tables = {
        ENTITIES: [
            table_row(
                ENTITIES,
                body,
                position=position,
                country=body["address"].get("country"),
                vat_number=body.get("vatNumber"),
            )
            for position, body in enumerate(entities)
        ],
        VENDORS: [
            _vendor_row(vendor, reference_answers.vendor_json(vendor, created, company))
            for vendor, created in stamped(reference.vendors)
        ],
        ACCOUNTS: [
            table_row(
                ACCOUNTS,
                reference_answers.account_json(account, created, entities, company),
                category=account.category,
                entity_ids=f";{';'.join(reference.entities)};",
            )
            for account, created in stamped(reference.accounts)
        ],
        GROUPS: [
            table_row(
                GROUPS,
                reference_answers.group_json(group, created, company),
                level=group.level,
                object_types="".join(f";{each}" for each in group.object_types) + ";",
                status="ACTIVE" if "ACTIVE" in group.statuses.values() else "DELETED",
                deleted=False,
            )
            for group, created in stamped(reference.groups)
        ],
    }
    tables[ORDERS] = [
        table_row(
            ORDERS,
            reference_answers.purchase_order_json(
                order, created, reference.vendors.get(order.vendor_id), company
            ),
        )
        for order, created in stamped(reference.purchase_orders)
    ]
    return tables


def _line(body: str) -> JsonObject:
    """A stored line item, completed where an older version has stored it."""
    line: JsonObject = json.loads(body)
    return {
        "amortizationScheduleId": None,
        "shouldAmortize": answer_models.is_amortized(line),
        **line,
    }
