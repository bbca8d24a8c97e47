"""What a plugin leaves in the core's tables: one list of where it is named, and its own tables."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

import peewee as pw

from lifang.entities.account import Idempotency, Token
from lifang.entities.attachment import Attachment
from lifang.entities.audit import AuditEntry
from lifang.entities.claim import Claim, Slots
from lifang.entities.community import FormerPlace
from lifang.entities.gram import NameGram
from lifang.entities.job import ColumnMapping, Job, JobProblem
from lifang.entities.ledger import LedgerAccount, LedgerEntry, LedgerLot, LedgerPosting
from lifang.entities.presence import Presence
from lifang.events.tables import Catchup, Erasable, Inbox, Retry, Subscription, Timer
from lifang.kit import clock
from lifang.kit.words import n_
from lifang.mechanisms.consents import Consent
from lifang.mechanisms.documents import DocumentRow
from lifang.mechanisms.numbers import NumberRow
from lifang.mechanisms.posted import NoticeObjection, PublicNotice
from lifang.plugins.tables import Activation, PluginRow, SettingRow, Stop
from lifang.store.database import Database
from lifang.store.record import Table


@dataclass(frozen=True)
class Leaving:
    """Rows of a core table that are a plugin's, and what people call them."""

    label: str
    model: Any
    rows: Any

    def count(self) -> int:
        """How many there are."""
        return int(self.model.select().where(self.rows).count())


def leavings(plugin: str, tables: Collection[str]) -> Iterator[Leaving]:
    """What is a plugin's, those that point at others first, so that they can go in this order.

    It is known by its id (`points`), by what begins with it (`points.account/7`), or by one of its
    tables (`points_account/7`). Audit and event log are kept, and what it wrote of people in them.
    """
    yield from _mechanisms(plugin, tables)
    yield from _core_records(plugin)
    yield Leaving(n_("搜索"), NameGram, _dotted(NameGram.noun, plugin))
    yield Leaving(n_("迁出前的位置"), FormerPlace, _dotted(FormerPlace.noun, plugin))
    yield Leaving(n_("导入的列"), ColumnMapping, _dotted(ColumnMapping.noun, plugin))
    for model in (Retry, Catchup, Inbox):
        by: Any = model.sub
        yield Leaving(n_("事件的进度"), model, (by == plugin) | _dotted(by, plugin))
    yield Leaving(n_("事件里的个人信息"), Erasable, _dotted(Erasable.subject, plugin))
    routes = [
        Idempotency.route.contains(f"/{name}/") for name in (plugin, plugin.replace("_", "-"))
    ]
    yield Leaving(n_("重复的请求"), Idempotency, reduce(or_, routes))
    labels = {
        SettingRow: n_("设置"),
        Activation: n_("开关"),
        Stop: n_("暂停的部分"),
        Subscription: n_("订阅"),
        Timer: n_("定时"),
    }
    for model in _naming():
        yield Leaving(labels.get(model, n_("登记")), model, model.plugin == plugin)


def _mechanisms(plugin: str, tables: Collection[str]) -> Iterator[Leaving]:
    slots = Slots.select(Slots.id).where(_dotted(Slots.kind, plugin))
    yield Leaving(n_("名额和排队"), Claim, Claim.slots.in_(slots))
    yield Leaving(n_("名额和排队"), Slots, _dotted(Slots.kind, plugin))
    entries = LedgerEntry.select(LedgerEntry.id).where(_dotted(LedgerEntry.ledger, plugin))
    accounts = LedgerAccount.select(LedgerAccount.id).where(_dotted(LedgerAccount.ledger, plugin))
    yield Leaving(n_("账目"), LedgerPosting, LedgerPosting.entry.in_(entries))
    yield Leaving(n_("账目"), LedgerLot, LedgerLot.account.in_(accounts))
    yield Leaving(n_("账目"), LedgerEntry, _dotted(LedgerEntry.ledger, plugin))
    yield Leaving(n_("账目"), LedgerAccount, _dotted(LedgerAccount.ledger, plugin))
    yield Leaving(n_("到场记录"), Presence, _dotted(Presence.kind, plugin))
    yield Leaving(n_("编号"), NumberRow, _dotted(NumberRow.name, plugin))
    about = _about(DocumentRow.about, tables)
    yield Leaving(n_("文书"), DocumentRow, _dotted(DocumentRow.name, plugin) | about)
    yield Leaving(n_("附件"), Attachment, _about(Attachment.about, tables))


