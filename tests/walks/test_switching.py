"""A switch takes effect at once in a running server, thrown from another process."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifang.kit.errors import NotFound
from lifang.lifecycle import switching
from lifang.services import reading
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world
from tests.faults.conftest import Server, postgres  # noqa: F401 – a fixture
from tests.faults.test_kill import DIVISIONS

REPORTS = "/api/v1/dual-reporting/reports"


def prepared(server: Server) -> Server:
    server.run("init", "--admin", "boss", "--root", "620100000000")
    server.run("communities", "import", str(DIVISIONS))
    server.token = server.run("token", "create", "--account", "boss", "--quiet")
    return server


def there_and_gone(server: Server) -> None:
    """Without a restart, and what was written while it was on lies there when it is on again."""
    assert server.get(REPORTS)[0] == 404
    server.run("plugin", "enable", "dual_reporting", "--at", "620102000000")
    assert server.get(REPORTS) == (200, {"items": [], "next": None})
    for place, status in (("620102001001", 201), ("620103001001", 403)):
        told = {"name": "例某", "community": {"code": place}}
        person = server.call("POST", "/api/v1/people", told)[1]["id"]
        report = {"person": person, "community": {"code": place}}
        assert server.call("POST", REPORTS, report)[0] == status
    server.run("plugin", "disable", "dual_reporting", "--at", "620102001000")
    assert server.get(REPORTS) == (200, {"items": [], "next": None})
    server.run("plugin", "disable", "dual_reporting", "--at", "620102000000")
    assert server.get(REPORTS)[0] == 404
    server.run("plugin", "enable", "dual_reporting", "--at", "620102001000")
    assert len(server.get(REPORTS)[1]["items"]) == 1
    server.run("plugin", "disable", "dual_reporting", "--at", "620102001000")


class Watch:
    """Asks one web process again and again over a connection of its own, and notes the answers."""

    def __init__(self, server: Server) -> None:
        self.headers = {"Authorization": f"Bearer {server.token}"}
        self.link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        self.told: list[tuple[float, float, int]] = []  # when asked, when answered, the status
        self.ask()
        self.process = process_of(self.link, server)

    def ask(self) -> int:
        asked = time.monotonic()
        self.link.request("GET", REPORTS, headers=self.headers)
        answer = self.link.getresponse()
        answer.read()
        self.told.append((asked, time.monotonic(), answer.status))
        return answer.status

    def until_stopped(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.ask()
            time.sleep(0.05)


def process_of(link: http.client.HTTPConnection, server: Server) -> int:
    """Which of the server's processes holds the other end of a connection, by the kernel's word."""
    port = link.sock.getsockname()[1]
    ends = (f":{server.port:04X}", f":{port:04X}")
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inode = next(row[9] for row in rows if (row[1][-5:], row[2][-5:]) == ends)
    for child in server.children():
        for file in Path(f"/proc/{child}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                if str(file.readlink()) == f"socket:[{inode}]":
                    return child
    raise AssertionError("nobody holds the other end")


@contextlib.contextmanager
def watched(server: Server) -> Iterator[list[Watch]]:
    """A connection to each of the server's web processes, all of them asked all the time."""
    each: dict[int, Watch] = {}
    for _time in range(100):
        one = Watch(server)
        if each.setdefault(one.process, one) is not one:
            one.link.close()
        if len(each) == server.workers:
            break
    assert len(each) == server.workers, "one process was given all connections"
    stop, both = threading.Event(), list(each.values())
    threads = [threading.Thread(target=one.until_stopped, args=(stop,)) for one in both]
    for thread in threads:
        thread.start()
    try:
        yield both
    finally:
        stop.set()
        for thread in threads:
            thread.join(20)
        for one in both:
            one.link.close()


def switched(server: Server, both: list[Watch], *, on: bool) -> float:
    """Throw the switch by command; gives the seconds until the last process had heard of it.

    Whoever has answered once as it is now never answers as it was.
    """
    wanted, began = (200 if on else 404), time.monotonic()
    server.run("plugin", "enable" if on else "disable", "dual_reporting", "--at", "620102000000")
    done = time.monotonic()
    while any(one.told[-1][2] != wanted or one.told[-1][0] < done for one in both):
        assert time.monotonic() < done + 10, "it takes no effect"
        time.sleep(0.01)
    late = 0.0
    for one in both:
        statuses = [(asked, status) for asked, _answered, status in one.told if asked > began]
        first = next(n for n, (_asked, status) in enumerate(statuses) if status == wanted)
        assert {status for _asked, status in statuses[first:]} == {wanted}
        assert {status for _asked, status in statuses[:first]} <= {604 - wanted}
        late = max(late, statuses[first][0] - done)
    return late


@pytest.mark.timeout(240)
@pytest.mark.parametrize("kept", ["sqlite", "postgresql"])
@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.trust)])
def test_a_switch_takes_effect_in_both_processes_of_a_running_server_within_a_second(
    tmp_path: Path, request: pytest.FixtureRequest, kept: str, times: int
) -> None:
    """Both databases, whichever the tests run on: the server is a process of its own."""
    database = request.getfixturevalue("postgres") if kept == "postgresql" else None
    server = prepared(Server(tmp_path / "home", postgres=database, workers=2))
    server.options = ("--no-worker",)
    server.start()
    try:
        there_and_gone(server)
        with watched(server) as both:
            late = [switched(server, both, on=turn % 2 == 0) for turn in range(times)]
            asked = sum(len(one.told) for one in both)
    finally:
        server.stop()
    print(f"{kept}: at the latest {max(late):.3f} s after the command, {asked} requests")  # noqa: T201 – shown by -rP
    assert max(late) < 1


def test_a_request_under_way_ends_as_it_began(
    instance: Instance, enable: Callable[..., None]
) -> None:
    enable("dual_reporting", at=world.CHENGGUAN)
    reports = instance.registry.find("dual_reporting", "reports")
    assert reports is not None
    under_way, boss = world.boss(instance), world.boss(instance)
    switching.switch(boss, "dual_reporting", at=world.CHENGGUAN, on=False)
    assert reading.find(under_way, reports, Query()).items == []
    with pytest.raises(NotFound):
        reading.find(world.boss(instance), reports, Query())
    was_off = world.boss(instance)
    switching.switch(boss, "dual_reporting", at=world.CHENGGUAN, on=True)
    with pytest.raises(NotFound):
        reading.find(was_off, reports, Query())
    assert reading.find(world.boss(instance), reports, Query()).items == []
