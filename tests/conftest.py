"""Shared fixtures: a clean environment, sheets, a sandbox, and a proxy that injects faults."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import gc
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import hypothesis
import jsonschema
import pytest
from forked import Forked, piped
from postgres_server import database, place, postgres  # noqa: F401

import importer.light.transport  # noqa: F401  (keeps httpcore from looking for a package, here too)
from importer.sandbox import Sandbox, SandboxSettings, running
from importer.sandbox.company_file import load_reference

# The same examples in every run, and none too slow for a busy machine. To look for new ones:
# pytest --hypothesis-profile=explore
EXAMPLES = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("suite", derandomize=True, **EXAMPLES)
hypothesis.settings.register_profile("explore", **EXAMPLES)
hypothesis.settings.load_profile("suite")

# A process that a test starts would compile all modules again, a quarter of its time.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    os.environ.setdefault(
        "PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir(), "light-import-bytecode"))
    )

# Five thousand tests are a million objects, which would be looked through again and again; what a
# test leaves behind can wait until there is more of it.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


# The shipped company without the vendors of samples/uk-spend (their numbers begin with S), which
# are seven in eight: each load reads all vendors, and takes a fifth longer with those.
_SHIPPED = load_reference()
_VENDORS = {id: each for id, each in _SHIPPED.vendors.items() if each.identifier[:2] == "V-"}
COMPANY = replace(_SHIPPED, vendors=_VENDORS)


def _active(rows: Mapping[str, Any]) -> list[str]:
    return [id for id, row in rows.items() if row.status == "ACTIVE"]


VENDORS, ACCOUNTS = _active(COMPANY.vendors), _active(COMPANY.accounts)
ENTITIES = _active(COMPANY.entities)


_homes = count()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and neither LIGHT_ settings nor a keyring of the developer."""
    for name in [name for name in os.environ if name.startswith("LIGHT_")]:
        monkeypatch.delenv(name)
    folder = tmp_path_factory.getbasetemp() / f"the-home-{next(_homes)}"  # mktemp() lists them all
    folder.mkdir(0o700)
    monkeypatch.setenv("LIGHT_IMPORT_HOME", str(folder))
    monkeypatch.setenv("LIGHT_IMPORT_SETTLE", "0.3")
    monkeypatch.setenv("LIGHT_IMPORT_AMOUNTS", "cents")  # bills of 10.00 are no mistake here
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return folder


# --- sheets -----------------------------------------------------------------------------------


def bill_row(i: int, **cells: object) -> dict[str, object]:
    """A valid row of the sheet ``Bills``; ``cells`` replace its values."""
    return {
        "billRef": f"B{i}",
        "vendorId": VENDORS[i % len(VENDORS)],
        "companyEntityId": "",
        "invoiceNumber": f"INV-{i:05}",
        "issuedDate": "2026-01-05",
        "dueDate": "2026-02-04",
        "currency": "GBP",
        "amount": 1000 + i,
        "lineItemsIncludeTax": "false",
        "description": f"Bill {i}",
        **cells,
    }


