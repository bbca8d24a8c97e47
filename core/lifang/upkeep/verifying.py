"""Checking the audit trail: every entry, its changes, the chain, and the signed checkpoints."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import peewee as pw

from lifang.entities.audit import AuditChange, AuditCheckpoint, AuditEntry
from lifang.kit.errors import Invalid, LifangError, NotFound
from lifang.kit.words import _
from lifang.services import chain
from lifang.services.auditing import encoded
from lifang.services.chain import Checkpoint
from lifang.services.instance import Instance
from lifang.store.record import moment
from lifang.store.sensitive import Sealed

PAGE = 2_000
UNREADABLE = (pw.DatabaseError, sqlite3.DatabaseError)
"""What reading raises for a cell that holds no text: only an altered SQLite file can hold one."""

CHANGE = [
    getattr(AuditChange, name)
    for name in ("id", "field", "sealed", "before", "after", "before_sealed", "after_sealed")
]
CHECKPOINT = ("seq", "chain", "at", "signature")
Progress = Callable[[int, int], None]


@dataclass
class Verdict:
    """What checking the audit trail found; it is sound while there is no `problem`.

    `unsealed` entries at the end are checked by their own digests only; `erased` ones have lost
    their changes to an erasure, which the chain allows. Without `outside` checkpoints a cut-off end
    or a trail written anew from end to end cannot be noticed by anyone.
    """

    entries: int = 0
    sealed: int = 0
    unsealed: int = 0
    erased: int = 0
    checkpoints: int = 0
    outside: bool = False
    bad_seq: int | None = None
    bad_id: int | None = None
    problem: str | None = None

    @property
    def sound(self) -> bool:
        """Whether everything is as it was written."""
        return self.problem is None


class _Broken(Exception):
    """The first thing that is wrong: where, and what."""

    def __init__(self, seq: int | None, entry: Any, what: str) -> None:
        super().__init__(what)
        self.seq, self.entry, self.what = seq, entry, what


def verify(
    instance: Instance,
    checkpoint_file: Path | None = None,
    start: int | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Check the trail from its first entry, or from number `start` on, up to the first fault.

    `checkpoint_file` holds checkpoints that were kept elsewhere, one to a line. With `start`, the
    entry before it is taken as it stands. Raises NotFound for a file that is not there, Invalid for
    one that is something else.
    """
    outside = [] if checkpoint_file is None else _read(checkpoint_file)
    walk = _Walk(instance, progress or (lambda done, of: None))
    verdict = walk.verdict
    with instance.database.connection():
        try:
            walk.expect(outside)
            walk.sealed(start)
            walk.beyond()
            walk.unsealed()
            walk.strays()
        except _Broken as broken:
            verdict.problem, verdict.bad_seq = broken.what, broken.seq
            verdict.bad_id = broken.entry if isinstance(broken.entry, int) else None
        except UNREADABLE:
            verdict.problem, verdict.bad_seq = _("内容无法读取"), walk.last + 1
    verdict.entries = verdict.sealed + verdict.unsealed
    return verdict


