"""Whatever is done to a tree in whatever order, it stays one, and remembers what it was."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import peewee as pw
import pytest

from lifang.builtin.households import households
from lifang.entities.caller import Caller
from lifang.entities.community import (
    Community,
    CommunityCode,
    CommunityEdge,
    CommunitySuccessor,
    path_of,
)
from lifang.entities.household import Household
from lifang.kit import clock
from lifang.kit.errors import Conflict, Invalid
from lifang.services.gateway import write
from lifang.testing import world
from tests.core.builtin.trees import decree, plant, told

BEGIN = dt.date(2025, 1, 1)
DAYS = 300
Log = list[tuple[dt.date | None, int, int | None]]
"""Since when a node lay under which other one, in the order in which that was written down."""


class Chronicle:
    """What a test wrote down of a tree: brute force instead of edges and paths."""

    def __init__(self, boss: Caller, rng: random.Random) -> None:
        self.boss, self.rng = boss, rng
        self.log: Log = [(None, one.id, one.__data__["parent"]) for one in Community.select()]
        self.laid: dict[int, list[tuple[dt.date | None, int]]] = {}
        self.codes: list[tuple[dt.date, str, int]] = []
        self.done: dict[str, int] = {}
        self.numbers = iter(range(1, 10_000))

    def under(self, node: int, day: dt.date) -> int | None:
        found = [above for since, one, above in self.log
                 if one == node and (since is None or since <= day)]  # fmt: skip
        return found[-1]

    def chain(self, node: int | None, day: dt.date) -> list[int]:
        chain: list[int] = []
        while node is not None:
            assert node not in chain, (node, day, self.log)
            chain.append(node)
            node = self.under(node, day)
        return chain

    def open(self, *kinds: str) -> list[Community]:
        found = Community.select().where(Community.valid_to.is_null(), Community.kind.in_(kinds))
        return list(found.order_by(Community.id))

    def date(self) -> dt.date:
        return BEGIN + dt.timedelta(days=self.rng.randrange(DAYS))

    def settle(self) -> None:
        """Register a household somewhere, on some day."""
        home = self.rng.choice(self.open("community", "grid"))
        told = {"number": f"户{next(self.numbers)}", "community": home.id}
        made = write(households, "create", self.boss, told)
        day = self.date()
        moment = dt.datetime.combine(day, dt.time(self.rng.randrange(24), 30), clock.zone())
        Household.update(created_at=moment).where(Household.id == made.id).execute()
        self.laid[int(made.id)] = [(None, int(home.id))]

    def day_of(self, household: int) -> dt.date:
        return clock.local(Household.get_by_id(household).created_at).date()

    def act(self) -> None:
        """Do one thing; whatever is refused leaves nothing behind."""
        verb = self.rng.choice(["transfer", "merge", "split", "close", "reopen", "recode",
                                "rename", "place", "plant"])  # fmt: skip
        before = [contents(model) for model in (Community, CommunityEdge, CommunityCode)]
        try:
            getattr(self, verb)()
        except (Conflict, Invalid):
            kept = [contents(model) for model in (Community, CommunityEdge, CommunityCode)]
            assert kept == before, verb
        else:
            self.done[verb] = self.done.get(verb, 0) + 1

    def plant(self) -> None:
        kind, above = self.rng.choice(
            [("grid", "community"), ("community", "subdistrict"), ("subdistrict", "district")]
        )
        parent = self.rng.choice(self.open(above))
        made = plant(self.boss, f"new{next(self.numbers)}", kind, parent.code)
        self.log.append((None, int(made.id), int(parent.id)))

    def transfer(self) -> None:
        node = self.rng.choice(self.open("subdistrict", "community", "grid"))
        parent, date = self.rng.choice(self.open("district", "subdistrict", "community")), None
        date = self.date()
        decree(self.boss, "transfer", node, date, parent=parent.id)
        self.log.append((date, int(node.id), int(parent.id)))

    def merge(self) -> None:
        node = self.rng.choice(self.open("subdistrict", "community", "grid"))
        into, date = self.rng.choice(self.open(node.kind)), self.date()
        decree(self.boss, "merge", node, date, into=into.id)
        directly = {one for _since, one, _above in self.log}
        for one in directly - {int(node.id)}:
            if self.under(one, dt.date.max) == node.id:
                self.log.append((date, one, int(into.id)))
        self.log.append((date, int(node.id), int(into.id)))

    def split(self) -> None:
        node, date = self.rng.choice(self.open("subdistrict", "community")), self.date()
        standing = Community.valid_to.is_null()
        children = list(Community.select().where(Community.parent == node.id, standing))
        parts = [f"new{next(self.numbers)} 新设{number}" for number in range(2)]
        others = [one for one in self.open(node.kind) if one.id != node.id]
        if others and self.rng.random() < 0.4:
            parts[1] = self.rng.choice(others).code
        if self.rng.random() < 0.3:
            parts[0] = f"{node.code} 新设"  # the code is used again
        given: list[list[str]] = [[], []]
        where = {child.code: self.rng.randrange(2) for child in children}
        for code, part in where.items():
            given[part].append(code)
        into = "\n".join(f"{p}: {' '.join(g)}" for p, g in zip(parts, given, strict=True))
        decree(self.boss, "split", node, date, into=into)
        heirs = [row.new for row in CommunitySuccessor.select().where(
            CommunitySuccessor.old == node.id).order_by(CommunitySuccessor.id)]  # fmt: skip
        for part, heir in zip(parts, heirs, strict=True):
            if " " in part:
                self.log += [(None, int(heir.id), int(node.id)),
                             (date, int(heir.id), node.__data__["parent"])]  # fmt: skip
        for child in children:
            self.log.append((date, int(child.id), int(heirs[where[child.code]].id)))

    def close(self) -> None:
        decree(self.boss, "close", self.rng.choice(self.open("community", "grid")), self.date())

    def reopen(self) -> None:
        closed = list(Community.select().where(Community.valid_to.is_null(is_null=False)))
        if not closed:
            raise Invalid("none")
        node, date = self.rng.choice(closed), self.date()
        more: dict[str, Any] = {}
        if self.rng.random() < 0.5:
            more["parent"] = self.rng.choice(self.open("subdistrict", "community")).id
        decree(self.boss, "reopen", node, date, **more)
        if more and more["parent"] != node.__data__["parent"]:
            self.log.append((date, int(node.id), more["parent"]))

    def recode(self) -> None:
        node, date = self.rng.choice(self.open("community", "grid")), self.date()
        taken = self.rng.choice(self.open("community", "grid")).code
        code = self.rng.choice([taken, f"new{next(self.numbers)}"])
        decree(self.boss, "recode", node, date, code=code)

    def rename(self) -> None:
        node = self.rng.choice(self.open("community", "grid"))
        decree(self.boss, "rename", node, self.date(), name=f"更名{next(self.numbers)}")

    def place(self) -> None:
        household = self.rng.choice(list(self.laid))
        old = Household.get_by_id(household).community
        into = self.rng.choice(self.open("community", "grid"))
        write(households, "place", self.boss, {"community": into.id}, household)
        self.laid[household].append((old.valid_to, int(into.id)))

    def then(self, household: int) -> list[int]:
        """The nodes a household lay in on its own day, by what was written down."""
        day = self.day_of(household)
        _since, place = self.laid[household][-1]
        for at, (until, _next) in enumerate(self.laid[household][1:]):
            if until is not None and day < until:
                place = self.laid[household][at][1]
                break
        return self.chain(place, day)


def contents(model: Any) -> list[Any]:
    return list(model.select().order_by(model.id).tuples())


def demand_invariants(chronicle: Chronicle) -> None:
    nodes = {int(one.id): one for one in Community.select()}
    edges = list(CommunityEdge.select().where(CommunityEdge.to_date.is_null()).tuples())
    above = {row[1]: row[2] for row in edges}
    assert len(above) == len(edges) == len(nodes)
    for id, one in nodes.items():
        lies = nodes.get(above[id] or 0)
        assert one.path == path_of(id, lies.path if lies else ""), one
        if one.valid_to is None:
            assert above[id] == one.__data__["parent"], one
            assert lies is None or lies.valid_to is None
        assert chronicle.chain(id, dt.date.max)[1:2] == ([above[id]] if above[id] else [])
    standing = [one.code for one in nodes.values() if one.valid_to is None]
    assert len(standing) == len(set(standing))
    assert len({one.path for one in nodes.values()}) == len(nodes)
    heirs: dict[int, set[int]] = {}
    for old, new in CommunitySuccessor.select(
        CommunitySuccessor.old, CommunitySuccessor.new
    ).tuples():
        heirs.setdefault(old, set()).add(new)
    assert all(nodes[old].valid_to is not None for old in heirs)
    for old in heirs:
        reached, ahead = set[int](), set(heirs[old])
        while ahead - reached:
            reached |= ahead
            ahead = {one for node in ahead for one in heirs.get(node, ())}
        assert old not in reached
    for id in nodes:
        lain = CommunityEdge.select().where(CommunityEdge.child == id).order_by(CommunityEdge.id)
        days = sorted(((one.from_date or dt.date.min), (one.to_date or dt.date.max))
                      for one in lain)  # fmt: skip
        assert (days[0][0], days[-1][1]) == (dt.date.min, dt.date.max)
        assert all(ends == begins for (_b, ends), (begins, _e) in zip(days, days[1:], strict=False))


def demand_memory(chronicle: Chronicle) -> None:
    """Lists of then and of now hold what was written down, for every node there ever was."""
    numbers = {int(one.id): one.number for one in Household.select()}
    then = {number: chronicle.then(number) for number in chronicle.laid}
    now = {number: chronicle.chain(laid[-1][1], dt.date.max)
           for number, laid in chronicle.laid.items()}  # fmt: skip
    for node in Community.select():
        key = {"within": _key(node)}
        if key["within"] is None:
            continue
        for view, where in (("then", then), ("now", now)):
            found = told(chronicle.boss, households, "number", as_of=view, **key)
            assert found == {numbers[one] for one, places in where.items() if node.id in places}


def _key(node: Community) -> str | None:
    """A code by which a node is found, on a day on which it alone had it."""
    if node.valid_to is None:
        return str(node.code)
    rows = CommunityCode.select().where(CommunityCode.community == node.id)
    last = rows.order_by(CommunityCode.id.desc()).first()
    if last.from_date is not None and last.from_date >= last.to_date:
        return None  # it had its last code for no day at all
    return f"{last.code}@{last.to_date - dt.timedelta(days=1)}"


@pytest.mark.parametrize("seed", range(12))
def test_a_tree_that_changes_stays_a_tree_and_remembers(boss: Caller, seed: int) -> None:
    rng = random.Random(seed)
    for code, kind, parent in (("g1", "grid", world.HOME), ("g2", "grid", world.HOME),
                               ("g3", "grid", world.NEIGHBOUR)):  # fmt: skip
        plant(boss, code, kind, parent)
    chronicle = Chronicle(boss, rng)
    for _round in range(8):
        for _household in range(4):
            chronicle.settle()
        for _change in range(8):
            chronicle.act()
            demand_invariants(chronicle)
        demand_memory(chronicle)
    assert len(chronicle.done) >= 4, chronicle.done
    assert CommunityEdge.select(pw.fn.MAX(CommunityEdge.id)).scalar() > len(world.PLACES) + 3
