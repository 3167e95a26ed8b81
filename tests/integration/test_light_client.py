"""The client against real servers on real sockets that answer in awkward ways."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from importer import __version__
from importer.core.answers import Answer, ApiError
from importer.core.errors import (
    AccessRefused,
    BudgetSpent,
    HeldBack,
    JournalProblem,
    LightRefused,
    LightUnreachable,
    WireProblem,
)
from importer.core.fetch import Waits
from importer.core.hold_back import AnnouncedWait
from importer.light.client import LightClient
from importer.light.credentials import credentials
from importer.light.list_pages import ListReader, bill_record, line_record
from importer.light.list_query import ListQuery, read_query
from importer.light.rate_limiter import RateLimiter
from importer.model.bills import Bill
from importer.model.light_lists import LISTS

KEY = "sk-4711-very-secret"
BILL = Bill(0, 0, 2, "EUR", 12_000, True, (), vendor_id="ven-1", invoice_number="INV-1")


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {k: v[0] for k, v in parse_qs(urlsplit(self.target).query).items()}


def http(status: int, body: Any = b"", **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Server:
    """Answers each request with the bytes that ``handler`` gives; None closes the connection."""

    def __init__(self, handler: Callable[[Request], Any]) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.url = ""
        self.most_at_once = self._at_once = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            method, target, _ = first.split(" ")
            headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append(Request(method, target, headers, body))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            try:
                answer = self.handler(self.requests[-1])
                if isinstance(answer, Awaitable):
                    answer = await answer
            finally:
                self._at_once -= 1
            if answer is None:
                return
            writer.write(answer)
            await writer.drain()
            if b"Content-Length" not in answer or answer.endswith(b"<cut>"):
                return


@asynccontextmanager
async def listen(
    connected: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """A port on which ``connected`` serves; afterwards all its connections are closed."""
    tasks: set[asyncio.Task[Any]] = set()

    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await connected(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort() if context else writer.close()
            tasks.discard(task)

    server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        while tasks:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)  # for the sockets to close


@asynccontextmanager
async def serve(handler: Callable[[Request], Any]) -> AsyncIterator[Server]:
    server = Server(handler)
    async with listen(server.connected) as port:
        server.url = f"http://127.0.0.1:{port}"
        yield server


def run(
    tmp_path: Path,
    handler: Callable[[Request], Any],
    work: Callable[[LightClient, Server], Awaitable[Any]],
    *,
    base_url: str | None = None,
    pace: dict[str, Any] | None = None,
    **options: Any,
) -> Any:
    async def main() -> Any:
        options.setdefault("waits", Waits(first=0.001))
        async with serve(handler) as server:
            key = credentials({"LIGHT_API_KEY": KEY})
            with RateLimiter(tmp_path / "pace.sqlite", **(pace or {"per_minute": 1000})) as limiter:
                url = base_url or server.url
                async with LightClient(url, key, limiter, **options) as light:
                    return await work(light, server)

    return asyncio.run(main())


def answer_to(tmp_path: Path, reply: bytes | None, method: str = "POST", **options: Any) -> Answer:
    return run(
        tmp_path,
        lambda request: reply,
        lambda light, server: light.send(method, "/v1/x", json={"a": 1}),
        **options,
    )


# --- one attempt ------------------------------------------------------------------------------


def test_bill_is_posted_with_the_key(tmp_path):
    async def work(light, server):
        return await light.create_bill(BILL), server.requests

    answer, (request,) = run(tmp_path, lambda r: http(200, {"id": "bill-1"}), work)
    assert answer == Answer(200, {"id": "bill-1"})
    assert (request.method, request.target) == ("POST", "/v1/invoice-payables")
    assert request.headers["authorization"] == f"Basic {KEY}"
    assert request.headers["content-type"] == "application/json;charset=UTF-8"
    assert request.headers["user-agent"] == f"light-import/{__version__}"
    assert json.loads(request.body)["vendorId"] == "ven-1"


def test_on_wire_is_called_once_before_the_request(tmp_path):
    moments: list[int] = []

    async def work(light, server):
        await light.create_bill(BILL, lambda: moments.append(len(server.requests)))
        return len(server.requests)

    def handler(request):
        return http(200, {}) if request.path == "/new" else http(307, Location="/new")

    assert run(tmp_path, handler, work) == 2
    assert moments == [0]


def test_exception_of_on_wire_stops_the_request(tmp_path):
    def fail() -> None:
        raise JournalProblem

    async def work(light, server):
        with pytest.raises(JournalProblem):
            await light.create_bill(BILL, fail)
        return server.requests

    assert run(tmp_path, lambda r: http(200, {}), work) == []


def test_caller_cancelled_before_its_permit_sent_nothing(tmp_path):
    moments: list[int] = []

    async def work(light, server):
        await light.create_bill(BILL)
        task = asyncio.create_task(light.create_bill(BILL, lambda: moments.append(1)))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(server.requests)

    assert run(tmp_path, lambda r: http(200, {}), work, pace={"per_minute": 1}) == 1
    assert moments == []


def test_bill_and_errors_of_an_answer_are_read(tmp_path):
    async def work(light, server):
        answer = await light.get_bill("b")
        assert light.read_bill(answer.body).id == "b"
        with pytest.raises(WireProblem):
            light.read_bill(["no bill"])
        assert answer.errors == ()

    run(tmp_path, lambda r: http(200, {"id": "b", "state": "IN_DRAFT"}), work)


def test_bills_and_lines_are_read_by_id(tmp_path):
    async def work(light, server):
        await light.get_bill("a/b?c")
        await light.get_line_item("b", "l")
        return [request.target for request in server.requests]

    assert run(tmp_path, lambda r: http(200, {}), work) == [
        "/v1/invoice-payables/a%2Fb%3Fc",
        "/v1/invoice-payables/b/line-items/l",
    ]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_refusal_has_status_body_and_message(tmp_path, status):
    body = {"name": "N", "type": "T", "errors": [{"message": "Wrong."}, {"message": "Bad."}]}
    errors = (ApiError("Wrong."), ApiError("Bad."))
    answer = Answer(status, body, reason="Wrong.; Bad.", errors=errors)
    assert answer_to(tmp_path, http(status, body)) == answer


def test_refusal_without_json_has_its_status(tmp_path):
    answer = answer_to(tmp_path, http(502, b"<html>\xff</html>"))
    assert (answer.status, answer.body, answer.reason) == (502, None, "502 Bad Gateway")


def test_words_of_a_page_are_kept(tmp_path):
    page = b"<html><style>p {}</style><h1>403 Forbidden</h1><p>Blocked &amp; logged</html>"
    answer = answer_to(tmp_path, http(403, page))
    assert (answer.reason, answer.errors) == ('403 Forbidden ("Blocked & logged")', ())


@pytest.mark.parametrize("body", [b'{"id": "bi', b"<html>", b"\xff\xfe\xfa", b"[" * 100_000])
def test_success_that_is_not_json_has_no_body(tmp_path, body):
    answer = answer_to(tmp_path, http(200, body))
    assert (answer.status, answer.body, answer.sent) == (200, None, True)
    assert "not JSON" in answer.reason


def test_other_server_error_names_the_base_url_setting(tmp_path):
    async def work(light, server):
        with pytest.raises(LightUnreachable, match=r"not JSON.*Check the address.*--base-url"):
            await light.company()

    run(tmp_path, lambda r: http(200, b"<html>Welcome</html>"), work)


def test_empty_success_is_reported_unless_204(tmp_path):
    for body in (b"", b"  ", b"null"):
        assert "it is empty" in answer_to(tmp_path, http(200, body)).reason
    assert answer_to(tmp_path, http(204)) == Answer(204)


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{<cut>",
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"id"\r\n',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SMTP ready\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
def test_lost_or_broken_answer_counts_as_sent(tmp_path, reply):
    answer = answer_to(tmp_path, reply)
    assert (answer.status, answer.body, answer.sent) == (None, None, True)
    assert answer.reason


def test_gzip_answer_is_unpacked(tmp_path):
    reply = http(200, gzip.compress(b'{"id": "x"}'), Content_Encoding="gzip")
    assert answer_to(tmp_path, reply).body == {"id": "x"}


def test_too_large_answer_is_not_read_to_its_end(tmp_path):
    packed = gzip.compress(b" " * 30_000_000)
    answer = answer_to(tmp_path, http(200, packed, Content_Encoding="gzip"))
    assert (answer.status, answer.body, answer.sent) == (None, None, True)
    assert "20 MB" in answer.reason


def test_silent_server_times_out_as_sent(tmp_path):
    answer = run(
        tmp_path,
        lambda r: asyncio.sleep(600),
        lambda light, server: light.create_bill(BILL),
        timeout=1.5,
    )
    assert (answer.status, answer.sent) == (None, True)
    assert "1.5 seconds" in answer.reason


def post_to(
    tmp_path: Path,
    connected: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    scheme: str,
    context: ssl.SSLContext | None = None,
) -> Answer:
    async def main() -> Answer:
        async with listen(connected, context) as port:
            url = f"{scheme}://127.0.0.1:{port}"
            key = credentials({"LIGHT_API_KEY": KEY})
            with RateLimiter(tmp_path / "pace.sqlite") as limiter:
                async with LightClient(url, key, limiter, timeout=3) as light:
                    return await light.create_bill(BILL)

    return asyncio.run(main())


def test_slow_answer_times_out_as_sent(tmp_path):
    async def drip(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for letter in b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + b" " * 999:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0.1)

    answer = post_to(tmp_path, drip, "http")
    assert (answer.status, answer.sent) == (None, True)
    assert "did not answer" in answer.reason


def test_refused_connection_is_not_sent(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        answer = answer_to(tmp_path, None, base_url=url)
    assert (answer.status, answer.sent) == (None, False)
    assert "no connection to 127.0.0.1" in answer.reason


def test_unknown_host_is_not_sent(tmp_path, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    answer = answer_to(tmp_path, None, base_url="https://nowhere.invalid")
    assert (answer.status, answer.sent) == (None, False)


def test_invalid_host_name_is_no_crash(tmp_path, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    answer = answer_to(tmp_path, None, base_url=f"https://{'a' * 70}.invalid")
    assert answer.status is None
    assert answer.reason


def test_untrusted_certificate_does_not_get_the_key(tmp_path):
    (tmp_path / "server.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    got: list[bytes] = []

    async def listen_in(reader, writer):
        got.append(await reader.read(10))

    answer = post_to(tmp_path, listen_in, "https", context)
    assert (answer.status, answer.sent) == (None, False)
    assert "certificate" in answer.reason
    assert not any(got)


def test_endless_tls_handshake_is_not_sent(tmp_path):
    async def mute(reader, writer):
        await reader.read()

    answer = post_to(tmp_path, mute, "https")
    assert (answer.status, answer.sent) == (None, False)


def test_local_server_bypasses_the_proxy(tmp_path, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert answer_to(tmp_path, http(200, {})).status == 200


def test_refusing_proxy_is_not_sent_and_sees_no_key(tmp_path, monkeypatch):
    seen: list[Request] = []

    async def main() -> Answer:
        async with serve(lambda r: seen.append(r) or http(403)) as proxy:
            for name in ("HTTPS_PROXY", "https_proxy"):
                monkeypatch.setenv(name, proxy.url)
            for name in ("NO_PROXY", "no_proxy"):
                monkeypatch.delenv(name, raising=False)
            with RateLimiter(tmp_path / "pace.sqlite") as limiter:
                key = credentials({"LIGHT_API_KEY": KEY})
                async with LightClient("https://light.invalid", key, limiter) as light:
                    return await light.create_bill(BILL)

    answer = asyncio.run(main())
    assert (answer.status, answer.sent) == (None, False)
    assert seen[0].method == "CONNECT"
    assert "authorization" not in seen[0].headers


def test_closed_connection_is_not_retried(
    tmp_path,
):
    answers = iter([http(200, {}), None, http(200, {})])

    async def work(light, server):
        first = await light.create_bill(BILL)
        second = await light.create_bill(BILL)
        return first, second, len(server.requests)

    first, second, count = run(tmp_path, lambda r: next(answers), work)
    assert (first.status, second.status, second.sent) == (200, None, True)
    assert count == 2


def test_connections_are_limited_and_none_waits_for_the_pool(tmp_path):
    async def slow(request):
        await asyncio.sleep(0.2)
        return http(200, {})

    async def work(light, server):
        answers = await asyncio.gather(*(light.get_bill(str(i)) for i in range(54)))
        return answers, server.most_at_once

    # The last ones would wait more than 5 seconds for a connection.
    answers, most = run(tmp_path, slow, work, max_connections=2, timeout=5)
    assert all(answer.status == 200 for answer in answers)
    assert most == 2


def test_key_is_in_no_reason_repr_or_log(tmp_path, caplog):
    body = {"type": "UNAUTHORIZED", "message": f"The key {KEY} is unknown"}

    async def work(light, server):
        assert KEY not in repr(light)
        refused = await light.create_bill(BILL)
        with pytest.raises(AccessRefused) as caught:
            await light.company()
        return refused, str(caught.value)

    with caplog.at_level(logging.DEBUG):
        refused, message = run(tmp_path, lambda r: http(401, body), work)
    assert refused.reason == "The key *** is unknown"
    assert KEY not in str(refused) + message + caplog.text


# --- pace -------------------------------------------------------------------------------------


def test_429_is_returned_and_delays_the_next_request(tmp_path):
    answers = iter([http(429, {"type": "T", "message": "Slow"}, Retry_After="1"), http(200, {})])

    async def work(light, server):
        loop = asyncio.get_running_loop()
        first = await light.create_bill(BILL)
        before = loop.time()
        second = await light.create_bill(BILL)
        return first, second, loop.time() - before

    first, second, waited = run(tmp_path, lambda r: next(answers), work)
    assert (first.status, first.retry_after, first.reason) == (429, 1.0, "Slow")
    assert second.status == 200
    assert 0.95 <= waited < 30


def test_spent_budget_raises_before_sending(tmp_path):
    async def work(light, server):
        await light.create_bill(BILL)
        with pytest.raises(BudgetSpent):
            await light.create_bill(BILL)
        return len(server.requests)

    assert run(tmp_path, lambda r: http(200, {}), work, pace={"per_day": 1}) == 1


def test_cancelled_request_returns_permit_and_connection(tmp_path):
    async def work(light, server):
        for _ in range(5):
            task = asyncio.create_task(light.create_bill(BILL))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        server.handler = lambda r: http(200, {})
        return await light.create_bill(BILL)

    answer = run(tmp_path, lambda r: asyncio.sleep(600), work, max_connections=2, timeout=30)
    assert answer.status == 200


# --- readers ----------------------------------------------------------------------------------


def page(records: list[Any], cursor: str | None = None) -> bytes:
    return http(200, {"records": records, "hasMore": cursor is not None, "nextCursor": cursor})


def test_all_pages_are_read_and_each_bill_once(tmp_path):
    pages = {
        "0": page([{"id": "a", "state": "X"}, {"id": "b"}], "c1"),
        "c1": page([{"id": "a", "state": "Y"}, {"id": "c"}], "c2"),
        "c2": page([]),
    }

    async def work(light, server):
        since = datetime(2025, 3, 31, 12, 0, 0, 999_999, tzinfo=UTC)
        bills = await light.list_bills(["v1", "v2", "v1"], since)
        return bills, server.requests

    bills, requests = run(tmp_path, lambda r: pages[r.query["cursor"]], work)
    assert [(bill.id, bill.state) for bill in bills] == [("a", "Y"), ("b", ""), ("c", "")]
    assert requests[0].path == "/v1/bff/invoice-payables"
    assert requests[0].query == {
        "filter": "vendorId:in:v1|v2,createdAt:gte:2025-03-31T12:00:00Z",
        "sort": "createdAt:asc",
        "limit": "200",
        "cursor": "0",
    }


def test_a_list_that_light_does_not_filter_is_filtered_here_on_all_pages(tmp_path):
    lines = [{"id": f"line-{n}", "accountCode": n % 2} for n in range(6)]

    def handler(request):
        if "filter" in request.query:
            return http(400, {"type": "BAD_REQUEST", "message": "Unknown filter."})
        first = int(request.query["cursor"])
        return page(lines[first : first + 2], str(first + 2) if first < 4 else None)

    async def work(light, server):
        reader = ListReader(light, LISTS["ledger-lines"], ListQuery())
        other = read_query(LISTS["ledger-lines"], ["accountCode:eq:1"], [])
        records = [[*each.records] async for each in reader.pages(query=other)]
        return records, reader.query, len(server.requests)

    records, query, requests = run(tmp_path, handler, work)
    assert records == [["line-1"], ["line-3"], ["line-5"]]
    assert (query, requests) == (ListQuery(), 4)  # the reader's own query was not refused


def test_a_line_of_the_ledger_that_nobody_asked_for_is_refused(tmp_path):
    line = {"id": "l", "accountingDocumentId": "other", "accountId": "a", "amounts": {}}

    async def work(light, server):
        with pytest.raises(WireProblem, match="lines of documents that were not asked for"):
            await light.ledger_lines(["mine"])
        return len(server.requests)

    assert run(tmp_path, lambda request: page([line]), work) > 1


def test_ids_are_quoted_in_addresses(tmp_path):
    bill_id, line_id = "a/../b?c", "x#y"

    def handler(request):
        return http(200, {"id": line_id if "line-items" in request.path else bill_id})

    async def work(light, server):
        await bill_record(light, bill_id)
        await line_record(light, bill_id, line_id)
        return [request.path for request in server.requests]

    address = "/v1/invoice-payables/a%2F..%2Fb%3Fc"
    assert run(tmp_path, handler, work) == [address, f"{address}/line-items/x%23y"]


def test_light_time_is_the_earliest_date_of_the_answers(tmp_path):
    dates = {
        "a": {},
        "b": {"Date": "nonsense"},
        "c": {"Date": "Mon, 31 Mar 2025 12:00:00 GMT"},
        "d": {"Date": "Mon, 31 Mar 2025 11:00:00 GMT"},
        "e": {"Date": "Tue, 01 Apr 2025 12:00:00 GMT"},
    }

    async def work(light, server):
        found = []
        for bill in dates:
            await light.get_bill(bill)
            found.append(light.light_time)
        return found

    found = run(tmp_path, lambda r: http(200, {}, **dates[r.path[-1]]), work)
    noon = datetime(2025, 3, 31, 12, tzinfo=UTC)
    eleven = noon.replace(hour=11)
    assert found == [None, None, noon, eleven, eleven]


def test_vendors_are_queried_fifty_at_a_time(tmp_path):
    async def work(light, server):
        ids = [f"vendor-{i}" for i in range(120)]
        bills = await light.list_bills(ids)
        asked = [r.query["filter"].removeprefix("vendorId:in:").split("|") for r in server.requests]
        assert sorted(v for batch in asked for v in batch) == sorted(ids)
        return bills, sorted(map(len, asked))

    def handler(request):
        return page([{"id": v} for v in request.query["filter"].split(":")[2].split("|")])

    bills, sizes = run(tmp_path, handler, work)
    assert [bill.id for bill in bills] == [f"vendor-{i}" for i in range(120)]
    assert sizes == [20, 50, 50]


def test_no_vendors_need_no_request(tmp_path):
    async def work(light, server):
        return await light.list_bills([]), server.requests

    assert run(tmp_path, lambda r: None, work) == ([], [])


def test_vendor_id_that_would_change_the_filter_is_refused(tmp_path):
    with pytest.raises(ValueError, match="vendor id"):
        run(tmp_path, lambda r: page([]), lambda light, server: light.list_bills(["a|b"]))


@pytest.mark.parametrize(
    "endless",
    [
        lambda r: page([{"id": "a"}], "0"),
        lambda r: page([{"id": "a"}], "again"),
        lambda r: page([{"id": "a"}], str(int(r.query["cursor"]) + 1)),
        lambda r: page([], str(int(r.query["cursor"]) + 1)),
        lambda r: http(200, {"records": [], "hasMore": True}),
        lambda r: page([{"id": 7}]),
        lambda r: http(200, ["not a list of bills"]),
    ],
)
def test_endless_or_unreadable_list_raises(tmp_path, endless):
    with pytest.raises(WireProblem):
        run(tmp_path, endless, lambda light, server: light.list_bills(["v"]))


def test_reads_are_retried_after_failures(tmp_path):
    answers = iter([http(500), None, http(200, b"<html>"), http(503), http(200, {"id": "c"})])
    company = run(tmp_path, lambda r: next(answers), lambda light, server: light.company())
    assert company.id == "c"


def test_reads_give_up_after_five_tries(tmp_path):
    async def work(light, server):
        with pytest.raises(LightUnreachable, match="500"):
            await light.vendors()
        return len(server.requests)

    assert run(tmp_path, lambda r: http(500), work) == 5


class SimulatedPace:
    """Time of a rate limiter that passes at once; ``waits`` are those that it announces."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0
        self.waited: list[float] = []
        self.waits: list[AnnouncedWait] = []

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.waited.append(seconds)
        await asyncio.sleep(0)

    @property
    def options(self) -> dict[str, Any]:
        return {
            "per_minute": 1000,
            "clock": lambda: self.now,
            "sleep": self.sleep,
            "on_wait": self.waits.append,
        }


