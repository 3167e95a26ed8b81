"""Names and codes → ids: by tables offline, by what Light lists, and never by likeness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bill_sheets import TAX, VENDOR, bill, book, checked, codes, csv_file, grid, line, valid
from bill_sheets import template as written_template

from importer.core.errors import TemplateProblem
from importer.mapping.template_loader import LoadedTemplate, find_template
from importer.model.bills import Property
from importer.model.light_objects import Account, Entity, PropertyGroup, Vendor
from importer.references.directory import Directory
from importer.references.lookup_tables import Entry, load_table, read_tables
from importer.references.resolve_offline import resolve_by_tables
from importer.references.resolve_online import needs, resolve_in_light
from importer.validation.checked_bills import Checked

ID = "aaaaaaaa-0000-4000-8000-00000000000{}"
LOOKUPS = """
template: mine
layout: two_sheets
bills:
  billRef: {column: billRef}
  vendor: {column: vendor}
  invoiceNumber: {column: invoiceNumber}
  issuedDate: {column: issuedDate}
  currency: {column: currency}
  amount: {column: amount}
line_items:
  billRef: {column: billRef}
  netAmount: {column: netAmount}
  taxAmount: {column: taxAmount}
  taxCode: {column: taxCode}
lookups:
  vendor: {table: vendors.csv}
  taxCode: {table: tax-codes.xlsx}
