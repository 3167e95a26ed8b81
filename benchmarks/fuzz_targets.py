# ruff: noqa: E501  tables of one line each
"""The targets of fuzz.py: seeds, mutation and reader of each."""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import json
import random
import re
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.sax.saxutils import quoteattr

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import hostile  # noqa: E402

from importer.core import cell_parsers, dates, money  # noqa: E402
from importer.core.errors import ImporterError  # noqa: E402
from importer.core.name_key import name_key  # noqa: E402
from importer.light import codec, directory_codec, error_bodies, rate_limit_headers  # noqa: E402
from importer.light.auth import oauth, token_store  # noqa: E402
from importer.light.transport import Reply  # noqa: E402
from importer.mapping.template_loader import LoadedTemplate, load_template  # noqa: E402
from importer.readers import read_file  # noqa: E402
from importer.references import lookup_tables  # noqa: E402
from importer.report.xlsx import provenance_sheet  # noqa: E402
from importer.resume import result_workbook, row_changes  # noqa: E402

INTERESTING = (
    *rb"""
    " ' < > & = / -1 0 1e308 NaN , ; 1048577 A0 XFE1 ZZZZ1 <!-- ]]> <c> </row> &#x0; &amp;
    { } [ ] *a !! % @ | ? matches (a+)+$
    """.split(),
    b"",
    b"\x00",
    b"\xff",
    b"9" * 20,
    b"\r",
    b"\n",
    b"\r\n",
    b"\t",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"a" * 300,
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b"&a ",
    b": ",
    b"- ",
    b"\x80\x00",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x80",
)


