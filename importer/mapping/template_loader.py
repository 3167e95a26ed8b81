"""Load templates from YAML: shipped ones by name, others by path. Errors name the line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

import importer
from importer.core.errors import TemplateProblem
from importer.core.nearest_name import did_you_mean
from importer.mapping.template_checks import problems
from importer.mapping.template_model import Template, is_field, rule_target
from importer.model.fields import BILLS, FIELDS, LINE_ITEMS, LOOKUP_FIELDS


@dataclass(frozen=True)
class LoadedTemplate:
    """A template with its file; lookup tables may be in the same folder."""

    template: Template
    path: Path


def shipped_folder(name: str) -> Path:
    """``templates`` or ``samples`` as installed, or beside the package in a checkout."""
    package = Path(importer.__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def shipped_templates() -> dict[str, Path]:
    """The shipped templates, by name."""
    return {path.stem: path for path in sorted(shipped_folder("templates").glob("*.yaml"))}


def find_template(name_or_path: str) -> LoadedTemplate:
    """A shipped template by name, or a YAML file by path; TemplateProblem lists the names."""
    shipped = shipped_templates()
    if name_or_path in shipped:
        return load_template(shipped[name_or_path])
    path = Path(name_or_path)
    if path.is_file():
        return load_template(path)
    near = difflib.get_close_matches(name_or_path, shipped, n=1)
    raise TemplateProblem(
        f"There is no template '{name_or_path}', and no file of that name."
        + (f" Did you mean '{near[0]}'?" if near else "")
        + f" Shipped templates: {', '.join(shipped)}."
    )


class _TextLoader(yaml.SafeLoader):
    """YAML in which only true and false are booleans; numbers and dates stay as written.

    YAML 1.1 reads NO (Norway) as false, 2025-01-01 as a date, 1284220.10 as a binary fraction and
    the account 0400 as 256.
    """


_TextLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag.rpartition(":")[2] not in ("int", "float", "timestamp")
        and not (tag == "tag:yaml.org,2002:bool" and first not in "tTfF")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _ShippedLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same by libyaml, many times faster. It recurses without a limit and words errors in
    another way: not for files of others."""

    yaml_implicit_resolvers = _TextLoader.yaml_implicit_resolvers


_LARGEST = 128 << 10  # bytes of a template; shipped ones have two thousand
_DEEPEST = 500  # brackets, those inside of texts included
_MOST_NODES = 50_000  # keys and values; those of an alias count at each use


def _check_depth(text: str) -> None:
    """Raise TemplateProblem for brackets nested too deeply for a recursive parser."""
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        depth += line.count("[") + line.count("{") - line.count("]") - line.count("}")
        if depth > _DEEPEST:
            raise TemplateProblem(f"line {number}: its lists are nested too deeply.")


def _check_size(root: yaml.Node) -> None:
    """Raise TemplateProblem where aliases (``*name``) multiply the size, or form a cycle."""
    sizes: dict[int, int] = {}
    stack: list[tuple[yaml.Node, bool]] = [(root, False)]
    open_: set[int] = set()
    while stack:
        node, done = stack.pop()
        parts: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            parts = node.value
        line = node.start_mark.line + 1
        if done:
            open_.discard(id(node))
            sizes[id(node)] = 1 + sum(sizes[id(part)] for part in parts)
            if sizes[id(node)] > _MOST_NODES:
                raise TemplateProblem(f"line {line}: it repeats itself too often, with * and &.")
        elif id(node) in open_:
            raise TemplateProblem(f"line {line}: a list or key holds itself, with * and &.")
        elif id(node) not in sizes:
            open_.add(id(node))
            stack.append((node, True))
            stack += [(part, False) for part in parts]


_Lines = dict[tuple[Hashable, ...], int]


