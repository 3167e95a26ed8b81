from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.core.errors import TemplateProblem
from importer.mapping.template_loader import (
    find_template,
    load_template,
    shipped_templates,
    template_schema,
)
from importer.mapping.template_model import Template

LEAST = """\
template: mine
layout: flat
group_by: [Supplier, Number]
bills:
  vendor: {column: Supplier}
  amount: {sum_of_lines: gross}
line_items:
  netAmount: {column: Net}
"""


def load(folder: Path, text: str) -> Template:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_template(path).template


def problem(folder: Path, text: str) -> str:
    with pytest.raises(TemplateProblem) as raised:
        load(folder, text)
    return str(raised.value).replace(str(folder / "mine.yaml"), "mine.yaml")


def test_a_copy_of_a_shipped_template_reads_the_same(tmp_path: Path) -> None:
    for path in shipped_templates().values():
        copy = load(tmp_path, path.read_text(encoding="utf-8"))
        assert copy.model_dump() == load_template(path).template.model_dump()


def test_every_shipped_template_is_valid_and_found_by_name() -> None:
    assert {"light", "uk-spend"} <= set(shipped_templates())
    for name in shipped_templates():
        assert find_template(name).template.template == name


def test_unknown_template_error_lists_the_nearest_and_all() -> None:
    with pytest.raises(TemplateProblem, match=r"Did you mean 'light'\?.*Shipped.*uk-spend"):
        find_template("ligth")


