"""Connections to a team's PostgreSQL: encrypted outside this computer, and patient.

The password comes from where PostgreSQL's programs take it: ``PGPASSWORD``, ``.pgpass``, a service
file.
"""

from __future__ import annotations

import functools
import ipaddress
import os
import re
import time
from typing import TYPE_CHECKING, Any

from importer.core.errors import UsageProblem

if TYPE_CHECKING:
    import psycopg

PATIENCE = 30.0  # seconds in which a database that went away may come back
_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0  # seconds
_SETTINGS = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "application_name": "light-import",
}
# A process that hangs in the middle of a commit must not stop the others for ever.
_SESSION = """
    SET synchronous_commit = on;
    SET lock_timeout = '60s';
    SET idle_in_transaction_session_timeout = '120s';
    SET default_transaction_isolation = 'read committed'
"""
_PARAMETER = re.compile(r"(?<!:):(\w+)|\?")


@functools.lru_cache(maxsize=200)
def as_psycopg(statement: str) -> str:
    """A statement with ``:name`` or ``?`` in the way of psycopg."""
    return _PARAMETER.sub(lambda m: f"%({m[1]})s" if m[1] else "%s", statement)


def connect(dsn: str, *, patience: float = 0.0) -> psycopg.Connection[Any]:
    """A session; tried again for ``patience`` seconds. Raises psycopg.OperationalError."""
    psycopg = _driver()
    until = time.monotonic() + patience
    wait = _FIRST_WAIT
    while True:
        try:
            return _session(psycopg.connect(dsn, **_SETTINGS, **_encryption(dsn)))
        except psycopg.OperationalError as error:
            refused = (error.sqlstate or "").startswith(("28", "3D"))  # the role, the database
            if refused or time.monotonic() >= until:
                raise
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


def _session(connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    if not (connection.pgconn.ssl_in_use or _chosen_or_local(connection)):
        connection.close()
        raise UsageProblem(
            f"The connection to {connection.info.host} is not encrypted. Have the server use TLS,"
            " or add ?sslmode=disable to the address if nobody else can read the network."
        )
    connection.adapters.register_dumper(str, _text_dumper())
    connection.autocommit = True
    connection.execute(_SESSION)
    return connection


def one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def database_words(dsn: str) -> str:
    """Where a database is, for people: never its password. UsageProblem where it is no address."""
    parts = _parts(dsn)
    if "service" in parts:
        return f"postgresql://?service={parts['service']}"
    host = str(parts.get("host") or parts.get("hostaddr") or os.environ.get("PGHOST") or "")
    port = f":{parts['port']}" if "port" in parts else ""
    folder = host.startswith("/")  # of a socket
    at = "" if folder else host
    return f"postgresql://{at}{port}/{parts.get('dbname', '')}" + (f"?host={host}" * folder)


def has_password(dsn: str) -> bool:
    return "password" in _parts(dsn)


def _parts(dsn: str) -> dict[str, Any]:
    psycopg = _driver()
    from psycopg import conninfo

    try:
        return conninfo.conninfo_to_dict(dsn)
    except psycopg.Error:  # its text may have the password
        raise UsageProblem(
            "The address of the journal cannot be read. Write it as"
            " postgresql://USER@HOST:PORT/DATABASE, and special characters as %XX."
        ) from None


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise UsageProblem(
            "A journal in PostgreSQL needs psycopg, which is not installed or has no libpq"
            f" ({error}). Install it with: pip install 'light-import[team]'"
        ) from None
    return psycopg


def _encryption(dsn: str) -> dict[str, str]:
    """TLS, unless the person chose otherwise or the database is on this computer."""
    parts = _parts(dsn)
    chosen = "sslmode" in parts or "PGSSLMODE" in os.environ
    if chosen or "service" in parts or "PGSERVICE" in os.environ or _is_local(parts):
        return {}
    return {"sslmode": "require"}


def _chosen_or_local(connection: psycopg.Connection[Any]) -> bool:
    """Also what a service file chose."""
    parts = connection.info.get_parameters()
    return "sslmode" in parts or "PGSSLMODE" in os.environ or _is_local(parts)


def _is_local(parts: dict[str, Any]) -> bool:
    hosts = parts.get("hostaddr") or parts.get("host") or os.environ.get("PGHOST") or ""
    return all(_is_loopback(host) for host in str(hosts).split(","))


def _is_loopback(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _text_dumper() -> type[Any]:
    from psycopg.types.string import StrDumperUnknown

    class TextDumper(StrDumperUnknown):
        """PostgreSQL takes no NUL in a text, which an answer of Light may have."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    return TextDumper
