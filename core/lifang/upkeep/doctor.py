"""What a doctor asks an instance: each check one sentence, and what to do where it is not well."""

from __future__ import annotations

import datetime as dt
import platform
import re
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import peewee as pw

from lifang.access.callers import plugin_caller
from lifang.access.roles import FIRST_ADMINISTRATOR
from lifang.entities.audit import AuditEntry
from lifang.entities.caller import Caller
from lifang.entities.job import Job
from lifang.events import log
from lifang.events.tables import Retry
from lifang.kit import clock, masking
from lifang.kit.calendar import missing
from lifang.kit.errors import Busy, Forbidden, LifangError, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _, n_
from lifang.plugins import importing, waiting
from lifang.plugins.manager import discover
from lifang.plugins.tables import PluginRow
from lifang.resources.registry import CORE
from lifang.services import clockwork, deadlines, jobs, retention
from lifang.services.instance import Instance
from lifang.store.embedded import Embedded
from lifang.store.opening import open_database
from lifang.upkeep import backup, guarding, papers, stalls
from lifang.upkeep.figures import FREE_SHARE, outstanding
from lifang.upkeep.guarding import MOST_NAMED, Finding

A_DAY = dt.timedelta(days=1)
A_SEASON = dt.timedelta(days=61)
LATE = dt.timedelta(minutes=10)
"""How long something may wait for the dispatcher before it is worth a word."""

STALE = dt.timedelta(days=1, hours=1)
"""How old the last good backup may be: a day, and an hour in which the next one is made."""

LONG = {
    "database": n_("数据库的结构要读完整个文件，网页上不查"),
    "attachments": n_("附件的内容要逐个读出，网页上不查"),
    "outside": n_("插件用到的外部服务要等对方应答，网页上不查"),
}
"""Why a page leaves a check to the command."""

MARKS = {"bad": "✗", "warn": "!", "unseen": "?", "ok": "✓"}
"""The sign of each state, the worst first."""

Check = tuple[Callable[[Any], Iterator[Finding]], str, str]
"""What looks, its name where it may find nothing, and what is said then."""


def examine_folder(told: Settings, *, long: bool = True) -> list[Finding]:
    """Look at the folder, the key, the disk and the database file, without opening the instance."""
    checks = ((_folder, "", ""), (_key, "", ""), (_disk, "", ""),
              (_database, "database", ""), (backups, "", ""))  # fmt: skip
    return _found(told, checks, long=long)


def examine(instance: Instance, *, long: bool = True) -> list[Finding]:
    """Look at what only an opened instance shows: who holds power, what waits, what failed."""
    checks: tuple[Check, ...] = (
        (_migrations, "migrations", n_("没有待执行的迁移")),
        (guarding.administrators, "", ""), (guarding.homes, "", ""), (guarding.grants, "", ""),
        (guarding.passwords, "passwords", n_("没有账号还在用一次性密码")),
        (_plugins, "plugins", n_("插件都能载入")),
        (_outside, "outside", n_("插件没有说外部服务不正常")),
        (_events, "events", n_("事件没有积压，没有死信")),
        (_retention, "retention", n_("到期的事件没有被挡住")),
        (_jobs, "jobs", n_("任务没有失败，也没有停住")),
        (_audit, "", ""), (_clock, "clock", n_("时钟没有跳变")), (_calendar, "", ""),
        (_attachments, "attachments", ""), (guarding.copy, "", ""),
        (guarding.erased, "erased", n_("删除过的个人信息没有回来")),
        (guarding.reached, "", ""), (_versions, "", ""),
    )  # fmt: skip
    return _found(instance, checks, long=long)


def _found(of: Any, checks: Sequence[Check], *, long: bool) -> list[Finding]:
    found = []
    for check, name, well in checks:
        if name in LONG and not long:
            found.append(Finding(name, "unseen", _(LONG[name]), "lifang doctor"))
            continue
        ill = list(check(of))
        found += ill if ill or not well else [Finding(name, "ok", _(well))]
    return found


def may_look(caller: Caller) -> bool:
    """Whether somebody has an office for the whole instance, and may know how it is."""
    return any(one.everywhere and one.role in FIRST_ADMINISTRATOR for one in caller.standings)


def seen_by(caller: Caller) -> list[Finding]:
    """What can be said at once, the worst first; Forbidden for who has no office for all of it."""
    if not may_look(caller):
        raise Forbidden(_("只有管理整个实例的人和审计员可以查看体检"))
    told = caller.instance
    found = [*examine_folder(told.settings, long=False), *examine(told, long=False)]
    return sorted(found, key=lambda one: [*MARKS].index(one.state))


