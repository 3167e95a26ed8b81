"""The client for Light's API; the only place that talks HTTP to Light.

``LightClient`` and ``RateLimiter`` are imported on first use: httpx and asyncio take a tenth
of a second to import, and ``--help`` needs neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from importer.light.codec import (
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
from importer.light.credentials import (
    DEFAULT_BASE_URL,
    Credentials,
    Key,
    check_base_url,
    credentials,
)
from importer.light.light_errors import LightRefused, RateLimiterProblem, WireProblem

if TYPE_CHECKING:
    from importer.light.client import LightClient
    from importer.light.rate_limiter import RateLimiter

__all__ = [
    "DEFAULT_BASE_URL",
    "Credentials",
    "Key",
    "LightClient",
    "LightRefused",
    "RateLimiter",
    "RateLimiterProblem",
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
    if name == "RateLimiter":
        from importer.light.rate_limiter import RateLimiter

        return RateLimiter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
