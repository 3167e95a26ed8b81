"""A login in use: renewed in time, by one process, and never lost by one that is killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keyring
import pytest
from conftest import COMPANY, KEEP, PASS, Fault, Request, expire_logins, http, proxied
from keyring_on_disk import OnDisk

from importer.core.errors import AccessRefused, ImporterError, LightUnreachable, WireProblem
from importer.light.auth.oauth import ForeignAnswer, by_code, by_refresh, code_in
from importer.light.auth.oauth_callback import PendingLogin, pending_login
from importer.light.auth.token_refresher import TokenRefresher, mark_of, open_token_refresher
from importer.light.auth.token_store import Login, StoreProblem, Tokens, TokenStore
from importer.light.client import LightClient
from importer.light.rate_limiter import RateLimiter
from importer.sandbox import Sandbox, SandboxSettings, running

SECRET = "sandbox-secret"
REDIRECT = "http://127.0.0.1:8766/callback"


@pytest.fixture
def light() -> Iterator[Sandbox]:
    with running(SandboxSettings(reference=COMPANY, requests_per_minute=100_000)) as started:
        yield started


@pytest.fixture
def place(tmp_path: Path) -> TokenStore:
    return TokenStore(tmp_path / "logins" / "light.json", "https://light.example")


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = keyring.get_keyring()
    path = tmp_path / "ring" / "ring.json"
    path.parent.mkdir()
    monkeypatch.setenv("KEYRING_ON_DISK", str(path))
    keyring.set_keyring(OnDisk())
    yield path
    keyring.set_keyring(before)


def granted(light: Sandbox, base_url: str = "", store: Any = "file") -> tuple[Login, Tokens]:
    """A login as a person gets it, by way of a code."""
    base_url = base_url or light.base_url
    light.context.grants.codes["the-code"] = REDIRECT, time.time() + 60
    tokens = asyncio.run(by_code(base_url, "sandbox", SECRET, "the-code", REDIRECT))
    return Login(base_url, "sandbox", "id-1", time.time(), store, "Kestrel", "c-1"), tokens


def overdue(tokens: Tokens) -> Tokens:
    return replace(tokens, expires_at=time.time() - 1)


def ask(session: TokenRefresher, work: Callable[[LightClient], Any], base_url: str) -> Any:
    async def run() -> Any:
        with RateLimiter(":memory:", keys=[k.mark for k in session.credentials.keys]) as limiter:
            async with LightClient(base_url, session.credentials, limiter) as client:
                return await work(client)

    return asyncio.run(run())


# --- renewing ---------------------------------------------------------------------------------


def test_token_is_refreshed_once_before_it_expires(light: Sandbox, place: TokenStore) -> None:
    login, tokens = granted(light)
    place.write(login, replace(tokens, expires_at=time.time() + 60))
    one, other = open_token_refresher(place), open_token_refresher(place)
    assert one is not None
    assert other is not None

    async def many() -> list[str]:
        keys = await asyncio.gather(*(s.key() for s in (one, other) * 20))
        return [key.secret for key in keys]

    found = set(asyncio.run(many()))
    assert found == {place.read()[1].access}  # type: ignore[index]
    assert tokens.access not in found
    assert light.counters.logins == 2
    assert {one.credentials.keys[0].mark, other.credentials.keys[0].mark} == {mark_of(login)}


def test_two_processes_refresh_a_login_once(light: Sandbox, place: TokenStore) -> None:
    def slow(request: Request) -> Fault:
        return Fault(True, KEEP, after=0.4) if request.path == "/oauth/token" else PASS

    with proxied(light.base_url, slow) as proxy:
        login, tokens = granted(light, proxy.url)
        place.write(login, overdue(tokens))
        processes = [renewing(place) for _ in range(3)]
        told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], told
    assert len({out for out, _ in told}) == 1
    assert light.counters.logins == 2


def renewing(place: TokenStore) -> subprocess.Popen[str]:
    """A process that says a mark of the access token to use now."""
    code = (
        "import asyncio, hashlib, sys, pathlib\n"
        "from importer.light.auth.token_store import TokenStore\n"
        "from importer.light.auth.token_refresher import open_token_refresher\n"
        "session = open_token_refresher(TokenStore(pathlib.Path(sys.argv[1]), sys.argv[2]))\n"
        "key = asyncio.run(session.key())\n"
        "print(hashlib.sha256(key.header).hexdigest(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(place.path), place.account],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("moment", ["written", "about to be used"])
def test_kill_after_a_refresh_loses_no_token(
    light: Sandbox, place: TokenStore, moment: str
) -> None:
    login, tokens = granted(light)
    place.write(login, overdue(tokens))
    with contextlib.closing(_Renewer(place)) as renewer:
        if moment == "written":
            while tokens.refresh in place.path.read_text():
                time.sleep(0.0005)
        else:
            assert renewer.process.stdout is not None
            renewer.process.stdout.readline()
        renewer.process.send_signal(signal.SIGKILL)
        assert renewer.process.wait(60) == -signal.SIGKILL
    found = place.read()
    assert found is not None
    assert found[1].refresh != tokens.refresh
    session = open_token_refresher(place)
    assert session is not None
    assert ask(session, LightClient.company, light.base_url).name
    assert light.counters.logins == 2
    # And it can be renewed again: the refresh token that was kept is the right one.
    expire_logins(light)
    assert ask(session, LightClient.company, light.base_url).name
    assert [path.name for path in place.path.parent.iterdir() if path.suffix == ".json"] == [
        place.path.name
    ]


class _Renewer:
    def __init__(self, place: TokenStore) -> None:
        self.process = renewing(place)

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_tokens_that_cannot_be_stored_end_the_login(light: Sandbox, place: TokenStore) -> None:
    login, tokens = granted(light)
    place.write(login, overdue(tokens))
    asyncio.run(by_refresh(login, tokens))  # as by a process that was killed before it wrote
    session = open_token_refresher(place)
    assert session is not None
    with pytest.raises(AccessRefused, match="Log in again: light-import auth login") as caught:
        ask(session, LightClient.company, light.base_url)
    assert "stopped just while it was renewed" in str(caught.value)
    assert light.counters.by_route == {}


def test_cancelled_task_does_not_lose_new_tokens(light: Sandbox, place: TokenStore) -> None:
    def slow(request: Request) -> Fault:
        return Fault(True, KEEP, after=0.3) if request.path == "/oauth/token" else PASS

    with proxied(light.base_url, slow) as proxy:
        login, tokens = granted(light, proxy.url)
        place.write(login, overdue(tokens))
        session = open_token_refresher(place)
        assert session is not None

        async def cancelled() -> None:
            asked = len(proxy.requests)
            task = asyncio.create_task(session.key())
            while len(proxy.requests) == asked:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(cancelled())
    found = place.read()
    assert found is not None
    assert found[1].refresh != tokens.refresh
    assert light.context.grants.logins[0].refresh == found[1].refresh


def test_failed_refresh_is_tolerated_while_the_token_works(
    light: Sandbox, place: TokenStore
) -> None:
    down = http(503)

    def broken(request: Request) -> Fault:
        return Fault(False, down) if request.path == "/oauth/token" else PASS

    login, tokens = granted(light)
    with proxied(light.base_url, broken) as proxy:
        login = replace(login, base_url=proxy.url)
        for left, works in ((30, True), (-1, False)):
            place.write(login, replace(tokens, expires_at=time.time() + left))
            session = open_token_refresher(place)
            assert session is not None
            if works:
                assert ask(session, LightClient.company, proxy.url).name
            else:
                with pytest.raises(LightUnreachable, match="503"):
                    asyncio.run(session.key())

                async def create(client: LightClient) -> Any:
                    return await client.send("POST", "/v1/invoice-payables", json={})

                answer = ask(session, create, proxy.url)
                assert (answer.status, answer.sent) == (None, False)
        assert not any(request.creates for request in proxy.requests)


def test_login_to_another_company_stops_the_load(light: Sandbox, place: TokenStore) -> None:
    login, tokens = granted(light)
    place.write(login, tokens)
    session = open_token_refresher(place)
    assert session is not None
    other = replace(login, id="id-2", company="Other", company_id="c-2")
    place.write(other, replace(tokens, access="another-token"))
    expire_logins(light)
    with pytest.raises(AccessRefused, match="logged in again in the meantime"):
        ask(session, LightClient.company, light.base_url)
    place.forget()
    with pytest.raises(AccessRefused, match="auth logout"):
        asyncio.run(session.refused(session.credentials.keys[0]))


def test_full_disk_is_detected_before_a_refresh(light: Sandbox, place: TokenStore) -> None:
    resource = pytest.importorskip("resource")
    login, tokens = granted(light)
    place.write(login, overdue(tokens))
    session = open_token_refresher(place)
    assert session is not None
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(StoreProblem, match="cannot be used"):
            asyncio.run(session.key())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert light.counters.logins == 1
    assert [path.suffix for path in sorted(place.path.parent.iterdir())] == [".json", ".lock"]
    assert asyncio.run(session.key()).secret != tokens.access


def test_refused_token_is_refreshed_once(light: Sandbox, place: TokenStore) -> None:
    def shut(request: Request) -> Fault:
        refusal = http(401, {"type": "T", "message": "No."})
        return PASS if request.path == "/oauth/token" else Fault(False, refusal)

    with proxied(light.base_url, shut) as proxy:
        place.write(*granted(light, proxy.url))
        session = open_token_refresher(place)
        assert session is not None
        with pytest.raises(AccessRefused, match=r"No\. Log in again: light-import auth login"):
            ask(session, LightClient.company, proxy.url)
        assert len(proxy.requests) == 4  # for the code, refused, renewed, refused again


def test_unwritable_folder_is_detected_before_a_refresh(light: Sandbox, place: TokenStore) -> None:
    login, tokens = granted(light)
    place.write(login, overdue(tokens))
    session = open_token_refresher(place)
    assert session is not None
    hidden = place.path.parent.with_name("hidden")
    place.path.parent.rename(hidden)
    place.path.parent.symlink_to("/proc/self/fdinfo")  # a folder in which nothing can be made
    try:
        with pytest.raises(StoreProblem, match="cannot be used"):
            asyncio.run(session.key())
    finally:
        place.path.parent.unlink()
        hidden.rename(place.path.parent)
    assert light.counters.logins == 1
    assert asyncio.run(session.key()).secret != tokens.access


# --- where it is kept -------------------------------------------------------------------------


@pytest.mark.parametrize("length", [20, 5_000])
def test_keyring_stores_long_tokens_and_removes_every_part(
    ring: Path, place: TokenStore, length: int
) -> None:
    login = Login("https://light.example", "client", "id-1", 1.0, "keyring")
    for letter in "abc":
        tokens = Tokens(letter * length, "r" + letter * length, 2.0, 3.0, "client-secret")
        place.write(login, tokens)
        assert place.read() == (replace(login, expires_at=2.0), tokens)
        assert letter * 20 not in place.path.read_text()
    kept = ring.read_text()
    assert "a" * 20 not in kept
    assert "b" * 20 not in kept
    assert place.forget()
    assert json.loads(ring.read_text()) == {}
    assert place.read() is None
    assert not place.forget()


def test_half_written_keyring_entry_keeps_the_old_login(ring: Path, place: TokenStore) -> None:
    login = Login("https://light.example", "client", "id-1", 1.0, "keyring")
    old, new = Tokens("old" * 900, "old"), Tokens("new" * 900, "new")
    place.write(login, old)
    before = json.loads(ring.read_text())
    place.write(login, new)
    after = json.loads(ring.read_text())
    head = f"light-import|{place.account}"
    half = before | {name: text for name, text in after.items() if name != head}
    ring.write_text(json.dumps(half))
    assert place.read() == (login, old)
    assert place.forget()
    assert json.loads(ring.read_text()) == {}


def test_locked_keyring_error_shows_no_secret(ring: Path, place: TokenStore) -> None:
    login = Login("https://light.example", "client", "id-1", 1.0, "keyring")
    place.write(login, Tokens("a-secret-token"))
    ring.with_name("locked").touch()
    for act in (place.read, place.forget):
        with pytest.raises(StoreProblem, match="Is it locked") as caught:
            act()
        assert "secret" not in str(caught.value)
    assert place.login() == login


_WHOLE = (
    '{"base_url": "https://light.example", "client_id": "c", "id": "i", "since": 1,'
    ' "store": "file", "company": "", "company_id": "", "expires_at": 1,'
    ' "tokens": {"access": "a", TOKENS}}'
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        "{}",
        "[" * 100_000,
        "\x00",
        '{"tokens": {"access": 1}}',
        "null",
        _WHOLE.replace("TOKENS", '"refresh": NaN'),
        _WHOLE.replace("TOKENS", '"refresh": 1'),
        _WHOLE.replace("TOKENS", '"refresh": "r", "expires_at": NaN'),
        _WHOLE.replace("TOKENS", '"refresh": "r", "client_secret": []'),
    ],
)
def test_damaged_login_file_is_reported_and_removable(place: TokenStore, text: str) -> None:
    place.path.parent.mkdir()
    place.path.write_text(text)
    place.path.chmod(0o600)
    with pytest.raises(StoreProblem, match="Log in again"):
        place.read()
    assert place.forget()
    assert place.read() is None


# --- what Light may answer --------------------------------------------------------------------

GOOD = {"access_token": "a1", "refresh_token": "r1", "expires_in": 60, "token_type": "bearer"}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (http(200, b"<html>"), WireProblem),
        (http(200, b"[" * 50_000), WireProblem),
        (http(200, []), WireProblem),
        (http(200, {}), WireProblem),
        (http(200, GOOD | {"access_token": "has space"}), WireProblem),
        (http(200, GOOD | {"access_token": "line\r\nbreak"}), WireProblem),
        (http(200, GOOD | {"access_token": 7}), WireProblem),
        (http(200, GOOD | {"access_token": "x" * 20_000}), WireProblem),
        (http(200, GOOD | {"refresh_token": ""}), WireProblem),
        (http(200, GOOD | {"token_type": "mac"}), WireProblem),
        (http(200, GOOD | {"error": "no"}), AccessRefused),
        (http(200, b" " * 200_000), LightUnreachable),
        (http(400, {"error": "invalid_grant"}), AccessRefused),
        (http(401, {"error": "invalid_client"}), AccessRefused),
        (http(404, b""), AccessRefused),
        (http(302, Location="https://evil.example/x"), AccessRefused),
        (http(302, Location="https://[nowhere"), AccessRefused),
        (http(503), LightUnreachable),
        (http(429), LightUnreachable),
        (b"SSH-2.0\r\n\r\n", LightUnreachable),
        (None, LightUnreachable),
    ],
)
def test_unusable_token_answer_is_an_error_without_secrets(
    answer: bytes | None, problem: type[ImporterError]
) -> None:
    with proxied("http://127.0.0.1:9", lambda request: Fault(False, answer)) as proxy:
        with pytest.raises(problem) as caught:
            asyncio.run(by_code(proxy.url, "client", "the-secret", "the-code", REDIRECT))
        assert len(proxy.requests) == 1, "a code is sent once"
        assert "authorization" not in proxy.requests[0].headers
    assert "the-secret" not in str(caught.value)
    assert "the-code" not in str(caught.value)
    if answer and b"evil" in answer:
        assert "evil.example" in str(caught.value)


@pytest.mark.parametrize(
    ("told", "lifetime"),
    [(60, 60), ("60", 60), (0.5, 0.5), (-1, None), (True, None), ("soon", None), (1e300, 3.16e8)],
)
def test_invalid_token_lifetime_is_ignored(told: Any, lifetime: float | None) -> None:
    answer = http(200, GOOD | {"expires_in": told})
    with proxied("http://127.0.0.1:9", lambda request: Fault(False, answer)) as proxy:
        tokens = asyncio.run(by_code(proxy.url, "client", "", "code", REDIRECT))
        assert b"client_secret" not in proxy.requests[0].body
    assert tokens.lifetime == pytest.approx(lifetime, rel=0.01) if lifetime else not tokens.lifetime
    assert "a1" not in repr(tokens)


# --- the answer of the browser ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("code=c&state=s", None),
        ("state=s&code=c&session_state=1", None),
        ("code=c", ForeignAnswer),
        ("code=c&state=", ForeignAnswer),
        ("code=c&state=S", ForeignAnswer),
        ("code=c&state=s&state=s", ForeignAnswer),
        ("code=c&code=d&state=s", ForeignAnswer),
        ("code=&state=s", ForeignAnswer),
        ("state=s", ForeignAnswer),
        ("error=access_denied", ForeignAnswer),
        ("error=access_denied&state=s", AccessRefused),
        ("error=access_denied&code=c&state=s", AccessRefused),
        ("&".join(f"a{i}=1" for i in range(99)) + "&code=c&state=s", ForeignAnswer),
        ("code=" + "c" * 20_000 + "&state=s", ForeignAnswer),
        ("", ForeignAnswer),
    ],
)
def test_answer_with_another_state_is_refused(query: str, problem: type[Exception] | None) -> None:
    address = f"{REDIRECT}?{query}"
    if problem is None:
        assert code_in(address, "s") == "c"
    else:
        with pytest.raises(problem):
            code_in(address, "s")


def test_refusal_reason_is_one_printable_line() -> None:
    address = f"{REDIRECT}?error=x%1b[31m&error_description={'y%0a' * 500}&state=s"
    with pytest.raises(AccessRefused) as caught:
        code_in(address, "s")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def spoken(port: int, data: bytes) -> bytes:
    """What a server answers; nothing where it says nothing more."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(data)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                answer += piece
        return answer


