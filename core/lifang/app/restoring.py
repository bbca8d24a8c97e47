"""Restoring: a backup is opened, checked whole beside the data, and only then takes its place."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import peewee as pw

from lifang.app.instance import FOLDERS, MIGRATIONS, RESTORED, at_the_machine, in_use, settle
from lifang.app.serve import alone
from lifang.kit import clock, settings
from lifang.kit.errors import Conflict, Invalid, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _
from lifang.plugins.manager import PluginManager, discover
from lifang.resources.registry import CORE, Registry
from lifang.services import archive, backup
from lifang.services.archive import Manifest
from lifang.services.auditing import Change, record_note
from lifang.services.backup import Steps
from lifang.services.instance import SAMPLE_NOTE, Instance
from lifang.services.sealing import SINK
from lifang.services.verifying import Verdict, verify
from lifang.store import dumps, migrations
from lifang.store.database import proxy
from lifang.store.embedded import Embedded
from lifang.store.keys import load_keys, read_master
from lifang.store.opening import open_database


@dataclass(frozen=True)
class Restored:
    """What is there now: the backup's manifest, where, and where the old data was put aside."""

    manifest: Manifest
    home: Path
    aside: Path | None
    upgraded: list[str]


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
    _demand_place(told)
    for name in ("run", "keys", "log"):
        (told.home / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    told.home.chmod(0o700)
    with ExitStack() as stack:
        stack.enter_context(alone(told))
        stack.callback(os.close, in_use(told, alone=True))
        settle(told)
        if not replace and told.data.is_dir() and any(told.data.iterdir()):
            raise Conflict(
                _(
                    "{home} 里已有数据；确实要用备份替换，请加 --replace（旧数据会另存，不会删除）",
                    home=told.home,
                )  # fmt: skip
            )
        scratch = stack.enter_context(backup.workplace(backup.folder(told)))
        used = key or told.key_file
        manifest = _opened(file, used, scratch, progress)
        _demand_same_key(told, used)
        with _copy(told, scratch, used) as copied:
            upgraded = _upgrade(copied, scratch)
            _trail(copied, progress)
            _note(copied, manifest)
        _furnish(told, used, manifest, scratch)
        return Restored(manifest, told.home, _exchange(told, scratch), upgraded)


def _demand_place(told: Settings) -> None:
    """A folder with an instance, or an empty one: what else lies there is not ours to mix with."""
    if told.file.exists():
        database = open_database(told.database, home=told.home, durability=told.durability)
        if not isinstance(database, Embedded) or database.path != told.data / archive.DATABASE:
            raise NotReady(
                _("数据库不在 {path}；请先从 lifang.toml 去掉 database，再恢复", path=told.data)
            )
    elif told.home.is_dir():
        known = {*FOLDERS, RESTORED, "backup", SAMPLE_NOTE}
        if strange := sorted(path.name for path in told.home.iterdir() if path.name not in known):
            raise Conflict(
                _(
                    "{home} 不是里坊实例，里面却有 {name}；请指明空文件夹",
                    home=told.home,
                    name=strange[0],
                )  # fmt: skip
            )


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
    present, manager = discover(), PluginManager(Registry())
    for plugin, names in manifest["schema"].items():
        loaded = manager.load(present[plugin]) if plugin in present else None
        if plugin != CORE and loaded is None:
            continue
        where = MIGRATIONS if loaded is None else loaded.migrations
        newer = sorted(set(names) - {path.stem for path in where.glob("*.py")})
        if newer:
            names = _("、").join(newer)
            raise NotReady(
                _("备份比程序新（多出迁移 {names}）；请先升级 {plugin}", names=names, plugin=plugin)
            )


@contextmanager
def _copy(told: Settings, scratch: Path, key: Path) -> Iterator[Instance]:
    """The unpacked copy as an instance, while every model of this process points at it."""
    before = proxy.obj
    path = scratch / archive.DATABASE
    database = Embedded(path, durability="full", lock=scratch / "write.lock")
    database.bind()
    try:
        with database.connection():
            keys, place, registry = load_keys(key), replace(told, home=scratch), Registry()
            with closing(
                Instance(place, database, keys, registry, PluginManager(registry))
            ) as copied:
                yield copied
    except pw.OperationalError as error:
        raise NotReady(_("读写 {path} 时出错：{why}", path=path, why=error)) from error
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


def _note(copied: Instance, manifest: Manifest) -> None:
    """Say in the restored trail that this is a restored one, and from where it goes on.

    Positions of events are kept as they are: SQLite has no transaction numbers to set back.
    """
    head = manifest["audit"]
    changes = [Change("at", None, manifest["at"]), Change("seq", None, str(head["seq"])),
               Change("chain", None, head["chain"])]  # fmt: skip
    with copied.database.transaction():
        record_note(at_the_machine(copied), "backup", "restore", changes=changes)


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


def _exchange(told: Settings, scratch: Path) -> Path | None:
    """Let the restored data take the old one's place; killed at any point, one of them is there."""
    stamp = f"{clock.local(clock.now()):%Y%m%d-%H%M%S-%f}"
    sink, fresh = told.log / SINK, told.home / RESTORED
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
    aside = None
    if told.data.is_dir() and any(told.data.iterdir()):
        aside = told.home / f"data.before-{stamp}"
        told.data.rename(aside)
    fresh.rename(told.data)  # an empty folder gives way
    archive.sync(told.home)
    return aside
