"""A local API server as strict and as awkward as Light's may be, for trials and for tests.

``running(settings)`` serves in a thread until its block ends; ``serve(settings, port, ready)``
serves in the foreground. Bills are stored in SQLite. Where Light's documentation is silent the
sandbox takes the less convenient side: no idempotency, a list that may lag, any kind of window for
the limits. ``faults`` lists what else may go wrong.
"""

from importer.sandbox.faults import FAULTS, Fault, Scripted, parse_fault, parse_script
from importer.sandbox.server import Sandbox, running, serve
from importer.sandbox.settings import Counters, SandboxSettings

__all__ = [
    "FAULTS",
    "Counters",
    "Fault",
    "Sandbox",
    "SandboxSettings",
    "Scripted",
    "parse_fault",
    "parse_script",
    "running",
    "serve",
]
