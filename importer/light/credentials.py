"""Credentials: the keys, the base URL and the hosts that may see the keys."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from importer.core.errors import KeyMissing, UsageProblem
from importer.light.secret_filter import hide

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

DEFAULT_BASE_URL = "https://api.light.inc"
_AS = f"Write it as {DEFAULT_BASE_URL}"
KEY_VARIABLE = "LIGHT_API_KEY"
KEYS_VARIABLE = "LIGHT_API_KEYS"
TOKEN_VARIABLE = "LIGHT_ACCESS_TOKEN"

_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?")

_NO_KEY = f"""\
There is no key for Light. Create one in Light under Settings > API keys, or ask the person who \
administers Light, and set it in this terminal:
  macOS, Linux (bash, zsh):  export {KEY_VARIABLE}='your key'
  Windows (PowerShell):      $env:{KEY_VARIABLE} = 'your key'
Or log in with: light-import auth login
To try the import without a key, add --sandbox."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key or token. Its repr never shows the secret; ``name`` is what messages call it."""

    scheme: str  # Basic (an API key as it is, not base64) or Bearer (an OAuth access token)
    secret: str = field(repr=False)
    name: str = "the key"
    marked: str = ""  # the mark, where it must outlast the secret

    @property
    def header(self) -> bytes:
        """The value of the ``Authorization`` header."""
        return f"{self.scheme} {self.secret}".encode("latin-1")

    @property
    def mark(self) -> str:
        """What stands for the key in files; the key cannot be found out from it."""
        return (
            self.marked or hashlib.sha256(f"light-import {self.secret}".encode()).hexdigest()[:16]
        )


class RenewableLogin(Protocol):
    """A login whose key changes while it is used; see ``TokenRefresher``."""

    @property
    def longest(self) -> float: ...

    @property
    def secrets(self) -> frozenset[str]: ...

    async def key(self) -> Key: ...

    async def refused(self, key: Key) -> bool: ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """The keys of one company, one or more; or the key of a login as it was at the start."""

    keys: tuple[Key, ...]
    login: RenewableLogin | None = None

    async def key(self, place: int) -> Key:
        """The key to use now, for the one at ``place``. Raises as ``TokenRefresher.key``."""
        return self.keys[place] if self.login is None else await self.login.key()

    @property
    def longest(self) -> float:
        """Seconds that ``key`` can possibly take."""
        return 0.0 if self.login is None else self.login.longest

    def hide(self, text: str) -> str:
        """``text`` without the secrets, should a server have repeated one; see ``hide``."""
        secrets = {key.secret for key in self.keys}
        if self.login is not None:
            secrets |= self.login.secrets
        return hide(text, secrets)


def credentials(env: Mapping[str, str]) -> Credentials:
    """The key, the keys or the token of the environment; a key given twice counts once.

    Raises UsageProblem where more than one variable is set, none is, or a key cannot be sent in a
    header; the message never repeats a key.
    """
    variables = (KEY_VARIABLE, KEYS_VARIABLE, TOKEN_VARIABLE)
    variables_set = {
        name: text for name in variables if (text := env.get(name, "").strip()).strip(", ")
    }
    if not variables_set:
        raise KeyMissing(_NO_KEY)
    variable, *others = variables_set
    if others:
        raise UsageProblem(
            f"Both {variable} and {others[0]} are set. Remove one of them, so that it is "
            "certain in whose name the bills are created."
        )
    if variable == KEYS_VARIABLE:
        return Credentials(_several(variables_set[variable]))
    scheme = "Bearer" if variable == TOKEN_VARIABLE else "Basic"
    return Credentials((Key(scheme, _clean(variables_set[variable], scheme, variable)),))


def _several(text: str) -> tuple[Key, ...]:
    """The keys between the commas, named by their place as the person counts them."""
    written = [word for part in text.split(",") if (word := part.strip())]
    keys: dict[str, Key] = {}
    for number, word in enumerate(written, 1):
        name = f"the {_ordinal(number)} key of {KEYS_VARIABLE}"
        secret = _clean(word, "Basic", name[0].upper() + name[1:])
        keys.setdefault(secret, Key("Basic", secret, name))
    if len(keys) == 1:
        return tuple(Key("Basic", secret) for secret in keys)
    return tuple(keys.values())


