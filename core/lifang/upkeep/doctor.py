"""What a doctor asks an instance: each check one sentence, and what to do where it is not well."""

from __future__ import annotations

import datetime as dt
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import peewee as pw

from lifang.access.callers import plugin_caller
from lifang.entities.account import Account, Grant
from lifang.entities.audit import AuditEntry
from lifang.entities.community import Community
from lifang.entities.job import Job
from lifang.events import log
from lifang.kit import clock
from lifang.kit.calendar import missing
from lifang.kit.errors import Busy, LifangError, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _
from lifang.plugins import importing, waiting
from lifang.plugins.manager import discover
from lifang.plugins.tables import PluginRow
from lifang.resources.registry import CORE
from lifang.services import clockwork, deadlines, jobs, retention
from lifang.services.instance import Instance
from lifang.store import migrations
from lifang.store.embedded import Embedded
from lifang.store.opening import open_database
from lifang.upkeep import backup, papers, stalls

State = Literal["ok", "warn", "bad"]

FREE_SHARE = 0.05
A_DAY = dt.timedelta(days=1)
A_SEASON = dt.timedelta(days=61)
LATE = dt.timedelta(minutes=10)
"""How long something may wait for the dispatcher before it is worth a word."""

STALE = dt.timedelta(days=1, hours=1)
"""How old the last good backup may be: a day, and an hour in which the next one is made."""

POWERFUL = ("platform_administrator", "security_administrator", "district_admin")
MOST_NAMED = 20
"""Spoilt files that are named one by one."""

MANY = 3
"""More accounts than this with power over the whole instance are more than a district needs."""


@dataclass(frozen=True)
class Finding:
    """What one check found: ok, warn, or bad; `remedy` says what to do about it."""

    name: str
    state: State
    sentence: str
    remedy: str | None = None


Check = Callable[[Any], Iterator[Finding]]


def examine_folder(told: Settings) -> list[Finding]:
    """Look at the folder, the key, the disk and the database file, without opening the instance."""
    return [found for check in (_folder, _key, _disk, _database, backups) for found in check(told)]


def examine(instance: Instance) -> list[Finding]:
    """Look at what only an opened instance shows: who holds power, what waits, what failed."""
    checks: tuple[Check, ...] = (
        _migrations, _administrators, _homes, _grants, _plugins, _events, _retention, _jobs, _audit,
        _clock, _calendar, _attachments,
    )  # fmt: skip
    return [found for check in checks for found in check(instance)]


def _folder(told: Settings) -> Iterator[Finding]:
    mode = stat.S_IMODE(told.home.stat().st_mode)
    if mode & 0o077:
        said = _("别的用户也能进入文件夹 {path}（权限 {mode:04o}）", path=told.home, mode=mode)
        yield Finding("folder", "bad", said, f"chmod 700 {told.home}")
    else:
        yield Finding("folder", "ok", _("文件夹 {path} 只有本人能进入", path=told.home))


def _key(told: Settings) -> Iterator[Finding]:
    path = told.key_file
    if not path.is_file():
        said = _("找不到密钥文件 {path}", path=path)
        yield Finding("key", "bad", said, _("从您另存的地方取回密钥；没有它，数据和备份都无法读取"))
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    wrong = False
    if mode & 0o077:
        wrong = True
        said = _("别的用户也能读密钥文件 {path}（权限 {mode:04o}）", path=path, mode=mode)
        yield Finding("key", "bad", said, f"chmod 600 {path}")
    if told.data in path.resolve().parents:
        wrong = True
        said = _("密钥文件 {path} 与数据在同一个文件夹，备份会带上它", path=path)
        yield Finding("key", "bad", said, _("移到别处，并在 lifang.toml 的 key_file 写明位置"))
    if not wrong:
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
    wrong = False
    if failed and (not good or failed["at"] > good["at"]):
        wrong = True
        said = _("{at} 的备份失败了：{why}", at=_when(failed["at"]), why=failed["why"])
        yield Finding("backup", "bad", said, _("排除原因后运行 lifang backup create"))
    if not good:
        yield Finding("backup", "warn", _("还没有备份"), "lifang backup create")
    elif clock.now() - dt.datetime.fromisoformat(good["at"]) > STALE:
        said = _("最近一次备份是 {at}，已超过一天", at=_when(good["at"]))
        remedy = _("lifang serve 或 lifang worker 每天自动备份（backup_keep 大于 0）；"
                   "或立即运行 lifang backup create")  # fmt: skip
        yield Finding("backup", "warn", said, remedy)
    elif not wrong:
        said = _("最近一次备份：{at}，{path}", at=_when(good["at"]), path=good["file"])
        yield Finding("backup", "ok", said, useless)


