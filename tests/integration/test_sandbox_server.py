"""The sandbox as a server: access, limits, the page, its database, starting and stopping."""

from __future__ import annotations

import contextlib
import csv
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from importer.core.errors import UsageProblem
from importer.sandbox import Sandbox, SandboxSettings, running, serve
from importer.sandbox.company_file import SHIPPED, load_reference
from importer.sandbox.request_limits import WINDOWS, Limiter
from importer.sandbox.settings import Window

PATH = "/v1/invoice-payables"
KEY = "k-123"
BASIC = {"Authorization": f"Basic {KEY}"}
DEFAULT_KEY = {"Authorization": f"Basic {SandboxSettings.key}"}


@contextmanager
def started(settings: SandboxSettings) -> Iterator[tuple[Sandbox, httpx.Client]]:
    with (
        running(settings) as box,
        httpx.Client(base_url=box.base_url, headers=BASIC, timeout=60, verify=False) as client,
    ):
        yield box, client


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Sandbox, httpx.Client]]:
    with started(SandboxSettings(key=KEY, requests_per_minute=100_000)) as both:
        yield both


def test_client_disconnect_creates_nothing_and_is_no_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {KEY}\r\nContent-Length: 9\r\n"
    with started(SandboxSettings(key=KEY)) as (box, _):
        with socket.create_connection(("127.0.0.1", httpx.URL(box.base_url).port or 0)) as sender:
            sender.sendall(f"{head}Content-Type: application/json\r\n\r\n{{".encode())
            end = time.monotonic() + 60
            while not box.counters.by_route:
                assert time.monotonic() < end
                time.sleep(0.005)
        while not box.counters.refused:
            assert time.monotonic() < end
            time.sleep(0.005)
        assert box.bills() == []
    assert [record.getMessage() for record in caplog.records] == []


