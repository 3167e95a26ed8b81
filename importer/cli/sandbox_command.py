"""``light-import sandbox``: the local server by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from importer.cli.options import PORTS, F


class _Seconds(click.ParamType[float]):
    """``0.3``, ``0.3s`` or ``300ms``. With ``short``, a bare 10 or more is milliseconds."""

    name = "seconds"

    def __init__(self, *, short: bool = False) -> None:
        self.short = short

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        text = str(value).strip().lower()
        number, factor = (text[:-2], 0.001) if text.endswith("ms") else (text.removesuffix("s"), 1)
        try:
            seconds = float(number) * factor
        except ValueError:
            seconds = -1.0
        if self.short and number == text and seconds >= 10:
            seconds /= 1000
        if not 0 <= seconds <= 600:
            self.fail(
                f"'{value}' is not a time of 0 to 600 seconds; write 0.3 or 300ms", param, ctx
            )
        return seconds


class _WithFaults(click.Command):
    """The help ends with the table of faults."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from importer.app.local_sandbox import fault_kinds, fault_targets

        failures, lies = fault_kinds(lies=False), fault_kinds(lies=True)
        rare = ", ".join(name for name, _, common in failures if not common)
        with formatter.section("Faults"):
            table = [(name, effect) for name, effect, _ in failures]
            formatter.write_dl([*table, ("all", f"Each of these at that rate, but for {rare}.")])
        with formatter.section("Lies, which are well-formed answers that are not true"):
            table = [(name, effect) for name, effect, _ in lies]
            formatter.write_dl([*table, ("lies", "Each of these that the request may get.")])
        with formatter.section("Requests"):
            formatter.write_text(
                f"Before the fault may stand the requests it is for: {fault_targets()}."
                " Without, --fault means post and a script means bill. For get and list, drop, 500,"
                " 502-html, 503 and late will do."
            )


_COUNT = click.IntRange(min=1)
_WINDOWS = click.Choice(["sliding", "fixed", "bucket"])


def _value(flag: str, kind: Any, default: Any, text: str) -> Callable[[F], F]:
    return click.option(flag, type=kind, default=default, show_default=True, help=text)


@click.command(cls=_WithFaults, short_help="Run a local server that behaves like Light.")
@_value("--port", PORTS, 8765, "Where it listens on this computer; 0 takes any port that is free.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    default=["sandbox"],
    show_default=True,
    help="The key it accepts. May be given again: another key of the company, with"
    " its own limit per minute.",
)
@click.option("--foreign-key", help="A key of another company, which can do nothing here.")
@click.option("--database", type=click.Path(), help="Keep the bills in this file.")
@click.option(
    "--reference",
    type=click.Path(),
    help="A folder with another company's vendors etc.; bank_accounts.csv and"
    " purchase_orders.csv may be left out.",
)
@_value(
    "--requests-per-minute", _COUNT, 300, "How many requests it takes in a minute, of each key."
)
@_value(
    "--requests-per-day", _COUNT, 100_000, "How many requests it takes in a UTC day, of all keys."
)
@_value(
    "--token-seconds", click.FloatRange(min=1), 3600.0, "How long an access token of a login lasts."
)
@_value("--window", _WINDOWS, "sliding", "How the minute is counted.")
@click.option(
    "--latency", type=_Seconds(short=True), default=0.0, help="Added to each answer: 0.3 or 300ms."
)
@click.option("--list-lag", type=_Seconds(), default=0.0, help="Until a new bill is in the list.")
@click.option(
    "--duplicate-state",
    is_flag=True,
    help="A bill whose vendor and number already exist becomes DUPLICATED.",
)
@click.option(
    "--no-ledger", is_flag=True, help="Its keys may not read the lines of the ledger (403)."
)
@click.option(
    "--approver",
    "approvers",
    multiple=True,
    metavar="NAME",
    help="Somebody who has to approve each bill after the user of the key. May be given again.",
)
@click.option(
    "--requests-today",
    type=click.IntRange(min=0),
    default=0,
    help="So many of the day's requests are spent already.",
)
@click.option(
    "--clock-offset",
    type=float,
    default=0.0,
    metavar="SECONDS",
    help="Its clock is so far ahead of ours; -600 is ten minutes behind.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="[REQUESTS:]FAULT:RATE",
    help="As drop-after:0.05, for one POST in twenty. May be given again.",
)
@click.option(
    "--fault-script",
    type=click.Path(),
    metavar="FILE",
    help="Lines as '3 drop-after' (at the third bill sent), '5-9 503-before', '20- 429', "
    "'list:2 500'.",
)
@_value("--fault-seed", int, 0, "Another number, other requests with faults.")
@_value(
    "--late", _Seconds(), 35.0, "How long late answers take; longer than the client's time-out."
)
def sandbox(**options: Any) -> int:
    """Run a local server that behaves like Light, for trying things out.

    It holds a small invented company. Open its address in a browser to see its bills. It stops
    with Ctrl-C.

    \b
    Example, in two terminals:
      light-import sandbox --port 8765
      export LIGHT_BASE_URL=http://127.0.0.1:8765 LIGHT_API_KEY=sandbox
      light-import load bills.xlsx
    With trouble on the way:
      light-import sandbox --fault drop-after:0.05 --list-lag 3
      light-import sandbox --fault get:503:0.1
    To log in to it (client id: sandbox, client secret: sandbox-secret):
      light-import auth login --base-url http://127.0.0.1:8765 --client-id sandbox
    """
    from importer.app.local_sandbox import serve_sandbox

    def ready(base_url: str, keys: tuple[str, ...]) -> None:
        variable = "LIGHT_API_KEYS" if len(keys) > 1 else "LIGHT_API_KEY"
        click.echo(f"The sandbox listens on {base_url} (Ctrl-C stops it). To load into it:")
        click.echo(f"  export LIGHT_BASE_URL={base_url} {variable}={','.join(keys)}")

    serve_sandbox(ready, **options)
    return 0
