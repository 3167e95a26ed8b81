"""Ctrl-C and SIGTERM, whenever they come."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from importer.app import StopControl
from importer.cli.signals import signals


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_signal_in_last_step_of_block_is_handled(name: signal.Signals) -> None:
    async def work() -> str:
        with StopControl(bind=signals).cancels_task():
            await asyncio.sleep(0)
            os.kill(os.getpid(), name)
        await asyncio.sleep(0)
        return "nothing was noticed"

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_each_signal_is_handled_once(name: signal.Signals) -> None:
    calls: list[int] = []

    async def work() -> None:
        with signals(lambda: calls.append(1)):
            for times in (1, 2):
                os.kill(os.getpid(), name)
                while len(calls) < times:
                    await asyncio.sleep(0)
        await asyncio.sleep(0)

    before = signal.getsignal(name)
    asyncio.run(work())
    assert len(calls) == 2
    assert signal.getsignal(name) == before
