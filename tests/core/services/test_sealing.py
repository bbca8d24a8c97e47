"""The audit trail is chained, signed, and shows what anybody changed in it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import time_machine

from lifang.builtin.people import people
from lifang.entities.audit import AuditChange, AuditCheckpoint, AuditEntry
from lifang.entities.caller import Caller
from lifang.kit import clock
from lifang.kit.errors import Invalid, NotFound, NotReady
from lifang.services import chain
from lifang.services.auditing import Change, encoded, record_note
from lifang.services.gateway import write
from lifang.services.instance import Instance
from lifang.testing import world
from lifang.upkeep import sealing
from lifang.upkeep.sealing import checkpoint, seal, sink, verify
from tests.core.store.sides import at_once


def remember(boss: Caller, *reasons: str) -> None:
    """Write audit entries, each in a transaction of its own."""
    for reason in reasons:
        with boss.instance.database.transaction():
            record_note(boss, "plugin", "install", reason=reason)


@contextmanager
def undone(instance: Instance) -> Iterator[Callable[..., int]]:
    """Change rows behind everybody's back, and put them back afterwards."""
    engine = instance.database.engine
    engine.execute_sql("BEGIN")
    if instance.database.name == "sqlite":
        engine.execute_sql("PRAGMA defer_foreign_keys = ON")
    else:
        engine.execute_sql("SET LOCAL session_replication_role = replica")  # keys are not looked at
    try:
        yield lambda sql, *values: int(
            engine.execute_sql(sql.replace("?", engine.param), values).rowcount
        )
    finally:
        engine.execute_sql("ROLLBACK")


def chain_of() -> list[tuple[int | None, int]]:
    rows = AuditEntry.select().where(~AuditEntry.seq.is_null()).order_by(AuditEntry.seq)
    return [(row.seq, row.id) for row in rows]


def test_committed_entries_are_chained_in_order_without_a_gap(instance: Instance, boss: Caller):
    remember(boss, "一", "二", "三")
    count = AuditEntry.select().count()
    assert seal(instance) == count
    assert seal(instance) == 0
    assert chain_of() == [(n, n) for n in range(1, count + 1)]
    verdict = verify(instance)
    assert verdict.sound
    assert (verdict.entries, verdict.sealed, verdict.unsealed) == (count, count, 0)


def test_what_is_not_sealed_yet_is_counted_and_checked_by_itself(instance: Instance, boss: Caller):
    seal(instance)
    remember(boss, "一", "二")
    verdict = verify(instance)
    assert (verdict.sound, verdict.unsealed) == (True, 2)
    with undone(instance) as change:
        change("UPDATE audit_entry SET reason = '三' WHERE reason = '二'")
        bad = AuditEntry.get(AuditEntry.reason == "三")
        verdict = verify(instance)
        assert (verdict.sound, verdict.bad_seq, verdict.bad_id) == (False, None, bad.id)


def test_ids_may_have_holes_and_places_in_the_chain_may_not(instance: Instance, boss: Caller):
    remember(boss, "一")
    with instance.database.transaction():
        instance.database.allocate(AuditEntry, 5)
    remember(boss, "二")
    seal(instance)
    ids = [entry for _seq, entry in chain_of()]
    assert ids[-1] - ids[-2] == 6
    assert verify(instance).sound


def test_an_entry_of_a_rolled_back_change_is_nowhere(instance: Instance, boss: Caller):
    before = AuditEntry.select().count()
    with pytest.raises(ZeroDivisionError), instance.database.transaction():
        record_note(boss, "plugin", "install", reason="不算")
        raise ZeroDivisionError
    assert AuditEntry.select().count() == before


def test_a_checkpoint_is_signed_at_first_then_every_thousand_entries_or_hour(
    instance: Instance, boss: Caller
):
    seal(instance)
    assert AuditCheckpoint.select().count() == 1
    first = AuditCheckpoint.get()
    remember(boss, "一")
    seal(instance)
    assert AuditCheckpoint.select().count() == 1
    with time_machine.travel(clock.now() + dt.timedelta(hours=1, seconds=1)):
        assert seal(instance) == 0
        assert AuditCheckpoint.select().count() == 2
        with instance.database.transaction():
            for _number in range(1_000):
                record_note(boss, "plugin", "install")
        while seal(instance) == sealing.BATCH:
            pass
    last = AuditCheckpoint.select().order_by(AuditCheckpoint.seq.desc()).first()
    assert AuditCheckpoint.select().count() == 3
    assert last.seq == first.seq + 1 + 1_000
    assert verify(instance).checkpoints == 3


