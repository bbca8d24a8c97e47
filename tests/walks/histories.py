"""Histories of the bus: publishing, failing, crashing and switching, in any order that comes up.

Two dispatchers of one instance tell four handlers of a real plugin. After each history everything
is let come to rest, and what the handlers have written is compared with plain accounts.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import Any

import peewee as pw
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events import catchup, subscriptions
from lifang.events.dispatch import Dispatcher
from lifang.events.log import read
from lifang.events.publish import publish
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.lifecycle import switching
from lifang.plugins.tables import bump_epoch
from lifang.services.delivery import dispatcher_of
from lifang.services.letters import Wanted, letters
from lifang.services.resending import carry_out
from lifang.store.embedded import Embedded
from lifang.testing.events import Clock, Crash, Events
from lifang.testing.world import CHENGGUAN, CITY, FOREIGN, HOME, NEIGHBOUR
from tests.walks.accounts import NOWHERE, PLACES, Account, Said, Switches
from tests.walks.compared import compare, in_order
from tests.walks.listening import HANDLERS, HEARD, SEEN, SUBJECTS, Effect, trouble

NODES = (CITY, CHENGGUAN, HOME, FOREIGN)
MORNING = dt.datetime(2027, 3, 1, 1, tzinfo=dt.UTC)
EMPTIED = ("retry", "catchup", "inbox", "subscription", "core_activation", "event_scope", "event")


class _Undone(Exception):
    pass


class Histories(RuleBasedStateMachine):
    """One history; `at_rest` is asked at its end."""

    def __init__(self, boss: Caller, clock: Clock) -> None:
        super().__init__()
        self.boss, self.instance, self.clock = boss, boss.instance, clock
        self.clock.move_to(MORNING)
        self._empty()
        self.events = Events(boss)
        self.log: list[Said] = []
        self.switches = Switches()
        self.accounts = {name: self._account(name) for name in HANDLERS}
        self.numbers: Counter[int] = Counter()
        self.said: dict[tuple[str, int], set[int]] = {}
        self.given_up: set[tuple[str, int]] = set()
        self.cuts: list[int] = []  # effects between two of them are told in order
        self.ids = dict(Community.select(Community.code, Community.id).tuples())
        self.dispatchers = [self._new(0), self._new(1)]

    def _empty(self) -> None:
        trouble.__init__()  # type: ignore[misc]
        with self.instance.database.transaction():
            for table in (*EMPTIED, "history_effect"):
                self.instance.database.engine.execute_sql(f"DELETE FROM {table}")  # noqa: S608 – our own names
            bump_epoch()
            if isinstance(self.instance.database, Embedded):  # so that a history reads the same
                counters = self.instance.database.counters()
                self.instance.database.count_from(
                    counters | {"event": 0, Effect._meta.table_name: 0}
                )

    def _account(self, name: str) -> Account:
        types, _order, at = HANDLERS[name]

        def effects(position: int) -> int:
            return Effect.select().where(Effect.handler == name, Effect.pos == position).count()

        def standing(position: int) -> int:
            rows = Retry.select().where(Retry.sub == f"history.{name}", Retry.pos == position)
            return effects(position) + rows.count()

        return Account(types, at, standing, effects)

    def _new(self, which: int) -> Dispatcher:
        dispatcher = dispatcher_of(self.instance)
        if which:  # another process that is alive: the one that started this
            pid = os.getppid()
            started = subscriptions._started(pid)
            dispatcher.owner = f"{socket.gethostname()[:40]}/{pid}/{started}"
        return dispatcher

    @initialize(node=st.sampled_from(NODES))
    def begin(self, node: str) -> None:
        self._turn(node, None)

    # What is published

    @rule(
        parts=st.lists(
            st.tuples(st.sampled_from(sorted(SUBJECTS)), st.booleans(), st.booleans()),
            min_size=1,
            max_size=4,
        ),
        commits=st.integers(0, 7).map(bool),
    )
    def publish(self, *, parts: list[tuple[int, bool, bool]], commits: bool) -> None:
        """Publish in one transaction: (subject, seen rather than heard, rolled back by itself)."""
        numbers = Counter(self.numbers)
        kept: list[tuple[str, int, int]] = []
        with suppress(_Undone), self.instance.database.transaction():
            for subject, seen, undone in parts:
                with suppress(_Undone), self.instance.database.transaction():
                    type = SEEN if seen else HEARD
                    self._say(type, subject, len(kept))
                    if undone:
                        raise _Undone
                    numbers[subject] += 1
                    kept.append((type, subject, numbers[subject]))
            if not commits:
                raise _Undone
        if commits:
            self.numbers = numbers
            last = self.log[-1].position if self.log else 0
            rows: Any = EventRow.select(EventRow.pos).where(
                EventRow.pos > last, EventRow.type.in_((HEARD, SEEN))
            )
            positions = [pos for (pos,) in rows.order_by(EventRow.pos).tuples()]
            assert len(positions) == len(kept)
            for position, (type, subject, number) in zip(positions, kept, strict=True):
                self.log.append(Said(position, type, subject, number, *SUBJECTS[subject]))

    def _say(self, type: str, subject: int, number: int) -> None:
        places, old = SUBJECTS[subject]
        data = {"n": number} | ({"old": self.ids[old]} if old else {})
        communities = [self.ids[one] for one in places]
        publish(type, f"core.thing/{subject}", data, caller=self.boss, communities=communities)

    # Who delivers, and what goes wrong meanwhile

    @rule(which=st.integers(0, 1), times=st.integers(1, 3))
    def step(self, which: int, times: int) -> None:
        for _time in range(times):
            self._step(which)

    @rule(times=st.integers(1, 3))
    def take_turns(self, times: int) -> None:
        for _time in range(times):
            self._step(0)
            self._step(1)

    @rule(which=st.integers(0, 1), released=st.booleans())
    def overtaken(self, *, which: int, released: bool) -> None:
        """One goes on between another's looking and its telling, and may give its leases back."""
        gather = self.dispatchers[which]._gather

        def slowly() -> Any:
            audience, pending = gather(), [1 - which]

            def meanwhile() -> bool:
                while pending:
                    other = pending.pop()
                    self._step(other)
                    if released:
                        self.dispatchers[other].release()
                return audience.current()

            decides = audience.decides
            return replace(audience, decides=lambda *told: (meanwhile(), decides(*told))[1])

        self.dispatchers[which]._gather = slowly
        try:
            self._step(which)
        finally:
            self.dispatchers[which]._gather = gather

    def _step(self, which: int) -> bool:
        dispatcher = self.dispatchers[which]
        try:
            return dispatcher.step()
        except Crash:
            self.abandon(which)
            return True

    @rule(which=st.integers(0, 1))
    def abandon(self, which: int) -> None:
        """A process is killed: whatever it holds still bears its name."""
        mine = Subscription.lease_owner == self.dispatchers[which].owner
        for row in Subscription.select().where(mine, ~Subscription.inflight_pos.is_null()):
            trouble.ended[row.name.removeprefix("history."), row.inflight_pos] += 1
        self.events.abandon(self.dispatchers[which])
        self.dispatchers[which] = self._new(which)

    @rule(which=st.integers(0, 1))
    def stop(self, which: int) -> None:
        """A process ends in order, and another one starts."""
        self.dispatchers[which].release()
        self.dispatchers[which] = self._new(which)

    @precondition(lambda self: self.log)
    @rule(
        handler=st.sampled_from(sorted(HANDLERS)),
        back=st.integers(0, 3),
        kind=st.sampled_from([("fail", 1), ("fail", 3), ("fail", 8), ("dead", 0), ("later", 4_000),
                              ("crash", 1), ("crash", 2), ("crash", 4)]),
    )  # fmt: skip
    def strike(self, handler: str, back: int, kind: tuple[str, int]) -> None:
        """Let a handler have trouble with one of the newest events."""
        position = self.log[-1 - back % len(self.log)].position
        trouble.kinds[handler, position] = kind
        if kind in (("dead", 0), ("fail", 8)):
            trouble.ever.add((handler, position))

    @rule(seconds=st.sampled_from([1, 6, 90, 4_000, 100_000]))
    def wait(self, seconds: int) -> None:
        self.clock.later(seconds=seconds)

    @rule(n=st.integers(0, 5), what=st.sampled_from(["replay", "edit", "skip"]))
    def treat(self, n: int, what: str) -> None:
        """Deal with one of the letters that failed."""
        found = letters(self.boss, Wanted(state=None))
        if not found:
            return
        letter = found[n % len(found)]
        key = letter.subscriber.removeprefix("history."), letter.event.position
        if what == "skip" and letter.state == "skipped":
            return
        self.given_up.add(key)
        wanted = Wanted((letter.key,))
        if what == "edit":
            number = 100 + len(self.given_up)
            self.said.setdefault(key, set()).add(number)
            data = {**read([letter.event.position])[0].data, "n": number}
            carry_out(self.boss, "replay", wanted, data=data)
        elif what == "skip":
            carry_out(self.boss, "skip", wanted, reason="not needed")
        else:
            carry_out(self.boss, "replay", wanted)

    # Where the plugin is on

    @rule(
        node=st.sampled_from(NODES),
        history=st.sampled_from([None, "resume", "skip", "restart"]),
        amid=st.sampled_from([None, None, 0, 1]),
    )
    def turn(self, node: str, history: str | None, amid: int | None) -> None:
        """Switch the plugin at a node the other way, perhaps while somebody is about to tell."""
        if amid is None:
            self._turn(node, history)
            return
        gather = self.dispatchers[amid]._gather

        def slowly() -> Any:
            audience = gather()
            self._turn(node, history)
            return audience

        self.dispatchers[amid]._gather = slowly
        dispatcher = self.dispatchers[amid]
        self._step(amid)
        dispatcher._gather = gather

    def _turn(self, node: str, history: str | None) -> None:
        on = not self.switches.own.get(node, self.switches.on(node))
        since = history or ("resume" if self.switches.decider(node) else "skip")
        anywhere, new = self.switches.on(NOWHERE), not Subscription.select().exists()
        self._settle()
        switching.switch(self.boss, "history", at=node, on=on, history=history)
        self.switches.own[node] = on
        decided = [one for one in PLACES if self.switches.decider(one) == node]
        cursors = self._cursors()
        for name, account in self.accounts.items():
            if on and not anywhere and (new or since != "resume"):
                account.skips(NOWHERE, self.log, cursors[name])
            for place in decided if on else ():
                if since == "skip":
                    account.skips(place, self.log, cursors[name])
                if since == "restart":
                    account.restarts(place, self.log)
        if on and since == "restart":
            self.cuts.append(self._last_effect())

    def _cursors(self) -> dict[str, int]:
        rows: Any = Subscription.select(Subscription.name, Subscription.pos).tuples()
        return {name.removeprefix("history."): pos for name, pos in rows}

    def _settle(self) -> None:
        """Let the accounts know how far each handler has come."""
        codes = {number: code for code, number in self.ids.items()}
        behind: dict[str, dict[str, int]] = {name: {} for name in HANDLERS}
        for one in catchup.ranges([f"history.{name}" for name in HANDLERS]):
            if one.end is None:
                name = one.name.removeprefix("history.")
                behind[name][codes[one.community]] = one.place.position
        for name, cursor in self._cursors().items():
            self.accounts[name].goes_on(self.log, self.switches, cursor, behind[name])

    def _last_effect(self) -> int:
        return int(Effect.select(pw.fn.MAX(Effect.id)).scalar() or 0)

    # The end

    def teardown(self) -> None:
        """Let everything come to rest as it is, then with every place on, and look both times."""
        trouble.over = True
        self._rest()
        self._compare()
        for node in [*NODES, NEIGHBOUR]:
            if not self.switches.on(node):
                self._turn(node, "resume")
        self._rest()
        self._compare()
        assert not any(account.retold for account in self.accounts.values())
        in_order(self)

    def _compare(self) -> None:
        self._settle()
        compare(self)

    def _rest(self) -> None:
        for _hours in range(30):
            self.clock.later(hours=2)
            turns = 0
            while any([self._step(0), self._step(1)]):
                turns += 1
                assert turns < 300, "there is always something to tell"
            waiting = Retry.select().where(Retry.state == "waiting").exists()
            if not turns and not (waiting and self.switches.on(NOWHERE)):
                return
        raise AssertionError("it does not come to rest")
