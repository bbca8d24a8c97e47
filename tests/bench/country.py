"""Goal I4: a whole country's divisions into an empty instance, and the memory that takes."""

from __future__ import annotations

import csv
import json
import os
import random
import re
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lifang.builtin.places import communities
from lifang.entities.account import Account
from lifang.entities.community import KINDS, Community, path_of
from lifang.services import accounts
from lifang.services.importing import import_table
from lifang.services.instance import Instance
from lifang.testing import world
from tests.bench.exchange import LIFANG
from tests.bench.rounds import Result
from tests.bench.world import bare

WHOLE = 665_276
SHARES = {"province": 31, "city": 342, "district": 2_978, "subdistrict": 41_356}
"""How many there are of the wider kinds; everything else is communities."""
DIGITS = (2, 4, 6, 9, 12)
COMMON = (
    "安北城大东丰福高光海河和红华家江金开兰乐李林龙明南宁平桥青庆三山上石水天王文五西下新兴阳永"
)
ENDINGS = {"province": "省", "city": "市", "district": "区", "subdistrict": "街道"}
WRITTEN = ("core_community", "core_community_edge", "core_community_code", "name_gram",
           "audit_entry", "event", "event_scope")  # fmt: skip
"""The tables that a community coming in leaves rows in."""


def country(rows: int) -> Iterator[tuple[str, str, str, str]]:
    """A made-up country of so many nodes, as wide and deep as China."""
    rng, above = random.Random(rows), [""]
    sizes = {kind: max(1, count * rows // WHOLE) for kind, count in SHARES.items()}
    sizes["community"] = rows - sum(sizes.values())
    for (kind, size), digits in zip(sizes.items(), DIGITS, strict=True):
        made, under = [], dict.fromkeys(above, 10 if kind == "province" else 0)
        for number in range(size):
            parent = above[number * len(above) // size]
            under[parent] += 1
            width = digits - len(parent)
            code = f"{parent}{under[parent]:0{width}d}"
            made.append(code)
            name = "".join(rng.choices(COMMON, k=rng.choice((2, 2, 2, 3, 4))))
            ending = ENDINGS.get(kind) or rng.choice(("社区", "村", "村委会", "社区居委会"))
            yield code.ljust(12, "0"), name + ending, kind, parent and parent.ljust(12, "0")
        above = made


def write_file(path: Path, rows: int) -> None:
    """A file of it, narrow kinds first: whoever is told of hangs on somebody still to come."""
    with path.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.writer(sink)
        writer.writerow(["code", "name", "kind", "parent_code"])
        writer.writerows(sorted(country(rows), key=lambda row: -list(KINDS).index(row[2])))


@contextmanager
def empty(home: Path) -> Iterator[Instance]:
    """An instance without any community."""
    yield from world.new_instance(home)


def bare_rows(instance: Instance, rows: int) -> list[tuple[Any, ...]]:
    """The very rows of `core_community`, made beforehand."""
    now, known, made = "2026-11-25T00:00:00.000000Z", {}, []
    with instance.database.transaction():
        numbers = instance.database.allocate(Community, rows)
    for number, (code, name, kind, parent) in zip(numbers, country(rows), strict=True):
        above, path = known.get(parent, (None, ""))
        known[code] = number, path_of(number, path)
        row = (code, name, None, kind, above, "stats", None, known[code][1], None, None)
        made.append((number, 1, now, None, now, None, *row))
    return made


def whole_country(folder: Path, *, rows: int, rounds: int) -> list[Result]:
    """I4 and M1: so many communities into an empty instance, and the peak of the whole process."""
    folder /= f"i4-{rows}"
    folder.mkdir()
    path, pairs, everything = folder / "country.csv", [], []
    write_file(path, rows)
    names = [field.column_name for field in Community._meta.sorted_fields]
    for turn in range(rounds):
        with empty(folder / f"i4-base-{turn}") as instance:
            made = bare_rows(instance, rows)
            base = _timed(lambda i=instance, m=made: _insert(i, {"core_community": (names, m)}))
        with empty(folder / f"i4-{turn}") as instance:
            boss = world.boss(instance)
            ours = _timed(lambda b=boss: import_table(b, communities, path))
            assert Community.select().count() == rows
            written = _all_of(instance) if rows < WHOLE else None
        if written is not None:
            with empty(folder / f"i4-all-{turn}") as instance:
                everything.append(_timed(lambda i=instance, w=written: _insert(i, w)))
        pairs.append((ours, base))
    mine, theirs = (statistics.median(some) for some in zip(*pairs, strict=True))
    ratio = statistics.median(base / ours for ours, base in pairs)
    what = f"{rows:,} communities imported ÷ raw executemany of core_community's rows alone"
    told = [Result("I4", what, rows / mine, rows / theirs, "/s", ratio, None, None, "higher")]
    if everything:
        all_rows = statistics.median(everything)
        what = f"{rows:,} communities imported ÷ raw executemany of the same rows in every table"
        ratio = statistics.median(
            other / ours for (ours, _base), other in zip(pairs, everything, strict=True)
        )
        told.insert(0, Result("I4", what, rows / mine, rows / all_rows, "/s", ratio,
                              0.12, 0.25, "higher"))  # fmt: skip
    return [*told, _peak(folder, path, rows)]


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _insert(instance: Instance, told: dict[str, tuple[list[str], list[Any]]]) -> None:
    with instance.database.transaction():
        for table, (names, rows) in told.items():
            instance.database.insert(table, names, rows)


def _all_of(instance: Instance) -> dict[str, tuple[list[str], list[Any]]]:
    """Every row of the tables written, in the order they were written in as far as that shows."""
    told, plain = {}, bare(instance)
    for table in WRITTEN:
        found = plain.execute(f"SELECT * FROM {table}")  # noqa: S608 – names above
        told[table] = ([one[0] for one in found.description], found.fetchall())
    names, rows = told["name_gram"]
    rows.sort(key=lambda row: row[2])
    plain.close()
    return told


def _peak(folder: Path, path: Path, rows: int) -> Result:
    with empty(folder / "i4-memory") as instance:
        accounts.create_account(world.boss(instance), "w", role="platform_administrator")
        Account.update(system_user=os.getuid()).execute()
        environ = os.environ | {"LIFANG_HOME": str(instance.settings.home), "LIFANG_AS": "w"}
    words = [LIFANG, "communities", "import", str(path), "--json"]
    with (folder / "i4.json").open("w") as log:
        child, peak = subprocess.Popen(words, env=environ, stdout=log), 0
        while child.poll() is None:  # what getrusage tells of a child begins with its parent's
            status = Path(f"/proc/{child.pid}/status").read_text()
            peak = max(peak, *(int(n) for n in re.findall(r"VmHWM:\s*(\d+)", status)), 0)
            time.sleep(0.05)
    assert child.returncode == 0 and json.loads((folder / "i4.json").read_text())["created"] == rows
    peak /= 1024
    what = f"peak memory of importing {rows:,} communities"
    return Result("M1", what, peak, 300, "MB", peak, 300, 90, "lower")
