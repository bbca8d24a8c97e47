"""Threads that take turns with a test, each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from lifang.services.instance import Instance


class Side:
    """Something that runs in a thread of its own, with a connection of its own, step by step."""

    def __init__(self, instance: Instance, run: Callable[[Side], Any]) -> None:
        self.instance, self.run = instance, run
        self.reached, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.result: Any = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            with self.instance.database.connection():
                self.result = self.run(self)
        except Exception as error:
            self.result = error
        self.reached.release()

    def pause(self) -> None:
        """Called by what runs: wait until the test lets it go on."""
        self.reached.release()
        assert self.go_on.acquire(timeout=20)

    def wait(self) -> Side:
        """Called by the test: until the next pause, or the end."""
        assert self.reached.acquire(timeout=20)
        return self

    def finish(self) -> Any:
        self.go_on.release()
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.result


def at_once(instance: Instance, *deeds: Callable[[], Any]) -> list[Any]:
    """Do several things at one moment, each in a thread; gives what they gave or raised."""
    gate = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Callable[[Side], Any]:
        def one(_side: Side) -> Any:
            gate.wait(20)
            return deed()

        return one

    sides = [Side(instance, run(deed)) for deed in deeds]
    return [side.finish() for side in sides]
