"""What was committed lies in SQLite's log until it is folded into the file, and never for long."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifang.services.instance import Instance
from lifang.store.database import Database
from lifang.store.embedded import LONG_LOG, Embedded

pytestmark = pytest.mark.embedded
PIECE = 200_000


@pytest.fixture
def database(empty_instance: Instance) -> Iterator[Embedded]:
    found = empty_instance.database
    assert isinstance(found, Embedded)
    found.engine.execute_sql("CREATE TABLE probe_piece (id INTEGER PRIMARY KEY, bytes BLOB)")
    yield found


def write(database: Database, times: int) -> None:
    for _n in range(times):
        with database.transaction():
            database.insert("probe_piece", ("bytes",), [(os.urandom(PIECE),)])


def sizes(database: Embedded) -> tuple[int, int]:
    """Bytes of the file and of its log."""
    return database.path.stat().st_size, Path(f"{database.path}-wal").stat().st_size


def test_a_long_log_is_folded_again_and_again_and_written_over(database: Embedded) -> None:
    write(database, LONG_LOG // PIECE + 5)
    for _round in range(3):
        before = database.path.stat().st_size
        write(database, 2 * LONG_LOG // PIECE)
        file, log = sizes(database)
        assert file - before > LONG_LOG, "what was written has come into the file"
        assert LONG_LOG <= log < LONG_LOG + 3 * PIECE, "and the log was neither cut nor let grow"


def test_while_somebody_reads_the_log_grows_and_is_cut_back_afterwards(database: Embedded) -> None:
    write(database, 1)
    reader = sqlite3.connect(database.path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT COUNT(*) FROM probe_piece").fetchone() == (1,)
    write(database, 3 * LONG_LOG // PIECE)
    assert sizes(database)[1] > 2 * LONG_LOG
    assert reader.execute("SELECT COUNT(*) FROM probe_piece").fetchone() == (1,)
    reader.close()
    write(database, 3)
    assert sizes(database)[1] <= LONG_LOG + 3 * PIECE
    assert database.engine.execute_sql("PRAGMA integrity_check").fetchone() == ("ok",)
