"""Custom properties: which one a column means, what its values become, which ones are asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from bill_sheets import bill, book, checked, codes, csv_file, grid, line, template, valid

from importer.mapping.template_loader import LoadedTemplate
from importer.model.light_objects import PropertyGroup
from importer.references.custom_properties import resolve_properties
from importer.validation.checked_bills import Checked

VALUES = (
    ("v1", "North", "north"),
    ("v2", "South", "south"),
    ("v3", "East; West", "ew"),
    ("v4", "Twin", "t1"),
    ("v5", "twin", "t2"),
    ("v6", "ew2", "North"),
)


def group(
    name: str,
    kind: str = "TEXT",
    *,
    internal: str = "",
    level: str = "HEADER",
    required: bool = False,
    values: Any = (),
) -> PropertyGroup:
    internal = internal or f"{name.lower()}_internal"
    return PropertyGroup(f"id-{internal}", name, internal, kind, level, required, values)


def resolved(
    folder: Path,
    groups: list[PropertyGroup],
    bills: list[Any],
    lines: list[Any] | None = None,
    loaded: LoadedTemplate | None = None,
) -> Checked:
    lines = lines or [line(billRef=b["billRef"]) for b in bills]
    path = book(folder / "b.xlsx", {"Bills": grid(bills), "Line items": grid(lines)})
    of = checked([path], loaded)
    resolve_properties(of, groups)
    return of


def sent(of: Checked) -> list[tuple[str | None, tuple[str, ...]]]:
    [b] = of.valid_bills()
    return [(p.group_id, p.value_ids or p.inline_values) for p in b.properties]


# --- which one a column means -----------------------------------------------------------------


def test_ambiguous_property_name_is_a_finding(
    tmp_path: Path,
) -> None:
    groups = [group("Region", internal="area"), group("Area", internal="region")]
    of = resolved(tmp_path, groups, [bill(**{"property:region": "x"})])
    assert codes(of) == ["bills.property.several_properties"]
    assert "Region (area, id-area); Area (region, id-region)" in of.findings[0].message
    assert valid(of) == []
    of = resolved(tmp_path, groups, [bill(**{"property:id-area": "x"})])
    assert sent(of) == [("id-area", ("x",))]


def test_property_of_the_other_level_is_reported(tmp_path: Path) -> None:
    of = resolved(tmp_path, [group("Site", level="LINE")], [bill(**{"property:Site": "x"})])
    assert codes(of) == ["bills.property.unknown_property"]
    assert "it is a property of line items" in of.findings[0].hint


def test_unknown_property_is_reported_with_the_nearest(tmp_path: Path) -> None:
    of = resolved(
        tmp_path, [group("Cost Centre"), group("Note")], [bill(**{"property:cost center": "x"})]
    )
    assert codes(of) == ["bills.property.unknown_property"]
    assert "the nearest is 'Cost Centre'" in of.findings[0].hint


def test_property_of_a_new_type_or_level_is_an_error(tmp_path: Path) -> None:
    rows = [bill(**{"property:Note": "as it is"})]
    of = resolved(tmp_path, [replace(group("Note"), input_type="A_NEW_TYPE")], rows)
    assert codes(of) == ["bills.property.unknown_type"]
    assert "A_NEW_TYPE" in of.findings[0].message
    assert valid(of) == []
    of = resolved(tmp_path, [replace(group("Note"), level="A_NEW_LEVEL")], rows)
    assert codes(of) == ["bills.property.unknown_property"]
    assert (
        "Light has it at A_NEW_LEVEL, which light-import does not recognise" in of.findings[0].hint
    )
    assert valid(of) == []


def test_two_filled_columns_of_one_property_are_reported(tmp_path: Path) -> None:
    rows = [
        bill(**{"property:Note": "a", "property:note_internal": ""}),
        bill(
            billRef="B2", invoiceNumber="2", **{"property:Note": "a", "property:note_internal": "b"}
        ),
    ]
    of = resolved(tmp_path, [group("Note")], rows)
    assert [(f.code, f.bills) for f in of.findings] == [("bills.property.twice", (1,))]
    assert "'property:note_internal' and 'property:Note'" in of.findings[0].message
    assert valid(of) == [2]


# --- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("north ; south", "'North' is the name of 2"),
        ("v1; South;v2", ("v1", "v2")),
        ("East; West", ("v3",)),
        ("ew; south", ("v3", "v2")),
        ("Twin", "Use t1 or t2, as 'Twin' is the name of 2."),
        ("Soth", "Use 'South'."),
        ("Nowhere near", "Use one of North, South, East; West, Twin, twin, ew2."),
        (" ; ", "Use one of"),
    ],
)
def test_values_match_by_label_internal_name_or_id(
    tmp_path: Path, written: str, expected: tuple[str, ...] | str
) -> None:
    groups = [group("Area", "MULTI_SELECT", values=VALUES)]
    of = resolved(tmp_path, groups, [bill(**{"property:Area": written})])
    if isinstance(expected, tuple):
        assert sent(of) == [("id-area_internal", expected)]
    else:
        assert codes(of) == ["bills.property.not_a_value"]
        assert expected.casefold() in of.findings[0].hint.casefold()


FORMATS = """
template: mine
layout: two_sheets
formats: {{dates: {dates}, numbers: {numbers}}}
bills:
  billRef: {{column: billRef}}
  vendorId: {{column: vendorId}}
  invoiceNumber: {{column: invoiceNumber}}
  issuedDate: {{value: 2025-03-01}}
  currency: {{column: currency}}
  amount: {{column: amount}}
