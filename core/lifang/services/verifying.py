"""Checking the audit trail: every entry, its changes, the chain, and the signed checkpoints."""

from __future__ import annotations

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
    walk = _Walk(instance, outside, progress or (lambda done, of: None))
    verdict = walk.verdict
    with instance.database.connection():
        try:
            walk.sealed(start)
            walk.beyond()
            walk.unsealed()
            walk.strays()
        except _Broken as broken:
            verdict.problem, verdict.bad_seq = broken.what, broken.seq
            verdict.bad_id = broken.entry if isinstance(broken.entry, int) else None
    verdict.entries = verdict.sealed + verdict.unsealed
    return verdict


class _Walk:
    """One check of the trail, from entry to entry."""

    def __init__(self, instance: Instance, outside: list[Checkpoint], progress: Progress) -> None:
        self.database, self.keys = instance.database, instance.keys
        self.verdict = Verdict(outside=bool(outside))
        self.progress = progress
        self.signed: dict[int, list[Checkpoint]] = {}
        for one in [*_kept(), *outside]:
            self.signed.setdefault(one.seq, []).append(one)
        self.last = 0
        self.digest = chain.GENESIS

    def sealed(self, start: int | None) -> None:
        """Follow the chain."""
        total = AuditEntry.select().where(~AuditEntry.seq.is_null()).count()
        if start is not None and start > 1:
            self._begin_at(start)
        for rows in self._pages(None if start is None else start - 1):
            changes = _changes(AuditEntry.seq.between(rows[0][0], rows[-1][0]))
            for row in rows:
                self._sealed_entry(row, changes)
            self.verdict.sealed += len(rows)
            self.progress(self.verdict.sealed, total)

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
        """Sealed entries in the chain's order, as raw rows of seq, chain and the entry's columns."""
        size = PAGE
        while True:
            later = ~AuditEntry.seq.is_null() if after is None else AuditEntry.seq > after
            query: Any = AuditEntry.select(AuditEntry.seq, AuditEntry.chain, *chain.COLUMNS)
            try:
                rows = self.database.rows(query.where(later).order_by(AuditEntry.seq).limit(size))
            except pw.DatabaseError:
                if size == 1:
                    raise _Broken(self.last + 1, None, _("内容无法读取")) from None
                size = 1  # one of them cannot be read; the ones before it can
                continue
            if not rows:
                return
            yield rows
            after = rows[-1][0]

    def _sealed_entry(self, row: Any, changes: dict[int, list[Any]]) -> None:
        seq, kept, entry = row[0], row[1], row[2]
        if seq != self.last + 1:
            what = _("编号重复或无效") if not isinstance(seq, int) or seq <= self.last else None
            raise _Broken(self.last + 1, None, what or _("缺少第 {seq} 条", seq=self.last + 1))
        canonical = self._own_digest(seq, row[2:])
        self.digest = chain.link(self.digest, canonical, row[-1])
        if self.digest.hex() != kept:
            raise _Broken(seq, entry, _("与前一条的链接不符"))
        self._changes_of(seq, row[2:], changes.get(entry, []))
        for checkpoint in self.signed.get(seq, ()):
            self._checkpoint(checkpoint)
        self.last = seq

    def _own_digest(self, seq: int | None, row: Any) -> bytes:
        """The entry's canonical bytes, if it is the one that was written."""
        try:
            canonical = chain.told(row)
            if chain.keyed(self.keys, canonical, row[-1]):
                return canonical
        except (TypeError, ValueError, AttributeError):
            pass  # a kind of value that was never written
        raise _Broken(seq, row[0], _("内容与写入时不同"))

    def _changes_of(self, seq: int | None, row: Any, kept: list[Any]) -> None:
        """Hold an entry's changes against the digest it carries of them."""
        digest = row[-2]
        if digest is not None and not kept:
            self.verdict.erased += 1
            return
        if digest is None and not kept:
            return
        try:
            told = encoded([[one.field, *self._values(one)] for one in kept])
            if chain.keyed(self.keys, told, digest):
                return
        except (TypeError, ValueError, LifangError):
            pass  # cannot be opened or encoded: altered or moved
        raise _Broken(seq, row[0], _("前后值与写入时不同"))

    def _values(self, change: Any) -> tuple[str | None, str | None]:
        if not change.sealed:
            return change.before, change.after
        before, after = (
            None
            if blob is None
            else self.keys.open(
                Sealed(bytes(blob)), table="audit_change", column=column, row=change.id
            )
            for column, blob in (("before", change.before_sealed), ("after", change.after_sealed))
        )
        return before, after

    def _checkpoint(self, checkpoint: Checkpoint) -> None:
        if not checkpoint.holds(self.keys):
            raise _Broken(checkpoint.seq, None, _("检查点的签名是伪造的"))
        if checkpoint.chain != self.digest.hex():
            raise _Broken(checkpoint.seq, None, _("与签过名的检查点不符：此前的记录被改写过"))
        self.verdict.checkpoints += 1

    def beyond(self) -> None:
        """A checkpoint of an entry that is not there: the end was cut off."""
        for seq in sorted(self.signed):
            if seq <= self.last:
                continue
            if not self.signed[seq][0].holds(self.keys):
                raise _Broken(seq, None, _("检查点的签名是伪造的"))
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
            changes = _changes(AuditEntry.id.between(rows[0][0], rows[-1][0]))
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


def _changes(which: Any) -> dict[int, list[Any]]:
    """The changes of some entries, by entry, in the order they were written."""
    query: Any = AuditChange.select(AuditChange, AuditChange.entry.alias("entry_number"))
    found: dict[int, list[Any]] = {}
    joined = query.join(AuditEntry).where(which).order_by(AuditChange.id)
    for row in joined.namedtuples():
        found.setdefault(row.entry, []).append(row)
    return found


def _kept() -> list[Checkpoint]:
    rows: Any = AuditCheckpoint.select().order_by(AuditCheckpoint.seq)
    return [Checkpoint(row.seq, row.chain, str(moment(row.at)), row.signature) for row in rows]


def _read(path: Path) -> list[Checkpoint]:
    """Checkpoints from a file; a last line that a power cut tore is left out."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        raise NotFound(_("读不了检查点文件 {path}", path=path)) from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            told = orjson.loads(line)
            found.append(Checkpoint(*(told[name] for name in ("seq", "chain", "at", "signature"))))
        except (ValueError, KeyError, TypeError):
            if number < len(lines) or not found:
                raise Invalid(_("{path} 第 {line} 行不是检查点", path=path, line=number)) from None
    return found