def _ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st …"""
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return str(number) + {1: "st", 2: "nd", 3: "rd"}.get(last, "th")


def _clean(secret: str, scheme: str, what: str) -> str:
    # People copy the whole header value from an example request.
    if secret.lower().startswith(scheme.lower() + " "):
        secret = secret[len(scheme) :].strip()
    if not secret or any(ord(c) <= 0x20 or 0x7F <= ord(c) <= 0xA0 or ord(c) > 0xFF for c in secret):
        raise UsageProblem(
            f"{what} has characters that a key cannot have (a space, a line break or a letter "
            "from another script). Copy the key again and set the variable anew."
        )
    return secret


def check_base_url(url: str) -> str:
    """``url`` without its trailing slash, scheme and host in lower case.

    Raises UsageProblem for anything but https (http to this very computer is fine), and for URLs
    with a user name, password, query or fragment, or without a host.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UsageProblem(f"The base URL cannot be read as a web address. {_AS}") from None
    if "@" in url:  # first of all, since every other message repeats the URL
        raise UsageProblem(
            "The base URL must not have a user name or password in it. "
            f"The key belongs in {KEY_VARIABLE}."
        )
    if not url or any(ord(c) <= 0x20 or ord(c) == 0x7F for c in url):
        raise UsageProblem(f"The base URL is empty or has a space in it. {_AS}")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageProblem(f"The base URL {url!r} is not a web address. {_AS}")
    if not _is_host(host):
        raise UsageProblem(f"The base URL {url!r} has no usable host name. {_AS}")
    if "?" in url or "#" in url:
        raise UsageProblem(f"The base URL {url!r} must end with the host name or a path.")
    if parts.scheme == "http" and not is_loopback(host):
        raise UsageProblem(
            f"The base URL {url!r} is not encrypted, so everybody on the way could read the key. "
            "Use https:// (http:// is accepted only for a server on this computer)."
        )
    return f"{parts.scheme}://{_netloc(host, port)}{parts.path.rstrip('/')}"


def is_of_light(url: str) -> bool:
    """Whether it is an address of Light itself, or of this computer."""
    host = urlsplit(check_base_url(url)).hostname or ""
    return is_loopback(host) or host == "light.inc" or host.endswith(".light.inc")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this very computer: 127.0.0.0/8, ::1 or ``localhost``."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            ip_address(host)
        except ValueError:
            return False
        return "%" not in host
    return len(host) <= 253 and ".." not in host and _HOST.fullmatch(host) is not None


def _netloc(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port is None else f"{name}:{port}"


def follow(base_url: str, current_url: str, location: str) -> str | None:
    """Where a redirect leads, or None where the key must not be sent there.

    The key goes to https hosts of the same registrable domain only, as all of light.inc is where
    the base URL is there. From this computer it goes to this computer only, and from https to
    https. Never to another port.
    """
    # The address is put together anew from checked parts: what was checked is what is opened,
    # even where another parser would read the original text differently.
    try:
        parts = urlsplit(urljoin(current_url, location.strip()))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    base = urlsplit(base_url)
    base_host = base.hostname or ""
    if "@" in parts.netloc or not _is_host(host):
        return None
    if is_loopback(base_host):
        allowed = is_loopback(host)
    else:
        allowed = _same_domain(base_host.rstrip("."), host.rstrip("."))
    if parts.scheme != "https" and parts.scheme != base.scheme:
        return None
    # Another port is another program, perhaps of another user.
    if not allowed or _port(parts.scheme, port) != _port(base.scheme, base.port):
        return None
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{_netloc(host, port)}{parts.path or '/'}{query}"


def _port(scheme: str, port: int | None) -> int:
    return {"http": 80, "https": 443}.get(scheme, 0) if port is None else port


def _same_domain(base: str, host: str) -> bool:
    """Whether both belong to the same owner, by the list of public suffixes.

    Under a suffix that strangers share (co.uk, github.io), and for addresses and names that the
    list does not know, only the very same host does.
    """
    if host == base:
        return True
    domain = _suffixes().privatesuffix(base)
    return domain is not None and bool(domain == _suffixes().privatesuffix(host))


@cache
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    # The list comes with the package; nothing is fetched.
    return PublicSuffixList(accept_unknown=False)
