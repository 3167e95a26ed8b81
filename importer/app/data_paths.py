"""Paths in the user's data folder; nothing is stored in the current folder."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from pathlib import Path
from urllib.parse import urlsplit


def data_folder() -> Path:
    """The user's data folder; ``LIGHT_IMPORT_HOME`` takes another."""
    if home := os.environ.get("LIGHT_IMPORT_HOME"):
        return Path(home).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("light-import", appauthor=False)


def _slug(base_url: str) -> str:
    parts = urlsplit(base_url)
    return re.sub(r"[^A-Za-z0-9.-]+", "_", parts.netloc + parts.path).strip("_")


def journal_path(base_url: str, company_id: str) -> Path:
    """The journal of one company of one Light."""
    company = re.sub(r"[^A-Za-z0-9-]+", "_", company_id)
    return data_folder() / "journals" / f"{_slug(base_url)}-{company}.sqlite"


def journal_paths(base_url: str) -> list[Path]:
    """The journals of all companies of one Light, on this machine."""
    folder = data_folder() / "journals"
    return sorted(folder.glob(f"{glob.escape(_slug(base_url))}-*.sqlite"))


def reference_path(base_url: str, company_id: str) -> Path:
    """The copy of what one company of one Light lists."""
    company = re.sub(r"[^A-Za-z0-9-]+", "_", company_id)
    return data_folder() / "reference" / f"{_slug(base_url)}-{company}.json"


def reference_paths() -> list[Path]:
    """All such copies on this machine."""
    return sorted((data_folder() / "reference").glob("*.json"))


def pace_path(base_url: str) -> Path:
    """The file in which all processes that talk to one Light keep their pace."""
    mark = hashlib.sha256(base_url.encode()).hexdigest()[:12]
    return data_folder() / "pace" / f"{_slug(base_url)}-{mark}.sqlite"


def login_path(base_url: str) -> Path:
    """The file that says who is logged in to one Light."""
    mark = hashlib.sha256(base_url.encode()).hexdigest()[:12]
    return data_folder() / "logins" / f"{_slug(base_url)}-{mark}.json"


def login_paths() -> list[Path]:
    """All such files on this machine."""
    return sorted((data_folder() / "logins").glob("*.json"))


def keyring_account(base_url: str) -> str:
    """What the keyring calls the login; another data folder has logins of its own."""
    home = os.environ.get("LIGHT_IMPORT_HOME")
    return f"{base_url} ({data_folder()})" if home else base_url


def run_folder(run: str) -> Path:
    """The folder with the copies of a run's files, from which its report is made again."""
    return data_folder() / "runs" / run
