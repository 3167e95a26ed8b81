"""The client for Light's API; the only place that talks HTTP to Light.

``LightClient`` and ``Pacer`` are loaded when they are first used: httpx and asyncio take a tenth
of a second to import, and ``--help`` needs neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.light.auth import DEFAULT_BASE_URL, Credentials, Key, check_base_url, credentials
from importer.light.problems import LightRefused, PaceProblem, WireProblem
from importer.light.wire import (
    account_from_json,
    bill_from_json,
    bill_to_json,
    company_from_json,
    entity_from_json,
    errors_from_json,
    line_from_json,
    line_to_json,
    property_group_from_json,
    vendor_from_json,
)

if TYPE_CHECKING:
    from importer.light.client import LightClient
    from importer.light.pacing import Pacer

__all__ = [
    "DEFAULT_BASE_URL",
    "Credentials",
    "Key",
    "LightClient",
    "LightRefused",
    "PaceProblem",
    "Pacer",
    "WireProblem",
    "account_from_json",
    "bill_from_json",
    "bill_to_json",
    "check_base_url",
    "company_from_json",
    "credentials",
    "entity_from_json",
    "errors_from_json",
    "line_from_json",
    "line_to_json",
    "property_group_from_json",
    "vendor_from_json",
]


def __getattr__(name: str) -> object:
    if name == "LightClient":
        from importer.light.client import LightClient

        return LightClient
    if name == "Pacer":
        from importer.light.pacing import Pacer

        return Pacer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