def write_bills(folder: Path, rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Two CSV files with the bills, one line item each; their paths."""
    lines = [
        {
            "billRef": row["billRef"],
            "lineNumber": 1,
            "description": f"Line of {row['billRef']}",
            "netAmount": row["amount"],
            "accountId": ACCOUNTS[0],
        }
        for row in rows
    ]
    paths = []
    for name, table in (("bills.csv", rows), ("lines.csv", lines)):
        path = folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
        paths.append(str(path))
    return paths


def in_turn(*choices: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Every value of each at least once, beside one of the others: enough where what they do is
    independent, and a fraction of all pairs."""
    most = max(len(values) for values in choices)
    return [tuple(values[i % len(values)] for values in choices) for i in range(most)]


# --- the command line -------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


_SCHEMA = Path(__file__).parents[1] / "docs" / "run.schema.json"
_CHECK = jsonschema.Draft202012Validator(json.loads(_SCHEMA.read_text("utf-8")))


def document(ended: Ended) -> dict[str, Any]:
    """What --json printed, which keeps to the schema and agrees with the exit code."""
    printed = ended.json
    _CHECK.validate(printed)
    assert printed["exit_code"] == ended.code
    return printed


@pytest.fixture
def command(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """Runs light-import in this process, in the folder of the test."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> Ended:
        from importer.cli.main import run as run_cli

        capfd.readouterr()
        code = run_cli(list(args))
        output = capfd.readouterr()
        return Ended(code, output.out, output.err)

    return run


LOAD = ("load", "--yes", "--json", "--quiet", "--settle", "0.3", "--requests-per-minute", "6000")


@pytest.fixture
def load(command: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Loads files into a base URL, with the key of the sandbox."""
    monkeypatch.setenv("LIGHT_API_KEY", SandboxSettings.key)

    def run(base_url: str, *args: str) -> Ended:
        return command(*LOAD, "--base-url", base_url, *args)

    return run


_started: list[Forked] = []


@pytest.fixture(autouse=True)
def _no_process_outlives_its_test() -> Iterator[None]:
    yield
    while _started:
        _started.pop().close()


def start(
    *args: str,
    cwd: Path | None = None,
    stdin: int | None = None,
    before: Callable[[], object] | None = None,
) -> Forked:
    """light-import in a process of its own, which ends with the test at the latest.

    ``before`` is called in it first.
    """
    key = {"LIGHT_API_KEY": SandboxSettings.key}
    process = piped(args, cwd, os.environ | key, stdin, before)
    _started.append(process)
    return process


def ended(process: Forked) -> Ended:
    out, err = process.communicate()
    return Ended(process.wait(), out, err)


# --- a sandbox, and faults on the way to it ---------------------------------------------------


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """It has the vendors of ``COMPANY``."""
    with running(SandboxSettings(requests_per_minute=100_000, reference=COMPANY)) as started:
        yield started


@pytest.fixture
def shipped_sandbox() -> Iterator[Sandbox]:
    """It has the vendors of samples/uk-spend, too."""
    with running(SandboxSettings(requests_per_minute=100_000)) as started:
        yield started


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    """One for all tests of a module."""
    with running(SandboxSettings(requests_per_minute=100_000, reference=COMPANY)) as started:
        yield started


@pytest.fixture(scope="module")
def client(shared_sandbox: Sandbox) -> Iterator[httpx.Client]:
    """Asks it with its key."""
    headers = {"Authorization": f"Basic {shared_sandbox.key}"}
    with httpx.Client(
        base_url=shared_sandbox.base_url, headers=headers, timeout=60, verify=False
    ) as client:
        yield client


def numbers(sandbox: Sandbox) -> list[str]:
    """The invoice numbers of all bills in the sandbox, sorted, duplicates included."""
    return sorted(str(bill["invoiceNumber"]) for bill in sandbox.bills())


def expire_logins(sandbox: Sandbox) -> None:
    """End all access tokens before their time; they can be refreshed."""
    for login in sandbox.context.grants.logins:
        login.expires_at = 0.0


def asked(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    """The sandbox's answer to a request that another client sends."""
    key = {"Authorization": f"Basic {SandboxSettings.key}"}
    url = f"{sandbox.base_url}/v1/{path}"
    # verify: reading the certificates takes longer than the request.
    answer = httpx.request(method, url, json=body, headers=key, verify=False)
    answer.raise_for_status()
    return answer.json()


@dataclass
class Request:
    """A request through the proxy. ``number`` counts those of its method and path, from 0."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int = 0

    @property
    def creates(self) -> bool:
        creations = ("/v1/invoice-payables", "/v1/credit-notes")
        return self.method == "POST" and self.path in creations


@dataclass(frozen=True)
class Fault:
    """The fate of a request: whether it is forwarded, when the answer comes, and which.

    ``answer`` None closes the connection; ``KEEP`` is the sandbox's; other bytes are sent raw.
    """

    forward: bool
    answer: bytes | None
    after: float = 0.0
    close: bool = False  # the connection, after the answer
    alter: Callable[[Any], Any] | None = None  # the sandbox's JSON, in place of ``answer``


KEEP = b"keep"
PASS = Fault(True, KEEP)


def http(status: int, body: Any = b"", **headers: object) -> bytes:
    """An answer as bytes, with ``Connection: close``: a client without that header may send its
    next request into the closing connection and cannot know whether it arrived."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {len(content)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def refusal(status: int, message: str, *path: str, type: str = "x") -> bytes:
    """A refusal in Light's own form, of the field that ``path`` leads to."""
    error = {"type": type, "message": message, "path": list(path) or None, "context": None}
    return http(status, {"name": "Refused", "type": "REFUSED", "errors": [error]})


@dataclass
class Proxy:
    """A server in front of a sandbox that applies ``fault`` to each request."""

    upstream: str
    fault: Callable[[Request], Fault]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    listener: asyncio.Server | None = None
    loop: asyncio.AbstractEventLoop | None = None
    _withheld: int = 0  # forwarded, and their answers come too late
    _counts: dict[tuple[str, str], int] = field(default_factory=dict)
    # asyncio holds tasks weakly: once the client has left, they could be collected midway.
    _serving: set[asyncio.Task[Any]] = field(default_factory=set)
    _forwards: set[asyncio.Task[bytes]] = field(default_factory=set)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def idle(self) -> None:
        """Wait until the sandbox has answered every request, also those of closed clients."""

        async def quiet() -> None:
            rounds = 0  # the first reads what a client has sent before it closed
            while rounds < 5:
                await asyncio.sleep(0.005)
                rounds = 0 if self._forwards else rounds + 1

        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(quiet(), self.loop).result(120)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._writers.append(writer)
        task.add_done_callback(self._serving.discard)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while await self._one(reader, writer):
                    pass
        except asyncio.CancelledError:
            pass  # the test has ended; asyncio would report an error
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = urlsplit(target).path
        number = self._counts.get((method, path), 0)
        self._counts[method, path] = number + 1
        request = Request(method, path, headers, body, number)
        self.requests.append(request)
        fault = self.fault(request)
        answer = fault.answer
        while method == "GET" and self._withheld:
            await asyncio.sleep(0.005)  # on a slow machine a lookup must not miss the bill
        if fault.forward:
            forward = asyncio.create_task(self._forwarded(head, body))
            self._forwards.add(forward)
            forward.add_done_callback(self._forwards.discard)
            withheld = fault.after > 0
            self._withheld += withheld
            try:
                forwarded = await asyncio.shield(forward)
            finally:
                self._withheld -= withheld
            answer = forwarded if answer is KEEP else answer
            if fault.alter is not None:
                first, _, content = forwarded.partition(b"\r\n\r\n")
                answer = http(int(first.split(b" ")[1]), fault.alter(json.loads(content)))
        if fault.after:
            await asyncio.sleep(fault.after)
        if answer is None:
            return False
        writer.write(answer)
        await writer.drain()
        return fault.answer is KEEP and not fault.close

    async def _forwarded(self, head: bytes, body: bytes) -> bytes:
        at = urlsplit(self.upstream)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            writer.write(head[:-2] + b"Connection: close\r\n\r\n" + body)
            answer = await reader.read()
        finally:
            writer.close()
        return answer.replace(b"connection: close\r\n", b"").replace(b"Connection: close\r\n", b"")

    async def end(self) -> None:
        """Stop serving; requests already forwarded to the sandbox are still answered."""
        assert self.listener is not None
        assert self.loop is not None
        for listening in self.listener.sockets:
            self.loop.remove_reader(listening.fileno())
        await asyncio.sleep(0.01)  # asyncio loses a connection that it takes while it closes
        self.listener.close()
        current = asyncio.current_task()
        end = time.monotonic() + 10
        while tasks := {task for task in asyncio.all_tasks() if task is not current}:
            for task in self._serving if time.monotonic() < end else tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=0.05)
        for writer in self._writers:  # clients that have stopped reading are not waited for
            writer.transport.abort()
        await asyncio.sleep(0.01)  # closed connections are released in the next iteration


@contextlib.contextmanager
def proxied(
    upstream: str, fault: Callable[[Request], Fault] = lambda request: PASS, port: int = 0
) -> Iterator[Proxy]:
    """A ``Proxy``, by default on a free port, in a thread, until the block ends.

    After the block no request is in flight any more.
    """
    proxy = Proxy(upstream, fault)
    ready: Future[None] = Future()
    stop = asyncio.Event()

    async def serve() -> None:
        try:
            server = await asyncio.start_server(proxy.connected, "127.0.0.1", port, backlog=256)
        except OSError as error:
            ready.set_exception(error)
            return
        proxy.listener, proxy.loop = server, asyncio.get_running_loop()
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set_result(None)
        await stop.wait()
        await proxy.end()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    ready.result(120)
    try:
        yield proxy
    finally:
        assert proxy.loop is not None
        proxy.loop.call_soon_threadsafe(stop.set)
        thread.join(120)
        assert not thread.is_alive(), "the proxy did not end"


# --- work --------------------------------------------------------------------------------------


@contextlib.contextmanager
def calls() -> Iterator[list[int]]:
    """The number of function calls in the block, in all threads."""
    count = [0]

    def called(*_: Any) -> None:
        count[0] += 1

    threading.setprofile(called)
    sys.setprofile(called)
    try:
        yield count
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
