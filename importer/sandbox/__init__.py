"""A local API server as strict and as awkward as Light's may be, for trying out and for tests.

``running(settings)`` starts one beside the caller and stops it at the end of the block;
``serve(settings, port, ready)`` serves in the foreground. Bills are kept in SQLite. Where the
documentation of Light is silent a sandbox takes the less convenient side: no idempotency, a list
that may lag, limits that come as windows of any kind. ``faults`` names what else may go wrong.
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