def test_callback_server_accepts_only_this_login() -> None:
    said: list[str] = []

    async def main() -> str:
        async with pending_login("https://light.example", "c", 0, said.append) as waiting:
            port = int(re.findall(r":(\d+)/", waiting.redirect_uri)[0])
            host = f"Host: 127.0.0.1:{port}\r\n"
            right = f"/callback?code=the-code&state={waiting.state}"

            async def status(first: str, headers: str = host) -> str:
                data = f"{first}\r\n{headers}\r\n".encode()
                answer = await asyncio.to_thread(spoken, port, data)
                assert b"the-code" not in answer
                return answer[9:12].decode()

            for first, headers, expected in (
                (f"GET {right} HTTP/1.1", "", "400"),
                (f"GET {right} HTTP/1.1", "Host: light.attacker.example\r\n", "400"),
                (f"GET {right} HTTP/1.1", f"{host}Host: localhost:{port}\r\n", "400"),
                (f"POST {right} HTTP/1.1", host, "405"),
                (f"GET {right} SPDY/9", host, "400"),
                ("GET /callback?code=the-code&state=x HTTP/1.1", host, "400"),
                ("GET /callback?code=the-code HTTP/1.1", host, "400"),
                ("GET /favicon.ico HTTP/1.1", host, "404"),
                ("GET /start/guessed HTTP/1.1", host, "404"),
                ("\x00\xff\x16\x03", host, "400"),
                ("GET / HTTP/1.1", host + "X: " + "y" * 100_000 + "\r\n", ""),
            ):
                assert await status(first, headers) == expected, first
            assert not waiting.code.done()
            assert await status(f"GET {right} HTTP/1.1") == "200"
            assert await status(f"GET {right} HTTP/1.1") == "409"
            assert waiting.state not in repr(waiting)
            return await waiting.code

    assert asyncio.run(main()) == "the-code"
    assert len(said) == 2
    assert all("Still waiting" in text for text in said)


def test_each_login_has_a_random_state() -> None:
    async def states() -> set[str]:
        return {PendingLogin("", "", REDIRECT, print).state for _ in range(50)}

    found = asyncio.run(states())
    assert len(found) == 50
    assert min(map(len, found)) >= 43


def test_port_in_use_is_refused() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        async def main() -> None:
            async with pending_login("https://light.example", "c", port, print):
                raise AssertionError("it listens")

        with pytest.raises(ImporterError, match=f"Port {port}"):
            asyncio.run(main())
