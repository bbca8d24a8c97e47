"""A file of people is judged whole: a line per problem, nothing half-written, nothing revealed."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest

from lifang.builtin.people import people
from lifang.entities.caller import Caller
from lifang.entities.person import Affiliation, Person
from lifang.events.tables import EventRow
from lifang.kit import identifiers
from lifang.kit.errors import Forbidden
from lifang.kit.words import _, using
from lifang.services import reading
from lifang.services.importing import Imported, failing_rows, import_table
from lifang.services.instance import Instance
from lifang.services.query import Query
from lifang.testing import world

Make = Callable[..., Caller]
HEADER = "姓名,性别,公民身份号码,手机号,居住社区"
STORED, ELSEWHERE, TWICE = (
    identifiers.make_citizen_id("620102", dt.date(1980, 1, day), 3) for day in (1, 2, 3)
)


def bring(caller: Caller, *rows: str, header: str = HEADER, **told: Any) -> Imported:
    text = "\r\n".join([header, *rows])
    return import_table(caller, people, io.BytesIO(text.encode()), **told)


def told(done: Imported) -> list[tuple[int, str]]:
    return [(error["row"], error["column"]) for error in done["errors"]]


def counts(instance: Instance) -> dict[str, int]:
    """How many rows every table has, but for what every command leaves behind."""
    engine = instance.database.engine
    tables = [name for name in engine.get_tables() if not name.startswith(("audit", "session"))]
    return {
        name: engine.execute_sql(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for name in tables
    }


@pytest.fixture
def worker(instance: Instance, caller: Make) -> Caller:
    world.person(instance, "李强", citizen_id=STORED)
    world.person(instance, "王远", at=world.FOREIGN, citizen_id=ELSEWHERE, phone="13812345678")
    return caller("community_worker", at=world.CHENGGUAN)


WRONG = [
    f"赵一,男,{TWICE[:-1]}{(int(TWICE[-1]) + 1) % 10 if TWICE[-1] != 'X' else 0},,{world.HOME}",
    f"赵二,男,620102198013450033,,{world.HOME}",
    f"赵三,男,{TWICE},,{world.HOME}",
    f"赵四,男,{TWICE},,{world.HOME}",
    f"赵五,男,{STORED},,{world.HOME}",
    "赵六,男,,,620199999999",
    f",男,,,{world.HOME}",
    f"赵八,甲,,1380013,{world.HOME}",
    f"620102,赵九,男,,{world.HOME}",
]


def test_every_problem_is_one_line_and_nothing_is_half_written(
    instance: Instance, worker: Caller
) -> None:
    before = counts(instance)
    done = bring(worker, *WRONG, f"好人,女,,,{world.HOME}")
    assert told(done) == [
        (2, "公民身份号码"),
        (3, "公民身份号码"),
        (5, "公民身份号码"),
        (6, "公民身份号码"),
        (7, "居住社区"),
        (8, "姓名"),
        (9, "性别"),
        (9, "手机号"),
        (10, "性别"),
        (10, "公民身份号码"),
    ]
    assert (done["created"], done["failed"]) == (0, 8)
    assert all(error["message"] for error in done["errors"])
    assert "第 4 行" in done["errors"][2]["message"]
    assert counts(instance) == before


def test_skipping_leaves_out_exactly_the_wrong_rows(instance: Instance, worker: Caller) -> None:
    done = bring(worker, *WRONG, f"好人,女,,,{world.HOME}", skip_invalid=True)
    assert (done["created"], done["failed"]) == (2, 8)
    names = {row.name for row in Person.select()}
    assert names == {"李强", "王远", "赵三", "好人"}
    last = EventRow.select().order_by(EventRow.pos.desc()).first()
    assert last.type == "core.person.import_finished"


def test_a_dry_run_writes_nothing_and_counts_the_same(instance: Instance, worker: Caller) -> None:
    rows = [f"好人,女,{TWICE},,{world.HOME}", f"王远方,男,{ELSEWHERE},,{world.HOME}"]
    before = counts(instance)
    judged = bring(worker, *rows, dry_run=True)
    assert counts(instance) == before
    assert judged == bring(worker, *rows)
    assert judged["created"] == 2


def test_someone_known_elsewhere_counts_as_created_and_nothing_is_revealed(
    instance: Instance, worker: Caller
) -> None:
    done = bring(worker, f"王远方,女,{ELSEWHERE},,{world.HOME}")
    assert done == {"created": 1, "updated": 0, "unchanged": 0, "failed": 0, "errors": []}
    known = Person.get(Person.name == "王远")
    assert (known.sex, Person.select().count()) == ("unknown", 2)
    links = Affiliation.select().where(Affiliation.person == known)
    assert {link.community.code for link in links} == {world.FOREIGN, world.HOME}


def test_a_missing_or_unknown_column_is_told_before_any_row(worker: Caller) -> None:
    done = bring(worker, f"赵一,{world.HOME}", header="姓名,所在村")
    assert told(done) == [(1, "所在村"), (1, "community")]
    twice = bring(worker, "a,b,c", header="姓名,name,community")
    assert told(twice) == [(1, "name")]


def test_a_row_with_an_id_changes_that_record_and_masks_mean_unchanged(
    instance: Instance, boss: Caller, worker: Caller
) -> None:
    person = world.person(instance, "周敏", phone="13900001111", birth_date="1980-05")
    far = Person.get(Person.name == "王远")
    header = "id,name,phone,birth_date,community"
    rows = [f"{person.id},周敏敏,139****1111,1980-**,{world.HOME}"]
    done = bring(worker, *rows, header=header)
    assert (done["updated"], done["errors"]) == (1, [])
    shown = reading.view(boss, people, person.id)
    assert (shown["name"], shown["phone"]) == ("周敏敏", "139****1111")
    assert bring(worker, *rows, header=header)["unchanged"] == 1
    wrong = [f"{far.id},x,,,", f"{person.id},x,137****9999,,{world.NEIGHBOUR}", "9999,x,,,", "a,,,"]
    assert told(bring(worker, *wrong, header=header)) == [
        (2, "id"), (3, "community"), (3, "phone"), (4, "id"), (5, "id")
    ]  # fmt: skip
    twice = bring(worker, rows[0], rows[0], header=header)
    assert told(twice) == [(3, "id")]
    same = bring(worker, f"{person.id},{STORED}", header="id,citizen_id")
    assert told(same) == [(2, "citizen_id")]


def test_headers_may_be_labels_in_either_language(worker: Caller) -> None:
    with using("en"):
        header = ",".join(_(people.by_name[name].label) for name in ("name", "sex", "community"))
    assert header.isascii()
    assert bring(worker, f"赵一,男,{world.HOME}", header=header)["created"] == 1
    assert bring(worker, f"赵二,1,{world.HOME}", header="ＮＡＭＥ,性别,居住社区")["created"] == 1


def test_references_may_be_names_where_only_one_has_it(worker: Caller) -> None:
    header = "name,community"
    assert bring(worker, "赵一,畅家巷社区", header=header)["created"] == 1
    assert told(bring(worker, "赵一,下西园社区", header=header)) == [(2, "community")]


def test_old_and_rare_characters_arrive_as_they_are(boss: Caller) -> None:
    names = ["𠮷野", "㐂", "阿依古丽·买买提", "\U00030000强"]
    text = "\n".join(["姓名,性别,居住社区", *(f"{name},2,{world.HOME}" for name in names)])
    for encoding, separator in (("gb18030", ","), ("utf-8-sig", ";"), ("utf-16", "\t")):
        raw = text.replace(",", separator).encode(encoding)
        assert import_table(boss, people, io.BytesIO(raw))["created"] == len(names)
    stored = [row.name for row in Person.select().order_by(Person.id)]
    assert stored == names * 3
    assert {row.sex for row in Person.select()} == {"female"}


def test_nobody_imports_beyond_their_reach(instance: Instance, caller: Make) -> None:
    near = caller("community_worker", at=world.HOME)
    hidden = bring(near, f"赵一,男,,,{world.FOREIGN}")
    assert told(hidden) == [(2, "居住社区")]
    with pytest.raises(Forbidden):
        bring(caller("grid_worker", at=world.HOME), f"赵一,男,,,{world.HOME}")
    assert Person.select().count() == 0


def test_more_rows_than_one_piece_are_all_written_and_told_on_the_way(boss: Caller) -> None:
    steps: list[tuple[int, int]] = []
    rows = [f"人{number},男,,,{world.HOME}" for number in range(510)]
    done = bring(boss, *rows, progress=lambda *step: steps.append(step))
    assert (done["created"], steps) == (
        510,
        [
            (0, 1020),
            (500, 1020),
            (510, 1020),
            (1010, 1020),
            (1020, 1020),
        ],  # judged whole, then written
    )
    assert reading.count(boss, people, Query(within=world.HOME)) == 510


def test_the_failing_rows_come_back_with_what_is_wrong(worker: Caller) -> None:
    text = "\n".join([HEADER, f"'=1+1,男,,1380013,{world.HOME}", f"好人,男,,,{world.HOME}"])
    done = import_table(worker, people, io.BytesIO(text.encode()))
    lines = failing_rows(io.BytesIO(text.encode()), done["errors"]).decode("utf-8-sig").splitlines()
    assert lines[0] == f"{HEADER},错误"
    assert len(lines) == 2
    assert lines[1].startswith("'=1+1,男,,1380013,")
    assert "手机号：" in lines[1]
