"""Each answer is of its own request, whatever a server leaves on the connection."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from test_light_client import listen

from importer.core.answers import Answer
from importer.light.client import LightClient
from importer.light.credentials import Credentials, Key
from importer.light.rate_limiter import RateLimiter

KEY = Credentials((Key("Basic", "secret"),))
Ending = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


def reply(bill_id: str) -> bytes:
    body = json.dumps({"id": bill_id, "state": "IN_DRAFT"}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%s" % (
        len(body),
        body,
    )


async def twice(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer + answer)


async def twice_late(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer)
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(answer)


async def with_rubbish(writer: asyncio.StreamWriter, answer: bytes) -> None:
    writer.write(answer + b"HTTP/1.1 100 Continue\r\n\r\n")


async def in_pieces(writer: asyncio.StreamWriter, answer: bytes) -> None:
    for at in range(0, len(2 * answer), 40):
        writer.write((2 * answer)[at : at + 40])
        await writer.drain()
        await asyncio.sleep(0)


def ids_answered(ending: Ending, ids: list[str], at_once: int) -> tuple[list[str], list[int]]:
    """The id in the answer to each reading of these ids, and the requests on each connection.

    The server keeps its connections open, answers each request by the id in its path, and lets
    each answer end in its own way.
    """
    requests: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at = len(requests)
        requests.append(0)
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            requests[at] += 1
            bill_id = head.split(b" ")[1].decode().rsplit("/", 1)[-1]
            await ending(writer, reply(bill_id))
            await writer.drain()

    async def read() -> list[Answer]:
        with RateLimiter(":memory:", per_minute=1_000_000) as limiter:
            async with (
                listen(serve) as port,
                LightClient(f"http://127.0.0.1:{port}", KEY, limiter, timeout=30) as light,
            ):
                limit = asyncio.Semaphore(at_once)

                async def one(bill_id: str) -> Answer:
                    async with limit:
                        return await light.get_bill(bill_id)

                return await asyncio.gather(*map(one, ids))

    answers = asyncio.run(read())
    return [answer.body["id"] for answer in answers], requests  # type: ignore[index]


@pytest.mark.parametrize("at_once", [1, 8])
@pytest.mark.parametrize("ending", [twice, twice_late, with_rubbish, in_pieces])
def test_bytes_left_over_are_no_answer_to_the_next_request(ending: Ending, at_once: int) -> None:
    ids = [f"bill-{i}" for i in range(24)]
    answered, requests = ids_answered(ending, ids, at_once)
    assert answered == ids
    assert set(requests) == {1}, "a connection serves one request"


def test_requests_do_not_look_for_a_missing_module_again_and_again() -> None:
    """A search takes the time of a large part of a request."""
    searched: Counter[str] = Counter()

    class Recorder:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            searched[name] += 1

    sys.meta_path.insert(0, Recorder)
    try:
        ids_answered(twice, [str(i) for i in range(5)], 1)
    finally:
        sys.meta_path.remove(Recorder)
    assert searched["sniffio"] <= 1
