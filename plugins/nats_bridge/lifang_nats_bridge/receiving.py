"""What others tell, taken in: each message once, and acknowledged after that was committed."""

from __future__ import annotations

import hashlib
import itertools
import json
import unicodedata
from dataclasses import replace
from functools import partial
from typing import Any

import peewee as pw
from nats.aio.msg import Msg

import lifang as lf
from lifang_nats_bridge.line import LINGER, Line, line_of

LARGEST = 256 * 1024  # bytes of one message
LONGEST = 120  # characters of what a message is known by
TRIES = 8  # times a message may fail before it is refused, over about two minutes
PLACES = 20  # communities of a message that are looked for

_turns = itertools.count()


class Content(pw.TextField):
    """As long as a message may be, its letters perhaps written as numbers."""

    max_length = 6 * LARGEST


class Message(lf.Record):
    """What another system told: one CloudEvent, or what should have been one."""

    community = lf.place("社区")
    source = pw.CharField(max_length=LONGEST, verbose_name="来自")
    number = pw.CharField(max_length=LONGEST, verbose_name="消息编号")
    type = pw.CharField(max_length=LONGEST, null=True, verbose_name="事件类型")
    subject = pw.CharField(max_length=200, null=True, verbose_name="对象")
    channel = pw.CharField(max_length=200, verbose_name="主题")
    state = lf.State("状态", arrived="已到达", received="已收下", refused="已拒收")
    reason = pw.CharField(max_length=400, null=True, verbose_name="原因")
    content = Content(verbose_name="内容")

    class Meta:
        """The inbox knows what was taken in; the same number may come from several sources."""

        table_name = "nats_bridge_message"


@lf.action("收下", moves={"arrived": "received"})
def receive(message: Message, caller: lf.Caller) -> lf.Data:
    """Tell what arrived to the plugins here: the event carries the CloudEvent as it came."""
    told: dict[str, Any] = json.loads(message.content)
    return told


@lf.action("拒收", moves={"arrived": "refused"})
def refuse(message: Message, caller: lf.Caller, *, reason: str) -> lf.Data:
    """Keep what cannot be taken in, with the reason; nobody else is told of it."""
    message.reason = reason
    return {"reason": reason}


messages = lf.Resource(
    Message,
    label="外来消息",
    columns=["community", "source", "number", "type", "subject", "state", "reason"],
    title="number",
    actions=[receive, refuse],
    roles={"platform_administrator": "read", "district_admin": "read remove"},
    never="create update import export export_full receive refuse",
)


def take_messages(caller: lf.Caller) -> bool:
    """Take in what the subjects of the settings bring, in order, one transaction a message."""
    subjects = caller.instance.settings.broker_take_in
    if not subjects or caller.instance.settings.broker is None:
        return False
    line = line_of(caller)
    if not line.unread:
        line.unread.extend(_fetched(line, subjects, caller))
    while line.unread:
        _take_or_refuse(line, line.unread[0], caller)
        line.acknowledge(line.unread.popleft())
    return True


def _fetched(line: Line, subjects: tuple[str, ...], caller: lf.Caller) -> list[Msg]:
    subject = subjects[next(_turns) % len(subjects)]
    digest = hashlib.sha256(subject.encode()).hexdigest()[:8]
    durable = f"lifang-{caller.instance.id[:16]}-{digest}"
    return line.fetch(subject, durable, LINGER / len(subjects))


def _take_or_refuse(line: Line, message: Msg, caller: lf.Caller) -> None:
    """Take a message in; one that fails again and again must not hold up those behind it."""
    try:
        _take(message, caller)
    except Exception as error:
        line.failures += 1
        if line.failures < TRIES:
            raise
        _refuse(message, caller, f"{type(error).__name__}: {error}")
    line.failures = 0


def _take(message: Msg, caller: lf.Caller) -> None:
    if len(message.data) > LARGEST:
        _refuse(message, caller, lf._("消息超过 {n} 字节", n=LARGEST))
        return
    try:
        events = lf.CloudEvent.read(message.headers or {}, message.data)
    except lf.CloudEvent.Malformed as error:
        _refuse(message, caller, error.sentence)
        return
    if any(len(name) > LONGEST for one in events for name in (one.source, one.id, one.type)):
        _refuse(message, caller, lf._("来源、编号或类型超过 {n} 个字", n=LONGEST))
        return
    for event in events:
        if event.source != caller.instance.id:  # what went out comes round, and is known here
            effect = partial(_keep, event, message, _on_behalf(event, caller))
            lf.take_in(caller, event.source, event.id, effect)


def _on_behalf(event: lf.CloudEvent, caller: lf.Caller) -> lf.Caller:
    """What follows belongs to the trace and the correlation that came along."""
    correlation = event.more.get("correlation", "")[:40] or None
    return replace(caller, trace=event.more.get("traceparent"), correlation=correlation)


def _keep(event: lf.CloudEvent, message: Msg, caller: lf.Caller) -> None:
    told = {**event.attributes(), "data": event.data}
    subject = event.more.get("subject", "")
    kept = _write(message, caller, event.more.get("communities", "").split(), {
        "source": event.source,
        "number": event.id,
        "type": event.type,
        "subject": subject[:200] or None,
        "content": _legible(json.dumps(told, ensure_ascii=False), json.dumps(told)),
    })  # fmt: skip
    lf.act(receive, kept, caller)


def _refuse(message: Msg, caller: lf.Caller, reason: str) -> None:
    """Keep a message that is none, known by its place in the stream, and no more than a part."""
    where = message.metadata
    source, number = f"nats:{where.stream}"[:LONGEST], f"{where.sequence.stream}@{where.timestamp}"
    text = message.data[:LARGEST].decode("utf-8", "replace")

    def keep() -> None:
        told = {"source": source, "number": number, "content": _legible(text, json.dumps(text))}
        lf.act(refuse, _write(message, caller, [], told), caller, reason=reason[:400])

    lf.take_in(caller, source, number, keep)


def _write(message: Msg, caller: lf.Caller, codes: list[str], told: dict[str, Any]) -> Message:
    place = _place(caller, codes[:PLACES])
    channel = _legible(message.subject, ascii(message.subject))[:200]
    return lf.write(
        messages, "create", caller, {"community": {"code": place}, "channel": channel, **told}
    )


def _place(caller: lf.Caller, codes: list[str]) -> str:
    """The first community of a message that is known here, else where the bridge was switched on.

    Only where the bridge is on anything is known to it.
    """
    communities = caller.instance.registry.of(lf.Community)
    standing = {"valid_to__isnull": True}
    known = {one.code for one in lf.each(communities, caller, code=codes, **standing)}
    if found := next((code for code in codes if code in known), None):
        return found
    on = [one.node for one in caller.snapshot.switches[str(caller.plugin)] if one.on]
    above = min(lf.each(communities, caller, id=on, **standing), key=lambda one: one.path)
    return str(above.code)


def _legible(text: str, spelt: str) -> str:
    """A text as it is, or written in letters everybody sees where it holds others."""
    plain = text.isprintable() and unicodedata.is_normalized("NFC", text) and text.strip() == text
    return text if plain and text else spelt.replace("\x7f", "\\u007f")
