"""The client on networks as they are: proxies, certificates, redirects, bombs, floods."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import struct
import traceback
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from test_light_client import KEY, Request, Server, answer_to, http, listen

from importer.core.answers import Answer
from importer.core.errors import AccessRefused, UsageProblem
from importer.light.auth.oauth import by_code
from importer.light.client import LightClient
from importer.light.credentials import credentials
from importer.light.document_upload import Uploads
from importer.light.rate_limiter import RateLimiter
from importer.light.transport import Failure, post_form
from importer.model.light_objects import UploadTarget

PROXY_WORD = "hunter2-of-the-proxy"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
REDIRECT = "http://127.0.0.1:8766/callback"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


# --- a proxy in front of the internet, of which there is one server ----------------------------


@dataclass
class Internet:
    """A CONNECT proxy through which every name leads to one server with a certificate.

    ``asked`` has the head of each request to the proxy, ``got`` what the server was sent, with
    the name that the client wanted.
    """

    handler: Callable[[str, Request], bytes]
    asked: list[str] = field(default_factory=list)
    got: list[tuple[str, Request]] = field(default_factory=list)
    url: str = ""

    @property
    def names(self) -> list[str]:
        """The names that were asked for, in order."""
        return [head.split(" ")[1] for head in self.asked]


@asynccontextmanager
async def internet(
    tmp_path: Path, handler: Callable[[str, Request], bytes]
) -> AsyncIterator[Internet]:
    made = Internet(handler)
    (tmp_path / "server.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")

    def answered(request: Request) -> bytes:
        name = request.headers["host"]
        made.got.append((name, request))
        return made.handler(name, request)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.asked.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        there, to = await asyncio.open_connection("127.0.0.1", inside)
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        try:
            await asyncio.gather(_copy(reader, to), _copy(there, writer))
        finally:
            to.close()

    async with (
        listen(Server(answered).connected, context) as inside,
        listen(connected) as port,
    ):
        made.url = f"http://clerk:{PROXY_WORD}@127.0.0.1:{port}"
        yield made


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


def through(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    handler: Callable[[str, Request], bytes],
    base_url: str = "https://api.light.inc",
    work: Callable[[LightClient], Awaitable[Any]] | None = None,
    trusted: bool = True,
) -> tuple[Any, Internet]:
    async def send(client: LightClient) -> Answer:
        return await client.send("POST", "/v1/x", json={})

    async def main() -> tuple[Any, Internet]:
        async with internet(tmp_path, handler) as made:
            monkeypatch.setenv("HTTPS_PROXY", made.url)
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
            with RateLimiter(":memory:") as limiter:
                keys = credentials({"LIGHT_API_KEY": KEY})
                async with LightClient(base_url, keys, limiter, timeout=20) as client:
                    return await (work or send)(client), made

    return asyncio.run(main())


def test_environment_proxy_is_used_and_sees_no_key(tmp_path, monkeypatch):
    answer, made = through(tmp_path, monkeypatch, lambda name, request: http(200, {"id": "b"}))
    assert answer == Answer(200, {"id": "b"})
    assert made.names == ["api.light.inc:443"]
    assert "Proxy-Authorization: Basic" in made.asked[0]
    assert KEY not in made.asked[0]
    ((name, request),) = made.got
    assert (name, request.headers["authorization"]) == ("api.light.inc", f"Basic {KEY}")
    assert "proxy-authorization" not in request.headers


def test_no_proxy_host_bypasses_the_proxy(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "localhost,light.invalid")
    base_url = "https://api.light.invalid"
    answer, made = through(tmp_path, monkeypatch, lambda name, request: http(200), base_url)
    assert (answer.status, answer.sent, made.asked) == (None, False, [])


@pytest.mark.parametrize(
    ("base_url", "trusted"), [("https://other.com", True), ("https://api.light.inc", False)]
)
def test_wrong_certificate_does_not_get_the_key(tmp_path, monkeypatch, base_url, trusted):
    answer, made = through(
        tmp_path, monkeypatch, lambda name, request: http(200), base_url, trusted=trusted
    )
    assert (answer.status, answer.sent, made.got) == (None, False, [])
    assert "certificate" in answer.reason


@pytest.mark.parametrize(
    ("base_url", "location", "asked"),
    [
        ("https://api.light.inc", "https://eu.light.inc/v2", "eu.light.inc"),
        ("https://api.light.inc", "//light.inc:443/v2", "light.inc"),
        ("https://api.bank.co.uk", "https://eu.bank.co.uk/v2", "eu.bank.co.uk"),
    ],
)
def test_key_follows_redirects_within_the_domain(tmp_path, monkeypatch, base_url, location, asked):
    def handler(name: str, request: Request) -> bytes:
        return http(200, {"id": "b"}) if request.path == "/v2" else http(307, Location=location)

    answer, made = through(tmp_path, monkeypatch, handler, base_url)
    assert answer == Answer(200, {"id": "b"})
    name, request = made.got[-1]
    assert (name, request.headers["authorization"]) == (asked, f"Basic {KEY}")


@pytest.mark.parametrize(
    ("base_url", "location", "named"),
    [
        ("https://api.light.inc", "https://evil.com/x", "evil.com"),
        ("https://api.light.inc", "http://api.light.inc/x", "http://api.light.inc"),
        ("https://api.light.inc", f"https://{KEY}.evil.com/?{KEY}", "***.evil.com"),
        ("https://api.bank.co.uk", "https://api.robber.co.uk/x", "api.robber.co.uk"),
        ("https://api.light.inc", "https://127.0.0.1/x", "127.0.0.1"),
    ],
)
def test_redirect_to_another_domain_opens_no_connection(
    tmp_path, monkeypatch, base_url, location, named
):
    answer, made = through(
        tmp_path, monkeypatch, lambda name, request: http(307, Location=location), base_url
    )
    assert answer.status == 307
    assert f"redirects to {named}, where the key must not go" in answer.reason
    assert len(made.asked) == len(made.got) == 1
    assert KEY not in answer.reason


def test_token_request_uses_the_proxy_and_follows_no_redirect(tmp_path, monkeypatch):
    tokens = http(200, {"access_token": "a", "refresh_token": "r", "expires_in": 9})
    answers = iter([tokens, http(307, Location="https://evil.com/x")])

    async def work(client: LightClient) -> str:
        got = await by_code("https://api.light.inc", "c", "the-secret", "code", REDIRECT)
        with pytest.raises(AccessRefused, match=r"redirects .* 'evil\.com'"):
            await by_code("https://api.light.inc", "c", "the-secret", "code", REDIRECT)
        return got.access

    got, made = through(tmp_path, monkeypatch, lambda name, request: next(answers), work=work)
    assert got == "a"
    assert made.names == ["api.light.inc:443"] * 2
    assert "the-secret" not in "".join(made.asked)
    assert all("authorization" not in request.headers for _, request in made.got)


@pytest.mark.parametrize(
    "proxy",
    [
        f"socks5://me:{PROXY_WORD}@127.0.0.1:1",
        f"ftp://me:{PROXY_WORD}@x",
        f"http://me:{PROXY_WORD}",
    ],
)
def test_invalid_proxy_error_hides_its_password(monkeypatch, proxy):
    monkeypatch.setenv("ALL_PROXY", proxy)
    with RateLimiter(":memory:") as limiter, pytest.raises(UsageProblem, match="proxy") as caught:
        LightClient("https://api.light.inc", credentials({"LIGHT_API_KEY": KEY}), limiter)
    with pytest.raises(UsageProblem) as again:
        asyncio.run(post_form("https://api.light.inc", "/oauth/token", {}, 1))
    for error in (caught.value, again.value):
        assert PROXY_WORD not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("length", ["", "Content-Length: 40\r\n"], ids=["to the end", "in bytes"])
def test_answer_that_is_cut_within_an_amount_without_a_tls_goodbye_is_none(
    tmp_path, monkeypatch, length
):
    cut = f'HTTP/1.1 200 OK\r\n{length}\r\n{{"id": "b", "amount": 10'.encode()
    answer, made = through(tmp_path, monkeypatch, lambda name, request: cut)
    assert (answer.body, answer.sent, len(made.got)) == (None, True, 1)
    assert answer.status is None or answer.reason == "it is not JSON"


# --- answers that are too much ----------------------------------------------------------------


def packed(content: bytes, how: str) -> bytes:
    return http(200, content, Content_Encoding=how)


def test_gzip_bomb_is_cut_off_within_memory(tmp_path):
    bomb = gzip.compress(b" " * 80_000_000, 6)
    tracemalloc.start()
    try:
        answer = answer_to(tmp_path, packed(bomb, "gzip"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (answer.status, answer.sent) == (None, True)
    assert "larger than 20 MB" in answer.reason
    assert peak < 45_000_000


@pytest.mark.parametrize("how", ["gzip, gzip", "br", "zstd", "deflate", "compress", "gzip;q=1"])
def test_unrequested_encoding_is_not_unpacked(tmp_path, how):
    twice = gzip.compress(gzip.compress(b'{"id": "x"}'))
    answer = answer_to(tmp_path, packed(twice, how))
    assert (answer.status, answer.body, answer.sent) == (None, None, True)
    assert "not asked for" in answer.reason


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b'{"id": "x"}')[:-1],
        gzip.compress(b'{"id": "x"}') + b"more",
        gzip.compress(b'{"id": "x"}')[:-8] + b"\0" * 8,
        zlib.compress(b'{"id": "x"}'),
    ],
    ids=["cut short", "more behind it", "wrong sum", "no gzip"],
)
def test_damaged_gzip_answer_is_refused(tmp_path, content):
    answer = answer_to(tmp_path, packed(content, "gzip"))
    assert (answer.status, answer.body, answer.sent) == (None, None, True)
    assert "cannot be unpacked" in answer.reason


def test_gzip_answer_in_pieces_is_complete(tmp_path):
    text = '{"id": "' + "".join(f"{i * 7919:x}" for i in range(600_000)) + '"}'
    answer = answer_to(tmp_path, packed(gzip.compress(text.encode(), 1), "X-GZIP"))
    assert answer.status == 200
    assert len(answer.body["id"]) == len(text) - 10


FLOODS = {
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"100000\r\n" + b" " * 0x100000 + b"\r\n",
    ),
    "a terabyte": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n", b" " * 0x100000),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 1000 + b"\r\n"),
    "no end of line": (b"", b"HTTP/1.1 200 " + b"y" * 100_000),
}


@pytest.mark.parametrize("name", FLOODS)
def test_endless_answer_is_cut_off(tmp_path, name):
    first, more = FLOODS[name]

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(first)
        while True:
            writer.write(more)
            await writer.drain()

    async def main() -> tuple[Answer, Any]:
        async with listen(flood) as port:
            url = f"http://127.0.0.1:{port}"
            with RateLimiter(":memory:") as limiter:
                keys = credentials({"LIGHT_API_KEY": KEY})
                async with LightClient(url, keys, limiter, timeout=60) as client:
                    form = post_form(url, "/oauth/token", {"code": "c"}, 60)
                    return await client.send("GET", "/v1/x"), await form

    answer, reply = asyncio.run(main())
    assert (answer.status, answer.sent) == (None, True)
    assert isinstance(reply, Failure)
    assert name in ("headers", "no end of line") or "0.1 MB" in reply.reason


def test_endless_interim_answers_time_out(tmp_path):
    """Each word comes in time, so that only a limit of the whole attempt ends it."""

    async def murmur(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def main() -> list[Any]:
        async with listen(murmur) as port:
            url = f"http://127.0.0.1:{port}"
            with RateLimiter(":memory:") as limiter:
                keys = credentials({"LIGHT_API_KEY": KEY})
                async with LightClient(url, keys, limiter, timeout=2) as client:
                    form = post_form(url, "/oauth/token", {"code": "c"}, 2)
                    return await asyncio.gather(client.send("GET", "/v1/x"), form)

    answer, reply = asyncio.run(main())
    assert (answer.status, answer.sent) == (None, True)
    assert "did not answer" in answer.reason
    assert isinstance(reply, Failure)


# A key and a certificate that signs itself, for light.inc, *.light.inc, *.bank.co.uk and evil.com;
# of no use elsewhere.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgSm/cYRUvzjNZFSpc
J7Vsu4AmlbiDvLpjCvzexX2+gE6hRANCAAQ3XCUSA78LRjH2xwP7ozA2STyiJyDN
IkbyQ3xpWW3y3+sO/DJZJr5RCKcpb6XAFy4DP64ThFhzPd3bZ+wcuR9C
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBdzCCAR6gAwIBAgICEmcwCgYIKoZIzj0EAwIwHDEaMBgGA1UEAwwRbGlnaHQt
aW1wb3J0IHRlc3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBwx
GjAYBgNVBAMMEWxpZ2h0LWltcG9ydCB0ZXN0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEN1wlEgO/C0Yx9scD+6MwNkk8oicgzSJG8kN8aVlt8t/rDvwyWSa+UQin
KW+lwBcuAz+uE4RYcz3d22fsHLkfQqNOMEwwOQYDVR0RBDIwMIIJbGlnaHQuaW5j
ggsqLmxpZ2h0LmluY4IMKi5iYW5rLmNvLnVrgghldmlsLmNvbTAPBgNVHRMBAf8E
BTADAQH/MAoGCCqGSM49BAMCA0cAMEQCICOzhK8pVmvi7zPGBsdhOP7/j94jKUt8
pEwvpmPXSOOQAiADUprZaRQ4wJ/GSr6jVnJJGDLrJGYYP29dHFxzJf/4mg==
-----END CERTIFICATE-----
"""


