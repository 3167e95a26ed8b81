"""A server of bills that costs little: for measuring what a load costs without limits.

    python benchmarks/local_light.py

It answers as the sandbox does, from memory: it creates bills, shows and lists them, and cancels
them. All else it asks a sandbox of its own, which has the company, its vendors and its accounts. It
checks nothing but the key. The sandbox takes as long for a bill as the load does, and more; this
server takes a third of that. The address is the first line that it prints.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

from importer.sandbox import SandboxSettings, answer_models, running

BILLS, LIST = "/v1/invoice-payables", "/v1/bff/invoice-payables"
PHRASES = {200: "OK", 401: "Unauthorized", 404: "Not Found"}
Json = dict[str, Any]
NO_BILL = answer_models.new_bill("", "", "", {})
LISTED = dict.fromkeys(answer_models.ListedBillAnswer.model_fields)
NO_LINE: Json = {
    "type": "VENDOR_INVOICE",
    "metadata": {"type": "VENDOR_INVOICE"},
    "shouldAmortize": False,
}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Bills:
    """All bills, in the order of their creation."""

    def __init__(self, sandbox: str) -> None:
        self.sandbox = sandbox
        self.bills: dict[str, Json] = {}

    async def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        address = urlsplit(target)
        path = address.path
        if method == "POST" and path == BILLS:
            return 200, json.dumps(self.create(json.loads(body))).encode()
        if path == LIST:
            return 200, json.dumps(self.page(parse_qs(address.query))).encode()
        if not path.startswith(BILLS + "/"):
            return await asyncio.to_thread(self.forward, target)
        bill_id, *rest = path.removeprefix(BILLS + "/").split("/")
        found: Json | None = self.bills.get(bill_id)
        if found is not None and rest == ["cancel"]:
            reason = json.loads(body)["reason"]
            found |= {"state": "CANCELLED", "cancellationReason": reason, "canceledAt": now()}
        elif found is not None and rest:
            lines = found["lineItems"]
            found = next((line for line in lines if line["id"] == rest[-1]), None)
        if found is None:
            return 404, b'{"message": "There is no such bill."}'
        return 200, json.dumps(found).encode()

    def create(self, sent: Json) -> Json:
        bill_id, moment = str(uuid.uuid4()), now()
        bill = NO_BILL | sent | {"id": bill_id, "invoicePayableId": bill_id, "customProperties": []}
        bill |= {"invoiceCreatedAt": moment, "updatedAt": moment}
        bill["lineItems"] = [
            {**NO_LINE, **line, "id": str(uuid.uuid4()), "invoicePayableId": bill_id}
            for line in sent.get("lineItems", [])
        ]
        self.bills[bill_id] = bill
        return bill

    def page(self, query: Mapping[str, list[str]]) -> Json:
        vendors: set[str] = set()
        since = ""
        for each in query.get("filter", [""])[0].split(","):
            name, _, value = each.partition(":")
            if name == "vendorId":
                vendors = set(value.removeprefix("in:").removeprefix("eq:").split("|"))
            elif name == "createdAt":
                since = value.removeprefix("gte:").removesuffix("Z")
            elif name:
                raise ValueError(f"no filter {each}")
        limit, start = int(query["limit"][0]), int(query["cursor"][0])
        asked = (
            bill
            for bill in self.bills.values()
            if bill["invoiceCreatedAt"] >= since and (not vendors or bill["vendorId"] in vendors)
        )
        found = list(islice(asked, start, start + limit + 1))
        more = len(found) > limit
        records = [
            {name: bill.get(name) for name in LISTED}
            | {"vendor": {"vendorId": bill["vendorId"]}, "createdAt": bill["invoiceCreatedAt"]}
            | {"user": {}, "version": 1}
            for bill in found[:limit]
        ]
        return {"records": records, "hasMore": more, "nextCursor": str(start + limit)}

    def forward(self, target: str) -> tuple[int, bytes]:
        key = {"Authorization": f"Basic {SandboxSettings.key}"}
        with urllib.request.urlopen(
            urllib.request.Request(self.sandbox + target, headers=key)
        ) as reply:
            return reply.status, reply.read()


async def serve(bills: Bills, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The requests of a connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.splitlines()
            pairs = (line.partition(": ") for line in lines)
            headers = {name.lower(): value for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            status, content = 401, b""
            if headers.get("authorization") == f"Basic {SandboxSettings.key}":
                method, target, _ = first.split()
                status, content = await bills.answer(method, target, body)
            connection = headers.get("connection", "keep-alive")
            answer = (
                f"HTTP/1.1 {status} {PHRASES[status]}\r\nContent-Length: {len(content)}\r\n"
                f"Content-Type: application/json;charset=UTF-8\r\nConnection: {connection}\r\n"
                f"Date: {formatdate(usegmt=True)}\r\n\r\n"
            )
            writer.write(answer.encode() + content)
            if connection == "close":
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(sandbox: str) -> None:
    server = await asyncio.start_server(
        partial(serve, Bills(sandbox)), "127.0.0.1", 0, backlog=1024
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with running(SandboxSettings(requests_per_minute=10_000_000)) as light:
        asyncio.run(main(light.base_url))