@pytest.mark.parametrize(
    ("status", "headers", "waits", "announced", "words"),
    [
        (429, {"Retry_After": "30"}, [30] * 20, 20, "for 10 minutes, 21 times in a row"),
        (503, {"Retry_After": "120"}, [30] * 20, 5, "for 10 minutes, 6 times in a row"),
        (402, {}, [0.5, 1, 2, 4, 8, 16], 2, "for 32 seconds, 7 times in a row"),
        (511, {}, [0.5, 1, 2, 4, 8, 16], 2, "for 32 seconds, 7 times in a row"),
    ],
)
def test_reads_are_held_back_and_end(tmp_path, status, headers, waits, announced, words):
    pace = SimulatedPace()

    async def work(light, server):
        with pytest.raises(HeldBack, match=words) as caught:
            await light.vendors()
        return str(caught.value), len(server.requests)

    answer = http(status, {"type": "T", "message": "Not today"}, **headers)
    message, tries = run(tmp_path, lambda r: answer, work, pace=pace.options)
    assert message.startswith(f"Light answered {status} ")
    assert '("Not today")' in message
    assert "Continue after 2025-06-15 15:" in message
    assert pace.waited == waits
    assert f"{tries} times in a row" in message
    assert len(pace.waits) == announced
    assert all("Not today" in wait.text and wait.seconds > 5 for wait in pace.waits)