def masked(found: list[Finding], told: Settings) -> list[Finding]:
    """The same for somebody outside who helps: without names, secrets, and where the folder is."""

    def cover(text: str, *private: str) -> str:
        text = text.replace(str(told.home), "LIFANG_HOME")
        for word in private:
            text = text.replace(word, masking.REST)
        return masking.private(text)

    return [
        replace(one, sentence=cover(one.sentence, *one.private), remedy=cover(one.remedy or ""))
        for one in found
    ]


def lines(found: list[Finding]) -> Iterator[str]:
    """The findings as a text, and how many there are to see to."""
    for one in found:
        yield f"{MARKS[one.state]} {one.sentence}"
        if one.remedy:
            yield f"    → {one.remedy}"
    yield summary(found)


def summary(found: list[Finding]) -> str:
    """How many there are to see to."""
    bad, warned = (sum(one.state == state for one in found) for state in ("bad", "warn"))
    if bad:
        return _("{bad} 处必须处理，{warned} 处需要留意", bad=bad, warned=warned)
    return _("{warned} 处需要留意", warned=warned) if warned else _("一切正常")


def _folder(told: Settings) -> Iterator[Finding]:
    within = [told.home / name for name in ("data", "keys", "log", "backup", "archive")]
    wide = [one for one in within if one.is_dir() and one.stat().st_mode & 0o022]
    for path in wide + [told.home] * bool(told.home.stat().st_mode & 0o077):
        mode = stat.S_IMODE(path.stat().st_mode)
        said = _("别的用户也能进入文件夹 {path}（权限 {mode:04o}）", path=path, mode=mode)
        yield Finding("folder", "bad", said, f"chmod 700 {path}")
        return
    yield Finding("folder", "ok", _("文件夹 {path} 只有本人能进入", path=told.home))


def _key(told: Settings) -> Iterator[Finding]:
    path = told.key_file
    if not path.is_file():
        said = _("找不到密钥文件 {path}", path=path)
        yield Finding("key", "bad", said, _("从您另存的地方取回密钥；没有它，数据和备份都无法读取"))
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    open, beside = mode & 0o077, told.data in path.resolve().parents
    if open:
        said = _("别的用户也能读密钥文件 {path}（权限 {mode:04o}）", path=path, mode=mode)
        yield Finding("key", "bad", said, f"chmod 600 {path}")
    if beside:
        said = _("密钥文件 {path} 与数据在同一个文件夹，备份会带上它", path=path)
        yield Finding("key", "bad", said, _("移到别处，并在 lifang.toml 的 key_file 写明位置"))
    if not (open or beside):
        yield Finding("key", "ok", _("密钥文件 {path} 只有本人能读，不与数据放在一起", path=path))


def _disk(told: Settings) -> Iterator[Finding]:
    disk = shutil.disk_usage(told.home)
    share = disk.free / disk.total
    said = _("磁盘还有 {share:.0%} 的空间", share=share)
    if share < FREE_SHARE:
        yield Finding("disk", "bad", said, _("清理或扩大磁盘；不到 5% 时实例不再报告就绪"))
    else:
        yield Finding("disk", "ok", said)


def _database(told: Settings) -> Iterator[Finding]:
    restore = _("停止服务，从备份恢复")
    try:
        database = open_database(told.database, home=told.home, durability=told.durability)
    except LifangError as error:
        yield Finding("database", "bad", error.sentence)
        return
    if isinstance(database, Embedded) and not database.path.exists():
        yield Finding("database", "bad", _("找不到数据库 {path}", path=database.path), restore)
        return
    try:
        with database.connection():
            wrong = database.quick_check()
    except (pw.DatabaseError, Busy, NotReady) as error:
        wrong = str(error.__cause__ or error)
        if isinstance(error, NotReady) and error.extra:
            return  # the disk is full, as was said above
    finally:
        database.close()
    if wrong:
        yield Finding("database", "bad", _("数据库已损坏：{why}", why=wrong), restore)
    else:
        yield Finding("database", "ok", _("数据库可以打开，结构完好"))


