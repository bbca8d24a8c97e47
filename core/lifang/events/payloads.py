"""What an event's data looks like: declared by who publishes it, judged then, read as of today."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lifang.events import log, personal
from lifang.events.event import Data, Event
from lifang.events.personal import Personal
from lifang.events.tables import EventRow
from lifang.kit.errors import FieldError, Invalid, NotReady
from lifang.kit.words import _

if TYPE_CHECKING:
    import marshmallow as ma

    from lifang.store.keys import KeyRing

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes data of one version that of the next; an erased value reads `lf.ERASED` there too."""

LATEST = "latest"
Keep = int | str | None


@dataclass(frozen=True)
class Payload:
    """The declared data of one type of event (see `payload`)."""

    type: str
    schema: Callable[[], ma.Schema]
    version: int = 1
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)
    erasable: Mapping[str, str | None] = field(default_factory=dict)
    keep: Keep = None

    @cached_property
    def _judge(self) -> ma.Schema:
        return self.schema()

    def demand(self, data: Data) -> None:
        """Raise Invalid, naming event and fields, for data that is not as declared."""
        wrong = self._judge.validate(dict(data))
        if wrong:
            errors = [
                FieldError(str(name), "payload", _("事件 {type} 的「{field}」与声明不符：{why}",
                           type=self.type, field=name, why=_first(why)))
                for name, why in wrong.items()
            ]  # fmt: skip
            raise Invalid(_("；").join(one.message for one in errors), errors=errors)


def _first(why: Any) -> str:
    """The first complaint, however deep it lies."""
    while isinstance(why, Mapping | list) and why:
        why = next(iter(why.values())) if isinstance(why, Mapping) else why[0]
    return str(why)


def payload(
    type: str,
    schema: Callable[[], ma.Schema],
    *,
    version: int = 1,
    upcasters: Mapping[int, Upcaster] | None = None,
    erasable: Mapping[str, str | None] | None = None,
    keep: Keep = None,
) -> Payload:
    """Declare the data of an event that a plugin publishes, for its `payloads=[…]`.

    `schema` is a marshmallow schema, or a function that gives one. `upcasters` bring data of a
    version to the next: `{1: up_1_to_2}`. `erasable` names the texts that are personal, each with
    the key of the data that holds the person's id, None for the record the event is about.
    `keep` is how long such events stay in the log: None for ever, a number of days, or "latest",
    the newest of each record. Raises ValueError for what cannot be so.
    """
    told = dict(upcasters or {})
    if version < 1 or not set(told) <= set(range(1, version)):
        raise ValueError(f"{type}: version {version} cannot have upcasters from {sorted(told)}")
    if not (keep is None or keep == LATEST or (isinstance(keep, int) and keep > 0)):
        raise ValueError(f"{type}: keep={keep!r} is neither a number of days nor {LATEST!r}")
    return Payload(type, schema, version, told, dict(erasable or {}), keep)


def demand_chains(plugin: str, payloads: Iterable[Payload]) -> None:
    """Raise NotReady where an event is kept in a version from which nothing leads to today's.

    Only where an upcaster is missing is anything asked: the oldest event of that type tells.
    """
    for one in payloads:
        if len(one.upcasters) == one.version - 1:
            continue
        rows: Any = EventRow.select(EventRow.ver).where(EventRow.type == one.type)
        oldest = rows.order_by(EventRow.pos).limit(1).scalar() or one.version
        for version in range(oldest, one.version):
            if version not in one.upcasters:
                raise NotReady(_("插件「{plugin}」的事件 {type} 存有版本 {old} 的，却没有从 {old} "
                                 "到 {new} 的转换；请在 payload 的 upcasters 里补上", plugin=plugin,
                                 type=one.type, old=version, new=version + 1))  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Reads events as they are told today: personal values put in, old versions brought up.

    What a type's newest version is, only its plugin knows; while that is not among the loaded
    `plugins`, its events are told as they are kept.
    """

    payloads: Mapping[str, Payload]
    plugins: Collection[str]
    keys: KeyRing

    def read(self, positions: Collection[int]) -> list[Event]:
        """The events at some positions, in order; those no longer kept are left out."""
        return self.today(log.read(positions))

    def today(self, events: list[Event]) -> list[Event]:
        """The same events with data of today's versions."""
        many = personal.opened([event.data for event in events], self.keys)
        return [self._today(event, data) for event, data in zip(events, many, strict=True)]

    def _today(self, event: Event, data: Data) -> Event:
        declared = self.payloads.get(event.type)
        unknown = event.version if event.type.partition(".")[0] not in self.plugins else 1
        newest = unknown if declared is None else declared.version
        if data is not event.data and personal.references(data):
            return replace(event, unreadable=_("其中的个人信息解不开"))
        if event.version == newest:
            told = data if data is event.data else MappingProxyType(dict(data))
            return replace(event, data=told) if told is not event.data else event
        if declared is None or event.version > newest:
            why = _("版本 {version} 比这里认识的 {newest} 新", version=event.version, newest=newest)
            return replace(event, unreadable=why)
        for version in range(event.version, newest):
            try:
                data = declared.upcasters[version](dict(data))
            except Exception as error:  # whatever an author's function raises is one event's fault
                there = version in declared.upcasters
                why = type(error).__name__ if there else _("没有这个函数")
                said = _("从版本 {version} 升级的函数没有成功：{why}", version=version, why=why)
                return replace(event, unreadable=said)
        hidden = {name: Personal(data[name]) for name in declared.erasable if _bare(data, name)}
        told = MappingProxyType({**data, **hidden})
        return replace(event, data=told, version=newest)


def _bare(data: Data, name: str) -> bool:
    """Whether an upcaster made a personal value of others, so that it no longer says what it is."""
    return type(data.get(name)) is str and data[name] != personal.ERASED