def _core_records(plugin: str) -> Iterator[Leaving]:
    """Records of the core that are there for a plugin, with what lies beside them."""
    notices = PublicNotice.select(PublicNotice.id).where(_dotted(PublicNotice.kind, plugin))
    jobs = Job.select(Job.id).where(_dotted(Job.noun, plugin))
    label, objected = n_("公示异议"), NoticeObjection.notice.in_(notices)
    yield from _record(label, NoticeObjection, objected, "core.notice_objection")
    yield from _record(
        n_("公示"), PublicNotice, _dotted(PublicNotice.kind, plugin), "core.public_notice"
    )
    yield from _record(n_("同意"), Consent, _dotted(Consent.purpose_name, plugin), "core.consent")
    yield Leaving(n_("任务"), JobProblem, JobProblem.job.in_(jobs))
    yield from _record(n_("任务"), Job, _dotted(Job.noun, plugin), "core.job")


def _record(label: str, model: Any, rows: Any, aggregate: str) -> Iterator[Leaving]:
    """Records of a core noun with their timers and what finds them by name."""
    names = model.select(pw.Value(f"{aggregate}/").concat(model.id.cast("TEXT"))).where(rows)
    yield Leaving(n_("定时"), Timer, Timer.agg.in_(names))
    numbers = model.select(model.id).where(rows)
    grams = (NameGram.noun == f"{aggregate}s") & NameGram.record.in_(numbers)
    yield Leaving(n_("搜索"), NameGram, grams)
    yield Leaving(label, model, rows)


def clear(plugin: str, tables: Collection[str]) -> list[str]:
    """Take all of it away in the running transaction; gives the files that belonged to it."""
    files: list[str] = [
        row.place for row in Attachment.select().where(_about(Attachment.about, tables))
    ]
    jobs = Job.select().where(_dotted(Job.noun, plugin), ~Job.place.is_null())
    files += [str(row.place) for row in jobs]
    for one in leavings(plugin, tables):
        one.model.delete().where(one.rows).execute()
    _narrow_tokens(plugin)
    return files


def _narrow_tokens(plugin: str) -> None:
    """Take a plugin's verbs out of the scopes of tokens; one that has no other is revoked."""
    for row in Token.select().where(Token.scope.contains(f"{plugin}.")):
        left = [word for word in row.scope.split() if not word.startswith(f"{plugin}.")]
        if len(left) == len(row.scope.split()):
            continue
        if not left:  # an empty scope would be worth all that its owner may do
            row.revoked_at, left = row.revoked_at or clock.now(), ["none"]
        row.scope = " ".join(left)
        row.save()


def tables_of(database: Database, plugin: str, declared: Collection[str]) -> list[str]:
    """The tables of a plugin that are there: declared ones, its history, and those it calls so.

    `points_…` is no table of `points` where a plugin `points_shop` is known and it is that one's.
    """
    others: Any = PluginRow.select(PluginRow.name).where(PluginRow.name != plugin).tuples()
    longer = [f"{name}_" for (name,) in others if name.startswith(f"{plugin}_")]
    core = {model._meta.table_name for model in _models()}
    there = [str(name) for name in database.engine.get_tables() if name not in core]
    return [
        name
        for name in there
        if name in declared
        or (name.startswith(f"{plugin}_") and not name.startswith(tuple(longer)))
    ]


def _models() -> Iterator[Any]:
    """Every table of the core."""
    waiting = [Table]
    while waiting:
        for model in waiting.pop().__subclasses__():
            waiting.append(model)
            if model.__module__.startswith("lifang.") and "table_name" in vars(model._meta):
                yield model


def _naming() -> Iterator[Any]:
    """Every table of the core with a column that names a plugin, but the trail."""
    found = [one for one in _models() if "plugin" in one._meta.fields and one is not AuditEntry]
    yield from sorted(found, key=lambda one: str(one._meta.table_name))


def _dotted(column: Any, plugin: str) -> Any:
    return pw.fn.SUBSTR(column, 1, len(plugin) + 1) == f"{plugin}."


def _about(column: Any, tables: Collection[str]) -> Any:
    told = [pw.fn.SUBSTR(column, 1, len(name) + 1) == f"{name}/" for name in tables]
    return reduce(or_, told, pw.SQL("1 = 0"))
