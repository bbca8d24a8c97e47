"""Restoring: a backup is opened, checked whole beside the data, and only then takes its place."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import peewee as pw

from lifang.app.instance import (
    FOLDERS,
    RESTORED,
    assembled,
    at_the_machine,
    in_use,
    schema_before,
    settle,
    take_place,
)
from lifang.app.serve import alone
from lifang.kit import clock, settings
from lifang.kit.errors import Conflict, Invalid, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _
from lifang.plugins import waiting
from lifang.plugins.manager import discover
from lifang.resources.registry import CORE
from lifang.services.auditing import Change, record_note
from lifang.services.instance import SAMPLE_NOTE, Instance
from lifang.store import copying, migrations
from lifang.store.database import PATIENCE, Database, proxy
from lifang.store.embedded import Embedded
from lifang.store.keys import KeyRing, load_keys, read_master
from lifang.store.migrations import MIGRATIONS
from lifang.store.opening import open_database
from lifang.upkeep import archive, backup, dumps
from lifang.upkeep.archive import Manifest
from lifang.upkeep.backup import Steps
from lifang.upkeep.carrying import carry
from lifang.upkeep.sealing import SINK
from lifang.upkeep.verifying import Verdict, verify

if TYPE_CHECKING:
    from lifang.store.served import Served


LEAP = 100_000_000
"""A restored log goes on at the next multiple of this: nobody tells so many events meanwhile."""


@dataclass(frozen=True)
class Restored:
    """What is there now: the backup's manifest, where, and where the old data was put aside.

    A served database keeps the old tables in a `schema` of their own.
    """

    manifest: Manifest
    home: Path
    upgraded: list[str]
    aside: Path | None
    schema: str | None


def verify_backup(file: Path, key: Path | None, progress: Steps) -> tuple[Manifest, Verdict]:
    """Check a backup as a restore would, in a scratch folder; the instance is not touched.

    Raises what `restore` raises for a backup that cannot be used.
    """
    told = settings.load()
    clock.set_zone(told.zone)
    with ExitStack() as stack:
        place = backup.folder(told)
        if not told.file.exists():
            place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scratch = stack.enter_context(backup.workplace(place))
        manifest = _opened(file, key or told.key_file, scratch, progress)
        with _copy(told, scratch, key or told.key_file) as copied:
            _upgrade(copied, scratch)
            return manifest, _trail(copied, progress)


def restore(file: Path, key: Path | None, progress: Steps, *, replace: bool) -> Restored:
    """Put a backup in the place of LIFANG_HOME's data, or make the instance where there is none.

    Old data is put aside, never deleted. Raises Conflict while anybody works on the folder, where
    it holds data and `replace` was not said, or where its key is another than the backup's;
    NotReady for another key and for a backup newer than the program; Invalid for a damaged one.
    Until everything was checked nothing is touched.
    """
    told = settings.load()
    clock.set_zone(told.zone)
    live = _demand_place(told)
    for name in ("run", "keys", "log"):
        (told.home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    told.home.chmod(0o700)
    with ExitStack() as stack:
        stack.enter_context(alone(told))
        stack.callback(os.close, in_use(told, alone=True))
        settle(told)
        stack.callback(live.close)
        held = _held(told, live)
        if held and not replace:
            raise Conflict(_("{home} 里已有数据；确实要用备份替换，请加 --replace"
                             "（旧数据会另存，不会删除）", home=held))  # fmt: skip
        scratch = stack.enter_context(backup.workplace(backup.folder(told)))
        used = key or told.key_file
        manifest = _opened(file, used, scratch, progress)
        _demand_same_key(told, used)
        with _copy(told, scratch, used) as copied:
            upgraded = _upgrade(copied, scratch)
            _trail(copied, progress)
            head = manifest["audit"]
            note(copied, "backup", "restore", at=manifest["at"], seq=str(head["seq"]),
                 chain=head["chain"])  # fmt: skip
            _leap(copied.database)
        served = None if isinstance(live, Embedded) else cast("Served", live)
        if served is not None:
            _bring(served, told, scratch, progress)
        _furnish(told, used, manifest, scratch)
        return Restored(manifest, told.home, upgraded, *_exchange(told, scratch, served))


def _demand_place(told: Settings) -> Database:
    """A folder with an instance, or an empty one: what else lies there is not ours to mix with."""
    database = open_database(told.database, home=told.home, durability=told.durability)
    if isinstance(database, Embedded) and database.path != told.data / archive.DATABASE:
        raise NotReady(
            _("数据库不在 {path}；请先从 lifang.toml 去掉 database，再恢复", path=told.data)
        )
    if not told.file.exists() and told.home.is_dir():
        known = {*FOLDERS, RESTORED, "archive", "backup", "plugins", SAMPLE_NOTE}
        if strange := sorted(path.name for path in told.home.iterdir() if path.name not in known):
            raise Conflict(_("{home} 不是里坊实例，里面却有 {name}；请指明空文件夹",
                             home=told.home, name=strange[0]))  # fmt: skip
    return database


def _held(told: Settings, live: Database) -> object:
    """Where data is that a restore would replace, or None; raises Conflict where it is not ours."""
    if not isinstance(live, Embedded):
        with live.connection():
            demand_alone(live)
            found = live.engine.get_tables()
        if found and f"{CORE}{copying.HISTORY}" not in found:
            raise Conflict(_("{place} 里已有别的数据；请用一个空的数据库", place=live.place))
        if found:
            return live.place
    return told.home if told.data.is_dir() and any(told.data.iterdir()) else None


def demand_alone(live: Database) -> None:
    """Raise Conflict while another machine works with the database; what was killed soon ends."""
    until = time.monotonic() + PATIENCE
    while live.others():
        if time.monotonic() > until:
            raise Conflict(_("数据库 {place} 正在被使用；请先停止别处的 serve、worker 和命令",
                             place=live.place))  # fmt: skip
        time.sleep(0.1)


def _demand_same_key(told: Settings, used: Path) -> None:
    if told.key_file.exists() and read_master(told.key_file) != read_master(used):
        raise Conflict(_("{path} 是另一把密钥；请先把它移到别处，再恢复", path=told.key_file))


def _opened(file: Path, key: Path, scratch: Path, progress: Steps) -> Manifest:
    """Open a backup into the scratch folder and hold it against its manifest."""
    manifest = archive.unpack(file, key, scratch, lambda done, of: progress(_("打开"), done, of))
    if manifest["engine"] != dumps.ENGINE:
        raise NotReady(_("这是 {engine} 的备份，这里恢复不了", engine=manifest["engine"]))
    _demand_known(manifest)
    found = dumps.contents(scratch / archive.DATABASE)
    head = found.audit or (0, "")
    if (found.rows, found.schema, head) != (
        manifest["rows"], manifest["schema"], (manifest["audit"]["seq"], manifest["audit"]["chain"])
    ):  # fmt: skip
        raise Invalid(_("备份的内容与它的清单不符，不能使用"))
    return manifest


def _demand_known(manifest: Manifest) -> None:
    """Refuse what was made by a newer program; plugins that are not here cannot be compared."""
    present = discover()
    for plugin, names in manifest["schema"].items():
        where = MIGRATIONS if plugin == CORE else None
        if plugin in present:
            where = waiting.folder_of(present[plugin])
        if where is None:
            continue
        newer = sorted(set(names) - {path.stem for path in where.glob("*.py")})
        if newer:
            names = _("、").join(newer)
            raise NotReady(
                _("备份比程序新（多出迁移 {names}）；请先升级 {plugin}", names=names, plugin=plugin)
            )


@contextmanager
def _copy(told: Settings, scratch: Path, key: Path) -> Iterator[Instance]:
    """The unpacked copy as an instance."""
    path = scratch / archive.DATABASE
    database = Embedded(path, durability="full", lock=scratch / "write.lock")
    try:
        with bound(replace(told, home=scratch), database, lambda: load_keys(key)) as copied:
            yield copied
    except pw.OperationalError as error:
        raise NotReady(_("读写 {path} 时出错：{why}", path=path, why=error)) from error


@contextmanager
def bound(told: Settings, database: Database, keys: Callable[[], KeyRing]) -> Iterator[Instance]:
    """Another database as an instance, while every model of this process points at it."""
    before = proxy.obj
    database.bind()
    try:
        with database.connection(), closing(assembled(told, database, keys())) as copied:
            yield copied
    finally:
        database.close()
        proxy.initialize(before)


def _upgrade(copied: Instance, scratch: Path) -> list[str]:
    """Bring the core's tables of an older backup up to this program's."""
    return migrations.migrate(copied.database, CORE, MIGRATIONS, lock=scratch / "migrate.lock")


def _trail(copied: Instance, progress: Steps) -> Verdict:
    verdict = verify(copied, progress=lambda done, of: progress(_("核对审计"), done, of))
    if not verdict.sound:
        raise Invalid(_("备份里的审计记录不完好：{what}", what=verdict.problem))
    return verdict


def _leap(database: Database) -> None:
    """Give no position again that the log gave after the backup was made.

    Other systems know those events by their positions and would take new ones for old.
    """
    counted = database.counters()
    with database.transaction():
        database.count_from(counted | {"event": (counted.get("event", 0) // LEAP + 1) * LEAP})


def note(copied: Instance, noun: str, verb: str, **told: str) -> None:
    """Say in the trail of a copy that it is one, and from where it goes on."""
    changes = [Change(name, None, value) for name, value in told.items()]
    with copied.database.transaction():
        record_note(at_the_machine(copied), noun, verb, changes=changes)


def _furnish(told: Settings, used: Path, manifest: Manifest, scratch: Path) -> None:
    """Give an empty folder what an instance needs beside its data; what is there stays."""
    if not told.key_file.exists():
        part = told.key_file.with_suffix(".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(used.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        part.rename(told.key_file)
    if not told.file.exists():
        settings.write_kept(scratch, manifest["settings"])
        if manifest["sample"]:
            (told.home / SAMPLE_NOTE).write_text('{"ready": false}', encoding="utf-8")
        (scratch / settings.FILE_NAME).rename(told.file)


def _bring(live: Served, told: Settings, scratch: Path, progress: Steps) -> None:
    """Copy what was restored into a schema of a served database, beside the one in use."""
    lock = scratch / "write.lock"
    restored = Embedded(scratch / archive.DATABASE, durability="normal", lock=lock)
    with live.connection():
        beside = live.beside()
    try:
        with beside.connection():
            carry(restored, beside, origin="backup", lock=told.run / "migrate.lock",
                  progress=progress)  # fmt: skip
            copying.forget(beside)
    finally:
        beside.close()
        restored.close()
    restored.path.unlink()


def _exchange(
    told: Settings, scratch: Path, served: Served | None
) -> tuple[Path | None, str | None]:
    """Let the restored data take the old one's place; killed at any point, one of them is there.

    In a served database the commit of the exchange decides, and the folder follows.
    """
    stamp = f"{clock.local(clock.now()):%Y%m%d-%H%M%S-%f}"
    sink, fresh = told.log / SINK, told.home / (f"{RESTORED}.{stamp}" if served else RESTORED)
    if sink.exists():  # the trail it tells of is put aside too; its sealer writes a new one
        sink.rename(sink.with_name(f"audit-checkpoints.before-{stamp}.jsonl"))
    shutil.rmtree(fresh, ignore_errors=True)
    ready = scratch / "data"
    ready.mkdir(mode=0o700)
    for name in (archive.DATABASE, "files"):
        if (scratch / name).exists():
            (scratch / name).rename(ready / name)
            archive.sync(ready / name)
    archive.sync(ready)
    ready.rename(fresh)
    if served is None:
        return take_place(told, fresh, stamp), None
    with served.connection():
        served.exchange(schema_before(stamp))
    return take_place(told, fresh, stamp), schema_before(stamp)
