"""``verify --ledger`` against a ledger that lies: whatever it is, it never ties out."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    ACCOUNTS,
    ENTITIES,
    KEEP,
    PASS,
    VENDORS,
    Ended,
    Fault,
    Request,
    bill_row,
    document,
    http,
    proxied,
    write_bills,
)

from importer.sandbox import Sandbox

Load = Callable[..., Ended]
Records = list[dict[str, Any]]
FAST = ("--requests-per-minute", "100000")
PATH = "/v1/ledger-transaction-lines"
UK20 = "7514cbaa-e6e3-58bc-be5b-b65ffc29f39f"
UK5 = "926a945a-de82-54c3-be05-5385c5e064c0"
DE19 = "fcd8188e-2bf8-5ced-b662-50b08dc452cf"
DK25 = "e37090b8-883e-59a3-9ed6-1117873cd895"
REVERSE = "d714fcab-9cd7-51a7-bf80-2315837cbca3"
CODES = ((UK20, 20), (DE19, 19), (DK25, 25))
OTHER = "0a0a0a0a-0000-4000-8000-000000000001"


def write_all_kinds(folder: Path, derived: int = 6) -> list[str]:
    """Bills and credit notes of three entities in four currencies, with stated rates: tax that is
    inclusive, added, of reverse charge, none, and ``derived`` by Light in one of them (5 has it
    in its amounts); and lines of nothing."""
    rows: list[dict[str, object]] = []
    lines: list[dict[str, object]] = []
    for i in range(12):
        code, percent = CODES[i % 3]
        inclusive = i % 4 == 1
        net, tax = 10_000 + 300 * i, (10_000 + 300 * i) * percent // 100
        parts: list[dict[str, object]] = [
            {"netAmount": net, "taxAmount": tax, "taxCodeId": code},
            {"netAmount": 700, "taxAmount": 0, "taxCodeId": REVERSE},
            {"netAmount": 0, "taxAmount": "", "taxCodeId": ""},
            {"netAmount": 25, "taxAmount": "", "taxCodeId": ""},
        ]
        if i == derived:
            parts[0]["taxAmount"] = ""  # which Light derives
        for n, part in enumerate(parts):
            gross = int(str(part["netAmount"])) + (tax if n == 0 else 0)
            amounts = {"amount": gross, "netAmount": ""} if inclusive else {"amount": ""}
            account = {"accountId": ACCOUNTS[(i + n) % 5 + 10]}
            lines.append({"billRef": f"B{i}", **part, **amounts, **account})
        kind = {"type": "credit note" if i % 5 == 4 else "bill"}
        rows.append(
            bill_row(
                i,
                billRef=f"B{i}",
                companyEntityId=ENTITIES[i % 3],
                currency=("GBP", "EUR", "DKK", "USD")[i % 4],
                vendorId=VENDORS[0],
                amount=net + tax + 725,
                lineItemsIncludeTax="TRUE" if inclusive else "FALSE",
                localCurrencyFxRateOverride="1.2345" if i % 4 == 3 else "",
                groupCurrencyFxRateOverride="0.7890123" if i % 4 == 3 else "",
                **kind,
            )
        )
    paths = write_bills(folder, rows)
    with Path(paths[1]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return paths


def expenses(records: Records) -> Records:
    return [r for r in records if r["accountType"] != "ACCOUNTS_PAYABLE" and cents_of(r)]


def cents_of(record: dict[str, Any]) -> int:
    return int(record["amounts"]["signedTransactionAmount"])


# Each changes the lines of one document.


def missing(lines: Records) -> None:
    lines.remove(expenses(lines)[0])


def missing_on_both_sides(lines: Records) -> None:
    """The first expense is gone, and payables are so much less."""
    lost, *_ = expenses(lines)
    [payables] = [r for r in lines if r["accountType"] == "ACCOUNTS_PAYABLE"]
    for name in ("Transaction", "Local", "Group"):
        payables["amounts"][f"signed{name}Amount"] += lost["amounts"][f"signed{name}Amount"]
    lines.remove(lost)


def all_missing(lines: Records) -> None:
    lines.clear()


def doubled(lines: Records) -> None:
    lines.append({**expenses(lines)[0], "id": str(uuid.uuid4())})


def document_doubled(lines: Records) -> None:
    lines += [{**line, "id": str(uuid.uuid4())} for line in lines]


def other_account(lines: Records) -> None:
    """Of a net amount: no sheet says which account a tax is on."""
    of_net = (line for line in expenses(lines) if line["taxTagLabel"] != "Tax")
    next(of_net)["accountId"] = ACCOUNTS[20]


def amounts_swapped(lines: Records) -> None:
    """Two accounts have each other's amounts."""
    one, other = expenses(lines)[:2]
    one["amounts"], other["amounts"] = other["amounts"], one["amounts"]