def mutated(data: bytes, rng: random.Random) -> bytes:
    """The bytes with a few changes: flips, cuts, copies, troublesome words."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8, 30))):
        at = rng.randrange(len(out) + 1)
        kind = rng.randrange(6)
        if kind == 0 and at < len(out):
            out[at] = rng.randrange(256)
        elif kind == 1:
            out[at:at] = rng.choice(INTERESTING)
        elif kind == 2:
            del out[at : at + rng.choice((1, 2, 5, 50, 1000))]
        elif kind == 3:
            size = rng.choice((1, 4, 20, 200, 2000))
            out[at:at] = out[max(0, at - size) : at] * rng.choice((1, 2, 20))
        elif kind == 4 and at < len(out):
            word = rng.choice(INTERESTING)
            out[at : at + len(word)] = word
        elif len(out) > 8:
            a, b = sorted(rng.sample(range(len(out)), 2))
            part = out[a : min(b, a + 500)]
            del out[a : min(b, a + 500)]
            at = min(at, len(out))
            out[at:at] = part
        if len(out) > 300_000:
            del out[300_000:]
    return bytes(out)


def mutated_zip(data: bytes, rng: random.Random) -> bytes:
    """A workbook with one or two parts changed and correct checksums; or the zip itself changed."""
    if rng.random() < 0.15:
        return mutated(data, rng)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [[name, archive.read(name)] for name in archive.namelist()]
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, EOFError):
        return mutated(data, rng)
    for _ in range(rng.choice((1, 1, 2))):
        part = rng.choice(parts)
        part[1] = mutated(part[1], rng)
    if rng.random() < 0.05:
        rng.choice(parts)[0] = rng.choice(parts)[0]
    return hostile.zip_of([(name, hostile.packed(content)) for name, content in parts])


def _seeds(*patterns: str) -> list[bytes]:
    paths = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    return [path.read_bytes()[:100_000] for path in paths]


def _workbooks(kind: str) -> list[bytes]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if kind == "xlsx":
            workbooks = [
                hostile.xlsx(folder, "a.xlsx")[0],
                hostile.entities(folder, "sheet", "", "x")[0],
            ]
            return [
                p.read_bytes() for p in ROOT.glob("samples/*/*.xlsx") if p.stat().st_size < 2e5
            ] + [Path(workbooks[0]).read_bytes()]
        if kind == "ods":
            rows = "".join(hostile.ods_rows(hostile.ods_cell(f"v{i}", 2)) for i in range(5))
            rows += hostile.ods_rows(
                '<table:table-cell office:value-type="float" office:value="12345678901234567">'
                "<text:p>00123</text:p></table:table-cell><table:table-cell"
                ' table:formula="of:=1/0" office:value-type="float" office:value="0"><text:p>#DIV/0!'
                '</text:p></table:table-cell><table:table-cell office:value-type="time"'
                ' office:time-value="PT30H00M00S"><text:p>30:00</text:p></table:table-cell>'
            )
            return [Path(hostile.ods_table(folder, rows)[0]).read_bytes()]
        text = b"\3\0\0\0" + "abc".encode("utf-16-le")
        parts = [(0, 0, 6, text), (0, 1, 5, b"\0" * 8), (1, 0, 3, b"\x2a"), (2, 5, 7, b"\0" * 4)]
        strings = hostile.xlsb_record(159, b"\1\0\0\0" * 2) + hostile.xlsb_record(19, b"\0" + text)
        workbooks = hostile.xlsb(
            folder, hostile.xlsb_cells(parts), strings + hostile.xlsb_record(160, b"")
        )
        return [Path(workbooks[0]).read_bytes()]


def _read(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.write_bytes(data)
    for table in read_file(path):
        assert all(len(column) == len(table.rows) for column in table.columns)
        assert list(table.rows) == sorted(set(table.rows))


def _template(folder: Path, data: bytes) -> None:
    path = folder / "mine.yaml"
    path.write_bytes(data)
    load_template(path)


def _money(folder: Path, data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert isinstance(money.read_cents(text), int | money.UnreadableAmount)
    for numbers in money.Numbers:
        value = money.read_decimal(text, numbers)
        money.to_cents(value)
    money.numbers_of(text.split(";"))
    money.currencies_named(text)
    cell_parsers.parse_uuid(text)


def _dates(folder: Path, data: bytes) -> None:
    text, _, form = data.decode("utf-8", "surrogateescape").partition("\0")
    order = dates.order_of(text.split(";"))
    for read in (dates.reader([], None), dates.reader([], order.order)):
        day = read(text)
        assert day is None or isinstance(day, date)
        dates.read_date_time(text, read)
    dates.serial_date(text)
    with contextlib.suppress(ValueError):
        read = dates.reader([form or "DD/MM/YYYY"], None)
        read(text)


def _wire(folder: Path, data: bytes) -> None:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return
    for read in (
        directory_codec.vendor_from_json,
        directory_codec.account_from_json,
        directory_codec.entity_from_json,
        directory_codec.company_from_json,
        directory_codec.property_group_from_json,
        codec.page_from_json,
        error_bodies.errors_from_json,
        error_bodies.refusal_from_json,
        error_bodies.errors_beside_content,
        error_bodies.words_of,
        lambda obj: codec.bill_from_json(obj, listed=True),
        lambda obj: codec.bill_from_json(obj, listed=False),
    ):
        with contextlib.suppress(ImporterError):
            read(answer)


_ID = "3f2b8c1e-0000-4000-8000-000000000001"
_TABLES = [
    f"value,id\nAcme,{_ID}\n'=x,{_ID}\n".encode(),
    f"\ufeffname;Value;ID\r\na;Acme;{_ID}\r\n".encode(),
    f'id\tvalue\n{_ID}\t"M\u00fcller\n& S\u00f6hne"'.encode("cp1252"),
]


def _lookup(folder: Path, data: bytes) -> None:
    """Add to a lookup table: it then has its old entries and the new ones."""
    path = folder / "vendor.csv"
    path.write_bytes(data)
    before = lookup_tables.load_table(path)
    picks = [
        lookup_tables.Pick("vendor", value, _ID, "x", "here")
        for value in ("=New one", "Neu \u00fc;,")
    ]
    with contextlib.suppress(ImporterError):
        lookup_tables.save_picks(folder, picks)
        after = lookup_tables.load_table(path)
        assert {key: entry.id for key, entry in before.items()}.items() <= {
            key: entry.id for key, entry in after.items()
        }.items()
        assert after.keys() >= {name_key(pick.value) for pick in picks}


def _results() -> list[bytes]:
    """Result workbooks as text: sheets separated by form feeds, each headed by its name."""
    from importer.cli.main import run

    workbooks = []
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stderr(io.StringIO()):
        for source in ("light/bills.xlsx", "zoho-bills/bills.csv", "xero-bills/bills.csv"):
            result = Path(name) / "result.xlsx"
            result.unlink(missing_ok=True)
            run(["validate", "--quiet", str(ROOT / "samples" / source), "--result", str(result)])
            sheets = []
            for table in read_file(result):
                text = io.StringIO()
                text.write(f"{table.sheet}\n")
                lines = csv.writer(text, delimiter="\t", lineterminator="\n")
                lines.writerows(table.row_cells(i) for i in range(min(len(table.rows), 60)))
                sheets.append(text.getvalue())
            workbooks.append("\f".join(sheets).encode())
    return workbooks


def _workbook_of(folder: Path, text: str) -> Path:
    """The workbook of such a text, with a correct checksum in its hidden sheet."""
    parts, names = [], []
    for number, sheet in enumerate(text.split("\f"), start=1):
        name, _, body = sheet.partition("\n")
        rows = [line.split("\t") for line in body.split("\n")]
        if name == provenance_sheet.PROVENANCE:
            facts = [[c.strip() for c in row if c.strip()] for row in rows]
            facts = [row for row in facts if row and row[0] != "check"]
            rows = [*facts, ["check", provenance_sheet.checksum(facts[1:])]]
        xml = "".join(
            f'<row r="{r}">'
            + "".join(
                f'<c r="{hostile.letters(c)}{r}" t="inlineStr"><is><t xml:space="preserve">'
                f"{cell.replace('&', '&amp;').replace('<', '&lt;')}</t></is></c>"
                for c, cell in enumerate(row, start=1)
                if cell
            )
            + "</row>"
            for r, row in enumerate(rows, start=1)
        )
        names.append(f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>')
        parts.append((f"xl/worksheets/sheet{number}.xml", hostile.packed(hostile.sheet_xml(xml))))
    book = re.sub(
        "<sheets>.*</sheets>", lambda _: f"<sheets>{''.join(names)}</sheets>", hostile.BOOK.decode()
    )
    relations = hostile.relations(*(("worksheet", n.removeprefix("xl/")) for n, _ in parts))
    parts += [
        ("_rels/.rels", hostile.packed(hostile.relations(("officeDocument", "xl/workbook.xml")))),
        ("xl/workbook.xml", hostile.packed(book.encode())),
        ("xl/_rels/workbook.xml.rels", hostile.packed(relations)),
    ]
    path = folder / "result.xlsx"
    path.write_bytes(hostile.zip_of(parts))
    return path


_NOT_XML = re.compile("[^\t\n\f\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _result(folder: Path, data: bytes) -> None:
    path = _workbook_of(folder, _NOT_XML.sub("", data.decode(errors="replace")))
    workbook = result_workbook.read_result_workbook(path)
    tables = read_file(path)
    result_workbook.read_picks(tables)
    if workbook is not None:
        row_changes.row_changes(tables, workbook, _light().template)


@functools.cache
def _light() -> LoadedTemplate:
    return load_template(ROOT / "templates" / "light.yaml")


_LOGINS = [
    json.dumps(
        {
            "base_url": "https://api.light.inc",
            "client_id": "c",
            "id": "i",
            "since": 1.5,
            "store": "file",
            "company": "C",
            "company_id": "x",
            "expires_at": 9.0,
            "tokens": {
                "access": "a",
                "refresh": "r",
                "expires_at": 9.0,
                "lifetime": 3600,
                "client_secret": "s",
            },
        }
    ).encode()
]


def _login(folder: Path, data: bytes) -> None:
    path = folder / "login.json"
    path.write_bytes(data)
    path.chmod(0o600)
    store = token_store.TokenStore(path, "fuzzing")
    with contextlib.suppress(ImporterError):
        store.login()
    stored = store.read()
    if stored is not None:
        login, tokens = stored
        assert all(isinstance(secret, str) for secret in tokens.secrets)
        store.write(login, tokens)
        assert store.read() == (replace(login, expires_at=tokens.expires_at), tokens)


_OAUTH = [
    b'200\0\0{"access_token": "abc", "refresh_token": "def", "token_type": "Bearer", "expires_in": 3600}',
    b"302\0https://evil.example/x\0",
    b'400\0\0{"error": "invalid_grant", "error_description": "no", "message": "m"}',
    b"200\0http://127.0.0.1:1234/callback?code=abc&state=S\0{}",
    b"429\0Tue, 24 Nov 2026 18:00:00 GMT\x00{}",
    b"429\x00300, 300;w=60\0{}",
]


def _oauth(folder: Path, data: bytes) -> None:
    """An answer to a token request; a redirect address; rate-limit headers."""
    status, _, rest = data.partition(b"\0")
    header, _, body = rest.partition(b"\0")
    text = header.decode("latin-1")
    number = int(status) if status.isdigit() and len(status) == 3 else 200
    with contextlib.suppress(ImporterError):
        tokens = oauth.tokens_from_reply(Reply(number, {"location": text}, body))
        assert tokens.access.isascii()
    names = (
        "Retry-After",
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "Date",
    )
    for name in names:
        read = rate_limit_headers.read_headers({name: text, "Date": text}, 1e9)
        assert rate_limit_headers.pause_after(429, read, 3) >= 0
    oauth.code_in(text, "S")


_MONEY = [
    b"1,234.56;1.234,56",
    "€ 1 234,50-".encode(),
    b"(1,000.00)",
    b"1e5",
    b"$12",
    b"12 CR",
    "１２".encode(),
]
_DATES = [
    b"31/12/2025;01/02/2025\0DD/MM/YYYY",
    b"2025-03-31T10:00:00Z\0D-MMM-YY",
    "3. März 2025".encode(),
    b"45747",
]
_ANSWERS = [
    b'{"id": "a", "vendorId": "b", "invoiceNumber": "1", "amount": 1, "currency": "GBP", "issuedDate": "2025-01-01", "state": "DRAFT", "createdAt": "2025-01-01T00:00:00Z", "lineItems": [{"id": "x", "amount": 1, "customProperties": []}]}',
    b'{"records": [{"id": "a", "name": "b", "vatId": "c", "status": "ACTIVE"}], "hasMore": true, "nextCursor": "x", "total": 3}',
    b'{"errors": [{"message": "m", "path": ["a", 0], "code": "c"}], "message": "x"}',
]

Change = Callable[[bytes, random.Random], bytes]
TARGETS: dict[str, tuple[Callable[[], list[bytes]], Change, Callable[[Path, bytes], None]]] = {
    "csv": (lambda: _seeds("samples/*/*.csv"), mutated, lambda f, d: _read(f, "a.csv", d)),
    "html": (
        lambda: [
            b'<html><meta charset="utf-8"><table><tr><td rowspan=2 x:num="1.5">1,50<td>b</tr><tr style="display:none"><td>c&nbsp;d<br>e</table><table><tr><th>x</table></html>'
        ],
        mutated,
        lambda f, d: _read(f, "a.xls", d),
    ),
    "xlsx": (lambda: _workbooks("xlsx"), mutated_zip, lambda f, d: _read(f, "a.xlsx", d)),
    "ods": (lambda: _workbooks("ods"), mutated_zip, lambda f, d: _read(f, "a.ods", d)),
    "xlsb": (lambda: _workbooks("xlsb"), mutated_zip, lambda f, d: _read(f, "a.xlsb", d)),
    "xls": (
        lambda: _seeds("tests/integration/data/*.xls"),
        mutated,
        lambda f, d: _read(f, "b.xls", d),
    ),
    "template": (lambda: _seeds("templates/*.yaml"), mutated, _template),
    "money": (lambda: _MONEY, mutated, _money),
    "dates": (lambda: _DATES, mutated, _dates),
    "wire": (lambda: _ANSWERS, mutated, _wire),
    "result": (_results, mutated, _result),
    "lookup": (lambda: _TABLES, mutated, _lookup),
    "login": (lambda: _LOGINS, mutated, _login),
    "oauth": (lambda: _OAUTH, mutated, _oauth),
}