def backups(told: Settings) -> Iterator[Finding]:
    """Whether a backup was made of late, and how the last one went."""
    known = backup.outcomes(told)
    good, failed = known.get("good"), known.get("failed")
    useless = _("没有密钥文件的副本，任何备份都毫无用处：请把 {path} 另存一份，不与备份放在一起",
                path=told.key_file)  # fmt: skip
    wrong = failed if failed and (not good or failed["at"] > good["at"]) else None
    if wrong:
        said = _("{at} 的备份失败了：{why}", at=clock.shown(wrong["at"]), why=wrong["why"])
        yield Finding("backup", "bad", said, _("排除原因后运行 lifang backup create"))
    if not good:
        yield Finding("backup", "warn", _("还没有备份"), "lifang backup create")
    elif clock.now() - dt.datetime.fromisoformat(good["at"]) > STALE:
        said = _("最近一次备份是 {at}，已超过一天", at=clock.shown(good["at"]))
        remedy = _("lifang serve 或 lifang worker 每天自动备份（backup_keep 大于 0）；"
                   "或立即运行 lifang backup create")  # fmt: skip
        yield Finding("backup", "warn", said, remedy)
    elif not wrong:
        said = _("最近一次备份：{at}，{path}", at=clock.shown(good["at"]), path=good["file"])
        yield Finding("backup", "ok", said, useless)


def _migrations(instance: Instance) -> Iterator[Finding]:
    try:
        due = outstanding(instance)
    except NotReady as error:
        yield Finding("migrations", "bad", error.sentence, _("升级到与数据库一致的版本"))
        return
    if due:
        said = _("有待执行的迁移：{names}", names=_("、").join(due))
        yield Finding("migrations", "bad", said, "lifang migrate")


def _plugins(instance: Instance) -> Iterator[Finding]:
    for plugin, fault in sorted(instance.plugins.faults.items()):
        said = _("插件「{plugin}」无法载入：{why}", plugin=plugin, why=importing.told(fault))
        yield Finding("plugins", "bad", said, _("修复或停用它：lifang plugin show {id}", id=plugin))
    present = discover()
    for row in PluginRow.select().where(PluginRow.state == "installed").order_by(PluginRow.name):
        found = present.get(row.name)
        if found is None:
            said = _("插件「{plugin}」的软件包不在了", plugin=row.name)
            remedy = _("用 pip 装回它，数据还在；或运行 lifang plugin purge {id}", id=row.name)
            yield Finding("plugins", "warn", said, remedy)
        elif row.name not in instance.plugins.loaded and (due := waiting.due(found)):
            said = _("插件「{plugin}」有 {n} 个数据库迁移待执行", plugin=row.name, n=len(due))
            yield Finding("plugins", "bad", said, _("运行 lifang migrate；之前它不会载入"))


def _outside(instance: Instance) -> Iterator[Finding]:
    """What plugins say of the servers they need."""
    asking = plugin_caller(instance, CORE, actor=None, correlation=None, cause=None)
    for id, told in instance.plugins.health(asking).items():
        for word in told:
            yield Finding("outside", "warn", _("插件「{plugin}」：{said}", plugin=id, said=word))


def _events(instance: Instance) -> Iterator[Finding]:
    for one, why, worrying in stalls.of(instance):
        if worrying:
            told = _("{name}：{why}", name=one.name, why=_("；").join(why))
            dead = f"lifang events dead --subscriber {one.name}"
            remedy = dead if one.dead else "lifang events lag"
            yield Finding("events", "warn", told, remedy, _errors(one.name))
    if held := _held_back(instance):
        yield held


def _errors(name: str) -> tuple[str, ...]:
    """What was raised at a subscriber, but for the class: a message may name people."""
    rows: Any = Retry.select(Retry.error).where(Retry.sub == name).distinct().tuples()
    told = [re.sub(r"^[A-Za-z_][A-Za-z0-9_]*: ", "", error or "") for (error,) in rows]
    return tuple(sorted(filter(None, told), key=len, reverse=True))


def _retention(instance: Instance) -> Iterator[Finding]:
    """Events that should have left the log long ago, and who has still to be told of them."""
    for type, by in retention.held_back(instance, A_DAY):
        names = _("、").join(by)
        said = _("到期的事件 {type} 还在日志里：{names} 还没有处理完", type=type, names=names)
        remedy = _("见 lifang events lag 和 lifang events dead；启用插件、重放或忽略之后自动归档")
        yield Finding("retention", "warn", said, remedy)


