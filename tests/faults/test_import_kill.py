"""An import that is killed again and again goes on where it was: nothing lost, nothing doubled."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lifang.builtin.sample import sample_people
from lifang.entities.account import Account
from lifang.services import accounts
from lifang.services.instance import Instance
from lifang.testing import world

LIFANG = str(Path(sys.executable).parent / "lifang")
COLUMNS = ("name", "sex", "birth_date", "citizen_id", "phone", "address")


@pytest.fixture
def home(instance: Instance) -> Path:
    """An instance whose operating-system user is a worker of the whole city."""
    accounts.create_account(world.boss(instance), "wang", role="community_worker", at=world.CITY)
    Account.update(system_user=os.getuid(), must_change=False).execute()
    return instance.settings.home


def write_people(path: Path, rows: int) -> set[int]:
    """A file of people; gives the numbers of the rows whose citizen id has a wrong check digit.

    Every tenth person has no citizen id: only the file's own row tells whether they are in already.
    """
    wrong = set()
    with path.open("w", newline="", encoding="utf-8") as sink:
        writer = csv.writer(sink)
        writer.writerow([*COLUMNS, "community"])
        people = sample_people(random.Random(rows), rows, ["620102", "620103"])
        for number, person in enumerate(people, start=2):
            if number % 10 == 0:
                person["citizen_id"] = ""
            elif number % 100 == 37:
                last = person["citizen_id"][-1]
                person["citizen_id"] = person["citizen_id"][:-1] + ("1" if last == "0" else "0")
                wrong.add(number)
            person["name"] = f"{person['name']}{number}"
            writer.writerow([*(person[name] for name in COLUMNS), world.HOME])
    return wrong


def bring(home: Path, path: Path, **more: Any) -> subprocess.Popen[str]:
    words = [LIFANG, "people", "import", str(path), "--skip-invalid", "--json"]
    environ = {**os.environ, "LIFANG_HOME": str(home), "LIFANG_AS": "wang", "LIFANG_LANG": "zh"}
    with path.with_suffix(".json").open("w") as said:
        return subprocess.Popen(words, env=environ, stdout=said, stderr=subprocess.STDOUT, **more)


def kill_again_and_again(home: Path, path: Path, kills: int, rows: int) -> int:
    """Kill the import at places spread over the file, each time after it has come further."""
    rng, killed = random.Random(kills), 0
    database = sqlite3.connect(home / "data" / "lifang.db", timeout=30)
    for goal in sorted(rng.randrange(rows) for _n in range(kills)):
        child = bring(home, path)
        while child.poll() is None:
            done = database.execute("SELECT MAX(done) FROM core_job").fetchone()[0] or 0
            if done >= goal:
                time.sleep(rng.random() * 0.05)
                child.send_signal(signal.SIGKILL)
                killed += child.wait() == -signal.SIGKILL
                break
            time.sleep(0.005)
    database.close()
    return killed


def judge(home: Path, rows: int, wrong: set[int]) -> None:
    database = sqlite3.connect(home / "data" / "lifang.db")

    def ask(statement: str) -> list[Any]:
        return database.execute(statement).fetchall()

    names = Counter(row[0] for row in ask("SELECT name FROM core_person"))
    assert len(names) == rows - len(wrong)
    assert set(names.values()) == {1}, "somebody was created twice"
    people = ask("SELECT COUNT(*) FROM core_person")
    for what, statement in {
        "home": "SELECT COUNT(DISTINCT person_id) FROM core_affiliation",
        "homes": "SELECT COUNT(*) FROM core_affiliation",
        "event": "SELECT COUNT(*) FROM event WHERE type = 'core.person.created' AND seq = 1",
        "entry": "SELECT COUNT(*) FROM audit_entry WHERE noun = 'people' AND verb = 'create'",
        "found": "SELECT COUNT(DISTINCT record) FROM name_gram WHERE noun = 'core.people'",
    }.items():
        assert ask(statement) == people, what
    jobs = ask("SELECT state, created, failed, total FROM core_job")
    assert jobs == [("finished", rows - len(wrong), len(wrong), rows)]
    assert {row[0] for row in ask("SELECT row FROM core_job_problem")} == wrong
    assert len(ask("SELECT pos FROM event WHERE type = 'core.person.import_finished'")) == 1
    database.close()


def run_trial(home: Path, folder: Path, *, rows: int, kills: int) -> None:
    path = folder / "people.csv"
    wrong = write_people(path, rows)
    killed = kill_again_and_again(home, path, kills, rows)
    assert killed >= kills // 2, f"only {killed} of {kills} kills met an import at work"
    last = bring(home, path)
    assert last.wait(1800) == 0, path.with_suffix(".json").read_text()[-500:]
    told = json.loads(path.with_suffix(".json").read_text())
    assert (told["created"], told["failed"]) == (rows - len(wrong), len(wrong))
    assert sorted(error["row"] for error in told["errors"]) == sorted(wrong)
    judge(home, rows, wrong)
    again = bring(home, path)
    assert again.wait(1800) == 0
    told = json.loads(path.with_suffix(".json").read_text())
    assert (told["created"], told["updated"], told["failed"]) == (0, 0, len(wrong))
    assert told["unchanged"] == rows - len(wrong)


@pytest.mark.timeout(240)
def test_an_import_that_was_killed_goes_on_where_it_was(home: Path, tmp_path: Path) -> None:
    run_trial(home, tmp_path, rows=4_000, kills=3)


@pytest.mark.trust
@pytest.mark.timeout(5400)
def test_a_million_rows_survive_twenty_kills(home: Path, tmp_path: Path) -> None:
    rows = int(os.environ.get("TRUST_ROWS", "1000000"))
    run_trial(home, tmp_path, rows=rows, kills=20)