def _when(at: str) -> str:
    return f"{clock.local(dt.datetime.fromisoformat(at)):%Y-%m-%d %H:%M}"


def _migrations(instance: Instance) -> Iterator[Finding]:
    try:
        due = [
            f"{plugin.id} {name}"
            for plugin in list(instance.plugins.loaded.values())
            for name in migrations.pending(instance.database, plugin.id, plugin.migrations)
        ]
    except NotReady as error:
        yield Finding("migrations", "bad", error.sentence, _("升级到与数据库一致的版本"))
        return
    if due:
        said = _("有待执行的迁移：{names}", names=_("、").join(due))
        yield Finding("migrations", "bad", said, "lifang migrate")
    else:
        yield Finding("migrations", "ok", _("没有待执行的迁移"))


def _holders(*roles: str) -> list[Account]:
    """The accounts that hold one of some roles for the whole instance and can use it today."""
    query: Any = (
        Account.select()
        .join(Grant, on=(Grant.account == Account.id))
        .where(
            Grant.role.in_(roles),
            Grant.community.is_null(),
            Grant.organization.is_null(),
            Grant.removed_at.is_null(),
            Grant.until.is_null() | (Grant.until >= clock.today()),
            Account.removed_at.is_null(),
            Account.disabled == False,  # noqa: E712 – SQL
        )
        .distinct()
        .order_by(Account.id)
    )
    return list(query)


def _administrators(instance: Instance) -> Iterator[Finding]:
    found = _holders("security_administrator")
    if found:
        names = _("、").join(account.name for account in found)
        yield Finding("administrators", "ok", _("可以管理账号的有：{names}", names=names))
    else:
        said = _("没有能用的安全管理员：谁都不能新建账号和授权")
        yield Finding("administrators", "bad", said, _("从备份恢复还有安全管理员时的数据"))


def _homes(instance: Instance) -> Iterator[Finding]:
    for account in _holders("security_administrator"):
        code = account.home_code
        if not code:
            continue
        standing = Community.select(Community.id).where(
            Community.code == code, Community.removed_at.is_null(), Community.valid_to.is_null()
        )
        if not standing.exists():
            said = _("管理员 {name} 的所在地 {code} 还不在社区树里", name=account.name, code=code)
            yield Finding("home", "warn", said, _("lifang communities import 文件.csv"))


def _grants(instance: Instance) -> Iterator[Finding]:
    found = _holders(*POWERFUL)
    if len(found) > MANY:
        names = _("、").join(account.name for account in found)
        said = _("{n} 个账号的权限遍及整个实例：{names}", n=len(found), names=names)
        remedy = _("收回不需要的：lifang accounts revoke 账号 --role 角色")
        yield Finding("grants", "warn", said, remedy)
    else:
        yield Finding("grants", "ok", _("{n} 个账号的权限遍及整个实例", n=len(found)))