def test_yaml_values_stay_the_text_that_was_written(tmp_path: Path) -> None:
    text = LEAST + (
        "  account: {column: Account, default: 0400}\n"
        "  taxCode: {value: 1_000}\n"
        "  description: {value: 12:30}\n"
        "  amortizationStartDate: {value: 2025-01-31}\n"
        "  shouldAmortize: {value: false}\n"
        "rules:\n"
        "  line_items.account: {one_of: [NO, on, 1.50, 0400, 0x1F, ~]}\n"
        "expect: {bills: 412, gross: {GBP: 1284220.10}}\n"
    )
    assert "one_of" in problem(tmp_path, text)
    loaded = load(tmp_path, text.replace(", ~]", "]"))
    values = {name: e.value or e.default for name, e in loaded.line_items.items()}
    assert values["account"] == "0400"
    assert values["taxCode"] == "1_000"
    assert values["description"] == "12:30"
    assert values["amortizationStartDate"] == "2025-01-31"
    assert values["shouldAmortize"] == "FALSE"
    one_of = loaded.rules["line_items.account"].one_of
    assert one_of == ["NO", "on", "1.50", "0400", "0x1F"]
    assert (loaded.expect.bills, loaded.expect.gross) == (412, {"GBP": "1284220.10"})


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("layout: flat", "layout: flatt"), 2, "write 'flat' or 'two_sheets'"),
        (("layout: flat", "layout: flat\nlayot: x"), 3, "did you mean 'layout'?"),
        (("template: mine\n", ""), 1, "the key 'template' is missing"),
        (("template: mine", "template: my template"), 1, "template"),
        (("group_by: [Supplier, Number]\n", ""), 1, "a flat layout needs group_by"),
        (("vendor:", "vender:"), 5, "there is no field bills.vender; did you mean 'vendor'?"),
        (("netAmount:", "netAmont:"), 8, "did you mean 'netAmount'?"),
        (("{column: Net}", "{colum: Net}"), 8, "did you mean 'column'?"),
        (("{column: Net}", "{}"), 8, "write exactly one of column, value"),
        (("{column: Net}", "{column: Net, value: 1}"), 8, "here are column and value"),
        (("{column: Net}", "{value: 1, default: 2}"), 8, "default goes with column"),
        (("{column: Net}", "{column: Net, round: down}"), 8, "round goes with product only"),
        (("{column: Net}", "{product: [Quantity]}"), 8, "product"),
        (("{column: Net}", "{column: Net, differing_rows: first}"), 8,
         "differing_rows goes with a whole field of bills, in a flat layout"),
        (("vendor: {column: Supplier}", "vendor: {column: Supplier, differing_rows: first}"), 5,
         "differing_rows is for dates and the description"),
        (("{column: Net}", "{sum_of_lines: net}"), 8, "sum_of_lines is for bills"),
        (("vendor: {column", "vendor: {sum_of_lines: net}\n  currency: {column"), 5,
         "sum_of_lines is for bills.amount"),
        (("vendor: {column: Supplier}", "vendor: {product: [A, B]}"), 5, "product is for amounts"),
        (("layout: flat", "layout: flat\nformats: {dates: [dd/mm/yyyy]}"), 3, "not a date format"),
        (("layout: flat", "layout: flat\nformats: {numbers: dots}"), 3, "numbers"),
        (("layout: flat", "layout: flat\nformats: {cents_per_unit: {yen: 1}}"), 3,
         "'yen' is not an ISO 4217"),
        (("layout: flat", "layout: flat\nsource: {ignore_rows: [{column: A, matches: '('}]}"), 3,
         "not a regular expression"),
        (("layout: flat", "layout: flat\nsource: {ignore_rows: [{column: A}]}"), 3,
         "exactly one of matches, equals, blank"),
        (("layout: flat", "layout: flat\nsource: {header: {row: 0}}"), 3, "source.header.row"),
        (("layout: flat", "layout: flat\nsource: {header: {row: 4, find: [A]}}"), 3,
         "write either find or row"),
        (("layout: flat", "layout: flat\nsource: {header: {}}"), 3, "write either find or row"),
        (("layout: flat", "layout: flat\nsource:\n  header: {row: 4, rows: 9}"), 4,
         "source.header.rows"),
        (("layout: flat", "layout: flat\nsource:\n  groups: {name: Vendor}"), 4,
         "the key 'source.groups.column' is missing"),
        (("layout: flat", "layout: flat\nsource:\n  groups: {column: A, total: Sum}"), 4,
         "'Sum' lacks {name}, as in 'Total for {name}'"),
        (("layout: flat", "layout: flat\nsource:\n  groups: {column: A, matches: '('}"), 4,
         "not a regular expression"),
        (("layout: flat", "layout: flat\nsource:\n  groups: {colum: A}"), 4,
         "did you mean 'column'?"),
        (("layout: flat", "layout: flat\nsource:\n  control_total: {amount: A}"), 4,
         "write either blank or where"),
        (("layout: flat", "layout: flat\nsource:\n  stop_at: {column: B}"), 4,
         "exactly one of matches, equals, blank"),
        (("layout: flat", "layout: flat\nlookups: {vendors: {table: v.csv}}"), 3, "lookups"),
        (("layout: flat", "layout: flat\nlookups: {taxCode: {table: v.csv}}"), 3,
         "the lookup taxCode has no use: line_items.taxCode is not mapped"),
        (("layout: flat", "layout: flat\nexpect: {gross: {GBP: lots}}"), 3, "is not an amount"),
        (("layout: flat", "layout: flat\nexpect: {gross: {gbp: 1}}"), 3, "expect.gross"),
        (("layout: flat", "layout: flat\nrules: {bills.curency: {required: true}}"), 3,
         "did you mean 'bills.currency'?"),
        (("layout: flat", "layout: flat\nrules:\n  bills.amount:\n    min: lots"), 5,
         "rules.bills.amount.min: 'lots' is not a number."),
        (("layout: flat", "layout: flat\nrules:\n  bills.vendor:\n    max: 5"), 5,
         "max is for amounts and numbers only"),
        (("layout: flat", "layout: flat\nrules:\n  bills.amount:\n    not_after: 2025-01-01"), 5,
         "not_after is for dates only"),
        (("layout: flat", "layout: flat\nrules:\n  bills.dueDate: {not_before: 31/01/2025}"), 4,
         "is not a date; write it as 2025-03-31"),
        (("{column: Net}", "{column: Net, sign_from: {column: S, positive: [H], negative: [h ]}}"),
         8, "'h' is under both positive and negative"),
        (("{column: Net}", "{column: Net, map: {a: 1}}"), 8, "map is for names, codes and texts"),
        (("{column: Net}", "{concat: [A, B]}"), 8, "concat is for texts, not for line_items.net"),
        (("{column: Net}", "{first_of: [Net]}"), 8, "at least 2"),
        (("{column: Net}", "{first_of: [Net, {colum: B}]}"), 8, "did you mean 'column'?"),
        (("{column: Net}", "{first_of: [Net, {sum_of_lines: net}]}"), 8, "is for bills.amount"),
        (("{column: Net}", "{first_of: [Net, {product: [A, B]}]}"), 8, "product is for amounts"),
        (("{column: Net}", "{value: abc}"), 8,
         "'abc' cannot be line_items.netAmount: it is not a number"),
        (("{column: Net}", "{column: Net, default: 1.50}"), 8, "write whole cents"),
        (("{column: Net}", "{first_of: [Net, {value: 1.5}]}"), 8, "it has decimals"),
        (("{column: Net}", "{column: Net}\n  taxAmount: {date_from: {column: D, format: DDMM,"
          " year: 1}}"), 9, "date_from is for dates"),
        (("{column: Supplier}", "{column: Supplier, negate: true}"), 5,
         "negate is for amounts, not for bills.vendor"),
        (("  vendor:", "  currency: {value: GPB}\n  vendor:"), 5,
         "'GPB' cannot be bills.currency: not a currency"),
        (("  vendor:", "  currency: {column: C, map: {pound: gb}}\n  vendor:"), 5,
         "'gb' cannot be bills.currency"),
        (("  vendor:", "  vendorId: {value: x1}\n  vendor:"), 5, "not a Light id"),
        (("  vendor:", "  issuedDate: {value: 31/12/2025}\n  vendor:"), 5, "write it as 2025-03"),
        (("  vendor:", "  lineItemsIncludeTax: {value: maybe}\n  vendor:"), 5, "neither yes nor"),
        (("  vendor:", "  status: {column: S, default: open}\n  vendor:"), 5, "not an allowed"),
        (("  vendor:", "  issuedDate: {date_from: {column: D, format: DDMMYY, year: 2025}}\n"
          "  vendor:"), 5, "is not a date format without a year"),
        (("  vendor:", "  issuedDate: {date_from: {column: D, format: DDMM}}\n  vendor:"), 5,
         "write either year or on_or_after"),
        (("  vendor:", "  issuedDate: {date_from: {column: D, format: DDMM, year: 25}}\n  vendor:"),
         5, "'25' cannot be year; write for example 2025"),
        (("  vendor:", "  description: {parameter: yeer}\nparameters: {year: 1}\nx:\n  vendor:"), 7,
         "unknown key 'x'"),
        (("  vendor:", "  description: {parameter: year}\n  vendor:"), 5,
         "there is no parameter 'year'; state it under parameters"),
        (("{sum_of_lines: gross}", "{sum_of_lines: nett}"), 6, "did you mean 'net'?"),
        (("{sum_of_lines: gross}", "{sum_of_lines: tax}"), 6,
         "the sum of tax needs line_items.taxAmount, not mapped here"),
        (("layout: flat", "layout: flat\nrules: {bills.dueDate: {not_after: 2025-01-01}}"), 3,
         "bills.dueDate is not mapped"),
        (("layout: flat", "layout: flat\nrules: {bills.amount: {one_of: [5]}}"), 3,
         "that is for texts; write min and max"),
        (("layout: flat", "layout: flat\nrules: {bills.amount: {min: 5, max: 4}}"), 3,
         "no value is both min 5 and max 4"),
        (("layout: flat", "layout: flat\nrules: {bills.vendor: {matches: '['}}"), 3,
         "is not a regular expression"),
        (("layout: flat", "layout: flat\nformats: {cents_per_unit: {JPY: 12}}"), 3,
         "12 is none of 1, 10, 100"),
        (("layout: flat", "layout: flat\nexpect: {gross: {GBP: 1.005}}"), 3,
         "it has more decimals than the currency"),
        (("layout: flat", "layout: flat\nlayout: flat"), 3, "'layout' appears twice"),
        (("  vendor:", "  vendor: {value: x}\n  vendor:"), 6, "'vendor' appears twice"),
        (("layout: flat", "layout: {flat"), 3, "this is not YAML"),
        (("layout: flat", "layout: !!python/object:os.system x"), 2, "this is not YAML"),
        (("layout: flat", "? [a]\n: flat"), 2, "this is not YAML"),
    ],
)  # fmt: skip
def test_mistake_names_its_line_and_the_remedy(
    tmp_path: Path, change: tuple[str, str], line: int, says: str
) -> None:
    assert change[0] in LEAST
    told = problem(tmp_path, LEAST.replace(*change))
    assert says in told
    assert f"mine.yaml, line {line}:" in told


