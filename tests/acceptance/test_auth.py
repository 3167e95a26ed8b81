"""Logging in, working with the login, logging out: real processes against the sandbox."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

import keyring
import pytest
from conftest import (
    KEEP,
    LOAD,
    Ended,
    Fault,
    bill_row,
    document,
    ended,
    expire_logins,
    http,
    numbers,
    proxied,
    write_bills,
)
from conftest import Request as Seen
from forked import Forked, piped
from keyring.backends import fail
from keyring_on_disk import OnDisk

from importer.sandbox import Sandbox, SandboxSettings, running

CLIENT, SECRET = "client-0815", "client-secret-4711"
TESTS = Path(__file__).parents[1]
BILLS = 40
Command = Callable[..., Ended]
ALL = [f"INV-{i:05}" for i in range(BILLS)]


@pytest.fixture
def light() -> Iterator[Sandbox]:
    settings = SandboxSettings(client_id=CLIENT, client_secret=SECRET, requests_per_minute=100_000)
    with running(settings) as started:
        yield started


@pytest.fixture(autouse=True)
def ring(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A keyring of the test's own, and the client's secret in the environment."""
    before = keyring.get_keyring()
    keyring.set_keyring(OnDisk())
    path = tmp_path_factory.mktemp("ring") / "ring.json"
    monkeypatch.setenv("KEYRING_ON_DISK", str(path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring_on_disk.OnDisk")
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.setenv("LIGHT_CLIENT_ID", CLIENT)
    monkeypatch.setenv("LIGHT_CLIENT_SECRET", SECRET)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    yield path
    keyring.set_keyring(before)


@contextlib.contextmanager
def started(*args: str, cwd: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "importer", *args],
        cwd=cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


OPENER = build_opener(_Stay, ProxyHandler({}))


def fetch(url: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
    """Status, text and where it leads."""
    request = Request(url, None if form is None else urlencode(form).encode(), headers)
    try:
        with OPENER.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), ""
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Location", "")


def decide(address: str, decision: str = "allow") -> str:
    """What a person does on the page of the sandbox; where it sends the browser."""
    status, page, _ = fetch(address)
    assert status == 200
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.split("<button")[0]))
    parts = urlsplit(address)
    to = f"{parts.scheme}://{parts.netloc}{parts.path}"
    status, _, location = fetch(to, hidden | {"decision": decision})
    assert status == 302
    return location


def address_of(process: subprocess.Popen[str] | Forked) -> str:
    """The address that it prints; what it said before is not needed."""
    assert process.stderr is not None
    for line in process.stderr:
        if "/oauth/authorize?" in line:
            return line.strip()
    raise AssertionError(f"it ended with {process.wait()}")


def login(base_url: str, *args: str) -> Ended:
    """Log in as a person with a browser does."""
    wishes = ("auth", "login", "--base-url", base_url, "--port", "0", "--no-browser", *args)
    with contextlib.closing(piped(wishes, None, os.environ)) as process:
        status, page, _ = fetch(decide(address_of(process)))
        assert status == 200
        assert "close this page" in page
        return ended(process)


def secrets_in(ring: Path, home: Path) -> set[str]:
    """All that no output may have, as far as it is kept now."""
    text = ring.read_text() if ring.exists() else ""
    text += "".join(path.read_text() for path in home.glob("logins/*.json"))
    return set(re.findall(r"(?:access|refresh)-[\w-]{40,}", text)) | {SECRET}


