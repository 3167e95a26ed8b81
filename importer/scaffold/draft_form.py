"""What a draft leaves open as the fields of a form, and the draft with a person's answers."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from importer.core.currencies import EXPONENTS
from importer.core.errors import UsageProblem
from importer.model.fields import BILLS, LINE_ITEMS
from importer.scaffold.template_writer import Draft, Line, Todo, quoted

Answers = Mapping[str, Sequence[str]]  # what was chosen, by the key of the field

_COLUMN, _VALUE = "column:", "value:"
_AS_DRAFTED, _SUM, _ROW = "as drafted", "sum of lines", "row"
_YES, _NO = "yes", "no"
_NONE = ("", "none")
_OPEN = ("", "choose …")
_SUM_OF_LINES = "{sum_of_lines: gross}"
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")


@dataclass(frozen=True)
class DraftField:
    """A field of the form. ``choices`` are (value, words), none for a text; of ``several`` each is
    a box to tick. ``open``: it has to be answered. ``evidence`` is what the file says about it."""

    key: str
    label: str
    chosen: tuple[str, ...]
    choices: tuple[tuple[str, str], ...] = ()
    evidence: tuple[str, ...] = ()
    several: bool = False
    open: bool = False


@dataclass(frozen=True)
class DraftForm:
    """A draft as a form: ``fields`` are what it leaves open, and what it has inferred."""

    fields: list[DraftField]
    draft: Draft

    @property
    def text(self) -> str:
        """The YAML as it was drafted."""
        return self.draft.text()

    def completed(self, answers: Answers) -> str:
        """The YAML with the answers of the form; UsageProblem names what has none."""
        draft = copy.deepcopy(self.draft)
        complete_draft(draft, answers)
        return draft.text()


@dataclass(frozen=True)
class _ColumnField:
    """A field of bills or line items that is a column; ``names`` are those it may have."""

    key: str
    label: str
    section: str
    names: tuple[str, ...]
    needed: bool = False


_COLUMNS = (
    _ColumnField("vendor", "Vendor", BILLS, ("vendor", "vendorId"), needed=True),
    _ColumnField("invoiceNumber", "Invoice number", BILLS, ("invoiceNumber",)),
    _ColumnField("issuedDate", "Invoice date", BILLS, ("issuedDate",), needed=True),
    _ColumnField("dueDate", "Due date", BILLS, ("dueDate",)),
    _ColumnField("currency", "Currency", BILLS, ("currency",), needed=True),
    _ColumnField("total", "Total of the bill", BILLS, ("amount",), needed=True),
    _ColumnField(
        "line_amount", "Amount of a line item", LINE_ITEMS, ("amount", "netAmount"), needed=True
    ),
    _ColumnField("taxAmount", "Tax of a line item", LINE_ITEMS, ("taxAmount",)),
    _ColumnField("taxCode", "Tax code", LINE_ITEMS, ("taxCode", "taxCodeId")),
    _ColumnField("account", "Ledger account", LINE_ITEMS, ("account", "accountId")),
    _ColumnField("description", "Description of a line item", LINE_ITEMS, ("description",)),
)
_UNREAD = (
    ("", "decide later: it stays a TODO"),
    ("line", "adds a line item to the bill"),
    ("deduct", "is taken off the bill, as a line item"),
    ("ignore", "is in the amounts already, or does not matter"),
)


def form_of_draft(draft: Draft) -> list[DraftField]:
    """The fields of the form, those of a bill before those of its line items."""
    fields = [_column_field(draft, each) for each in _COLUMNS]
    fields += _formats(draft)
    fields += _grouping(draft)
    asked = {field.key for field in fields}
    unread = [t for t in draft.todos if t.field.startswith("unread:")]
    for todo in unread:
        name = todo.field.partition(":")[2]
        fields.append(DraftField(todo.field, f"Column {name}", ("",), _UNREAD, (_evidence(todo),)))
    answered = {todo for each in _COLUMNS for todo in _todos_of(draft, each)}
    for todo in draft.todos:
        if todo not in answered and todo not in unread and todo.field not in asked:
            fields.append(_confirmation(todo))
    return fields


def complete_draft(draft: Draft, answers: Answers) -> None:
    """Take the answers into the draft; what is answered is no longer a TODO.

    UsageProblem names what still has no answer, or an answer that was not offered.
    """
    fields = form_of_draft(draft)
    missing = [f.label for f in fields if f.open and not any(_chosen(f, answers))]
    if missing:
        raise UsageProblem(f"Still to choose: {', '.join(missing)}.")
    for field in fields:
        _check_offered(field, _chosen(field, answers))
    by_key = {field.key: field for field in fields}
    todos = {each.key: [_evidence(todo) for todo in _todos_of(draft, each)] for each in _COLUMNS}
    for each in _COLUMNS:
        _set_column(draft, each, by_key[each.key], _chosen(by_key[each.key], answers)[0])
    done: set[str] = set()
    for field in fields:
        chosen = _chosen(field, answers)
        if field.key not in todos and any(chosen):
            _apply(draft, field.key, chosen)
            done |= set(field.evidence)
        if field.key in todos and (chosen[0] or field.chosen[0]):
            done |= set(todos[field.key])
    draft.todos = [todo for todo in draft.todos if _evidence(todo) not in done]
    draft.needs_tables = False
    _name_amount_by_basis(draft)


def _chosen(field: DraftField, answers: Answers) -> tuple[str, ...]:
    chosen = tuple(answers.get(field.key, field.chosen if not field.several else ()))
    return chosen or ("",)


def _check_offered(field: DraftField, chosen: Iterable[str]) -> None:
    offered = {value for value, _ in field.choices}
    for value in chosen:
        if value and field.choices and value not in offered:
            raise UsageProblem(f"{field.label}: choose one of the values that are offered.")
        if field.key == "year" and value and not _YEAR.fullmatch(value):
            raise UsageProblem(f"{field.label}: write a year, as 2025.")


# --- columns ----------------------------------------------------------------------------------


def _todos_of(draft: Draft, each: _ColumnField) -> list[Todo]:
    keys = {each.key, *(each.names)}
    return [
        todo
        for todo in draft.todos
        if todo.field == each.key or (todo.field in keys and todo.section == each.section)
    ]


def _lines_of(draft: Draft, each: _ColumnField) -> list[Line]:
    lines: list[Line] = getattr(draft, each.section)
    return [line for line in lines if line.key.removeprefix("# ") in each.names]


def _column_field(draft: Draft, each: _ColumnField) -> DraftField:
    columns = draft.columns.get(each.section, {})
    choices = [
        (f"{_COLUMN}{name}", f"{name} ({examples or 'empty'})")
        for name, examples in columns.items()
    ]
    if each.key == "currency":
        choices += [(f"{_VALUE}{code}", f"all bills are in {code}") for code in EXPONENTS]
    if each.key == "total":
        choices.insert(0, (_SUM, "the sum of its line items"))
    lines = _lines_of(draft, each)
    line = next((one for one in lines if not one.key.startswith("#")), None)
    chosen = _choice_of(line, columns) if line is not None else ""
    if line is not None and chosen == _AS_DRAFTED:
        choices.insert(0, (_AS_DRAFTED, f"as drafted: {line.value}"))
    is_open = each.needed and line is None
    choices.insert(0, _OPEN if each.needed else _NONE)
    note = (line.note,) if line is not None and line.note else ()
    evidence = (*note, *map(_evidence, _todos_of(draft, each)))
    return DraftField(each.key, each.label, (chosen,), tuple(choices), evidence, open=is_open)


def _choice_of(line: Line, columns: Iterable[str]) -> str:
    for name in columns:
        if line.value == f"{{column: {quoted(name)}}}":
            return f"{_COLUMN}{name}"
    if (value := re.fullmatch(r"\{value: ([A-Z]{3})\}", line.value)) is not None:
        return f"{_VALUE}{value[1]}"
    return _SUM if line.value == _SUM_OF_LINES else _AS_DRAFTED


def _set_column(draft: Draft, each: _ColumnField, field: DraftField, chosen: str) -> None:
    """The line of the field; one that is as it was drafted stays whole."""
    if chosen == field.chosen[0]:
        return
    lines: list[Line] = getattr(draft, each.section)
    before = _lines_of(draft, each)
    at = lines.index(before[0]) if before else len(lines)
    lines[:] = [line for line in lines if line not in before]
    if not chosen:
        return
    name, note = each.names[0], ""
    if chosen == _SUM:
        value = _SUM_OF_LINES
    elif chosen.startswith(_VALUE):
        value = f"{{value: {chosen.removeprefix(_VALUE)}}}"
    else:
        column = chosen.removeprefix(_COLUMN)
        value, note = f"{{column: {quoted(column)}}}", draft.columns[each.section][column]
    lines.insert(at, Line(name, value, note))


def _name_amount_by_basis(draft: Draft) -> None:
    """A line's amount is called by whether tax is in it."""
    basis = next((line.value for line in draft.bills if line.key == "lineItemsIncludeTax"), "")
    amounts = [line for line in draft.line_items if line.key in ("amount", "netAmount")]
    name = "netAmount" if "false" in basis else "amount"
    if len(amounts) == 1:
        draft.line_items = [
            replace(line, key=name) if line is amounts[0] else line for line in draft.line_items
        ]
    draft.extra_lines = [
        re.sub(r"^\{(?:netAmount|amount):", f"{{{name}:", line) for line in draft.extra_lines
    ]


