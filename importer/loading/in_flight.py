"""Requests and looks that are under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.core.answers import Answer, Outcome, classify
from importer.loading.gateway import LightGateway
from importer.loading.operation import Decision, Operation

Sending = asyncio.Task[Answer]
Looking = asyncio.Task[list[Decision]]


@dataclass
class OutgoingRequest:
    """One request of an operation, which may or may not have been sent."""

    operation: Operation
    on_wire: bool = False

    def leave(self) -> None:
        self.on_wire = True


@dataclass
class InFlight:
    """A task each; of those that are looked up together, one for all."""

    gateway: LightGateway
    requests: dict[Sending, OutgoingRequest] = field(default_factory=dict)
    looks: dict[Looking, Sequence[Operation]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.requests) + len(self.looks)

    def tasks(self) -> list[asyncio.Task[Any]]:
        return [*self.requests, *self.looks]

    def send(self, operation: Operation) -> None:
        request = OutgoingRequest(operation)
        self.requests[asyncio.create_task(self._send(request))] = request

    def look_up(self, operations: Sequence[Operation]) -> None:
        batch = [operation for operation in operations if operation.together]
        for some in (batch, *([each] for each in operations if not each.together)):
            if some:
                self.looks[asyncio.create_task(self._look(some))] = some

    @property
    def looks_together(self) -> bool:
        """Whether a look at operations that are looked up together is under way."""
        return any(operation.together for (operation, *_) in self.looks.values())

    def unsent(self) -> Iterator[tuple[Sending, Operation]]:
        """Requests that can still be held back."""
        for task, request in self.requests.items():
            if not request.on_wire:
                yield task, request.operation

    def take_answers(self) -> Iterator[tuple[OutgoingRequest, Sending]]:
        """Those that have ended, once; the others are still among the ``requests``."""
        ended = [task for task in self.requests if task.done()]
        for task in ended:
            if not task.cancelled() and task.exception() is None:
                self.requests[task].operation.foresee(task.result())
        for task in ended:
            yield self.requests.pop(task), task

    def read(self, request: OutgoingRequest, answer: Answer) -> Outcome[Any]:
        """What an answer to it means."""
        operation, gateway = request.operation, self.gateway
        return classify(answer, lambda body: operation.read(gateway, body), noun=operation.noun)

    def take_looks(self) -> Iterator[tuple[Sequence[Operation], Looking]]:
        """As ``take_answers``."""
        for task in [task for task in self.looks if task.done()]:
            yield self.looks.pop(task), task

    async def _send(self, request: OutgoingRequest) -> Answer:
        return await request.operation.send(self.gateway, request.leave)

    async def _look(self, some: Sequence[Operation]) -> list[Decision]:
        first = some[0]
        if first.together:
            return await type(first).look_together(some, self.gateway)
        return [await first.look(self.gateway)]
