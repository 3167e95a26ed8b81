"""Ctrl-C and SIGTERM inside an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def signals(stop: Callable[[], object]) -> Iterator[None]:
    """Ctrl-C and SIGTERM call ``stop`` inside the block, between two steps of its tasks.

    A signal that comes during the block's last step would be forgotten by the loop: for it,
    ``stop`` is called as the block ends.
    """
    loop = asyncio.get_running_loop()
    names = [signal.SIGINT, signal.SIGTERM]
    received = handled = 0

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal received
        received += 1

    def handle() -> None:
        nonlocal handled
        handled += 1
        stop()

    try:
        for name in names:
            loop.add_signal_handler(name, handle)
    except NotImplementedError:  # Windows: Ctrl-C raises KeyboardInterrupt instead
        yield
        return
    for name in names:
        signal.signal(name, note)  # in place of the loop's own, which does nothing
        signal.siginterrupt(name, False)
    try:
        yield
    finally:
        for name in names:
            loop.remove_signal_handler(name)
        if received and not handled:
            handle()