# The same for 127.0.0.1.
CERTIFICATE_OF_ADDRESS = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqOnzVuL21vJHHGRn
prNWNGHzm6a8sLa9DYn3nkRGsN2hRANCAAQjl1ivS06Xa5kXmtAp9MvRucunb7Co
iKln1pw4Qrehas4Hv0tsQgdRu3mwvbUaGRHGumXJXVw9AmQACXcpmRPq
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBoTCCAUagAwIBAgIUUovQQuJZDOzz49pSuDqpGebA9KMwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRbGlnaHQtaW1wb3J0IHRlc3QwIBcNMjYxMjAxMDk0NjU4WhgP
MjEyNTA2MjUwOTQ2NThaMBwxGjAYBgNVBAMMEWxpZ2h0LWltcG9ydCB0ZXN0MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEI5dYr0tOl2uZF5rQKfTL0bnLp2+wqIip
Z9acOEK3oWrOB79LbEIHUbt5sL21GhkRxrplyV1cPQJkAAl3KZkT6qNkMGIwHQYD
VR0OBBYEFI7tbva9zJHmYRK2fevOgZWmRwIuMB8GA1UdIwQYMBaAFI7tbva9zJHm
YRK2fevOgZWmRwIuMA8GA1UdEwEB/wQFMAMBAf8wDwYDVR0RBAgwBocEfwAAATAK
BggqhkjOPQQDAgNJADBGAiEAltl8goIcW812DEn0Xr2XP0bxXW18LMLjI2Yjlz6U
z7YCIQDT4E22ACFcIBVz9DAoDSbpRTKCUSTJQ1L02om6F2MA9w==
-----END CERTIFICATE-----
"""


@pytest.mark.parametrize(
    ("certificate", "answered"), [(CERTIFICATE_OF_ADDRESS, True), (CERTIFICATE, False)]
)
def test_key_goes_without_a_proxy_only_where_the_certificate_is_of_the_host(
    tmp_path, monkeypatch, certificate, answered
):
    (tmp_path / "server.pem").write_text(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    server = Server(lambda request: http(200, {"id": "b", "text": "x" * 300_000}))

    async def main() -> list[Answer]:
        async with listen(server.connected, context) as port:
            with RateLimiter(":memory:") as limiter:
                keys = credentials({"LIGHT_API_KEY": KEY})
                async with LightClient(f"https://127.0.0.1:{port}", keys, limiter) as client:
                    bills = [client.send("POST", "/v1/x", json={"n": n}) for n in range(3)]
                    return await asyncio.gather(*bills)

    answers = asyncio.run(main())
    if answered:
        assert [answer.status for answer in answers] == [200] * 3
        assert {len(answer.body["text"]) for answer in answers} == {300_000}
        assert {request.headers["authorization"] for request in server.requests} == {f"Basic {KEY}"}
        assert sorted(request.body for request in server.requests) == [
            b'{"n": 0}',
            b'{"n": 1}',
            b'{"n": 2}',
        ]
    else:
        assert [(answer.status, answer.sent) for answer in answers] == [(None, False)] * 3
        assert all("certificate" in answer.reason for answer in answers)
        assert server.requests == []


# --- documents --------------------------------------------------------------------------------

SIZE = 3_000
BOMB = gzip.compress(bytes(80_000_000), 6)
BROKEN = {
    "closed": b"",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "half a body": b"HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\n<Message>",
    "broken chunks": b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "no status": b"HTTP/1.1 2000000 OK\r\n\r\n",
    "headers without an end": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000,
    "silence": b"-",
    "reset": b"reset",
}
SAYS = {
    "not packed as it says": http(400, b"no gzip at all", Content_Encoding="gzip"),
    "a bomb": http(400, BOMB, Content_Encoding="gzip"),
    "packed as nobody asked": http(400, b"\x28\xb5\x2f\xfd", Content_Encoding="zstd"),
}


def test_broken_upload_never_raises(tmp_path):
    document = tmp_path / "bill.pdf"
    document.write_bytes(bytes(SIZE))

    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        how = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1][1:].decode()
        answer = (BROKEN | SAYS)[how.replace("-", " ")]
        if answer == b"reset":
            await reader.readexactly(1000)
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()
            return
        while answer == b"-" and await reader.read(65_536):
            pass
        writer.write(answer)
        await writer.drain()

    async def main() -> dict[str, Answer]:
        keys = credentials({"LIGHT_API_KEY": KEY})
        async with listen(broken) as port:
            url = f"http://127.0.0.1:{port}"
            patient, hasty = Uploads(url, 30, keys), Uploads(url, 0.05, keys)

            async def put(how: str, to: str = url, path: Path = document) -> Answer:
                uploads = hasty if how == "silence" else patient
                target = UploadTarget(f"{to}/{how.replace(' ', '-')}")
                return await uploads.put(target, path, path.stat().st_size)

            told = {how: await put(how) for how in (*BROKEN, *SAYS)}
            told["nobody"] = await put("x", "http://127.0.0.1:1")
            target = UploadTarget(f"{url}/no-HTTP")
            told["longer"] = await patient.put(target, document, SIZE - 1)
            told["shorter"] = await patient.put(target, document, SIZE + 1)
            document.unlink()
            told["gone"] = await patient.put(target, document, SIZE)
            await patient.close()
            await hasty.close()
            return told

    tracemalloc.start()
    try:
        told = asyncio.run(main())
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
    assert {how: (a.status, a.sent) for how, a in told.items() if a.status is None} == {
        how: (None, how != "nobody") for how in (*BROKEN, "gone", "longer", "shorter", "nobody")
    }
    assert {told[how].status for how in SAYS} == {400}
    assert told["longer"].reason == "the document was changed while it was sent"
    for answer in told.values():
        assert answer.reason
        assert len(answer.reason) < 400
