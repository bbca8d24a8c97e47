"""Any single change to the audit trail is found, and nothing is found where nothing was changed."""
# ruff: noqa: S608 – the columns are our own, and breaking their rows is the work

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import peewee as pw
import pytest

from lifang.builtin.people import people
from lifang.entities.audit import AuditChange
from lifang.entities.caller import Caller
from lifang.services.auditing import CHAINED, Change, record_note
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.upkeep.sealing import checkpoint, verify
from tests.core.services.test_sealing import remember, undone

pytestmark = pytest.mark.embedded  # how a file can be tampered with; a server's types refuse some

Run = Callable[..., int]
Mutation = Callable[[random.Random, Run, int], str]

OTHER_VALUES = (
    0,
    1,
    17,
    10**12,
    "",
    "x",
    "张燕",
    "2026-11-23T01:02:03.000004Z",
    None,
    b"\xff",
    1.5,
)
COLUMNS = ", ".join(CHAINED)


def any_field(rng: random.Random, run: Run, last: int) -> str:
    """One cell says something else."""
    column = rng.choice([name for name in [*CHAINED, "mac", "chain"] if name != "id"])
    value = rng.choice(OTHER_VALUES)
    if column in ("at", "actor_name", "source", "plugin", "noun", "verb", "outcome", "mac"):
        value = "x" if value is None else value  # these are never empty
    seq = rng.randint(1, last)
    where = f"seq = ? AND {column} IS NOT ?"
    done = run(f"UPDATE audit_entry SET {column} = ? WHERE {where}", value, seq, value)
    return f"{column} of {seq} := {value!r}" if done else ""


def altered_time(rng: random.Random, run: Run, last: int) -> str:
    seq = rng.randint(1, last)
    run("UPDATE audit_entry SET at = replace(at, 'T', 'T0') WHERE seq = ?", seq)
    return f"time of {seq}"


def not_text(rng: random.Random, run: Run, last: int) -> str:
    seq = rng.randint(1, last)
    run("UPDATE audit_entry SET reason = CAST(x'ff' AS TEXT) WHERE seq = ?", seq)
    return f"unreadable text in {seq}"


def removed(rng: random.Random, run: Run, last: int) -> str:
    seq = rng.randint(1, last)
    run("DELETE FROM audit_entry WHERE seq = ?", seq)
    return f"removed {seq}"


def renumbered(rng: random.Random, run: Run, last: int) -> str:
    seq = rng.randint(1, last)
    run("UPDATE audit_entry SET id = id + 100000 WHERE seq = ?", seq)
    return f"other id of {seq}"


def inserted(rng: random.Random, run: Run, last: int) -> str:
    """A copy of an entry, at a free place or not in the chain at all."""
    seq, place = rng.randint(1, last), rng.choice([last + 1, 0, -3, last + 50, None])
    columns = COLUMNS.replace("id", "1000000", 1)
    run(
        f"INSERT INTO audit_entry ({COLUMNS}, mac, seq, chain)"
        f" SELECT {columns}, mac, ?, chain FROM audit_entry WHERE seq = ?",
        place,
        seq,
    )
    return f"copy of {seq} at {place}"


def swapped(rng: random.Random, run: Run, last: int) -> str:
    """Two entries change places."""
    one, other = rng.sample(range(1, last + 1), 2)
    for before, after in ((one, -1), (other, one), (-1, other)):
        run("UPDATE audit_entry SET seq = ? WHERE seq = ?", after, before)
    return f"{one} and {other} swapped"


def gap(rng: random.Random, run: Run, last: int) -> str:
    seq = rng.randint(1, last)
    run("UPDATE audit_entry SET seq = -seq WHERE seq >= ?", seq)
    run("UPDATE audit_entry SET seq = 1 - seq WHERE seq < 0")
    return f"gap before {seq}"


def out_of_the_chain(rng: random.Random, run: Run, last: int) -> str:
    seq = rng.randint(1, last)
    run("UPDATE audit_entry SET seq = NULL, chain = NULL WHERE seq = ?", seq)
    return f"{seq} taken out of the chain"


def forged_checkpoint(rng: random.Random, run: Run, last: int) -> str:
    column, value = rng.choice(
        [("signature", "00" * 64), ("signature", "zz"), ("chain", "00" * 32), ("seq", 1)]
        + [("at", "2020-01-01T00:00:00.000000Z"), ("seq", last + 3)]
    )
    done = run(f"UPDATE audit_checkpoint SET {column} = ? WHERE {column} <> ?", value, value)
    return f"checkpoint's {column} := {value!r}" if done == 1 else ""


def altered_change(rng: random.Random, run: Run, last: int) -> str:
    column, value = rng.choice(
        [("before", "x"), ("after", "x"), ("field", "x"), ("after_sealed", b"x" * 40)]
        + [("after", None), ("before_sealed", b"\x01" * 60)]
    )
    rows = AuditChange.select().where(AuditChange.sealed == column.endswith("sealed"))
    row = rng.choice([one for one in rows if getattr(one, column) != value])
    run(f"UPDATE audit_change SET {column} = ? WHERE id = ?", value, row.id)
    return f"{column} of change {row.id} := {value!r}"


def one_change_less(rng: random.Random, run: Run, last: int) -> str:
    several: Any = AuditChange.select(pw.fn.MAX(AuditChange.id)).group_by(AuditChange.entry)
    rows = several.having(pw.fn.COUNT(AuditChange.id) > 1).tuples()
    number = rng.choice(list(rows))[0]
    run("DELETE FROM audit_change WHERE id = ?", number)
    return f"change {number} removed, not alone"


MUTATIONS: list[Mutation] = [
    any_field,
    altered_time,
    not_text,
    removed,
    renumbered,
    inserted,
    swapped,
    gap,
    out_of_the_chain,
    forged_checkpoint,
    altered_change,
    one_change_less,
]


def live_a_little(instance: Instance, boss: Caller) -> int:
    """Fill the trail with all kinds of entries and sign it; gives how many there are."""
    for number in range(4):
        told = {"name": f"张{number}燕", "phone": f"1389312345{number}", "address": "酒泉路 1 号"}
        person = write(people, "create", boss, {**told, "community": {"code": world.HOME}})
        write(people, "update", boss, {"phone": "13893120000"}, int(person.id), version=1)
        with instance.database.transaction():
            record_note(boss, "plugin", "enable", changes=[Change("a", "off", "on")])
    remember(boss, *(f"第 {number} 条" for number in range(20)))
    signed = checkpoint(instance)
    assert signed is not None
    return signed.seq


def mutate(instance: Instance, rng: random.Random, mutation: Mutation, last: int) -> None:
    """Make one change that really is one, check that it shows, and undo it."""
    done = ""
    while not done:
        with undone(instance) as run:
            done = mutation(rng, run, last)
            assert not done or not verify(instance).sound, done


@pytest.mark.parametrize("seed", range(10))
def test_every_single_change_is_found_and_nothing_else(instance: Instance, boss: Caller, seed: int):
    rng = random.Random(seed)
    last = live_a_little(instance, boss)
    assert verify(instance).sound
    for mutation in MUTATIONS:
        mutate(instance, rng, mutation, last)
        assert verify(instance).sound, "a false alarm"
