"""Opens an instance: settings → database → plugins; the interfaces stand on what this gives."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from lifang.access import policy
from lifang.app.post import Post
from lifang.entities.account import Account
from lifang.entities.caller import Caller
from lifang.events import log
from lifang.events.payloads import demand_chains
from lifang.kit import clock, settings
from lifang.kit.errors import Conflict, NotReady
from lifang.kit.settings import Settings, on
from lifang.kit.words import _
from lifang.lifecycle.isolation import keeper
from lifang.mechanisms.separation import Separation
from lifang.plugins.breaker import Breaker
from lifang.plugins.manager import PluginManager, Snapshot
from lifang.resources.registry import CORE, Registry
from lifang.services.instance import Instance
from lifang.store import copying, migrations
from lifang.store.database import Database
from lifang.store.embedded import Embedded
from lifang.store.keys import Key, KeyRing, create_key_file, create_keys, load_keys, read_master
from lifang.store.migrations import MIGRATIONS
from lifang.store.opening import open_database
from lifang.upkeep import archive

FOLDERS = ("data", "keys", "run", "log")
RESTORED = "data.restored"
"""A whole restored data folder on its way into its place; a crash on the way is made good here."""


def create(home: Path, *, environ: Mapping[str, str] | None = None) -> Instance:
    """Make a new instance in a folder: settings file, key, tables; raises Conflict if one is there.

    The folder is readable by its owner only. The settings file comes last: where the disk is full
    or the power fails on the way, there is no instance yet, and the next try goes on.
    """
    if (home / "lifang.toml").exists():
        raise Conflict(_("{home} 里已经有一个里坊实例", home=home))
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    for name in FOLDERS:
        (home / name).mkdir(mode=0o700, exist_ok=True)
    told = settings.load(home, os.environ if environ is None else environ)
    if told.key_file.exists():
        raise Conflict(_("{path} 已经存在；不会覆盖密钥", path=told.key_file))
    database = database_of(told)
    migrate_core(database, home)
    with database.connection():
        taken = Key.select().exists()
    if taken:
        database.close()
        raise Conflict(_("{place} 里已有别的数据；请用一个空的数据库", place=database.place))
    create_key_file(told.key_file)
    try:
        with database.transaction():
            create_keys(read_master(told.key_file))
            settings.write_default(home)
    except BaseException:
        for made in (told.key_file, told.file):
            made.unlink(missing_ok=True)
        raise
    instance = _open(told, database)
    instance.held = in_use(told)
    return instance


def open_instance(
    home: Path | None = None, *, environ: Mapping[str, str] | None = None, load_plugins: bool = True
) -> Instance:
    """Open the instance of a folder; raises NotReady with what to do where it cannot work."""
    told = settings.load(home, os.environ if environ is None else environ)
    demand_instance(told)
    held = in_use(told)
    try:
        settle(told)
        for name in FOLDERS:
            if not (told.home / name).is_dir():
                raise NotReady(_("缺少文件夹 {path}；请从备份恢复它", path=told.home / name))
        database = database_of(told)
        if isinstance(database, Embedded) and not database.path.exists():
            raise NotReady(_("找不到数据库（{path}）；请从备份恢复它", path=database.path))
        instance = _open(told, database, load_plugins=load_plugins)
    except BaseException:
        os.close(held)
        raise
    instance.held = held
    return instance


def in_use(told: Settings, *, alone: bool = False) -> int:
    """Hold a folder as one of those who have it open, or as the only one; gives a descriptor.

    Raises NotReady while a backup is being restored there, and with `alone` Conflict while anybody
    works there. However the process ends, its hold ends with it.
    """
    try:
        held = os.open(told.run, os.O_RDONLY)
    except FileNotFoundError:
        raise NotReady(_("缺少文件夹 {path}；请从备份恢复它", path=told.run)) from None
    try:
        fcntl.flock(held, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        if alone:
            raise Conflict(
                _("{home} 正在被使用；请先停止 serve、worker 和其他命令", home=told.home)
            ) from None
        raise NotReady(_("{home} 正在恢复备份，请稍后再试", home=told.home)) from None
    return held


def settle(told: Settings) -> None:
    """Finish a restore that was killed between its two last steps."""
    if not told.data.exists() and (told.home / RESTORED).is_dir():
        (told.home / RESTORED).rename(told.data)
    for fresh in told.home.glob(f"{RESTORED}.*"):
        database: Any = open_database(told.database, home=told.home, durability=told.durability)
        stamp = fresh.name.removeprefix(f"{RESTORED}.")
        try:
            with database.connection():
                exchanged = database.exchanged(schema_before(stamp))
        finally:
            database.close()
        if exchanged:
            take_place(told, fresh, stamp)
        else:
            shutil.rmtree(fresh)


def schema_before(stamp: str) -> str:
    """What the tables that were replaced in a served database lie under."""
    return "before_" + stamp.replace("-", "_")


def take_place(told: Settings, fresh: Path, stamp: str) -> Path | None:
    """Put the data folder aside and a restored one in its place; gives where it is now."""
    aside = None
    if told.data.is_dir() and any(told.data.iterdir()):
        aside = told.home / f"data.before-{stamp}"
        told.data.rename(aside)
    fresh.rename(told.data)  # an empty folder gives way
    archive.sync(told.home)
    return aside


def take_over(told: Settings, database: Database) -> Path | None:
    """Finish a move that came this far: the database is the one in use, the old file goes aside.

    Raises NotReady where the move is not finished and the data is not all there. Gives the file.
    """
    known = copying.marks(database)
    if known is None:
        return None
    if copying.DONE not in known:
        raise NotReady(
            _("{place} 是没有搬完的数据库；请再运行一次 lifang db move", place=database.place)
        )
    old, aside = told.data / archive.DATABASE, None
    if database.place != str(old) and old.exists():
        aside = old.with_name(f"{old.name}.moved-{clock.local(clock.now()):%Y%m%d-%H%M%S}")
        for beside in ("-wal", "-shm", ""):
            with suppress(FileNotFoundError):
                old.with_name(old.name + beside).rename(aside.with_name(aside.name + beside))
    copying.forget(database)
    return aside


def migrate_core(database: Database, home: Path) -> list[str]:
    """Bring the core's tables up to date; gives the names of what was applied."""
    return migrations.migrate(database, CORE, MIGRATIONS, lock=home / "run" / "migrate.lock")


