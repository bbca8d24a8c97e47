"""Backups: made while the instance works, once a day by itself, and how the last ones went."""

from __future__ import annotations

import datetime as dt
import fcntl
import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import peewee as pw

from lifang.entities.caller import Caller
from lifang.kit import clock, json, settings
from lifang.kit.causes import why
from lifang.kit.errors import Conflict, Forbidden, LifangError, NotReady
from lifang.kit.settings import Settings
from lifang.kit.words import _
from lifang.services import clockwork
from lifang.services.auditing import record_note
from lifang.services.instance import Instance
from lifang.store.embedded import Embedded
from lifang.store.keys import read_master
from lifang.upkeep import archive, dumps, sealing
from lifang.upkeep.archive import Manifest
from lifang.upkeep.carrying import carry

Steps = Callable[[str, int, int], None]
SUFFIX, DAILY = ".lifang", "lifang-daily-"
AGAIN = dt.timedelta(hours=1)
"""How long after a failure the day's backup is tried again."""

log = logging.getLogger("lifang.backup")


def folder(told: Settings) -> Path:
    """Where backups lie unless told otherwise."""
    return told.home / "backup"


def create(
    caller: Caller, target: Path | None, progress: Steps, *, daily: bool = False
) -> tuple[Path, Manifest]:
    """Back up a running instance; gives the file and what it says of itself.

    Raises Forbidden for all but platform administrators, Conflict where the file exists or another
    backup is being worked on, NotReady with the reason where it cannot be written or the database
    is damaged; then nothing is left behind. How it went is kept for `doctor`.
    """
    if not daily and not caller.runs_it:
        raise Forbidden(_("只有平台管理员可以做备份"))
    made = make(caller.instance, target, progress, daily=daily)
    note(caller, made[0])
    return made


def note(caller: Caller, made: Path) -> None:
    """Tell the trail of a backup."""
    with caller.instance.database.transaction():
        record_note(caller, "backup", "create", reason=made.name)


def place_before(told: Settings, what: str) -> Path:
    """Where a backup lies that is made before something is done, under a name that is not taken."""
    stamp = f"{clock.local(clock.now()):%Y%m%d-%H%M%S-%f}"
    return folder(told) / f"lifang-before-{what}-{stamp}{SUFFIX}"


def make_before(caller: Caller, what: str, progress: Steps) -> Path:
    """Back up a running instance before something is done, and tell the trail."""
    made, _manifest = make(caller.instance, place_before(caller.instance.settings, what), progress)
    note(caller, made)
    return made


def make(
    instance: Instance,
    target: Path | None,
    progress: Steps,
    *,
    daily: bool = False,
    seal: bool = True,
) -> tuple[Path, Manifest]:
    """The same without asking who; `seal` is false where the tables are older than the program."""
    now = clock.now()
    place = folder(instance.settings)
    stamp = f"{clock.local(now):%Y%m%d-%H%M}"
    target = (target or place / f"{DAILY if daily else 'lifang-'}{stamp}{SUFFIX}").absolute()
    with workplace(place) as scratch:
        if target.exists():
            raise Conflict(_("{path} 已经存在，不会覆盖", path=target))
        try:
            if seal:  # so that the head in the manifest is that of the whole trail
                sealing.checkpoint(instance)
            manifest = _write(instance, target, scratch, progress)
        except (OSError, sqlite3.Error, pw.OperationalError, LifangError) as error:
            told = _("备份 {path} 没有做成：{why}", path=target, why=why(error))
            failed = error if isinstance(error, LifangError) else NotReady(told)
            _remember(place, failed={"at": clock.fixed(now), "why": failed.sentence})
            raise failed from (error.__cause__ if failed is error else error)
        made: dict[str, Any] = {"good": {"at": clock.fixed(now), "file": str(target)}}
        _remember(place, **made, **({"daily": str(clock.local(now).date())} if daily else {}))
    return target, manifest


