"""Goals I1, I2, I3 and S1: what files bring in, whom that keeps waiting, and finding a name."""

from __future__ import annotations

import csv
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import marshmallow as ma

from lifang.builtin.people import people
from lifang.entities.account import Account
from lifang.entities.community import Community
from lifang.entities.person import Person
from lifang.kit import masking
from lifang.sample.people import sample_people
from lifang.services import accounts, reading
from lifang.services.gateway import write
from lifang.services.importing import import_table
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world
from tests.bench.goals import same_rows
from tests.bench.rounds import Result, compare
from tests.bench.world import bare, settle, small_city

COLUMNS = ("name", "sex", "birth_date", "citizen_id", "phone", "address")
LIFANG = str(Path(sys.executable).parent / "lifang")
BAD_EVERY = 100


def told(seed: int, count: int) -> Iterator[dict[str, str]]:
    """People nobody has told of before, for each seed others."""
    return sample_people(random.Random(seed), count, [f"62{seed:04d}"])


def write_file(path: Path, some: Iterator[dict[str, str]], *, bad: bool = False) -> int:
    """A file of people; with `bad`, one in a hundred has a wrong check digit. Gives how many."""
    wrong = 0
    with path.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.writer(sink)
        writer.writerow([*COLUMNS, "community"])
        for number, person in enumerate(some):
            if bad and number % BAD_EVERY == BAD_EVERY // 2:
                last = person["citizen_id"][-1]
                person["citizen_id"] = person["citizen_id"][:-1] + ("1" if last == "0" else "0")
                wrong += 1
            writer.writerow([*(person[name] for name in COLUMNS), world.HOME])
    return wrong


def raw_rows(instance: Instance, some: Iterator[dict[str, str]]) -> list[tuple[Any, ...]]:
    """The very rows of `core_person` an import writes, made beforehand."""
    keys, made, everybody = instance.keys, [], list(some)
    now = "2026-11-25T00:00:00.000000Z"
    with instance.database.transaction():
        numbers = instance.database.allocate(Person, len(everybody))
    for number, person in zip(numbers, everybody, strict=True):
        row: list[Any] = [number, 1, now, None, now, None]
        row += [person["name"], person["sex"], "permanent"]
        for name in ("birth_date", "citizen_id", "phone", "address"):
            value = person[name]
            row.append(keys.seal(value, table="core_person", column=name, row=number).blob)
            row.append(masking.mask(name, value))
            if name in ("citizen_id", "phone"):
                row.append(keys.index(value, kind=name))
        made.append(tuple(row))
    return made


RAW = (
    *("id", "version", "created_at", "created_by", "updated_at", "removed_at"),
    *("name", "sex", "status", "birth_date", "birth_date_mask"),
    *("citizen_id", "citizen_id_mask", "citizen_id_index"),
    *("phone", "phone_mask", "phone_index", "address", "address_mask"),
)


def import_of_people(folder: Path, *, rows: int = 5_000) -> list[Result]:
    """I1 and I2: people from a file, against their bare rows and against the obvious way."""
    with small_city(folder / "i1") as instance:
        settle(instance, 5_000)
        worker = world.caller(instance, "community_worker", at=world.CHENGGUAN)
        seeds = iter(range(1, 1_000))

        def ours() -> float:
            path = folder / "people.csv"
            write_file(path, told(next(seeds), rows))
            started = time.perf_counter()
            done = import_table(worker, people, path, skip_invalid=True)
            assert done["created"] == rows, done
            return (time.perf_counter() - started) / rows

        def base() -> float:
            made = raw_rows(instance, told(next(seeds), rows))
            started = time.perf_counter()
            with instance.database.transaction():
                instance.database.insert("core_person", RAW, made)
            return (time.perf_counter() - started) / rows

        one = compare(ours, base, rounds=5)
        other = compare(ours, lambda: _obvious(instance, told(next(seeds), 500)), rounds=5)
    return [
        _per_second("I1", "people imported ÷ raw executemany of their own rows", one, 0.06, 0.12),
        _per_second("I2", "people imported ÷ marshmallow + create per row", other, 4, 8),
    ]


def _per_second(
    name: str, what: str, figures: tuple[float, float, float], floor: float, target: float
) -> Result:
    mine, theirs, ratio = figures
    return Result(name, what, 1 / mine, 1 / theirs, "/s", 1 / ratio, floor, target, "higher")


