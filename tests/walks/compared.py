"""Whether a history that has come to rest is as the accounts say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lifang.events.dispatch import CRASHES
from lifang.events.log import read
from lifang.events.tables import EventRow, Retry
from tests.walks.accounts import NOWHERE
from tests.walks.listening import ECHO, HANDLERS, Effect, trouble

if TYPE_CHECKING:
    from tests.walks.histories import Histories


def compare(history: Histories) -> None:
    """Hold what the handlers have written against the accounts."""
    rows: Any = Effect.select(Effect.handler, Effect.pos, Effect.said).tuples()
    effects = Counter((handler, pos) for handler, pos, _said in rows)
    waits: Any = Retry.select(Retry.sub, Retry.pos, Retry.state).tuples()
    stands = {(sub.removeprefix("history."), pos): state for sub, pos, state in waits}
    for name, account in history.accounts.items():
        for said in history.log:
            key = name, said.position
            if said.position in account.retold:
                continue
            told = effects[key] + (key in stands)
            assert told == account.due[said.position], (
                f"{name} was told {said} {effects[key]} times and it is {stands.get(key)}, "
                f"but it is due {account.due[said.position]} times"
            )
    for key, state in stands.items():
        assert _may_be(history, key, state), f"{key} is {state} for no reason"
    _compare_data(history, rows, effects)


def _may_be(history: Histories, key: tuple[str, int], state: str) -> bool:
    return {
        "dead": key in trouble.ever,
        "parked": trouble.ended[key] >= CRASHES,
        "skipped": key in history.given_up,
        "waiting": not history.switches.on(NOWHERE),
    }.get(state, True)


def _compare_data(history: Histories, rows: Any, effects: Counter[tuple[str, int]]) -> None:
    told = {event.position: event for event in read([said.position for said in history.log])}
    assert len(told) == len(history.log)
    for said in history.log:
        event = told[said.position]
        assert (event.type, event.subject, event.sequence) == (
            said.type, said.subject, said.sequence,
        )  # fmt: skip
    for handler, pos, number in rows:
        assert number == told[pos].data["n"] or number in history.said.get((handler, pos), ())
    echoes: Any = EventRow.select(EventRow.cause).where(EventRow.type == ECHO).tuples()
    assert Counter(("lined", cause) for (cause,) in echoes) == Counter(
        {key: number for key, number in effects.items() if key[0] == "lined"}
    )


def in_order(history: Histories) -> None:
    """Within a record, or a place, a handler that keeps the order has it, but for letters."""
    once_on = len(history.switches.own) == 1
    for name, (_types, order, _at) in HANDLERS.items():
        account, last = history.accounts[name], dict[tuple[int, Any], int]()
        said = {one.position: one for one in history.log}
        for effect in Effect.select().where(Effect.handler == name).order_by(Effect.id):
            event = said[effect.pos]
            places = account.places(event)
            if order == "none" or (name, effect.pos) in history.given_up or (
                len(places) > 1 and not once_on
            ):  # fmt: skip
                continue
            lane = places if order == "all" else event.subject
            after = sum(cut < effect.id for cut in history.cuts), lane
            assert last.get(after, 0) < effect.pos, f"{name} was told {event} late"
            last[after] = effect.pos
