"""Numbers of papers follow one another within a place and a year, whoever takes them at once."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

import lifang as lf
from lifang.entities.community import Community
from lifang.kit.errors import Busy
from lifang.mechanisms.numbers import NumberRow
from lifang.services.instance import Instance
from lifang.testing import world

MAY, NEW_YEAR = dt.date(2026, 5, 16), dt.date(2027, 1, 1)
contracts = lf.Number("probe.contract", "合同编号", "HT-{code}-{year}-{n:04}")
letters = lf.Number("probe.letter", "文号", "{name}〔{year}〕{n}号", level="district")


def place(code: str) -> Community:
    found: Community = Community.get(Community.code == code)
    return found


def test_every_place_and_every_year_begins_with_one(instance: Instance, boss: lf.Caller):
    home, foreign = place(world.HOME), place(world.FOREIGN)
    with instance.database.transaction():
        assert contracts.next(home, boss, MAY) == f"HT-{world.HOME}-2026-0001"
        assert contracts.next(int(home.id), boss, MAY) == f"HT-{world.HOME}-2026-0002"
        assert contracts.next(foreign, boss, MAY) == f"HT-{world.FOREIGN}-2026-0001"
        assert contracts.next(home, boss, NEW_YEAR) == f"HT-{world.HOME}-2027-0001"
        assert contracts.next(home, boss, MAY) == f"HT-{world.HOME}-2026-0003"
        # below one district all share a sequence
        assert letters.next(home, boss, MAY) == "城关区〔2026〕1号"
        assert letters.next(place(world.NEIGHBOUR), boss, MAY) == "城关区〔2026〕2号"
        assert letters.next(foreign, boss, MAY) == "七里河区〔2026〕1号"
        with pytest.raises(lf.Conflict, match="「兰州市」上面没有区县，编不了文号"):
            letters.next(place(world.CITY), boss, MAY)
    with pytest.raises(RuntimeError):  # there must be something that it belongs to
        contracts.next(home, boss, MAY)


def test_what_was_rolled_back_leaves_no_gap(instance: Instance, boss: lf.Caller):
    home = place(world.HOME)
    with pytest.raises(lf.Conflict), instance.database.transaction():
        assert contracts.next(home, boss, MAY).endswith("0001")
        raise lf.Conflict("不行")
    with instance.database.transaction():
        assert contracts.next(home, boss, MAY).endswith("0001")


def test_a_code_that_passes_to_another_community_brings_no_number_twice(
    instance: Instance, boss: lf.Caller
):
    home, neighbour = place(world.HOME), place(world.NEIGHBOUR)
    with instance.database.transaction():
        contracts.next(home, boss, MAY)
        home.code, neighbour.code = "620102001099", world.HOME
        assert contracts.next(neighbour, boss, MAY) == f"HT-{world.HOME}-2026-0002"
        assert contracts.next(home, boss, MAY) == "HT-620102001099-2026-0001"


def test_fifty_who_take_one_at_once_get_fifty_numbers(instance: Instance, boss: lf.Caller):
    home = place(world.HOME)

    def take(_turn: int) -> str:
        def run() -> str:
            with instance.database.transaction():
                return contracts.next(home, boss, MAY)

        with instance.database.connection():
            while True:
                with suppress(Busy):  # told to come back, as a client is
                    return instance.database.whole(run)

    with ThreadPoolExecutor(25) as pool:
        taken = list(pool.map(take, range(50)))
    assert sorted(taken) == [f"HT-{world.HOME}-2026-{n:04}" for n in range(1, 51)]
    assert NumberRow.select().count() == 1


@pytest.mark.parametrize(
    "pattern",
    ["HT-{n}", "HT-{year}", "{year}-{n}-{month}", "{year}-{n:x}", "{year:02}-{n}", "{year}{n", "{}",
     "{year}{n}{code.__class__}", "{year!r}{n}"],
)  # fmt: skip
def test_a_pattern_that_cannot_be_kept_is_refused_where_it_is_declared(pattern: str):
    with pytest.raises(ValueError, match=r"may say \{year\} and \{n\}"):
        lf.Number("probe.wrong", "编号", pattern)
    with pytest.raises(ValueError, match="is no level"):
        lf.Number("probe.wrong", "编号", "{year}{n}", level="street")
