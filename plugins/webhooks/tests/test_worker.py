"""Webhooks sent by a real worker: beside receivers that hang, and killed amid a delivery."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lifang.events.tables import Inbox, Retry
from lifang.testing import world
from lifang_webhooks.models import Attempt


@contextmanager
def worker(instance: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of the instance's folder, in a process of its own."""
    environment = os.environ | {"LIFANG_HOME": str(instance.settings.home), "LIFANG_LANG": "zh"}
    lifang = [str(Path(sys.executable).parent / "lifang"), "worker"]
    log = (instance.settings.home / "log" / "worker.txt").open("ab")
    with log, subprocess.Popen(lifang, env=environment, stdout=log, stderr=log) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


@pytest.fixture
def allowed_here(switched_on: Any) -> Callable[..., None]:
    """Let this process and the workers of the instance's folder send to some places."""

    def write(*places: str) -> None:
        switched_on.settings = replace(switched_on.settings, outbound_allow=places)
        with (switched_on.settings.home / "lifang.toml").open("a", encoding="utf-8") as file:
            file.write(f"\noutbound_allow = {json.dumps(places)}\n")

    return write


@pytest.fixture
def hole() -> Iterator[str]:
    """Somebody who takes every connection and never says a word: gives its address."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def swallow() -> None:
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=swallow, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    for one in kept:
        one.close()


@pytest.mark.once
def test_who_hangs_delays_only_itself(
    switched_on: Any, receiver: Any, point: Any, hole: str, allowed_here: Callable[..., None]
) -> None:
    allowed_here(receiver.place, hole)
    for number in range(3):
        point(f"http://{hole}/", name=f"hangs{number}")
    point(receiver)
    waits = []
    with worker(switched_on):
        for number in range(20):
            world.person(switched_on, f"李强{number}")
            said = time.monotonic()
            until(lambda n=number: len(receiver.letters) > n)  # type: ignore[misc]
            waits.append(receiver.letters[-1].at - said)
            time.sleep(0.4)
    assert max(waits[1:]) < 2.0, "the first waits for the worker's start"
    hanging = Retry.select().where(Retry.sub == "webhooks.send", Retry.state == "waiting").count()
    assert hanging == 60
    tried = Attempt.select().where(Attempt.error == "5 秒内没有回答").count()
    assert tried >= 3


def test_a_worker_killed_amid_a_delivery_sends_it_again_with_its_id_and_loses_none(
    switched_on: Any, receiver: Any, point: Any, allowed_here: Callable[..., None]
) -> None:
    """Killed thrice, each time while the receiver has it and before anything is noted."""
    allowed_here(receiver.place)
    point(receiver)
    free, amid = threading.Event(), [1, 9, 18]

    def answer(_letter: Any) -> int:
        if len(receiver.letters) in amid:
            free.wait(20)
        return 200

    receiver.answer = answer
    for number in range(30):
        world.person(switched_on, f"李强{number}")
    for nth in amid:
        with worker(switched_on) as process:
            until(lambda n=nth: len(receiver.letters) >= n)  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
            process.wait()
    free.set()
    with worker(switched_on):
        until(lambda: Inbox.select().where(Inbox.sub == "webhooks.send").count() == 30, 60)
    subjects = {json.loads(one.body)["subject"] for one in receiver.letters}
    assert len(subjects) == len(set(receiver.ids())) == 30
    assert len(receiver.letters) >= 33, "what was not noted came again, with its id"
    assert not Retry.select().exists()
