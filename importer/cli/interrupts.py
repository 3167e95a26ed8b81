"""Ctrl-C and SIGTERM inside an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator


def this_task() -> asyncio.Task[None]:
    """The task that is running."""
    task = asyncio.current_task()
    assert task is not None
    return task


@contextlib.contextmanager
def signals(stop: Callable[[], object]) -> Iterator[None]:
    """Ctrl-C and SIGTERM call ``stop`` inside the block."""
    loop = asyncio.get_running_loop()
    names = [signal.SIGINT, signal.SIGTERM]
    try:
        for name in names:
            loop.add_signal_handler(name, stop)
    except NotImplementedError:  # Windows: Ctrl-C raises KeyboardInterrupt instead
        yield
        return
    try:
        yield
    finally:
        for name in names:
            loop.remove_signal_handler(name)
