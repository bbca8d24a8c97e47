"""A broker that is killed, paused and emptied under load: every event arrives elsewhere, once."""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plugins.nats_bridge.tests.broker import Broker
from tests.faults.conftest import LIFANG, Server

CITY, ON = "620100000000", "620102001001"
PATIENCE = 300.0


class Bridged(Server):
    """An instance whose bridge is on everywhere; its worker is a process of its own."""

    def __init__(self, home: Path, broker: Broker, **told: str) -> None:
        super().__init__(home)
        self._told = {"LIFANG_BROKER": broker.url, **told}
        self.options = ("--no-worker",)

    def environ(self) -> dict[str, str]:
        return super().environ() | self._told

    def prepare(self) -> None:
        self.run("init", "--admin", "boss", "--root", CITY)
        file = self.home / "places.csv"
        file.write_text(
            f"code,name,kind,parent_code\n{CITY},某市,city,\n{ON},某社区,community,{CITY}\n"
        )
        self.run("communities", "import", str(file))
        self.run("plugin", "enable", "nats_bridge", "--at", CITY)
        self.token = self.run("token", "create", "--account", "boss", "--quiet")

    def work(self) -> None:
        with (self.home / "log" / "test-worker.txt").open("ab") as log:
            self.worker = subprocess.Popen(
                [LIFANG, "worker"], env=self.environ(), stdout=log, stderr=log
            )

    def told(self) -> set[str]:
        """The numbers of everything that has to leave."""
        rows = self.rows(
            "SELECT pos FROM event WHERE type NOT LIKE 'nats_bridge.%' AND at > "
            "(SELECT changed_at FROM core_plugin WHERE name = 'nats_bridge')"
        )
        return {str(position) for (position,) in rows}

    def instance(self) -> str:
        [(source,)] = self.rows("SELECT DISTINCT source FROM inbox WHERE sub LIKE '%.publish'")
        return str(source)

    def lag(self) -> dict[str, object]:
        told = json.loads(self.run("events", "lag", "--json"))
        rows = told["items"] if isinstance(told, dict) else told
        found: dict[str, object] = next(one for one in rows if one["name"] == "nats_bridge.publish")
        return found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path / "broker")
    one.start()
    yield one
    one.kill()


@pytest.fixture
def sender(tmp_path: Path, broker: Broker) -> Iterator[Bridged]:
    one = Bridged(tmp_path / "sender", broker)
    one.prepare()
    yield one
    one.stop()


@pytest.fixture
def receiver(tmp_path: Path, broker: Broker) -> Iterator[Bridged]:
    one = Bridged(tmp_path / "receiver", broker, LIFANG_BROKER_TAKE_IN="lifang.>")
    one.prepare()
    yield one
    one.stop()


class Writers:
    """Clients that register people all the while, and keep what they were answered and when."""

    def __init__(self, server: Bridged, threads: int = 2, pause: float = 0.05) -> None:
        self.server, self.pause = server, pause
        self.answers: Counter[int] = Counter()
        self.longest = 0.0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(n,)) for n in range(threads)]
        for thread in self.threads:
            thread.start()

    def _write(self, name: int) -> None:
        number = 0
        while not self.stopping.wait(self.pause):
            number, began = number + 1, time.monotonic()
            told = {"name": f"例{name}-{number}", "community": {"code": ON}}
            status, _body = self.server.call("POST", "/api/v1/people", told)
            self.answers[status] += 1
            self.longest = max(self.longest, time.monotonic() - began)

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)


