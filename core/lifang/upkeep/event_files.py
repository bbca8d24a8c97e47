"""Files of events that were removed from the log: JSON lines, sealed like backups.

The last line says how many there are, with the digest of those before. Personal values are not in
them: the reference is, so what is erased later is erased here too.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from lifang.events.event import Event
from lifang.kit import clock, json
from lifang.kit.errors import Invalid
from lifang.kit.words import _
from lifang.services.instance import Instance
from lifang.store.keys import read_master
from lifang.upkeep import archive

SUFFIX = ".lifang-events"
OF_THE_MOMENT = ("replaying", "key", "unreadable")


def folder(instance: Instance) -> Path:
    """Where they lie."""
    return instance.settings.home / "archive"


class Writing:
    """A file of events on its way."""

    def __init__(self, sink: Any) -> None:
        """Write into a sealed file."""
        self._sink, self._digest, self._events = sink, hashlib.sha256(), 0

    def add(self, events: Iterable[Event]) -> None:
        """Take in some events, as the log holds them."""
        for event in events:
            told = {name: said for name, said in vars(event).items() if name not in OF_THE_MOMENT}
            told |= {"at": clock.fixed(event.at), "data": dict(event.data)}
            line = json.dumps(told) + b"\n"
            self._digest.update(line)
            self._sink.write(line)
            self._events += 1

    def finish(self) -> str:
        """Write the last line; gives the digest."""
        last = {"events": self._events, "sha256": self._digest.hexdigest()}
        self._sink.write(json.dumps(last) + b"\n")
        return str(last["sha256"])


@contextmanager
def writing(instance: Instance, name: str) -> Iterator[Writing]:
    """Write a file of events; it is there when the block has ended, whole or not at all."""
    folder(instance).mkdir(mode=0o700, exist_ok=True)
    master = read_master(instance.settings.key_file)
    with archive.sealed(folder(instance) / name, master) as sink:
        yield Writing(sink)


def read(file: Path, key: Path) -> Iterator[Event]:
    """The events of a file; the end of it is reached only where all of it is as it was written.

    Raises NotFound, Invalid or NotReady for a file that cannot be used.
    """
    digest, events, last = hashlib.sha256(), 0, {}
    with archive.unsealed(file, key) as (plain, _file):
        for line in plain:
            last = _loaded(file, line)
            if "sha256" in last:
                break
            digest.update(line)
            events += 1
            yield _event(last)
        if plain.read(1) or last != {"events": events, "sha256": digest.hexdigest()}:
            raise damaged(file)


def damaged(file: Path) -> Invalid:
    """What is said of a file that is not as it was written."""
    return Invalid(_("{path} 的内容与它的校验和不符，不能使用", path=file))


def _loaded(file: Path, line: bytes) -> dict[str, Any]:
    try:
        return dict(orjson.loads(line))
    except (ValueError, TypeError):
        raise damaged(file) from None


def _event(told: dict[str, Any]) -> Event:
    at, data = dt.datetime.fromisoformat(told["at"]), MappingProxyType(told["data"])
    return Event(**{**told, "at": at, "data": data, "communities": tuple(told["communities"])})