# --- how values are written, which rows are one bill --------------------------------------------


def _formats(draft: Draft) -> list[DraftField]:
    fields = [_tax_basis(draft)]
    defaults = _sentences(draft, "currency_default")
    if defaults:
        line = next(line for line in draft.bills if line.key == "currency")
        code = (re.findall(r"default: ([A-Z]{3})\}", line.value) or [""])[0]
        choices = (_OPEN, *((code, code) for code in EXPONENTS))
        fields.append(
            DraftField(
                "currency_default",
                "Currency where the cell is blank",
                (code,),
                choices,
                defaults,
                open=not code,
            )
        )
    if draft.date_orders:
        fields.append(
            DraftField(
                "dates",
                "Order of day and month",
                ("",),
                (_OPEN, *draft.date_orders),
                _sentences(draft, "dates"),
                open=True,
            )
        )
    if unit := _sentences(draft, "amounts"):
        units = (
            ("cents", "cents: 120000 is 1,200.00"),
            ("decimal", "whole pounds, euros …: 1200 is 1,200.00"),
        )
        fields.append(
            DraftField("amounts", "Amounts are in", ("",), (_OPEN, *units), unit, open=True)
        )
    if year := _sentences(draft, "year"):
        fields.append(DraftField("year", "Year of the dates", ("",), (), year, open=True))
    return fields