line_items:
  billRef: {{column: billRef}}
  netAmount: {{column: netAmount}}
  taxAmount: {{column: taxAmount}}
  taxCodeId: {{column: taxCodeId}}
"""


@pytest.mark.parametrize(
    ("kind", "dates", "numbers", "written", "expected"),
    [
        ("NUMERIC", "auto", "auto", "1,234.50", "1234.50"),
        ("NUMERIC", "auto", "comma", "1.234,50", "1234.50"),
        ("NUMERIC", "auto", "auto", 1234.5, "1234.5"),
        ("NUMERIC", "auto", "comma", 1234.5, "1234.5"),
        ("NUMERIC", "auto", "auto", "1.234", None),
        ("NUMERIC", "auto", "auto", "-", None),
        ("NUMERIC", "auto", "auto", "1e5", None),
        ("NUMERIC", "auto", "auto", " 007 ", "7"),
        ("DATE", "[DD/MM/YYYY]", "auto", "03/04/2025", "2025-04-03"),
        ("DATE", "auto", "auto", "03/04/2025", None),
        ("DATE", "auto", "auto", "13/04/2025", "2025-04-13"),
        ("DATE", "auto", "auto", date(2025, 4, 3), "2025-04-03"),
        ("DATE", "auto", "auto", "2025-02-30", None),
        ("BOOLEAN", "auto", "auto", True, "true"),
        ("BOOLEAN", "auto", "auto", "No", "false"),
        ("BOOLEAN", "auto", "auto", "perhaps", None),
        ("TEXT", "auto", "auto", "a; b", "a; b"),
    ],
)
def test_inline_values_are_converted(
    tmp_path: Path, kind: str, dates: str, numbers: str, written: object, expected: str | None
) -> None:
    loaded = template(tmp_path, FORMATS.format(dates=dates, numbers=numbers))
    row = {k: v for k, v in bill().items() if k not in ("issuedDate", "dueDate")}
    of = resolved(tmp_path, [group("P", kind)], [{**row, "property:P": written}], loaded=loaded)
    if expected is None:
        assert codes(of) == ["bills.property.not_a_value"]
        assert valid(of) == []
    else:
        assert sent(of) == [("id-p_internal", (expected,))]


def test_date_order_of_a_property_is_decided_by_the_column(tmp_path: Path) -> None:
    rows = [
        bill(**{"property:P": day}, billRef=day, invoiceNumber=day)
        for day in ("03/04/2025", "13/04/2025")
    ]
    of = resolved(tmp_path, [group("P", "DATE")], rows)
    values = [p.inline_values for b in of.valid_bills() for p in b.properties]
    assert values == [("2025-04-03",), ("2025-04-13",)]


def test_same_text_as_number_and_text_is_reported(tmp_path: Path) -> None:
    loaded = template(tmp_path, FORMATS.format(dates="auto", numbers="comma"))
    rows = [
        {k: v for k, v in bill(billRef=n, invoiceNumber=n).items() if "Date" not in k}
        | {"property:P": value}
        for n, value in (("1", 1.234), ("2", "1.234"))
    ]
    of = resolved(tmp_path, [group("P", "NUMERIC")], rows, loaded=loaded)
    assert [(f.code, f.cell.row) for f in of.findings] == [("bills.property.not_a_value", 3)]


# --- what is asked for ------------------------------------------------------------------------


def test_blank_required_property_is_reported_before_sending(tmp_path: Path) -> None:
    groups = [group("Team", required=True), group("Job", level="LINE", required=True)]
    rows = [
        bill(**{"property:Team": "red"}),
        bill(billRef="B2", invoiceNumber="2", **{"property:Team": ""}),
    ]
    lines = [
        line(**{"property:job_internal": "a"}),
        line(billRef="B2", **{"property:job_internal": " "}),
    ]
    of = resolved(tmp_path, groups, rows, lines)
    assert [(f.code, f.cell.row, f.cell.column) for f in of.findings] == [
        ("bills.property.required", 3, "property:Team"),
        ("line_items.property.required", 3, "property:job_internal"),
    ]
    assert valid(of) == [2]


def test_required_property_without_a_column_is_one_finding(tmp_path: Path) -> None:
    rows = [bill(), bill(billRef="B2", invoiceNumber="2")]
    of = resolved(tmp_path, [group("Team", required=True)], rows)
    assert [(f.code, f.cell.row, f.bills) for f in of.findings] == [
        ("bills.property.required", None, (0, 1))
    ]
    assert of.findings[0].hint == "Fill in the column 'property:Team'."
    assert valid(of) == []


def test_empty_column_of_an_unknown_property_is_ignored(tmp_path: Path) -> None:
    files = [
        csv_file(tmp_path / "b.csv", grid([bill(**{"property:Gone": ""})])),
        csv_file(tmp_path / "l.csv", grid([line()])),
    ]
    of = checked(files)
    resolve_properties(of, [])
    assert codes(of) == []
