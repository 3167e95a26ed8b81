"""Stopping a use case: cleanly the first time, at once the second."""

from __future__ import annotations

import asyncio
import threading

import pytest

from importer.app import StopControl
from importer.core.errors import StoppedEarly


def test_first_stop_is_clean_and_second_cancels() -> None:
    control, reasons = StopControl(), list[StoppedEarly]()

    async def work() -> None:
        with control.stops(reasons.append):
            control.stop()
            await asyncio.sleep(0)
            assert len(reasons) == 1
            control.stop()
            await asyncio.sleep(60)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
    assert [str(reason) for reason in reasons] == ["It was interrupted."]


def test_stop_before_the_block_takes_effect_in_it() -> None:
    control, reasons = StopControl(), list[StoppedEarly]()
    control.stop()

    async def work() -> None:
        with control.stops(reasons.append):
            await asyncio.sleep(0)

    asyncio.run(work())
    assert len(reasons) == 1


def test_stop_from_another_thread_reaches_the_loop() -> None:
    control = StopControl()

    async def work() -> None:
        with control.cancels_task():
            thread = threading.Thread(target=control.stop)
            thread.start()
            await asyncio.sleep(60)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