def until(true: Callable[[], bool], what: str, patience: float = PATIENCE) -> float:
    """Seconds until something is so."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() < began + patience, what
        time.sleep(0.2)
    return time.monotonic() - began


def trouble(broker: Broker, sender: Bridged, deeds: list[str], rng: random.Random) -> None:
    """Do to the broker what the deeds say, one after the other."""
    for deed in deeds:
        time.sleep(rng.uniform(0.1, 0.5))
        if deed == "kill":
            broker.kill()
            time.sleep(rng.uniform(0, 0.3))
            broker.start()
        elif deed == "pause":
            broker.pause()
            time.sleep(rng.choice([0.1, 0.5, 1.0, 2.0, 7.0]))
            broker.go_on()
        elif deed == "wipe":
            broker.wipe()
        else:
            sender.kill_worker()
            sender.work()


def arrived(receiver: Bridged, source: str) -> list[tuple[str, int]]:
    """Number of each event that was taken in, and how often it was told on."""
    rows = receiver.rows(
        "SELECT m.source, m.number, count(e.pos) FROM nats_bridge_message m LEFT JOIN event e "
        "ON e.agg = 'nats_bridge.message/' || m.id AND e.type = 'nats_bridge.message.received' "
        "GROUP BY m.id ORDER BY m.id"
    )
    return [(str(number), int(told)) for whence, number, told in rows if whence == source]


def judge(sender: Bridged, receiver: Bridged, *, ordered: bool = True) -> int:
    """Nothing lost, nothing doubled, the events of a record in their order; says how many came."""
    source = sender.instance()
    expected = sender.told()
    until(lambda: len(arrived(receiver, source)) >= len(expected),
          f"{len(arrived(receiver, source))} of {len(expected)} arrived")  # fmt: skip
    found = arrived(receiver, source)
    assert [number for number, told in found if told != 1] == []
    assert Counter(number for number, _told in found) == Counter(expected)
    order = {
        str(pos): (agg, seq) for pos, agg, seq in sender.rows("SELECT pos, agg, seq FROM event")
    }
    last: dict[str, int] = {}
    for number, _told in found if ordered else ():
        agg, sequence = order[number]
        assert sequence > last.get(agg, 0), f"{agg}: {sequence} after {last[agg]}"
        last[agg] = sequence
    refused = receiver.rows("SELECT count(*) FROM nats_bridge_message WHERE state <> 'received'")
    assert refused == [(0,)]
    dead = sender.rows("SELECT count(*) FROM retry")
    assert dead == [(0,)], "a broker that is away makes no dead letters"
    return len(found)


def run(broker: Broker, sender: Bridged, receiver: Bridged, deeds: list[str], seed: int) -> int:
    """Load, trouble, and the reckoning; requests go on as if nothing were."""
    sender.start()
    sender.work()
    receiver.work()
    writers = Writers(sender)
    until(lambda: sender.rows("SELECT count(*) FROM inbox") != [(0,)], "nothing leaves", 60)
    try:
        trouble(broker, sender, deeds, random.Random(seed))
    finally:
        writers.stop()
    assert set(writers.answers) == {201}, writers.answers
    assert writers.longest < 5, "a broker that is away is no slow request"
    until(lambda: sender.lag()["behind"] == 0, "it does not drain")
    assert sender.lag()["error"] is None
    said = (sender.home / "log" / "test-worker.txt").read_text()
    assert said.count("told again") == deeds.count("wipe"), "a broker that was killed lost nothing"
    return judge(sender, receiver)


@pytest.mark.timeout(300)
def test_a_broker_killed_paused_and_emptied_under_load_loses_and_doubles_nothing(
    broker: Broker, sender: Bridged, receiver: Bridged
) -> None:
    rng = random.Random()
    deeds = ["kill"] * 5 + ["pause"] * 2 + ["worker", "wipe"]
    rng.shuffle(deeds)
    assert run(broker, sender, receiver, deeds, rng.randrange(1_000_000)) > 20


@pytest.mark.trust
@pytest.mark.timeout(300)
def test_a_receiver_killed_under_load_takes_in_everything_once(
    broker: Broker, sender: Bridged, receiver: Bridged
) -> None:
    """What it had fetched and not acknowledged comes again after half a minute."""
    sender.start()
    sender.work()
    receiver.work()
    writers = Writers(sender)
    rng = random.Random()
    try:
        for _time in range(4):
            time.sleep(rng.uniform(1.0, 3.0))
            receiver.kill_worker()
            receiver.work()
    finally:
        writers.stop()
    until(lambda: sender.lag()["behind"] == 0, "it does not drain")
    assert judge(sender, receiver, ordered=False) > 20


def memory(process: int) -> int:
    """The resident memory of a process, in MiB."""
    told = Path(f"/proc/{process}/status").read_text()
    return int(told.partition("VmRSS:")[2].split()[0]) // 1024


@pytest.mark.trust
@pytest.mark.timeout(900)
def test_memory_stays_flat_while_the_broker_is_away_and_twenty_thousand_events_pile_up(
    tmp_path: Path, broker: Broker, sender: Bridged, record_property: Callable[[str, object], None]
) -> None:
    sender.work()
    assert sender.worker is not None
    file = tmp_path / "people.csv"
    rows = [f"例{number},{ON}" for number in range(10_000)]
    warm, rest = rows[:500], rows[500:]
    file.write_text("\n".join(["name,community", *warm]))
    sender.run("people", "import", str(file))
    until(lambda: sender.lag()["behind"] == 0, "it does not drain")
    before = memory(sender.worker.pid)
    broker.kill()
    file.write_text("\n".join(["name,community", *rest]))
    sender.run("people", "import", str(file))
    seen = []
    for _look in range(20):
        time.sleep(1)
        seen.append(memory(sender.worker.pid))
    lag = sender.lag()
    assert int(str(lag["behind"])) > 19_000
    assert "127.0.0.1" in str(lag["error"])
    broker.start()
    took = until(lambda: sender.lag()["behind"] == 0, "it does not drain")
    after = memory(sender.worker.pid)
    record_property("MiB before, away at most, after", (before, max(seen), after))
    record_property("seconds to drain", took)
    assert max(seen) - before < 16
    assert after - before < 32
    assert len(broker.messages()) == len(sender.told())


@pytest.mark.trust
@pytest.mark.timeout(3000)
def test_two_hundred_kills_fifty_pauses_and_one_wipe_lose_and_double_nothing(
    broker: Broker,
    sender: Bridged,
    receiver: Bridged,
    record_property: Callable[[str, object], None],
) -> None:
    rng = random.Random(20261130)
    deeds = ["kill"] * 200 + ["pause"] * 50 + ["worker"] * 20
    rng.shuffle(deeds)
    deeds.insert(len(deeds) // 2, "wipe")
    number = run(broker, sender, receiver, deeds, 20261130)
    record_property("events", number)
    assert number > 2_000
