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

from lifang.entities.account import Account
from lifang.sample.people import sample_people
from lifang.services import accounts
from lifang.services.instance import Instance
from lifang.testing import world
from tests.bench.country import write_file

LIFANG = str(Path(sys.executable).parent / "lifang")
COLUMNS = ("name", "sex", "birth_date", "citizen_id", "phone", "address")


pytestmark = pytest.mark.embedded  # they look into the file itself


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


def bring(home: Path, path: Path, noun: str, **more: Any) -> subprocess.Popen[str]:
    words = [LIFANG, noun, "import", str(path), "--skip-invalid", "--json"]
    environ = {**os.environ, "LIFANG_HOME": str(home), "LIFANG_AS": "wang", "LIFANG_LANG": "zh"}
    with path.with_suffix(".json").open("w") as said:
        return subprocess.Popen(words, env=environ, stdout=said, stderr=subprocess.STDOUT, **more)


def kill_again_and_again(home: Path, path: Path, kills: int, rows: int, noun: str) -> int:
    """Kill the import at places spread over the file, each time after it has come further."""
    rng, killed = random.Random(kills), 0
    database = sqlite3.connect(home / "data" / "lifang.db", timeout=30)
    for goal in sorted(rng.randrange(rows) for _n in range(kills)):
        child = bring(home, path, noun)
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
    killed = kill_again_and_again(home, path, kills, rows, "people")
    assert killed >= kills // 2, f"only {killed} of {kills} kills met an import at work"
    last = bring(home, path, "people")
    assert last.wait(1800) == 0, path.with_suffix(".json").read_text()[-500:]
    told = json.loads(path.with_suffix(".json").read_text())
    assert (told["created"], told["failed"]) == (rows - len(wrong), len(wrong))
    assert sorted(error["row"] for error in told["errors"]) == sorted(wrong)
    judge(home, rows, wrong)
    again = bring(home, path, "people")
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


GROWN = """
SELECT COUNT(*) FROM core_community WHERE version = 1;
SELECT COUNT(DISTINCT code) FROM core_community;
SELECT COUNT(*) FROM core_community AS node LEFT JOIN core_community AS above
    ON above.id = node.parent_id WHERE length(node.path) = length(coalesce(above.path, '')) + 6
    AND substr(node.path, 1, length(node.path) - 6) = coalesce(above.path, '');
SELECT COUNT(*) FROM core_community_edge AS edge JOIN core_community AS node
    ON node.id = edge.child_id AND node.parent_id IS edge.parent_id;
SELECT COUNT(DISTINCT community_id) FROM core_community_code;
SELECT COUNT(*) FROM core_community_code;
SELECT COUNT(DISTINCT record) FROM name_gram WHERE noun = 'core.communities';
SELECT COUNT(*) FROM event WHERE type = 'core.community.created' AND seq = 1;
SELECT COUNT(*) FROM audit_entry WHERE noun = 'communities' AND verb = 'create'
"""
"""Questions to each of which the answer is the number of nodes."""


def run_country_trial(instance: Instance, folder: Path, *, rows: int, kills: int) -> None:
    """A country is planted, of which one code is told twice, and killed on its way."""
    accounts.create_account(world.boss(instance), "wang", role="platform_administrator")
    Account.update(system_user=os.getuid(), must_change=False).execute()
    home, path = instance.settings.home, folder / "country.csv"
    write_file(path, rows)
    city = next(line for line in path.read_text("utf-8").splitlines() if ",city," in line)
    code = city.split(",")[0]
    with path.open("a", encoding="utf-8") as sink:
        sink.write(f"{code},又说一遍,district,{code}\n")
    assert kill_again_and_again(home, path, kills, rows, "communities")
    for created in (rows, 0):
        last = bring(home, path, "communities")
        assert last.wait(1800) == 0, path.with_suffix(".json").read_text()[-500:]
        told = json.loads(path.with_suffix(".json").read_text())
        assert (told["created"], told["updated"], told["failed"]) == (created, 0, 1)
    database = sqlite3.connect(home / "data" / "lifang.db")
    for statement in GROWN.split(";"):
        assert database.execute(statement).fetchone() == (rows,), statement
    asked = database.execute("SELECT kind FROM core_community WHERE code = ?", (code,))
    assert asked.fetchall() == [("city",)]
    jobs = database.execute("SELECT state, created, failed FROM core_job ORDER BY id").fetchall()
    assert jobs[0] == ("finished", rows, 1)
    database.close()


@pytest.mark.timeout(240)
def test_a_country_that_was_killed_on_its_way_grows_on(
    empty_instance: Instance, tmp_path: Path
) -> None:
    run_country_trial(empty_instance, tmp_path, rows=12_000, kills=2)


@pytest.mark.trust
@pytest.mark.timeout(5400)
def test_a_whole_country_survives_ten_kills(empty_instance: Instance, tmp_path: Path) -> None:
    run_country_trial(empty_instance, tmp_path, rows=665_276, kills=10)
