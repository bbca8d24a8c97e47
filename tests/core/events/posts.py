"""Somebody out there: what reaches other machines arrives here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from lifang.entities.caller import Caller
from lifang.events.event import Event, on
from tests.core.events.listeners import HEARD

NAME = "probe.post"


class Post:
    """Somebody out there, who keeps what arrived."""

    def __init__(self) -> None:
        self.arrived: list[Event] = []
        self.answer: Callable[[Event], None] = lambda _event: None
        self.lock = threading.Lock()

    def handler(self, **declared: Any) -> Callable[[Event, Caller], None]:
        @on(HEARD, mode="ext", **declared)
        def post(event: Event, caller: Caller) -> None:
            assert not caller.instance.database.in_transaction
            with self.lock:
                self.arrived.append(event)
            self.answer(event)

        return post

    def told(self) -> list[tuple[int, int]]:
        return [(one.subject, one.sequence) for one in self.arrived]

    def fail(self, subject: int, error: BaseException, times: int = 1) -> None:
        left = [error] * times

        def answer(event: Event) -> None:
            if event.subject == subject and left:
                raise left.pop()

        self.answer = answer


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