"""


def named(**changes: Any) -> dict[str, Any]:
    row = bill() | {"vendor": "Acme Ltd"} | changes
    del row["vendorId"]
    return row


def sheets(folder: Path, bills: Any, lines: Any, loaded: LoadedTemplate | None = None) -> Checked:
    return checked(
        [book(folder / "b.xlsx", {"Bills": grid(bills), "Line items": grid(lines)})], loaded
    )


DIRECTORY = Directory(
    vendors=[
        Vendor(VENDOR, "Acme Ltd", "V-100", "GB123"),
        Vendor(ID.format(1), "Bolt GmbH", "V-200"),
        Vendor(ID.format(2), "Bolt  gmbh", "V-201"),
        Vendor(ID.format(3), "Café Ｎord", "V-300"),
    ],
    accounts=[
        Account(ID.format(4), "4000", "Paper", "ACTIVE"),
        Account(ID.format(5), "5000", "Old", "DISABLED"),
        Account(ID.format(9), "400", "Desks", None),
    ],
    entities=[Entity(ID.format(6), "UK01", "Northwind UK"), Entity(ID.format(7), "DE", "UK01")],
    groups=[
        PropertyGroup(
            "g1",
            "Project",
            "project_code",
            "MULTI_SELECT",
            "LINE",
            False,
            (
                ("v1", "North", "north"),
                ("v2", "South", "south"),
                ("v3", "Twin", "t1"),
                ("v4", "Twin", "t2"),
            ),
        ),
        PropertyGroup(
            "g2",
            "Team",
            "team",
            "SINGLE_SELECT",
            "HEADER",
            False,
            (("v5", "Red", "red"), ("v6", "Blue", "blue")),
        ),
        PropertyGroup("g3", "Signed", "signed", "BOOLEAN", "HEADER", False),
        PropertyGroup("g4", "Hours", "hours", "NUMERIC", "HEADER", False),
        PropertyGroup("g5", "Due", "due_day", "DATE", "HEADER", False),
        PropertyGroup("g6", "Note", "note_a", "TEXT", "HEADER", False),
        PropertyGroup("g7", "Note", "note_b", "TEXT", "HEADER", False),
    ],
)


def by_tables(of: Checked, loaded: LoadedTemplate, folder: Path) -> None:
    tables = read_tables(loaded, [folder])
    resolve_by_tables(of, loaded.template, tables, [str(folder)])


def resolved(folder: Path, bills: Any, lines: Any) -> Checked:
    of = sheets(folder, bills, lines)
    resolve_in_light(of, DIRECTORY, of.mapped.template)
    return of


@pytest.mark.parametrize(
    ("written", "vendor_id"),
    [
        ("Acme Ltd", VENDOR),
        ("  acme  LTD\u00a0", VENDOR),
        ("v-100", VENDOR),
        ("gb123", VENDOR),
        ("V-200", ID.format(1)),
        ("Café Nord", ID.format(3)),
        ("cafe\u0301 nord", ID.format(3)),
    ],
)
def test_vendor_matches_by_name_identifier_or_vat_id(
    tmp_path: Path, written: str, vendor_id: str
) -> None:
    of = resolved(tmp_path, [named(vendor=written)], [line()])
    assert [b.vendor_id for b in of.valid_bills()] == [vendor_id]


def test_unknown_vendor_is_reported_with_the_nearest(
    tmp_path: Path,
) -> None:
    of = resolved(tmp_path, [named(vendor="Acme Ltd.")], [line()])
    assert codes(of) == ["bills.vendor.not_found"]
    assert "the nearest is 'Acme Ltd (V-100)'" in of.findings[0].hint
    assert of.findings[0].cell.column == "vendor"
    assert valid(of) == []


def test_ambiguous_vendor_name_is_reported_with_all_candidates(tmp_path: Path) -> None:
    of = resolved(tmp_path, [named(vendor="bolt gmbh")], [line()])
    assert codes(of) == ["bills.vendor.several"]
    assert "Bolt  gmbh (V-201); Bolt GmbH (V-200)" in of.findings[0].message
    assert valid(of) == []


def test_sheet_id_overrides_the_name_and_must_exist(tmp_path: Path) -> None:
    of = resolved(tmp_path, [bill(vendor="nobody at all")], [line()])
    assert codes(of) == ["bills.vendor.other_than_id"]  # a warning
    assert "The id belongs to Acme Ltd (V-100)" in of.findings[0].message
    assert valid(of) == [2]
    assert codes(resolved(tmp_path, [bill(vendor=" ACME ltd")], [line()])) == []
    of = resolved(tmp_path, [bill(vendorId=ID.format(8))], [line(accountId=ID.format(8))])
    assert codes(of) == ["bills.vendorId.unknown", "line_items.accountId.unknown"]


def test_name_that_contradicts_the_id_is_an_error(
    tmp_path: Path,
) -> None:
    of = resolved(
        tmp_path,
        [bill(vendor="V-300", companyEntityId=ID.format(6), companyEntity="DE")],
        [line(accountId=ID.format(4), account="400")],
    )
    assert codes(of) == [
        "bills.vendor.contradicts_id",
        "bills.companyEntity.contradicts_id",
        "line_items.account.contradicts_id",
    ]
    assert of.findings[0].message == (
        "The id belongs to Acme Ltd (V-100), but 'V-300' is Café Ｎord (V-300)."
    )
    assert [f.cell.column for f in of.findings] == ["vendor", "companyEntity", "account"]
    assert valid(of) == []


STATUSES = Directory(
    vendors=[
        Vendor(VENDOR, "Acme Ltd", "V-100", status="ACTIVE"),
        Vendor(ID.format(1), "Bolt", "V-200", status="FAILED"),
        Vendor(ID.format(2), "Bolt", "V-201", status="ACTIVE"),
        Vendor(ID.format(3), "Corr", "V-300", status="ARCHIVED"),
        Vendor(ID.format(8), "Dell", "V-400", status="IN_REVIEW"),
    ],
    entities=[
        Entity(ID.format(6), "UK01", "Northwind UK", legal_name="Northwind Ltd", status="INACTIVE"),
        Entity(ID.format(7), "DE01", "Northwind DE", status="HIDDEN"),
    ],
    accounts=[
        Account(ID.format(4), "4000", "Paper", "ACTIVE"),
        Account(ID.format(5), "5000", "Old", "DISABLED_EXTERNALLY"),
        Account(ID.format(9), "400", "Desks", "ON_HOLD"),
    ],
)


@pytest.mark.parametrize(
    ("bills", "lines", "expected"),
    [
        ({"vendor": "Corr"}, {}, [("bills.vendorId.inactive", "error", "vendor")]),
        ({"vendorId": ID.format(1)}, {}, [("bills.vendorId.inactive", "error", "vendorId")]),
        ({"vendor": "bolt"}, {}, [("bills.vendor.several", "error", "vendor")]),
        ({"vendor": "V-400"}, {}, [("bills.vendorId.doubtful_status", "warning", "vendor")]),
        (
            {"companyEntity": "northwind ltd"},
            {},
            [("bills.companyEntityId.inactive", "error", "companyEntity")],
        ),
        (
            {"companyEntity": "DE01"},
            {},
            [("bills.companyEntityId.doubtful_status", "warning", "companyEntity")],
        ),
        ({}, {"account": "5000"}, [("line_items.accountId.disabled", "error", "account")]),
        ({}, {"account": "400"}, [("line_items.accountId.unknown_status", "error", "account")]),
    ],
)
def test_inactive_things_are_always_reported(
    tmp_path: Path, bills: Any, lines: Any, expected: list[tuple[str, str, str]]
) -> None:
    row = bill(**bills) if bills.get("vendorId") else named(**bills)
    of = sheets(tmp_path, [row], [line(**lines)])
    resolve_in_light(of, STATUSES, of.mapped.template)
    assert [(f.code, f.severity, f.cell.column) for f in of.findings] == expected
    assert (valid(of) == []) == (expected[0][1] == "error")


def test_candidates_show_their_status(tmp_path: Path) -> None:
    of = sheets(tmp_path, [named(vendor="Bolt")], [line()])
    resolve_in_light(of, STATUSES, of.mapped.template)
    assert "2 vendors 'Bolt': Bolt (V-200), FAILED; Bolt (V-201)." in of.findings[0].message
    [unresolved] = of.unresolved
    assert [s.label for s in unresolved.suggestions] == ["Bolt (V-201)"]


def test_doubtful_status_is_one_warning(tmp_path: Path) -> None:
    rows = [named(vendor="V-400"), named(vendor="Dell", billRef="B2", invoiceNumber="X-7")]
    of = sheets(tmp_path, rows, [line(), line(billRef="B2")])
    resolve_in_light(of, STATUSES, of.mapped.template)
    assert codes(of) == ["bills.vendorId.doubtful_status"]
    assert of.findings[0].bills == (0, 1)


LIGHT_ONLY = """
template: mine
layout: two_sheets
bills:
  billRef: {column: billRef}
  vendor: {column: vendor}
  invoiceNumber: {column: invoiceNumber}
  issuedDate: {column: issuedDate}
  currency: {column: currency}
  amount: {column: amount}