def no_amounts(lines: Records) -> None:
    for line in lines:
        line["amounts"] = dict.fromkeys(line["amounts"])


def other_currency(lines: Records) -> None:
    for line in lines:
        line["amounts"]["transactionCurrency"] = "SEK"


def one_line_in_another_currency(lines: Records) -> None:
    expenses(lines)[0]["amounts"]["transactionCurrency"] = "SEK"


def other_entity(lines: Records) -> None:
    for line in lines:
        line["companyEntityId"] = OTHER


def signs_turned(lines: Records) -> None:
    for line in lines:
        for name in ("Transaction", "Local", "Group"):
            line["amounts"][f"signed{name}Amount"] *= -1


def not_payables(lines: Records) -> None:
    for line in lines:
        line["accountType"] = "OTHER_CURRENT_LIABILITY"


def other_tax_code(lines: Records) -> None:
    """The line of a tax names another code."""
    next(line for line in lines if line["taxTagLabel"] == "Tax")["taxId"] = UK5


def other_ledger(lines: Records) -> None:
    for line in lines:
        line["ledgerName"] = "ELIMINATION"


def release(lines: Records) -> None:
    """An expense is shown as the release of an amortisation, which no sheet has."""
    expenses(lines)[0]["ledgerTransactionType"] = "AMORTIZATION"


def one_id(lines: Records) -> None:
    """Two lines have the same id."""
    one, other = expenses(lines)[:2]
    one["id"] = other["id"]


def local_unbalanced(lines: Records) -> None:
    expenses(lines)[0]["amounts"]["signedLocalAmount"] += 1


LIES = (
    missing, missing_on_both_sides, all_missing, doubled, document_doubled, other_account,
    amounts_swapped, no_amounts, other_currency, one_line_in_another_currency, other_entity,
    signs_turned, not_payables, other_tax_code, other_ledger, release, one_id, local_unbalanced,
)  # fmt: skip


def lying(lie: Callable[[Records], Records | None], request: Request) -> Fault:
    """``lie`` changes the records of a page, or gives others in their place."""
    if request.path != PATH:
        return PASS

    def altered(page: Any) -> Any:
        records = lie(page["records"])
        return page if records is None else {**page, "records": records}

    return Fault(True, KEEP, alter=altered)


