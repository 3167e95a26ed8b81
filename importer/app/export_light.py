"""Write what Light lists to a file: bills and credit notes as the canonical sheets, all else with a
column a field. Nothing is changed in Light."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from importer.app.company_check import address_of
from importer.app.destination import DEFAULT_PACE, Destination, PaceOptions, light_at
from importer.app.events import SILENT, Listener, Phase, Work
from importer.app.export_path import check_free, export_path
from importer.app.export_spool import ExportSpool
from importer.app.exported_records import UnreadValues, record_properties
from importer.app.fetch_directory import fetch_directory
from importer.app.stop import StopControl, run_to_end
from importer.app.time_left import time_left
from importer.core.errors import LightRefused
from importer.core.fetch import fetch_all
from importer.light.client import LightClient
from importer.light.credentials import DEFAULT_BASE_URL
from importer.light.light_reads import PAGE
from importer.light.list_pages import (
    ListReader,
    bill_record,
)
from importer.light.list_query import ListQuery, read_query
from importer.light.page_guard import FIRST
from importer.light.rate_limiter import RateLimiter
from importer.model.fields import PROPERTY
from importer.model.light_lists import (
    BILLS,
    CREDIT_NOTES,
    DOCUMENTS,
    LISTS,
    LightList,
    RecordField,
    ValueType,
)
from importer.model.light_objects import Company
from importer.references.directory import Directory
from importer.report.export_columns import (
    DocumentNames,
    ExportedDocument,
    ExportTable,
    Row,
    document_table,
    list_table,
)
from importer.report.export_files import objects, write_export

Json = Mapping[str, object]
IN_FLIGHT = 32  # requests that a killed export may have to make again
SKEW = timedelta(seconds=5)
_NAMED = frozenset(("accounts", "entities", "bank_accounts", "purchase_orders", "groups"))


@dataclass(frozen=True)
class ExportOptions:
    """``kind`` is one of ``LISTS``; ``filters`` are ``field:operator:value``, ``sorts``
    ``field:asc`` or ``field:desc``. ``output``: None for ``<kind>.xlsx`` in the current folder, or,
    with ``show``, for no file: then the result has what was read."""

    kind: str
    output: str | None = None
    overwrite: bool = False
    filters: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ()
    limit: int | None = None
    base_url: str | None = None
    pace: PaceOptions = DEFAULT_PACE
    show: bool = False


@dataclass
class Exported:
    """``records`` of the kind and their ``line_items``, in the files ``paths``; ``shown`` are the
    records themselves, where they were asked for."""

    kind: str
    company: str
    base_url: str
    records: int = 0
    line_items: int = 0
    paths: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0


def export(
    options: ExportOptions, *, listener: Listener = SILENT, stop: StopControl | None = None
) -> Exported:
    """Read the list, and of bills each bill, and write the file.

    The same options resume an export that was stopped, within a day. Raises UsageProblem where the
    query or the output is wrong, StoppedEarly where it was stopped, and what ``fetch`` raises.
    """
    began = time.monotonic()
    light_list = LISTS[options.kind]
    query = read_query(light_list, options.filters, options.sorts)
    path = None
    if options.output is not None or not options.show:
        path = export_path(
            options.output, options.kind, overwrite=options.overwrite, lines=_has_lines(light_list)
        )
    destination = light_at(options.base_url or DEFAULT_BASE_URL, options.pace)
    work = _Export(options, query, path, destination, listener, stop or StopControl())
    out = run_to_end(work.run(), "Stopped. Run the same command again to resume.")
    out.seconds = time.monotonic() - began
    return out


def _has_lines(light_list: LightList) -> bool:
    return light_list.kind in (BILLS, CREDIT_NOTES)


@dataclass
class _Export:
    options: ExportOptions
    query: ListQuery
    path: Path | None
    destination: Destination
    listener: Listener
    stop: StopControl
    notes: list[str] = field(default_factory=list)
    # Of the documents that were written:
    line_items: int = 0
    unread: UnreadValues = field(default_factory=UnreadValues)

    @property
    def light_list(self) -> LightList:
        return LISTS[self.options.kind]

    async def run(self) -> Exported:
        options, destination = self.options, self.destination
        async with destination.connect(options.pace, self.listener) as (client, limiter):
            with self.stop.cancels_task():
                company = await client.company()
                self.listener.connected(company, address_of(destination))
                with self._spool(company) as spool:
                    names = await self._read(client, limiter, spool)
                    out = self._write(spool, names, company)
                    spool.discard()
            out.requests = limiter.requests
        return out

    def _spool(self, company: Company) -> ExportSpool:
        options = self.options
        words = (*options.filters, "", *options.sorts, "", str(options.limit))
        output = str(Path(options.output).absolute()) if options.output else str(Path.cwd())
        return ExportSpool(self.destination.base_url, company.id, options.kind, output, *words)

    # --- reading ------------------------------------------------------------------------------

    async def _read(
        self, client: LightClient, limiter: RateLimiter, spool: ExportSpool
    ) -> DocumentNames:
        """Fill the spool."""
        reader = ListReader(client, self.light_list, self.query)
        if spool.fact("since") is None:
            since = (client.light_time or datetime.now(UTC) - timedelta(minutes=10)) - SKEW
            spool.set_facts(since=since.isoformat())
        elif number := spool.count():
            before = self.light_list.count(number)
            self.listener.message(
                f"Resuming an export that did not finish: {before} were listed before."
            )
        names = DocumentNames()
        if _has_lines(self.light_list):
            with self.listener.work(Work.LISTS):
                directory = await fetch_directory(client, _NAMED, self.listener.message)
            names = _names(directory)
        with self.listener.work(Work.PAGES):
            await self._list(reader, spool)
        changed: set[str] = set()
        for last in (False, True):
            if last:
                changed = await self._look_again(reader, spool)
            if self.light_list.kind == BILLS:
                await self._read_bills(client, limiter, spool)
        if self.light_list.kind == CREDIT_NOTES:
            await _number_notes(client, spool)
        if missing := spool.without_detail() if self.light_list.kind == BILLS else []:
            ids = ", ".join(missing[:10]) + (" …" if len(missing) > 10 else "")
            self.notes.append(
                f"{self.light_list.count(len(missing))} in Light's list cannot be read any more"
                f" and are left out: {ids}"
            )
            spool.remove(missing)
        if reader.query.local_sort and self.query.sort:
            spool.renumber(reader.query.order(spool.numbered()))
        elif self.query.sort and changed:
            if hidden := self.query.hidden(self.light_list, sort_only=True):
                self.notes.append(
                    f"{self.light_list.count(len(changed))} changed meanwhile and may be out of"
                    f" order: Light does not show {', '.join(hidden)}."
                )
            numbers = spool.numbers_of(changed)
            spool.renumber(reader.query.merged(spool.numbered(), numbers))
        if reader.query.local and not self.query.local:
            self.notes.append(f"Light does not filter {self.light_list.plural}: all were read.")
        if self.options.limit is not None:
            spool.keep_first(self.options.limit)
        return names

    async def _list(self, reader: ListReader, spool: ExportSpool) -> None:
        limit, cursor = self.options.limit, spool.fact("cursor")
        size = PAGE if limit is None else min(PAGE, limit)
        while cursor is not None:
            try:
                async for page in reader.pages(cursor, limit=size):
                    enough = limit is not None and not reader.query.local_sort
                    enough = enough and spool.count() + len(page.records) >= (limit or 0)
                    spool.add(page.records, None if enough else page.cursor)
                    if enough:
                        break
                return
            except LightRefused as refused:
                if refused.status is None or refused.status >= 500 or cursor == FIRST:
                    raise
                cursor = FIRST  # the stored one is no longer good

    async def _look_again(self, reader: ListReader, spool: ExportSpool) -> set[str]:
        """What has changed since the export began: a list that moves while it is read may leave a
        record out, and shows others as they were. The ids of the records, which are not in order.
        """
        changed, since = self.light_list.changed, spool.fact("since")
        if not changed or since is None:
            return set()
        moment, matching = datetime.fromisoformat(since), set[str]()
        query = reader.query.with_changes_since(self.light_list, moment)
        async for page in reader.pages(query=query):
            spool.add(page.records, None, update_only=self.options.limit is not None)
            matching |= page.records.keys()
        if self.options.filters:  # what no longer meets them is taken out
            query = ListQuery().with_changes_since(self.light_list, moment)
            async for page in reader.pages(query=query):
                spool.remove(page.records.keys() - matching)
        return matching

    async def _read_bills(
        self, client: LightClient, limiter: RateLimiter, spool: ExportSpool
    ) -> None:
        """Read each bill that was not read yet, with its lines: the list leaves them out."""
        unread = spool.without_detail()
        if not unread:
            return
        ids = iter(unread)
        left = time_left(limiter, len(unread))
        noun = self.light_list.noun_for(len(unread))
        with self.listener.phase(Phase.EXPORT, len(unread), noun, left) as counter:

            async def read() -> None:
                for light_id in ids:
                    try:
                        spool.add_detail(light_id, await bill_record(client, light_id))
                    except LightRefused as refused:
                        if refused.status != 404:
                            raise
                        counter.advance(failed=True)
                    else:
                        counter.advance(failed=False)

            await fetch_all(read() for _ in range(min(IN_FLIGHT, len(unread))))

    # --- writing ------------------------------------------------------------------------------

    def _write(self, spool: ExportSpool, names: DocumentNames, company: Company) -> Exported:
        options, lines = self.options, _has_lines(self.light_list)
        table = self._table(spool, names)
        out = Exported(options.kind, company.name, self.destination.base_url, spool.count())
        out.notes = self.notes
        if self.path is not None:
            if options.output is not None:
                check_free(self.path, overwrite=options.overwrite, lines=lines)
            with self.listener.work(Work.WRITING):
                out.paths = [path.absolute() for path in write_export(self.path, table)]
        if options.show:
            out.shown = list(objects(table))
        out.line_items = self.line_items
        self.notes += self.unread.notes(self.light_list)
        return out

    def _table(self, spool: ExportSpool, names: DocumentNames) -> ExportTable:
        if _has_lines(self.light_list):
            return document_table(lambda: self._documents(spool), names)
        groups = sorted(
            {name for record, _ in spool.records() for name in record_properties(record)}
        )
        properties = {name: RecordField(PROPERTY + name, ValueType.TEXT, "") for name in groups}
        columns = {**self.light_list.columns, **properties}

        def rows() -> Iterator[Row]:
            for record, _ in spool.records():
                cells = self.unread.cells(self.light_list, record)
                of_record = record_properties(record)
                yield [*cells, *(of_record.get(name) for name in groups)]

        name = self.light_list.plural
        return list_table(name[0].upper() + name[1:], columns, rows)

    def _documents(self, spool: ExportSpool) -> Iterator[ExportedDocument]:
        line_items = 0
        for record, detail in spool.records():
            document = self.unread.document(self.light_list.kind, record, detail)
            line_items += len(document.bill.lines or ())
            yield document
        self.line_items = line_items


def _names(directory: Directory) -> DocumentNames:
    return DocumentNames(
        entities={e.id: e.code or e.name for e in directory.entities},
        accounts={a.id: a.code for a in directory.accounts},
        bank_accounts={b.id: b.name for b in directory.bank_accounts},
        purchase_orders={o.id: o.number or "" for o in directory.purchase_orders},
        groups=directory.groups,
    )


async def _number_notes(client: LightClient, spool: ExportSpool) -> None:
    """The numbers of credit notes, which only the list of accounting documents has."""
    wanted = spool.ids()
    documents = LISTS[DOCUMENTS]
    reader = ListReader(client, documents, read_query(documents, ["documentType:eq:CN"], []))
    async for page in reader.pages():
        for light_id in page.records.keys() & wanted:
            spool.add_detail(light_id, page.records[light_id])