line_items:
  billRef: {column: billRef}
  netAmount: {column: netAmount}
  taxAmount: {column: taxAmount}
  taxCodeId: {column: taxCodeId}
  account: {column: account, optional: true}
lookups:
"""


@pytest.mark.parametrize(
    ("lookups", "bills", "lines", "expected"),
    [
        (
            "  vendor: {light: [identifier, vatId]}",
            {"vendor": "Acme Ltd"},
            {},
            ["bills.vendor.not_found"],
        ),
        ("  vendor: {light: identifier}", {"vendor": "V-100"}, {}, []),
        ("  vendor: {light: identifier}", {"vendor": "GB123"}, {}, ["bills.vendor.not_found"]),
        ("  account: {light: label}", {}, {"account": "Paper"}, []),
        ("  account: {light: label}", {}, {"account": "4000"}, ["line_items.account.not_found"]),
        ("  account: {light: [code, label]}", {}, {"account": "4000"}, []),
        ("  vendor: {light: [name], table: vendors.csv}", {"vendor": "Acme Ltd"}, {}, []),
        ("  vendor: {light: [name], table: vendors.csv}", {"vendor": "Our Bolt"}, {}, []),
        (
            "  vendor: {table: vendors.csv}",
            {"vendor": "Acme Ltd"},
            {},
            ["bills.vendor.not_in_table"],
        ),
    ],
)
def test_template_chooses_the_lookup_names(
    tmp_path: Path, lookups: str, bills: Any, lines: Any, expected: list[str]
) -> None:
    csv_file(tmp_path / "vendors.csv", [["value", "id"], ["our bolt", ID.format(1)]])
    loaded = written_template(tmp_path, LIGHT_ONLY + lookups)
    of = sheets(tmp_path, [named(**bills)], [line(**lines)], loaded)
    by_tables(of, loaded, tmp_path)
    resolve_in_light(of, DIRECTORY, loaded.template)
    assert codes(of) == expected


@pytest.mark.parametrize(
    ("lookups", "says"),
    [
        (
            "  vendor: {light: [code]}",
            "line 18: 'code' is not a name that Light has for lookups.vendor;",
        ),
        ("  taxCode: {light: [code]}", "line 18: Light lists no tax codes"),
        ("  vendor: {light: [nam]}", "line 18: 'nam' is not valid in"),
        ("  vendor: {}", "line 18: lookups.vendor: write table, light or both"),
        ("  vendor: {tabel: x.csv}", "did you mean 'table'?"),
    ],
)
def test_invalid_lookup_is_reported_with_its_line(tmp_path: Path, lookups: str, says: str) -> None:
    text = LIGHT_ONLY.replace("taxCodeId: {column: taxCodeId}", "taxCode: {column: taxCode}")
    with pytest.raises(TemplateProblem) as raised:
        written_template(tmp_path, text + lookups)
    assert says in str(raised.value)


def test_entities_match_by_code_or_name_accounts_by_code(tmp_path: Path) -> None:
    of = resolved(tmp_path, [bill(companyEntity="northwind uk")], [line(account="04000")])
    [sent] = of.valid_bills()
    assert sent.company_entity_id == ID.format(6)
    assert sent.lines[0].account_id == ID.format(4)
    of = resolved(tmp_path, [bill(companyEntity="UK01")], [line(account="4001")])
    assert codes(of) == ["bills.companyEntity.several", "line_items.account.not_found"]


def test_disabled_account_is_reported_in_its_cell(tmp_path: Path) -> None:
    of = resolved(tmp_path, [bill()], [line(account="5000")])
    assert [(f.code, f.cell.column) for f in of.findings] == [
        ("line_items.accountId.disabled", "account")
    ]


def test_duplicates_under_two_vendor_names_are_found(tmp_path: Path) -> None:
    rows = [
        named(vendor="Acme Ltd"),
        named(vendor="V-100", billRef="B2"),
        named(vendor="GB123", billRef="B3", invoiceNumber="INV1"),
    ]
    of = sheets(tmp_path, rows, [line(), line(billRef="B2"), line(billRef="B3")])
    assert codes(of) == []
    resolve_in_light(of, DIRECTORY, of.mapped.template)
    assert codes(of) == ["bills.invoiceNumber.duplicate", "bills.invoiceNumber.near_duplicate"]
    assert valid(of) == [4]


@pytest.mark.parametrize(
    ("header", "written", "expected"),
    [
        ("property:Team", "red", Property("Team", "red", "g2", value_ids=("v5",))),
        ("property:TEAM", "v6", Property("TEAM", "v6", "g2", value_ids=("v6",))),
        ("property:Signed", "Yes", Property("Signed", "Yes", "g3", inline_values=("true",))),
        ("property:Hours", "7.5", Property("Hours", "7.5", "g4", inline_values=("7.5",))),
        (
            "property:due_day",
            "31/03/2025",
            Property("due_day", "31/03/2025", "g5", inline_values=("2025-03-31",)),
        ),
        ("property:note_b", "hi", Property("note_b", "hi", "g7", inline_values=("hi",))),
        ("property:Team", "Red;Blue", "bills.property.several_values"),
        ("property:Team", "Green", "bills.property.not_a_value"),
        ("property:Signed", "perhaps", "bills.property.not_a_value"),
        ("property:Hours", "seven", "bills.property.not_a_value"),
        ("property:Due", "03/04/2025", "bills.property.not_a_value"),
        ("property:Note", "hi", "bills.property.several_properties"),
        ("property:Teem", "Red", "bills.property.unknown_property"),
        ("property:Project", "North", "bills.property.unknown_property"),
    ],
)
def test_custom_property_is_resolved_or_reported(
    tmp_path: Path, header: str, written: str, expected: Property | str
) -> None:
    of = resolved(tmp_path, [bill(**{header: written})], [line()])
    if isinstance(expected, str):
        assert codes(of) == [expected]
        assert valid(of) == []
    else:
        assert [b.properties for b in of.valid_bills()] == [(expected,)]


def test_values_are_separated_by_semicolons_and_never_guessed(
    tmp_path: Path,
) -> None:
    of = resolved(tmp_path, [bill()], [line(**{"property:Project": "North; south ;north"})])
    [sent] = of.valid_bills()
    assert sent.lines[0].properties[0].value_ids == ("v1", "v2")
    twin = resolved(tmp_path, [bill()], [line(**{"property:Project": "North;Twin"})])
    assert codes(twin) == ["line_items.property.not_a_value"]
    told_apart = resolved(tmp_path, [bill()], [line(**{"property:Project": "t2"})])
    [sent] = told_apart.valid_bills()
    assert sent.lines[0].properties[0].value_ids == ("v4",)


def test_only_needed_lists_are_requested(tmp_path: Path) -> None:
    assert needs(sheets(tmp_path, [bill()], [line()])) == {"vendors", "groups"}
    more = sheets(tmp_path, [bill(companyEntity="UK", **{"property:A": "x"})], [line(account="1")])
    assert needs(more) == {"vendors", "entities", "accounts", "groups"}


def with_tables(folder: Path, bills: Any, lines: Any, vendors: Any) -> Checked:
    csv_file(folder / "vendors.csv", vendors)
    book(folder / "tax-codes.xlsx", {"Codes": [["Value", "ID"], ["20% VAT", TAX]]})
    loaded = written_template(folder, LOOKUPS)
    of = sheets(folder, bills, lines, loaded)
    by_tables(of, loaded, folder)
    return of


TAXED = {"billRef": "B1", "netAmount": "10000", "taxAmount": "2000", "taxCode": "20% vat"}
VENDORS = [["note", "value", "id"], ["", "Acme Ltd", f"{{{VENDOR.upper()}}}"], ["", "", ""]]


def test_lookup_tables_resolve_names_offline(tmp_path: Path) -> None:
    of = with_tables(tmp_path, [named(vendor=" ACME ltd")], [TAXED], VENDORS)
    [sent] = of.valid_bills()
    assert (sent.vendor_id, sent.lines[0].tax_code_id) == (VENDOR, TAX)


def test_name_missing_in_a_table_is_reported_with_the_nearest(tmp_path: Path) -> None:
    of = with_tables(tmp_path, [named(vendor="Acme")], [TAXED | {"taxCode": "5%"}], VENDORS)
    assert codes(of) == ["bills.vendor.not_in_table", "line_items.taxCode.not_in_table"]
    assert valid(of) == []


def test_table_id_unknown_to_light_is_reported_with_its_row(tmp_path: Path) -> None:
    rows = [["value", "id"], ["Acme Ltd", VENDOR], ["Gone", ID.format(8)]]
    of = with_tables(tmp_path, [named(vendor="gone")], [TAXED], rows)
    resolve_in_light(of, DIRECTORY, of.mapped.template)
    assert codes(of) == ["bills.vendor.table_id_unknown"]
    assert of.findings[0].message == (
        f"For 'gone', vendors.csv, row 3 gives the id {ID.format(8)}, but Light has no vendor with"
        " that id."
    )


def test_sheet_id_that_contradicts_a_table_is_reported(tmp_path: Path) -> None:
    text = LOOKUPS.replace("  invoiceNumber:", "  vendorId: {column: vendorId}\n  invoiceNumber:")
    csv_file(tmp_path / "vendors.csv", VENDORS)
    book(tmp_path / "tax-codes.xlsx", {"Codes": [["Value", "ID"], ["20% VAT", TAX]]})
    loaded = written_template(tmp_path, text)
    rows = [
        bill(vendor="Acme Ltd"),
        bill(vendor="ACME ltd", vendorId=TAX, billRef="B2", invoiceNumber="9"),
    ]
    of = sheets(tmp_path, rows, [TAXED, TAXED | {"billRef": "B2"}], loaded)
    by_tables(of, loaded, tmp_path)
    assert [(f.code, f.cell.row) for f in of.findings] == [("bills.vendor.contradicts_id", 3)]
    assert f"'ACME ltd' is {VENDOR} according to vendors.csv, row 2" in of.findings[0].message
    assert valid(of) == [2]


def test_each_unresolved_name_is_listed_once_with_its_rows(tmp_path: Path) -> None:
    rows = [
        named(vendor="Acmee Ltd"),
        named(vendor=" ACMEE  ltd", billRef="B2"),
        named(vendor="bolt gmbh", billRef="B3"),
    ]
    lines = [
        line(account="4001"),
        line(billRef="B2", account="4001"),
        line(billRef="B2", account="4001"),
        line(billRef="B3", account="4000"),
    ]
    of = resolved(tmp_path, rows, lines)
    told = [(u.field, u.value, u.bills, [c.row for c in u.cells]) for u in of.unresolved]
    assert told == [
        ("vendor", "Acmee Ltd", 2, [2, 3]),
        ("vendor", "bolt gmbh", 1, [4]),
        ("account", "4001", 2, [2, 3, 4]),
    ]
    labels = [[s.label for s in u.suggestions] for u in of.unresolved]
    assert labels[0] == ["Acme Ltd (V-100)"]
    assert labels[1] == ["Bolt  gmbh (V-201)", "Bolt GmbH (V-200)"]
    assert labels[2] == ["400 Desks", "4000 Paper"]  # and not 5000, which is disabled


def test_missing_table_is_one_finding_with_the_folders(
    tmp_path: Path,
) -> None:
    loaded = written_template(tmp_path, LOOKUPS)
    rows = [named(), named(billRef="B2", invoiceNumber="2")]
    of = sheets(tmp_path, rows, [TAXED, TAXED | {"billRef": "B2"}], loaded)
    by_tables(of, loaded, tmp_path)
    assert codes(of) == ["lookup.table.missing", "lookup.table.missing"]
    assert str(tmp_path) in of.findings[0].message
    assert valid(of) == []


def test_tax_code_name_without_a_table_is_reported(tmp_path: Path) -> None:
    loaded = find_template("light")
    of = sheets(tmp_path, [bill()], [TAXED])
    by_tables(of, loaded, tmp_path)
    assert codes(of) == ["line_items.taxCode.no_table"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["name", "id"], ["a", VENDOR]], "needs the columns 'value' and 'id'"),
        ([["value", "id"], ["a", "V-1"]], "row 2: 'V-1' is not a Light id"),
        ([["value", "id"], ["a", ""]], "row 2: '' is not a Light id"),
        (
            [["value", "id"], ["a", VENDOR], ["b", TAX], ["A ", TAX]],
            f"row 4: 'A ' has two ids, {VENDOR} in row 2 and {TAX} here",
        ),
    ],
)
def test_wrong_table_is_reported_with_its_row(
    tmp_path: Path, rows: list[list[str]], says: str
) -> None:
    with pytest.raises(TemplateProblem) as raised:
        load_table(csv_file(tmp_path / "t.csv", rows))
    assert says in str(raised.value)


def test_repeated_name_with_the_same_id_is_accepted(tmp_path: Path) -> None:
    rows = [["value", "id"], ["a", VENDOR], ["A", VENDOR.upper()]]
    assert load_table(csv_file(tmp_path / "t.csv", rows)) == {
        "a": Entry("a", VENDOR, f"{tmp_path / 't.csv'}, row 2")
    }
