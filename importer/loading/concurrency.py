"""Many things done at once, and what was found kept as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from importer.core.errors import AccessRefused, LightUnreachable
from importer.model.light_objects import Answer

T = TypeVar("T")
R = TypeVar("R")
AT_ONCE = 64
_TRIES = 5


async def map_concurrently(
    items: Iterable[T],
    work: Callable[[T], Awaitable[R]],
    keep: Callable[[list[tuple[T, R]]], None],
    stop: asyncio.Event,
    *,
    left: Callable[[T], bool] = lambda item: False,
) -> None:
    """``work`` on each item, 64 at once; ``keep`` gets what is ready, a few at a time.

    When ``stop`` is set, or a ``work`` fails, nothing more begins. After a failure what is under
    way is waited for, and the failure raised at the end; when it is stopped, what is under way is
    dropped, except where ``left`` says that it must be waited for.
    """
    waiting = iter(items)
    flights: dict[asyncio.Task[R], T] = {}
    failure: BaseException | None = None
    bell = asyncio.create_task(stop.wait())
    try:
        while True:
            going = failure is None and not stop.is_set()
            while going and len(flights) < AT_ONCE:
                for item in waiting:
                    flights[asyncio.ensure_future(_run(work, item))] = item
                    break
                else:
                    break
            if not flights:
                break
            if stop.is_set():
                for task, item in flights.items():
                    if not left(item):
                        task.cancel()
            bells = set() if bell.done() else {bell}
            await asyncio.wait({*flights, *bells}, return_when=asyncio.FIRST_COMPLETED)
            ready = []
            for task in [task for task in flights if task.done()]:
                item = flights.pop(task)
                if task.cancelled():
                    continue
                if (error := task.exception()) is not None:
                    failure = failure or error
                else:
                    ready.append((item, task.result()))
            if ready:
                keep(ready)
    finally:
        bell.cancel()
        for task in flights:
            task.cancel()
        await asyncio.gather(bell, *flights, return_exceptions=True)
    if failure is not None:
        raise failure


async def _run(work: Callable[[T], Awaitable[R]], item: T) -> R:
    return await work(item)


async def fetch(ask: Callable[[], Awaitable[Answer]], what: str) -> Answer:
    """What Light says to a question that may be asked again: with a body (2xx), or a refusal.

    After five answers that cannot be read the last of them is given, with its reason. Raises
    LightUnreachable where none comes, AccessRefused for 401 and 403; ``what`` says what was asked.
    """
    for attempt in range(_TRIES):
        answer = await ask()
        while answer.status == 429:  # the pacer holds back the next attempt
            answer = await ask()
        status = answer.status
        if status in (401, 403) or (status is not None and 300 <= status < 400):
            raise AccessRefused(f"Light does not let the key {what}: {answer.reason}")
        if status is not None and 400 <= status < 500 and status != 408:
            return answer
        if status is not None and status < 300 and answer.body is not None:
            return answer
        if attempt < _TRIES - 1:
            await asyncio.sleep(0.5 * 2**attempt)
    if answer.status is not None and answer.status < 300:
        return answer
    raise LightUnreachable(f"Light cannot be reached: {answer.reason}")