def test_checkpoints_are_copied_to_a_file_that_heals_after_a_power_cut(
    instance: Instance, boss: Caller
):
    first = checkpoint(instance)
    assert checkpoint(instance) == first, "nothing new, nothing signed"
    path = sink(instance)
    assert path.stat().st_mode & 0o077 == 0
    with path.open("ab") as file:
        file.write(b'{"seq":99')
    remember(boss, "一")
    second = checkpoint(instance)
    assert first is not None
    assert second is not None
    assert verify(instance, path).sound, "the torn line is left out"
    whole = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    assert [one["seq"] for one in whole] == [first.seq, second.seq]
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    remember(boss, "二")
    third = checkpoint(instance)
    assert third is not None
    told = [json.loads(line)["seq"] for line in path.read_text().splitlines()]
    assert told == [first.seq, second.seq, third.seq], "what was missing is copied again"


def test_a_cut_off_end_shows_against_an_outside_checkpoint_only(
    instance: Instance, boss: Caller, tmp_path: Path
):
    remember(boss, "一", "二", "三")
    checkpoint(instance)
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(sink(instance).read_bytes())
    with undone(instance) as change:
        last = AuditEntry.select().count()
        change("DELETE FROM audit_checkpoint")
        change("DELETE FROM audit_entry WHERE seq = ?", last)
        verdict = verify(instance)
        assert (verdict.sound, verdict.outside) == (True, False)
        verdict = verify(instance, outside)
        assert (verdict.sound, verdict.outside, verdict.bad_seq) == (False, True, last)
    assert verify(instance, outside).sound


def test_a_trail_written_anew_shows_against_an_outside_checkpoint(
    instance: Instance, boss: Caller, tmp_path: Path
):
    remember(boss, "一", "二", "三")
    checkpoint(instance)
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(sink(instance).read_bytes())
    gone = AuditEntry.get(AuditEntry.reason == "二")
    with instance.database.transaction():
        AuditCheckpoint.delete().execute()
        gone.delete_instance()
        AuditEntry.update(seq=None, chain=None).execute()
    remember(boss, "四")
    checkpoint(instance)
    assert verify(instance).sound, "whoever can do this can hide it from the instance itself"
    assert verify(instance, outside).bad_seq == len(chain_of())


def test_a_file_that_is_not_a_checkpoint_file_is_said_to_be_so(instance: Instance, tmp_path: Path):
    with pytest.raises(NotFound):
        verify(instance, tmp_path / "nowhere.jsonl")
    (tmp_path / "other.txt").write_text("你好\n")
    with pytest.raises(Invalid, match="第 1 行"):
        verify(instance, tmp_path / "other.txt")


def test_checking_can_begin_at_a_number(instance: Instance, boss: Caller):
    remember(boss, "一", "二", "三", "四")
    seal(instance)
    last = len(chain_of())
    assert verify(instance, start=last - 1).sealed == 2
    with undone(instance) as change:
        change("UPDATE audit_entry SET reason = 'x' WHERE seq = ?", last - 2)
        assert verify(instance, start=last - 1).sound
        assert verify(instance).bad_seq == last - 2
    assert verify(instance, start=last + 5).bad_seq == last + 4
    with undone(instance) as change:
        change("UPDATE audit_entry SET chain = 'x' WHERE seq = ?", last - 2)
        assert verify(instance, start=last - 1).bad_seq == last - 2


def test_erased_changes_are_counted_and_altered_ones_are_broken(instance: Instance, boss: Caller):
    person = write(people, "create", boss, {"name": "张燕", "phone": "13893123456",
                                            "community": {"code": world.HOME}})  # fmt: skip
    seal(instance)
    entry = AuditEntry.get(AuditEntry.noun == "people", AuditEntry.record == person.id)
    assert AuditChange.select().where(AuditChange.entry == entry).count() > 1
    with undone(instance) as change:
        change("DELETE FROM audit_change WHERE entry_id = ?", entry.id)
        verdict = verify(instance)
        assert (verdict.sound, verdict.erased) == (True, 1)
    assert verify(instance).erased == 0
    kept = AuditChange.get(AuditChange.entry == entry, AuditChange.sealed)
    for broken in (
        "DELETE FROM audit_change WHERE id = ?",
        "UPDATE audit_change SET after_sealed = NULL WHERE id = ?",
        "UPDATE audit_change SET entry_id = entry_id - 1 WHERE id = ?",
        "UPDATE audit_change SET entry_id = 100000 WHERE id = ?",
        "UPDATE audit_change SET id = 100000 WHERE id = ?",
    ):
        with undone(instance) as change:
            assert change(broken, kept.id) == 1
            assert not verify(instance).sound, broken