def demand_instance(told: Settings) -> None:
    """Raise NotReady where there is no instance yet."""
    if not told.file.exists():
        home = told.home
        raise NotReady(
            _("{home} 里没有里坊实例；请先运行 lifang init，或用 LIFANG_HOME 指明位置", home=home)
        )


def database_of(told: Settings) -> Database:
    """The database of a folder, which every model of this process points at from now on."""
    database = open_database(told.database, home=told.home, durability=told.durability)
    database.bind()
    return database


def _open(told: Settings, database: Database, *, load_plugins: bool = True) -> Instance:
    from lifang.builtin.plugin import plugin as core

    clock.set_zone(told.zone)
    plugins = PluginManager(Registry())
    plugins.watch.shows = policy.shows
    plugins.safe, plugins.watch.strict = on("LIFANG_SAFE"), on("LIFANG_STRICT")
    plugins.watch.breaker = Breaker(told.plugin_errors, told.plugin_seconds)
    plugins.register(core)
    if told.deny or told.catalogue:
        from lifang.lifecycle import catalogue  # not for every command

        plugins.denied = catalogue.denied(told)
    with ExitStack() as refused, database.connection():
        refused.callback(database.close)
        take_over(told, database)
        waiting = migrations.pending(database, CORE, core.migrations)
        if waiting:
            raise NotReady(_("有 {n} 个数据库迁移待执行；请运行 lifang migrate", n=len(waiting)))
        demand_chains(CORE, core.payloads.values())
        if log.out_of_place():
            sentence = _("{place} 里的事件来自另一台 PostgreSQL，次序接不上；"
                         "请用 lifang db move 移到一个空的数据库",
                         place=database.place)  # fmt: skip
            raise NotReady(sentence)
        instance = assembled(told, database, load_keys(told.key_file), plugins)
        plugins.watch.keeper = keeper(instance)
        if any((told.home / "plugins").glob("upgrading/*.json")):
            from lifang.lifecycle import upgrading

            upgrading.mend(at_the_machine(instance))
        if load_plugins:
            plugins.refresh()
        refused.pop_all()
    return instance


def assembled(
    told: Settings, database: Database, keys: KeyRing, plugins: PluginManager | None = None
) -> Instance:
    """The parts of an instance put together, with no plugin where it is only looked at or kept."""
    plugins = plugins or PluginManager(Registry())
    return Instance(told, database, keys, plugins.registry, plugins, Separation(), Post())


def at_the_machine(instance: Instance) -> Caller:
    """Whoever works with the folder itself: an account where one is tied, else a user's number."""
    user = os.getuid()
    tied = Account.get_or_none(Account.system_user == user, Account.removed_at.is_null())
    return Caller(
        instance=instance,
        snapshot=Snapshot(epoch=-1),
        name=tied.name if tied else f"uid {user}",
        account=tied.id if tied else None,
        source="cli",
    )


@contextmanager
def opened(
    home: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    load_plugins: bool = True,
) -> Iterator[Instance]:
    """Open an instance for a while, with a connection checked out for this thread."""
    instance = open_instance(home, environ=environ, load_plugins=load_plugins)
    try:
        with instance.database.connection():
            yield instance
    finally:
        instance.close()
