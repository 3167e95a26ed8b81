"""Filters and sort keys of every list: Light's answer, what is decided here, and a plain reading of
the records agree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from conftest import ACCOUNTS, COMPANY, ENTITIES, VENDORS
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.core.errors import UsageProblem
from importer.light.list_query import OPERATORS, read_query
from importer.model.light_lists import LISTS, ValueType
from importer.sandbox import Sandbox, SandboxSettings, running

Json = dict[str, Any]
OTHER_ID = "0a0a0a0a-0000-4000-8000-000000000001"
# Their values are checked: another text is refused.
ENUMS = {"state", "status", "type", "ledgerName"}
# Where a field is in a record, if not under its name.
PLACES = {
    ("bills", "vendorId"): "vendor.vendorId",
    ("bills", "vendorName"): "vendor.vendorName",
    ("bills", "userId"): "user.userId",
    ("bills", "userFirstName"): "user.userFirstName",
    ("bills", "userLastName"): "user.userLastName",
    ("vendors", "id"): "vendorId",
    ("vendors", "createdAt"): "vendorCreatedAt",
    ("vendors", "spendLastMtd"): "lastMtdSpendInGroupCurrency",
    ("vendors", "ledgerAccountId"): "defaultCompanyEntity.accountId",
    ("vendors", "ledgerTaxId"): "defaultCompanyEntity.taxCodeId",
    ("accounts", "companyEntityId"): "companyEntities.id",
    ("entities", "country"): "address.country",
    ("ledger-lines", "accDocId"): "accountingDocumentId",
    ("ledger-lines", "transactionId"): "ledgerTransactionId",
    ("ledger-lines", "groupAmount"): "amounts.signedGroupAmount",
    ("ledger-lines", "localAmount"): "amounts.signedLocalAmount",
    ("ledger-lines", "groupCurrency"): "amounts.groupCurrency",
    ("ledger-lines", "localCurrency"): "amounts.localCurrency",
    ("ledger-lines", "transactionCurrency"): "amounts.transactionCurrency",
}


@pytest.fixture(scope="module")
def light() -> Iterator[Sandbox]:
    """Bills of several vendors, with blanks, some of them posted; and credit notes."""
    with running(SandboxSettings(reference=COMPANY, requests_per_minute=10_000_000)) as started:
        fill(started)
        yield started


def client_of(light: Sandbox) -> httpx.Client:
    headers = {"Authorization": f"Basic {light.key}"}
    return httpx.Client(base_url=light.base_url, headers=headers, timeout=60, verify=False)


def fill(light: Sandbox) -> None:
    with client_of(light) as client:

        def post(path: str, body: Any) -> Json:
            answer = client.post(f"/v1/{path}", json=body)
            assert answer.status_code == 200, answer.text
            created: Json = answer.json()
            return created

        for i in range(12):
            line = {"netAmount": 100 * i - 300, "description": "x", "accountId": ACCOUNTS[i % 3]}
            bill = {
                "vendorId": VENDORS[i % 3],
                "companyEntityId": ENTITIES[i % 2],
                "invoiceNumber": f"N-{i % 5}",
                "description": ("Émile", "emile", None, "a b")[i % 4],
                "issuedDate": f"2025-03-{1 + i % 4:02}",
                "dueDate": None if i % 3 == 0 else f"2025-04-{1 + i:02}",
                "paymentAt": f"2025-05-01T{i:02}:00:00Z" if i % 2 else None,
                "currency": ("GBP", "EUR")[i % 2],
                "amount": 100 * i - 300,
                "lineItems": [line],
            }
            created = post("invoice-payables", bill)
            if i % 4 == 0 and bill["amount"]:
                post(f"invoice-payables/{created['id']}/post", {})
        for i in range(4):
            note = {
                "businessPartnerId": VENDORS[i % 2],
                "companyEntityId": ENTITIES[0],
                "documentNumber": f"CN-{i}",
                "documentDate": f"2025-06-0{1 + i % 2}",
                "currency": "GBP",
                "amount": 500 * i + 100,
                "areLinesWithTax": False,
                "lines": [
                    {
                        "netTransactionAmount": {"amount": 500 * i + 100, "dcSign": "C"},
                        "ledgerAccountId": ACCOUNTS[0],
                    }
                ],
            }
            post("credit-notes", note)


@pytest.fixture(scope="module")
def http(light: Sandbox) -> Iterator[httpx.Client]:
    with client_of(light) as client:
        yield client


@pytest.fixture(scope="module")
def everything(light: Sandbox, http: httpx.Client) -> dict[str, list[Json]]:
    """All records of each list; of accounts with what Light filters by and does not show."""
    out = {kind: records(http, kind, {}) for kind in LISTS}
    of_company = light.context.company.reference.accounts
    for row in out["accounts"]:
        row["category"] = of_company[row["id"]].category
        row["sourceType"] = "MANUAL" if row["category"] == "EXPENSE" else None
    return out


def records(http: httpx.Client, kind: str, params: dict[str, str]) -> list[Json]:
    out: list[Json] = []
    cursor = "0"
    while cursor:
        query = {**params, "limit": "200", "cursor": cursor}
        answer = http.get(LISTS[kind].paths[0], params=query)
        assert answer.status_code == 200, (params, answer.text)
        page = answer.json()
        out += page["records"]
        cursor = page["nextCursor"]
    return out


# --- the plain reading ------------------------------------------------------------------------


def dig(record: Any, path: str) -> list[Any]:
    """The values at a path, without blanks."""
    if isinstance(record, list):
        return [value for item in record for value in dig(item, path)]
    if not path:
        return [] if record is None else [record]
    name, _, rest = path.partition(".")
    return dig(record.get(name), rest) if isinstance(record, dict) else []


def place(kind: str, name: str) -> str:
    return PLACES.get((kind, name), name)


def comparable(kind: ValueType, value: Any) -> Any:
    if kind is ValueType.INTEGER:
        return int(value)
    if kind is ValueType.MOMENT:
        return datetime.fromisoformat(str(value))
    return str(value).lower() if kind is ValueType.UUID else value


def holds(values: list[Any], operator: str, wanted: list[Any]) -> bool:
    match operator:
        case "eq" | "in":
            return any(v == w for v in values for w in wanted)
        case "ne" | "not_in":
            return all(v != w for v in values for w in wanted)
        case "gt":
            return any(v > wanted[0] for v in values)
        case "gte":
            return any(v >= wanted[0] for v in values)
        case "lt":
            return any(v < wanted[0] for v in values)
    return any(v <= wanted[0] for v in values)


def expected(kind: str, rows: list[Json], name: str, operator: str, texts: list[str]) -> set[str]:
    value_type = LISTS[kind].filters[name].type
    out = set()
    for row in rows:
        values = [comparable(value_type, v) for v in dig(row, place(kind, name))]
        if texts == ["null"]:
            matches = (not values) == (operator == "eq")
        else:
            matches = holds(values, operator, [comparable(value_type, t) for t in texts])
        if matches:
            out.add(row[LISTS[kind].id_name])
    return out


# --- the conditions ---------------------------------------------------------------------------


def near(kind: ValueType, value: Any) -> list[str]:
    """The value as it is typed, and values beside it."""
    match kind:
        case ValueType.INTEGER:
            return [str(value), str(value - 1), str(value + 1)]
        case ValueType.DATE:
            day = date.fromisoformat(value)
            return [str(day + timedelta(days=n)) for n in (-1, 0, 1)]
        case ValueType.MOMENT:
            moment = datetime.fromisoformat(value).astimezone(UTC)
            other = (moment + timedelta(seconds=1)).isoformat()
            return [value, other.replace("+00:00", "Z"), moment.isoformat()]
        case ValueType.UUID:
            return [value, value.upper()]
    return [value]


ELSE = {
    ValueType.TEXT: "zz",
    ValueType.UUID: OTHER_ID,
    ValueType.INTEGER: "0",
    ValueType.DATE: "2025-03-02",
    ValueType.MOMENT: "2025-05-01T05:00:00+01:00",
}


@st.composite
def conditions(draw: st.DrawFn, kind: str, rows: list[Json]) -> tuple[str, str, list[str]]:
    light_list = LISTS[kind]
    name = draw(st.sampled_from(sorted(light_list.filters)))
    value_type = light_list.filters[name].type
    values = [v for row in rows for v in dig(row, place(kind, name))]
    texts = [t for v in values for t in near(value_type, v) if not set(t) & set(",|")]
    if name not in ENUMS:
        texts.append(ELSE[value_type])
    operator = draw(st.sampled_from(OPERATORS))
    blank = operator in ("eq", "ne") and (not texts or draw(st.integers(0, 5)) == 0)
    if blank or not texts:
        return name, operator if operator in ("eq", "ne") else "eq", ["null"]
    if name in ("companyEntityId",) and kind == "accounts" and operator not in ("eq", "ne"):
        operator = "in"  # a set has no order
    most = 3 if operator in ("in", "not_in") else 1
    return name, operator, draw(st.lists(st.sampled_from(texts), min_size=1, max_size=most))


@pytest.mark.parametrize("kind", LISTS)
def test_filters_find_what_a_plain_reading_finds(
    kind: str, http: httpx.Client, everything: dict[str, list[Json]]
) -> None:
    rows, light_list = everything[kind], LISTS[kind]
    assert rows

    @settings(max_examples=20 if len(rows) < 100 else 8)  # two conditions; each alone is below
    @given(st.lists(conditions(kind, rows), min_size=1, max_size=2))
    def check(terms: list[tuple[str, str, list[str]]]) -> None:
        texts = [f"{name}:{op}:{'|'.join(values)}" for name, op, values in terms]
        query = read_query(light_list, [",".join(texts)], [])
        wanted = set.intersection(*(expected(kind, rows, *term) for term in terms))
        listed = {r[light_list.id_name] for r in records(http, kind, query.params())}
        assert listed == wanted, texts
        local = query.all_local()
        assert not local.params()
        assert {r[light_list.id_name] for r in rows if local.matches(r)} == wanted, texts

    check()


@pytest.mark.parametrize("kind", LISTS)
def test_every_field_takes_every_operator(
    kind: str, http: httpx.Client, everything: dict[str, list[Json]]
) -> None:
    rows, light_list = everything[kind], LISTS[kind]
    for name, field in light_list.filters.items():
        values = [v for row in rows for v in dig(row, place(kind, name))]
        texts = [str(v) for v in dict.fromkeys(values) if not set(str(v)) & set(",|")]
        if name not in ENUMS:
            texts = [*texts[:2], ELSE[field.type]]
        for operator in OPERATORS:
            a_set = kind == "accounts" and name == "companyEntityId"  # which has no order
            if a_set and operator in ("gt", "gte", "lt", "lte"):
                continue
            several = texts[:3] if operator in ("in", "not_in") else texts[-1:]
            wanted = [several] if texts else []
            for words in (*wanted, *([["null"]] if operator in ("eq", "ne") else [])):
                query = read_query(light_list, [f"{name}:{operator}:{'|'.join(words)}"], [])
                listed = {r[light_list.id_name] for r in records(http, kind, query.params())}
                plain = expected(kind, rows, name, operator, words)
                assert listed == plain, (name, operator, words)
                local = query.all_local()
                assert {r[light_list.id_name] for r in rows if local.matches(r)} == plain


def test_what_no_record_shows_is_left_to_light() -> None:
    query = read_query(LISTS["accounts"], ["category:eq:ASSET,code:gt:1"], ["category:asc"])
    assert query.hidden(LISTS["accounts"]) == ["category"]
    with pytest.raises(UsageProblem, match="do not show category"):
        read_query(LISTS["accounts"], ["category:eq:A, B"], [])


@pytest.mark.parametrize("kind", LISTS)
def test_sorts_put_records_in_the_order_that_a_plain_reading_has(
    kind: str, http: httpx.Client, everything: dict[str, list[Json]]
) -> None:
    rows, light_list = everything[kind], LISTS[kind]
    names = [name for name in light_list.sorts if name not in light_list.hidden]

    def value(row: Json, name: str) -> tuple[bool, Any]:
        values = dig(row, place(kind, name))
        return (bool(values), values[0] if values else 0)

    @settings(max_examples=30 if len(rows) < 100 else 12)
    @given(
        st.lists(
            st.tuples(st.sampled_from(names), st.sampled_from(("asc", "desc"))),
            min_size=1,
            max_size=3,
            unique_by=lambda key: key[0],
        )
    )
    def check(keys: list[tuple[str, str]]) -> None:
        query = read_query(light_list, [], [",".join(f"{n}:{d}" for n, d in keys)])
        by_light = records(http, kind, query.params())
        numbers = query.order(enumerate(rows))
        plain = list(rows)
        for name, direction in reversed(keys):
            plain.sort(key=lambda row: value(row, name), reverse=direction == "desc")
        shown = [[value(row, name) for name, _ in keys] for row in plain]
        assert [[value(row, name) for name, _ in keys] for row in by_light] == shown
        assert [[value(rows[n], name) for name, _ in keys] for n in numbers] == shown
        assert len({r[light_list.id_name] for r in by_light}) == len(rows) == len(set(numbers))
        others = {n for n in range(len(rows)) if n % 3 == 1}  # that came after all else
        pairs = [(n, row) for n, row in enumerate(by_light) if n not in others]
        pairs += [(n, row) for n, row in enumerate(by_light) if n in others]
        merged = query.merged(pairs, others)
        assert sorted(merged) == [*range(len(rows))]
        assert [[value(by_light[n], name) for name, _ in keys] for n in merged] == shown

    check()


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("bills", "invoiceNumber:eq:1", "does not filter bills by invoiceNumber"),
        ("bills", "vendorNam:eq:1", "Did you mean vendorName?"),
        ("bills", "amount:like:1", "There are: eq, ne, in, not_in, gt, gte, lt, lte."),
        ("bills", "amount", "write field:operator:value"),
        ("bills", "amount:eq:12.50", "amount needs a whole number; amounts are in cents"),
        ("bills", "amount:gte:null", "null goes with eq and ne only"),
        ("bills", "vendorId:in:a|b", "vendorId needs an id (a UUID)"),
        ("bills", "dueDate:eq:31/03/2025", "dueDate needs a date: 2025-03-31"),
        ("bills", "dueDate:eq:2025-02-30", "dueDate needs a date: 2025-03-31"),
        ("bills", "createdAt:gt:yesterday", "createdAt needs a time"),
        ("bills", "state:eq:", "state needs a value; what is blank is null"),
        ("entities", "vatNumber:eq:1", "Light filters company entities by id, code, name"),
    ],
)
def test_a_condition_that_is_not_permitted_names_what_is(kind: str, text: str, words: str) -> None:
    with pytest.raises(UsageProblem) as refused:
        read_query(LISTS[kind], [text], [])
    assert words in str(refused.value)


@pytest.mark.parametrize("text", ["currency:asc", "amount:up", "amount:asc,foo"])
def test_an_order_that_is_not_permitted_names_what_is(text: str) -> None:
    with pytest.raises(UsageProblem, match=r"amount, canceledAt|amount:asc or amount:desc"):
        read_query(LISTS["bills"], [], [text])


def test_a_value_with_a_comma_is_looked_for_here() -> None:
    filters = ["vendorName:eq:Smith, Jones & Co,amount:gte:5", "state:ne:PAID"]
    query = read_query(LISTS["bills"], filters, ["amount:desc", "dueDate"])
    assert query.params() == {
        "filter": "amount:gte:5,state:ne:PAID",
        "sort": "amount:desc,dueDate:asc",
    }
    assert query.matches({"vendor": {"vendorName": "Smith, Jones & Co"}})
    assert not query.matches({"vendor": {"vendorName": "Smith"}})
    assert not query.matches({"amount": math.nan})