def test_all_mistakes_are_reported_in_order(tmp_path: Path) -> None:
    text = LEAST.replace("vendor:", "vender:").replace("{column: Net}", "{colum: Net}")
    text = text.replace("layout: flat", "layout: flat\nsourc: {}")
    lines = problem(tmp_path, text).splitlines()
    assert [told.split(":")[0] for told in lines][:2] == ["mine.yaml, line 3", "mine.yaml, line 6"]
    assert lines[-1].startswith("mine.yaml, line 9:")


@pytest.mark.parametrize("text", ["", "just text", "- a\n- b", "a: &x [*x]", "\t- x", "null: 1"])
def test_file_that_is_no_template_is_refused(tmp_path: Path, text: str) -> None:
    assert "mine.yaml" in problem(tmp_path, text)


def test_template_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(LEAST.replace("Supplier", "Zulieferer für").encode("cp1252"))
    with pytest.raises(TemplateProblem, match="not UTF-8"):
        load_template(path)


def test_the_json_schema_knows_every_key() -> None:
    schema = json.loads(json.dumps(template_schema()))
    assert set(schema["properties"]) == set(Template.model_fields)


def test_schema_accepts_one_column_name_or_several() -> None:
    column = template_schema()["$defs"]["Expression"]["properties"]["column"]["anyOf"][0]
    assert {"string", "array"} <= {kind["type"] for kind in column["anyOf"]}