def test_a_change_added_to_an_entry_that_had_none_is_broken(instance: Instance, boss: Caller):
    remember(boss, "一")
    seal(instance)
    entry = AuditEntry.get(AuditEntry.reason == "一")
    with undone(instance) as change:
        change(
            "INSERT INTO audit_change (entry_id, field, after, sealed) VALUES (?, 'a', 'b', FALSE)",
            entry.id,
        )
        assert verify(instance).bad_seq == entry.seq


def test_entries_made_before_a_key_rotation_are_still_sound(instance: Instance, boss: Caller):
    with instance.database.transaction():
        record_note(boss, "plugin", "install", changes=[Change("a", None, "b")])
    checkpoint(instance)
    keys = instance.keys
    for purpose in ("audit", "sign"):
        keys.keys[purpose][99] = bytes(range(32))
        keys.current[purpose] = 99
    remember(boss, "一")
    checkpoint(instance)
    assert verify(instance).sound
    del keys.keys["audit"][99]
    keys.current["audit"] = min(keys.keys["audit"])
    assert not verify(instance).sound


def test_progress_is_told(instance: Instance, boss: Caller):
    seal(instance)
    told: list[tuple[int, int]] = []
    verify(instance, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (AuditEntry.select().count(),) * 2


def test_a_broken_chain_is_not_sealed_any_further(instance: Instance, boss: Caller):
    seal(instance)
    remember(boss, "一")
    with undone(instance) as change:
        change("UPDATE audit_entry SET chain = 'x' WHERE seq IS NOT NULL")
        with pytest.raises(NotReady, match="audit verify"):
            sealing._head(instance)


def test_an_instant_means_the_same_however_a_database_gives_it():
    moment = dt.datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=dt.UTC)
    text = (7, "2026-11-23T01:02:03.000004Z", None, "boss", "mac")
    real = (7, moment, None, "boss", "mac")
    assert chain.told(text) == chain.told(real)
    assert chain.told((7, "t", "2026-11-23T01:02:03.000004Z", "m")) != chain.told(
        (7, "t", None, "m")
    )


def test_a_chain_of_one_batch_goes_on_in_the_next(instance: Instance, boss: Caller):
    with instance.database.transaction():
        for _number in range(sealing.BATCH + 10):
            record_note(boss, "plugin", "install")
    signed = checkpoint(instance)
    assert signed is not None
    assert signed.seq == AuditEntry.select().count()
    assert verify(instance).sound


def test_the_chain_is_what_its_description_says():
    linked = chain.link(chain.GENESIS, b'["a"]', "00ff")
    assert linked == hashlib.sha256(b"lifang-audit-1" + bytes(32) + b'["a"]' + b"00ff").digest()
    assert encoded([1, "张\n", None]) == '[1,"张\\n",null]'.encode()


def test_changes_whose_entry_was_taken_away_before_it_was_sealed_show(
    instance: Instance, boss: Caller
):
    seal(instance)
    with instance.database.transaction():
        record_note(boss, "plugin", "enable", changes=[Change("a", "off", "on")])
    with undone(instance) as change:
        gone = AuditEntry.get(AuditEntry.seq.is_null())
        change("DELETE FROM audit_entry WHERE id = ?", gone.id)
        verdict = verify(instance)
        assert (verdict.sound, verdict.bad_seq, verdict.bad_id) == (False, None, gone.id)


def test_two_workers_that_seal_at_once_make_one_chain_and_neither_stumbles(
    instance: Instance, boss: Caller
):
    for number in range(8):
        world.person(instance, f"人{number}")
        sealed = at_once(instance, *[lambda: seal(instance)] * 3)
        assert not [one for one in sealed if isinstance(one, Exception)], sealed
    verdict = verify(instance)
    assert verdict.sound and verdict.unsealed == 0
