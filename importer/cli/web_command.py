"""``light-import web``: the page in the browser."""

from __future__ import annotations

import contextlib
import threading
import webbrowser
from typing import Any

import click
from click.core import ParameterSource

from importer.cli import options as shared


def _open(address: str) -> None:
    """In a thread: a browser in the terminal would not come back."""
    with contextlib.suppress(webbrowser.Error, OSError):
        webbrowser.open(address)


@click.command(short_help="Correct and load bills on a page in the browser.")
@click.option("--port", type=shared.PORTS, default=0, help="The port.  [default: a free one]")
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.option("--sandbox", is_flag=True, help="Load into a local server; needs no key.")
@shared.base_url_option
@click.option("--company", metavar="NAME", help="Use this profile in light-import.toml.")
@shared.place_option
@shared.pace_options
@shared.settle_option
@shared.confirm_above_option
@click.option(
    "--four-eyes",
    is_flag=True,
    help="Who loads is not who checked: somebody releases the files for loading, and somebody else"
    " loads them. Needs a team's journal.",
)
@click.option(
    "--listen",
    metavar="ADDRESS",
    help="Listen on this address of the computer too, not on loopback alone: behind a reverse proxy"
    " that encrypts, lets people log in and names them in --user-header.",
)
@click.option(
    "--user-header",
    metavar="NAME",
    help="With --listen: the header in which the reverse proxy names the person.",
)
@click.option(
    "--origin",
    metavar="URL",
    help="With --listen: the address that people open, as https://bills.example.com.",
)
def web(**options: Any) -> int:
    """Drop files on a page, correct cells, pick names, load, and see what tied out.

    It listens on this computer alone. The address that it prints, and opens, has a token that
    works once. What you drop, correct and load is on this computer, and is still there when the
    browser or this command has ended. Ctrl-C stops it.

    \b
    Examples:
      light-import web --sandbox
      light-import web --company kestrel --port 8080
    """
    from importer.app.local_sandbox import sandbox_for_page
    from importer.app.page_settings import PageSettings
    from importer.core.errors import UsageProblem
    from importer.web.page_server import LOOPBACK, Listening, serve_page

    listen, header, origin = (options.pop(name) for name in ("listen", "user_header", "origin"))
    if listen and not (header and origin):
        raise UsageProblem(
            "--listen needs a reverse proxy that lets people log in: name the header in which it"
            " says who they are with --user-header, and the address they open with --origin."
        )
    if not listen and (header or origin):
        raise UsageProblem("--user-header and --origin are for --listen.")
    if origin and not origin.startswith("https://"):
        raise UsageProblem("--origin has to be an https:// address: the page shows bills.")
    port, quiet, sandbox = (options.pop(name) for name in ("port", "no_browser", "sandbox"))
    profile, source_of = options.pop("company"), click.get_current_context().get_parameter_source
    unstated = (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)  # light-import.toml
    given = {name: value for name, value in options.items() if source_of(name) not in unstated}

    def ready(address: str) -> None:
        click.echo(address)
        click.echo("The page is at this address. Ctrl-C stops it.", err=True)
        if listen:
            click.echo(f"Everybody whom the reverse proxy names in {header} is let in.", err=True)
        if not quiet:
            threading.Thread(target=_open, args=(address,), daemon=True).start()

    with contextlib.ExitStack() as stack:
        if sandbox:
            given["base_url"] = stack.enter_context(sandbox_for_page())
            given |= {"requests_per_minute": 6_000, "journal": None, "four_eyes": False}
        settings = PageSettings(given, profile, sandbox)
        serve_page(settings, Listening(port, listen or LOOPBACK, origin or "", header or ""), ready)
    return 0