class _Walk:
    """One check of the trail, from entry to entry."""

    def __init__(self, instance: Instance, progress: Progress) -> None:
        self.database, self.keys = instance.database, instance.keys
        self.audit_keys = chain.audit_keys(instance.keys)
        self.verdict = Verdict()
        self.progress = progress
        self.signed: dict[int, list[Checkpoint]] = {}
        self.last = 0
        self.digest = chain.GENESIS

    def expect(self, outside: list[Checkpoint]) -> None:
        """Gather the checkpoints the chain is held against: its own, and those from outside."""
        self.verdict.outside = bool(outside)
        columns = (getattr(AuditCheckpoint, name) for name in CHECKPOINT)
        kept = AuditCheckpoint.select(*columns).order_by(AuditCheckpoint.seq)
        for seq, digest, at, signature in self.database.rows(kept):
            outside = [*outside, Checkpoint(seq, digest, str(moment(at)), signature)]
        for one in outside:
            if not one.holds(self.keys):
                seq = one.seq if isinstance(one.seq, int) else None
                raise _Broken(seq, None, _("检查点的签名是伪造的"))
            self.signed.setdefault(one.seq, []).append(one)

    def sealed(self, start: int | None) -> None:
        """Follow the chain."""
        total = AuditEntry.select().where(~AuditEntry.seq.is_null()).count()
        if start is not None and start > 1:
            self._begin_at(start)
        for rows in self._pages(None if start is None else start - 1):
            fit = sum(1 for _row in itertools.takewhile(self._in_place(), rows))
            if fit:
                changes = self._changes(AuditEntry.seq.between(rows[0][0], rows[fit - 1][0]))
                for row in rows[:fit]:
                    self._sealed_entry(row, changes)
            if fit < len(rows):
                seq = self.last + 1
                raise _Broken(seq, None, _("第 {seq} 条不在它的位置上", seq=seq))
            self.verdict.sealed += len(rows)
            self.progress(self.verdict.sealed, total)

    def _in_place(self) -> Callable[[Any], bool]:
        """Judge whether rows carry the numbers that come next."""
        numbers = itertools.count(self.last + 1)
        return lambda row: bool(row[0] == next(numbers))

    def _begin_at(self, start: int) -> None:
        before: Any = AuditEntry.select(AuditEntry.chain).where(AuditEntry.seq == start - 1)
        try:
            self.digest = bytes.fromhex(before.scalar() or "")
        except (TypeError, ValueError):
            self.digest = b""
        self.last = start - 1
        if len(self.digest) != len(chain.GENESIS):
            raise _Broken(start - 1, None, _("缺少第 {seq} 条", seq=start - 1))

    def _pages(self, after: int | None) -> Iterator[list[Any]]:
        """Sealed entries in the chain's order: seq, chain and the entry's columns, as raw rows."""
        size = PAGE
        while True:
            later = ~AuditEntry.seq.is_null() if after is None else AuditEntry.seq > after
            query: Any = AuditEntry.select(AuditEntry.seq, AuditEntry.chain, *chain.COLUMNS)
            try:
                rows = self.database.rows(query.where(later).order_by(AuditEntry.seq).limit(size))
            except UNREADABLE:
                if size == 1:
                    raise
                size = 1  # one of them cannot be read; the ones before it can
                continue
            if not rows:
                return
            yield rows
            after = rows[-1][0]

    def _sealed_entry(self, row: Any, changes: dict[int, list[Any]]) -> None:
        seq, kept, entry = row[0], row[1], row[2:]
        canonical = self._own_digest(seq, entry)
        self.digest = chain.link(self.digest, canonical, entry[-1])
        if self.digest.hex() != kept:
            raise _Broken(seq, entry[0], _("与前一条的链接不符"))
        if entry[-2] is not None or entry[0] in changes:
            self._changes_of(seq, entry, changes.get(entry[0], []))
        for checkpoint in self.signed.get(seq, ()):
            self._checkpoint(checkpoint)
        self.last = seq

    def _own_digest(self, seq: int | None, row: Any) -> bytes:
        """The entry's canonical bytes, if it is the one that was written."""
        try:
            canonical = chain.told(row)
            if chain.keyed(self.audit_keys, canonical, row[-1]):
                return canonical
        except (TypeError, ValueError, AttributeError):
            pass  # a kind of value that was never written
        raise _Broken(seq, row[0], _("内容与写入时不同"))

    def _changes_of(self, seq: int | None, row: Any, kept: list[Any]) -> None:
        """Hold an entry's changes against the digest it carries of them."""
        digest = row[-2]
        if not kept:
            self.verdict.erased += digest is not None
            return
        try:
            told = encoded([self._change(*one) for one in kept])
            if chain.keyed(self.audit_keys, told, digest):
                return
        except (TypeError, ValueError, LifangError):
            pass  # cannot be opened or encoded: altered or moved
        raise _Broken(seq, row[0], _("前后值与写入时不同"))

    def _change(self, number: int, field: str, sealed: object, *values: Any) -> list[str | None]:
        """One change as its digest was taken: the field, the value before and after."""
        if not sealed:
            return [field, *values[:2]]
        sides = zip(("before", "after"), values[2:], strict=True)
        return [field, *(self._opened(number, column, blob) for column, blob in sides)]

    def _opened(self, number: int, column: str, blob: Any) -> str | None:
        if blob is None:
            return None
        return self.keys.open(Sealed(bytes(blob)), table="audit_change", column=column, row=number)

    def _changes(self, which: Any) -> dict[int, list[Any]]:
        """The changes of some entries, by entry, in the order they were written."""
        query: Any = AuditChange.select(AuditChange.entry, *CHANGE).join(AuditEntry).where(which)
        found: dict[int, list[Any]] = {}
        for entry, *change in self.database.rows(query.order_by(AuditChange.id)):
            found.setdefault(entry, []).append(change)
        return found

    def _checkpoint(self, checkpoint: Checkpoint) -> None:
        if checkpoint.chain != self.digest.hex():
            raise _Broken(checkpoint.seq, None, _("与签过名的检查点不符：此前的记录被改写过"))
        self.verdict.checkpoints += 1

    def beyond(self) -> None:
        """A checkpoint of an entry that is not there: the end was cut off."""
        seq = max(self.signed, default=0)
        if seq > self.last:
            raise _Broken(self.last + 1, None, _("末尾被截断：检查点证明曾有第 {seq} 条", seq=seq))

    def unsealed(self) -> None:
        """Hold the entries that are not in the chain yet against their own digests."""
        after = 0
        while True:
            query: Any = AuditEntry.select(*chain.COLUMNS).where(
                AuditEntry.seq.is_null(), AuditEntry.id > after
            )
            rows = self.database.rows(query.order_by(AuditEntry.id).limit(PAGE))
            if not rows:
                return
            changes = self._changes(AuditEntry.id.between(rows[0][0], rows[-1][0]))
            for row in rows:
                self._own_digest(None, row)
                self._changes_of(None, row, changes.get(row[0], []))
            self.verdict.unsealed += len(rows)
            after = rows[-1][0]

    def strays(self) -> None:
        """Changes whose entry is not there: it was taken away before it could be sealed."""
        entries = AuditEntry.select(AuditEntry.id)
        stray: Any = AuditChange.select(AuditChange.entry).where(AuditChange.entry.not_in(entries))
        found = stray.limit(1).tuples().first()
        if found is not None:
            raise _Broken(None, found[0], _("记录不见了，只剩下它的前后值"))


def _read(path: Path) -> list[Checkpoint]:
    """Checkpoints from a file; a line that a power cut tore is left out, its copy follows."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        raise NotFound(_("读不了检查点文件 {path}", path=path)) from None
    found = []
    for number, line in enumerate(lines, start=1):
        if line.startswith(b"{") and not line.endswith(b"}"):
            continue
        try:
            told = orjson.loads(line)
            found.append(Checkpoint(*(told[name] for name in CHECKPOINT)))
        except (ValueError, KeyError, TypeError):
            raise Invalid(_("{path} 第 {line} 行不是检查点", path=path, line=number)) from None
    return found
