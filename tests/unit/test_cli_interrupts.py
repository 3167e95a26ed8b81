"""Ctrl-C and SIGTERM, whenever they come."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from importer.app.interrupts import signals, this_task


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_last_step_of_the_block_is_not_lost(name: signal.Signals) -> None:
    async def work() -> str:
        with signals(this_task().cancel):
            await asyncio.sleep(0)
            os.kill(os.getpid(), name)
        await asyncio.sleep(0)
        return "nothing was noticed"

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_each_signal_is_told_once(name: signal.Signals) -> None:
    told: list[int] = []

    async def work() -> None:
        with signals(lambda: told.append(1)):
            for times in (1, 2):
                os.kill(os.getpid(), name)
                while len(told) < times:
                    await asyncio.sleep(0)
        await asyncio.sleep(0)

    before = signal.getsignal(name)
    asyncio.run(work())
    assert len(told) == 2
    assert signal.getsignal(name) == before
