"""Deliveries that failed, as people see them: who was not told what, why, and who was."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lifang.entities.caller import Caller
from lifang.events import log, retry
from lifang.events.event import wanted
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.kit.errors import Invalid, Malformed, demand_known
from lifang.kit.words import _, n_
from lifang.plugins.tables import Activation
from lifang.services import event_log
from lifang.services.delivery import audience_of
from lifang.services.event_log import SeenEvent

STATES = {
    "dead": n_("死信"),
    "parked": n_("已搁置：无法处理"),
    "waiting": n_("等待重试"),
    "skipped": n_("已忽略"),
    "off": n_("暂缓：插件没有在那里启用"),
}
GIVEN_UP, PENDING = ("dead", "parked"), ("waiting", "off")
MOST = 5_000
"""Letters that are treated by one request."""
STEPS = STATES | {
    "done": n_("已处理"),
    "ahead": n_("还没有轮到"),
    "passed": n_("略过：插件没有在那里启用"),
    "unknown": n_("已读过：插件的开关后来有变化"),
}


@dataclass(frozen=True)
class Letter:
    """One delivery that failed: to whom, what, how often, and with which error.

    `key` is what it is named by: `17@dual_reporting.suggest_transfer`. `stack` tells where it
    failed; `instead` what this subscriber is told instead of the event's own data; `reason` why
    somebody gave it up.
    """

    key: str
    subscriber: str
    state: str
    tries: int
    next_at: dt.datetime
    error: str | None
    stack: str | None
    reason: str | None
    instead: dict[str, Any] | None
    event: SeenEvent


@dataclass(frozen=True)
class Wanted:
    """Which letters are meant: those of some keys, or what each given filter leaves."""

    keys: tuple[str, ...] | None = None
    state: str | None = "dead"
    subscriber: str | None = None
    plugin: str | None = None
    type: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True)
class Step:
    """How far one subscriber is with an event, and the letter about it if there is one."""

    subscriber: str
    state: str
    letter: Letter | None


def narrowed(asked: Mapping[str, str | None], state: str) -> Wanted:
    """The letters in a state that some filters leave, each as somebody typed it."""
    return Wanted(
        state=state,
        subscriber=asked.get("subscriber") or None,
        plugin=asked.get("plugin") or None,
        type=asked.get("type") or None,
        since=event_log.moment("since", asked.get("since")),
        until=event_log.moment("until", asked.get("until")),
    )


def letters(
    caller: Caller, wanted: Wanted, *, before: str | None = None, limit: int | None = None
) -> list[Letter]:
    """The letters that are meant and that the caller may see, the newest event first.

    `before` is the key of the last one that was seen. Forbidden for who may see no events.
    """
    told = [*event_log.seen(caller), *_conditions(wanted)]
    if before is not None:
        position, name = read_key(before)
        told.append((Retry.pos < position) | ((Retry.pos == position) & (Retry.sub > name)))
    rows: Any = Retry.select().join(EventRow, on=(EventRow.pos == Retry.pos)).where(*told)
    return _read(caller, rows.order_by(Retry.pos.desc(), Retry.sub).limit(limit))


def chain(caller: Caller, event: SeenEvent) -> list[Step]:
    """How far every subscriber of an event's type is with it; the event has been seen already."""
    audience = audience_of(caller.instance)
    handlers = {one.name: one for one in audience.subscribers}
    [whole] = caller.instance.events.read([event.position])
    rows: Any = Retry.select().where(Retry.pos == event.position)
    failed = {one.subscriber: one for one in _read(caller, rows)}
    switched: Any = Activation.select(Activation.plugin).where(Activation.changed_at > event.at)
    moved = {row.plugin for row in switched}
    steps: list[Step] = []
    for row in Subscription.select().order_by(Subscription.name):
        if not wanted(json.loads(row.types), event.type):
            continue
        ahead = log.ahead_of(log.Place(row.xid, row.pos)) & (EventRow.pos == event.position)
        if letter := failed.get(row.name):
            state = letter.state
        elif EventRow.select().where(ahead).exists():
            state = "ahead"
        elif row.plugin in moved:
            state = "unknown"
        else:
            handler = handlers.get(row.name)
            told = handler is not None and audience.told(handler, whole) is not None
            state = "done" if told else "passed"
        steps.append(Step(row.name, state, letter))
    return steps


def _conditions(wanted: Wanted) -> Iterator[Any]:
    if wanted.keys is not None:
        yield _named(wanted.keys)
        return
    if wanted.state is not None:
        demand_known("state", wanted.state, STATES)
    together = {"dead": GIVEN_UP, "waiting": PENDING}
    mine = Subscription.select(Subscription.name).where(Subscription.plugin == wanted.plugin)
    for given, condition in (
        (wanted.state, Retry.state.in_(together.get(str(wanted.state), (wanted.state,)))),
        (wanted.subscriber, Retry.sub == wanted.subscriber),
        (wanted.plugin, Retry.sub.in_(mine)),
        (wanted.type, EventRow.type == wanted.type),
        (wanted.since, EventRow.at >= wanted.since),
        (wanted.until, EventRow.at < wanted.until),
    ):
        if given is not None:
            yield condition


def _named(keys: Collection[str]) -> Any:
    """The condition of the letters of some keys."""
    if not keys:
        raise Invalid(_("还没有选中任何记录；请回到列表勾选，或改选「符合条件的全部」"))
    if len(keys) > MOST:
        raise Malformed(_("一次最多处理 {n} 条，从新的开始；其余请再来一次", n=MOST))
    whole = Retry.pos.cast("TEXT").concat("@").concat(Retry.sub).in_(list(keys))
    return Retry.pos.in_([position for position, _name in map(read_key, keys)]) & whole


def _read(caller: Caller, rows: Iterable[Any]) -> list[Letter]:
    kept = list(rows)
    events = caller.instance.events.read({row.pos for row in kept})
    shown = {one.position: one for one in event_log.shown(caller, events)}
    told = {one.position: one for one in events}
    secrets = {one.noun: event_log.secrets_of(caller, one.noun) for one in events}

    def instead(row: Any, event: SeenEvent) -> dict[str, Any] | None:
        if row.data is None:
            return None
        changed = retry.instead(told[row.pos], row.data, row.ver, caller.instance.events)
        return dict(event_log.covered(changed.data, secrets[event.noun], set()))

    return [
        Letter(f"{row.pos}@{row.sub}", row.sub, row.state, row.tries, row.next_at, row.error,
               row.stack, row.reason, instead(row, shown[row.pos]), shown[row.pos])
        for row in kept
        if row.pos in shown
    ]  # fmt: skip


def read_key(key: str) -> tuple[int, str]:
    """The position and the subscription of a key; raises Malformed for anything else."""
    position, _at, name = key.partition("@")
    if not (position.isascii() and position.isdigit() and len(position) < 19 and name):
        raise Malformed(_("没有这样的投递：{key}", key=key))
    return int(position), name
