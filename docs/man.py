"""The man page, and the page of commands, from what click knows of them."""

from __future__ import annotations

import inspect
import re

import click

import importer
from importer.cli.main import cli


def man_page() -> str:
    """The page as troff: synopsis, options and examples of every command."""
    out = [
        f'.TH LIGHT-IMPORT 1 "" "light-import {importer.__version__}" "User Commands"',
        ".SH NAME",
        "light\\-import \\- import bills from spreadsheets into Light, each exactly once",
    ]
    for words, command in commands():
        context = _context(command, words)
        out.append(f".SH {_text(' '.join(words)).upper()}")
        usage = " ".join(command.collect_usage_pieces(context))
        out += [f".B {_text(' '.join(words))}", _text(usage), *_help(command.help or "")]
        for parameter in command.get_params(context):
            if record := parameter.get_help_record(context):
                out += [".TP", f".B {_text(record[0])}", _text(" ".join(record[1].split()))]
    out += [
        ".SH ENVIRONMENT",
        "LIGHT_API_KEY, LIGHT_API_KEYS or LIGHT_ACCESS_TOKEN say who you are, LIGHT_CLIENT_ID and"
        " LIGHT_CLIENT_SECRET are for auth login (docs/login.md). LIGHT_BASE_URL says where Light"
        " is, LIGHT_IMPORT_HOME where light-import keeps its data. LIGHT_IMPORT_MAX_PROBLEMS is the"
        " default of \\-\\-max\\-problems, LIGHT_IMPORT_SETTLE of \\-\\-settle;"
        " LIGHT_IMPORT_JOURNAL names the journal as \\-\\-journal does;"
        " LIGHT_IMPORT_AMOUNTS=cents says that small amounts of the canonical sheets are cents;"
        " LIGHT_IMPORT_MAX_ROWS and the other limits are in"
        " docs/limits.md.",
        ".SH EXIT STATUS",
        "0 all done; 1 the data has errors, or Light rejected bills, verify found differences or"
        " totals that do not tie, undo left bills; 2 the command or a file cannot be used as it is;"
        " 3 some bills are unknown, or in Light more than once: a person must look; 4 stopped"
        " early, run the same command to resume.",
    ]
    return "\n".join(out) + "\n"


COMMANDS_HEAD = """# Commands and options

Every command of `light-import` with its options. Written by `make docs` from the commands; do not
edit. `light-import COMMAND --help` prints the same, and so does the [man page](light-import.1).

"""


def commands_page() -> str:
    """The page in Markdown: a section a command, with its help and a table of its options."""
    every = [(" ".join(words), words, command) for words, command in commands()]
    out = [COMMANDS_HEAD, *(f"- [`{name}`](#{name.replace(' ', '-')})\n" for name, _, _ in every)]
    for name, words, command in every:
        context = _context(command, words)
        usage = " ".join([name, *command.collect_usage_pieces(context)])
        out.append(f"\n## {name}\n\n```text\n{usage}\n```\n")
        for lines in _blocks(command.help or ""):
            literal = lines[0] == "\b"
            text = "\n".join(lines[1:] if literal else lines)
            out.append(f"\n```text\n{text}\n```\n" if literal else f"\n{text}\n")
        records = [p.get_help_record(context) for p in command.get_params(context)]
        rows = [
            f"| `{_cell(record[0])}` | {_cell(' '.join(record[1].split()))} |\n"
            for record in records
            if record
        ]
        out += ["\n| option | what it does |\n|---|---|\n", *rows]
    return "".join(out)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _blocks(text: str) -> list[list[str]]:
    """The paragraphs of a help, in lines; the first line of one that is not wrapped is a \\b."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(text.replace("\f", "")))
    return [block.splitlines() for block in blocks if block]


def _context(command: click.Command, words: list[str]) -> click.Context:
    """As of a command that is called: with the options for help that all have."""
    root = click.Context(cli, info_name="light-import", **cli.context_settings)
    return root if command is cli else click.Context(command, root, " ".join(words[1:]))


def commands() -> list[tuple[list[str], click.Command]]:
    """Every command with the words that call it."""
    return _commands(cli, ["light-import"])


def _commands(command: click.Command, words: list[str]) -> list[tuple[list[str], click.Command]]:
    found = [(words, command)]
    if isinstance(command, click.Group):
        context = _context(command, words)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += _commands(inner, [*words, name])
    return found


def _help(text: str) -> list[str]:
    lines = []
    for block in _blocks(text):
        if block[0] == "\b":
            lines += [".PP", ".nf", *map(_text, block[1:]), ".fi"]
        else:
            lines += [".PP", _text(" ".join(" ".join(block).split()))]
    return lines


def _text(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
