"""Errors of the client for Light, beside those in core."""

from __future__ import annotations

from importer.core.errors import StoppedEarly


class WireProblem(StoppedEarly):
    """Light answered in a form that cannot be understood."""


class LightRefused(StoppedEarly):
    """Light refused a request that the run cannot do without."""


class RateLimiterProblem(StoppedEarly):
    """The file that keeps the pace cannot be written, so nothing may be sent."""