def _tax_basis(draft: Draft) -> DraftField:
    line = next((each for each in draft.bills if each.key.endswith("lineItemsIncludeTax")), None)
    value = line.value if line is not None else ""
    chosen = _YES if "true" in value else _NO if "false" in value else ""
    choices = (
        _OPEN,
        (_YES, "yes, tax is in them, or there is none"),
        (_NO, "no, tax comes on top"),
    )
    note = (line.note,) if line is not None and line.note else ()
    evidence = (*note, *_sentences(draft, "lineItemsIncludeTax"))
    label = "Tax is in the amounts of line items"
    return DraftField("lineItemsIncludeTax", label, (chosen,), choices, evidence, open=not chosen)


def _grouping(draft: Draft) -> list[DraftField]:
    fields = []
    fill = next((line for line in draft.source if line.key.endswith("fill_down")), None)
    if sentences := _sentences(draft, "fill_down"):
        choices = (
            _OPEN,
            (_YES, "further line items of the bill above"),
            (_NO, "bills of their own, whose vendor is missing"),
        )
        is_open = fill is not None and fill.value == "TODO"
        fields.append(
            DraftField(
                "fill_down",
                "Rows without vendor and number are",
                ("" if is_open else _NO,),
                choices,
                sentences,
                open=is_open,
            )
        )
    if draft.layout == "flat":
        keys = [] if draft.group_by == ["TODO"] else draft.group_by
        names = dict.fromkeys([*draft.columns.get(BILLS, ()), *keys])
        groups = ((_ROW, "each row is a bill"), *((f"{_COLUMN}{n}", n) for n in names))
        note = (draft.notes["group_by"],) if "group_by" in draft.notes else ()
        others = tuple(text for section, text in draft.comments if section == "group_by")
        fields.append(
            DraftField(
                "group_by",
                "Rows are of one bill where these columns agree",
                tuple(f"{_COLUMN}{name}" for name in keys),
                groups,
                (*note, *_sentences(draft, "group_by"), *others),
                several=True,
                open=True,
            )
        )
    return fields


def _sentences(draft: Draft, key: str) -> tuple[str, ...]:
    return tuple(_evidence(todo) for todo in draft.todos if todo.field == key)


def _evidence(todo: Todo) -> str:
    return f"{todo.sentence.rstrip('.')}."


def _confirmation(todo: Todo) -> DraftField:
    mark = hashlib.sha256(todo.sentence.encode()).hexdigest()[:10]
    words = (("yes", "I have looked at this, and it is right"),)
    return DraftField(f"looked-{mark}", "To look at", (), words, (_evidence(todo),), several=True)


def _apply(draft: Draft, key: str, chosen: Sequence[str]) -> None:
    """Take an answer that is no column of a field."""
    first = chosen[0]
    if key == "lineItemsIncludeTax":
        value = f"{{value: {'true' if first == _YES else 'false'}}}"
        if not any(line.key == key and line.value == value for line in draft.bills):
            others = [each for each in draft.bills if not each.key.endswith(key)]
            draft.bills = [*others, Line(key, value)]
    elif key == "currency_default":
        draft.bills = [
            replace(line, value=re.sub(r"default: \w+", f"default: {first}", line.value))
            if line.key == "currency"
            else line
            for line in draft.bills
        ]
    elif key in ("dates", "amounts"):
        draft.formats = [Line(key, first) if line.key == key else line for line in draft.formats]
    elif key == "year":
        draft.parameters = [
            replace(line, value=first) if line.key == "year" else line for line in draft.parameters
        ]
    elif key == "fill_down":
        others = [line for line in draft.source if not line.key.endswith("fill_down")]
        names = f"[{', '.join(map(quoted, draft.group_by))}]"
        draft.source = [*others, Line("fill_down", names)] if first == _YES else others
    elif key == "group_by":
        draft.rows_are_bills = _ROW in chosen
        draft.group_by = [each.removeprefix(_COLUMN) for each in chosen if each != _ROW]
    elif key.startswith("unread:"):
        name = key.partition(":")[2]
        if first == "ignore":
            draft.ignore_columns.append(name)
        else:
            negate = ", negate: true" if first == "deduct" else ""
            draft.extra_lines.append(f"{{amount: {{column: {quoted(name)}{negate}}}}}")
