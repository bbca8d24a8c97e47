"""A small real plugin to listen with: it writes down what it is told in a table of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import peewee as pw

from lifang.entities.caller import Caller
from lifang.entities.community import Community
from lifang.events.event import Event, Reaction
from lifang.events.payloads import Payload
from lifang.events.publish import publish
from lifang.events.tables import EventRow, Retry, Subscription
from lifang.kit import clock
from lifang.plugins.plugin import Plugin
from lifang.plugins.tables import Activation, PluginRow, bump_epoch
from lifang.services.delivery import let_in
from lifang.services.instance import Instance
from lifang.store.fields import IdField
from lifang.store.record import Table

HEARD = "core.thing.heard"


class Note(Table):
    """What one handler was told."""

    id = IdField()
    handler = pw.CharField()
    pos = pw.BigIntegerField()
    agg = pw.CharField()
    seq = pw.IntegerField()
    actor = pw.CharField(null=True)
    process = pw.IntegerField(default=0)

    class Meta:
        table_name = "probe_note"


def note(handler: str, event: Event, **more: Any) -> None:
    """Write down that a handler was told of an event: a second time would be a second row."""
    Note.create(
        handler=handler,
        pos=event.position,
        agg=f"{event.noun}/{event.subject}",
        seq=event.sequence,
        actor=event.actor,
        **more,
    )


def listen(
    instance: Instance,
    *reactions: Reaction,
    at: Iterable[str],
    plugin: str = "probe",
    at_once: bool = True,
    payloads: Iterable[Payload] = (),
) -> Plugin:
    """Register a plugin with these handlers and switch it on at some communities.

    With `at_once` they are let into the log as switching on does it, else by the first delivery.
    """
    instance.database.engine.create_tables([Note])
    declared = Plugin(
        plugin, plugin, handlers=reactions, payloads=payloads, folder=Path(__file__).parent
    )
    instance.plugins.register(declared)
    with instance.database.transaction():
        PluginRow.create(
            name=plugin, label=plugin, version="1", state="installed", changed_at=clock.now()
        )
        if at_once:
            let_in(declared)
    for code in at:
        switch(plugin, code, on=True, instance=instance)
    return declared


def switch(plugin: str, code: str, *, on: bool, instance: Instance) -> None:
    """Turn a plugin's switch at one community."""
    with instance.database.transaction():
        node = Community.get(Community.code == code)
        Activation.delete().where(
            Activation.plugin == plugin, Activation.community == node
        ).execute()
        Activation.create(plugin=plugin, community=node, on=on, changed_at=clock.now())
        bump_epoch()


def say(caller: Caller, *subjects: int, type: str = HEARD, at: str | None = None, **data: Any):
    """Publish one event about each subject, each in a transaction of its own."""
    places = [int(Community.get(Community.code == at).id)] if at else []
    for subject in subjects:
        with caller.instance.database.transaction():
            publish(type, f"core.thing/{subject}", data, caller=caller, communities=places)


def heard(handler: str) -> list[tuple[str, int]]:
    """What a handler has written down, in order: aggregate and number within it."""
    rows = Note.select().where(Note.handler == handler).order_by(Note.id)
    return [(row.agg, row.seq) for row in rows]


def position(name: str) -> int:
    return int(Subscription.get_by_id(name).pos)


def last_position() -> int:
    return int(EventRow.select(pw.fn.MAX(EventRow.pos)).scalar() or 0)


def waiting(name: str) -> list[tuple[int, str, int]]:
    """A subscription's retry rows: position, state, tries."""
    rows = Retry.select().where(Retry.sub == name).order_by(Retry.pos)
    return [(row.pos, row.state, row.tries) for row in rows]