def _plugins(instance: Instance) -> Iterator[Finding]:
    wrong = False
    for plugin, fault in sorted(instance.plugins.faults.items()):
        wrong = True
        said = _("插件「{plugin}」无法载入：{why}", plugin=plugin, why=importing.told(fault))
        yield Finding("plugins", "bad", said, _("修复或停用它：lifang plugin show {id}", id=plugin))
    asking = plugin_caller(instance, CORE, actor=None, correlation=None, cause=None)
    for plugin, told in instance.plugins.health(asking).items():
        for said in told:
            wrong = True
            yield Finding(
                "plugins", "warn", _("插件「{plugin}」：{said}", plugin=plugin, said=said)
            )
    present = discover()
    for row in PluginRow.select().where(PluginRow.state == "installed").order_by(PluginRow.name):
        found = present.get(row.name)
        if found is None:
            wrong = True
            said = _("插件「{plugin}」的软件包不在了", plugin=row.name)
            remedy = _("用 pip 装回它，数据还在；或运行 lifang plugin purge {id}", id=row.name)
            yield Finding("plugins", "warn", said, remedy)
        elif row.name not in instance.plugins.loaded and (due := waiting.due(found)):
            wrong = True
            said = _("插件「{plugin}」有 {n} 个数据库迁移待执行", plugin=row.name, n=len(due))
            yield Finding("plugins", "bad", said, _("运行 lifang migrate；之前它不会载入"))
    if not wrong:
        yield Finding("plugins", "ok", _("插件都能载入"))


def _events(instance: Instance) -> Iterator[Finding]:
    wrong = False
    for one, why, worrying in stalls.of(instance):
        if worrying:
            wrong = True
            told = _("{name}：{why}", name=one.name, why=_("；").join(why))
            dead = f"lifang events dead --subscriber {one.name}"
            yield Finding("events", "warn", told, dead if one.dead else "lifang events lag")
    if held := _held_back(instance):
        wrong = True
        yield held
    if not wrong:
        yield Finding("events", "ok", _("事件没有积压，没有死信"))


def _retention(instance: Instance) -> Iterator[Finding]:
    """Events that should have left the log long ago, and who has still to be told of them."""
    held = list(retention.held_back(instance, A_DAY))
    for type, by in held:
        said = _(
            "到期的事件 {type} 还在日志里：{names} 还没有处理完", type=type, names=_("、").join(by)
        )
        remedy = _("见 lifang events lag 和 lifang events dead；启用插件、重放或忽略之后自动归档")
        yield Finding("retention", "warn", said, remedy)
    if not held:
        yield Finding("retention", "ok", _("到期的事件没有被挡住"))


def _held_back(instance: Instance) -> Finding | None:
    """A transaction that has not ended for long, in whichever database of the server."""
    found = instance.database.oldest_writer()
    if found is None:
        return None
    name, told = found
    since = dt.datetime.fromisoformat(told) if told else log.held_since()
    if since is None or since > clock.now() - LATE:
        return None
    at = f"{clock.local(since):%Y-%m-%d %H:%M}"
    said = _("本库有一个事务从 {at} 起没有结束，此后的事件不能投递", at=at)
    if name is not None:
        said = _("同一台 PostgreSQL 的数据库 {name} 从 {at} 起有事务没有结束，此后的事件不能投递",
                 name=name, at=at)  # fmt: skip
    return Finding(
        "events", "warn", said, _("找出并结束它：见 pg_stat_activity 和 pg_prepared_xacts")
    )


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
    if not failed and not lost:
        yield Finding("jobs", "ok", _("任务没有失败，也没有停住"))


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
    else:
        yield Finding("clock", "ok", _("时钟没有跳变"))


def _calendar(_instance: Instance) -> Iterator[Finding]:
    """The years without which deadlines cannot be set: this one, and from November the next."""
    today, known = clock.today(), deadlines.current().years
    lacking = [y for y in {today.year, (today + A_SEASON).year} if y not in known]
    for year in sorted(lacking):
        remedy = _("按国务院办公厅的放假通知载入：lifang calendar import 文件.csv")
        yield Finding("calendar", "warn", missing(year), remedy)
    if not lacking:
        said = _("工作日历已载入到 {year} 年", year=max(known))
        yield Finding("calendar", "ok", said)


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
