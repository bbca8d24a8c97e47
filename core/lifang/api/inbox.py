"""The inbox over HTTP: what one was told, what of it is read, and what one wants to be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from flask import Response

from lifang.api import answering, asking
from lifang.api.operations import (
    READING,
    WRITING,
    Path,
    answered,
    body,
    exactly,
    named,
    operation,
    parameter,
)
from lifang.api.rules import blueprint, refuse_query
from lifang.api.schemas import ID, TEXT, Schema, array, listed, ref, whole
from lifang.api.schemas import TEXT_OR_NONE as NONE
from lifang.http.listing import claim
from lifang.http.request import current_caller
from lifang.kit.errors import Invalid, Malformed
from lifang.kit.words import _
from lifang.mechanisms import inbox
from lifang.mechanisms.address import address, set_address

BASE = "/v1/inbox"
SLUG = "inbox"
CLAIM: Schema = {"type": "boolean"}
IDS: Schema = {**array(ID), "minItems": 1, "maxItems": inbox.MOST}


@blueprint.get(BASE)
def list_notices() -> Response:
    """One's notices, the newest first."""
    caller = current_caller()
    words = asking.words("unread", "kind", "limit", "cursor")
    limit = _number(words, "limit", 50, inbox.MOST)
    before = _number(words, "cursor", None, 10**18)
    unread, kind = claim("unread", words.get("unread")), words.get("kind")
    found = inbox.items(caller, unread=unread, kind=kind, before=before, limit=(limit or 0) + 1)
    last = str(found[limit - 1].id) if limit and len(found) > limit else None
    told = [asdict(one) for one in found[:limit]]
    return answering.page(told, last, unread=inbox.unread(caller))


@blueprint.post(f"{BASE}/read")
def read_notices() -> Response:
    """Some of them are read, or all."""
    caller = current_caller()
    refuse_query()
    told = asking.body()
    asking.refuse_unknown(told, ("ids", "all"))
    ids = told.get("ids", ())
    every = told == {"all": True}
    fits = isinstance(ids, list) and 0 < len(ids) <= inbox.MOST and "all" not in told
    if not every and not (fits and all(type(one) is int for one in ids)):
        sentence = _("正文须为 {one} 或 {all}", one='{"ids": [7]}', all='{"all": true}')
        raise Invalid.about("ids", "invalid", sentence)
    return answering.told({"read": inbox.read(caller, None if every else ids)})


@blueprint.get(f"{BASE}/kinds")
def list_kinds() -> Response:
    """The kinds there are, and what one wants of each."""
    caller = current_caller()
    refuse_query()
    return answering.told({"items": [asdict(one) for one in inbox.kinds(caller)], "next": None})


@blueprint.post(f"{BASE}/kinds/<name>")
def choose_kind(name: str) -> Response:
    """Want a kind, or not."""
    caller = current_caller()
    refuse_query()
    told = asking.body()
    asking.refuse_unknown(told, ("shown", "sent"))
    wanted = {key: asking.flag(told, key) for key in told}
    return answering.told(asdict(inbox.choose(caller, name, **wanted)))


@blueprint.get(f"{BASE}/address")
def show_address() -> Response:
    """Where one's notices are sent, masked."""
    caller = current_caller()
    refuse_query()
    return answering.told(address(caller))


@blueprint.post(f"{BASE}/address")
def change_address() -> Response:
    """Where they are sent from now on."""
    caller = current_caller()
    refuse_query()
    told = asking.body()
    asking.refuse_unknown(told, ("email", "language"))
    given = {name: asking.text(told, name) or None for name in told if told[name] is not None}
    set_address(caller, email=given.get("email"), language=given.get("language"))
    return answering.told(address(caller))


def _number(words: dict[str, str], key: str, default: int | None, most: int) -> int | None:
    said = words.get(key)
    if said is None:
        return default
    if not (said.isascii() and said.isdigit() and len(said) < 19 and 1 <= int(said) <= most):
        raise Malformed(_("「{key}」须为 1 至 {most} 的整数", key=key, most=most))
    return int(said)


def described() -> Iterator[tuple[str, Schema]]:
    """What is answered, by name."""
    led = whole(resource=TEXT, id=ID)
    led["type"] = ["object", "null"]
    told = dict.fromkeys(("kind", "title", "text", "at"), TEXT)
    yield "Notice", whole(id=ID, **told, read_at=NONE, record=led)
    yield "NoticeList", whole(items=array(ref("Notice")), next=NONE, unread={"type": "integer"})
    claims = dict.fromkeys(("required", "shown", "sent"), CLAIM)
    yield "NoticeKind", whole(**dict.fromkeys(("name", "label", "plugin"), TEXT), **claims)
    yield "NoticeKindList", listed(ref("NoticeKind"))
    yield "NoticeAddress", whole(email=NONE, language=NONE)


def paths() -> Iterator[Path]:
    """Every address."""
    limit = {"type": "integer", "minimum": 1, "maximum": inbox.MOST, "default": 50}
    asked = [
        parameter("unread", CLAIM, _("只看未读")),
        parameter("kind", TEXT, _("只看这一种")),
        parameter("limit", limit, _("一页多少行")),
        parameter("cursor", TEXT, _("上一页的 next")),
    ]
    read = (*READING, 403)
    listed = _operation(
        "list_notices", _("收件箱：收到的通知"), "NoticeList", read, parameters=asked
    )
    yield f"/api{BASE}", {"get": listed}
    many = {"oneOf": [exactly(ids=IDS), exactly(all={"const": True})]}
    summary = _("把一些或全部通知标为已读")
    done = answered(summary, whole(read={"type": "integer"}))
    marked = operation("read_notices", SLUG, summary, done, WRITING, requestBody=body(many))
    yield f"/api{BASE}/read", {"post": marked}
    kinds = _operation("list_notice_kinds", _("接收哪些通知"), "NoticeKindList", read)
    yield f"/api{BASE}/kinds", {"get": kinds}
    wanted = _open(shown=CLAIM, sent=CLAIM)
    chosen = _operation("choose_notice_kind", _("接收或不接收一种通知"), "NoticeKind", WRITING,
                        parameters=[named("name")], requestBody=body(wanted))  # fmt: skip
    yield f"/api{BASE}/kinds/{{name}}", {"post": chosen}
    where = _("接收通知的邮箱")
    given = _open(email=NONE, language={"enum": ["zh", "en", None]})
    show = _operation("show_notice_address", where, "NoticeAddress", read)
    sets = _operation(
        "set_notice_address", where, "NoticeAddress", WRITING, requestBody=body(given)
    )
    yield f"/api{BASE}/address", {"get": show, "post": sets}


def _operation(id: str, summary: str, answer: str, refused: tuple[int, ...], **more: Any) -> Any:
    return operation(id, SLUG, summary, answered(summary, ref(answer)), refused, **more)


def _open(**members: Any) -> Schema:
    return {"type": "object", "properties": members, "additionalProperties": False}