def test_slow_answer_is_announced_once(tmp_path, monkeypatch):
    said: list[str] = []

    async def slow(request):
        await asyncio.sleep(5.3)
        return http(200, {"id": "c"})

    async def work(light, server):
        return await asyncio.gather(*(light.send("GET", f"/v1/{i}") for i in range(4)))

    answers = run(tmp_path, slow, work, on_wait=said.append)
    assert {answer.status for answer in answers} == {200}
    assert said == ["127.0.0.1 has not answered yet. Waiting 28 seconds at most."]


def test_reads_are_retried_after_a_429(tmp_path):
    answers = iter([http(429, Retry_After="1"), http(200, {"id": "c"})])
    assert run(tmp_path, lambda r: next(answers), lambda li, s: li.company()).id == "c"


@pytest.mark.parametrize(
    ("status", "problem"), [(401, AccessRefused), (403, AccessRefused), (404, LightRefused)]
)
def test_refused_reads_are_not_retried(tmp_path, status, problem):
    async def work(light, server):
        with pytest.raises(problem, match="Not for you"):
            await light.entities()
        return len(server.requests)

    body = {"type": "T", "message": "Not for you"}
    assert run(tmp_path, lambda r: http(status, body), work) == 1


def test_first_failing_batch_cancels_the_others(tmp_path):
    async def work(light, server):
        async with asyncio.timeout(60):
            with pytest.raises(AccessRefused):
                await light.list_bills([f"v{i}" for i in range(200)])
        await asyncio.sleep(0.05)
        return [t for t in asyncio.all_tasks() if "_list" in repr(t)]

    async def handler(request):
        if "v0" in request.query["filter"]:
            return http(403, {"type": "FORBIDDEN", "message": "Not with this key."})
        await asyncio.sleep(600)

    assert run(tmp_path, handler, work) == []


