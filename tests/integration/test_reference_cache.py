"""What was fetched of a company, kept in a private file."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from importer.core.errors import UsageProblem
from importer.model.light_objects import (
    Account,
    BankAccount,
    Company,
    Entity,
    LightProperty,
    PropertyGroup,
    PurchaseOrder,
    TaxCode,
    Vendor,
)
from importer.references.directory import Directory
from importer.references.reference_cache import Cached, read_cache, write_cache

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TIER = (LightProperty("g2", "tier", (("x", "One", "one"),)),)
CACHED = Cached(
    "https://api.light.inc",
    Company("c1", "Smørrebrød A/S", "DKK"),
    NOW,
    Directory(
        vendors=[Vendor("v1", "Acme", "V-1", None, "ACTIVE", "t1", TIER), Vendor("v2", "Bolt")],
        accounts=[Account("a1", "4000", "Paper", "DISABLED")],
        entities=[Entity("e1", "DK", "DK", "DKK", "Smørrebrød A/S", "ACTIVE")],
        groups=[
            PropertyGroup(
                "g1",
                "Team",
                "team",
                "SINGLE_SELECT",
                "LINE",
                True,
                (("x", "Red", "red"), ("y", "Blue", "blue")),
            )
        ],
        vendor_groups=[
            PropertyGroup("g2", "Tier", "tier", "TEXT", "HEADER", False, (), ("BILL",), ("VENDOR",))
        ],
        tax_codes=[TaxCode("t1", 1, 3, "25", "as on bill 7 of Acme")],
        bank_accounts=[BankAccount("b1", "Operating", "DK5000400440116243", None, "DKK")],
        purchase_orders=[PurchaseOrder("o1", "PO-7", "v1", "Acme", None, "OPEN")],
    ),
)


def test_cache_round_trips_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "reference" / "c1.json"
    write_cache(path, CACHED)
    assert read_cache(path) == CACHED
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    write_cache(path, CACHED)
    assert [p.name for p in path.parent.iterdir()] == ["c1.json"]  # nothing is left beside it


def test_failed_write_leaves_the_old_cache(tmp_path: Path) -> None:
    path = tmp_path / "c1.json"
    write_cache(path, CACHED)
    kept = path.read_bytes()
    broken = Cached("x", CACHED.company, NOW, Directory(vendors=[Vendor("v", "\ud800")]))
    with pytest.raises(UnicodeEncodeError):
        write_cache(path, broken)
    assert path.read_bytes() == kept
    assert [p.name for p in tmp_path.iterdir()] == ["c1.json"]
    (tmp_path / "file").touch()
    with pytest.raises(UsageProblem, match="cannot be written"):
        write_cache(tmp_path / "file" / "c1.json", CACHED)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 99}', '{"version": 1}'])
def test_unusable_cache_error_says_how_to_fetch_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c1.json"
    path.write_text(text)
    with pytest.raises(UsageProblem, match="light-import reference pull"):
        read_cache(path)


def test_cache_with_other_fields_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c1.json"
    write_cache(path, CACHED)
    body = json.loads(path.read_text(encoding="utf-8"))
    del body["vendors"][0]["name"]
    path.write_text(json.dumps(body))
    with pytest.raises(UsageProblem, match="cannot be used"):
        read_cache(path)


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (-5, "less than a minute old"),
        (1, "1 minute old"),
        (59, "59 minutes old"),
        (119, "119 minutes old"),
        (180, "3 hours old"),
        (3 * 1440, "3 days old"),
        (60 * 1440, "60 days old"),
    ],
)
def test_cache_age_in_words(minutes: int, told: str) -> None:
    assert CACHED.age(NOW + timedelta(minutes=minutes)) == told
