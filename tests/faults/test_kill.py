"""`kill -9` of server and dispatcher during writes: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import http.client
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Server

ON, OFF = "620102001001", "620103001001"
DIVISIONS = Path(__file__).parents[2] / "core/lifang/builtin/data/lanzhou-divisions.csv"


def prepare(server: Server) -> None:
    server.run("init", "--admin", "boss", "--root", "620100000000")
    server.run("communities", "import", str(DIVISIONS))
    server.run("plugin", "install", "dual_reporting")
    server.run("plugin", "enable", "dual_reporting", "--at", "620102000000")
    server.token = server.run("token", "create", "--account", "boss", "--quiet")
    server.start()


class Clients:
    """Writers with a ledger of what was acknowledged: people made, reported, and moved away."""

    def __init__(self, server: Server, trial: int, threads: int = 3) -> None:
        self.server = server
        self.made: dict[str, int] = {}
        self.reported: dict[int, int] = {}
        self.moved: set[int] = set()
        self.stopping = threading.Event()
        self.threads = [
            threading.Thread(target=self._write, args=(f"{trial}-{n}",)) for n in range(threads)
        ]

    def _write(self, name: str) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            try:
                self._one_life(f"例{name}-{number}")
            except (OSError, http.client.HTTPException):
                return  # the server is gone; what was not answered whole is not in the ledger

    def _one_life(self, name: str) -> None:
        told: dict[str, Any] = {"name": name, "community": {"code": ON}}
        status, person = self.server.call("POST", "/api/v1/people", told)
        if status != 201:
            return
        self.made[name] = person["id"]
        told = {"person": person["id"], "community": {"code": ON}}
        status, report = self.server.call("POST", "/api/v1/dual-reporting/reports", told)
        if status != 201:
            return
        self.reported[person["id"]] = report["id"]
        told = {"community": {"code": OFF}, "date": "2026-01-01"}
        path = f"/api/v1/people/{person['id']}/actions/move"
        if self.server.call("POST", path, told)[0] == 200:
            self.moved.add(person["id"])

    def work_for(self, seconds: float) -> None:
        for thread in self.threads:
            thread.start()
        time.sleep(seconds)

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)


def kill_somebody(server: Server, rng: random.Random) -> str:
    """Kill the dispatcher or a web worker alone, the parent alone, or everything at once."""
    victim = rng.choice(["everything", "parent", "child"])
    if victim == "child":
        os.kill(rng.choice(server.children()), signal.SIGKILL)
    elif victim == "parent":
        assert server.process is not None
        server.process.kill()
        server.process.wait(10)
    else:
        server.kill_everything()
    return victim


def run_trials(server: Server, trials: int, seed: int) -> None:
    prepare(server)
    rng = random.Random(seed)
    made: dict[str, int] = {}
    reported: dict[int, int] = {}
    moved: set[int] = set()
    for trial in range(trials):
        clients = Clients(server, trial)
        clients.work_for(rng.uniform(0.15, 0.9))
        victim = kill_somebody(server, rng)
        clients.stop()
        made |= clients.made
        reported |= clients.reported
        moved |= clients.moved
        if victim != "child":
            time.sleep(0.2)
            server.start()
        elif server.process is None or server.process.poll() is not None:
            server.start()
    assert moved, "no life was finished; the trials killed too early to say anything"
    wait_until_delivered(server)
    server.stop()
    judge(server, made, reported, moved)
    server.run("audit", "verify")  # leaves with 0 only when the chain is whole


def wait_until_delivered(server: Server) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        told = server.run("events", "lag", "--json")
        if '"behind":0' in told.replace(" ", ""):
            return
        time.sleep(0.2)
    raise AssertionError(f"events were not delivered: {server.run('events', 'lag')}")


def judge(server: Server, made: dict[str, int], reported: dict[int, int], moved: set[int]) -> None:
    """Compare the ledger of acknowledgements with what lies in the database."""
    database = sqlite3.connect(server.home / "data" / "lifang.db")
    people = dict(database.execute("SELECT name, id FROM core_person").fetchall())
    for name, number in made.items():
        assert people.get(name) == number, f"acknowledged and lost: {name}"
    # no half write: every person has one home at a time, one creation, one event of it
    homes = Counter(
        row[0]
        for row in database.execute(
            "SELECT person_id FROM core_affiliation WHERE to_date IS NULL AND removed_at IS NULL"
        )
    )
    born = Counter(
        row[0] for row in database.execute("SELECT agg FROM event WHERE type='core.person.created'")
    )
    audited = Counter(
        row[0]
        for row in database.execute(
            "SELECT record FROM audit_entry WHERE noun='people' AND verb='create' "
            "AND outcome='done'"
        )
    )
    for number in people.values():
        assert homes[number] == 1, f"person {number} has {homes[number]} homes"
        assert born[f"core.person/{number}"] == 1
        assert audited[number] == 1
    reports = dict(database.execute("SELECT person_id, id FROM dual_reporting_report").fetchall())
    for person, report in reported.items():
        assert reports.get(person) == report, f"acknowledged report lost: {report}"
    # every handler effect once: whoever moved has exactly one ended report and one event of it
    moves = Counter(
        int(row[0].rpartition("/")[2])
        for row in database.execute("SELECT agg FROM event WHERE type='core.person.moved'")
    )
    ends = Counter(
        row[0]
        for row in database.execute(
            "SELECT agg FROM event WHERE type='dual_reporting.report.ended'"
        )
    )
    for person in moved:
        assert moves[person] == 1, f"person {person} moved {moves[person]} times"
    for person in moves:
        if person in reports:
            agg = f"dual_reporting.report/{reports[person]}"
            assert ends[agg] == 1, f"{agg} ended {ends[agg]} times"
    # numbers within an aggregate have no gap
    for agg, last, count in database.execute(
        "SELECT agg, MAX(seq), COUNT(*) FROM event GROUP BY agg"
    ):
        assert last == count, f"{agg}: {count} events, last number {last}"
    database.close()


@pytest.mark.timeout(240)
def test_nothing_acknowledged_is_lost_when_something_is_killed(server: Server) -> None:
    run_trials(server, trials=8, seed=int(time.time()))


@pytest.mark.trust
@pytest.mark.timeout(1200)
def test_nothing_acknowledged_is_lost_in_thirty_kills(server: Server) -> None:
    run_trials(server, trials=30, seed=20261123)