class _Form(ma.Schema):
    """What anybody would write first."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 120))
    sex = ma.fields.String(validate=ma.validate.OneOf(["unknown", "male", "female", "unspecified"]))
    birth_date = ma.fields.Date()
    citizen_id = ma.fields.String(validate=ma.validate.Regexp(r"^\d{17}[\dX]$"))
    phone = ma.fields.String(validate=ma.validate.Regexp(r"^1[3-9]\d{9}$"))
    address = ma.fields.String()


def _obvious(instance: Instance, some: Iterator[dict[str, str]]) -> float:
    form, home = _Form(), Community.get(Community.code == world.HOME)
    started, count = time.perf_counter(), 0
    with instance.database.engine.atomic("IMMEDIATE"):
        for person in some:
            form.load(person)
            same_rows(person, home)
            count += 1
    return (time.perf_counter() - started) / count


def another_writer(folder: Path, *, rows: int = 50_000) -> list[Result]:
    """I3 and M1: how long another process waits to write while a file comes in, and its memory."""
    with small_city(folder / "i3") as instance:
        accounts.create_account(world.boss(instance), "w", role="community_worker", at=world.CITY)
        Account.update(system_user=os.getuid()).execute()
        worker = world.caller(instance, "community_worker", at=world.CITY)
        path = folder / "many.csv"
        wrong = write_file(path, told(1, rows), bad=True)
        environ = os.environ | {"LIFANG_HOME": str(instance.settings.home), "LIFANG_AS": "w"}
        words = [LIFANG, "people", "import", str(path), "--skip-invalid", "--json"]
        alone = [_one_create(worker) for _n in range(50)]
        started = time.monotonic()
        log = (folder / "i3.json").open("w+")
        child = subprocess.Popen(words, env=environ, stdout=log)
        waits = []
        while child.poll() is None:
            waits.append(_one_create(worker))
            time.sleep(0.02)
        took = time.monotonic() - started
        said = (folder / "i3.json").read_text()
        log.close()
        assert f'"failed":{wrong}' in said.replace(" ", ""), said[:300]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    p99, calm = (statistics.quantiles(some, n=100)[98] * 1000 for some in (waits, alone))
    what = f"another writer's p99 while {rows:,} rows come in ({took:.0f} s), against alone"
    memory = f"peak memory of importing {rows:,} people, {wrong:,} of them wrong"
    return [
        Result("I3", what, p99, calm, "ms", p99, 150, 60, "lower"),
        Result("M1", memory, peak, 300, "MB", peak, 300, 90, "lower"),
    ]


def _one_create(worker: Any) -> float:
    started = time.perf_counter()
    write(people, "create", worker, {"name": "旁人", "community": {"code": world.HOME}})
    return time.perf_counter() - started


def finding_a_name(folder: Path, *, rows: int = 100_000) -> list[Result]:
    """S1: a part of a name among many, against LIKE, for rare, usual and the commonest parts."""
    with small_city(folder / "s1") as instance:
        settle(instance, rows, names=[p["name"] for p in told(1, 20_000)] + ["𠮷野里坊"])
        boss, plain = world.boss(instance), bare(instance)
        results = []
        for kind, part in (("one of a kind", "野里"), ("usual", "志强"), ("commonest", "王")):
            ours, base = _searches(boss, plain, part)
            mine, theirs, ratio = compare(ours, base, rounds=5)
            what = f"finding 「{part}」 ({kind}) among {rows:,} names: LIKE ÷ ours"
            bounds = (20, 50) if kind != "commonest" else (None, None)  # LIKE finds a page at once
            figures = (mine * 1000, theirs * 1000, "ms", 1 / ratio, *bounds)
            results.append(Result("S1", what, *figures, "higher"))
    return results


def _searches(
    boss: Any, plain: sqlite3.Connection, part: str
) -> tuple[Callable[[], float], Callable[[], float]]:
    asked = "SELECT id, name FROM core_person WHERE removed_at IS NULL AND name LIKE ? ORDER BY id"

    def found() -> list[int]:
        return [view["id"] for view in reading.find(boss, people, Query(q=part)).items]

    def liked() -> list[int]:
        return [row[0] for row in plain.execute(f"{asked} LIMIT 50", (f"%{part}%",))]

    assert found() == liked(), part

    def timed(work: Callable[[], list[int]]) -> Callable[[], float]:
        def once() -> float:
            started = time.perf_counter()
            for _n in range(3):
                work()
            return (time.perf_counter() - started) / 3

        return once

    return timed(found), timed(liked)