def test_documents_of_every_kind_tie_out_to_the_penny(
    load: Load, command: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    loaded = load(sandbox.base_url, *write_all_kinds(tmp_path), "--then", "posted")
    assert (loaded.code, loaded.json["steps"]) == (0, {"posted": 12}), loaded.out
    tied = command("verify", loaded.json["run"], "--ledger", "--json", "--quiet", *FAST)
    ledger = document(tied)["ledger"]
    assert (tied.code, ledger["agrees"], ledger["documents"]) == (0, True, 12), tied.out
    assert {each["difference"] for each in ledger["accounts"]} == {0}
    places = {(each["entity"], each["currency"]) for each in ledger["accounts"]}
    assert len(places) == 12
    assert sum(each["code"] == "RC0" for each in ledger["accounts"]) == 12
    for place in places:
        of_place = [t for t in ledger["accounts"] if (t["entity"], t["currency"]) == place]
        assert sum(total["ledger"] for total in of_place) == 0
        local = [cents for total in of_place for cents in total["ledger_local"].values()]
        assert sum(local) == 0


@pytest.fixture
def posted(load: Load, sandbox: Sandbox, tmp_path: Path) -> Any:
    """A proxy whose ledger can be made to lie, and a run through it."""
    lies: list[Callable[[Records], None]] = []
    with proxied(sandbox.base_url, lambda r: lying(lies[0], r) if lies else PASS) as proxy:
        loaded = load(proxy.url, *write_all_kinds(tmp_path), "--then", "posted")
        yield loaded.json["run"], lies


def lie_about_each(
    changes: Sequence[Callable[[Records], None]], told: dict[str, str], records: Records
) -> Records:
    """One lie about each document; ``told`` gets its name by the document's number."""
    documents: dict[str, Records] = {}
    for record in records:
        documents.setdefault(record["accountingDocumentId"], []).append(record)
    for change, lines in zip(changes, documents.values(), strict=False):
        told[lines[0]["accountingDocumentNumber"]] = change.__name__
        change(lines)
    return [line for lines in documents.values() for line in lines]


def test_each_lie_about_a_document_is_found_on_it(
    command: Load, posted: tuple[str, list[Any]]
) -> None:
    run, lies = posted
    shown = command("verify", run, "--ledger", *FAST)
    assert "the ledger ties out by account" in " ".join(shown.out.split())
    for first in (0, 9):
        told: dict[str, str] = {}  # which lie, by the number of its document
        lies[:] = [partial(lie_about_each, LIES[first : first + 9], told)]
        ended = command("verify", run, "--ledger", "--json", "--quiet", *FAST)
        problems = [f for f in document(ended)["findings"] if f["code"].startswith("light.ledger")]
        assert (ended.code, len(told)) == (1, 9)
        assert {f["value"] for f in problems} == set(told), told
        assert document(ended)["ledger"]["agrees"] is False


def test_line_of_one_document_shown_as_anothers_is_found_on_both(
    command: Load, posted: tuple[str, list[Any]]
) -> None:
    run, lies = posted

    def lie(records: Records) -> None:
        line = expenses(records)[0]
        line["accountingDocumentId"] = records[-1]["accountingDocumentId"]

    lies[:] = [lie]
    ended = command("verify", run, "--ledger", *FAST)
    assert ended.code == 1
    assert "2 documents differ in the ledger" in " ".join(ended.out.split())


def test_page_that_comes_again_does_not_tie_out(
    command: Load, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    repeats = False

    def fault(request: Request) -> Fault:
        if request.path != PATH or not repeats:
            return PASS
        half: Records = []

        def first(page: Any) -> Any:
            half[:] = page["records"][: len(page["records"]) // 2]
            again.append({**page, "records": list(half), "nextCursor": None, "hasMore": False})
            return {**page, "records": half, "nextCursor": "again", "hasMore": True}

        if request.number % 2:
            return Fault(False, http(200, again[-1]))
        return Fault(True, KEEP, alter=first)

    again: list[Any] = []
    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *write_all_kinds(tmp_path), "--then", "posted").json["run"]
        repeats = True
        ended = command("verify", run, "--ledger", *FAST)
    assert (ended.code, len(again) > 0) == (1, True)
    assert "differ in the ledger" in " ".join(ended.out.split())


def test_local_amounts_that_are_not_shown_are_said_to_be_unchecked(
    command: Load, posted: tuple[str, list[Any]]
) -> None:
    run, lies = posted

    def without_local(records: Records) -> None:
        for record in records:
            record["amounts"] |= {"signedLocalAmount": None, "localAmount": None}

    lies[:] = [without_local]
    ended = command("verify", run, "--ledger", *FAST)
    assert ended.code == 0
    words = " ".join(ended.out.split())
    assert "Whether 12 documents balance in the currency of the entity was not checked" in words


def test_amounts_that_the_sheet_leaves_to_light_are_not_said_to_tie_out(
    command: Load, load: Load, sandbox: Sandbox, tmp_path: Path
) -> None:
    files = write_all_kinds(tmp_path, derived=5)
    lie: list[str] = []

    def without_account(records: Records) -> None:
        """All of an account whose net is not stated is on another account of the document."""
        for record in records:
            if record["accountId"] == lie[0] and record["accountingDocumentId"] == lie[1]:
                record["accountId"] = ACCOUNTS[11]

    def fault(request: Request) -> Fault:
        return lying(without_account, request) if lie else PASS

    with proxied(sandbox.base_url, fault) as proxy:
        run = load(proxy.url, *files, "--then", "posted").json["run"]
        ended = command("verify", run, "--ledger", *FAST)
        words = " ".join(ended.out.split())
        assert ended.code == 0
        assert "the ledger agrees as far as the sheet states net and tax" in words
        assert "ties out by account" not in words
        bill = next(b for b in sandbox.bills() if b["invoiceNumber"] == "INV-00005")
        lie += [bill["lineItems"][0]["accountId"], bill["id"]]
        found = command("verify", run, "--ledger", *FAST)
    assert found.code == 1
    assert "nothing in the ledger" in " ".join(found.out.split())
