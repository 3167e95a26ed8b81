"""One page of a list, by offset or by cursor, as the API answers it."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from starlette.datastructures import QueryParams

from importer.sandbox import list_filters
from importer.sandbox.http_request import read_query
from importer.sandbox.list_filters import Cursor, SortKey
from importer.sandbox.lists import Listing
from importer.sandbox.refusals import bad_request
from importer.sandbox.store import Store
from importer.sandbox.store_tables import VENDORS
from importer.sandbox.wire_types import JsonObject

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
PAGING = ("sort", "filter", "limit", "offset", "cursor")


def read_page(store: Store, listing: Listing, query: QueryParams) -> JsonObject:
    """``records``, ``hasMore``, ``total`` and the two cursors.

    Pages by cursor neither repeat nor skip a record while others come and go; ``total`` comes
    with pages by offset only, as documented.
    """
    values = read_query(query, {**dict.fromkeys(PAGING, ()), **listing.flags})
    limit_text = values.get("limit", str(DEFAULT_LIMIT))
    limit = list_filters.whole_number("limit", limit_text, range(1, MAX_LIMIT + 1))
    clauses = list_filters.read_filter(values.get("filter", ""), listing.filters)
    if "visible_at" in listing.table.c:
        clauses.append(listing.table.c.visible_at <= store.now())
    if term := values.get("searchTerm"):
        clauses.append(sa.func.instr(VENDORS.c.search, term.casefold()) > 0)
    by_time = [SortKey(listing.table.c.created_at, descending=False)]
    keys = list_filters.read_sort(values.get("sort", ""), listing.sorts, by_time)
    keys.append(SortKey(listing.table.c.id, descending=False))
    base = sa.select(*listing.selected, *(key.column for key in keys))
    base = base.select_from(listing.source).where(*clauses)
    if "cursor" not in values:
        return _page_by_offset(store, listing, base, keys, values.get("offset", "0"), limit)
    if "offset" in values:
        raise bad_request("INVALID_PARAMETER", "Give either a cursor or an offset.", "offset")
    query_key = json.dumps(
        [listing.name, *(values.get(name, "") for name in ("filter", "sort", "searchTerm"))]
    )
    return _page_by_cursor(store, listing, base, keys, query_key, values["cursor"], limit)


def _page_by_offset(
    store: Store, listing: Listing, base: sa.Select[Any], keys: list[SortKey], text: str, limit: int
) -> JsonObject:
    offset = list_filters.whole_number("offset", text, range(2**63))
    page = base.order_by(*list_filters.order_by(keys, backwards=False)).limit(limit).offset(offset)
    with store.transaction() as connection:
        rows = connection.execute(page).all()
        counted = base.with_only_columns(sa.func.count(), maintain_column_froms=True)
        total = connection.scalar(counted) or 0
    return {
        "records": [listing.record(row[: len(listing.selected)]) for row in rows],
        "hasMore": offset + len(rows) < total,
        "total": total,
        "nextCursor": None,
        "prevCursor": None,
    }


def _page_by_cursor(
    store: Store,
    listing: Listing,
    base: sa.Select[Any],
    keys: list[SortKey],
    query_key: str,
    text: str,
    limit: int,
) -> JsonObject:
    start = None if text == "0" else list_filters.decode_cursor(text, query_key, len(keys))
    backwards = start is not None and start.backwards
    if start is not None:
        base = base.where(list_filters.after_cursor(keys, start))
    page = base.order_by(*list_filters.order_by(keys, backwards)).limit(limit + 1)
    with store.transaction() as connection:
        rows = list(connection.execute(page).all())
    further = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()
    width = len(listing.selected)

    def cursor_at(index: int, back: bool) -> str | None:
        if not rows:
            return None
        return list_filters.encode_cursor(Cursor(back, tuple(rows[index][width:])), query_key)

    more_after = further if not backwards else bool(rows)
    more_before = further if backwards else start is not None
    return {
        "records": [listing.record(row[:width]) for row in rows],
        "hasMore": more_after,
        "total": None,
        "nextCursor": cursor_at(-1, back=False) if more_after else None,
        "prevCursor": cursor_at(0, back=True) if more_before else None,
    }
