"""Why a subscriber stands still, in sentences: for doctors, and for whoever sees all events."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

from lifang.entities.caller import Caller
from lifang.events import subscriptions
from lifang.events.tables import Retry, Subscription
from lifang.kit import clock
from lifang.kit.words import _, n_
from lifang.services.delivery import Lag, lag, lag_seen_by, waiting_since
from lifang.services.instance import Instance
from lifang.services.letters import GIVEN_UP

logger = logging.getLogger("lifang.worker")

UNMOVED = dt.timedelta(seconds=30)
"""How long events may wait before it is asked who should be moving them."""


def patience(instance: Instance) -> dt.timedelta:
    """How long events may wait, or somebody hold them, before somebody has a word to say."""
    return dt.timedelta(minutes=instance.settings.lag_minutes)


class Alarm:
    """The worker's share: says in the log who begins to be late, and who no longer is."""

    def __init__(self, instance: Instance) -> None:
        """Watch over an instance."""
        self._instance = instance
        self._late: set[str] = set()

    def step(self) -> bool:
        """Look once; there is never more to do at once."""
        before = clock.now() - patience(self._instance)
        late = {name: at for name, at in waiting_since(self._instance).items() if at < before}
        for name in sorted(late.keys() - self._late):
            logger.warning("%s waits for an event of %s; see lifang events lag", name, late[name])
        for name in sorted(self._late - late.keys()):
            logger.warning("%s is no longer late", name)
        self._late = set(late)
        return False


class Stall(NamedTuple):
    """How far one subscriber is, why it stands, and whether somebody should look after it."""

    lag: Lag
    why: tuple[str, ...]
    worrying: bool


def seen_by(caller: Caller) -> list[Stall]:
    """How every subscriber is; Forbidden for who may not see all events."""
    return _told(caller.instance, lag_seen_by(caller))


def of(instance: Instance) -> list[Stall]:
    """The same for the instance itself."""
    return _told(instance, lag(instance))


def _told(instance: Instance, lags: list[Lag]) -> list[Stall]:
    rows: dict[str, Any] = {row.name: row for row in Subscription.select()}
    return [_stall(instance, one, rows[one.name]) for one in lags]


def _stall(instance: Instance, one: Lag, row: Any) -> Stall:
    now, loaded = clock.now(), row.plugin in instance.plugins.loaded
    late = patience(instance)
    held = row.lease_until is not None and row.lease_until > now + late
    waits = one.oldest is not None and one.oldest < now - late
    meant = one.state != "live" and row.state == "live" and loaded  # switched off, and that is all
    why = tuple(_why(instance, one, row))
    return Stall(one, why, bool(one.dead or held or (waits and not meant)))


def _why(instance: Instance, one: Lag, row: Any) -> Iterator[str]:
    now = clock.now()
    if one.state != "live":
        yield _off(instance, row)
    elif row.lease_until is not None and row.lease_until > now + patience(instance):
        until = clock.shown(row.lease_until)
        yield _("被 {host} 占用到 {until}，时钟可能走错过", host=row.lease_owner, until=until)
    elif row.trouble:
        yield _("收信的一方不在，恢复后自动继续：{error}", error=row.trouble)
    elif one.behind and one.oldest and one.oldest < now - UNMOVED:
        yield _unmoved(row)
    if one.retrying:
        yield from _blocked(one)
    if one.dead:
        yield _("{n} 个死信，不再自动尝试：{error}", n=one.dead, error=_last(one.name))


GONE = {
    "missing": n_("插件「{plugin}」的软件包不在了"),
    "uninstalled": n_("插件「{plugin}」已卸载"),
}


def _off(instance: Instance, row: Any) -> str:
    if row.state == "paused":
        return _("已手动暂停")
    if row.plugin in instance.plugins.faults:
        return _("插件「{plugin}」无法载入", plugin=row.plugin)
    loaded = row.plugin in instance.plugins.loaded
    known = None if loaded else instance.gone.of(row.plugin)
    if known is not None and known.state in GONE:
        return _(GONE[known.state], plugin=row.plugin)
    return _("插件「{plugin}」没有在任何地方启用", plugin=row.plugin)


def _unmoved(row: Any) -> str:
    """Who should be moving it and does not."""
    holder = row.lease_owner
    if holder is None or row.lease_until < clock.now():
        return _("没有分发进程在处理：运行 lifang serve 或 lifang worker")
    host, _slash, number = holder.rpartition("/")[0].rpartition("/")
    if subscriptions.gone(holder):
        return _("处理它的进程 {number} 已经不在了，等别的进程接手", number=number)
    return _("由主机 {host} 的进程 {number} 处理，还没有赶上", host=host, number=number)


def _blocked(one: Lag) -> Iterator[str]:
    """The delivery that holds others of its record back."""
    waiting = (Retry.sub == one.name) & (Retry.state == "waiting")
    row: Any = Retry.select().where(waiting, Retry.tries > 0).order_by(Retry.pos).first()
    if row is None:
        yield _("{n} 个事件等着再处理", n=one.retrying)
        return
    when = clock.local(row.next_at).strftime("%m-%d %H:%M:%S")
    yield _("记录 {record} 卡在位置 {position}：失败 {tries} 次，{when} 再试：{error}",
            record=row.agg, position=row.pos, tries=row.tries, when=when,
            error=row.error or "")  # fmt: skip


def _last(name: str) -> str:
    rows: Any = Retry.select(Retry.error).where(Retry.sub == name, Retry.state.in_(GIVEN_UP))
    return str(rows.order_by(Retry.pos.desc()).limit(1).scalar() or "—")
