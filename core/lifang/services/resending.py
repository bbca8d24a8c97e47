"""Letting a delivery that failed be told once more, or giving it up: looked at first, audited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, Literal

import peewee as pw

from lifang.entities.caller import Caller
from lifang.events import log, retry
from lifang.events.event import wanted
from lifang.events.personal import ERASED, referring
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.kit.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from lifang.kit.json import loads_strict
from lifang.kit.words import _
from lifang.services import event_log
from lifang.services.auditing import Change, record_note, stated
from lifang.services.delivery import audience_of
from lifang.services.event_log import SeenEvent
from lifang.services.letters import MOST, STEPS, Letter, Wanted, chain, letters, read_key

AT_ONCE = 200
"""Letters treated in one transaction."""

Verb = Literal["replay", "skip"]
TREATED: dict[Verb, tuple[str, ...]] = {
    "replay": ("dead", "parked", "waiting", "off", "skipped"),
    "skip": ("dead", "parked", "waiting", "off"),
}


@dataclass(frozen=True)
class Plan:
    """What replaying or giving up would do: how many letters, the first of them, and the rest."""

    number: int
    first: tuple[Letter, ...]
    sentences: tuple[str, ...]

    def only(self) -> Letter:
        """The one letter; raises Invalid where there are more or none."""
        if self.number != 1:
            raise Invalid(_("改后重放一次只能处理一条"))
        return self.first[0]


def check(caller: Caller, verb: Verb, wanted: Wanted) -> Plan:
    """What would happen; raises Forbidden, or why one that was named cannot be treated."""
    found = _meant(caller, verb, wanted)
    names = sorted({letter.subscriber for letter in found})
    told = []
    if verb == "replay":
        told = [*_twice(names), *_order(found), *_asleep(caller, names)]
    elif found:
        told = [_("不再尝试；排在后面的照常处理；以后仍可重放")]
    if len(found) == MOST:
        told.append(_("一次最多处理 {n} 条，从新的开始；其余请再来一次", n=MOST))
    return Plan(len(found), tuple(found[:20]), tuple(told))


def carry_out(
    caller: Caller,
    verb: Verb,
    wanted: Wanted,
    *,
    reason: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> int:
    """Let letters be told once more, or give them up for a reason; gives how many.

    With `data` the one letter is told with that instead of the event's own; the log stays as it
    is. Each is audited. A replayed letter waits again and keeps its place within its record.
    """
    if verb == "skip":
        reason = stated("reason", reason or "", _("请写明忽略的原因"))
    found = _meant(caller, verb, wanted)
    if data is not None and len(found) != 1:
        raise Invalid(_("改后重放一次只能处理一条"))
    treated = 0
    for some in pw.chunked([letter.key for letter in found], AT_ONCE):
        these = replace(wanted, keys=tuple(some))
        deed = partial(_treat, caller, verb, these, reason, data)
        treated += caller.instance.database.whole(deed)
    return treated


def read_data(said: str) -> Any:
    """What somebody typed as JSON; nothing that is JSON is None."""
    try:
        return loads_strict(said.encode("utf-8", "replace"))
    except Malformed:
        return None


def as_data(caller: Caller, letter: Letter, told: Any) -> dict[str, Any]:
    """Changed data in which what still stands masked stays as it was.

    Raises Invalid on the field `data` for what is no object.
    """
    if not isinstance(told, dict):
        sentence = _("内容须为一个 JSON 对象，例如 {example}", example='{"old": 3}')
        raise Invalid.about("data", "invalid", sentence)
    original = caller.instance.events.read([letter.event.position])[0].data
    shown = letter.event.data
    return {
        key: original[key] if key in original and value == shown[key] else value
        for key, value in told.items()
    }


def _treat(
    caller: Caller,
    verb: Verb,
    wanted: Wanted,
    reason: str | None,
    data: Mapping[str, Any] | None,
) -> int:
    """Treat some letters in one transaction, those that still stand as they stood."""
    unit: Any
    with caller.instance.database.transaction() as unit:
        found = [one for one in letters(caller, wanted) if one.state in TREATED[verb]]
        for letter in found:
            position = letter.event.position
            changes = [Change("event", None, letter.key)]
            if verb == "skip":
                retry.skip(letter.subscriber, position, reason or "")
            elif data is None:
                retry.again(letter.subscriber, position)
            else:
                changes += edits(caller, position, data)
                retry.again(letter.subscriber, position, *_kept(caller, letter.event, data))
            record_note(caller, "event", verb, changes=changes, reason=reason)
        unit.after.append(caller.instance.database.ring)
    return len(found)


def _kept(caller: Caller, event: SeenEvent, data: Mapping[str, Any]) -> tuple[str, int]:
    """Changed data as it is kept, with its version; raises Invalid where it is not as declared."""
    declared = caller.instance.plugins.payloads.get(event.type)
    if declared is not None and event.version == declared.version:
        declared.demand(data)
        for name in declared.erasable:
            if type(data.get(name, None)) is str and data[name] != ERASED:
                raise _personal(name)
    try:
        told = json.dumps(referring(data), ensure_ascii=False, separators=(",", ":"))
    except ValueError as name:
        raise _personal(str(name)) from None
    return told, event.version


def _personal(field: str) -> Invalid:
    told = _("「{field}」是可以依法删除的个人信息，不能改；请保留原样", field=field)
    return Invalid.about("data", "personal", told)


def edits(caller: Caller, position: int, data: Mapping[str, Any]) -> Iterator[Change]:
    """The fields that somebody changed; what may not be shown is kept sealed."""
    [event] = caller.instance.events.read([position])
    secrets = event_log.secrets_of(caller, event.noun)
    for name in sorted(event.data.keys() | data.keys()):
        before, after = (
            json.dumps(side[name], ensure_ascii=False) if name in side else None
            for side in (event.data, data)
        )
        if before != after:
            both = {name: [event.data.get(name), data.get(name)]}
            secret = event_log.covered(both, secrets, set()) != both
            yield Change(f"data.{name}"[:60], before, after, sensitive=secret)


def _meant(caller: Caller, verb: Verb, wanted: Wanted) -> list[Letter]:
    if not (event_log.sees_all(caller) and event_log.within_scope(caller, verb)):
        denied = Forbidden(_("只有能查看全部事件的平台管理员或审计员可以重放或忽略"))
        with caller.instance.database.transaction():
            record_note(caller, "event", verb, reason=denied.sentence, outcome="denied")
        raise denied
    found = letters(caller, wanted, limit=MOST)
    if wanted.keys is not None and len(wanted.keys) == 1 and not found:
        raise _why_not(caller, wanted.keys[0])
    return [one for one in found if one.state in TREATED[verb]]


def _why_not(caller: Caller, key: str) -> Exception:
    """Why there is no letter where one was named."""
    position, name = read_key(key)
    steps = {one.subscriber: one for one in chain(caller, event_log.find_event(caller, position))}
    if not steps:
        return NotFound(_("没有订阅听这种事件"))
    if name not in steps:
        known = _("、").join(steps) or "—"
        return NotFound(_("订阅「{name}」不听这种事件；听的有：{known}", name=name, known=known))
    if steps[name].state == "done":
        return Conflict(_("「{name}」已经处理过这个事件；重放会重复计入，不能重放", name=name))
    state = _(STEPS[steps[name].state])
    return Conflict(_("「{name}」没有未成功的这个事件（{state}）", name=name, state=state))


def _twice(names: Sequence[str]) -> Iterator[str]:
    """Whether an effect could happen twice: a failed try of ours has left none."""
    rows: Any = (
        Subscription.select().where(Subscription.name.in_(names)).order_by(Subscription.name)
    )
    outside = [row.name for row in rows if row.mode != "tx"]
    if set(names) - set(outside):
        yield _("不会重复计入：失败的那次已全部撤销，结果与进度在同一个事务里保存")
    for name in outside:
        yield _(
            "可能重复：「{name}」会对外发送，发出的收不回；对方可按幂等键 位置/订阅 去重", name=name
        )


def _order(found: Iterable[Letter]) -> Iterator[str]:
    """How much of the same records has gone on meanwhile."""
    later = 0
    for name, some in groupby(sorted(found, key=lambda one: one.subscriber), _subscriber):
        row: Any = Subscription.get_by_id(name)
        for batch in pw.chunked(some, AT_ONCE):
            later += len(_told_since(row, batch))
    if later:
        yield _("同一记录后来的 {n} 个事件已经先处理；重放的补在它们之后，不改变它们", n=later)


def _told_since(row: Any, some: Iterable[Letter]) -> set[int]:
    """The events a subscriber has been told of the records of some letters, after each of those."""
    first: dict[str, int] = {}
    for event in (letter.event for letter in some):
        record = f"{event.noun}/{event.subject}"
        first[record] = min(event.position, first.get(record, event.position))
    read = EventRow.agg.in_(list(first)), ~log.ahead_of(log.Place(row.xid, row.pos))
    told: Any = EventRow.select(EventRow.pos, EventRow.agg, EventRow.type).where(*read).tuples()
    types = set(json.loads(row.types))
    since = {pos for pos, record, type in told if wanted(types, type) and pos > first[record]}
    waits: Any = Retry.select(Retry.pos).where(Retry.sub == row.name, Retry.agg.in_(list(first)))
    return since - {pos for (pos,) in waits.tuples()}


def _asleep(caller: Caller, names: Iterable[str]) -> Iterator[str]:
    """Who would not be told at once, because nobody is switched on."""
    awake = {one.name for one in audience_of(caller.instance).subscribers}
    for name in names:
        if name not in awake:
            yield _("「{name}」现在没有启用；重放后要等插件启用才处理", name=name)


def _subscriber(letter: Letter) -> str:
    return letter.subscriber
