"""Stopping one handler by hand, and letting it go on: from where it stood, from now, or anew."""

from __future__ import annotations

from typing import Any

from lifang.entities.caller import Caller
from lifang.events import catchup, log, subscriptions
from lifang.events.tables import Retry, Subscription
from lifang.kit.errors import Conflict, Forbidden, NotFound
from lifang.kit.words import _
from lifang.services import event_log
from lifang.services.auditing import Change, record_note, stated
from lifang.store.whole import whole

RESUME, SKIP, RESTART = WAYS = ("resume", "skip", "restart")


@whole
def pause(caller: Caller, name: str, *, reason: str) -> None:
    """Stop a subscription everywhere: its cursor and its retries wait, and its lag stays in sight.

    Raises Forbidden to who does not see every event, NotFound naming the known ones, Conflict
    where it is paused.
    """
    row = _found(caller, name)
    reason = stated("reason", reason, _("请写明暂停的原因"))
    with caller.instance.database.transaction():
        if not subscriptions.switch(row.name, subscriptions.PAUSED):
            raise Conflict(_("「{name}」已经暂停", name=row.name))
        changes = [Change(row.name, subscriptions.LIVE, subscriptions.PAUSED)]
        record_note(caller, "event", "pause", changes=changes, reason=reason)


@whole
def resume(caller: Caller, name: str, *, way: str = RESUME) -> None:
    """Let a paused subscription go on: "resume" with what it missed, "skip" from now on, or
    "restart" with everything the log holds, as if it had never been told.

    What had failed is tried on, unless it starts anew: then the log tells it again. Raises as
    `pause` does, Conflict where it is not paused.
    """
    row = _found(caller, name)
    with caller.instance.database.transaction() as unit:
        if not subscriptions.switch(row.name, subscriptions.LIVE):
            raise Conflict(_("「{name}」没有暂停", name=row.name))
        if way == SKIP:
            subscriptions.move([row.name], log.end())
        elif way == RESTART:
            Retry.delete().where(Retry.sub == row.name).execute()
            subscriptions.move_back(row.name, catchup.START)
        changes = [Change(row.name, subscriptions.PAUSED, way)]
        record_note(caller, "event", "resume", changes=changes)
        unit.after.append(caller.instance.database.ring)


def _found(caller: Caller, name: str) -> Any:
    if not (event_log.sees_all(caller) and event_log.within_scope(caller, "replay")):
        raise Forbidden(_("只有能查看全部事件的平台管理员或审计员可以暂停或恢复订阅"))
    row = Subscription.get_or_none(Subscription.name == name)
    if row is None:
        known = _("、").join(one.name for one in Subscription.select().order_by(Subscription.name))
        raise NotFound(_("没有订阅「{name}」；已知的：{known}", name=name, known=known or "—"))
    return row
