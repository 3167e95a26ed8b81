"""Stopping a use case before its end, from a signal handler or another thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from importer.core.errors import StoppedEarly

T = TypeVar("T")
Bind = Callable[[Callable[[], None]], AbstractContextManager[None]]


class StopControl:
    """The first ``stop()`` ends the use case cleanly: nothing more is sent, and the answers that
    are due are awaited. The second ends it at once. Either way the same command continues it.

    ``bind`` is entered, with ``stop``, wherever the use case can be stopped. The command line binds
    Ctrl-C there, which elsewhere stays what it is.
    """

    def __init__(self, bind: Bind = lambda stop: nullcontext()) -> None:
        self._bind = bind
        self._handler: Callable[[], object] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._requested = False  # before there was a handler

    def stop(self) -> None:
        """May be called from any thread."""
        loop = self._loop
        try:
            inside = loop is None or asyncio.get_running_loop() is loop
        except RuntimeError:
            inside = False
        if inside or loop is None:
            self._deliver()
        else:
            loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        if self._handler is None:
            self._requested = True
        else:
            self._handler()

    @contextlib.contextmanager
    def cancels_task(self) -> Iterator[None]:
        """A stop inside the block cancels the task that is running."""
        with self._handled_by(_current_task().cancel):
            yield

    @contextlib.contextmanager
    def stops(self, work: Callable[[StoppedEarly], object]) -> Iterator[None]:
        """A stop inside the block calls ``work``; a second one cancels the running task."""
        task, asked = _current_task(), False

        def handler() -> None:
            nonlocal asked
            if asked:
                task.cancel()
            else:
                asked = True
                work(StoppedEarly("It was interrupted."))

        with self._handled_by(handler):
            yield

    @contextlib.contextmanager
    def _handled_by(self, handler: Callable[[], object]) -> Iterator[None]:
        self._handler, self._loop = handler, asyncio.get_running_loop()
        try:
            if self._requested:
                self._requested = False
                handler()
            with self._bind(self.stop):
                yield
        finally:
            self._handler = self._loop = None


def run_to_end(work: Coroutine[Any, Any, T], stopped: str) -> T:
    """Run it in an event loop; StoppedEarly, with that message, where it was stopped at once."""
    try:
        return asyncio.run(work)
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise StoppedEarly(stopped) from None


def _current_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task