def _write(instance: Instance, target: Path, scratch: Path, progress: Steps) -> Manifest:
    master, told = read_master(instance.settings.key_file), instance.settings
    database = scratch / archive.DATABASE
    at = clock.now()
    _copy(instance, database, progress)
    found = dumps.contents(database)
    kept = settings.kept(told)
    manifest: Manifest = {
        "format": archive.FORMAT,
        "app": version("lifang"),
        "engine": dumps.ENGINE,
        "at": clock.fixed(at),
        "instance": instance.id,
        "sample": instance.sample,
        "key": archive.fingerprint(master),
        "schema": found.schema,
        "rows": found.rows,
        "audit": dict(zip(("seq", "chain"), found.audit or (0, ""), strict=True)),
        "settings": kept[0],
        "left_out": kept[1],
    }
    files = sorted(path for path in (told.data / "files").glob("*") if path.is_file())
    with archive.packed(target, master) as packing:
        for path in (database, *files):
            with suppress(FileNotFoundError), path.open("rb") as source:  # dropped meanwhile
                name = archive.DATABASE if path is database else f"files/{path.name}"
                size = os.fstat(source.fileno()).st_size
                packing.add(name, source, size, partial(progress, _("封存")))
        packing.finish(manifest)
    return manifest


def _copy(instance: Instance, target: Path, progress: Steps) -> None:
    """Copy the database into one file; of which kind it was plays no part from here on."""
    live = instance.database
    if isinstance(live, Embedded):
        dumps.copy(live, target, partial(progress, _("复制")))
        return
    with dumps.filled(target) as sink:
        lock = target.with_name("migrate.lock")
        carry(live, sink, origin="backup", lock=lock, progress=progress)


@contextmanager
def workplace(place: Path) -> Iterator[Path]:
    """An empty folder for plain copies, for one at a time; whatever a crash left there goes first.

    Raises Conflict while another backup is made, verified or restored in the same place.
    """
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = os.open(place, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(_("另一项备份操作正在进行，请稍后再试")) from None
        for left in place.glob(".*.part"):
            left.unlink()
        scratch = place / ".scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            scratch.mkdir(mode=0o700)
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    finally:
        os.close(held)


def outcomes(told: Settings) -> dict[str, Any]:
    """How backups went: the last `good` one, the last `failed` one, the day of the last `daily`.

    Kept beside the backups and not in the database: it is asked for when that is in pieces, and a
    restore must not turn it back.
    """
    try:
        return dict(orjson.loads((folder(told) / "outcome.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


def _remember(place: Path, **outcome: Any) -> None:
    """Keep how a backup went; where not even that can be written, the log says so."""
    file = place / "outcome.json"
    try:
        known = dict(orjson.loads(file.read_bytes())) if file.exists() else {}
        fresh = place / ".outcome.part"
        fresh.write_bytes(json.dumps(known | outcome))
        fresh.replace(file)
    except (OSError, ValueError) as error:
        log.warning("how the backup went could not be kept: %s", error)


class Daily:
    """The worker's share: one backup after each day's tick, in a thread so that nothing waits."""

    def __init__(self, instance: Instance) -> None:
        """Work for an instance."""
        self._instance = instance
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def step(self) -> bool:
        """Begin the day's backup if it is due; there is never more to do at once."""
        busy = self._thread is not None and self._thread.is_alive()
        if not busy and not self._stopping.is_set() and self._due():
            self._thread = threading.Thread(target=self._work, name="backup", daemon=True)
            self._thread.start()
        return False

    def stop(self) -> None:
        """Give up what is being made; nothing of it is left, and the next start begins anew."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _due(self) -> bool:
        told = self._instance.settings
        if not told.backup_keep or not clockwork.ticked():
            return False
        known = outcomes(told)
        failed = known.get("failed")
        if known.get("daily") == str(clock.today()):
            return False
        since = clock.now() - dt.datetime.fromisoformat(failed["at"]) if failed else AGAIN
        return abs(since) >= AGAIN

    def _work(self) -> None:
        instance = self._instance
        try:
            with instance.database.connection():
                made = create(clockwork.machine(instance), None, self._step, daily=True)[0]
            _thin_out(instance.settings, made)
        except _Stopped:
            return
        except Conflict as error:  # another worker makes it, or somebody restores
            log.info("no backup now: %s", error)
        except LifangError as error:
            log.warning("the daily backup failed: %s", error)
        except Exception:
            log.exception("the daily backup failed")

    def _step(self, *_told: object) -> None:
        if self._stopping.is_set():
            raise _Stopped


class _Stopped(Exception):
    """The worker has to end before the backup is made."""


def _thin_out(told: Settings, made: Path) -> None:
    """Delete daily backups beyond those to keep, the oldest first, never the one just made."""
    others = sorted(set(folder(told).glob(f"{DAILY}*{SUFFIX}")) - {made})
    for old in others[: max(0, len(others) + 1 - told.backup_keep)]:
        old.unlink()
