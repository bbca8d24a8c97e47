"""`kill -9` in the middle of a bulk action: another worker goes on, and nothing is done twice."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from tests.faults.conftest import Server
from tests.faults.test_kill import ON, prepare

RECORDS = 600
UPDATE = "/api/v1/organizations/actions/update"


def done(server: Server, job: int) -> tuple[str, int]:
    with sqlite3.connect(server.home / "data" / "lifang.db") as database:
        told = "SELECT state, done FROM core_job WHERE id = ?"
        state, number = database.execute(told, (job,)).fetchone()
    return str(state), int(number)


@pytest.mark.timeout(180)
def test_a_killed_bulk_action_is_finished_by_another_and_nothing_is_done_twice(
    server: Server, tmp_path: Path
) -> None:
    prepare(server)
    file = tmp_path / "organizations.csv"
    rows = "".join(f"单位{n},party,党组织无代码,{ON}\n" for n in range(RECORDS))
    file.write_text("name,kind,no_uscc_reason,community\n" + rows, encoding="utf-8")
    server.run("organizations", "import", str(file))
    status, job = server.call("POST", UPDATE, {"filter": {"kind": "party"},
                                               "input": {"kind": "platform"}})  # fmt: skip
    assert status == 202, job
    until = time.monotonic() + 60
    while time.monotonic() < until and not 100 < done(server, job["id"])[1] < RECORDS:
        time.sleep(0.005)
    server.kill_everything()
    state, number = done(server, job["id"])
    assert (state, 100 < number < RECORDS) == ("running", True)
    server.start()
    while time.monotonic() < until and done(server, job["id"])[0] == "running":
        time.sleep(0.05)
    assert done(server, job["id"]) == ("finished", RECORDS)
    with sqlite3.connect(server.home / "data" / "lifang.db") as database:
        versions = "SELECT kind, version, COUNT(*) FROM core_organization GROUP BY kind, version"
        assert database.execute(versions).fetchall() == [("platform", 2, RECORDS)]
        told = "SELECT COUNT(*), COUNT(DISTINCT record) FROM audit_entry WHERE verb = 'update'"
        assert database.execute(told).fetchone() == (RECORDS, RECORDS)
