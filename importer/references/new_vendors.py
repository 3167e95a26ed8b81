"""Vendors that a person wants created in Light: picked as such, or listed in a sheet ``Vendors``.

Until Light has one, a placeholder stands for its id. Nothing is created that may be in Light
already: the same name is used as it is; the same identifier or VAT id, or a name that is similar,
is for the person to decide.
"""

from __future__ import annotations

import math
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from importer.core.account_numbers import is_wrong_iban, is_wrong_vat_id
from importer.core.cell_parsers import is_error
from importer.core.currencies import EXPONENTS
from importer.core.name_key import is_placeholder, name_key
from importer.core.nearest_name import nearest_is
from importer.model.bills import Property
from importer.model.fields import PROPERTY, header_key, property_name
from importer.model.finding import CellRef, Finding
from importer.model.finding_catalogue import finding
from importer.model.light_objects import NewVendor, Vendor
from importer.model.tables import VENDORS_SHEET, CellKind, SourceTable
from importer.references.directory import named_vendors
from importer.references.lookup_tables import CREATE_ANOTHER, Entry, Pick
from importer.references.name_index import LIKELY, Named, NameIndex, bare_words

_NAMESPACE = uuid.UUID("5b0e6a4e-6c0c-5d3a-9b58-0f6f3f6f8a11")
# Source: ExternalCreateVendorRequestV1Model.
VENDOR_FIELDS = tuple(
    """
    name identifier vatId businessRegistrationNumber description email website country city address
    zipcode currency bankName bankCountry bankCity bankAddress bankZipcode bankAccountNumber
    bankAccountBic domesticBankAccountNumber domesticBankAccountCode swedishBankgiroNumber
    swedishPlusgiroNumber bankRecipientName
    """.split()
)
ANOTHER = "isAnother"  # a column of the sheet: yes, in spite of a similar name
_COUNTRY = re.compile(r"[A-Z]{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NO_NAME = re.compile(r"[\W\d_]*")
_NUMBER = re.compile("[A-Z]{0,4}[0-9]{3,}[A-Z]?")  # an identifier, or a VAT id


def placeholder_of(name: str) -> str:
    """What stands for the id of a vendor that Light does not have yet."""
    return str(uuid.uuid5(_NAMESPACE, name_key(name)))


def number_key(text: str | None) -> str:
    """An identifier or VAT id as it is compared: letters and digits alone."""
    return re.sub(r"[\W_]+", "", text or "").upper()


# --- what the person wants --------------------------------------------------------------------


class Cell(NamedTuple):
    ref: CellRef
    text: str
    kind: CellKind


@dataclass
class WantedVendors:
    """By placeholder. ``entries`` are what a sheet may call them; ``findings`` what is wrong.

    Custom properties are as written; ``property_cells`` are by vendor and name.
    """

    sheets: list[SourceTable] = field(default_factory=list)
    vendors: dict[str, NewVendor] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    cells: dict[str, CellRef] = field(default_factory=dict)  # of those of a sheet
    property_headers: dict[str, CellRef] = field(default_factory=dict)
    property_cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def is_vendor_sheet(table: SourceTable) -> bool:
    headers = map(header_key, table.row_cells(0)) if len(table.rows) else ()
    return name_key(table.sheet or "") == name_key(VENDORS_SHEET) and "name" in headers


def wanted_vendors(sheets: Iterable[SourceTable], picks: Iterable[Pick]) -> WantedVendors:
    """The vendors of the sheets ``Vendors``, and those that were picked for creation."""
    wanted = WantedVendors()
    for sheet in sheets:
        wanted.sheets.append(sheet)
        _read_sheet(sheet, wanted)
    for pick in (pick for pick in picks if pick.creates_vendor):
        listed = next(
            (e for e in wanted.entries if name_key(e.value) == name_key(pick.value)), None
        )
        if listed is None and _is_no_name(pick.value):
            cell = pick.cell or CellRef(pick.place, None, None)
            wanted.findings.append(finding("vendors.name.none", cell, pick.value))
            continue
        vendor = wanted.vendors[listed.id] if listed else NewVendor(pick.id, {"name": pick.value})
        another = vendor.another or pick.label == CREATE_ANOTHER
        wanted.vendors[vendor.id] = replace(vendor, another=another)
        if listed is None:
            wanted.entries.append(Entry(pick.value, pick.id, pick.place))
    return wanted


def without_refused(picks: Iterable[Pick], wanted: WantedVendors) -> list[Pick]:
    """The picks, but for those to create what is no name of a vendor."""
    names = {name_key(entry.value) for entry in wanted.entries}
    return [pick for pick in picks if not pick.creates_vendor or name_key(pick.value) in names]


def _read_sheet(table: SourceTable, wanted: WantedVendors) -> None:
    columns = _columns(table, wanted)
    rows: list[dict[str, Cell]] = []
    for i in range(1, len(table.rows)):
        if not any(cell.strip() for cell in table.row_cells(i)):
            continue
        row = int(table.rows[i])
        cells = {
            name: Cell(
                replace(header, row=row),
                table.columns[at][i].strip(),
                table.kind(at, i),
            )
            for name, (at, header) in columns.items()
        }
        problems = list(_problems(cells))
        wanted.findings += problems
        if not problems:
            rows.append(cells)
    for name in ("name", "identifier", "vatId"):
        key = name_key if name == "name" else number_key
        texts = [key(cells[name].text) if name in cells else "" for cells in rows]
        times = Counter(texts)
        for cells, text in zip([*rows], texts, strict=True):
            if text and times[text] > 1:
                rows.remove(cells)
                ref, value, _ = cells[name]
                wanted.findings.append(finding("vendors.repeated", ref, value, field=name))
    for cells in rows:
        _add_vendor(cells, wanted)


def _columns(table: SourceTable, wanted: WantedVendors) -> dict[str, tuple[int, CellRef]]:
    """The columns that are read, by field or ``property:<name>``, each with its header's cell."""
    names = {header_key(name): name for name in (*VENDOR_FIELDS, ANOTHER)}
    columns: dict[str, tuple[int, CellRef]] = {}
    by_key: dict[str, CellRef] = {}
    for at, header in enumerate(map(str.strip, table.row_cells(0))):
        if not header:
            continue
        cell = CellRef(table.file, table.sheet, int(table.rows[0]), header, column_index=at)
        name = names.get(header_key(header)) or property_name(header)
        if name is None:
            near = nearest_is(header, tuple(names.values()))
            wanted.findings.append(finding("vendors.column.unknown", cell, header, nearest=near))
        elif other := by_key.get(name_key(name)):
            twice = finding("vendors.column.twice", cell, header, other=other.column, field=name)
            wanted.findings.append(twice)
        else:
            columns[name], by_key[name_key(name)] = (at, cell), cell
            if name.startswith(PROPERTY):
                wanted.property_headers.setdefault(name[len(PROPERTY) :], cell)
    return columns


def _add_vendor(cells: Mapping[str, Cell], wanted: WantedVendors) -> None:
    given = {name: cell.text for name, cell in cells.items() if cell.text}
    another = given.pop(ANOTHER, "").casefold() in ("yes", "true", "1", "y")
    named = {name: given.pop(name) for name in [*given] if name.startswith(PROPERTY)}
    ref = cells["name"].ref
    vendor_id = placeholder_of(given["name"])
    properties = []
    for column, text in named.items():
        name = column[len(PROPERTY) :]
        properties.append(Property(name, text))
        wanted.property_cells[vendor_id, name] = cells[column]
    wanted.vendors[vendor_id] = NewVendor(vendor_id, given, another, tuple(properties))
    wanted.cells[vendor_id] = ref
    place = f"{ref.file}, sheet {ref.sheet}, row {ref.row}"
    for name in ("name", "identifier", "vatId"):
        if value := given.get(name):
            wanted.entries.append(Entry(value, vendor_id, place))


def _is_no_name(text: str) -> bool:
    number = _NUMBER.fullmatch(number_key(text)) is not None
    return number or _NO_NAME.fullmatch(text) is not None or is_placeholder(text)


def _problems(cells: Mapping[str, Cell]) -> Iterator[Finding]:
    values = {name: cell.text for name, cell in cells.items()}
    name = values.get("name", "")
    if _is_no_name(name):
        yield finding("vendors.name.none", cells["name"].ref, name)
    problems = {name: _cell_problem(cell) for name, cell in cells.items()}
    for field_name, problem in (
        ("vatId", _vat_problem(values.get("vatId", ""), values.get("country", ""))),
        ("bankAccountNumber", _iban_problem(values.get("bankAccountNumber", ""))),
        ("country", _country_problem(values.get("country", ""))),
        ("bankCountry", _country_problem(values.get("bankCountry", ""))),
        ("currency", _currency_problem(values.get("currency", ""))),
        ("email", _email_problem(values.get("email", ""))),
    ):
        problems[field_name] = problems.get(field_name) or problem
    for field_name, problem in problems.items():
        if problem:
            ref, value, _ = cells[field_name]
            yield finding("vendors.value.invalid", ref, value, field=field_name, reason=problem)


def _cell_problem(cell: Cell) -> str:
    if cell.kind is CellKind.ERROR or is_error(cell.text):
        return "the cell shows an error"
    if cell.kind is CellKind.UNCALCULATED or cell.text.startswith("="):
        return "the formula was never calculated"
    return ""


def _vat_problem(text: str, country: str) -> str:
    number = text if text[:2].isalpha() else country + text
    return "its length or check digits are not those of a VAT id" * is_wrong_vat_id(number)


def _iban_problem(text: str) -> str:
    return "its check digits are not those of an IBAN" * is_wrong_iban(text)


def _country_problem(text: str) -> str:
    return (
        ""
        if not text or _COUNTRY.fullmatch(text)
        else "a country code has two capital letters, such as GB"
    )


def _currency_problem(text: str) -> str:
    return "" if not text or text in EXPONENTS else "it is not an ISO 4217 code"


def _email_problem(text: str) -> str:
    return "" if not text or _EMAIL.fullmatch(text) else "it is not an e-mail address"


# --- what Light has ---------------------------------------------------------------------------


@dataclass
class VendorPlan:
    """By placeholder. ``objections`` are the endings of codes, with their words and suggestions."""

    create: dict[str, NewVendor] = field(default_factory=dict)
    existing: dict[str, Vendor] = field(default_factory=dict)
    objections: dict[str, tuple[str, dict[str, object], list[Named]]] = field(default_factory=dict)


def plan_vendors(wanted: Mapping[str, NewVendor], vendors: Sequence[Vendor]) -> VendorPlan:
    """Which of the wanted vendors are to be created, by what Light lists now."""
    plan = VendorPlan()
    index = NameIndex(named_vendors(vendors, ("name",)), comparisons=math.inf)
    by_number: dict[str, list[Vendor]] = defaultdict(list)
    for vendor in vendors:
        for number in {number_key(vendor.identifier), number_key(vendor.vat_id)} - {""}:
            by_number[number].append(vendor)
    new = NameIndex((Named(v.id, v.name, (v.name,)) for v in wanted.values()), comparisons=math.inf)
    by_id = {vendor.id: vendor for vendor in vendors}
    similar = SimilarVendors([*(v.name for v in vendors), *(v.name for v in wanted.values())])

    def may_be(one: NewVendor, other: Vendor | NewVendor) -> bool:
        return other.id != one.id and similar.may_be_one(one.name, other.name)

    for id, each in wanted.items():
        same = [by_id[thing.id] for thing in index.exact(each.name)]
        numbers = {number_key(each.values.get(name)) for name in ("identifier", "vatId")} - {""}
        others = {v.id: v for number in sorted(numbers) for v in by_number[number]}
        if len(same) == 1 and not _contradiction(each, same[0]):
            plan.existing[id] = same[0]
        elif same:
            why = _contradiction(each, same[0]) if len(same) == 1 else f"{len(same)} of that name"
            things = index.exact(each.name)
            plan.objections[id] = ("create_differs", {"reason": why}, things)
        elif others:
            names = " and ".join(f"{v.name} ({v.id})" for v in others.values())
            plan.objections[id] = ("create_same_number", {"candidates": names}, [])
        elif each.another:
            plan.create[id] = each
        elif near := [n for n in index.nearest(each.name, LIKELY) if may_be(each, by_id[n.id])]:
            labels = "; ".join(thing.label for thing in near[:3])
            plan.objections[id] = ("create_similar", {"candidates": labels}, near)
        elif twins := [n for n in new.nearest(each.name, LIKELY) if may_be(each, wanted[n.id])]:
            plan.objections[id] = ("create_similar", {"candidates": twins[0].label}, [])
        else:
            plan.create[id] = each
    return plan


def _contradiction(new: NewVendor, vendor: Vendor) -> str:
    """What the vendor of that name has otherwise in Light, in words; "" where nothing."""
    for name, light in (("identifier", vendor.identifier), ("vatId", vendor.vat_id)):
        ours = new.values.get(name)
        if ours and light and number_key(ours) != number_key(light):
            return f"its {name} is {light} in Light and {ours} in the sheet"
    return ""


# --- similar names ----------------------------------------------------------------------------

_SAME_WORD = 75.0  # of 100: a word with a slip of the pen
_SAME_NAME = 88.0
# A word does not tell one company from another where so many names of different first words have
# it, or so many names: as Construction, and London of the boroughs; Atos in three of a group does.
_FIRST_WORDS, _NAMES = 3, 10
_CONNECTING = frozenset("of for in on at de des la le du del der die das y e i".split())


class SimilarVendors:
    """``names`` are all that Light has and that are to be created: words that many of them have, as
    Construction or City Council, do not identify one."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names_with: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for name in names:
            words = tuple(_words(name))
            for word in words:
                self._names_with[word].add(words)

    def may_be_one(self, one: str, other: str) -> bool:
        """For names that are similar: False for two that have nothing but common words in common,
        and each a word of its own, as Wates Construction and Henstaff Construction."""
        from rapidfuzz import fuzz

        words, others = _words(one), _words(other)
        if fuzz.ratio(" ".join(words), " ".join(others)) >= _SAME_NAME:
            return True
        if fuzz.ratio("".join(words), "".join(others)) >= _SAME_NAME:  # Air Bus, Airbus
            return True
        pairs = [(a, b) for a in words for b in others if fuzz.ratio(a, b) >= _SAME_WORD]
        if {a for a, _ in pairs} == set(words) or {b for _, b in pairs} == set(others):
            return True
        return any(self._identifies(a) and self._identifies(b) for a, b in pairs)

    def _identifies(self, word: str) -> bool:
        names = self._names_with[word]
        return len(names) < _NAMES and len({first for first, *_ in names}) < _FIRST_WORDS


def _words(name: str) -> list[str]:
    """Those that may identify a company; the whole name where it has no others."""
    key = name_key(name)
    return [word for word in bare_words(key) if word not in _CONNECTING] or [key]