def _nodes(
    node: yaml.Node, path: tuple[Hashable, ...]
) -> Iterator[tuple[tuple[Hashable, ...], int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in names:
                raise TemplateProblem(f"line {key.start_mark.line + 1}: '{name}' appears twice.")
            names.add(name)
            yield (*path, name, "[key]"), key.start_mark.line + 1
            yield from _nodes(value, (*path, name))
            yield (*path, name), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _nodes(value, (*path, i))


def _line(lines: _Lines, path: tuple[Hashable, ...]) -> int:
    """The line of the deepest part of the path that the file has."""
    for end in range(len(path), -1, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


def load_template(path: Path) -> LoadedTemplate:
    """A template from a YAML file. TemplateProblem lists everything wrong, each with its line."""
    return _shipped(path) if path.parent == shipped_folder("templates") else _read(path, False)


@cache
def _shipped(path: Path) -> LoadedTemplate:
    return _read(path, True)


def _read(path: Path, shipped: bool) -> LoadedTemplate:
    try:
        if path.stat().st_size > _LARGEST:
            raise TemplateProblem(
                f"{path}: a template has at most {_LARGEST >> 10} KB; this is not a template."
            )
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateProblem(f"{path}: the template is not UTF-8 text ({error.reason}).") from None
    except OSError as error:
        raise TemplateProblem(f"{path}: the template cannot be read: {error.strerror}.") from None
    try:
        if not shipped:
            _check_depth(text)
        loader = (_ShippedLoader if shipped else _TextLoader)(text)
        try:
            node = loader.get_single_node()
            if node is not None and not shipped:
                _check_size(node)
            data: Any = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
        # Shipped templates are checked by the tests, and each file is compared with all of them.
        lines: _Lines = {} if shipped or node is None else dict(_nodes(node, ()))
    except TemplateProblem as error:
        raise TemplateProblem(f"{path}, {error}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise TemplateProblem(f"{path}{where}: this is not YAML: {error.problem}.") from None
    except RecursionError:
        raise TemplateProblem(f"{path}: its lists are nested too deeply.") from None
    except (yaml.YAMLError, ValueError) as error:
        raise TemplateProblem(f"{path}: this is not YAML: {error}.") from None
    if not isinstance(data, dict):
        raise TemplateProblem(f"{path}, line 1: a template is a list of 'key: value' lines.")
    wrong: list[tuple[tuple[Any, ...], str]] = [] if shipped else list(_unknown_names(data))
    try:
        template = Template.model_validate(data)
        if not shipped:
            wrong += problems(template)
            wrong += _unsuitable_lookups(template)
    except ValidationError as error:
        wrong += [(e["loc"], _sentence(dict(e))) for e in error.errors()]
    if wrong:
        raise TemplateProblem(
            "\n".join(
                f"{path}, line {_line(lines, loc)}: {sentence}"
                for loc, sentence in sorted(wrong, key=lambda p: _line(lines, p[0]))
            )
        )
    template = template.with_chosen_columns()
    if not shipped:
        template = template.with_places(_places(data, lines))
    return LoadedTemplate(template, path)


def _places(data: dict[str, Any], lines: _Lines) -> dict[str, str]:
    """The first place of each text of the template: ``line 7, bills.vendor``."""
    out: dict[str, str] = {}
    for path in sorted(lines, key=lambda path: path[:1] not in ((BILLS,), (LINE_ITEMS,))):
        value: Any = data
        for part in path:
            value = value[part] if part != "[key]" else None
            if value is None:
                break
        if isinstance(value, str):
            place = ".".join(str(part) for part in path[:2] if not isinstance(part, int))
            out.setdefault(value, f"line {lines[path]}, {place}")
    return out


def _dotted(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in loc)


def _keys_at(loc: tuple[int | str, ...]) -> list[str]:
    """The keys permitted at ``loc``; empty where any is."""
    model: Any = Template
    for part in loc:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model.model_rebuild()  # types that are defined below it
            info = model.model_fields.get(str(part))
            model = info.annotation if info else None
        else:
            # the values of a dict are its last argument
            arguments = reversed(getattr(model, "__args__", ()))
            model = next((a for a in arguments if a not in (str, type(None))), None)
        while model is not None and not isinstance(model, type):
            models = [a for a in getattr(model, "__args__", ()) if a is not type(None)]
            named = [a for a in models if isinstance(a, type) and issubclass(a, BaseModel)]
            if getattr(model, "__origin__", None) in (dict, list):
                break
            model = named[0] if named else (models[0] if models else None)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return list(model.model_fields)
    return []


def _sentence(error: dict[str, Any]) -> str:
    loc: tuple[int | str, ...] = tuple(
        p for p in error["loc"] if not str(p).startswith("function-")
    )
    where, kind = _dotted(loc), error["type"]
    if kind == "extra_forbidden":
        keys = _keys_at(loc[:-1])
        parent = f" in {_dotted(loc[:-1])}" if loc[:-1] else ""
        near = did_you_mean(str(loc[-1]), keys) or "."
        return f"unknown key '{loc[-1]}'{parent}{near}" + (
            f" The keys are: {', '.join(keys)}." if keys else ""
        )
    if kind == "missing":
        return f"the key '{where}' is missing."
    if kind == "literal_error":
        if "[key]" in where:
            where = where.replace(".[key]", "")
        expected = str(error["ctx"]["expected"])
        near = did_you_mean(str(error["input"]), re.findall("'([^']*)'", expected))
        return f"'{error['input']}' is not valid in {where}; write {expected}{near or '.'}"
    if kind == "value_error":
        at = f"{where}: " if where else ""
        return f"{at}{error['ctx']['error']}."
    return f"{where}: {error['msg'][0].lower()}{error['msg'][1:]}, not '{error['input']}'."


def _unknown_names(data: dict[str, Any]) -> Iterator[tuple[tuple[int | str, ...], str]]:
    """(path, sentence) for fields that do not exist, and lookups that no field uses."""

    def keys(name: str) -> list[str]:
        value = data.get(name)
        return [str(key) for key in value] if isinstance(value, dict) else []

    for sheet in (BILLS, LINE_ITEMS):
        for name in keys(sheet):
            if not is_field(sheet, name):
                yield (
                    (sheet, name, "[key]"),
                    f"there is no field {sheet}.{name}{did_you_mean(name, FIELDS[sheet])}",
                )
    every = [f"{sheet}.{name}" for sheet, names in FIELDS.items() for name in names]
    for key in keys("rules"):
        if rule_target(key) is None:
            yield ("rules", key, "[key]"), f"there is no field {key}{did_you_mean(key, every)}"
    for name in keys("lookups"):
        sheet = BILLS if name in FIELDS[BILLS] else LINE_ITEMS
        if name in FIELDS[sheet] and name not in keys(sheet):
            yield (
                ("lookups", name, "[key]"),
                f"the lookup {name} has no use: {sheet}.{name} is not mapped.",
            )


def template_schema() -> dict[str, Any]:
    """The JSON Schema of a template, for completion and checks in an editor."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Template.model_json_schema(),
        "title": "light-import template",
    }


def _unsuitable_lookups(template: Template) -> Iterator[tuple[tuple[str, str, str], str]]:
    """(path, sentence) for each lookup by names that the field does not have in Light."""
    for field, lookup in template.lookups.items():
        names = LOOKUP_FIELDS[field].names
        wrong = [name for name in lookup.light or () if name not in names]
        if not wrong:
            continue
        sentence = f"Light lists no tax codes, so lookups.{field} needs a table, not light."
        if names:
            sentence = (
                f"'{wrong[0]}' is not a name that Light has for lookups.{field}; write any of"
                f" {', '.join(names)}."
            )
        yield ("lookups", field, "light"), sentence