def _held_back(instance: Instance) -> Finding | None:
    """A transaction that has not ended for long, in whichever database of the server."""
    found = instance.database.oldest_writer()
    if found is None:
        return None
    name, told = found
    since = dt.datetime.fromisoformat(told) if told else log.held_since()
    if since is None or since > clock.now() - LATE:
        return None
    at = clock.shown(since)
    said = _("本库有一个事务从 {at} 起没有结束，此后的事件不能投递", at=at)
    if name is not None:
        said = _("同一台 PostgreSQL 的数据库 {name} 从 {at} 起有事务没有结束，此后的事件不能投递",
                 name=name, at=at)  # fmt: skip
    remedy = _("找出并结束它：见 pg_stat_activity 和 pg_prepared_xacts")
    return Finding("events", "warn", said, remedy)


def _jobs(instance: Instance) -> Iterator[Finding]:
    """Work that failed, that nobody takes up, or whose worker has died."""
    now = clock.now()
    failed = Job.select().where(Job.state == "failed", Job.finished_at > now - A_DAY).count()
    waits: Any = Job.select().where(Job.state.in_(jobs.WORKABLE), Job.updated_at < now - LATE)
    lost = [f"#{job.id}" for job in waits if job.lease_until is None or job.lease_until < now]
    if failed:
        said = _("最近一天有 {n} 项任务失败", n=failed)
        yield Finding("jobs", "warn", said, "lifang jobs list --state failed")
    if lost:
        said = _("没有人在做的任务：{names}", names=_("、").join(lost))
        remedy = _("运行 lifang serve 或 lifang worker；命令行的导入请再运行一次，会接着做")
        yield Finding("jobs", "warn", said, remedy)


def _audit(instance: Instance) -> Iterator[Finding]:
    loose = AuditEntry.select().where(AuditEntry.seq.is_null())
    number = loose.count()
    oldest: Any = loose.order_by(AuditEntry.id).first()
    if number and oldest.at < clock.now() - LATE:
        said = _("{n} 条审计记录超过 10 分钟没有封存", n=number)
        remedy = _("运行 lifang serve 或 lifang worker；或立即封存：lifang audit checkpoint")
        yield Finding("audit", "warn", said, remedy)
    else:
        yield Finding("audit", "ok", _("审计记录都已封存，或刚刚写下（{n} 条）", n=number))


def _clock(_instance: Instance) -> Iterator[Finding]:
    """A clock that leapt: whatever falls due waits until it has proved right."""
    if leapt := clockwork.leap():
        said = _("时钟比上次走时快了 {n} 天；连续走准 10 分钟之前，不发出定时事件", n=leapt.days)
        remedy = _("核对系统时间；停机超过两天后这是正常的，运行 lifang serve 或 lifang worker")
        yield Finding("clock", "warn", said, remedy)


def _calendar(_instance: Instance) -> Iterator[Finding]:
    """The years without which deadlines cannot be set: this one, and from November the next."""
    today, known = clock.today(), deadlines.current().years
    lacking = [y for y in {today.year, (today + A_SEASON).year} if y not in known]
    for year in sorted(lacking):
        remedy = _("按国务院办公厅的放假通知载入：lifang calendar import 文件.csv")
        yield Finding("calendar", "warn", missing(year), remedy)
    if not lacking:
        yield Finding("calendar", "ok", _("工作日历已载入到 {year} 年", year=max(known)))


def _versions(instance: Instance) -> Iterator[Finding]:
    kept = isinstance(instance.database, Embedded)
    asked = "SELECT sqlite_version()" if kept else "SHOW server_version"
    [number] = instance.database.engine.execute_sql(asked).fetchone()
    here = {"lifang": version("lifang"), "Python": platform.python_version(),
            instance.database.name: number}  # fmt: skip
    told = _("、").join(f"{name} {number}" for name, number in here.items())
    yield Finding("versions", "ok", _("版本：{told}", told=told))


def _attachments(instance: Instance) -> Iterator[Finding]:
    """The files of the records: a missing or altered one is named by its record."""
    wrong, read, every = papers.spoilt(instance)
    if wrong:
        names = _("、").join(f"{row.about} #{row.id}" for row in wrong[:MOST_NAMED])
        said = _("{n} 个附件的文件缺失或被改动过：{names}", n=len(wrong), names=names)
        yield Finding("attachments", "bad", said, _("从备份取回；文件在 {path}", path="data/files"))
    else:
        told = _("{every} 个附件的文件都在，核对了其中 {read} 个的内容", every=every, read=read)
        yield Finding("attachments", "ok", told)
