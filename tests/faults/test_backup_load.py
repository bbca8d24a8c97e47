"""A served instance is backed up while clients write, restored elsewhere, and goes on there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.conftest import LIFANG, Server
from tests.faults.test_kill import Clients, judge, prepare, wait_until_delivered


def said(server: Server, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [LIFANG, *words], env=server.environ(), capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.timeout(240)
def test_what_was_acknowledged_before_a_backup_is_in_it_and_goes_on_after_a_restore(
    server: Server, tmp_path: Path
) -> None:
    prepare(server)
    clients = Clients(server, 0)
    clients.work_for(1.0)
    made, reported, moved = dict(clients.made), dict(clients.reported), set(clients.moved)
    file = tmp_path / "running.lifang"
    told = json.loads(server.run("backup", "create", str(file), "--json"))
    clients.stop()
    assert len(clients.made) > len(made) > 0, "they wrote before, meanwhile and after"
    assert len(made) <= told["rows"]["core_person"], "and those of who hung up"

    code, refusal = said(server, "backup", "restore", str(file), "--replace")
    assert (code, "已有一个服务在运行" in refusal) == (5, True)
    assert server.get("/readyz")[0] == 200

    key = tmp_path / "kept.key"
    shutil.copy(server.home / "keys" / "lifang.key", key)
    other = Server(tmp_path / "another machine")
    other.token = server.token
    server.stop()
    shutil.rmtree(server.home)
    other.run("backup", "verify", str(file), "--key", str(key))
    other.run("backup", "restore", str(file), "--key", str(key))
    try:
        other.start()
        assert other.call("GET", "/api/v1/people")[0] == 200, "the token is good there too"
        wait_until_delivered(other)
    finally:
        other.stop()
    judge(other, made, reported, moved)
    other.run("audit", "verify")