def test_reference_lists_are_read(tmp_path):
    lists = {
        "/v1/vendors": page([{"vendorId": "v", "name": "Acme"}]),
        "/v1/ledger-accounts": page([{"id": "a", "code": 7000}]),
        "/v1/entities": page([{"id": "e", "code": "DE"}]),
        "/v1/custom-properties/groups": page(
            [
                {"id": "g", "label": "Team", "objectTypes": ["BILL", "VENDOR"]},
                {"id": "h", "objectTypes": ["VENDOR"], "objectTypeStatuses": {"VENDOR": "DELETED"}},
                {"id": "i", "label": "Team"},
            ]
        ),
    }

    async def work(light, server):
        got = (
            await light.vendors(),
            await light.accounts(),
            await light.entities(),
            await light.property_groups(),
        )
        assert server.requests[-1].query["includeValues"] == "true"
        return got

    vendors, accounts, entities, groups = run(tmp_path, lambda r: lists[r.path], work)
    assert [v.name for v in vendors] == ["Acme"]
    assert [a.code for a in accounts] == ["7000"]
    assert [e.code for e in entities] == ["DE"]
    assert [(g.id, g.object_types, g.inactive_types) for g in groups] == [
        ("g", ("BILL", "VENDOR"), ()),
        ("h", (), ("VENDOR",)),
        ("i", ("BILL",), ()),
    ]


