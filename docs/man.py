"""The man page, from what click knows of the commands."""

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
        " LIGHT_IMPORT_AMOUNTS=cents says that small amounts of the canonical sheets are cents;"
        " LIGHT_IMPORT_MAX_ROWS and the other limits are in"
        " docs/limits.md.",
        ".SH EXIT STATUS",
        "0 all done; 1 the data has errors, or Light rejected bills, verify found differences, undo"
        " left bills; 2 the command or a file cannot be used as it is; 3 some bills are unknown, or"
        " in Light more than once: a person must look; 4 stopped early, run the same command to"
        " resume.",
    ]
    return "\n".join(out) + "\n"


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
    for block in re.split(r"\n\s*\n", inspect.cleandoc(text.replace("\f", ""))):
        if block.startswith("\b"):
            lines += [".PP", ".nf", *map(_text, block.strip("\b\n").splitlines()), ".fi"]
        else:
            lines += [".PP", _text(" ".join(block.split()))]
    return lines


def _text(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
