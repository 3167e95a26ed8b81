"""Token store: a login's tokens in the system's keyring, or in a private file.

The file of a login always exists; with a keyring it has all but the secrets, so that nobody who
has no login is asked to unlock a keyring. Whoever changes a login holds its lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from importer.core.atomic_write import private_file
from importer.core.errors import AccessRefused, StoppedEarly, UsageProblem
from importer.core.private_files import private_folder, private_lock

SERVICE = "light-import"  # what the entries are called in a keyring
LOG_IN_AGAIN = "Log in again: light-import auth login"
LONGEST_ENTRY = 1_200  # characters; Windows takes 2,560 bytes, two for a character
LARGEST_FILE = 200_000  # bytes
LOCK_SECONDS = 60.0
LONGEST_TOKEN = 16_000  # characters; servers take no longer headers

Kind = Literal["keyring", "file"]


class StoreProblem(StoppedEarly):
    """The login cannot be saved or read there."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The secrets of a login. ``expires_at`` is unix seconds, ``lifetime`` seconds; None: unknown.

    No secret is in the repr.
    """

    access: str = field(repr=False)
    refresh: str | None = field(repr=False, default=None)
    expires_at: float | None = None
    lifetime: float | None = None
    client_secret: str = field(repr=False, default="")

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(text for text in (self.access, self.refresh, self.client_secret) if text)


@dataclass(frozen=True, slots=True)
class Login:
    """Who is logged in where. ``since`` is unix seconds; ``id`` is unique to a login."""

    base_url: str
    client_id: str
    id: str
    since: float
    store: Kind
    company: str = ""
    company_id: str = ""
    expires_at: float | None = None  # as it was when the file was written


@dataclass(frozen=True, slots=True)
class TokenStore:
    """Stores the login to one Light. ``account`` is the name of its entry in a keyring."""

    path: Path
    account: str

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One process at a time. Raises StoreProblem where it lasts or cannot be had."""
        import filelock

        path = self.path.with_suffix(".lock")
        try:
            self._make_folder()
            lock = private_lock(path)
            path.touch()  # a file lock would wait for a folder to become usable
            lock.acquire(timeout=LOCK_SECONDS)
        except filelock.Timeout:
            raise StoreProblem(
                f"Another light-import has been using {path} for a minute. End it and try again"
            ) from None
        except OSError as error:
            raise self._unusable(error) from None
        try:
            yield
        finally:
            lock.release()

    def login(self) -> Login | None:
        """Who is logged in; None where nobody is. Needs no keyring."""
        record = self._record()
        return None if record is None else _login(record, self.path)

    def read(self) -> tuple[Login, Tokens] | None:
        """The login with its secrets; None where nobody is logged in.

        Raises StoreProblem where they cannot be read, AccessRefused where they are gone.
        """
        record = self._record()
        if record is None:
            return None
        if _login(record, self.path).store == "keyring":
            text = _read_keyring(self.account)
            if text is None:
                raise AccessRefused(f"The login is no longer in the keyring. {LOG_IN_AGAIN}")
            record = _parsed(text, "The keyring's entry")
        return _login(record, self.path), _tokens(record, self.path)

    def write(self, login: Login, tokens: Tokens) -> None:
        """Store both durably. Raises StoreProblem; the old ones then stay."""
        login = replace(login, expires_at=tokens.expires_at)
        public = asdict(login)
        record = public | {"tokens": asdict(tokens)}
        if login.store == "keyring":
            _write_keyring(self.account, json.dumps(record))
            record = public
        self._replace(json.dumps(record, indent=1))

    def check_writable(self) -> None:
        """Raises StoreProblem where ``write`` could not keep a renewed login."""
        try:
            with private_file(self.path, b" " * (2 * LONGEST_TOKEN)):
                pass
        except OSError as error:
            raise self._unusable(error) from None

    def forget(self) -> bool:
        """Remove the login from the file and from the keyring; whether there was any.

        Raises StoreProblem where the keyring has it and does not let go of it.
        """
        record = self._record(lenient=True)
        try:
            removed = _remove_read_keyring(self.account)
        except StoreProblem:
            if record is not None and record.get("store") == "keyring":
                raise
            removed = False
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from None
        return removed or record is not None

    def _record(self, *, lenient: bool = False) -> dict[str, Any] | None:
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                others = os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077
                data = file.read(LARGEST_FILE + 1)
            record = _parsed(data.decode(), str(self.path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from None
        except (UnicodeDecodeError, StoreProblem):
            if lenient:
                return {}
            raise StoreProblem(
                f"{self.path}, where the login is saved, is damaged. {LOG_IN_AGAIN}"
            ) from None
        if others and "tokens" in record and not lenient:
            raise UsageProblem(
                f"Other people of this computer may read {self.path}, where the tokens of your "
                "login are, so they are not used. Withdraw the access in Light if somebody may "
                f"have seen them. {LOG_IN_AGAIN}"
            )
        return record

    def _replace(self, text: str) -> None:
        try:
            self._make_folder()
            with private_file(self.path, text.encode()) as temporary:
                os.replace(temporary, self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise self._unusable(error) from None

    def _make_folder(self) -> None:
        private_folder(self.path.parent)

    def _unusable(self, error: OSError) -> StoreProblem:
        return StoreProblem(
            f"{self.path}, where the login is saved, cannot be used ({error.strerror or error})."
            " Free some space or make the folder writable, and run the same command again."
        )


def _parsed(text: str, what: str) -> dict[str, Any]:
    try:
        record = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise StoreProblem(f"{what} is damaged. {LOG_IN_AGAIN}") from None
    return record


def _no_number(text: str) -> float:
    raise ValueError(text)  # NaN and Infinity are times at which nothing ends


def _login(record: dict[str, Any], path: Path) -> Login:
    names = ("base_url", "client_id", "id", "since", "store", "company", "company_id", "expires_at")
    try:
        login = Login(**{name: record[name] for name in names})
    except KeyError:
        raise StoreProblem(f"{path} is not complete. {LOG_IN_AGAIN}") from None
    texts = (login.base_url, login.client_id, login.id, login.company, login.company_id)
    if login.store not in ("keyring", "file") or not all(isinstance(text, str) for text in texts):
        raise StoreProblem(f"{path} is damaged. {LOG_IN_AGAIN}")
    return login


def _tokens(record: dict[str, Any], path: Path) -> Tokens:
    try:
        tokens = Tokens(**record["tokens"])
    except (KeyError, TypeError):
        raise StoreProblem(f"{path} has no tokens. {LOG_IN_AGAIN}") from None
    texts = (tokens.access, tokens.refresh or "", tokens.client_secret)
    moments = (tokens.expires_at, tokens.lifetime)
    if not all(isinstance(text, str) for text in texts) or not all(
        isinstance(moment, int | float | None) for moment in moments
    ):
        raise StoreProblem(f"{path} is damaged. {LOG_IN_AGAIN}")
    return tokens


# --- files ------------------------------------------------------------------------------------


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


# --- the keyring ------------------------------------------------------------------------------
# Long secrets go in parts, named by one of two series in turn; the entry that says which series
# counts is written last, so that a process killed before leaves the old parts in force.


def keyring_name() -> str | None:
    """The name of the system's keyring; None where none stores secrets."""
    try:
        ring = _keyring()
    except StoreProblem:
        return None
    return str(getattr(ring, "name", "the keyring"))


def check_keyring(account: str) -> None:
    """Raises StoreProblem unless an entry can be written, read and removed."""
    name = f"{account} (test)"
    with _keyring_problems():
        ring = _keyring()
        ring.set_password(SERVICE, name, "test")
        stored = ring.get_password(SERVICE, name)
        ring.delete_password(SERVICE, name)
    if stored != "test":
        raise StoreProblem("The keyring does not save what is written to it.")


def _keyring() -> Any:
    with _keyring_problems():
        import keyring

        ring = keyring.get_keyring()
        # Below 1 are stand-ins: none at all, or a file in plain text.
        if ring.priority < 1:
            raise StoreProblem("This computer has no keyring that could be used.")
        return ring


@contextlib.contextmanager
def _keyring_problems() -> Iterator[None]:
    """Whatever a keyring raises, as a StoreProblem. Its own words may have secrets in them."""
    try:
        yield
    except StoreProblem:
        raise
    except Exception as error:
        raise StoreProblem(
            f"The keyring of this computer cannot be used ({type(error).__name__}). Is it locked?"
        ) from None


def _read_keyring(account: str) -> str | None:
    with _keyring_problems():
        ring = _keyring()
        head = ring.get_password(SERVICE, account)
        names = _parts(account, head)
        if not names:
            return None if head is None else str(head)
        parts = [ring.get_password(SERVICE, name) for name in names]
        return None if None in parts else "".join(parts)


def _write_keyring(account: str, text: str) -> None:
    with _keyring_problems():
        ring = _keyring()
        before = ring.get_password(SERVICE, account)
        head, size = text, LONGEST_ENTRY
        if len(text) > size:
            series = "b" if _parts(account, before)[:1] == [f"{account} a0"] else "a"
            pieces = [text[i : i + size] for i in range(0, len(text), size)]
            for number, piece in enumerate(pieces):
                ring.set_password(SERVICE, f"{account} {series}{number}", piece)
            head = json.dumps({"series": series, "parts": len(pieces)})
        ring.set_password(SERVICE, account, head)
        for name in set(_parts(account, before)) - set(_parts(account, head)):
            _delete(ring, name)


def _remove_read_keyring(account: str) -> bool:
    """Remove all entries, also those that a killed process left; whether any existed."""
    with _keyring_problems():
        ring = _keyring()
        removed = _delete(ring, account)
        for series in "ab":
            number = 0
            while _delete(ring, f"{account} {series}{number}"):
                number, removed = number + 1, True
        return removed


def _delete(ring: Any, name: str) -> bool:
    if ring.get_password(SERVICE, name) is None:
        return False
    ring.delete_password(SERVICE, name)
    return True


def _parts(account: str, head: str | None) -> list[str]:
    """The names of the parts of an entry that has parts."""
    if head is None or not head.startswith('{"series"'):
        return []
    series = json.loads(head)
    return [f"{account} {series['series']}{number}" for number in range(series["parts"])]
