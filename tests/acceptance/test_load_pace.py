"""A load is as fast as Light permits, and no faster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from conftest import Ended, bill_row, write_bills

from importer.sandbox import SandboxSettings, running


def test_many_bills_at_once_are_never_refused_for_the_pace(
    load: Callable[..., Ended], tmp_path: Path
) -> None:
    files = write_bills(tmp_path, [bill_row(i) for i in range(200)])
    with running(SandboxSettings(requests_per_minute=6_000, latency=0.3)) as light:
        told = load(light.base_url, *files)
        assert light.counters.throttled == 0
        assert light.counters.bill_posts == len(light.bills()) == 200
    assert told.code == 0
