"""The command line. Each command's module is imported when the command runs.

Commands turn options into records, make one call, print. Heavy imports happen inside them, so that
``--help`` is quick.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import sys
from itertools import pairwise
from typing import Any

import click

import importer
from importer.cli.screen import lost_output, print_line, screens
from importer.core.errors import Declined, ImporterError, InternalFault, StoppedEarly, UsageProblem
from importer.core.safe_text import visible

_COMMANDS = {
    "validate": ("validate_command", "Check sheets without sending anything."),
    "load": ("load_command", "Check sheets, then create their bills in Light."),
    "web": ("web_command", "Correct and load bills on a page in the browser."),
    "runs": ("runs_command", "List past loads."),
    "verify": ("verify_command", "Read a run's bills back from Light and compare them."),
    "undo": ("undo_command", "Cancel in Light what a run created."),
    "export": ("export_command", "Write what Light has to a sheet."),
    "report": ("report_command", "Write the result workbook of a run again."),
    "journal": ("journal_command", "Settle bills in doubt; check the journal."),
    "auth": ("auth_command", "Log in to Light, see who is logged in, log out."),
    "sandbox": ("sandbox_command", "Run a local server that behaves like Light."),
    "reference": (
        "reference_command",
        "Fetch the company's vendors, accounts, entities, properties.",
    ),
    "template": ("template_command", "List, show and check templates."),
}


_NO_CONTEXT = click.Context(click.Command(None))
_LONGEST_LINE = 4_000  # characters of an error: a cell or a name in it may have a million


class _Lazy(click.Group):
    """Commands by name; a command's module is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"importer.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"No such command '{args[0]}'.{_meant(args[0])}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(importer.__version__, prog_name="light-import")
def cli() -> None:
    """Import bills from spreadsheets into Light, each exactly once.

    \b
    Try it without a key:
      light-import load bills.xlsx --sandbox
    Check a file, then load it:
      light-import validate bills.xlsx
      light-import load bills.xlsx
    """


def _meant(word: str) -> str:
    """What may be meant by a word where a command belongs."""
    from pathlib import Path

    from importer.core.nearest_name import nearest_name

    if Path(word).is_file():
        import shlex

        return f" To check this file, run: light-import validate {shlex.quote(word)}"
    nearest = nearest_name(word.lower(), _COMMANDS, cutoff=60) if len(word) < 40 else None
    return f" Did you mean '{nearest}'?" if nearest else ""


def _typed(words: list[str], option: str) -> str | None:
    """The value of an option as it was typed, before the command line is parsed."""
    for word, following in pairwise([*words, ""]):
        name, sign, value = word.partition("=")
        if name == option:
            return value if sign else following
    return None


def _default_map(words: list[str]) -> dict[str, Any]:
    """The options of light-import.toml for every command; those it does not have are ignored."""
    if not words or {"--help", "-h", "--version"} & {*words}:
        return {}
    from importer.app.defaults import read_defaults

    options = dict(read_defaults(_typed(words, "--company")).options)
    nested = {"reference": {"pull": options}, "auth": {"login": options}}
    return dict.fromkeys(_COMMANDS, options) | nested


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE // 2] + " … (cut)"


def _report_error(words: list[str], error: ImporterError) -> None:
    """With ``--json`` the error on standard output, and to the command of ``--on-end``."""
    on_end = _typed(words, "--on-end")
    if "--json" not in words and not on_end:
        return
    from importer.app import json_document
    from importer.model.report_model import RunError

    text = json_document(_command_of(words), error.exit_code, RunError.of(error))
    if "--json" in words:
        click.echo(text)
    if on_end:
        from importer.cli.end_of_command import run_at_end

        run_at_end(on_end, text)


def _command_of(words: list[str]) -> str:
    """The command that the words call, as far as there is one: "load", "journal check"."""
    command: click.Command | None = cli
    called = []
    for word in words:
        if isinstance(command, click.Group) and word in command.list_commands(_NO_CONTEXT):
            command = command.get_command(_NO_CONTEXT, word)
            called.append(word)
    return " ".join(called)


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def main(args: list[str] | None = None) -> None:
    """Run the command and leave with its exit code; see the README for the codes."""
    # The libraries' 300,000 objects stay: by default a search for cycles after each 700 of them is
    # an eighth of the start, and after each 50,000 still a tenth of a small load.
    gc.set_threshold(400_000)
    code: int | None = None

    def skip_teardown() -> None:
        """End the process where the interpreter would clear each of those objects first."""
        if code is not None:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            os._exit(code)

    atexit.register(skip_teardown)  # the first to be registered is the last to be called
    code = run(args)
    sys.exit(code)


def run(args: list[str] | None = None) -> int:
    """Run the command; its exit code."""
    words = args if args is not None else sys.argv[1:]
    with screens(colour="--json" not in words):
        code = _run(words)
        if (lost := lost_output()) is not None:
            print_line(
                f"what was printed could not be written ({lost.strerror}). What was done stands."
                " Free some space and run the same command again.",
                "Error: ",
            )
            code = code or StoppedEarly.exit_code
        return code


def _run(words: list[str]) -> int:
    verbose = "--verbose" in words
    try:
        defaults = _default_map(words)
        code: Any = cli.main(
            words, prog_name="light-import", standalone_mode=False, default_map=defaults
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        at = error.ctx if isinstance(error, click.NoSuchOption) else None
        for line in text.getvalue().rstrip("\n").split("\n"):
            label = "Error: " if line.startswith("Error: ") else ""
            print_line(line.removeprefix(label), label)
        if at is not None and at.command is cli:
            print_line("Options follow the command: light-import load bills.xlsx --dry-run")
        problem = UsageProblem(error.format_message())
        if (context := getattr(error, "ctx", None)) is not None:
            problem.remedy = f"See its options: {context.command_path} --help"
        _report_error(words, problem)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        _report_error(words, StoppedEarly("Stopped."))
        return StoppedEarly.exit_code
    except Declined as error:
        print_line(str(error), "Stopped: ")
        print_line(visible(error.next_step), "Next: ")
        _report_error(words, error)
        return error.exit_code
    except ImporterError as error:
        _report_error(words, error)
        if verbose:
            _print_traceback()
            return error.exit_code
        for i, line in enumerate(str(error).splitlines() or [""]):
            print_line(_short(visible(line)), "" if i else "Error: ")
        return error.exit_code
    except Exception as error:
        fault = InternalFault(
            f"this is a fault of light-import, not of your file ({type(error).__name__}:"
            f" {error}). The journal has what was sent; the same command resumes. Run it with"
            " --verbose to see where it happened."
        )
        _report_error(words, fault)
        if verbose:
            _print_traceback()
        else:
            print_line(str(fault), "Error: ")
        return fault.exit_code
