"""Defaults of options from ``light-import.toml``: of the current folder, else of the user.

The file has options by their long names, and profiles of companies, which ``--company NAME`` takes:

    template = "xero-bills"
    lookups = "lookups"

    [company.kestrel]
    name = "Kestrel Trading Ltd"
    requests-per-minute = 200

Paths are relative to the file. A key of Light never stands in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.core.errors import UsageProblem
from importer.core.nearest_name import did_you_mean
from importer.core.safe_text import visible

FILE = "light-import.toml"
_NUMBER = (int, float)
OPTIONS: Mapping[str, type | tuple[type, ...]] = {
    "template": str,
    "encoding": str,
    "amounts": str,
    "lookups": str,
    "save-lookups": str,
    "documents": str,
    "largest-document": _NUMBER,
    "then": str,
    "incomplete-drafts": bool,
    "base-url": str,
    "journal": str,
    "only-valid": bool,
    "verify": bool,
    "settle": _NUMBER,
    "line-mode": str,
    "requests-per-minute": int,
    "requests-per-day": int,
    "timeout": _NUMBER,
    "wait": bool,
    "max-problems": int,
    "confirm-above": _NUMBER,
    "four-eyes": bool,
}
_FOLDERS = ("lookups", "save-lookups", "documents")
_SECRET = ("key", "token", "secret", "password")


@dataclass(frozen=True)
class Defaults:
    """``options`` as the command line names its parameters: ``base_url``. ``company`` is the name
    or id of the company that is expected."""

    options: Mapping[str, Any]
    company: str | None = None


def read_defaults(company: str | None) -> Defaults:
    """The defaults for a company's profile, or without one; ``company`` itself where no profile is
    called so. UsageProblem where the file cannot be used."""
    path = _path()
    if path is None:
        return Defaults({}, company)
    document = _parse(path)
    profiles = document.pop("company", {})
    if not isinstance(profiles, dict) or not all(isinstance(p, dict) for p in profiles.values()):
        raise UsageProblem(f"{visible(str(path))}: write a profile as [company.NAME]")
    options = _checked(document, path, "")
    for name, profile in profiles.items():
        of_company = _checked(profile, path, f"[company.{name}] ", ["name", *OPTIONS])
        if name == company:
            expected = of_company.pop("name", None)
            return Defaults({**options, **of_company}, expected)
    return Defaults(options, company)


def profile_names() -> list[str]:
    """The companies that light-import.toml has profiles of."""
    path = _path()
    profiles = _parse(path).get("company", {}) if path else {}
    return sorted(profiles) if isinstance(profiles, dict) else []


def four_eyes_companies() -> set[str]:
    """The companies, by name or id, whose profiles demand that another person has checked."""
    path = _path()
    profiles = _parse(path).get("company", {}) if path else {}
    of_profiles = profiles.items() if isinstance(profiles, dict) else ()
    return {
        str(profile.get("name", name))
        for name, profile in of_profiles
        if isinstance(profile, dict) and profile.get("four-eyes") is True
    }


def _path() -> Path | None:
    """The file of the current folder, else of the user's folder of settings."""
    of_folder = Path(FILE).absolute()
    if of_folder.is_file():
        return of_folder
    path = user_file()
    return path if path.is_file() else None


def user_file() -> Path:
    """The user's file, whether it exists or not; ``LIGHT_IMPORT_HOME`` takes another folder."""
    if home := os.environ.get("LIGHT_IMPORT_HOME"):
        return Path(home).expanduser().absolute() / FILE
    import platformdirs

    return platformdirs.user_config_path("light-import", appauthor=False) / FILE


def _parse(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageProblem(f"{visible(str(path))} cannot be read as TOML: {error}") from None


def _checked(
    options: Mapping[str, Any], path: Path, place: str, permitted: Sequence[str] = (*OPTIONS,)
) -> dict[str, Any]:
    """The options under the names of their parameters, with absolute paths."""
    file = visible(str(path))
    checked = {}
    for name, value in options.items():
        if name not in permitted:
            if any(word in name.lower() for word in _SECRET):
                remedy = "this file must not hold a key; set LIGHT_API_KEY instead"
            else:
                like = did_you_mean(name, permitted)
                remedy = like.removeprefix("; ") or f"the options are {', '.join(permitted)}"
            raise UsageProblem(f"{file}: {place}{visible(name)}: no such option; {remedy}")
        kind = OPTIONS.get(name, str)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            words = {str: 'a text in "quotes"', bool: "true or false"}
            what = words.get(kind, "a number") if isinstance(kind, type) else "a number"
            raise UsageProblem(f"{file}: {place}{name} = {visible(str(value))}: write {what}")
        checked[name.replace("-", "_")] = _placed(name, value, path)
    _check_address(checked.get("base_url"), path, place)
    _check_journal(checked.get("journal"), path, place)
    return checked


def _placed(name: str, value: Any, path: Path) -> Any:
    """A path as seen from the file; a template may be the name of one, a journal an address."""
    if (name in _FOLDERS and not value.startswith("team:")) or (
        name == "journal" and "://" not in value
    ):
        return str(path.parent / value)
    if name == "template" and (path.parent / value).is_file():
        return str(path.parent / value)
    return value


def _check_address(base_url: str | None, path: Path, place: str) -> None:
    """Whoever hands over a folder must not choose where the key goes."""
    if base_url is None or path == user_file():
        return
    from importer.light.credentials import is_of_light

    if not is_of_light(base_url):
        raise UsageProblem(
            f"{visible(str(path))}: {place}base-url = {visible(base_url)} is not Light's address,"
            f" and your key would be sent there. Give it with --base-url, or in {user_file()}."
        )


def _check_journal(journal: str | None, path: Path, place: str) -> None:
    """Nor where the files of a load go, or who says what was loaded."""
    if journal is not None and "://" in journal and path != user_file():
        raise UsageProblem(
            f"{visible(str(path))}: {place}journal = {visible(journal)}: a database gets the files"
            f" of your loads. Name it in {user_file()}, in LIGHT_IMPORT_JOURNAL or with --journal."
        )
