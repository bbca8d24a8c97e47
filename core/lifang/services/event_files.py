"""Files of events that were removed from the log: JSON lines, sealed like backups.

The first line says whose events they are, the last one how many, with the digest of those between.
Personal values are not in them: the reference is, so what is erased later is erased here too.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from lifang.events.event import Event
from lifang.kit import clock, json
from lifang.kit.errors import Invalid, NotReady
from lifang.kit.words import _
from lifang.services import archive
from lifang.services.backup import instance_id
from lifang.services.instance import Instance
from lifang.store.keys import read_master

FORMAT, SUFFIX = 1, ".lifang-events"
OF_THE_MOMENT = ("replaying", "unreadable")


def folder(instance: Instance) -> Path:
    """Where they lie."""
    return instance.settings.home / "archive"


class Writing:
    """A file of events on its way."""

    def __init__(self, sink: Any) -> None:
        """Write into a sealed file."""
        self._sink, self._digest, self.events = sink, hashlib.sha256(), 0

    def add(self, events: Iterable[Event]) -> None:
        """Take in some events, as the log holds them."""
        for event in events:
            told = {k: v for k, v in vars(event).items() if k not in OF_THE_MOMENT}
            told |= {"at": clock.fixed(event.at), "data": dict(event.data)}
            line = json.dumps(told) + b"\n"
            self._digest.update(line)
            self._sink.write(line)
            self.events += 1

    def finish(self) -> str:
        """Write the last line; gives the digest."""
        digest = self._digest.hexdigest()
        self._sink.write(json.dumps({"events": self.events, "sha256": digest}) + b"\n")
        return digest


@contextmanager
def writing(instance: Instance, name: str) -> Iterator[Writing]:
    """Write a file of events; it is there when the block has ended, whole or not at all."""
    folder(instance).mkdir(mode=0o700, exist_ok=True)
    master = read_master(instance.settings.key_file)
    with archive.sealed(folder(instance) / name, master) as sink:
        about = {
            "format": FORMAT,
            "instance": instance_id(instance),
            "at": clock.fixed(clock.now()),
        }
        sink.write(json.dumps(about) + b"\n")
        yield Writing(sink)


def read(file: Path, key: Path) -> Iterator[Event]:
    """The events of a file; the end of it is reached only where all of it is as it was written.

    Raises NotFound, Invalid or NotReady for a file that cannot be used.
    """
    digest, events = hashlib.sha256(), 0
    with archive.unsealed(file, key) as (plain, _file):
        about: Mapping[str, Any] = _loaded(plain.readline())
        if about.get("format") != FORMAT:
            raise NotReady(_("{path} 不是这个版本能读的事件档案", path=file))
        for line in plain:
            told = _loaded(line)
            if "sha256" in told:
                break
            digest.update(line)
            events += 1
            yield _event(told)
        else:
            told = {}
        if plain.read(1) or told != {"events": events, "sha256": digest.hexdigest()}:
            raise damaged(file)


def damaged(file: Path) -> Invalid:
    """What is said of a file that is not as it was written."""
    return Invalid(_("{path} 的内容与它的校验和不符，不能使用", path=file))


def _loaded(line: bytes) -> dict[str, Any]:
    try:
        return dict(orjson.loads(line))
    except (ValueError, TypeError):
        raise Invalid(_("备份的内容不完整，不能使用")) from None


def _event(told: dict[str, Any]) -> Event:
    at = dt.datetime.fromisoformat(told.pop("at"))
    data, communities = MappingProxyType(told.pop("data")), tuple(told.pop("communities"))
    return Event(**told, at=at, data=data, communities=communities)
