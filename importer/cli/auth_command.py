"""``light-import auth``: log in to Light, see who is logged in, log out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from importer.cli.screen import tell

if TYPE_CHECKING:
    from importer.app.login import LoginOptions

PORT = 8766  # the same each time: Light has to be told the address

_base_url = click.option(
    "--base-url",
    metavar="URL",
    envvar="LIGHT_BASE_URL",
    help="Where Light is.  [env: LIGHT_BASE_URL; default: https://api.light.inc]",
)


@click.group(short_help="Log in to Light, see who is logged in, log out.")
def auth() -> None:
    """Log in to Light in the browser, instead of setting a key.

    \b
    Example:
      light-import auth login
    """


@auth.command(short_help="Log in in the browser.")
@_base_url
@click.option(
    "--client-id",
    metavar="ID",
    envvar="LIGHT_CLIENT_ID",
    help="What Light calls your light-import; from Light's support.  [env: LIGHT_CLIENT_ID]",
)
@click.option(
    "--store",
    type=click.Choice(["keyring", "file"]),
    help="Where the login is kept: the system's keyring, or a file that only you may read."
    "  [default: keyring; where there is none you are asked]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port of this computer to which Light sends the browser; 0 for a free one.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address to open.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=300.0,
    show_default=True,
    help="Seconds to wait for you.",
)
def login(**options: Any) -> int:
    """Log in to Light in the browser and keep the login for the other commands.

    Light's support gives you a client id and a client secret; tell them the address
    http://127.0.0.1:8766/callback (or that with your --port). The secret comes from
    LIGHT_CLIENT_SECRET, or is asked for; it is never an option. The login is renewed by itself.

    On a computer without a browser, as over ssh, open the address on your own computer; at the end
    the browser shows an address that cannot be opened: paste it in the terminal.

    \b
    Examples:
      light-import auth login --client-id 4711
      light-import auth login --client-id 4711 --no-browser --store file
    """
    from importer.app.login import LoginOptions, log_in

    wishes: LoginOptions = LoginOptions(**options)
    return log_in(wishes)


@auth.command(short_help="Who is logged in, until when, and which key is used.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON on stdout.")
def status(as_json: bool) -> int:
    """Say who is logged in where, how long, and which key commands use. Never shows a secret.

    Nothing is asked of Light. The exit code is 2 where there is neither a key nor a login.

    \b
    Example:
      light-import auth status
    """
    import json
    from datetime import UTC, datetime

    from importer.app.data_paths import login_paths
    from importer.app.keys import key_variable, token_store_for
    from importer.core.errors import ImporterError
    from importer.core.safe_text import visible
    from importer.light.auth.token_store import Login, TokenStore

    def moment(seconds: float | None) -> str | None:
        if seconds is None:
            return None
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

    found: list[tuple[Login, str | None]] = []
    damaged: list[str] = []
    for path in login_paths():
        try:
            kept = TokenStore(path, "").login()
            if kept is None:
                continue
            fault = None
            try:
                with_secrets = token_store_for(kept.base_url).read()
                kept = with_secrets[0] if with_secrets else kept
            except ImporterError as error:
                fault = str(error)
            found.append((kept, fault))
        except ImporterError as error:
            damaged.append(str(error))
    variable = key_variable()
    code = 0 if variable or any(fault is None for _, fault in found) else 2
    if as_json:
        told = {
            "command": "auth status",
            "variable": variable,
            "logins": [
                {
                    "base_url": each.base_url,
                    "company": each.company or None,
                    "company_id": each.company_id or None,
                    "client_id": each.client_id,
                    "store": each.store,
                    "since": moment(each.since),
                    "expires_at": moment(each.expires_at),
                    "problem": fault,
                }
                for each, fault in found
            ],
            "problems": damaged,
            "exit_code": code,
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return code
    if variable:
        click.echo(f"{variable} is set, so it is used" + (", not the login." if found else "."))
    for each, fault in found:
        kept_in = (
            "the keyring" if each.store == "keyring" else str(token_store_for(each.base_url).path)
        )
        until = moment(each.expires_at)
        lines = [
            f"{each.company or 'A company whose name is not known yet'} ({each.base_url})",
            f"  logged in since  {moment(each.since)}",
            f"  client id        {each.client_id}",
            f"  kept in          {kept_in}",
            f"  token until      {until or 'not told'}; it is renewed by itself",
            *([f"  problem          {fault}"] if fault else []),
        ]
        click.echo("\n".join(visible(line) for line in lines))
    for text in damaged:
        tell(visible(text))
    if not variable and not found:
        click.echo("Nobody is logged in. To log in: light-import auth login", err=True)
    return code


@auth.command(short_help="Forget the login.")
@_base_url
@click.option("--all", "every", is_flag=True, help="Forget all logins, to whatever Light.")
def logout(base_url: str | None, every: bool) -> int:
    """Forget the login: its tokens are removed from the keyring and from this computer's files.

    Light is not told. To withdraw the access itself, do so in Light's settings.

    \b
    Examples:
      light-import auth logout
      light-import auth logout --all
    """
    from importer.app.data_paths import login_paths
    from importer.app.keys import key_variable, token_store_for
    from importer.core.errors import ImporterError
    from importer.light import DEFAULT_BASE_URL, check_base_url
    from importer.light.auth.token_store import TokenStore

    places = {}
    if every:
        for path in login_paths():
            try:
                kept = TokenStore(path, "").login()
            except ImporterError:
                kept = None
            places[path] = token_store_for(kept.base_url) if kept else TokenStore(path, "")
    else:
        address = check_base_url(base_url or DEFAULT_BASE_URL)
        places[token_store_for(address).path] = token_store_for(address)
    any_gone = False
    for place in places.values():
        kept_there = place.path.exists()
        with place.locked():
            gone = place.forget()
        any_gone = any_gone or gone
        if gone or kept_there:
            click.echo(f"Logged out; {place.path.name.removesuffix('.json')} is forgotten.")
    if not any_gone:
        click.echo("Nobody was logged in.")
    variable = key_variable()
    if variable:
        click.echo(f"{variable} is still set in this terminal, and is used.", err=True)
    return 0