def test_login_replaces_the_key_until_logout(
    command: Command, light: Sandbox, ring: Path, home: Path, tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
    told = login(light.base_url, "--json")
    assert told.code == 0
    assert document(told)["store"] == "keyring"
    assert "Logged in to " in told.err
    assert "keyring on disk" in told.err
    kept = secrets_in(ring, home)
    assert len(kept) == 3
    assert not any(secret in path.read_text() for path in home.rglob("*.json") for secret in kept)

    status = command("auth", "status", "--json")
    (who,) = status.json["logins"]
    assert (status.code, who["base_url"], who["store"]) == (0, light.base_url, "keyring")
    assert who["company"] == command("auth", "status").out.split(" (http")[0]
    assert who["expires_at"] > who["since"]

    loaded = command(*LOAD, "--base-url", light.base_url, *files)
    assert (loaded.code, numbers(light)) == (0, ALL)
    assert command("reference", "pull", "--base-url", light.base_url).code == 0
    assert light.counters.by_key.keys() == {"login 1"}
    assert light.counters.logins == 1

    out = command("auth", "logout", "--base-url", light.base_url)
    assert out.code == 0
    assert secrets_in(ring, home) == {SECRET}
    assert json.loads(ring.read_text()) == {}
    assert command(*LOAD, "--base-url", light.base_url, *files).code == 2
    assert command("auth", "status").code == 2


def test_login_is_stored_in_a_file_only_on_request(
    command: Command, light: Sandbox, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.set_keyring(fail.Keyring())
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    refused = command("auth", "login", "--base-url", light.base_url, "--no-browser")
    assert refused.code == 2
    assert "--store file" in refused.err
    assert login(light.base_url, "--store", "file").code == 0
    (path,) = home.glob("logins/*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert command("reference", "pull", "--base-url", light.base_url).code == 0
    path.chmod(0o644)
    told = command("reference", "pull", "--base-url", light.base_url)
    assert told.code == 2
    assert "Other people" in told.err
    assert command("auth", "logout", "--all").code == 0
    assert not list(home.glob("logins/*.json"))


def test_callback_address_can_be_pasted(light: Sandbox) -> None:
    wishes = ("auth", "login", "--base-url", light.base_url, "--port", "0", "--no-browser")
    with started(*wishes) as process:
        address = address_of(process)
        assert process.stdin is not None
        process.stdin.write("http://127.0.0.1/callback?code=x&state=another\n")
        process.stdin.write("https://example.com\n")
        process.stdin.write(decide(address) + "\n")
        process.stdin.flush()
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "its state is another" in err
    assert "it has no code" in err
    assert "Logged in to" in err


BROWSER = """\
import json, sys
sys.path.insert(0, {folder!r})
from test_auth import decide, fetch
json.dump(sys.argv, open({record!r}, "w"))
status, _, to = fetch(sys.argv[1])
assert status == 302
assert fetch(sys.argv[1])[0] == 410
fetch(decide(to))
"""


def test_browser_command_line_shows_no_secret(
    light: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, record = tmp_path / "browser.py", tmp_path / "argv.json"
    folder = str(Path(__file__).parent)
    script.write_text(BROWSER.format(folder=folder, record=str(record)))
    monkeypatch.setenv("PYTHONPATH", f"{TESTS}{os.pathsep}{folder}")
    monkeypatch.setenv("BROWSER", f"{sys.executable} {script} %s &")
    with started("auth", "login", "--base-url", light.base_url, "--port", "0") as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    (state,) = parse_qs(urlsplit(re.findall(r"http\S*authorize\S*", err)[0]).query)["state"]
    assert state not in record.read_text()


def test_refused_or_abandoned_login_fails(command: Command, light: Sandbox, home: Path) -> None:
    wishes = ("auth", "login", "--base-url", light.base_url, "--port", "0", "--no-browser")
    with started(*wishes) as process:
        status, page, _ = fetch(decide(address_of(process), "deny"))
        assert (status, "did not allow" in page) == (200, True)
        _, err = process.communicate(timeout=120)
    assert process.returncode == 4
    assert "access_denied: The person said no." in err
    late = command(*wishes, "--timeout", "1")
    assert late.code == 4
    assert "Nobody allowed light-import within 1 seconds" in late.err
    assert not list(home.glob("logins/*.json"))


def test_key_in_the_environment_overrides_the_login(
    command: Command, light: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert login(light.base_url).code == 0
    light.counters.by_key.clear()
    monkeypatch.setenv("LIGHT_API_KEY", light.key)
    assert command("reference", "pull", "--base-url", light.base_url).code == 0
    assert light.counters.by_key.keys() == {light.key}
    assert "LIGHT_API_KEY is set, so it is used, not the login." in command("auth", "status").out


def test_expired_token_is_refreshed_once_during_a_load(
    command: Command, light: Sandbox, home: Path, tmp_path: Path
) -> None:
    def fault(request: Seen) -> Fault:
        if request.creates and request.number == 15:
            expire_logins(light)
        return Fault(True, KEEP)

    with proxied(light.base_url, fault) as proxy:
        assert login(proxy.url).code == 0
        files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
        loaded = command(*LOAD, "--base-url", proxy.url, *files)
        assert command("reference", "pull", "--base-url", proxy.url).code == 0
    assert (loaded.code, numbers(light)) == (0, ALL), loaded.err
    assert light.counters.unauthorized >= 1
    assert light.counters.logins == 2
    (pace,) = home.glob("pace/*.sqlite")
    with contextlib.closing(sqlite3.connect(pace)) as db:
        assert db.execute("SELECT count(DISTINCT key) FROM slot").fetchone() == (1,)


def test_revoked_login_stops_the_load_and_a_new_one_completes_it(
    command: Command, light: Sandbox, tmp_path: Path
) -> None:
    def fault(request: Seen) -> Fault:
        if request.creates and request.number == 15:
            light.context.grants.logins.clear()
        return Fault(True, KEEP)

    with proxied(light.base_url, fault) as proxy:
        assert login(proxy.url).code == 0
        files = write_bills(tmp_path, [bill_row(i) for i in range(BILLS)])
        stopped = command(*LOAD, "--base-url", proxy.url, *files)
        assert stopped.code in (2, 4)
        assert "Log in again: light-import auth login" in stopped.err
        assert len(numbers(light)) < BILLS
        assert login(proxy.url).code == 0
        assert command(*LOAD, "--base-url", proxy.url, *files).code == 0
    assert numbers(light) == ALL


def everything_in(*folders: Path) -> str:
    """All files, those in zip files too, and their names."""
    text = ""
    for path in (path for folder in folders for path in folder.rglob("*")):
        text += f"{path}\n"
        if path.is_file():
            data = path.read_bytes()
            text += data.decode("latin-1")
            if zipfile.is_zipfile(io.BytesIO(data)):
                with zipfile.ZipFile(io.BytesIO(data)) as parts:
                    text += "".join(parts.read(n).decode("latin-1") for n in parts.namelist())
    return text


def test_no_secret_in_output_files_or_process_list(
    command: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that repeats the key in all it refuses, and a load that crashes in the middle."""
    secrets = {SECRET}
    processes: list[str] = []
    of_creations: list[str] = []  # keys; the second is that of a renewed login, which is saved
    shut = False

    def fault(request: Seen) -> Fault:
        authorization = request.headers.get("authorization", "")
        secrets.update(authorization.split(" ")[1:])
        if request.path == "/oauth/token":
            form = parse_qs(request.body.decode())
            secrets.update(form.get("code", []) + form.get("refresh_token", []))
        echo = f"{authorization} is {authorization}"
        if shut:
            return Fault(False, http(401, {"type": "T", "message": echo}))
        if request.creates and request.number == 5:
            expire_logins(light)
        if request.creates and request.number % 4 == 1:
            escaped = "".join(f"\\u{ord(letter):04x}" for letter in echo)
            refusal = f'{{"type": "T", "message": "{escaped}", "path": []}}'
            body = f'{{"name": "{escaped}", "type": "T", "errors": [{refusal}]}}'
            return Fault(False, http(400, body.encode()))
        of_creations.extend([authorization] if request.creates else [])
        renewed = authorization != of_creations[0] if request.creates else False
        if renewed and not processes and of_creations.count(authorization) == 1:
            lists = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            lists += [Path(f"/proc/{child}/environ").read_bytes() for child in children]
            processes.append(b"".join(lists).decode("latin-1"))
            process.send_signal(signal.SIGSEGV)
        return Fault(True, KEEP)

    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    settings = SandboxSettings(
        client_id=CLIENT,
        client_secret=SECRET,
        requests_per_minute=100_000,
    )
    told = []
    with running(settings) as light, proxied(light.base_url, fault) as proxy:
        monkeypatch.setenv("LIGHT_BASE_URL", proxy.url)
        told.append(login(proxy.url))
        files = write_bills(work, [bill_row(i) for i in range(BILLS)])
        args = ("load", "--yes", "--verbose", "--settle", "0.3", *files)
        with started(*args, cwd=work) as process:
            out, err = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGSEGV
        assert "Segmentation fault" in err
        told.append(Ended(0, out, err))
        told.append(command(*args, "--json", "--verify"))
        assert told[-1].json["bills"]["rejected"] > 0
        run = str(told[-1].json["run"])
        for kind in ("csv", "html", "json"):
            told.append(command("report", run, "--format", kind, "--result", f"again.{kind}"))
            assert Path(f"again.{kind}").exists()
        told.append(command("verify", run, "--lines", "--verbose", "--json"))
        told.append(command("undo", run, "--yes", "--verbose", "--json"))
        assert told[-1].json["bills"]["undone"] > 0
        kept_before = secrets_in(Path(os.environ["KEYRING_ON_DISK"]), home)
        shut = True
        told.append(command(*args))
        assert told[-1].code == 2
        told += [
            command("report", run),
            command("runs", "--json"),
            command("auth", "status", "--verbose"),
            command("auth", "status"),
        ]
        told.append(command("report", "no-such-run", "--verbose"))
        assert "Traceback" in told[-1].err
    secrets |= kept_before
    assert len(secrets) == 6
    written = everything_in(tmp_path, home) + "".join(end.out + end.err for end in told)
    assert "***" in written
    for secret in secrets:
        assert secret not in written
        assert secret not in processes[0]