# --- redirects --------------------------------------------------------------------------------


def test_get_follows_redirects_with_the_key(tmp_path):
    def handler(request):
        if request.path == "/v1/companies/current":
            return http(302, Location="/b?x=1")
        return http(307, Location="/c") if request.path == "/b" else http(200, {"id": "c"})

    async def work(light, server):
        company = await light.company()
        return company.id, [(r.target, r.headers["authorization"]) for r in server.requests]

    found, requests = run(tmp_path, handler, work)
    assert found == "c"
    assert requests == [
        ("/v1/companies/current", f"Basic {KEY}"),
        ("/b?x=1", f"Basic {KEY}"),
        ("/c", f"Basic {KEY}"),
    ]


@pytest.mark.parametrize("status", [307, 308])
def test_post_follows_307_and_308(tmp_path, status):
    async def work(light, server):
        answer = await light.create_bill(BILL)
        return answer.status, [(r.method, r.body != b"") for r in server.requests]

    def handler(request):
        return http(200, {}) if request.path == "/new" else http(status, Location="/new")

    assert run(tmp_path, handler, work) == (200, [("POST", True), ("POST", True)])


@pytest.mark.parametrize("status", [301, 302, 303])
def test_post_is_never_turned_into_a_get(tmp_path, status):
    async def work(light, server):
        answer = await light.create_bill(BILL)
        return answer.status, len(server.requests)

    assert run(tmp_path, lambda r: http(status, Location="/new"), work) == (status, 1)


