"""`kill -9` of whoever publishes or delivers: nothing is lost, doubled, or told out of order."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lifang.testing import served
from tests.faults import witness
from tests.faults.conftest import Server

ON, OFF = "620102001001", "620103001001"
DIVISIONS = Path(__file__).parents[2] / "core/lifang/builtin/data/lanzhou-divisions.csv"


def prepare(server: Server) -> None:
    server.run("init", "--admin", "boss", "--root", "620100000000")
    server.run("communities", "import", str(DIVISIONS))
    server.run("plugin", "install", "dual_reporting")
    server.run("plugin", "enable", "dual_reporting", "--at", "620102000000")
    if server.packages:
        server.run("plugin", "enable", "witness", "--at", "620100000000")
    server.token = server.run("token", "create", "--account", "boss", "--quiet")
    server.start()


class Clients:
    """Writers with a ledger of what was acknowledged: people made, reported, and moved away.

    Beside them one reads lists, and one hangs up before it is answered.
    """

    def __init__(self, server: Server, trial: int, threads: int = 3) -> None:
        self.server = server
        self.made: dict[str, int] = {}
        self.reported: dict[int, int] = {}
        self.moved: set[int] = set()
        self.answers: Counter[int] = Counter()
        self.stopping = threading.Event()
        lives = [partial(self._write, f"{trial}-{n}") for n in range(threads)]
        lives += [self._read, partial(self._hang_up, f"{trial}")]
        self.threads = [threading.Thread(target=self._live, args=(one,)) for one in lives]

    def _live(self, one_life: Callable[[int], None]) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            try:
                one_life(number)
            except (OSError, http.client.HTTPException):
                if self.server.url is None:
                    return  # the server is gone; what was not answered whole is not in the ledger
                time.sleep(0.05)

    def _call(self, method: str, path: str, told: Any = None) -> tuple[int, Any]:
        status, body = self.server.call(method, path, told)
        self.answers[status] += 1
        return status, body

    def _write(self, name: str, number: int) -> None:
        name = f"例{name}-{number}"
        told: dict[str, Any] = {"name": name, "community": {"code": ON}}
        status, person = self._call("POST", "/api/v1/people", told)
        if status != 201:
            return
        self.made[name] = person["id"]
        told = {"person": person["id"], "community": {"code": ON}}
        status, report = self._call("POST", "/api/v1/dual-reporting/reports", told)
        if status != 201:
            return
        self.reported[person["id"]] = report["id"]
        told = {"community": {"code": OFF}, "date": "2026-01-01"}
        path = f"/api/v1/people/{person['id']}/actions/move"
        if self._call("POST", path, told)[0] == 200:
            self.moved.add(person["id"])

    def _read(self, _number: int) -> None:
        self._call("GET", "/api/v1/people?limit=20&sort=-id")
        self._call("GET", "/api/v1/dual-reporting/reports?state=submitted&state=accepted")
        time.sleep(0.05)

    def _hang_up(self, name: str, number: int) -> None:
        body = json.dumps({"name": f"挂{name}-{number}", "community": {"code": ON}}).encode()
        head = f"POST /api/v1/people HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        head += (
            f"Content-Type: application/json\r\nAuthorization: Bearer {self.server.token}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=5) as line:
            line.sendall(head.encode() + body)
        time.sleep(0.1)

    def work_for(self, seconds: float, *, whole: bool = False) -> None:
        """Work so long, and until something is made; with `whole` until a life is finished."""
        for thread in self.threads:
            thread.start()
        time.sleep(seconds)
        until = time.monotonic() + (20 if whole else 5)  # a busy machine takes its time
        while not (self.moved if whole else self.made) and time.monotonic() < until:
            time.sleep(0.05)

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)


def kill_somebody(server: Server, rng: random.Random) -> str:
    """Kill a dispatcher or a web worker, the parent alone, everything, or the postmaster."""
    served = ["postmaster"] * 2 if server.postgres is not None else []
    victim = rng.choice(["everything", "parent", "child", "child", "worker", *served])
    if victim == "child":
        os.kill(rng.choice(server.children()), signal.SIGKILL)
    elif victim == "worker":
        server.kill_worker()
        server.start_worker()
    elif victim == "parent":
        assert server.process is not None
        server.process.kill()
        server.process.wait(10)
    elif victim == "postmaster":
        assert server.postgres is not None
        server.postgres.halt(signal.SIGKILL)
    else:
        server.kill_everything()
    return victim


def trial(server: Server, ledger: Clients, rng: random.Random, number: int) -> tuple[str, float]:
    """Kill somebody amid work; gives whom, and how long it took to serve again."""
    clients, took = Clients(server, number), 0.0
    clients.work_for(rng.uniform(0.15, 0.9), whole=number == 0)
    victim = kill_somebody(server, rng)
    if victim == "postmaster":
        assert server.postgres is not None
        time.sleep(rng.uniform(0, 0.5))
        server.postgres.start()
        took = wait_until_served(server)
    clients.stop()
    ledger.made |= clients.made
    ledger.reported |= clients.reported
    ledger.moved |= clients.moved
    ledger.answers += clients.answers
    if victim in ("parent", "everything"):
        time.sleep(0.2)
        server.start()
    elif server.process is None or server.process.poll() is not None:
        server.start()
    return victim, took


def run_trials(server: Server, trials: int, seed: int) -> list[float]:
    """Kill somebody so many times; gives the seconds it took to serve again after PostgreSQL.

    Beside the server's own dispatcher a second one works; a plugin writes down what it is told.
    Where a web process was killed just before, its next life is waited for too: that is left out.
    """
    server.packages = witness.write_package(server.home.parent / "packages")
    prepare(server)
    server.start_worker()
    rng, ledger = random.Random(seed), Clients(server, -1)
    done = [trial(server, ledger, rng, number) for number in range(trials)]
    assert ledger.moved, f"no life was finished before the kills: {ledger.answers}"
    strange = set(ledger.answers) - {200, 201, 409, 412, 503}
    assert not strange, f"answers nobody should get: {ledger.answers}"
    wait_until_delivered(server)
    server.stop()
    judge(server, ledger.made, ledger.reported, ledger.moved)
    told = witness.judge(server)
    server.run("audit", "verify")  # leaves with 0 only when the chain is whole
    victims, alone = Counter(who for who, _took in done), ("", 0.0)
    recovered = [took for (last, _), (_who, took) in pairwise([alone, *done]) if last != "child"]
    slowest = ", ".join(f"{took:.1f}" for took in sorted(recovered)[-5:])
    print(  # noqa: T201 – shown by -rP
        f"seed {seed}, killed {dict(victims)}: {len(ledger.made)} people acknowledged, "
        f"{len(ledger.moved)} lives finished, {told} events told once and in order; answers "
        f"{dict(ledger.answers)}; slowest to serve again, s: {slowest}"
    )
    return recovered


def wait_until_served(server: Server) -> float:
    """Seconds until writes succeed and go on succeeding, whichever process answers."""
    began, good, since = time.monotonic(), 0, 0.0
    while time.monotonic() < began + 30:
        try:
            told = {"name": "又来了", "community": {"code": ON}}
            good = good + 1 if server.call("POST", "/api/v1/people", told)[0] == 201 else 0
        except (OSError, http.client.HTTPException):
            good = 0
        if good == 1:
            since = time.monotonic()
        if good == 8:
            return since - began
        time.sleep(0.02)
    raise AssertionError(f"nothing is served again: {server.said()}")


def wait_until_delivered(server: Server) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        told = json.loads(server.run("events", "lag", "--json"))["items"]
        if not any(one["behind"] or one["retrying"] for one in told):
            return
        time.sleep(0.2)
    raise AssertionError(f"events were not delivered: {server.run('events', 'lag')}")


def judge(server: Server, made: dict[str, int], reported: dict[int, int], moved: set[int]) -> None:
    """Compare the ledger of acknowledgements with what lies in the database."""
    people = dict(server.rows("SELECT name, id FROM core_person WHERE name <> '又来了'"))
    for name, number in made.items():
        assert people.get(name) == number, f"acknowledged and lost: {name}"
    # no half write: every person has one home at a time, one creation, one event of it
    homes = Counter(
        row[0]
        for row in server.rows(
            "SELECT person_id FROM core_affiliation WHERE to_date IS NULL AND removed_at IS NULL"
        )
    )
    born = Counter(
        row[0] for row in server.rows("SELECT agg FROM event WHERE type='core.person.created'")
    )
    audited = Counter(
        row[0]
        for row in server.rows(
            "SELECT record FROM audit_entry WHERE noun='people' AND verb='create' "
            "AND outcome='done'"
        )
    )
    for number in people.values():
        assert homes[number] == 1, f"person {number} has {homes[number]} homes"
        assert born[f"core.person/{number}"] == 1
        assert audited[number] == 1
    reports = dict(server.rows("SELECT person_id, id FROM dual_reporting_report"))
    for person, report in reported.items():
        assert reports.get(person) == report, f"acknowledged report lost: {report}"
    # every handler effect once: whoever moved has exactly one report sent back and one event of it
    moves = Counter(
        int(row[0].rpartition("/")[2])
        for row in server.rows("SELECT agg FROM event WHERE type='core.person.moved'")
    )
    backs = Counter(
        row[0]
        for row in server.rows("SELECT agg FROM event WHERE type='dual_reporting.report.rejected'")
    )
    for person in moved:
        assert moves[person] == 1, f"person {person} moved {moves[person]} times"
    for person in moves:
        if person in reports:
            agg = f"dual_reporting.report/{reports[person]}"
            assert backs[agg] == 1, f"{agg} sent back {backs[agg]} times"
    # numbers within an aggregate have no gap
    for agg, last, count in server.rows("SELECT agg, MAX(seq), COUNT(*) FROM event GROUP BY agg"):
        assert last == count, f"{agg}: {count} events, last number {last}"


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_when_something_is_killed(server: Server) -> None:
    server.workers = 2
    run_trials(server, trials=5, seed=int(time.time()))


@pytest.mark.timeout(240)
def test_nothing_is_lost_on_postgresql_when_a_server_or_the_database_is_killed(
    tmp_path: Path, postgres: served.Server
) -> None:
    served_there(tmp_path, postgres, trials=5, seed=int(time.time()))


def served_there(tmp_path: Path, postgres: served.Server, trials: int, seed: int) -> None:
    """Four writing processes, and PostgreSQL killed under them; each serves again by itself."""
    server = Server(tmp_path / "home", postgres=postgres, workers=4)
    try:
        recovered = run_trials(server, trials, seed)
    finally:
        server.stop()
    assert all(seconds < 5 for seconds in recovered), recovered


@pytest.mark.trust
@pytest.mark.timeout(3000)
def test_nothing_acknowledged_is_lost_in_two_hundred_kills(server: Server) -> None:
    server.workers = 2
    run_trials(server, trials=200, seed=20261123)


@pytest.mark.trust
@pytest.mark.timeout(3000)
def test_nothing_is_lost_on_postgresql_in_two_hundred_kills(
    tmp_path: Path, postgres: served.Server
) -> None:
    served_there(tmp_path, postgres, trials=200, seed=20261125)
