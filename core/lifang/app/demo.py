"""`lifang demo`: an instance anyone can try, built in under a minute and kept until removed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from lifang.access.callers import caller_for
from lifang.access.roles import ROLES
from lifang.app import filling
from lifang.app import instance as instances
from lifang.entities.account import Account
from lifang.entities.community import Community, path_end
from lifang.kit import settings
from lifang.kit.errors import Conflict
from lifang.kit.words import _
from lifang.sample.story import ON, Actor, Progress, tell
from lifang.services.accounts import first_administrator
from lifang.services.delivery import drain
from lifang.services.instance import SAMPLE_NOTE, Instance

PEOPLE = 2_000
FIRST = "admin"


@dataclass(frozen=True)
class Demo:
    """The demo's accounts, how long it took to build (0 when it was there), and where it lies."""

    home: Path
    actors: tuple[Actor, ...]
    seconds: float

    def lines(self) -> list[str]:
        """The accounts as a table of name, password, role and place."""
        return [
            f"{actor.name:<18}{actor.password:<22}{_(ROLES[actor.role])}  {actor.place}"
            for actor in self.actors
        ]


def demo(
    *, people: int = PEOPLE, reports: int = 0, progress: Progress, say: Callable[[str], None]
) -> Demo:
    """Build the demo in LIFANG_HOME, or take up the one that is there.

    With `reports` the story's district has as many more, with their units and a year of service.
    Raises Conflict when the folder holds an instance that is not a demo: real data is never mixed
    with samples. An interrupted build is cleared away and begun again.
    """
    home = settings.load().home
    note = home / SAMPLE_NOTE
    if note.exists() and json.loads(note.read_text(encoding="utf-8")).get("ready"):
        told = json.loads(note.read_text(encoding="utf-8"))
        say(_("{home} 里已有示例实例，直接使用；要重新生成，请先删除这个文件夹", home=home))
        return Demo(home, tuple(Actor(**actor) for actor in told["actors"]), 0.0)
    if (home / settings.FILE_NAME).exists():
        if not note.exists():
            raise Conflict(_("{home} 里已经有一个正式实例；示例不会与真实数据混在一起", home=home))
        raise Conflict(_("{home} 里的示例没有生成完；请删除这个文件夹后再运行", home=home))
    started = time.monotonic()
    home.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({"ready": False}), encoding="utf-8")
    note.chmod(0o600)
    actors = _build(home, people, reports, progress)
    told = {"ready": True, "actors": [asdict(actor) for actor in actors]}
    note.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Demo(home, tuple(actors), time.monotonic() - started)


def _build(home: Path, people: int, reports: int, progress: Progress) -> list[Actor]:
    instance = instances.create(home)
    try:
        with instance.database.connection():
            password = first_administrator(
                instance, FIRST, home_code="620100000000", system_user=home.stat().st_uid
            )
            actors = tell(instance, (FIRST, password), count=people, progress=progress)
            with instance.database.transaction():
                Account.update(must_change=False).execute()
            drain(instance, timeout=60.0)
            if reports:
                boss = caller_for(instance, Account.get(Account.name == FIRST), source="cli")
                filling.fill(boss, _homes(instance), reports, progress)
                drain(instance, timeout=600.0)
    finally:
        instance.close()
    return actors


def _homes(instance: Instance) -> list[Community]:
    """The communities of the story's district, first the one that its worker works in."""
    worker = caller_for(instance, Account.get(Account.name == "worker"), source="cli")
    district, own = Community.get(Community.code == ON), worker.standings[0].path
    inside = Community.path.between(district.path, path_end(district.path))
    found = Community.select().where(inside, Community.kind == "community")
    return sorted(found, key=lambda one: (one.path != own, one.path))