def test_redirect_to_another_host_gets_no_key(tmp_path):
    answer = answer_to(tmp_path, http(307, Location="https://evil.example/x"))
    assert (answer.status, answer.body, answer.sent) == (307, None, True)
    assert "evil.example" in answer.reason
    assert "not sent" in answer.reason


def test_redirect_loop_ends_after_five_counted_hops(tmp_path):
    async def work(light, server):
        answer = await light.send("GET", "/v1/x")
        return answer, len(server.requests)

    pace = {"per_day": 6}
    answer, count = run(tmp_path, lambda r: http(302, Location="/v1/x"), work, pace=pace)
    assert (answer.status, count) == (302, 6)
    with pytest.raises(BudgetSpent):
        run(tmp_path, lambda r: None, work, pace=pace)


def test_redirect_to_a_dead_server_counts_as_sent(tmp_path):
    def handler(request):
        port = request.headers["host"].rpartition(":")[2]
        return http(307, Location=f"http://127.0.0.2:{port}/x")

    answer = run(tmp_path, handler, lambda light, server: light.create_bill(BILL))
    assert (answer.status, answer.sent) == (None, True)


def test_redirect_to_another_port_of_this_computer_opens_no_connection(tmp_path):
    async def work(light, server):
        async with serve(lambda request: http(200, {"id": "b"})) as other:
            server.handler = lambda request: http(307, Location=f"{other.url}/x")
            return await light.create_bill(BILL), other.url, other.requests

    answer, url, requests = run(tmp_path, lambda r: None, work)
    assert (answer.status, requests) == (307, [])
    assert f"redirects to {url}, where the key must not go" in answer.reason


# A key and certificate for localhost, signed by itself, made for these tests only.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+NiNNv4gNthtjfvE
7tcT3Bf6cFI3ttxKb+kMD1SztJShRANCAASKwrGFhbC0QeHAxw6jBa62V/9MI6pa
vZ2g4y/r6oMiyDvYpR2zGUb8/oBgyujRy3JMBt/41sx3WIE17FuOcCn0
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUXxtID4b3OpFVTgkryYf7JkrZ+BIwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjAzMzQ0MVoYDzIxMjYxMDI5
MDMzNDQxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASKwrGFhbC0QeHAxw6jBa62V/9MI6pavZ2g4y/r6oMiyDvYpR2zGUb8
/oBgyujRy3JMBt/41sx3WIE17FuOcCn0o28wbTAdBgNVHQ4EFgQUEcf/QCN1ViwK
EQ+LJ9hZkvf1el4wHwYDVR0jBBgwFoAUEcf/QCN1ViwKEQ+LJ9hZkvf1el4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgCG2tJTe2Q1p3SS3vomhAV4NABC6AbhB6KwLqO1F/DNECIC05
CJg+7IYFKrsQoQDRId+6oymhIpE1n1qBZYdQTlTB
-----END CERTIFICATE-----
"""