# --- access -----------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [f"Basic {KEY}", f"Bearer {KEY}", f"bearer {KEY}"])
def test_key_is_accepted_as_basic_or_bearer(
    shared: tuple[Sandbox, httpx.Client], header: str
) -> None:
    answer = shared[1].get("/v1/entities", headers={"Authorization": header})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header",
    [None, "", KEY, "Basic", "Basic k-12", "Basic ay0xMjM6", f"Token {KEY}", "Basic ké"],
)
def test_every_path_without_key_is_401(
    shared: tuple[Sandbox, httpx.Client], header: str | None
) -> None:
    box, _ = shared
    before = box.counters.unauthorized
    headers = {} if header is None else {"Authorization": header.encode()}
    for address in ("/v1/entities", "/nowhere", PATH):
        answer = httpx.get(box.base_url + address, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["type"] == "UNAUTHORIZED"
        assert set(answer.json()) == {"type", "message"}
    assert box.counters.unauthorized == before + 3


def test_unknown_paths_and_methods_answer_json(
    shared: tuple[Sandbox, httpx.Client],
) -> None:
    _, client = shared
    for address in ("/v1/nowhere", f"{PATH}/", "/v1"):
        missing = client.get(address)
        assert missing.status_code == 404
        assert missing.json()["type"] == "NOT_FOUND"
    answer = client.put("/v1/vendors", json={})
    assert answer.status_code == 405
    assert answer.json()["type"] == "METHOD_NOT_ALLOWED"
    assert "GET" in answer.headers["allow"]


# --- limits -----------------------------------------------------------------------------------


def test_429_past_the_minutes_limit_has_retry_after() -> None:
    with started(SandboxSettings(key=KEY, requests_per_minute=3)) as (box, client):
        begun = time.time()
        answers = [
            client.get("/v1/entities"),
            client.post(PATH, json={}),
            client.get("/v1/nowhere"),
        ]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0"]
        assert answers[0].headers["x-ratelimit-limit"] == "3"
        assert begun + 59 <= int(answers[0].headers["x-ratelimit-reset"]) <= time.time() + 61
        over = client.post(PATH, json={})
        assert over.status_code == 429
        assert over.json()["type"] == "TOO_MANY_REQUESTS"
        assert begun + 59 - time.time() <= int(over.headers["retry-after"]) <= 60
        assert over.headers["x-ratelimit-remaining"] == "0"
        assert httpx.get(box.base_url + "/v1/entities").status_code == 401
        assert client.get("/").status_code == 200
        assert len(box.bills()) == 1
        counters = box.counters
        assert (counters.throttled, counters.bill_posts, counters.authenticated) == (1, 1, 4)
        assert counters.received == 6
        assert counters.by_route[f"POST {PATH}"] == 1


def test_limit_headers_on_success_can_be_switched_off() -> None:
    settings = SandboxSettings(key=KEY, requests_per_minute=1, headers_on_success=False)
    with started(settings) as (_, client):
        assert "x-ratelimit-limit" not in client.get("/v1/entities").headers
        assert client.get("/v1/entities").headers["x-ratelimit-limit"] == "1"


def test_days_limit_resets_at_midnight_utc() -> None:
    noon = 20_000 * 86_400 + 43_200.5
    clock = [noon]
    limiter = Limiter(100, 3, "sliding", lambda: clock[0])
    assert [limiter.take().allowed for _ in range(4)] == [True, True, True, False]
    headers = limiter.take().headers()
    assert headers["Retry-After"] == "43200"
    assert headers["X-RateLimit-Limit"] == "3"
    assert headers["X-RateLimit-Reset"] == str(20_001 * 86_400)
    clock[0] = 20_001 * 86_400
    assert limiter.take().allowed


def test_keys_share_the_day_but_not_the_minute() -> None:
    limiter = Limiter(2, 5, "sliding", lambda: 1_000_000.0)
    assert [limiter.take("a").allowed for _ in range(3)] == [True, True, False]
    assert [limiter.take("b").allowed for _ in range(3)] == [True, True, False]
    assert [limiter.take("c").allowed for _ in range(2)] == [True, False]
    assert limiter.take("c").limit == 5


def test_more_keys_belong_to_the_company_and_foreign_key_does_not() -> None:
    settings = SandboxSettings(
        key=KEY, more_keys=("k-456",), foreign_key="k-789", requests_per_day=4
    )
    with started(settings) as (box, client):

        def get(address: str, key: str) -> httpx.Response:
            return client.get(address, headers={"Authorization": f"Basic {key}"})

        mine = [get("/v1/companies/current", key).json() for key in (KEY, "k-456")]
        other = get("/v1/companies/current", "k-789")
        assert mine[0] == mine[1]
        assert (other.json()["id"], other.json()["name"]) != (mine[0]["id"], mine[0]["name"])
        for address in ("/v1/entities", PATH):
            assert get(address, "k-789").status_code == 403
        assert [get("/v1/entities", key).status_code for key in (KEY, "k-456")] == [200, 200]
        assert [get("/v1/entities", key).status_code for key in (KEY, "k-456")] == [429, 429]
        assert get("/v1/companies/current", "k-789").status_code == 200
        assert get("/v1/entities", "k-0").status_code == 401
        assert box.counters.by_key == {KEY: 3, "k-456": 3, "k-789": 4}


def test_sliding_window_holds_in_any_minute() -> None:
    clock = [1_000_000.0]
    limiter = Limiter(5, 10**6, "sliding", lambda: clock[0])
    times = []
    for step in range(1_000):
        clock[0] = 1_000_000 + step * 0.7
        if limiter.take().allowed:
            times.append(clock[0])
    for start in times:
        assert sum(start <= moment < start + 60 for moment in times) <= 5
    assert len(times) >= 55


def test_fixed_window_resets_with_the_clock_minute() -> None:
    clock = [59.5]
    limiter = Limiter(2, 10**6, "fixed", lambda: clock[0])
    assert [limiter.take().allowed for _ in range(3)] == [True, True, False]
    assert limiter.take().headers()["Retry-After"] == "1"
    clock[0] = 60.0
    assert limiter.take().remaining == 1


def test_bucket_refills_evenly() -> None:
    clock = [0.0]
    limiter = Limiter(60, 10**6, "bucket", lambda: clock[0])
    assert all(limiter.take().allowed for _ in range(60))
    refused = limiter.take()
    assert not refused.allowed
    assert refused.headers()["Retry-After"] == "1"
    clock[0] = 1.0
    assert [limiter.take().allowed for _ in range(2)] == [True, False]


@pytest.mark.parametrize("window", list(WINDOWS))
def test_waiting_retry_after_suffices_in_every_window(window: Window) -> None:
    clock = [1_234.56]
    limiter = Limiter(7, 10**6, window, lambda: clock[0])
    for _ in range(200):
        answer = limiter.take()
        if not answer.allowed:
            clock[0] += int(answer.headers()["Retry-After"])
            assert limiter.take().allowed
        clock[0] += 0.013


# --- latency ----------------------------------------------------------------------------------


def test_latency_is_half_before_and_half_after_the_commit() -> None:
    with started(SandboxSettings(key=KEY, latency=0.4)) as (box, client):
        begun = time.time()
        client.post(PATH, json={})
        answered_at = time.time()
        (bill,) = box.bills()
        stored_at = datetime.fromisoformat(str(bill["invoiceCreatedAt"])).timestamp()
        assert stored_at - begun >= 0.19
        assert answered_at - stored_at >= 0.19


# --- the page ---------------------------------------------------------------------------------


def test_page_lists_bills_newest_first_and_escapes_texts() -> None:
    reference = load_reference()
    vendor = next(row for row in reference.vendors.values() if "&" in row.name)
    with started(SandboxSettings(key=KEY)) as (box, client):
        for number, cents in (("<script>alert(1)</script>", 123_456_789), ("NEXT", -5)):
            line = {"netAmount": cents, "description": "<b>bold</b>"}
            sent = {"vendorId": vendor.id, "invoiceNumber": number, "amount": cents}
            sent |= {"currency": "GBP", "lineItems": [line]}
            assert client.post(PATH, json=sent).status_code == 200
        page = httpx.get(box.base_url + "/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    text = page.text
    assert "<script" not in text
    assert "<b>bold" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "1,234,567.89" in text
    assert "-0.05" in text
    assert "1,234,567.84" in text  # the total
    assert vendor.name.replace("&", "&amp;") in text
    assert text.index("NEXT") < text.index("&lt;script&gt;")


def test_page_under_a_foreign_host_needs_the_key(
    shared: tuple[Sandbox, httpx.Client],
) -> None:
    base = shared[0].base_url
    foreign = {"Host": "evil.example"}
    assert httpx.get(base, headers=foreign).status_code == 401
    assert httpx.get(base, headers=foreign | BASIC).status_code == 200


# --- the database -----------------------------------------------------------------------------


def test_company_id_is_new_unless_the_database_exists(tmp_path: Path) -> None:
    persistent = SandboxSettings(key=KEY, database=tmp_path / "sandbox.db")
    companies = []
    for settings in (SandboxSettings(key=KEY), persistent, persistent, SandboxSettings(key=KEY)):
        with started(settings) as (box, client):
            client.post(PATH, json={"lineItems": [{"netAmount": 5}]})
            companies.append(client.get("/v1/companies/current").json()["id"])
            bills = box.bills()
            if len(companies) == 3:
                assert len(bills) == 2
                assert [bill["companyId"] for bill in bills] == [companies[1]] * 2
                listed = client.get("/v1/bff/invoice-payables").json()["records"]
                assert [record["id"] for record in listed] == [bill["id"] for bill in bills]
            else:
                assert len(bills) == 1
    assert companies[1] == companies[2]
    assert len(set(companies)) == 3


def test_file_that_is_no_database_is_not_touched(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to be read as one" * 20)
    before = text.read_bytes()
    with pytest.raises(UsageProblem, match=r"notes\.txt"), running(SandboxSettings(database=text)):
        pass
    assert text.read_bytes() == before


def test_database_of_another_program_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE vendors (name)")
        connection.commit()
    before = path.read_bytes()
    with (
        pytest.raises(UsageProblem, match="not a sandbox's database"),
        running(SandboxSettings(database=path)),
    ):
        pass
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


# --- the reference company --------------------------------------------------------------------


def test_shipped_company_has_the_hard_cases() -> None:
    reference = load_reference()
    names = [row.name for row in reference.vendors.values()]
    assert {"NA Systems", "Total Gas & Power", "Møller & Sønner ApS", "IBM UK LTD"} <= set(names)
    assert len(names) - len(set(names)) == 1
    assert [row.country for row in reference.entities.values()] == ["GB", "DE", "DK"]
    assert [row.basis_points for row in reference.tax_codes.values()][:4] == [2000, 500, 0, 1900]
    assert {row.input_type for row in reference.groups.values()} == {
        "TEXT",
        "SINGLE_SELECT",
        "MULTI_SELECT",
        "NUMERIC",
        "DATE",
        "BOOLEAN",
    }


def test_suppliers_of_the_sample_ledger_are_vendors() -> None:
    sample = Path(__file__).parents[2] / "samples" / "uk-spend"
    with (sample / "dh-spend-march.csv").open(encoding="cp1252", newline="") as file:
        suppliers = {row["Supplier"] for row in csv.DictReader(file)} - {""}
    with (sample / "vendors.csv").open(encoding="utf-8", newline="") as file:
        table = {row["value"]: row["id"] for row in csv.DictReader(file)}
    vendors = load_reference().vendors
    assert set(table) == suppliers
    assert len(suppliers) == 424
    assert all(vendors[vendor_id].name == name for name, vendor_id in table.items())


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("vendors.csv", "V-1002,", "V-1002,x\n,", "vendors.csv, row 3: currency"),
        ("accounts.csv", "1300", "13a", "accounts.csv, row 3: code '13a'"),
        ("entities.csv", ",EUR,", ",EURO,", "entities.csv, row 3: localCurrency 'EURO'"),
        ("tax_codes.csv", ",19", ",190", "tax_codes.csv, row 5: percent '190'"),
        ("tax_codes.csv", "percent", "rate", "tax_codes.csv, row 1: there is no column percent"),
        ("custom_properties.json", '"TEXT"', '"PROSE"', "custom_properties.json, group 1"),
        ("company.json", "GBP", "gbp", "company.json: baseCurrency"),
        ("company.json", "{", "", "company.json is not valid JSON"),
    ],
)
def test_reference_mistake_names_file_and_row(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = tmp_path / "reference"
    shutil.copytree(SHIPPED, folder)
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageProblem) as caught, running(SandboxSettings(reference=folder)):
        pass
    assert message in str(caught.value)


def test_duplicate_vendor_id_is_refused_with_both_rows(tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    shutil.copytree(SHIPPED, folder)
    rows = (folder / "vendors.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "vendors.csv").write_text("".join([*rows[:5], rows[1]]), encoding="utf-8")
    with pytest.raises(UsageProblem, match=r"row 6: id '.*' is that of row 2"):
        load_reference(folder)
    with pytest.raises(UsageProblem, match="no folder"):
        load_reference(tmp_path / "missing")


# --- starting and stopping --------------------------------------------------------------------


def test_shutdown_does_not_wait_for_open_connections() -> None:
    outcomes: list[object] = []

    def slow(client: httpx.Client) -> None:
        try:
            outcomes.append(client.post(PATH, json={}, timeout=120).status_code)
        except httpx.HTTPError as error:
            outcomes.append(error)

    settings = SandboxSettings(key=KEY, latency=600)
    with httpx.Client(headers=BASIC, timeout=60, verify=False) as client, socket.socket() as idle:
        with running(settings) as box:
            client.base_url = httpx.URL(box.base_url)
            idle.connect(("127.0.0.1", int(box.base_url.rsplit(":", 1)[1])))
            sender = threading.Thread(target=slow, args=(client,), daemon=True)
            sender.start()
            while not box.counters.received:
                time.sleep(0.005)
            begun = time.monotonic()
        assert time.monotonic() - begun < 30
        sender.join()
    assert outcomes != [200]


def test_concurrent_posts_are_stored_once_each() -> None:
    with started(SandboxSettings(key=KEY)) as (box, client):

        def work() -> None:
            for _ in range(20):
                assert client.post(PATH, json={"lineItems": [{"netAmount": 1}]}).status_code == 200

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            assert all(len(bill["lineItems"]) == 1 for bill in box.bills())
        bills = box.bills()
        assert len({bill["id"] for bill in bills}) == 160
        created = [bill["invoiceCreatedAt"] for bill in bills]
        assert created == sorted(set(created))
        assert box.counters.bills_created == 160


def test_sandbox_runs_from_any_thread() -> None:
    statuses = []

    def work() -> None:
        with started(SandboxSettings(key=KEY)) as (_, client):
            statuses.append(client.get("/v1/entities").status_code)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 3


def test_busy_port_and_invalid_settings_are_usage_problems() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        with pytest.raises(UsageProblem, match="choose another"):
            serve(SandboxSettings(), busy.getsockname()[1], print)
    with pytest.raises(UsageProblem, match="not a port"):
        serve(SandboxSettings(), 70_000, print)
    for settings in (
        SandboxSettings(key=" "),
        SandboxSettings(more_keys=("a,b",)),
        SandboxSettings(key="a", foreign_key="a"),
        SandboxSettings(requests_per_minute=0),
        SandboxSettings(latency=-1),
        SandboxSettings(window="weekly"),  # type: ignore[arg-type]
    ):
        with pytest.raises(UsageProblem), running(settings):
            pass


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_returns_on_signal(number: int) -> None:
    script = (
        "from importer.sandbox import SandboxSettings, serve\n"
        "serve(SandboxSettings(), 0, lambda url: print(url, flush=True))\n"
        "print('done')\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with httpx.Client(
                base_url=url, headers=DEFAULT_KEY, timeout=60, verify=False
            ) as client:
                assert client.post(PATH, json={}).status_code == 200
                process.send_signal(number)
                out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert (process.returncode, out, err) == (0, "done\n", "")
