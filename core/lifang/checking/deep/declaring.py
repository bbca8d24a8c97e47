"""Declarations as they came out: permissions, events, labels, commands."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import click
import marshmallow as ma

from lifang.access.roles import ROLES
from lifang.checking.deep.subject import Subject
from lifang.checking.rule import Hits, hit, rule
from lifang.checking.rules.packaging import readme
from lifang.resources.resource import TOLD, VERBS

WITHOUT = ("place", "issue", "revoke", "detach")
"""Verbs that follow from others, or from what a mechanism declares."""


@rule("LF703", tier=2, deep=True)
def permissions_are_used_and_declared(subject: Subject) -> Hits:
    """Every action is given to a role or to nobody on purpose; every verb given is one there is."""
    for one in subject.plugin.resources:
        given = {verb for verbs in one.roles.values() for verb in verbs}
        known = {*VERBS, *one.actions, *WITHOUT}
        idle = set(one.actions) - given - one.never - set(WITHOUT)
        both = one.never & given
        wrong = (given | one.never) - known
        roles = set(one.roles) - set(ROLES)
        for what in sorted(idle | wrong | roles | both):
            yield hit(subject.spot(one.model), noun=one.noun, what=what)
        if not given and not one.never and not one.reason:
            yield hit(subject.spot(one.model), noun=one.noun, what="roles={}")


@rule("LF704", tier=2, deep=True)
def payloads_are_of_events_there_are(subject: Subject) -> Hits:
    """Each declared payload is that of an event which something of the plugin tells."""
    told = {
        f"{one.aggregate}.{name}"
        for one in subject.instance.registry
        if one.plugin == subject.plugin.id
        for name in (*TOLD, "placed", *one.timers, *(act.event for act in one.actions.values()))
    }
    for name in subject.plugin.payloads:
        if name not in told and not name.startswith(tuple(_outside(subject))):
            yield hit(subject.source.spot, name=name)


def _outside(subject: Subject) -> Iterator[str]:
    """What mechanisms tell on behalf of a plugin: notices, documents, ledgers."""
    records = {one.record for one in subject.plugin.resources}
    for name in subject.plugin.payloads:
        if name.split(".")[1] not in records:
            yield name


@rule("LF705", tier=2, deep=True)
def sample_payloads_validate(subject: Subject) -> Hits:
    """A sample made from the schema is accepted by it, and what is erasable is a field of it."""
    for name, payload in subject.plugin.payloads.items():
        try:
            schema = payload.schema()
            wrong: dict[str, object] = {**schema.validate(sample_of(schema))}
        except Exception as error:
            yield hit(subject.source.spot, name=name, why=f"{type(error).__name__}: {error}")
            continue
        for key in {*payload.erasable, *filter(None, payload.erasable.values())}:
            if key not in schema.fields:
                wrong = {**wrong, key: "erasable"}
        if wrong:
            yield hit(subject.source.spot, name=name, why=wrong)


def sample_of(schema: ma.Schema) -> dict[str, Any]:
    """Data as a schema describes it; fields of a kind that is not known are left out."""
    told: dict[str, Any] = {}
    for name, field in schema.fields.items():
        if field.dump_only:
            continue
        value = _sample(field)
        if value is not None:
            told[field.data_key or name] = value
    return told


def _sample(field: Any) -> Any:
    for rule_ in field.validators:
        if isinstance(rule_, ma.validate.OneOf):
            return next(iter(rule_.choices))
        if isinstance(rule_, ma.validate.Equal):
            return rule_.comparable
    if isinstance(field, ma.fields.Nested):
        inner = sample_of(field.schema)
        return [inner] if field.many else inner
    if isinstance(field, ma.fields.List):
        one = _sample(field.inner)
        return [] if one is None else [one]
    ranged = [rule_ for rule_ in field.validators if isinstance(rule_, ma.validate.Range)]
    least = next((rule_.min for rule_ in ranged if rule_.min is not None), 1)
    moment = dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC)
    kinds: list[tuple[Any, Any]] = [
        (ma.fields.Boolean, True),
        ((ma.fields.Integer, ma.fields.Float, ma.fields.Decimal), least),
        (ma.fields.AwareDateTime, moment.isoformat()),
        (ma.fields.DateTime, moment.replace(tzinfo=None).isoformat()),
        (ma.fields.Date, moment.date().isoformat()),
        ((ma.fields.Dict, ma.fields.Mapping), {}),
        (ma.fields.UUID, "00000000-0000-4000-8000-000000000000"),
        (ma.fields.Email, "sample@example.org"),
        (ma.fields.Url, "https://example.org/"),
        (ma.fields.String, "sample"),
    ]
    return next((value for kind, value in kinds if isinstance(field, kind)), None)


@rule("LF707", tier=3, deep=True)
def commands_explain_themselves(subject: Subject) -> Hits:
    """Every command of the plugin has a help and answers in JSON."""
    from lifang.cli.frame import Context
    from lifang.cli.plugin_nouns import PluginGroup
    from lifang.cli.session import Session

    session = Session(lambda: None)  # type: ignore[arg-type, return-value]  # it is given its instance
    session.__dict__["instance"] = subject.instance
    group = PluginGroup(session, subject.plugin.id)
    with Context(group, info_name=group.name, obj=session) as context:
        for path, command in _walk(group, context):
            if not (command.help or "").strip():
                yield hit(subject.source.spot, name=path, missing="help")
            spelled = {word for param in command.params for word in param.opts}
            if not isinstance(command, click.Group) and "--json" not in spelled:
                yield hit(subject.source.spot, name=path, missing="--json")


def _walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                below = click.Context(inner, info_name=name, parent=context, obj=context.obj)
                yield from _walk(inner, below)


@rule("LF708", tier=4, severity="warning", deep=True)
def retention_is_stated(subject: Subject) -> Hits:
    """What events say of persons has an end, or the README says why it has none."""
    told = re.search(r"^#+ .*(retention|保留|保存期限)", readme(subject.source)[1], re.M | re.I)
    for name, payload in subject.plugin.payloads.items():
        if payload.erasable and payload.keep is None and not told:
            yield hit(subject.source.spot, name=name)
